"""Who must be woken next, among many things that each have a deadline of their own.

Deadlines move later far more often than earlier (every advert moves one), so an entry is checked only
when its time comes, and put back if its owner has meanwhile been given more time.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Protocol

from vrrplab.units import Micros, earliest


class HasDeadline(Protocol):
    @property
    def armed(
        self,
    ) -> int: ...  # counts up: who set its timer first is served first at a tie
    def next_deadline(self) -> Micros | None: ...


class Agenda:
    """Things by index; ``look_at(i)`` after anything happened to thing ``i``."""

    __slots__ = ("_heap", "_noted", "_things")

    def __init__(self) -> None:
        self._things: list[HasDeadline] = []
        self._heap: list[tuple[Micros, int, int]] = []
        self._noted: list[Micros | None] = []  # earliest entry of each in the heap

    def add(self, thing: HasDeadline) -> int:
        self._things.append(thing)
        self._noted.append(None)
        self.look_at(len(self._things) - 1)
        return len(self._things) - 1

    def look_at(self, index: int) -> None:
        thing = self._things[index]
        due = thing.next_deadline()
        if due is not None:
            noted = self._noted[index]
            if noted is None or due < noted:
                self._note(index, due)

    def _note(self, index: int, due: Micros) -> None:
        self._noted[index] = due
        heappush(self._heap, (due, self._things[index].armed, index))

    def next_deadline(self) -> Micros | None:
        """A moment not later than the earliest deadline (it may be too early, which is harmless)."""
        return self._heap[0][0] if self._heap else None

    @property
    def entries(self) -> int:
        """How many are noted, outdated ones included."""
        return len(self._heap)

    def first_deadline(self) -> Micros | None:
        """The earliest deadline itself."""
        return earliest(*(thing.next_deadline() for thing in self._things))

    def due(self, now: Micros) -> HasDeadline | None:
        """Take out one thing that is due at ``now``; None when nothing (more) is."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            at_us, armed, index = heappop(heap)
            thing = self._things[index]
            if self._noted[index] == at_us:
                self._noted[index] = None
            real = thing.next_deadline()
            if real == at_us and thing.armed == armed:
                return thing
            if real is not None:
                noted = self._noted[index]
                if noted is None or real < noted:
                    self._note(index, real)
        return None
