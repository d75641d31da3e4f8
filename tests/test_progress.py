"""Progress files: nothing is lost by a restart, a second notebook or a damaged file; and a class's table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lessons import ROOT
from vrrplab import VrrplabError
from vrrplab.exercises import check, class_results, compare, predict, progress, reset
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.store import Store
from vrrplab.limits import CLASS_NAMES


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's progress file of its own for every test."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


# The file


def test_a_restart_loses_nothing(file: Path) -> None:
    check("02-quick", 100)
    program = "from vrrplab import check, progress; print(check('02-quick', 240)); print(progress())"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "02-quick passed" in ran.stdout
    assert "✔ passed, 2 tries" in ran.stdout
    assert "02-quick" in str(progress())
    assert "2 tries" in str(progress())


def test_what_has_passed_stays_passed(file: Path) -> None:
    check("02-quick", 240)
    assert not check("02-quick", 100)
    assert json.loads(file.read_text())["exercises"]["02-quick"]["passed"] is True


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        '{"format": "else"}',
        '{"format": "vrrplab-progress 1", "exercises": []}',
        "\udcff",
        "[" * 5000,
    ],
)
def test_a_broken_file_is_put_aside_and_told_once(file: Path, broken: str) -> None:
    file.write_bytes(broken.encode("utf-8", "surrogateescape"))
    said = str(check("02-quick", 240))
    assert said.splitlines()[0].startswith("! ")
    assert "progress starts anew" in said.splitlines()[0]
    assert "passed" in said.splitlines()[1]
    aside = file.with_name("progress.broken-1.json")
    assert aside.read_bytes() == broken.encode("utf-8", "surrogateescape")
    assert "!" not in str(check("02-quick", 240))


def test_odd_entries_do_no_harm(file: Path) -> None:
    odd = {"02-quick": {"tries": "many", "passed": "yes"}, "gone-exercise": {}}
    guess = {"02-silence": {"guess": [1], "outcome": {}}}
    file.write_text(json.dumps({"format": "vrrplab-progress 1", "exercises": odd, "predictions": guess}))
    assert "0 of" in str(progress())
    assert check("02-quick", 240)
    assert "It was 3" in str(compare("02-silence", 3.0))
    assert "1 of" in str(progress())
    assert class_results([file]).learners[0].tries >= 1


@pytest.mark.skipif(os.name == "nt", reason="another system of permissions")
def test_where_nothing_can_be_written_it_is_told_and_kept_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("a file, not a folder")
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(tmp_path / "plain" / "progress.json"))
    said = str(check("02-quick", 240))
    assert "cannot be written" in said
    assert "passed" in said
    assert "! " not in str(check("02-patience", 1))
    assert "1 of" in str(progress())


def test_two_notebooks_share_the_file(file: Path) -> None:
    other = Store(file)
    check("02-quick", 240)
    with other.change() as theirs:
        theirs.exercises["05-smallest"] = {"passed": True, "tries": 1}
    check("02-patience", 1)
    kept = json.loads(file.read_text())["exercises"]
    assert sorted(kept) == ["02-patience", "02-quick", "05-smallest"]


def test_two_kernels_that_write_at_the_same_time_lose_nothing(file: Path) -> None:
    program = """if True:
        import sys
        from vrrplab.exercises import predict
        print("ready", flush=True)
        input()
        for number in range(100):
            predict(f"{sys.argv[1]}-{number}", number)
    """
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", program, name], env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for kernel in kernels:
        assert kernel.stdout
        assert kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        assert kernel.stdin
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    for kernel in kernels:
        kernel.communicate(timeout=60)
        assert kernel.returncode == 0
    assert len(json.loads(file.read_text())["predictions"]) == 200


def test_the_variable_may_name_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ann").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VRRPLAB_PROGRESS", "~/ann")
    assert "!" not in str(check("02-quick", 240))
    assert (tmp_path / "ann" / ".vrrplab-progress.json").is_file()


@pytest.mark.skipif(os.name == "nt", reason="no named pipes there")
def test_what_is_no_file_is_neither_renamed_nor_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(pipe))
    said = str(check("02-quick", 240))
    assert "it is no file): progress lasts until the kernel stops" in said
    assert "1 of" in str(progress())
    assert "Nothing was stored" in str(reset())
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("tries", [[1], "many", True, -1, 1e400, 10**400])
@pytest.mark.parametrize("guess", [[1], {}, float("nan"), 1e400, 10**400, None])
def test_a_value_of_another_kind_is_left_out(file: Path, tries: Any, guess: Any) -> None:
    exercise = {"passed": True, "tries": tries}
    guesses = {"02-silence": {"guess": guess, "outcome": guess, "unit": [1], "close": 3}}
    body = {"format": "vrrplab-progress 1", "exercises": {"02-quick": exercise}, "predictions": guesses}
    file.write_text(json.dumps(body))
    assert "✔ passed\n" in f"{progress()}\n"
    results = class_results(file)
    assert "progress,02-quick,1,0,0" in results.to_csv().splitlines()
    assert "02-silence" not in str(results)
    assert "You made no guess" in str(compare("02-silence", 3.609))


def test_a_unit_is_text() -> None:
    with pytest.raises(VrrplabError, match="unit is 3: give text"):
        compare("02-silence", 3.609, unit=3)  # type: ignore[arg-type]


def test_half_a_character_is_kept_too(file: Path) -> None:
    predict("my-own", "\udcff")
    assert "You said" in str(compare("my-own", "proxy-serv01"))


def test_reset(file: Path) -> None:
    check("02-quick", 240)
    check("05-smallest", -51)
    predict("02-silence", 3)
    assert "Forgotten: 2 entries of 02" in str(reset("02"))
    assert "Nothing is stored" in str(reset("03"))
    assert "1 of" in str(progress())
    said = str(reset())
    assert "kept as" in said
    assert file.with_name("progress.old-1.json").exists()
    assert "0 of" in str(progress())
    assert "Nothing was stored" in str(reset())


# A class


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, answers in {"ann": (240, 3.8047), "bob": (100, 1)}.items():
        monkeypatch.setenv("VRRPLAB_PROGRESS", str(tmp_path / "course" / name / ".vrrplab-progress.json"))
        (tmp_path / "course" / name).mkdir(parents=True)
        check("02-quick", answers[0])
        check("02-patience", answers[1])
        predict("02-silence", answers[1])
        compare("02-silence", 3.609)
    return tmp_path / "course"


def test_a_class_in_one_table(course: Path) -> None:
    lines = str(class_results([course])).splitlines()
    assert lines[1].split()[0] == "ann"
    assert f"2/{len(EXERCISES)}" in lines[1]
    assert lines[2].split()[0] == "bob"
    assert any("02-quick" in line and line.split()[1:] == ["2", "1", "1", "0"] for line in lines)
    assert "02-silence: 2 said 2.4 s in the mean, 2.4 s in the middle; it was 3.609 s" in lines


def test_what_was_put_away_is_no_learner(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = str(class_results(course))
    mine = course / "ann" / ".vrrplab-progress.json"
    kept = mine.read_text()
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(mine))
    reset()
    mine.write_text("{")
    check("02-quick", 240)
    mine.write_text(kept)
    copy = course / "ann" / ".ipynb_checkpoints" / ".vrrplab-progress-checkpoint.json"
    copy.parent.mkdir()
    copy.write_text(kept)
    assert len(list(course.rglob("*.json"))) == 5
    assert str(class_results(course)) == before
    by_name = mine.with_name(".vrrplab-progress.old-1.json")
    assert class_results(by_name).learners[0].tries == 2


def test_results_of_one_path_or_several(course: Path) -> None:
    assert str(class_results(str(course))) == str(class_results(course)) == str(class_results([course]))
    for odd in (None, 3, [3], b"course"):
        with pytest.raises(VrrplabError, match="takes a file or a folder"):
            class_results(odd)  # type: ignore[arg-type]


def test_the_command_for_instructors(course: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vrrplab.exercises", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    assert run(str(course)).returncode == 0
    csv = run("--csv", str(course)).stdout.splitlines()
    assert csv[0] == "learner,exercise,passed,tries,hints"
    assert "ann,02-quick,1,1,0" in csv
    (course / "junk.json").write_text("{}")
    mixed = run(str(course))
    assert mixed.returncode == 2
    assert "ann" in mixed.stdout
    assert "junk.json: is not a progress file" in mixed.stdout
    assert run().returncode == 2
    assert run("--help").returncode == 0
    nothing = run(str(tmp_path / "absent.json"))
    assert nothing.returncode == 2
    assert "cannot be read" in nothing.stdout
    assert run("--wrong").returncode == 2


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    """A FIFO that nobody writes to, collected with a class's files, stopped the report for ever."""
    os.mkfifo(tmp_path / "ann.json")
    results = class_results(tmp_path)
    assert not results.learners
    assert results.broken == [
        f"{tmp_path}/ann.json: cannot be read: it is no ordinary file - so it is no progress file"
    ]


def test_a_folder_of_everything_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrrplab.exercises.report.CLASS_NAMES", CLASS_NAMES._replace(most=3))
    for name in "abcd":
        (tmp_path / name).mkdir()
    with pytest.raises(VrrplabError, match="has more than 3 names, the most for a class's folder"):
        class_results(tmp_path)


def test_no_name_is_not_this_folder() -> None:
    with pytest.raises(VrrplabError, match="an empty name"):
        class_results([""])


def test_the_report_can_be_interrupted_from_its_first_moment() -> None:
    """While its modules are imported, of which Python tells one by one: an early one, and a late one."""
    command = [sys.executable, "-X", "importtime", "-m", "vrrplab.exercises", "--help"]
    for module in ("vrrplab.errors", "vrrplab.exercises.sliders"):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            assert any(line.endswith(f" {module}\n") for line in running.stderr), f"{module} is not imported"
            running.send_signal(signal.SIGINT)
            printed, errors = running.communicate(timeout=60)
        assert running.returncode == 128 + signal.SIGINT
        assert (printed, errors.splitlines()[-1]) == ("", "vrrplab: interrupted")
        assert "Traceback" not in errors
