"""What comes of a failure: who has an address in the end, and for how long clients get no answer.

A ``Fate`` is that of one run, simulated or reckoned; an ``Outcome`` is what all runs of one failure say
together, at every phase of adverts and checks and however a toss falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vrrplab.units import Micros

SAME_US: Micros = 20_000
"""Two times no further apart are the same: a probe asks now and then, and a packet takes its time."""


@dataclass(frozen=True, slots=True)
class Fate:
    """``holders``: who has the address in the end, in the cluster's order. ``out_us``: the longest time
    without an answer; None: for ever. ``split_us``: when a second one took it, if two have it.
    ``by_cache``: where clients believe the address to be decides how long they are out, and no timer here.
    """

    holders: tuple[str, ...]
    out_us: Micros | None
    split_us: Micros | None = None
    moved_us: Micros | None = None
    by_cache: bool = False

    def is_like(self, other: Fate) -> bool:
        """The same end, and the same time out up to ``SAME_US``."""
        if self.holders != other.holders:
            return False
        if self.by_cache or other.by_cache:
            return True
        if (self.out_us is None) != (other.out_us is None):
            return False
        return abs((self.out_us or 0) - (other.out_us or 0)) <= SAME_US


def moved_us(spans: Sequence[tuple[Micros, tuple[str, ...]]], at_us: Micros) -> Micros | None:
    """How long after a moment the last holders of an address took it; None: they had it, or let it go then.

    ``spans``: from when it had which holders. An owner that returns takes it at that very moment.
    """
    from_us, last = spans[-1]
    before = next((holders for since_us, holders in reversed(spans) if since_us < at_us), ())
    took = from_us == at_us and not set(last) <= set(before)
    return from_us - at_us if from_us > at_us or took else None


@dataclass(frozen=True, slots=True)
class Range:
    """Of times: the shortest, the one in the middle, the longest; None: for ever."""

    best_us: Micros | None
    typical_us: Micros | None
    worst_us: Micros | None

    @classmethod
    def of(cls, times_us: Iterable[Micros | None], middle_us: Iterable[Micros | None] = ()) -> Range:
        """Of at least one time; ``middle_us``: those of them that are neither early nor late."""
        known = sorted(times_us, key=_forever_last)
        middle = sorted(middle_us, key=_forever_last) or known
        return cls(known[0], middle[len(middle) // 2], known[-1])

    def covers(self, time_us: Micros | None, slack_us: Micros = SAME_US) -> bool:
        """Does a time lie in it, or no further outside than ``slack_us``?"""
        least, most, asked = (_forever_last(t) for t in (self.best_us, self.worst_us, time_us))
        return least - slack_us <= asked <= most + slack_us


def _forever_last(time_us: Micros | None) -> float:
    return float("inf") if time_us is None else time_us


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ends``: the holders, for each end that there may be. ``out``: time without an answer; ``split``: how
    long until a second one has the address too, where two do.
    """

    ends: tuple[tuple[str, ...], ...]
    out: Range
    split: Range | None
    moved: Range | None
    by_cache: bool = False

    @classmethod
    def of(cls, fates: Iterable[Fate], middle: Iterable[Fate] = ()) -> Outcome:
        """Of all fates of one failure; at least one. ``middle``: those in the middle of every phase."""
        found, usual = list(fates), list(middle)
        split = [f.split_us for f in found if f.split_us is not None]
        moved = [f.moved_us for f in found if f.moved_us is not None]
        return cls(
            tuple(sorted({f.holders for f in found})),
            Range.of((f.out_us for f in found), (f.out_us for f in usual)),
            Range.of(split, (f.split_us for f in usual if f.split_us is not None)) if split else None,
            Range.of(moved, (f.moved_us for f in usual if f.moved_us is not None)) if moved else None,
            any(f.by_cache for f in found),
        )
