"""The engines that the simulator is measured beside (benchmarks/yardsticks.py): they do what it does."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest

from tests.programs import ROOT, program

pytestmark = pytest.mark.needs("git", "checkout")


@pytest.fixture(scope="module")
def yardsticks() -> ModuleType:
    return program("benchmarks/yardsticks.py")


@pytest.mark.long
@pytest.mark.computes
def test_every_engine_changes_states_at_the_same_moments(yardsticks: ModuleType) -> None:
    """In the article's drills and the steady run; of the world on SimPy's kernel the whole trace."""
    with ExitStack() as stack:
        try:
            candidates = yardsticks.candidates(stack)
        except yardsticks.Missing as missing:  # SimPy, or the commit in a shallow clone
            pytest.skip(str(missing))
        assert set(candidates) == {"now", yardsticks.COMMIT, "kernel", "interrupt", "callbacks"}
        assert yardsticks.differences(candidates) == []
        # and the comparison sees one: with loss the draws of two engines are not the same
        found = candidates["kernel"].ask(scenario=yardsticks.STEADY, transitions=True, seconds=30, loss=0.9)
        other = candidates["callbacks"].ask(
            scenario=yardsticks.STEADY, transitions=True, seconds=30, loss=0.9
        )
        assert found["transitions"] != other["transitions"]


def test_without_the_commit_one_line_says_what_helps(yardsticks: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(yardsticks.NoHistory, match=r"^the engine of 0{40} is not in .*--unshallow\)$"):
        yardsticks.thaw_into(tmp_path, "0" * 40)
    assert list(tmp_path.iterdir()) == []


def test_without_simpy_one_line_says_what_helps() -> None:
    hide = "import sys; sys.modules['simpy'] = None; sys.argv = ['yardsticks.py']; import runpy; "
    run = f"runpy.run_path({str(ROOT / 'benchmarks/yardsticks.py')!r}, run_name='__main__')"
    ran = subprocess.run(
        [sys.executable, "-c", hide + run], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr == "yardsticks.py: the twins need SimPy: make venv\n"


def test_a_figure_is_told_with_its_range_and_whether_it_is_what_was_asked_for(yardsticks: ModuleType) -> None:
    told = yardsticks.line("drills", [2.0, 3.0, 2.5], "x", yardsticks.at_least(2.5))
    assert told.split() == ["drills", "2.50", "[2.00-3.00]x", ">=", "2.5x:", "reached"]
    assert yardsticks.line("drills", [41.0], " ms", yardsticks.at_most(40)).endswith("<= 40 ms: MISSED")
