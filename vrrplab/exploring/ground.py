"""Where every story begins: the cluster has started, is settled, and its clients know where to ask.

Clients ask until then and no more: what a cache believes is what counts, and a silent client's does not age
(with one that asks, the cycle of ARP would make twelve times as many moments, and show nothing else). How
long a client is really without an answer, its cache asking again and again, is found when a story is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.exploring.faults import Deed, Fault, faults_of
from vrrplab.exploring.patience import Patience, patience_of
from vrrplab.exploring.promises import Cluster
from vrrplab.exploring.state import Stands
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.sim.actions import perform
from vrrplab.sim.neighbors import DELAY_US, TRUST_US
from vrrplab.sim.scheduler import ACTION
from vrrplab.sim.snapshot import Snapshot
from vrrplab.sim.world import World
from vrrplab.trace.events import TraceEvent
from vrrplab.trace.rows import AdvertRow
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.exploring.steps import Steps

Written = TraceEvent | AdvertRow
CACHES_US: Micros = TRUST_US + 2 * DELAY_US  # after so long a cache that nobody asks changes no more
ROOM_US: Micros = 1_000
MOST_CYCLES = 20  # until a cluster repeats itself


class Moment(NamedTuple):
    """Just after an instant of the settled cluster in which something happened."""

    at_us: Micros
    snapshot: Snapshot[World]


@dataclass(frozen=True, slots=True)
class Ground:
    """``settled_us``: since when, in a run from the start, the cluster does the same in every cycle."""

    scenario: Scenario
    profile: Profile | None
    patience: Patience
    cluster: Cluster
    faults: tuple[Fault, ...]
    moments: tuple[Moment, ...]
    settled_us: Micros
    repeats: bool
    stands: Stands
    steady: frozenset[object]  # how it stands at its moments
    resting: frozenset[object]  # the same, whatever is still to be announced

    @property
    def paces(self) -> bool:
        """Does anybody spread what it announces over a time?"""
        instances = (i for server in self.scenario.servers.values() for i in server.node.instances)
        return any(i.garp.interval_us or i.garp.gna_interval_us for i in instances)

    @property
    def roomy(self) -> tuple[Moment, ...]:
        """The moments behind which nothing happens for a while, so that a person could act in between."""
        nexts = (
            *self.moments[1:],
            self.moments[0]._replace(at_us=self.moments[0].at_us + self.patience.cycle_us),
        )
        return tuple(
            m for m, after in zip(self.moments, nexts, strict=True) if after.at_us - m.at_us >= ROOM_US
        )

    def step(self, world: World, end_us: Micros) -> Sequence[Written]:
        """On to the next moment, or to ``end_us`` if none comes before; what was written down meanwhile."""
        scheduler, before = world.scheduler, _pulse(world)
        written = world.written
        while True:
            next_us = scheduler.next_us
            if next_us is None or next_us > end_us:
                world.advance(end_us)
                return world.since(written)
            world.advance(next_us)
            if _pulse(world) != before:
                return world.since(written)

    def is_anybody_lost(self, world: World) -> bool:
        """Does a client ask somebody who does not answer?"""
        return any(True for _ in self.cluster.lost_questions(world))

    def act(self, world: World, deed: Deed, at_us: Micros) -> None:
        """Do it at that moment, which is near: before whatever else happens then, as in a scenario."""
        world.scheduler.at(at_us, ACTION, perform, world, deed.at(at_us))
        world.advance(at_us)

    def replay(self, steps: Steps, draws: tuple[float, ...], until_us: Micros) -> World:
        """The world of a story at that moment, with races decided as ``draws`` say."""
        start = next(m for m in reversed(self.moments) if m.at_us < steps[0].at_us)
        world = start.snapshot.thaw()
        world.chance.follow(draws)
        for step in steps:
            world.advance(step.at_us - 1)
            self.act(world, step.deed(self.faults), step.at_us)
        world.advance(until_us)
        return world


def _pulse(world: World) -> tuple[object, ...]:
    """Changes whenever a daemon, a check or a frame does something."""
    return (world.written, world.version, *(box.checks_begun for box in world.boxes.values()))


def bare(scenario: Scenario) -> Scenario:
    """The scenario without what happens in it, and without chance: each loss is a fault of its own here."""
    segments = {n: replace(s, loss=0.0, jitter_us=0) for n, s in scenario.segments.items()}
    kept = tuple(a for a in scenario.actions if scenario.is_found(a))
    return scenario.changed(segments=segments, actions=kept, expect=())


def prepare(
    scenario: Scenario, profile: Profile | None = None, also: Iterable[str] = (), only: Iterable[str] = ()
) -> Ground:
    """Run it until it repeats itself, and keep every moment of one cycle.

    ``also``, ``only``: as ``faults_of`` takes them.
    """
    quiet = bare(scenario)
    patience = patience_of(quiet, profile)
    faults = faults_of(quiet, also, only)
    if not any(server.node.instances for server in quiet.servers.values()):
        raise VrrplabError(f"{scenario.name}: no server has a vrrp_instance, so there is nothing to explore")
    started_us = max(server.start_at_us for server in quiet.servers.values())
    settled_us = started_us + patience.settle_us
    ask_until_us = settled_us + patience.settle_us
    world = World(quiet, profile=profile)
    world.begin()
    world.chance.follow(())
    world.advance(ask_until_us)
    cluster = Cluster(world, patience)
    world.silence_clients()
    world.advance(ask_until_us + CACHES_US)
    cycle = patience.cycle_us
    stands = Stands()
    known = stands.of(world)
    for _ in range(MOST_CYCLES):
        world.advance(world.scheduler.now + cycle)
        key = stands.of(world)
        if key == known:
            break
        known = key
    repeats = key == known
    none: frozenset[object] = frozenset()
    ground = Ground(quiet, profile, patience, cluster, faults, (), settled_us, repeats, stands, none, none)
    end_us = world.scheduler.now + cycle
    moments: list[Moment] = []
    keys: set[object] = set()
    resting: set[object] = set()
    while True:
        ground.step(world, end_us)
        if world.scheduler.now >= end_us:
            break
        now = stands.of(world)
        keys.add(now)
        resting.add(now.resting)
        moments.append(Moment(world.scheduler.now, world.snapshot()))
    if not repeats:
        return replace(ground, moments=tuple(moments))
    return replace(ground, moments=tuple(moments), steady=frozenset(keys), resting=frozenset(resting))
