"""What the numbers of IPv4 packets tell of the daemon that sent them.

keepalived numbers the adverts of each instance from 1 on. It begins anew with its process, and at a reload,
and it counts those, too, that cannot leave: so the number of an advert that comes after a silence tells a
daemon that was started from one that went on, and one that tried to speak from one that did not (2.2.7 and
2.4.3, measured in every recording). Over IPv6 there is no such number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from vrrplab.reconstructing.picture import OVERDUE
from vrrplab.units import Micros

ANEW, MISSED = "anew", "missed"
_LAST = 0xFFFF  # after which comes 1


class Numbered(NamedTuple):
    """An advert and its number."""

    t_us: Micros
    number: int
    interval_us: Micros


def counts(adverts: Sequence[Numbered]) -> bool:
    """Are these numbers counted, by ones? Other senders give random ones, or none."""
    steps = [_step(before, after) for before, after in pairwise(adverts)]
    return 2 * sum(step == 1 for step in steps) > len(steps)


def told(adverts: Sequence[Numbered]) -> Iterator[tuple[Micros, str]]:
    """Where they begin anew, and where after a silence some are missing."""
    for before, after in pairwise(adverts):
        step = _step(before, after)
        if step <= 0:
            yield after.t_us, ANEW
        elif step > 1 and is_silence(before.t_us, after.t_us, after.interval_us):
            yield after.t_us, MISSED


def is_silence(from_us: Micros, to_us: Micros, interval_us: Micros) -> bool:
    """Were there no adverts for so long that one is missing?"""
    return to_us - from_us > interval_us * OVERDUE


def _step(before: Numbered, after: Numbered) -> int:
    return 1 if before.number == _LAST and after.number == 1 else after.number - before.number
