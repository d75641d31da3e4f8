"""Starting is most of what a short simulation costs, so what is imported on that path is watched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRILLS = [sys.executable, "-m", "vrrplab", "simulate"]
NOT_FOR_SIMULATING = {
    *("numpy", "matplotlib", "scapy", "pandas", "ipywidgets", "anywidget", "traitlets", "IPython"),
    *("asyncio", "logging", "unittest", "email", "http", "ssl"),
}


def environment() -> dict[str, str]:
    """The caller's, with byte code cached: what is measured is running, not compiling."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(ROOT)}


def test_simulating_imports_nothing_that_only_lessons_need(tmp_path: Path) -> None:
    command = [DRILLS[0], "-X", "importtime", *DRILLS[1:]]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-400:]
    lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert "vrrplab" in imported
    assert imported & NOT_FOR_SIMULATING == set()


def test_a_word_of_help_imports_little() -> None:
    """What every command imports, it imports before it knows which command was asked for."""
    code = "import sys, vrrplab.commands.cli as c; c.main(['--help']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = NOT_FOR_SIMULATING | {"argparse", "dataclasses", "inspect", "json", "subprocess", "threading"}
    assert {name.partition(".")[0] for name in ran.stderr.split()} & heavy == set()


def test_import_vrrplab_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import vrrplab; print(sorted(set(sys.modules) - before))"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "['__future__', 'vrrplab']"
