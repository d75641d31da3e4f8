"""Cures of a case of a run: changed lines of the files, each tried in the simulator before it is told.

``chains`` names the wishes that are worth a try, the least first; here the run is done again with each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrrplab.forecast.cases import Case, Ending
from vrrplab.forecast.wishes import LineChange, Wish, told, with_wishes
from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.units import format_s, seconds

MOST_TOLD = 3  # cures of one case


@dataclass(frozen=True, slots=True)
class Cure:
    """Changed lines, and what they led to; ``too_little``: a smaller change that was not enough."""

    edits: tuple[LineChange, ...]
    leads_to: str
    too_little: str = ""

    def __str__(self) -> str:
        less = f" (not enough: {self.too_little})" if self.too_little else ""
        return f"{told(self.edits)}{less}; then {self.leads_to}"


def tried(case: Case, wishes: Sequence[Sequence[Wish]]) -> tuple[Cure, ...]:
    """Those wishes that cure the case, in order; one that does not is told with the next of its kind."""
    found: list[Cure] = []
    too_little: tuple[LineChange, ...] = ()
    for wish in wishes:
        made = with_wishes(case.scenario, wish)
        if made is None:
            continue
        scenario, edits = made
        trace = run(scenario)
        again = Case(scenario, trace, (case.at_us, case.judged_us), case.actions, case.router, case.addresses)
        before = len(case.before) != 1 or again.before == case.before
        faster = case.moved_us is None or (again.moved_us or 0) < case.moved_us
        if again.is_cured and before and faster and not any(_worse(case, scenario, trace)):
            same_line = [e.before for e in too_little] == [e.before for e in edits]
            less = ", ".join(e.after for e in too_little) if too_little and same_line else ""
            found.append(Cure(edits, _leads_to(again), less))
            too_little = ()
        else:
            too_little = edits
        if len(found) == MOST_TOLD:
            break
    return tuple(found)


def _worse(case: Case, scenario: Scenario, trace: Trace) -> Iterator[bool]:
    """Is another address lost or doubled now, at that moment, that was not before?"""
    at_s = seconds(case.judged_us)
    for address in case.scenario.virtual_addresses():
        if address not in case.addresses and len(case.trace.owners(address, at_s)) == 1:
            known = address in scenario.virtual_addresses()
            yield known and len(trace.owners(address, at_s)) != 1


def _leads_to(case: Case) -> str:
    if case.outcome is Ending.KEEPS:
        return f"{case.after[0]} keeps it, alone"
    return f"{case.after[0]} has it {format_s(case.moved_us or 0)} s after the failure"
