"""Clocks that differ, aligned by what both saw: a capture's and those of the nodes whose logs lie beside it.

Each side has marks: moments with a key. A mark of one and a mark of the other with the same key say where the
offset may lie, give or take how late a log is. The offset is where most marks agree; how wide that place is,
is its certainty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.units import SECOND_US, Micros

Key = tuple[str, ...]
_MARKS_OF_A_KEY = 400  # of each side that are compared with each other
# A daemon writes its line after what it tells of (recordings: 0 to 10 ms, up to 60 on a loaded machine)
LATE_US = 30_000
_EARLY_US = 5_000
_NEAR_US = 300 * SECOND_US  # clocks that know their zone are rarely further apart
_LEAST = 2  # one mark may be chance


class Mark(NamedTuple):
    """Something that can be seen from several places."""

    t_us: Micros
    key: Key


class Alignment(NamedTuple):
    """What to add to a clock's times to have them on the other's: ``offset_us``, give or take ``within_us``.

    ``agreeing`` of ``marks`` agree. ``is_known`` False: nothing tells, and the times are taken as they stand.
    ``or_us``: another offset that as many marks agree with, if there is one.
    """

    offset_us: Micros
    within_us: Micros
    agreeing: int
    marks: int
    is_known: bool = True
    or_us: Micros | None = None


def align(
    own: Iterable[Mark], others: Iterable[Mark], late_us: Micros, expected_us: Micros | None = 0
) -> Alignment:
    """``late_us``: how late ``own`` times may be. ``expected_us``: about where the offset is; None: nobody
    knows.
    """
    there: dict[Key, list[Micros]] = defaultdict(list)
    for mark in others:
        there[mark.key].append(mark.t_us)
    counts: dict[Key, int] = defaultdict(int)
    edges: list[tuple[Micros, int]] = []
    marks = 0
    for mark in own:
        known = there.get(mark.key)
        counts[mark.key] += 1
        if known is None or counts[mark.key] > _MARKS_OF_A_KEY:
            continue
        marks += 1
        reached: Micros | None = None
        # what is late is subtracted: the line stands up to so much behind what it tells of
        for t_us in sorted(known[:_MARKS_OF_A_KEY]):
            low, high = t_us - mark.t_us - late_us, t_us - mark.t_us + _EARLY_US
            if expected_us is not None and abs(t_us - mark.t_us - expected_us) > _NEAR_US + late_us:
                continue
            if reached is not None and low <= reached:
                edges.pop()  # one mark agrees once, wherever its places overlap
            else:
                edges.append((low, -1))
            edges.append((high, 1))
            reached = high
    best = _densest(edges, expected_us)
    if best is None or (best[2] < _LEAST and expected_us is None):
        return Alignment(expected_us or 0, 0, 0, marks, False)
    low, high, agreeing, other = best
    return Alignment((low + high) // 2, (high - low + 1) // 2, agreeing, marks, True, other)


def _densest(
    edges: list[tuple[Micros, int]], expected_us: Micros | None
) -> tuple[Micros, Micros, int, Micros | None] | None:
    """Where most places overlap, the nearest to what is expected: from, to, how many; and the middle of
    another place with as many.
    """
    if not edges:
        return None
    edges.sort()
    places: list[tuple[int, Micros, Micros]] = []
    depth = 0
    for place, (at_us, kind) in enumerate(edges):
        if kind < 0:
            depth += 1
            if place + 1 < len(edges) and edges[place + 1][1] > 0:
                places.append((depth, at_us, edges[place + 1][0]))
        else:
            depth -= 1
    most = max(place[0] for place in places)
    best = [place for place in places if place[0] == most]
    near = expected_us or 0
    best.sort(key=lambda place: abs((place[1] + place[2]) // 2 - near))
    other = (best[1][1] + best[1][2]) // 2 if len(best) > 1 and expected_us is None else None
    return best[0][1], best[0][2], most, other
