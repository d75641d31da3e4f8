"""A change of configuration carried out in the simulator: one node reloads after the other.

Between two steps the nodes run different files, as they do while somebody goes from host to host; what that
does to each address is read from the run. The order matters, so the others are tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from vrrplab.scenario.fail_line import AFTER_START_US
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros, seconds

ALL_ORDERS_OF = 3  # nodes, at most: six runs
_APART_US: Micros = 20 * SECOND_US  # two steps, at least
_LAST_US: Micros = 60 * SECOND_US  # the last step is followed for so long: a stale ARP entry may take 45 s
_MOMENT_US: Micros = 1_000
HANDOVER_US: Micros = SECOND_US  # for a moment two have an address whenever it moves


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step does to one address, until the next step. ``before`` and ``after``: who has it.

    ``out_us``: the longest time without an answer to a client; ``doubled_us``: for how long several have it.
    ``goes``: no new file has it, so that nobody is to get an answer.
    """

    address: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    out_us: Micros
    doubled_us: Micros
    goes: bool = False

    @property
    def is_felt(self) -> bool:
        """Does anybody notice?"""
        return bool(self.before != self.after or self.out_us or self.doubled_us)


@dataclass(frozen=True, slots=True)
class DeployStep:
    """``act``: reload, start (a node that is new) or stop (one that is taken away)."""

    node: str
    act: str
    at_us: Micros
    until_us: Micros
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """``scenario`` and ``trace``: the run. ``tried``: how many orders were."""

    steps: tuple[DeployStep, ...]
    scenario: Scenario
    trace: Trace
    tried: int = 1

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(step.node for step in self.steps)

    @property
    def out_us(self) -> Micros:
        """The longest time that an address is out in it."""
        return max((e.out_us for step in self.steps for e in step.effects), default=0)

    @property
    def doubled_us(self) -> Micros:
        """For how long an address is on several nodes, at most."""
        return max((e.doubled_us for step in self.steps for e in step.effects), default=0)

    @property
    def is_unnoticed(self) -> bool:
        """Does no address move, and is none out?"""
        return self.cost == (0, 0)

    @property
    def cost(self) -> tuple[int, int]:
        """The higher, the worse: how long clients are out or cannot know where they end up, in tenths of a
        second, then how often an address moves.
        """
        effects = [e for step in self.steps for e in step.effects]
        felt_us = sum(e.out_us + e.doubled_us for e in effects)
        return round(felt_us / (SECOND_US // 10)), sum(e.before != e.after for e in effects)


def deployed(
    old: Sequence[Node], new: Sequence[Node], order: Sequence[str], profile: str = "keepalived-2.2.7"
) -> Deployment:
    """The nodes of ``order``, one after the other, as ``new`` has them, in a cluster that runs ``old``."""
    before, after = ({node.name: node for node in nodes} for nodes in (old, new))
    laid_out = scenario_of_nodes(
        [_both(before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])], profile
    )
    apart_us = _apart_us(laid_out)
    moments = [AFTER_START_US * 2 + place * apart_us for place in range(len(order))]
    servers = {}
    for name, server in laid_out.servers.items():
        node = (before.get(name) or after[name]).config
        start_us = server.start_at_us if name in before else _moment_of(name, order, moments)
        servers[name] = replace(server, node=node, start_at_us=start_us)
    acts = {name: "stop" if name not in after else "reload" if name in before else "start" for name in order}
    actions = []
    for name, at_us in zip(order, moments, strict=True):
        if acts[name] == "reload":
            keys = {"server": name, "config": after[name].path}
            actions.append(TimedAction(at_us, Act.RELOAD, keys, node=after[name].config))
        elif acts[name] == "stop":
            actions.append(TimedAction(at_us, Act.DAEMON_STOP, {"server": name}))
    end_us = (moments[-1] if moments else AFTER_START_US * 2) + max(apart_us, _LAST_US)
    scenario = laid_out.changed(servers=servers, actions=tuple(actions), duration_us=end_us)
    trace = run(scenario)
    addresses = laid_out.virtual_addresses()
    kept = {a.address for node in new for i in node.config.instances for a in i.all_addresses}
    steps = []
    for name, at_us, until_us in zip(order, moments, [*moments[1:], end_us], strict=True):
        effects = tuple(_effect(trace, a, at_us, until_us, goes=a not in kept) for a in addresses)
        steps.append(DeployStep(name, acts[name], at_us, until_us, effects))
    return Deployment(tuple(steps), scenario, trace)


def best_order(
    old: Sequence[Node],
    new: Sequence[Node],
    names: Sequence[str],
    profile: str = "keepalived-2.2.7",
    how_far: Callable[[float], None] | None = None,
) -> Deployment:
    """The order that clients notice least; of equal ones the first as the names are given.

    ``how_far`` is told now and then which share is done, 0 to 1.
    """
    orders, found = list(_orders(old, names)), []
    for number, order in enumerate(orders):
        if how_far:
            how_far(number / len(orders))
        found.append(deployed(old, new, order, profile))
    return replace(min(found, key=lambda one: one.cost), tried=len(found))


def _orders(old: Sequence[Node], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """All orders of few nodes; of many as given, backwards, and by the priorities that they have now."""
    if len(names) <= ALL_ORDERS_OF:
        yield from permutations(names)
        return
    highest = {n.name: max((i.base_priority for i in n.config.instances), default=0) for n in old}
    rising = tuple(sorted(names, key=lambda name: highest.get(name, 0)))
    yield from dict.fromkeys((tuple(names), tuple(reversed(names)), rising, rising[::-1]))


def _moment_of(name: str, order: Sequence[str], moments: Sequence[Micros]) -> Micros:
    return moments[list(order).index(name)] if name in order else 0


def _both(old: Node | None, new: Node | None) -> Node:
    """What both of a node's files speak of, so that the cards of both are laid out."""
    if old is None or new is None:
        node = old or new
        assert node is not None
        return node
    config = replace(
        old.config,
        instances=(*old.config.instances, *new.config.instances),
        interfaces={**new.config.interfaces, **old.config.interfaces},
    )
    return replace(old, config=config)


def _apart_us(scenario: Scenario) -> Micros:
    """So long between two steps that everything has settled."""
    waits = [
        4 * i.advert_interval_us + i.preempt_delay_us
        for server in scenario.servers.values()
        for i in server.node.instances
    ]
    return max(_APART_US, 2 * max(waits, default=0))


def _effect(trace: Trace, address: str, at_us: Micros, until_us: Micros, *, goes: bool) -> Effect:
    before = trace.owners(address, seconds(at_us - _MOMENT_US))
    after = trace.owners(address, seconds(until_us - _MOMENT_US))
    doubled_us = sum(
        to_us - from_us
        for servers, from_us, to_us in _spans(trace, address, at_us, until_us)
        if len(servers) > 1
    )
    out_us = 0
    for outage in () if goes else trace.outages():
        if outage.target == address and (before or after):
            ends_us = until_us if outage.to_us is None else min(outage.to_us, until_us)
            begins_us = max(outage.from_us, at_us)
            out_us = max(out_us, ends_us - begins_us if before or outage.from_us >= at_us else 0)
    return Effect(address, before, after, out_us, doubled_us if doubled_us > HANDOVER_US else 0, goes)


def _spans(
    trace: Trace, address: str, at_us: Micros, until_us: Micros
) -> Iterator[tuple[tuple[str, ...], Micros, Micros]]:
    for span in trace.holders(address):
        from_us, to_us = max(span.from_us, at_us), min(span.to_us, until_us)
        if from_us < to_us:
            yield span.servers, from_us, to_us
