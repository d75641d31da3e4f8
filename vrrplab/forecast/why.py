"""Why did it, or did it not, fail over? From the line of a file to the packet, and what would alter it.

A run of a scenario is asked after each of its actions, until the next: for every virtual router, who had its
addresses before, who has them after, and the chain between: the line of the file, the rule that warns of it,
the packet that decided it or did not come, the law (docs/rfc.md). What is bad gets cures, the least first,
each tried in the simulator. What the trace says of single instances is said in ``trace.why``; this joins it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vrrplab.errors import VrrplabError
from vrrplab.forecast.cases import Case, Chain, Ending, Step, cases
from vrrplab.forecast.chains import chain
from vrrplab.forecast.cures import Cure, tried
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.table import check
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.vocabulary import sentence
from vrrplab.units import Micros

MOST_CURED = 4  # answers of one run that cures are tried for


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
    outcome: Ending
    headline: str
    moved_us: Micros | None = None
    steps: tuple[Step, ...] = ()
    cures: tuple[Cure, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The answers of a run, in order of time, and the run."""

    scenario: Scenario
    trace: Trace
    answers: tuple[Answer, ...] = field(default=())


def why(scenario: Scenario, *, cures: bool = True, how_far: Callable[[float], None] | None = None) -> Why:
    """What each action of a scenario led to, and why. VrrplabError: nothing happens in it.

    ``cures``: try changes that cure what is bad, which runs the scenario several times for each.
    ``how_far`` is told now and then which share is done, 0 to 1.
    """
    if not scenario.actions:
        raise VrrplabError(f"{scenario.name or 'the scenario'}: nothing fails in it - name a failure")
    trace = run(scenario)
    findings = check(cluster_of(scenario))
    answers = []
    cured = 0
    every = list(cases(scenario, trace))
    for number, case in enumerate(every, start=1):
        if how_far:
            how_far(number / (len(every) + 1))
        found = chain(case)
        steps = list(found.steps)
        fired = [f for f in findings if f.rule == found.rule]
        fired.sort(key=lambda f: f"VRID {case.router.vrid} " not in f"{f.about} ")
        for finding in fired[:1]:
            lines = sum(step.kind == "line" for step in steps)
            steps.insert(lines, Step("rule", finding.message, finding.places, finding.rule))
        helps: tuple[Cure, ...] = ()
        if cures and cured < MOST_CURED and found.wishes:
            cured += 1
            helps = tried(case, found.wishes)
            if not helps and case.outcome.is_bad and not found.advice:
                found = found._replace(advice=f"none of {len(found.wishes)} changes that were tried helps")
        if fired and not found.wishes and not found.advice and case.outcome.is_bad:
            found = found._replace(advice=fired[0].cure)  # nothing to try: what the rule says
        answers.append(_answer(case, found, tuple(steps), helps))
    return Why(scenario, trace, tuple(answers))


def _answer(case: Case, found: Chain, steps: tuple[Step, ...], cures: tuple[Cure, ...]) -> Answer:
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
        cures,
        "" if cures else found.advice,
    )


def cluster_of(scenario: Scenario) -> Cluster:
    """The servers of a scenario that run keepalived, as rules see them."""
    nodes = [
        Node(s.name, s.config, s.node, {n: i.addresses for n, i in s.interfaces.items()})
        for s in scenario.servers.values()
        if not s.is_frr and not s.refusal
    ]
    return Cluster(nodes, scenario.profile)
