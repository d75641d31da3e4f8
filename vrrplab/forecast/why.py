"""Why did it, or did it not, fail over? From the line of a file to the packet, and what would alter it.

A run of a scenario is asked after each of its actions, until the next: for every virtual router, who had its
addresses before, who has them after, and the chain between: the line of the file, the rule that warns of it,
the packet that decided it or did not come, the law (docs/rfc.md). What is bad gets remedies, the least first,
each tried in the simulator. What the trace says of single instances is said in ``trace.why``; this joins it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vrrplab.errors import VrrplabError
from vrrplab.forecast.cases import Case, Chain, Outcome, Step, cases
from vrrplab.forecast.chains import chain
from vrrplab.forecast.remedies import Edit, Wish, changed
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.table import check
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.vocabulary import sentence
from vrrplab.units import Micros, format_s, seconds

MOST_CURED = 4  # answers of one run that remedies are tried for
MOST_REMEDIES = 3  # that are told for one answer


@dataclass(frozen=True, slots=True)
class Remedy:
    """Changed lines, and what they led to; ``too_little``: a smaller one that was not enough."""

    edits: tuple[Edit, ...]
    leads_to: str
    too_little: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one virtual router and one moment. ``moved_us``: how long until the new one had the addresses.

    ``before`` and ``after`` are servers; ``judged_us``: when "after" is. ``advice``: what helps where no line
    of the files does.
    """

    at_us: Micros
    judged_us: Micros
    happened: tuple[str, ...]
    network: str
    vrid: int
    addresses: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    outcome: Outcome
    headline: str
    moved_us: Micros | None = None
    steps: tuple[Step, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The answers of a run, in order of time, and the run."""

    scenario: Scenario
    trace: Trace
    answers: tuple[Answer, ...] = field(default=())


def why(scenario: Scenario, *, cures: bool = True) -> Why:
    """What each action of a scenario led to, and why. VrrplabError: nothing happens in it.

    ``cures``: try remedies for what is bad, which runs the scenario several times for each.
    """
    if not scenario.actions:
        raise VrrplabError(f"{scenario.name or 'the scenario'}: nothing fails in it - name a failure")
    trace = run(scenario)
    findings = check(cluster_of(scenario))
    answers = []
    cured = 0
    for case in cases(scenario, trace):
        found = chain(case)
        steps = list(found.steps)
        fired = [f for f in findings if f.rule == found.rule]
        fired.sort(key=lambda f: f"VRID {case.router.vrid} " not in f"{f.about} ")
        for finding in fired[:1]:
            lines = sum(step.kind == "line" for step in steps)
            steps.insert(lines, Step("rule", finding.message, finding.places, finding.rule))
        remedies: tuple[Remedy, ...] = ()
        if cures and cured < MOST_CURED and found.wishes:
            cured += 1
            remedies = _remedies(case, found.wishes)
            if not remedies and case.outcome.is_bad and not found.advice:
                found = found._replace(advice=f"none of {len(found.wishes)} changes that were tried helps")
        answers.append(_answer(case, found, tuple(steps), remedies))
    return Why(scenario, trace, tuple(answers))


def _answer(case: Case, found: Chain, steps: tuple[Step, ...], remedies: tuple[Remedy, ...]) -> Answer:
    return Answer(
        case.at_us,
        case.judged_us,
        tuple(sentence(action.as_dict()) for action in case.actions),
        case.router.network,
        case.router.vrid,
        case.addresses,
        case.before,
        case.after,
        case.outcome,
        found.headline,
        case.moved_us,
        steps,
        remedies,
        "" if remedies else found.advice,
    )


def cluster_of(scenario: Scenario) -> Cluster:
    """The servers of a scenario that run keepalived, as rules see them."""
    nodes = [
        Node(s.name, s.config, s.node, {n: i.addresses for n, i in s.interfaces.items()})
        for s in scenario.servers.values()
        if not s.is_frr and not s.refusal
    ]
    return Cluster(nodes, scenario.profile)


# -- remedies ------------------------------------------------------------------------------------------------


def _remedies(case: Case, wishes: Sequence[Sequence[Wish]]) -> tuple[Remedy, ...]:
    """Those wishes that cure the case, in order; one that does not is told with the next of its kind."""
    found: list[Remedy] = []
    too_little: tuple[Edit, ...] = ()
    for wish in wishes:
        made = changed(case.scenario, wish)
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
            found.append(Remedy(edits, _leads_to(again), less))
            too_little = ()
        else:
            too_little = edits
        if len(found) == MOST_REMEDIES:
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
    if case.outcome is Outcome.KEEPS:
        return f"{case.after[0]} keeps it, alone"
    return f"{case.after[0]} has it {format_s(case.moved_us or 0)} s after the failure"
