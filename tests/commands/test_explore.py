"""``explore``: files of somebody's own that are wrong, each told in one line before anything is searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.commands.cli import main
from vrrplab.exploring.result import story_lines
from vrrplab.exploring.story import Story
from vrrplab.scenario.reader import load_scenario

FILES = {
    "leaves.py": "import sys\nsys.exit(4)\n",
    "syntax.py": "def calm(: \n",
    "raises.py": "\n1 / 0\n",
    "calm.py": "def calm(trace):\n    return True\n\n\nnumber = 3\n",
}
WRONG = [
    ("leaves.py:calm", "vrrplab: leaves.py:2: cannot be run: SystemExit: 4"),
    ("syntax.py:calm", "vrrplab: syntax.py:1: cannot be run: SyntaxError: "),
    ("raises.py:calm", "vrrplab: raises.py:2: cannot be run: ZeroDivisionError: "),
    ("calm.py:clam", "vrrplab: calm.py has no function 'clam' - did you mean 'calm'?"),
    ("calm.py:number", "vrrplab: calm.py has no function 'number'"),
]


@pytest.mark.parametrize(("wanted", "told"), WRONG, ids=[wanted for wanted, _ in WRONG])
def test_a_promise_that_is_none(
    wanted: str,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    assert main(["explore", "lesson-two-routers", "--property", wanted]) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(told)
    assert said.out == ""


@pytest.mark.parametrize("command", ["explore", "sweep"])
def test_two_scenarios_are_one_too_many(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "power-off", "lesson-two-routers"]) == 2
    assert capsys.readouterr().err == "vrrplab: power-off is a scenario: name it alone\n"


PROPERTIES = """\
import os, sys, time


def leaves(trace):
    sys.exit(3)


def prints(trace):
    print("a word")


def asks_nothing():
    return True


def dies(trace):
    os._exit(9)


def dies_once(trace):
    if not os.path.exists("died"):
        open("died", "x").close()
        os._exit(9)


def never(trace):
    time.sleep(60)
"""


def explored(capsys: pytest.CaptureFixture[str], name: str, *more: str) -> tuple[int, str, str]:
    Path("mine.py").write_text(PROPERTIES)
    words = ("explore", "lesson-two-routers", "--within", "0.01", "--property", f"mine.py:{name}", *more)
    code = main([*words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_promise_of_ones_own_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = explored(capsys, "leaves", "--jobs", "1")
    assert (code, err.splitlines()[0]) == (2, "mine.py:5: property leaves raises SystemExit: 3")
    assert "1 of 5 promises is" in out
    code, out, err = explored(capsys, "asks_nothing", "--jobs", "1")
    assert (code, err.splitlines()[0].partition(" takes")[0]) == (
        2, "mine.py:12: property asks_nothing raises TypeError: asks_nothing()"
    )  # fmt: skip
    code, out, err = explored(capsys, "prints", "--jobs", "1")
    assert (code, set(err.splitlines()), "a word" in out) == (0, {"a word"}, False)


def test_a_process_of_the_search_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, whole, _ = explored(capsys, "prints", "--jobs", "2")
    assert code == 0
    code, out, err = explored(capsys, "dies_once", "--jobs", "2")
    assert (code, err, out.splitlines()[3:]) == (
        0, "", whole.replace("prints", "dies_once").splitlines()[3:]
    )  # fmt: skip
    code, out, err = explored(capsys, "dies", "--jobs", "2")
    assert (code, out) == (2, "")
    assert "has ended 3 times without a word" in err
    assert len(err.splitlines()) == 1


def test_a_promise_that_never_answers_ends_with_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = explored(capsys, "never", "--jobs", "1", "--at-most", "0.5")
    assert (code, "0.5 s were over" in out) == (1, True)


def test_what_is_broken_though_nothing_fails_is_told() -> None:
    scenario = load_scenario("lesson-two-routers")
    assert not scenario.actions
    story = Story("one MASTER", "One alone.", "both are MASTER", (), scenario, 9_000_000)
    assert list(story_lines(story, 1))[-1] == "       9.000 s  both are MASTER"
