"""The search: depth first, from every moment of the settled cluster, over faults and what mends them.

A *moment* is the end of an instant in which a daemon, a check or a frame did something; between two of them
it makes no difference when something fails, but for what is then timed from it, so an action comes just after
each moment. A state that was reached before, with as many faults left and no less time, is not gone through
again: its key holds what decides the future, with all times exact and relative to now (``sim.state_key``).
Nothing is kept of a state but its key: the way to it is the story. Whatever is tried in a state is tried in
the same world, which is put back afterwards (``sim.rewind``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vrrplab.exploring.condition import masters
from vrrplab.exploring.faults import DEAF, commute, mended, possible
from vrrplab.exploring.ground import MOST_CYCLES, Ground, Written
from vrrplab.exploring.promises import REACHED, REST, Ages, Breach, Vigil
from vrrplab.exploring.state import Span, Stand, Stands
from vrrplab.exploring.steps import Found, Harvest, Step, Steps
from vrrplab.sim.collector import WORLDS, collected_rarely
from vrrplab.sim.rewind import Rewinder
from vrrplab.sim.state_key import Key
from vrrplab.sim.world import World
from vrrplab.trace.events import (
    AdvertSentEvent,
    GarpSentEvent,
    InterfaceEvent,
    NaSentEvent,
    NeighbourEvent,
    PriorityEvent,
    ServiceEvent,
    StateEvent,
)
from vrrplab.trace.rows import AdvertRow
from vrrplab.trace.vocabulary import Act
from vrrplab.units import Micros

FOR_EVER: Micros = 2**62
TURNS = (StateEvent, PriorityEvent, ServiceEvent, InterfaceEvent, NeighbourEvent)
ANNOUNCED = (GarpSentEvent, NaSentEvent)  # a turn as well, where a client may be deaf to it
OFTEN = 2  # who becomes MASTER more often after the last repair may do so for ever
LOOKS = (0, 1, 2, 4, 8, 16, 32)  # at how an ending goes: often at first, where most are known to end well
GAP_US: Micros = 1  # an action comes so long after its moment


class Search:
    """All stories that begin with one fault. ``tick`` is called now and then, and may raise to end it."""

    def __init__(
        self,
        ground: Ground,
        depth: int,
        within_us: Micros,
        ending: Callable[[Steps, tuple[float, ...], Micros], Iterable[Breach]] | None = None,
        tick: Callable[[Harvest], None] | None = None,
    ) -> None:
        self._ground = ground
        self._faults = ground.faults
        self._depth = depth
        self._within_us = within_us
        self._ending = ending  # judges a whole story, for properties of the user's
        self._tick = tick
        self._is_sparse = depth > 1
        is_deaf = any(fault.kind == DEAF for fault in ground.faults)
        self._turns = (*TURNS, *ANNOUNCED) if is_deaf else TURNS
        self._settle_us = ground.patience.settle_us
        # after the last repair: MASTERs have agreed, and whole cycles later: what repeats goes on for ever
        agreed_us, cycle_us = ground.patience.agree_us, ground.patience.cycle_us
        apart_us = -(-agreed_us // cycle_us) * cycle_us
        looks = (agreed_us + cycles * apart_us for cycles in LOOKS)
        self._looks_us = [after_us for after_us in looks if after_us < self._settle_us]
        self._stands = ground.stands
        self._seen: dict[object, Micros] = {}
        self._judged: dict[object, list[Ages]] = {}
        self._good: dict[object, Micros] = {}
        self._mends: dict[object, list[tuple[Span, Key]]] = {}
        self.harvest = Harvest(0)

    def run(self, fault: int) -> Harvest:
        """Every story whose first fault has this number."""
        harvest = self.harvest = Harvest(fault)
        self._seen, self._judged, self._good, self._mends = {}, {}, {}, {}
        self._stands = Stands(self._ground.stands)
        with collected_rarely(WORLDS):
            # those of later moments are reached by earlier ones, and have more time left there
            for moment in reversed(self._ground.roomy if self._is_sparse else self._ground.moments):
                harvest.moments += 1
                world = moment.snapshot.thaw()
                world.chance.follow(())
                vigil = Vigil(self._ground.cluster, world.scheduler.now)
                self._break(world, fault, (), (), self._depth, vigil)
        harvest.whole = True
        return harvest

    # -- actions -------------------------------------------------------------------------------------

    def _break(
        self, world: World, number: int, steps: Steps, broken: tuple[int, ...], left: int, vigil: Vigil
    ) -> None:
        steps = self._act(world, number, False, steps)
        if self._faults[number].mend is not None:
            broken = (*broken, number)
        self._after(world, steps, broken, left - 1, vigil)

    def _mend(
        self, world: World, number: int, steps: Steps, broken: tuple[int, ...], left: int, vigil: Vigil
    ) -> Span | None:
        steps = self._act(world, number, True, steps)
        return self._after(world, steps, mended(self._faults, number, broken), left, vigil)

    def _act(self, world: World, number: int, mends: bool, steps: Steps) -> Steps:
        step = Step(world.scheduler.now + GAP_US, number, mends)
        self._ground.act(world, step.deed(self._faults), step.at_us)
        self._count()
        return (*steps, step)

    def _count(self) -> None:
        """One world more; whoever waits may lose patience here."""
        self.harvest.forks += 1
        if self._tick is not None:
            self._tick(self.harvest)

    # -- what follows --------------------------------------------------------------------------------

    def _after(
        self, world: World, steps: Steps, broken: tuple[int, ...], left: int, vigil: Vigil
    ) -> Span | None:
        """As ``_rest`` where the story ends here, None where it goes on."""
        vigil.acted(world)
        if left:
            self._branch(world, steps, broken, left, vigil, None, Rewinder(world))
        if broken or left:
            self._wander(world, steps, broken, left, vigil)
            return None
        return self._rest(world, steps)

    def _wander(self, world: World, steps: Steps, broken: tuple[int, ...], left: int, vigil: Vigil) -> None:
        """Moment after moment, with all that may be done at each, until nothing new can come.

        With more than one fault only at turns: a role, a priority, a service, a link or a client's belief has
        just changed, or nothing of it has for a whole cycle, that is, all has settled. Where a client may be
        deaf, also when something was announced: to whom is deaf a moment longer, the next is what counts.
        """
        ground, harvest = self._ground, self.harvest
        turned_us, is_settled = steps[-1].at_us, False
        limit_us = steps[0].at_us + self._within_us
        changes, here = 0, dict[object, int]()
        is_broken, rewinder = False, Rewinder(world)
        while True:
            end_us = max(steps[-1].at_us + self._settle_us, vigil.next_us)
            events = ground.step(world, end_us)
            now = world.scheduler.now
            for draws in world.chance.untried():
                twin, its = self._again(steps, draws, now)
                self._wander(twin, steps, broken, left, its)
            is_broken |= self._look(world, vigil, steps, events)
            if now >= end_us and vigil.next_us <= now:
                break
            changes += sum(type(event) is StateEvent for event in events)
            ended = self._advert_gone(events, broken)
            if self._is_sparse and ended is None:
                if any(type(event) in self._turns for event in events):
                    turned_us, is_settled = now, False
                elif is_settled or now - turned_us < ground.patience.cycle_us:
                    continue
                else:
                    is_settled = True
            state = self._stands.of(world)
            if not broken and state in ground.steady:
                harvest.endings += 1
                return
            key = (state, broken, left)
            if here.setdefault(key, changes) != changes:
                self._add(Breach(REST, "", "roles change for ever"), steps, world)
                harvest.endings += 1
                harvest.broken += 1
                return
            new = now < limit_us and self._is_new(key, now - steps[0].at_us)
            lost = not broken and ground.is_anybody_lost(world)
            judged = self._is_judged(key, (*vigil.ages(now), now - steps[-1].at_us if lost else 0))
            if new:
                harvest.states += 1
                if ended is not None:
                    self._mend(world, ended, steps, broken, left, vigil)
                    return
                self._branch(world, steps, broken, left, vigil, state, rewinder)
            elif judged or ended is not None:
                return
        self._end(world, steps, not broken, is_broken)

    def _rest(self, world: World, steps: Steps) -> Span | None:
        """All is repaired and nothing else will fail: in the end everything must be well.

        The time after the last action in which MASTERs changed, until clients knew of the last; None: it did
        not end well, or something was drawn.

        In one go, with a look now and then whether this is known to end well; a run in which roles were
        shared or a race was drawn is gone through again, moment for moment.
        """
        ground, last_us = self._ground, steps[-1].at_us
        end_us = last_us + self._settle_us
        way: list[tuple[object, Micros]] = []
        began = [masters(world, router) for router in ground.cluster.routers]
        written = world.written
        calm = all(len(servers) == 1 for servers in began) and not ground.is_anybody_lost(world)
        calm = calm and not ground.paces
        for after_us in self._looks_us:
            world.advance(max(last_us + after_us, world.scheduler.now))
            ground.step(world, end_us)
            if ground.is_anybody_lost(world):
                continue
            now = world.scheduler.now
            key = self._stands.of(world).resting
            is_known = key in ground.resting or self._good.get(key, -1) >= end_us - now
            if is_known or self._repeats(world, key, way, written):
                if not self._is_doubtful(world, began, world.since(written), last_us):
                    self._end(world, steps, False, False)
                    way.append((key, now))
                    events = world.since(written)
                    return self._span(began, calm, events, last_us, self._keep(way, events, end_us, FOR_EVER))
                break
            way.append((key, now))
        world.advance(end_us)
        events = world.since(written)
        if self._is_doubtful(world, began, events, last_us):
            self._carefully(steps, ())
            return None
        self._end(world, steps, True, False)
        if ground.is_anybody_lost(world):
            return None
        return self._span(began, calm, events, last_us, self._keep(way, events, end_us, end_us))

    def _repeats(self, world: World, key: object, way: Sequence[tuple[object, Micros]], written: int) -> bool:
        """Was it so already, with no role changed since?"""
        before_us = next((at_us for known, at_us in way if known == key), None)
        return before_us is not None and all(
            e.t_us <= before_us for e in world.since(written) if type(e) is StateEvent
        )

    def _keep(
        self, way: Sequence[tuple[object, Micros]], events: Sequence[Written], end_us: Micros, well_us: Micros
    ) -> Micros:
        """From these states on everything was well until ``well_us``, and roles stayed as they were; when the
        first came.
        """
        changed_us = max((e.t_us for e in events if type(e) is StateEvent), default=0)
        first_us = end_us
        for key, at_us in way:
            if at_us >= changed_us:
                first_us = min(first_us, at_us)
                self._good[key] = max(self._good.get(key, 0), well_us - at_us)
        return first_us

    def _span(
        self, began: list[list[str]], calm: bool, events: Sequence[Written], last_us: Micros, sure_us: Micros
    ) -> Span:
        """From the first change of a MASTER, if all was calm before, to the moment from which all is sure."""
        first_us = last_us
        if calm:
            had = {server for servers in began for server in servers}
            ended = (
                e.t_us for e in events if type(e) is StateEvent and (e.to == "MASTER" or e.server in had)
            )
            first_us = max(last_us, next(ended, sure_us) - self._ground.patience.way_us)
        return first_us - last_us, sure_us - last_us

    def _is_doubtful(
        self, world: World, began: list[list[str]], events: Sequence[Written], last_us: Micros
    ) -> bool:
        """Was a race drawn, or did two share a role for too long, or one take it again and again?"""
        if world.chance.drawn:
            return True
        ground = self._ground
        names = {
            (server, name): number
            for number, router in enumerate(ground.cluster.routers)
            for server, name in router.members
        }
        holding = [dict.fromkeys(servers, 0) for servers in began]
        since = [last_us] * len(began)
        entered: dict[tuple[str, str], int] = {}
        for event in events:
            if type(event) is not StateEvent:
                continue
            number = names.get((event.server, event.instance))
            if number is None:
                continue
            shared = len(holding[number]) > 1
            if shared and event.t_us - since[number] > ground.patience.agree_us:
                return True
            if event.to == "MASTER":
                holding[number][event.server] = 0
                who = event.server, event.instance
                entered[who] = entered.get(who, 0) + 1
                if entered[who] > OFTEN:
                    return True
            else:
                holding[number].pop(event.server, None)
            if not shared:
                since[number] = event.t_us
        return any(len(servers) > 1 for servers in holding) or not all(holding)

    def _carefully(self, steps: Steps, draws: tuple[float, ...]) -> None:
        """The end of a story, moment for moment."""
        self._count()
        ground, last_us = self._ground, steps[-1].at_us
        world, vigil = self._again(steps, draws, last_us)
        changes, here, is_broken = 0, dict[object, int](), False
        horizon_us = last_us + self._settle_us + MOST_CYCLES * ground.patience.cycle_us
        while True:
            end_us = max(last_us + self._settle_us, vigil.next_us)
            events = ground.step(world, end_us)
            now = world.scheduler.now
            for others in world.chance.untried():
                self._carefully(steps, others)
            is_broken |= self._look(world, vigil, steps, events)
            moved = sum(type(event) is StateEvent for event in events)
            changes += moved
            if moved and here.setdefault(self._stands.of(world), changes) != changes:
                self._add(Breach(REST, "", "roles change for ever"), steps, world)
                is_broken = True
                break
            if now >= end_us and vigil.next_us <= now:
                break
            if now >= horizon_us:
                break
        self._end(world, steps, True, is_broken)

    def _end(self, world: World, steps: Steps, rests: bool, is_broken: bool) -> None:
        """One ending more. ``rests``: all is repaired, so clients must get answers."""
        harvest = self.harvest
        for question, why in self._ground.cluster.lost_questions(world) if rests else ():
            who = f"{question.client} {question.address}"
            text = f"{question.client} gets no answer from {question.address}: {why}"
            self._add(Breach(REACHED, who, text), steps, world)
            is_broken = True
        if self._ending is not None:
            for breach in self._ending(steps, world.chance.drawn, world.scheduler.now):
                self._add(breach, steps, world)
                is_broken = True
        harvest.endings += 1
        harvest.broken += is_broken

    def _look(self, world: World, vigil: Vigil, steps: Steps, events: Sequence[Written]) -> bool:
        found = vigil.look(world, events)
        for breach in found:
            self._add(breach, steps, world)
        return bool(found)

    def _add(self, breach: Breach, steps: Steps, world: World) -> None:
        name, draws = breach.promise.name, world.chance.drawn
        self.harvest.add(Found(name, breach.who, breach.why, steps, world.scheduler.now, draws))

    def _again(self, steps: Steps, draws: tuple[float, ...], until_us: Micros) -> tuple[World, Vigil]:
        """The world of a story at that moment, with other outcomes of races, and who watches over it."""
        world = self._ground.replay(steps, draws, until_us)
        vigil = Vigil(self._ground.cluster, steps[-1].at_us)
        vigil.acted(world)
        return world, vigil

    def _is_new(self, key: object, since_us: Micros) -> bool:
        """Was everything that may be done in this state done already, with no less time left for it?"""
        old = self._seen.get(key)
        if old is not None and old <= since_us:
            return False
        self._seen[key] = since_us
        return True

    def _is_judged(self, key: object, ages: Ages) -> bool:
        """Was it gone on from here already, with everything that is not well at least as old?"""
        known = self._judged.setdefault(key, [])
        if any(all(o >= a for o, a in zip(old, ages, strict=True)) for old in known):
            return True
        known.append(ages)
        return False

    def _branch(
        self,
        world: World,
        steps: Steps,
        broken: tuple[int, ...],
        left: int,
        vigil: Vigil,
        state: Stand | None,
        rewinder: Rewinder,
    ) -> None:
        """Everything that may be done now, and the world is put back. ``state`` None: in the gap of the last
        action, once more.
        """
        faults = self._faults
        mends = [] if state is None else [n for n in broken if not faults[n].ends_with_advert_of]
        breaks = [n for n in range(len(faults)) if possible(faults, n, broken)] if left else []
        if state is None:
            breaks = [n for n in breaks if self._comes_later(n, steps[-1])]
        elif self._ending is None and not left and not world.chance.drawn:
            well = [n for n in mends if self._ends_well(state, broken, n)]
            self.harvest.endings += len(well)
            mends = [n for n in mends if n not in well]
        if not mends and not breaks:
            return
        rewinder.keep()
        for number in mends:
            span = self._mend(world, number, steps, broken, left, vigil.twin())
            rewinder.back()
            if span is not None and state is not None:
                known = self._mends.setdefault(self._mend_key(state, broken, number), [])
                known.append((span, state.due(span)))
        for number in breaks:
            self._break(world, number, steps, broken, left, vigil.twin())
            rewinder.back()

    def _ends_well(self, state: Stand, broken: tuple[int, ...], number: int) -> bool:
        """Was this the last repair in such a state already, and ended well?

        The states may differ in what will be announced once more while no MASTER changes and all clients know
        theirs, before and after: it tells nobody anything new. And in when a service would have ended that is
        started again.
        """
        known = self._mends.get(self._mend_key(state, broken, number), ())
        return any(state.due(span) == due for span, due in known)

    def _mend_key(self, state: Stand, broken: tuple[int, ...], number: int) -> object:
        mend, ends = self._faults[number].mend, state.ends
        if ends and mend is not None and mend.act is Act.SERVICE_START:
            ends = state.ends_but_of(mend.server, mend.keys["service"])
        return state.key, ends, broken, number

    def _comes_later(self, number: int, before: Step) -> bool:
        """Of two actions in one gap that could be swapped only one order is gone through."""
        return number > before.fault or not commute(self._faults[number].breaks, before.deed(self._faults))

    def _advert_gone(self, events: Sequence[Written], broken: tuple[int, ...]) -> int | None:
        """The fault that ends now, as the advert that it is about was sent."""
        for number in broken:
            server = self._faults[number].ends_with_advert_of
            if server:
                for row in events:
                    if (
                        type(row) is AdvertRow
                        and row.kind is AdvertSentEvent
                        and row.places[0].server == server
                    ):
                        return number
        return None
