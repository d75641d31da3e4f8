"""How a run keeps its adverts: one row a frame, whoever received it; who reads is given events.

A cluster says the same thing all the time, and everybody hears it. So what an advert says (``AdvertTold``)
and who sent or received it (``Place``) are values that are shared, and a row only adds when. A trace's reader
never meets a row: ``unfolded`` gives the events, in the same order and with the same fields as if each had
been kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import NamedTuple

from vrrplab.trace.events import AdvertEvent, TraceEvent, json_moment
from vrrplab.units import Micros


class AdvertTold(NamedTuple):
    """What an advert says, and from where to where."""

    source: str
    destination: str
    version: int
    vrid: int
    priority: int
    interval_s: float
    addresses: tuple[str, ...]


class Place(NamedTuple):
    """Where an advert left or came in; instance ``ABSENT``: nobody's."""

    server: str
    instance: str
    interface: str


class AdvertRow:
    """One frame that was sent, or that several received at that moment, one after the other.

    ``places`` of a row that is the last one of its trace may grow; all else is fixed.
    """

    __slots__ = ("frame", "kind", "places", "t_us", "told")

    def __init__(
        self, kind: type[AdvertEvent], t_us: Micros, told: AdvertTold, frame: str, place: Place
    ) -> None:
        self.kind = kind
        self.t_us = t_us
        self.told = told
        self.frame = frame  # hexadecimal, or ABSENT
        self.places: list[Place] | tuple[Place, ...] = (place,)

    def also_at(self, place: Place) -> None:
        """Somebody else received it, next."""
        if type(self.places) is tuple:
            self.places = list(self.places)
        self.places.append(place)  # type: ignore[union-attr]

    def events(self, later_us: Micros = 0) -> Iterator[TraceEvent]:
        """An event for each place, so much later than they were."""
        t_us, told, frame = self.t_us + later_us, self.told, self.frame
        for server, instance, interface in self.places:
            yield self.kind(
                t_us,
                server,
                instance=instance,
                interface=interface,
                source=told.source,
                destination=told.destination,
                version=told.version,
                vrid=told.vrid,
                priority=told.priority,
                interval_s=told.interval_s,
                addresses=list(told.addresses),
                frame=frame,
            )


class Repeated:
    """Rows that came again, so often, each time a period later: a run that leapt keeps them once."""

    __slots__ = ("period_us", "rows", "t_us", "times")

    def __init__(self, rows: list[TraceEvent | AdvertRow], period_us: Micros, times: int) -> None:
        self.rows = rows
        self.period_us = period_us
        self.times = times
        self.t_us = rows[0].t_us + period_us  # of the first that came again

    @property
    def last_us(self) -> Micros:
        """When the last of them happened."""
        return self.rows[-1].t_us + self.period_us * self.times

    def events(self, adverts: bool = True) -> Iterator[TraceEvent]:
        """All of them, one period after the other; perhaps without those of which there are rows."""
        rows = self.rows if adverts else [row for row in self.rows if type(row) is not AdvertRow]
        if not rows:
            return
        for time in range(1, self.times + 1):
            later_us = time * self.period_us
            for row in rows:
                if type(row) is AdvertRow:
                    yield from row.events(later_us)
                else:
                    event = copy(row)
                    event.t_us += later_us
                    yield event  # type: ignore[misc]

    def lines(self) -> Iterator[str]:
        """The events as lines of a trace file, a period at a time: but for the moments the same again."""
        told = [(event.t_us, event.json_behind() + "\n") for event in unfolded(self.rows)]
        for time in range(1, self.times + 1):
            later_us = time * self.period_us
            yield "".join([json_moment(t_us + later_us) + behind for t_us, behind in told])


Kept = TraceEvent | AdvertRow | Repeated  # what a run keeps


def unfolded(kept: Iterable[Kept], adverts: bool = True) -> Iterator[TraceEvent]:
    """The events of what was kept; perhaps without those that are kept as rows."""
    for one in kept:
        kind = type(one)
        if kind is Repeated:
            yield from one.events(adverts)  # type: ignore[union-attr]
        elif kind is not AdvertRow:
            yield one  # type: ignore[misc]
        elif adverts:
            yield from one.events()  # type: ignore[union-attr]


def json_lines(kept: Iterable[Kept]) -> Iterator[str]:
    """What was kept as lines of a trace file, some at a time, each with its line end."""
    for one in kept:
        if type(one) is Repeated:
            yield from one.lines()
        else:
            for event in unfolded((one,)):
                yield event.to_json() + "\n"


def count_of(kept: Iterable[Kept]) -> int:
    """How many events that is."""
    total = 0
    for one in kept:
        if type(one) is AdvertRow:
            total += len(one.places)
        else:
            total += one.times * count_of(one.rows) if type(one) is Repeated else 1
    return total
