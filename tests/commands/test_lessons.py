"""``vrrplab lessons``: copied to a folder of the learner's, never over his work, and opened in JupyterLab."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from vrrplab import data_files
from vrrplab.commands import cli, lessons

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
FIRST = SHIPPED[0]
Run = Callable[..., subprocess.CompletedProcess[str]]

# A JupyterLab for tests: says how it was started, ends when it is told to, or at once.
PRETENDED = """
import json, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print(json.dumps([os.getpid(), sys.argv[1:], os.environ.get("PYTHONPATH", "")]), flush=True)
if os.environ.get("ENDS"):
    sys.exit(int(os.environ["ENDS"]))
signal.pause()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "vrrplab-lessons"


def copied(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["lessons", "--no-open", *words]) == 0
    told, complaints = capsys.readouterr()
    assert complaints == ""
    return told


def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    """A vrrplab whose lessons of these numbers have other texts."""
    package = tmp_path / "newer" / "vrrplab"
    (package / "lessons").mkdir(parents=True)
    for name in SHIPPED:
        text = (ROOT / "notebooks" / name).read_text(encoding="utf-8")
        (package / "lessons" / name).write_text(changes.get(f"n{name[:2]}", text), encoding="utf-8")
    monkeypatch.setattr(data_files, "_PACKAGE", str(package))


# -- copied ------------------------------------------------------------------------------------------------


def test_all_are_copied_to_the_folder_that_readme_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copied(capsys) == "14 lessons in vrrplab-lessons: 14 new.\n"
    assert sorted(path.name for path in folder.iterdir()) == [lessons.RECORD, *SHIPPED]
    for name in SHIPPED:
        assert (folder / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    assert copied(capsys) == "14 lessons in vrrplab-lessons: 14 as they were.\n"


def test_the_folder_is_named_and_made_with_those_above_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = tmp_path / "a class" / "of today"
    assert copied(capsys, str(wanted)).startswith(f"14 lessons in {wanted}: 14 new.")
    assert (wanted / FIRST).is_file()


def test_what_the_learner_changed_is_kept_and_told_and_a_fresh_one_is_a_rename_away(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(capsys)
    mine = folder / SHIPPED[3]
    mine.write_text("mine", encoding="utf-8")
    (folder / SHIPPED[5]).unlink()
    (folder / "my own.ipynb").write_text("{}", encoding="utf-8")
    assert copied(capsys) == (
        "14 lessons in vrrplab-lessons: 1 new, 12 as they were, 1 changed by you.\n"
        f"Not touched: {SHIPPED[3]}. For a fresh one rename yours, and run this again.\n"
    )
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.rename(folder / "03 mine.ipynb")
    assert copied(capsys) == "14 lessons in vrrplab-lessons: 1 new, 13 as they were.\n"
    assert (folder / "03 mine.ipynb").read_text(encoding="utf-8") == "mine"
    assert (folder / "my own.ipynb").read_text(encoding="utf-8") == "{}"


def test_a_newer_vrrplab_replaces_what_nobody_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(capsys)
    (folder / SHIPPED[1]).write_text("mine", encoding="utf-8")
    next_version(tmp_path, monkeypatch, n00="newer 0", n01="newer 1", n02="newer 2")
    assert copied(capsys).splitlines()[0] == (
        "14 lessons in vrrplab-lessons: 2 replaced by newer ones, 11 as they were, 1 changed by you."
    )
    assert [(folder / name).read_text(encoding="utf-8") for name in SHIPPED[:3]] == [
        "newer 0",
        "mine",
        "newer 2",
    ]


def test_what_an_interrupted_upgrade_left_is_still_known(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C or a full disk after one of two new files: the old one is nobody's work, and replaced later."""
    copied(capsys)
    next_version(tmp_path, monkeypatch, n00="newer 0", n01="newer 1")
    real, times = lessons.replaced, iter([None])

    def breaks_off(path: str) -> object:
        if path.endswith(".ipynb") and next(times, "over") == "over":
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(lessons, "replaced", breaks_off)
    assert cli.main(["lessons", "--no-open"]) == 130
    monkeypatch.setattr(lessons, "replaced", real)
    capsys.readouterr()
    assert copied(capsys).startswith(
        "14 lessons in vrrplab-lessons: 1 replaced by newer ones, 13 as they were"
    )


@pytest.mark.parametrize("record", ["", "{", "[]", '{"copied": {"a": 1}}', '{"copied": 7}', "x" * 70_000])
def test_without_its_record_nothing_that_differs_is_replaced(
    record: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copied(capsys)
    (folder / lessons.RECORD).write_text(record, encoding="utf-8")
    next_version(tmp_path, monkeypatch, n00="newer 0")
    assert "13 as they were, 1 changed by you" in copied(capsys)
    assert (folder / FIRST).read_bytes() == (ROOT / "notebooks" / FIRST).read_bytes()


def test_links_in_a_strangers_folder_choose_no_file_that_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its record claims that a file of the learner's is an old lesson, or is itself a link to one."""
    mine = tmp_path / "mine"
    mine.write_text("mine", encoding="utf-8")
    copied(capsys)
    record, lesson = folder / lessons.RECORD, folder / FIRST
    claimed = {"copied": {FIRST: [sha256(b"mine").hexdigest()]}}
    record.write_text(json.dumps(claimed), encoding="utf-8")
    lesson.unlink()
    lesson.symlink_to(mine)
    assert "13 as they were, 1 changed by you" in copied(capsys)
    record.unlink()
    record.symlink_to(mine)
    assert cli.main(["lessons", "--no-open"]) == 2
    record.unlink()
    os.mkfifo(record)  # would be waited for
    assert cli.main(["lessons", "--no-open"]) == 2
    told = (
        f"vrrplab: {folder.name}/{lessons.RECORD}: is no ordinary file, as this command writes it - remove it"
    )
    assert capsys.readouterr().err.splitlines() == [told, told]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_in_the_lessons_own_folder_nothing_is_copied(capsys: pytest.CaptureFixture[str]) -> None:
    told = copied(capsys, str(ROOT / "notebooks"))
    assert told.endswith("notebooks: 14 as they were.\n")
    assert not (ROOT / "notebooks" / lessons.RECORD).exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["file"], "vrrplab: DIR file: "),
        (["file/in it"], "vrrplab: DIR file/in it: "),
        ([""], "vrrplab: DIR '': an empty name"),
        (["--port", "70000"], "vrrplab: --port 70000: a port is 1 to 65535"),
        (["--port", "x"], "vrrplab lessons: argument --port: invalid int value: 'x'"),
        (["taken"], f"vrrplab: taken{os.sep}{lessons.RECORD}: is no ordinary file"),
        (["a", "b"], "vrrplab lessons: unrecognized arguments: b"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "file").write_text("kept", encoding="utf-8")
    (folder.parent / "taken" / lessons.RECORD).mkdir(parents=True)
    assert cli.main(["lessons", "--no-open", *words]) == 2
    out, complaint = capsys.readouterr()
    assert out == ""
    assert complaint.startswith(told)
    assert complaint.count("\n") == 1
    assert (folder.parent / "file").read_text(encoding="utf-8") == "kept"


def test_a_full_disk_is_one_line_and_leaves_no_half_lesson(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        room = Path(data_files.lessons_root(), FIRST).stat().st_size + 100  # the second one is larger
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        code = cli.main(["lessons", "--no-open"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert code == 2
    complaint = capsys.readouterr().err
    assert re.fullmatch(
        r"vrrplab: vrrplab-lessons/01_\w+\.ipynb: cannot be written: File too large.*\n", complaint
    )
    assert sorted(path.name for path in folder.iterdir()) == [lessons.RECORD, FIRST]


# -- opened ------------------------------------------------------------------------------------------------


@pytest.fixture
def pretended(tmp_path: Path) -> dict[str, str]:
    """An environment in which ``python -m jupyterlab`` is the one for tests."""
    package = tmp_path / "pretended" / "jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PRETENDED, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(package.parent), str(ROOT)])}


@contextmanager
def begun(environment: dict[str, str], cwd: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, ended with the block whatever the test found."""
    command = [sys.executable, "-m", "vrrplab", "lessons", *words]
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_jupyterlab_opens_the_first_lesson_and_ends_with_the_command(
    number: signal.Signals, pretended: dict[str, str], tmp_path: Path
) -> None:
    with begun(pretended, tmp_path, "mine", "--no-browser", "--port", "9123") as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "14 lessons in mine: 14 new.\n"
        assert command.stdout.readline() == "JupyterLab starts, its address follows; Ctrl-C here ends it.\n"
        server, words, path = json.loads(command.stdout.readline())
        begun_s = time.monotonic()
        command.send_signal(number)
        assert command.wait(10) == 128 + number
        assert time.monotonic() - begun_s < 1
        assert gone(server)
        assert command.stderr is not None
        assert command.stderr.read().count("\n") == 1
    assert f"--ServerApp.root_dir={tmp_path / 'mine'}" in words
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in words
    assert {"--no-browser", "--port=9123"} <= set(words)
    assert ("--allow-root" in words) == (os.geteuid() == 0)
    assert path.split(os.pathsep)[0] == str(ROOT), "a kernel must find the vrrplab of a checkout"


@pytest.mark.parametrize(
    ("code", "ours", "said"), [("0", 0, ""), ("3", 2, "vrrplab: JupyterLab ended with exit code 3")]
)
def test_jupyterlab_may_end_by_itself(
    code: str, ours: int, said: str, pretended: dict[str, str], tmp_path: Path
) -> None:
    with begun({**pretended, "ENDS": code}, tmp_path) as command:
        out, complaint = command.communicate(timeout=30)
    assert command.returncode == ours
    assert "JupyterLab opens 00_start_here.ipynb; Ctrl-C here ends it.\n" in out
    assert complaint.startswith(said)
    assert complaint.count("\n") == bool(said)


def test_without_jupyterlab_they_are_copied_and_one_line_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["lessons"]) == 2
    out, complaint = capsys.readouterr()
    assert out == "14 lessons in vrrplab-lessons: 14 new.\n"
    assert complaint == (
        "vrrplab: the lessons are copied, but JupyterLab is not installed to open them: make lab;"
        " with --no-open they are for another notebook\n"
    )
    assert (folder / FIRST).is_file()


@pytest.mark.long
def test_the_real_jupyterlab_serves_them_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("jupyterlab", reason="needs jupyterlab: make lab")
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(tmp_path / name) for name in homes}}
    with begun(environment, tmp_path, "--no-browser") as command:
        assert command.stderr is not None
        told = ""
        while "127.0.0.1" not in told.rpartition("\n\n")[2]:
            told += command.stderr.readline()
            assert command.poll() is None, told
        assert "yarn" not in told, "JupyterLab's script for node is read by the rules of our package.json"
        address = told.splitlines()[-1].strip()
        base, token = re.match(
            r"(http://[\w.:]+)/lab/tree/00_start_here\.ipynb\?token=(\w+)$", address
        ).groups()  # type: ignore[union-attr]

        def ask(path: str, method: str = "GET", body: str | None = None) -> bytes:
            request = urllib.request.Request(
                f"{base}{path}",
                method=method,
                data=body.encode() if body else None,
                headers={"Authorization": f"token {token}"},
            )
            for _ in range(100):
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        return bytes(answer.read())
                except OSError as error:
                    if "refused" not in str(error):  # its address is told a moment before it listens
                        raise
                    time.sleep(0.1)
            raise AssertionError("JupyterLab does not answer")

        assert json.loads(ask(f"/api/contents/{FIRST}"))["type"] == "notebook"
        page = ask(f"/lab/tree/{FIRST}").decode()
        (config,) = re.findall(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        disabled = json.loads(config)["disabledExtensions"]
        assert "@jupyterlab/apputils-extension:announcements" in disabled, (
            "it asks about news, and looks for updates"
        )
        kernel = json.loads(ask("/api/kernels", "POST", '{"name": "python3"}'))
        assert kernel["name"] == "python3"
        begun_s = time.monotonic()
        command.send_signal(signal.SIGINT)
        assert command.wait(10) == 130
        assert time.monotonic() - begun_s < 1.5
    until = time.monotonic() + 15
    runtime = tmp_path / "JUPYTER_RUNTIME_DIR"
    while (
        left := list(runtime.glob("jpserver-*")) + list(runtime.glob("kernel-*"))
    ) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []
