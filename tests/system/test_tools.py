"""Processes of our own: what they import, and what Ctrl-C does to the tools that we start."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from vrrplab.system.tools import python_module, python_path, run_tool


def test_nothing_is_imported_from_where_a_process_starts(tmp_path: Path) -> None:
    """Input: a folder, such as /tmp, in which somebody has laid modules that Python itself has. Output: our
    own process, started there, does not see them.
    """
    for name in ("json", "asyncio", "vrrplab", "signal"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('somebody else')", encoding="utf-8")
    done = subprocess.run(
        python_module("vrrplab.lab.web"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "serve ADDRESS PORT, proxy PORT PIDFILE, or services\n", "its own complaint"


def test_every_module_of_ours_is_started_so() -> None:
    """One way in: ``python_module``."""
    by_hand = re.compile(r'"-m",\s*f?"vrrplab')
    for path in (ROOT / "vrrplab").rglob("*.py"):
        assert not by_hand.search(path.read_text(encoding="utf-8")), path


def test_python_path_means_the_same_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty place would be whatever folder a process starts in."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(("", "here", "/there", "")))
    assert python_path().split(os.pathsep) == [str(ROOT), str(Path("here").resolve()), "/there"]


def test_a_tool_is_not_ended_by_ctrl_c() -> None:
    """What it does to the host would be half done: it has a process group of its own."""
    shown = run_tool("sh", "-c", "cut -d' ' -f5 /proc/$$/stat; echo $$").split()
    assert shown[0] == shown[1]
