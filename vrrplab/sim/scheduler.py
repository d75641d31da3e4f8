"""Virtual time: a heap of calls. It knows no network and no VRRP.

At one moment calls run by rank (what a daemon that starts finds, actions, packets, timers, clients), and
within a rank in the order they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import repeat
from typing import Any

from vrrplab.units import Micros

FOUND, ACTION, PACKET, TIMER, CLIENT = range(5)
WATCHED = 256


class Scheduler:
    def __init__(self) -> None:
        self.now: Micros = 0
        self.steps = 0  # calls made, in rounds of ``WATCHED``, and frames handed to a host
        self._heap: list[tuple[Micros, int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, t_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        """Call at ``t_us`` (not before now)."""
        self._count += 1
        heappush(self._heap, (max(t_us, self.now), rank, self._count, call, args))

    def after(self, delay_us: Micros, rank: int, call: Callable[..., None], *args: Any) -> None:
        self.at(self.now + delay_us, rank, call, *args)

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
