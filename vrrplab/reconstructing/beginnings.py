"""How the cluster was when the capture began: who ran, who was started when.

A daemon that starts is seen by its first advert, which comes so long after its start as its configuration
says. Where somebody was MASTER before the first frame, the cluster is taken to have settled long before, so
that its adverts come when those of the capture do.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.exploring.patience import patience_of
from vrrplab.machine.intervals import RACE_US
from vrrplab.reconstructing.evidence import Evidence
from vrrplab.reconstructing.picture import LATE_US, Difference, Picture
from vrrplab.reconstructing.replay import NEVER_US, Opening, Replay
from vrrplab.units import SECOND_US, Micros

_DRIFT_LOOKED_AT = 8  # adverts by which it is told how far a clock has gone


@dataclass(frozen=True, slots=True)
class Root:
    """An opening with nothing that happens after it: what would be seen, and where that differs first."""

    opening: Opening
    picture: Picture
    cost: float
    unexplained: Difference | None


def first_unexplained(differences: list[Difference]) -> Difference | None:
    return next((one for one in differences if one.matters), None)


def cost_of(differences: list[Difference]) -> float:
    return sum(one.weight for one in differences)


def roots(replay: Replay) -> list[Root]:
    """The openings that explain what is seen furthest, the plainest first."""
    evidence = replay.evidence
    firsts = _first_adverts(evidence)
    (server, instance), first_us = min(firsts.items(), key=lambda item: (item[1], item[0]))
    needs_us = replay.first_advert_us(server, instance) or 0
    running = server in evidence.running_at_start
    start_us = first_us - needs_us
    if running:
        start_us -= _settled_us(replay, evidence.interval_us(server, instance))
    together = Opening(dict.fromkeys(replay.full.servers, start_us), running)
    openings = [together]
    for (other, its), its_first_us in sorted(firsts.items(), key=lambda item: item[1]):
        if other != server and not (running and other in evidence.running_at_start):
            its_needs_us = replay.first_advert_us(other, its)
            if its_needs_us is not None:
                openings.append(together.with_start(other, its_first_us - its_needs_us))
                if its_first_us - first_us <= LATE_US:  # both began, and one of them was a little late
                    openings.append(together.with_start(other, first_us - its_needs_us - RACE_US))
    for other in replay.full.servers:
        if other != server:
            openings.append(together.with_start(other, NEVER_US))
    found = [_root(replay, opening) for opening in openings]
    furthest = max(_until(root, evidence) for root in found)
    best = [root for root in found if _until(root, evidence) >= furthest - SECOND_US // 2]
    best.sort(key=lambda root: (round(root.cost, 1), found.index(root)))
    # the plain one stays in front, if it goes as far
    best.sort(key=lambda root: root.opening is not together)
    return [_in_step(replay, root) for root in best[:2]]


def _until(root: Root, evidence: Evidence) -> Micros:
    return evidence.end_us if root.unexplained is None else root.unexplained.from_us


def _root(replay: Replay, opening: Opening) -> Root:
    picture = replay.picture(opening)
    differences = replay.evidence.picture.differences(picture)
    return Root(opening, picture, cost_of(differences), first_unexplained(differences))


def _first_adverts(evidence: Evidence) -> dict[tuple[str, str], Micros]:
    return {pair: times[0] for pair, times in evidence.last_adverts_us.items() if times}


def _settled_us(replay: Replay, interval_us: Micros) -> Micros:
    """Whole intervals, after which all that follows a start is over."""
    announcing = max(
        (
            i.garp.delay_us + SECOND_US
            for server in replay.full.servers.values()
            for i in server.node.instances
        ),
        default=0,
    )
    needed = 2 * patience_of(replay.full).settle_us + announcing
    return -(-needed // interval_us) * interval_us


def _in_step(replay: Replay, root: Root) -> Root:
    """The same with its clock set so that adverts come when they come where the first thing happens.

    Daemons are a little late with each advert (0.2 to 0.3 ms, measured): in an hour that is a second.
    """
    evidence = replay.evidence
    until_us = _until(root, evidence)
    shifts: list[Micros] = []
    for (server, instance), times in evidence.last_adverts_us.items():
        covers = [
            cover[0]
            for thing, its in root.picture.covers.items()
            if thing.kind == "advert" and (thing.server, thing.name) == (server, instance)
            for cover in its
        ]
        near = [t for t in times if until_us - 60 * SECOND_US <= t <= until_us][-_DRIFT_LOOKED_AT:]
        interval_us = evidence.interval_us(server, instance)
        for t_us in near:
            begun = max((c for c in covers if c <= t_us + interval_us // 2), default=None)
            if begun is not None:
                shifts.append((t_us - begun + interval_us // 2) % interval_us - interval_us // 2)
    if not shifts:
        return root
    shift_us = sorted(shifts)[len(shifts) // 2]
    if abs(shift_us) <= LATE_US:
        return root
    starts = {
        name: start + shift_us if start < NEVER_US else start
        for name, start in root.opening.starts_us.items()
    }
    return _root(replay, Opening(starts, root.opening.running))
