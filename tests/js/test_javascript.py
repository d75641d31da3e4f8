"""The player's scripts, tested in node: each ``*.test.js`` beside this file is one test here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from vrrplab.data_files import data_path
from vrrplab.errors import DropReason
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.tell.table import outage_rows
from vrrplab.trace import Trace
from vrrplab.trace.vocabulary import Act
from vrrplab.views.assets import player_script
from vrrplab.views.player import trace_text
from vrrplab.views.timeline_rows import rows

HERE = Path(__file__).resolve().parent

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trace of every built-in scenario and of every recording in which a client missed
    something, and what Python says of itself.
    """
    folder = tmp_path_factory.mktemp("traces")
    outages: dict[str, list[list[str]]] = {}
    figures: dict[str, list[str]] = {}
    for name in builtin_scenarios():
        trace = run(load_scenario(name), frames=True)
        (folder / f"{name}.jsonl").write_text(trace_text(trace))
        outages[name] = outage_rows(trace)
        figures[name] = outage_lengths(trace)
    for recorded in sorted(data_path("recordings").iterdir()):
        if recorded.is_dir() and (trace := read_recording(recorded)).outages():
            (folder / f"{recorded.name}.jsonl").write_text(trace_text(trace))
            outages[recorded.name] = outage_rows(trace)
            figures[recorded.name] = outage_lengths(trace)
    known = {
        "outages": outages,
        "figures": figures,
        "scenarios": list(builtin_scenarios()),
        "actions": {act: [*act.needs, *act.may] for act in Act},
        "needed": {act: act.needs for act in Act},
        "drop_reasons": [reason.name for reason in DropReason],
    }
    (folder / "python.json").write_text(json.dumps(known))
    return folder


def outage_lengths(trace: Trace) -> list[str]:
    """How long each outage was, as the figure says it."""
    lanes = [lane for lane in rows(trace).lanes if lane.kind == "client"]
    return [f"{span.text.partition(' s')[0]} s" for lane in lanes for span in lane.spans]


def node(*arguments: str, **variables: str) -> str:
    ran = subprocess.run(
        ["node", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.js")))
def test_in_node(name: str, traces: Path) -> None:
    told = node("--test", "--test-reporter=spec", str(HERE / name), VRRPLAB_TRACES=str(traces))
    counted = {word: int(n) for word, n in re.findall(r"^ℹ (pass|skipped|todo) (\d+)$", told, re.MULTILINE)}
    assert counted.pop("pass") > 0
    assert counted == {"skipped": 0, "todo": 0}, told


def test_joined_into_one_no_name_is_given_twice(tmp_path: Path) -> None:
    (tmp_path / "player.mjs").write_text(player_script(), encoding="utf-8")
    node("--check", str(tmp_path / "player.mjs"))


@pytest.mark.needs("make")
@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 2)])
def test_without_node_make_says_what_brings_it_and_in_ci_refuses(tmp_path: Path, ci: str, code: int) -> None:
    ran = subprocess.run(
        [str(shutil.which("make")), "scripts"],
        cwd=HERE.parents[1],
        env={"PATH": str(tmp_path), "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    assert "sudo apt install nodejs npm" in ran.stdout
