"""One recording through the simulator: what agrees, what does not, in a row and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vrrplab.machine.profiles import Profile
from vrrplab.recording.reader import read_whole
from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import UndecidedEvent
from vrrplab.units import Micros
from vrrplab.verify.lines import Lines, compare_lines
from vrrplab.verify.packets import compare_packets
from vrrplab.verify.rule import compare_final_states, compare_outages, compare_owners, compare_states

OTHER_DRAWS = 16  # where reality is a toss, so many seeds are tried for what happened


@dataclass(slots=True)
class Result:
    """``problems``: what breaks the rule; ``packet_problems``: what was sent differently.

    ``either``: it agrees, but only by another draw than the scenario's seed has: reality is a toss there.
    """

    name: str
    real: Trace
    simulated: Trace
    problems: list[str]
    packet_problems: list[str]
    worst_us: Micros
    outage_error_us: Micros
    lines: Lines
    noisy: str = ""
    either: bool = False

    @property
    def agrees(self) -> bool:
        return not self.problems and not self.packet_problems


def verify_recording(
    directory: str | Path, profile: Profile | None = None, begin: Callable[[Scenario], None] | None = None
) -> Result:
    """Simulate a recording's scenario and compare.

    ``profile`` replaces the scenario's: a test shows with it that a wrong model is caught. ``begin`` sees the
    scenario before it runs, up to ``OTHER_DRAWS`` times; what it raises goes through. Raises TraceError or
    ScenarioError when the folder is not a recording.
    """
    folder = Path(directory)
    real, scenario, observed = read_whole(folder)
    if begin is not None:
        begin(scenario)
    notes = _notes(observed)
    result = _compared(folder.name, real, run(scenario, profile=profile), notes)
    if result.agrees or not result.simulated.of(UndecidedEvent):
        return result
    for seed in range(scenario.seed + 1, scenario.seed + OTHER_DRAWS):
        other = _compared(folder.name, real, run(scenario.changed(seed=seed), profile=profile), notes)
        if other.agrees:
            other.either = True
            return other
    return result


def _compared(name: str, real: Trace, simulated: Trace, notes: dict[str, Any]) -> Result:
    states = compare_states(real, simulated)
    outages = compare_outages(real, simulated)
    problems = states.problems + compare_owners(real, simulated)
    problems += compare_final_states(notes["final_states"] or {}, simulated)
    if not notes.get("noisy_outages"):
        problems += outages.problems
    return Result(
        name=name,
        real=real,
        simulated=simulated,
        problems=problems,
        packet_problems=compare_packets(real, simulated),
        worst_us=states.worst_us,
        outage_error_us=outages.worst_us,
        lines=compare_lines(real, simulated),
        noisy=str(notes.get("noisy") or ""),
    )


def _notes(observed: dict[str, Any]) -> dict[str, Any]:
    first = observed["runs"][0]
    return {key: observed.get(key) or first.get(key) for key in ("noisy", "noisy_outages", "final_states")}
