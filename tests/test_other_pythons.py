"""Pythons that lack a part: without matplotlib, and in a browser, without users, locks or processes.

Each case is a process of its own, because what is missing is missing from its start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lessons import ROOT

NO_MATPLOTLIB = """
import sys
for name in ("matplotlib", "numpy"):
    sys.modules[name] = None
import vrrplab
from vrrplab import VrrplabError, views
from vrrplab.views.live import LiveTimeline
trace = vrrplab.simulate("article-drill-1-lan-nic", frames=True)
advert = trace.of("advert_sent")[0]
"""
FIGURES = [
    *(f"views.{view}.figure(trace)" for view in ("timeline", "ladder", "priority", "anatomy", "tables")),
    "views.packet.figure(advert)",
    "views.state_diagram.figure()",
    "views.distribution.figure({'a': [1.0, 2.0]})",
    "views.compare(trace, trace)",
    "views.panels.show(lambda values: trace, [])",
    "vrrplab.sliders('timers')",
    "vrrplab.panel('article-steady', ['priority'])",
]  # fmt: skip

# What Pyodide lacks; its kernel for JupyterLite brings an empty fcntl of its own.
NO_SYSTEM = """
import os, subprocess, sys, types
for name in ("geteuid", "getuid", "fork", "forkpty"):
    delattr(os, name)
sys.modules["fcntl"] = types.ModuleType("fcntl")
for name in ("grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
def none(*words, **options):
    raise OSError(138, "processes are not supported here")
subprocess.Popen = subprocess.run = none
import vrrplab
from vrrplab import VrrplabError, check, compare, predict, progress, reset
"""


def printed(program: str, folder: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "VRRPLAB_PROGRESS": str(folder / "progress.json")},
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-1500:]
    return ran.stdout


def test_every_figure_is_a_table_that_says_what_is_missing(tmp_path: Path) -> None:
    tries = "".join(
        f"shown = {figure}\n"
        "shown = getattr(shown, 'children', [shown])[0]\n"
        "text = getattr(shown, 'value', None) or shown._repr_html_()\n"
        "print('<table' in text, 'to draw it needs matplotlib (' in text)\n"
        for figure in FIGURES
    )
    assert printed(NO_MATPLOTLIB + tries, tmp_path).splitlines() == ["True True"] * len(FIGURES)


def test_a_table_is_no_picture_that_could_be_written(tmp_path: Path) -> None:
    tries = "".join(
        f"try:\n    {way}\nexcept VrrplabError as error:\n    print(error)\n"
        for way in (
            "LiveTimeline(trace).png(trace)",
            "views.timeline.save(trace, 'a.svg')",
            "views.save(views.ladder.figure(trace), 'a.png')",
        )
    )
    said = printed(NO_MATPLOTLIB + tries, tmp_path).splitlines()
    assert len(said) == 3
    assert all(line.startswith("figures need matplotlib: ") for line in said)
    assert not list(tmp_path.glob("a.*"))


def test_the_cluster_needs_no_matplotlib(tmp_path: Path) -> None:
    program = NO_MATPLOTLIB + "vrrplab.cluster('article-steady'); print(vrrplab.check('02-quick', 240))"
    assert "passed" in printed(program, tmp_path)


def test_guesses_and_exercises_need_no_system(tmp_path: Path) -> None:
    program = """
print(predict("00-cable", 3))
print(compare("00-cable", 2.64))
print(check("02-quick", 100))
print(check("02-quick", 240))
print(progress())
print(reset("02"))
"""
    said = printed(NO_SYSTEM + program, tmp_path)
    assert "You said 3 s. It was 2.64 s" in said
    assert "✔ passed, 2 tries" in said
    assert "Forgotten: 1 entry of 02" in said


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("from vrrplab.lab.namespace_lan import why_not; print(why_not())", "no namespaces may be made here"),
        (
            "from vrrplab.system.doctor import examine; print(len(examine()), 'examined')",
            "examined",
        ),
        (
            "from vrrplab.live.loopback import LoopbackLan; LoopbackLan().watcher(r1='192.168.2.2')",
            "no process can be started here (processes are not supported here)",
        ),
        (
            "from vrrplab.lab.namespace_lan import NamespaceLan; NamespaceLan({'r1': '192.168.2.2/24'})",
            "no namespaces here: processes are not supported here",
        ),
        ("vrrplab.lab.compare('article-steady')", "the real keepalived needs Linux"),
    ],
)
def test_lesson_10_says_what_it_cannot_do(tmp_path: Path, asked: str, words: str) -> None:
    program = f"{NO_SYSTEM}\ntry:\n    {asked}\nexcept VrrplabError as error:\n    print(error)\n"
    assert words in printed(program, tmp_path)
