"""Clocks of two places that saw the same wire, aligned by the frames that both noted.

Adverts are regular, so many offsets make most of them meet; which one is right is seen by what does not meet:
at a wrong offset one place notes what the other, looking at the time, did not. Of offsets that explain
as much, the one counts by which clocks that go right differ: none, or that of zones.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from math import isqrt
from typing import NamedTuple

from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.clocks import Alignment, Key, Mark

_HANDED_US = 5_000  # how much later one place may note a packet than the other, either way
_LEAST = 2  # marks that meet: one may be chance
_COMPARED = 1_000_000  # pairs of marks by which offsets are looked for
_MARKS_OF_A_KEY = 400  # of each place, at most
_TRIED = 24  # of these offsets, the ones where most meets
_RIGHT_US = SECOND_US // 2  # clocks that go right agree by more than this
_ZONE_US = 900 * SECOND_US  # zones differ by quarters of an hour,
_ZONES_US = 26 * 3600 * SECOND_US  # and by no more than this

_Times = dict[Key, list[Micros]]


class _Fit(NamedTuple):
    """``met`` marks of ``own`` that the other place has too, ``missed``: of either that the other has not
    though it looked.
    """

    met: int
    missed: int
    offset_us: Micros
    within_us: Micros
    own: int


def align_places(
    own: Iterable[Mark], others: Iterable[Mark], is_alike: bool, is_dated: bool = True
) -> Alignment:
    """``is_alike``: their times are of one zone, or of none, both. ``is_dated``: both have dates."""
    mine, theirs = _by_key(own), _by_key(others)
    if not mine or not theirs:
        return Alignment(0, 0, 0, sum(map(len, mine.values())), False)
    offsets = _offsets(mine, theirs)
    if is_dated:
        offsets = [offset for offset in offsets if abs(offset) <= _ZONES_US]
    if is_alike:
        offsets.append(0)
    every = [_fit(mine, theirs, offset) for offset in offsets]
    fits = [fit for fit in every if fit.met >= _LEAST]
    right = [fit for fit in every if _from_right_us(fit.offset_us, is_alike) <= _RIGHT_US]
    right = [fit for fit in right if fit.met >= (1 if is_alike else _LEAST)]
    marks = sum(map(len, mine.values()))
    if not fits and not right:
        return Alignment(0, 0, 0, marks, False)
    most = max(fit.met for fit in fits or right)
    # a mark that is missed by mistake is missed twice, once on either side
    best = max(
        (fit for fit in fits or right if fit.met * 2 >= most),
        key=lambda fit: (fit.met - fit.missed / 2, fit.met),
    )
    right = [fit for fit in right if fit.missed <= best.missed]
    if right:
        best = min(right, key=lambda fit: _from_right_us(fit.offset_us, is_alike))
    as_well = [
        fit
        for fit in fits
        if fit.missed <= best.missed
        and fit.met * 2 >= best.met
        and abs(fit.offset_us - best.offset_us) > 4 * _HANDED_US
    ]
    other = max(as_well, key=lambda fit: fit.met, default=None)
    or_us = other.offset_us if other is not None else None
    return Alignment(best.offset_us, best.within_us, best.met, best.own, True, or_us)


def _from_right_us(offset_us: Micros, is_alike: bool) -> Micros:
    """How far it is from a difference of clocks that go right."""
    if is_alike:
        return abs(offset_us)
    return abs((offset_us + _ZONE_US // 2) % _ZONE_US - _ZONE_US // 2)


def _by_key(marks: Iterable[Mark]) -> _Times:
    times: _Times = defaultdict(list)
    for mark in marks:
        times[mark.key].append(mark.t_us)
    for found in times.values():
        found.sort()
    return times


def _offsets(mine: _Times, theirs: _Times) -> list[Micros]:
    """Where most marks meet; and near no difference, of however many marks."""
    marks = min(_MARKS_OF_A_KEY, isqrt(_COMPARED // max(1, len(mine))))
    differences: list[Micros] = []
    near: list[Micros] = []
    for key, times in mine.items():
        others = theirs.get(key, [])
        for place, t_us in enumerate(times):
            if place < marks:
                differences += [other - t_us for other in others[:marks]]
            low, high = bisect_left(others, t_us - _RIGHT_US), bisect_right(others, t_us + _RIGHT_US)
            near += [other - t_us for other in others[low:high]]
    return [*_densest(differences, _TRIED), *_densest(near, 2)]


def _densest(differences: list[Micros], most: int) -> list[Micros]:
    """Medians of the stretches as long as two places may differ with the most in them, apart."""
    differences.sort()
    counted: list[tuple[int, Micros]] = []
    end = 0
    for begin, low in enumerate(differences):
        end = max(end, begin)
        while end < len(differences) and differences[end] <= low + 2 * _HANDED_US:
            end += 1
        counted.append((begin - end, differences[(begin + end) // 2]))
    counted.sort()
    found: list[Micros] = []
    for _, middle in counted:
        if all(abs(middle - other) > 2 * _HANDED_US for other in found):
            found.append(middle)
            if len(found) == most:
                break
    return found


def _fit(mine: _Times, theirs: _Times, offset_us: Micros) -> _Fit:
    """What meets and what does not, while both looked."""
    begin = max(min(t[0] for t in mine.values()) + offset_us, min(t[0] for t in theirs.values()))
    end = min(max(t[-1] for t in mine.values()) + offset_us, max(t[-1] for t in theirs.values()))
    begin, end = begin - _HANDED_US, end + _HANDED_US
    met = missed = 0
    least, most = _HANDED_US, -_HANDED_US
    for key in mine.keys() | theirs.keys():
        own = [t + offset_us for t in mine.get(key, ()) if begin <= t + offset_us <= end]
        others = [t for t in theirs.get(key, ()) if begin <= t <= end]
        away = [found for found in (_nearest(others, t) for t in own) if found is not None]
        met += len(away)
        missed += len(own) - len(away)
        missed += sum(_nearest(own, t) is None for t in others)
        if away:
            least, most = min(least, *away), max(most, *away)
    if not met:
        return _Fit(0, missed, offset_us, 0, 0)
    # anywhere from where the last of them meets to where the first does
    within_us = max(_HANDED_US - (most - least) // 2, (most - least) // 2, 1)
    return _Fit(met, missed, offset_us + (least + most) // 2, within_us, met + missed)


def _nearest(times: list[Micros], t_us: Micros) -> Micros | None:
    """How far the nearest is, if it is near."""
    at = bisect_left(times, t_us)
    near = [times[place] - t_us for place in (at - 1, at) if 0 <= place < len(times)]
    away = min(near, key=abs, default=None)
    return away if away is not None and abs(away) <= _HANDED_US else None
