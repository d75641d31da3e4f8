"""What can be seen of a cluster from outside, over time: who sent which adverts, who announced which address,
and, where there are logs, what they say.

A ``Picture`` holds, for each thing that can be seen, the times at which it is seen. An advert covers the time
until the next one is due: so two pictures differ by times, and not by the phase of one advert or the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vrrplab.units import SECOND_US, Micros
from vrrplab.verify.rule import WITHIN_US

ADVERT, ANNOUNCEMENT, LINE = "advert", "announcement", "line"
FAREWELL, NUMBER = "farewell", "number"  # priority 0 said twice; what an advert's IPv4 number tells
UNANSWERED = "unanswered"  # somebody asks for the server's own address, and nobody answers
OVERDUE = 1.5  # intervals without an advert, and one is missing
BURST_US = 2 * SECOND_US  # announcements of an address that follow each other sooner are one
MOMENT_US = SECOND_US  # what anything but an advert counts for
LATE_US: Micros = WITHIN_US  # no difference: a real daemon is held to be right within so much

Cover = tuple[Micros, Micros]


class Thing(NamedTuple):
    """What is seen. ``name``: of an instance, or the address announced; ``what``: an advert's priority, what
    a log line or an advert's number says.
    """

    kind: str
    server: str
    name: str
    what: str = ""


class Difference(NamedTuple):
    """From when to when one picture has a thing that the other has not. ``only_first``: which has it."""

    from_us: Micros
    to_us: Micros
    thing: Thing
    width_us: Micros
    only_first: bool

    @property
    def length_us(self) -> Micros:
        return self.to_us - self.from_us

    @property
    def matters(self) -> bool:
        """Is it more than lateness, and more than half of what the thing counts for?"""
        return self.length_us > max(LATE_US, self.width_us // 2)

    @property
    def weight(self) -> float:
        """How many adverts, announcements or lines that is."""
        return max(0, self.length_us - LATE_US) / self.width_us


class Picture:
    """``covers``: the times of each thing, in order and apart; ``widths_us``: what one of it counts for."""

    __slots__ = ("covers", "widths_us")

    def __init__(self, covers: dict[Thing, list[Cover]], widths_us: dict[Thing, Micros]) -> None:
        self.covers = covers
        self.widths_us = widths_us

    @property
    def weight(self) -> float:
        """How many adverts, announcements and lines it has."""
        return sum(
            (to_us - from_us) / self.widths_us[thing]
            for thing, covers in self.covers.items()
            for from_us, to_us in covers
        )

    def first_us(self, server: str, name: str) -> Micros | None:
        """When the first advert of an instance is seen."""
        firsts = [
            covers[0][0]
            for thing, covers in self.covers.items()
            if covers and thing[:3] == (ADVERT, server, name)
        ]
        return min(firsts, default=None)

    def differences(self, other: Picture) -> list[Difference]:
        """Where only one of them has a thing, in order of time; not what is within lateness."""
        found = []
        for thing in self.covers.keys() | other.covers.keys():
            mine, theirs = self.covers.get(thing, ()), other.covers.get(thing, ())
            if mine == theirs:
                continue
            width_us = self.widths_us.get(thing) or other.widths_us[thing]
            found += [
                Difference(from_us, to_us, thing, width_us, is_mine)
                for from_us, to_us, is_mine in _apart(mine, theirs)
                if to_us - from_us > LATE_US
            ]
        found.sort()
        return found

    def off_us(self, other: Picture) -> Micros:
        """By how much anything that both have comes earlier or later in one of them, at most."""
        worst = 0
        for thing, mine in self.covers.items():
            half_us = max(LATE_US, self.widths_us[thing] // 2)
            apart = (to_us - from_us for from_us, to_us, _ in _apart(mine, other.covers.get(thing, ())))
            worst = max(worst, max((length for length in apart if length <= half_us), default=0))
        return worst

    def is_like(self, other: Picture) -> bool:
        """Does nobody who sees one know that it is not the other?"""
        return not self.differences(other)


def _apart(mine: Iterable[Cover], theirs: Iterable[Cover]) -> Iterator[tuple[Micros, Micros, bool]]:
    """The times that only one of two has, and whether that is the first."""
    edges = [(t_us, step, 0) for a, b in mine for t_us, step in ((a, 1), (b, -1))]
    edges += [(t_us, 0, step) for a, b in theirs for t_us, step in ((a, 1), (b, -1))]
    edges.sort()
    ours = others = 0
    since_us = 0
    for t_us, own, other in edges:
        if bool(ours) != bool(others) and t_us > since_us:
            yield since_us, t_us, bool(ours)
        ours, others, since_us = ours + own, others + other, t_us


class Sketch:
    """A picture while it is made: things as they are seen, each thing's in order of time."""

    def __init__(self) -> None:
        self._runs: dict[Thing, list[list[Micros]]] = {}  # first and last of those that follow each other
        self._widths_us: dict[Thing, Micros] = {}
        self._farewells_us: dict[tuple[str, str, str], Micros] = {}

    def see(self, thing: Thing, t_us: Micros, width_us: Micros, joined_us: Micros) -> None:
        """Once; ``joined_us``: how much later one may come and still go on what was there."""
        self.see_run(thing, t_us, t_us, width_us, joined_us)

    def see_run(
        self, thing: Thing, first_us: Micros, last_us: Micros, width_us: Micros, joined_us: Micros
    ) -> None:
        """One after the other, none missing, from the first to the last."""
        runs = self._runs.setdefault(thing, [])
        self._widths_us.setdefault(thing, width_us)
        if runs and first_us - runs[-1][1] <= joined_us:
            runs[-1][1] = max(runs[-1][1], last_us)
        else:
            runs.append([first_us, last_us])

    def advert(self, server: str, instance: str, priority: int, t_us: Micros, interval_us: Micros) -> None:
        self.see(
            Thing(ADVERT, server, instance, str(priority)), t_us, interval_us, int(interval_us * OVERDUE)
        )

    def farewell(self, server: str, instance: str, destination: str, t_us: Micros) -> None:
        """Priority 0: keepalived says it twice at once when something breaks, and once when it is stopped, or
        loses its address, or follows its sync group (measured).
        """
        said = server, instance, destination
        before_us = self._farewells_us.get(said)
        self._farewells_us[said] = t_us
        if before_us is not None and t_us - before_us <= LATE_US:
            self.see(Thing(FAREWELL, server, instance, "twice"), t_us, MOMENT_US, 0)

    def number(self, server: str, instance: str, says: str, t_us: Micros) -> None:
        self.see(Thing(NUMBER, server, instance, says), t_us, MOMENT_US, 0)

    def unanswered(self, server: str, address: str, first_us: Micros, last_us: Micros) -> None:
        self.see_run(Thing(UNANSWERED, server, address), first_us, last_us, MOMENT_US, 0)

    def announcement(self, server: str, address: str, t_us: Micros) -> None:
        self.see(Thing(ANNOUNCEMENT, server, address), t_us, MOMENT_US, BURST_US)

    def line(self, server: str, text: str, t_us: Micros) -> None:
        self.see(Thing(LINE, server, "", text), t_us, MOMENT_US, 0)

    def finished(self, begin_us: Micros, announced_from_us: Micros, end_us: Micros) -> Picture:
        """What is seen between these moments; announcements only from a later one on."""
        covers: dict[Thing, list[Cover]] = {}
        for thing, runs in self._runs.items():
            width_us = self._widths_us[thing]
            covers[thing] = [(first, last + width_us) for first, last in runs]
        kept = {}
        for thing, its in covers.items():
            since_us = announced_from_us if thing.kind == ANNOUNCEMENT else begin_us
            kept[thing] = [(max(a, since_us), min(b, end_us)) for a, b in its if b > since_us and a < end_us]
        return Picture({thing: its for thing, its in kept.items() if its}, dict(self._widths_us))
