"""One recording through the simulator: what agrees, what does not, in a row and in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from vrrplab.machine.profiles import Profile
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.units import Micros
from vrrplab.verify.lines import Lines, compare_lines
from vrrplab.verify.packets import compare_packets
from vrrplab.verify.rule import compare_outages, compare_owners, compare_states


@dataclass(slots=True)
class Result:
    """``problems``: what breaks the rule; ``packet_problems``: what was sent differently."""

    name: str
    real: Trace
    simulated: Trace
    problems: list[str]
    packet_problems: list[str]
    worst_us: Micros
    outage_error_us: Micros
    lines: Lines
    noisy: str = ""

    @property
    def agrees(self) -> bool:
        return not self.problems and not self.packet_problems


def verify_recording(directory: str | Path, profile: Profile | None = None) -> Result:
    """Simulate a recording's scenario and compare.

    ``profile`` replaces the scenario's: a test shows with it that a wrong model is caught. Raises
    TraceError or ScenarioError when the folder is not a recording.
    """
    folder = Path(directory)
    real = read_recording(folder)
    simulated = run(load_scenario(folder / "scenario.yaml", run_refused=True), profile=profile)
    notes = _notes(folder)
    states = compare_states(real, simulated)
    outages = compare_outages(real, simulated)
    problems = states.problems + compare_owners(real, simulated)
    if not notes.get("noisy_outages"):
        problems += outages.problems
    return Result(
        name=folder.name,
        real=real,
        simulated=simulated,
        problems=problems,
        packet_problems=compare_packets(real, simulated),
        worst_us=states.worst_us,
        outage_error_us=outages.worst_us,
        lines=compare_lines(real, simulated),
        noisy=str(notes.get("noisy") or ""),
    )


def _notes(folder: Path) -> dict[str, object]:
    observed = json.loads((folder / "observed.json").read_text(encoding="utf-8"))
    first = observed["runs"][0]
    return {key: observed.get(key) or first.get(key) for key in ("noisy", "noisy_outages")}
