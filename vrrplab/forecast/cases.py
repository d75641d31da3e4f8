"""A case: what is done at a moment of a run, and how one virtual router fares until the next.

Facts that follow from the trace and from the configurations of that moment; ``chains`` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.forecast.wishes import Wish
from vrrplab.rules.model import Place
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import TimedAction
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertReceivedEvent, AdvertSentEvent
from vrrplab.trace.vocabulary import ACTIONS, Act
from vrrplab.trace.why import Answers
from vrrplab.units import Micros, seconds

_JUST_BEFORE_US: Micros = 1_000


class Ending(StrEnum):
    """What came of it. ``STAYS``: it should have moved; ``KEEPS``: nothing had to move."""

    MOVES = "moves"
    STAYS = "stays"
    KEEPS = "keeps"
    SEVERAL = "several"
    NOBODY = "nobody"

    @property
    def is_bad(self) -> bool:
        return self in (Ending.STAYS, Ending.SEVERAL, Ending.NOBODY)


class Step(NamedTuple):
    """A link of the chain. ``kind``: line, rule, packet or law; ``id`` of a rule or a law."""

    kind: str
    text: str
    places: tuple[Place, ...] = ()
    id: str = ""


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
    def outcome(self) -> Ending:
        if len(self.after) > 1:
            return Ending.SEVERAL
        if not self.after:
            return Ending.NOBODY
        if self.after != self.before:
            return Ending.MOVES
        return Ending.STAYS if self.after[0] in self.hit else Ending.KEEPS

    @property
    def is_cured(self) -> bool:
        """One server has the addresses before and after, and it is one that works."""
        return (len(self.before) == 1 and self.outcome in (Ending.MOVES, Ending.KEEPS)) and not set(
            self.after
        ) & set(self.hit)

    def member(self, server: str) -> Member | None:
        """The router's instance on a server."""
        return next((m for m in self.members if m.server == server), None)

    def others(self, server: str) -> list[Member]:
        """The router's instances on other servers."""
        return [m for m in self.members if m.server != server]

    def rivals(self, server: str) -> list[Member]:
        """Those of them that are configured with the addresses, and so might take them."""
        return [m for m in self.others(server) if self.is_configured(m)]

    def is_configured(self, member: Member) -> bool:
        """Does its file give it the addresses?"""
        return any(a.address in self.addresses for a in member.instance.all_addresses)

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
        if self.outcome is not Ending.MOVES:
            return None
        spans = [s for s in self.trace.holders(self.addresses[0]) if s.from_us < self.judged_us]
        since_us = spans[-1].from_us
        for span in reversed(spans):
            if span.servers != self.after:
                break
            since_us = span.from_us
        return max(0, since_us - self.at_us)


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
