"""Virtual time: a heap of calls. It knows no network and no VRRP.

At one moment calls run by rank (what a daemon that starts finds, actions, packets, timers, clients), and
within a rank in the order they were asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import repeat
from typing import Any

from vrrplab.units import Micros

FOUND, ACTION, PACKET, TIMER, CLIENT = range(5)
WATCHED = 256


_Numbered = tuple[int, Callable[..., None], tuple[Any, ...]]


class Bundle:
    """Calls with numbers one after the other, from ``number`` on, that are made by one: ``call_all``."""

    __slots__ = ("number",)

    number: int

    def call_all(self) -> None:
        """Make all of its calls."""
        raise NotImplementedError

    def calls(self) -> list[Callable[[], None]]:
        """The single calls, in the order of their numbers."""
        raise NotImplementedError


class Scheduler:
    """The clock, ``now`` in microseconds from the start of the run, and all calls that wait."""

    __slots__ = ("_count", "_has_bundles", "_heap", "_shared", "now", "steps")

    def __init__(self) -> None:
        self.now: Micros = 0
        self.steps = 0  # calls made, in rounds of ``WATCHED``, and frames handed to a host
        self._heap: list[tuple[Micros, int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._has_bundles = False  # or had
        # calls that share a place in the heap, by moment and rank: number, call, arguments
        self._shared: dict[tuple[Micros, int], deque[_Numbered]] = {}

    def at(self, t_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        """Call at ``t_us`` (not before now)."""
        self._count += 1
        if t_us < self.now:
            t_us = self.now
        heappush(self._heap, (t_us, rank, self._count, call, args))

    def after(self, delay_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        """Call when ``delay_us`` (not negative) has passed."""
        self._count += 1
        heappush(self._heap, (self.now + delay_us, rank, self._count, call, args))

    def turns_for(self, calls: int) -> int:
        """So many turns are kept for ``in_turn``; the number of the first."""
        first = self._count + 1
        self._count += calls
        return first

    def in_turn(self, number: int, t_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        """As ``at``, but as if it had been asked for when that turn was kept."""
        heappush(self._heap, (max(t_us, self.now), rank, number, call, args))

    def together(self, t_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        """As ``at``, for many calls of one moment: they take one place in the heap, and keep their turns."""
        self._count += 1
        shared = self._shared.get((t_us, rank))
        if shared is None:
            shared = self._shared[t_us, rank] = deque()
            heappush(self._heap, (t_us, rank, self._count, self._call_shared, (t_us, rank)))
        shared.append((self._count, call, args))

    def numbers(self, count: int) -> int:
        """So many turns, one after the other: the first of them."""
        first = self._count + 1
        self._count += count
        return first

    def is_next(self, number: int) -> bool:
        """Is that the next turn?"""
        return number == self._count + 1

    def bundled(self, t_us: Micros, rank: int, bundle: Bundle) -> None:
        """As ``at`` for each of its calls, which have just been given their ``numbers``."""
        self._has_bundles = True
        heappush(self._heap, (t_us, rank, bundle.number, bundle.call_all, ()))

    def one_by_one(self, t_us: Micros, rank: int, bundle: Bundle) -> None:
        """It was just called, and each of its calls has its own turn instead."""
        for number, call in enumerate(bundle.calls(), bundle.number):
            heappush(self._heap, (t_us, rank, number, call, ()))

    def _call_shared(self, t_us: Micros, rank: int) -> None:
        shared, heap = self._shared[t_us, rank], self._heap
        while shared:
            number, call, args = shared[0]
            if heap and heap[0][:3] < (t_us, rank, number):  # somebody else asked for a turn in between
                heappush(heap, (t_us, rank, number, self._call_shared, (t_us, rank)))
                return
            shared.popleft()
            call(*args)
        del self._shared[t_us, rank]

    def pending(self) -> list[tuple[Micros, int, int, Callable[..., None], tuple[Any, ...]]]:
        """The calls that wait, in no order: when, rank, number, what, with which arguments."""
        if not self._shared and not self._has_bundles:
            return self._heap
        entries: list[tuple[Micros, int, int, Callable[..., None], tuple[Any, ...]]] = []
        for entry in self._heap:
            t_us, rank, number, call, _ = entry
            bundle = getattr(call, "__self__", None)
            if isinstance(bundle, Bundle):
                entries += [(t_us, rank, n, one, ()) for n, one in enumerate(bundle.calls(), number)]
            elif bundle is not self:
                entries.append(entry)
        for (t_us, rank), shared in self._shared.items():
            entries += [(t_us, rank, number, call, args) for number, call, args in shared]
        return entries

    @property
    def asked(self) -> int:
        """How many calls were asked for so far, those that wait included."""
        return self._count

    @property
    def next_us(self) -> Micros | None:
        """When the next call is due; None: there is none."""
        return self._heap[0][0] if self._heap else None

    def waiting(self) -> Iterator[tuple[Micros, Callable[..., None], tuple[Any, ...]]]:
        """What is still to be called, in the order in which it will be: when, what, with what."""
        for t_us, _, _, call, args in sorted(self.pending(), key=_turn):
            yield t_us, call, args

    def drop(self, rank: int) -> None:
        """Forget all calls of a rank."""
        self._heap[:] = [entry for entry in self._heap if entry[1] != rank]
        heapify(self._heap)
        for key in [key for key in self._shared if key[1] == rank]:
            del self._shared[key]

    def forget(self, call: Callable[..., None]) -> None:
        """It is not called any more, where it was asked for with ``at``, ``after`` or ``in_turn``."""
        self._heap[:] = [entry for entry in self._heap if entry[3] is not call]
        heapify(self._heap)

    def run_until(self, end_us: Micros, watch: Callable[[], None] | None = None) -> None:
        """Everything up to and including ``end_us``; the clock stands there afterwards.

        ``watch`` is called every ``WATCHED`` calls, to look how far it is.
        """
        heap = self._heap
        while heap and heap[0][0] <= end_us:
            for _ in repeat(None, WATCHED):
                self.now, _, _, call, args = heappop(heap)
                call(*args)
                if not heap or heap[0][0] > end_us:
                    break
            else:
                self.steps += WATCHED
                if watch is not None:
                    watch()
        self.now = end_us


def _turn(entry: tuple[Micros, int, int, Callable[..., None], tuple[Any, ...]]) -> tuple[Micros, int, int]:
    return entry[:3]
