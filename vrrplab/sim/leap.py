"""Leaps over what repeats: where a run does the same thing again and again, it is simulated once.

A world is deterministic. If it stands as it stood a period ago (``state_key.standing``: all of it, moments
relative to its clock), and nothing else was or is due, then the next period is the last one once more. So its
rows are kept once, with how often they repeat, and the clock and every moment in the world are moved on.

Never where anything may be drawn, nor with clients, whose questions have rhythms of their own, nor where
frames or a capture are asked for: their IP identifications count up, as AH's numbers do, which a log may
name. tests/sim/test_leap.py compares with runs that take every step.
"""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

from vrrplab.sim.scheduler import ACTION
from vrrplab.sim.state_key import Standing, Unsteady, move, standing
from vrrplab.sim.world import World
from vrrplab.trace.events import (
    AdvertDroppedEvent,
    AdvertFailedEvent,
    GarpSentEvent,
    LogEvent,
    NaSentEvent,
    NotifyEvent,
    ScriptEvent,
)
from vrrplab.trace.rows import AdvertRow, Repeated
from vrrplab.units import SECOND_US, Micros

LONGEST_US = 120 * SECOND_US  # of a period
WORTH = 8  # periods until something is due: less is sooner simulated than compared
TRIES = 4  # at a time; then the world has twice as many periods to settle
# What may happen in a period that is repeated. A change of state is never one of many alike.
ALIKE = (
    AdvertRow,
    AdvertDroppedEvent,
    AdvertFailedEvent,
    GarpSentEvent,
    LogEvent,
    NaSentEvent,
    NotifyEvent,
    ScriptEvent,
)

Watch = Callable[[World], None]


def advance(world: World, until_us: Micros, watch: Watch | None = None) -> None:
    """As ``World.advance``, with the same trace: everything up to and including that moment happens."""
    while may_leap(world) and world.scheduler.now < until_us:
        due_us = _next_action_us(world, until_us + 1)
        _between_actions(world, due_us, watch)
        world.advance(min(due_us, until_us), watch)
    world.advance(until_us, watch)


def may_leap(world: World) -> bool:
    """Is nothing in it that rules out leaps for good, or until an action?"""
    if not world.leaps or world.has_clients or world.keeps_frames:
        return False
    configs = (config for box in world.boxes.values() for config in box.router.node.instances)
    if any(config.authentication is not None and config.authentication.kind == "AH" for config in configs):
        return False
    return all(switch.is_certain for switch in world.switches.values())


def period_of(world: World) -> Micros:
    """After how long all that daemons do by the clock comes together again; 0: nothing does, or too late."""
    found = {SECOND_US}
    for box in world.boxes.values():
        daemon = box.router.daemon
        if daemon is None:
            continue
        for instance in daemon.instances:
            heard_us = instance.intervals.master_adver_interval_us
            found |= {instance.config.advert_interval_us, instance.config.garp.refresh_us}
            # a BACKUP's host wakes it in vain when a timer would have ended that adverts have put off
            found.add(instance.intervals.down_us // heard_us * heard_us)
        found |= {tracker.config.interval_us for tracker in daemon.trackers}
    period_us = lcm(*(found - {0}))
    return period_us if period_us <= LONGEST_US else 0


def _next_action_us(world: World, otherwise_us: Micros) -> Micros:
    """When the next thing is done to the world from outside."""
    calls = world.scheduler.pending()
    return min((t_us for t_us, rank, *_ in calls if rank <= ACTION), default=otherwise_us)


def _between_actions(world: World, due_us: Micros, watch: Watch | None) -> None:
    """Leap as near to ``due_us`` as whole periods allow, if the world settles before."""
    scheduler = world.scheduler
    last: tuple[Standing, int] | None = None
    period_us, tries, wait = 0, 0, 1
    while due_us - scheduler.now > WORTH * (period_us or SECOND_US):
        seen = _look(world)
        if seen is not None and last is not None and _leap(world, period_us, last, seen, due_us):
            last, tries, wait = None, 0, 1
            world.advance(min(scheduler.now + period_us, due_us - 1), watch)  # past what ended the leap
            continue
        tries += 1
        if tries % TRIES == 0:
            wait, seen = 2 * wait, None
        last = seen
        period_us = period_of(world)
        if not period_us:
            return
        # off the beat if something was under way, so that next time it is not
        step_us = period_us if seen is not None else wait * period_us + period_us // 7
        if scheduler.now + step_us >= due_us:
            return
        world.advance(scheduler.now + step_us, watch)


def _look(world: World) -> tuple[Standing, int] | None:
    try:
        return standing(world), world.written
    except Unsteady:
        return None


def _leap(
    world: World, period_us: Micros, before: tuple[Standing, int], seen: tuple[Standing, int], due_us: Micros
) -> bool:
    """Move on by as many periods as end before anything else is due; False: it does not stand as before."""
    (then, begun), (here, ended) = before, seen
    if then.shape != here.shape:
        return False
    now, limit_us = world.scheduler.now, due_us
    moves: list[bool] = []
    for old_us, new_us, holds_us in zip(then.moments, here.moments, here.holds, strict=True):
        if new_us - old_us not in (0, period_us):
            return False
        moves.append(new_us != old_us)
        if new_us == old_us and new_us + holds_us >= now:
            limit_us = min(limit_us, new_us + holds_us)
    times = (limit_us - 1 - now) // period_us
    rows = world.since(begun)
    if times < 1 or len(rows) != ended - begun or not all(isinstance(row, ALIKE) for row in rows):
        return False
    by_us = times * period_us
    moments = zip(here.moments, moves, strict=True)
    move(world, [t_us + by_us if moves_on else t_us for t_us, moves_on in moments])
    world.scheduler.now += by_us
    if rows:
        world.write_again(Repeated(rows, period_us, times))
    return True
