"""Why did it, or did it not, fail over? From the line of a file to the packet, and what would alter it.

A run of a scenario is asked after each of its actions, until the next: for every virtual router, who had its
addresses before, who has them after, and the chain between: the line of the file, the rule that warns of it,
the packet that decided it or did not come, the law (docs/rfc.md). What is bad gets remedies, the least first,
each tried in the simulator. What the trace says of single instances is said in ``trace.why``; this joins it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.errors import VrrplabError
from vrrplab.forecast.remedies import Edit, Wish, changed
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Place
from vrrplab.rules.table import RULES, check
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertReceivedEvent, AdvertSentEvent
from vrrplab.trace.vocabulary import ACTIONS, Act, sentence
from vrrplab.trace.why import Answers
from vrrplab.units import Micros, format_s, seconds

MOST_CURED = 4  # answers of one run that remedies are tried for
MOST_REMEDIES = 3  # that are told for one answer
_JUST_BEFORE_US: Micros = 1_000


class Outcome(StrEnum):
    """What came of it. ``STAYS``: it should have moved; ``KEEPS``: nothing had to move."""

    MOVES = "moves"
    STAYS = "stays"
    KEEPS = "keeps"
    SEVERAL = "several"
    NOBODY = "nobody"

    @property
    def is_bad(self) -> bool:
        return self in (Outcome.STAYS, Outcome.SEVERAL, Outcome.NOBODY)


class Step(NamedTuple):
    """A link of the chain. ``kind``: line, rule, packet or law; ``id`` of a rule or a law."""

    kind: str
    text: str
    places: tuple[Place, ...] = ()
    id: str = ""


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
    from vrrplab.forecast.chains import chain

    trace = run(scenario)
    findings = check(cluster_of(scenario))
    answers = []
    cured = 0
    for case in cases(scenario, trace):
        found = chain(case)
        steps = list(found.steps)
        if found.rule in RULES:
            about = [f for f in findings if f.rule == found.rule]
            text = about[0].message if about else RULES[found.rule].what
            places = about[0].places if about else ()
            steps.insert(sum(step.kind == "line" for step in steps), Step("rule", text, places, found.rule))
        remedies: tuple[Remedy, ...] = ()
        if cures and case.outcome.is_bad and cured < MOST_CURED and found.wishes:
            cured += 1
            remedies = _remedies(case, found.wishes)
        answers.append(case.answer(found.headline, tuple(steps), remedies, "" if remedies else found.advice))
    return Why(scenario, trace, tuple(answers))


def cluster_of(scenario: Scenario) -> Cluster:
    """The servers of a scenario that run keepalived, as rules see them."""
    nodes = [
        Node(s.name, s.config, s.node, {n: i.addresses for n, i in s.interfaces.items()})
        for s in scenario.servers.values()
        if not s.is_frr and not s.refusal
    ]
    return Cluster(nodes, scenario.profile)


class Chain(NamedTuple):
    """What a case comes down to. ``wishes``: changes worth a try, each with smaller ones that may do too."""

    headline: str
    steps: Sequence[Step] = ()
    rule: str = ""
    wishes: Sequence[Sequence[Wish]] = ()
    advice: str = ""


class Member(NamedTuple):
    """An instance on a server, as it is configured at the moment."""

    server: str
    node: NodeConfig
    instance: InstanceConfig

    @property
    def pair(self) -> tuple[str, str]:
        return self.server, self.instance.name


class Router(NamedTuple):
    """What speaks for one VRID on one network."""

    network: str
    vrid: int
    family: int


class Case:
    """One virtual router (those of its addresses that fare alike), from an action until the next."""

    def __init__(
        self,
        scenario: Scenario,
        trace: Trace,
        span: tuple[Micros, Micros],
        actions: tuple[TimedAction, ...],
        router: Router,
        addresses: tuple[str, ...],
    ) -> None:
        self.scenario, self.trace, self.actions = scenario, trace, actions
        self.at_us, self.judged_us = span
        self.router, self.addresses = router, addresses
        self.before = trace.owners(addresses[0], seconds(max(0, self.at_us - _JUST_BEFORE_US)))
        self.after = trace.owners(addresses[0], seconds(self.judged_us))

    @cached_property
    def members(self) -> list[Member]:
        """Those of the router, in the order of the servers."""
        return [m for m in members(self.scenario, self.at_us) if router_of(self.scenario, m) == self.router]

    @cached_property
    def scene(self) -> Answers:
        """The trace, asked at the end of the case."""
        return Answers(list(self.trace), self.trace.scenario, self.judged_us)

    @cached_property
    def hit(self) -> tuple[str, ...]:
        """Servers that something is broken on which makes their clients go without, or others take over."""
        return tuple(
            dict.fromkeys(a.keys["server"] for a in self.actions if "server" in a.keys and _takes_out(a))
        )

    @cached_property
    def outcome(self) -> Outcome:
        if len(self.after) > 1:
            return Outcome.SEVERAL
        if not self.after:
            return Outcome.NOBODY
        if self.after != self.before:
            return Outcome.MOVES
        return Outcome.STAYS if self.after[0] in self.hit else Outcome.KEEPS

    @property
    def is_cured(self) -> bool:
        """One server has the addresses before and after, and it is one that works."""
        return (len(self.before) == 1 and self.outcome in (Outcome.MOVES, Outcome.KEEPS)) and not set(
            self.after
        ) & set(self.hit)

    def member(self, server: str) -> Member | None:
        """The router's instance on a server."""
        return next((m for m in self.members if m.server == server), None)

    def others(self, server: str) -> list[Member]:
        return [m for m in self.members if m.server != server]

    def why(self, member: Member) -> str:
        """What the trace says of an instance."""
        return self.trace.why(seconds(self.judged_us), member.server, member.instance.name)

    def sent(self, member: Member) -> list[AdvertSentEvent]:
        """Its adverts, up to the moment that is judged."""
        return [
            e
            for e in self.trace.of(AdvertSentEvent, server=member.server, instance=member.instance.name)
            if e.t_us <= self.judged_us
        ]

    def heard(self, member: Member) -> list[AdvertReceivedEvent]:
        return [
            e
            for e in self.trace.of(AdvertReceivedEvent, server=member.server, instance=member.instance.name)
            if e.t_us <= self.judged_us
        ]

    @cached_property
    def moved_us(self) -> Micros | None:
        """From the action until the one that has the addresses in the end has them alone."""
        if self.outcome is not Outcome.MOVES:
            return None
        spans = [s for s in self.trace.holders(self.addresses[0]) if s.from_us < self.judged_us]
        since_us = spans[-1].from_us
        for span in reversed(spans):
            if span.servers != self.after:
                break
            since_us = span.from_us
        return max(0, since_us - self.at_us)

    def answer(
        self, headline: str, steps: tuple[Step, ...], remedies: tuple[Remedy, ...], advice: str
    ) -> Answer:
        return Answer(
            self.at_us,
            self.judged_us,
            tuple(sentence(action.as_dict()) for action in self.actions),
            self.router.network,
            self.router.vrid,
            self.addresses,
            self.before,
            self.after,
            self.outcome,
            headline,
            self.moved_us,
            steps,
            remedies,
            advice,
        )


def _takes_out(action: TimedAction) -> bool:
    """Is its server not fit to serve after it? A firewall against VRRP and a reload leave it as it was."""
    act = ACTIONS[action.kind]
    return act.breaks and act not in (Act.FIREWALL_DROP, Act.SEGMENT_FAULT, Act.ADDRESS_REMOVE)


def members(scenario: Scenario, at_us: Micros) -> Iterator[Member]:
    """Every instance, as its server's file says at a moment."""
    for server in scenario.servers.values():
        node = server.node
        for action in scenario.actions:
            if action.node is not None and action.keys["server"] == server.name and action.at_us < at_us:
                node = action.node
        for instance in node.instances:
            yield Member(server.name, node, instance)


def router_of(scenario: Scenario, member: Member) -> Router:
    """The virtual router that an instance speaks for."""
    card = scenario.servers[member.server].interfaces.get(member.instance.interface)
    return Router(card.segment if card else "", member.instance.vrid, member.instance.family)


def cases(scenario: Scenario, trace: Trace) -> Iterator[Case]:
    """Every moment at which something is done, and every virtual router with addresses, in this order."""
    moments: dict[Micros, list[TimedAction]] = {}
    for action in scenario.actions:
        if action.at_us < trace.end_us:
            moments.setdefault(action.at_us, []).append(action)
    ends_us = [*list(moments)[1:], trace.end_us]
    for (at_us, actions), end_us in zip(moments.items(), ends_us, strict=True):
        judged_us = max(at_us, end_us - _JUST_BEFORE_US)
        addresses: dict[str, Router] = {}
        for member in members(scenario, judged_us):
            for virtual in member.instance.all_addresses:
                addresses.setdefault(virtual.address, router_of(scenario, member))
        alike: dict[tuple[Router, tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for address, router in addresses.items():
            case = Case(scenario, trace, (at_us, judged_us), tuple(actions), router, (address,))
            alike.setdefault((router, case.before, case.after), []).append(address)
        for (router, _, _), found in alike.items():
            yield Case(scenario, trace, (at_us, judged_us), tuple(actions), router, tuple(found))


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
        if again.is_cured and before and not any(_worse(case, scenario, trace)):
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
