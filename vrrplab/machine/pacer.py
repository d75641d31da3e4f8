"""The pause between gratuitous ARP frames (or neighbour advertisements) of one interface.

keepalived's ``garp_interval`` and ``gna_interval``, kept for all instances that use the interface.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.config.model import VirtualAddress
from vrrplab.units import Micros

Send = Callable[[VirtualAddress], None]


class Pacer:
    __slots__ = ("_keeps_all", "_next_at_us", "waiting")

    def __init__(self, keeps_all: bool) -> None:
        self._keeps_all = keeps_all
        self._next_at_us: Micros = 0
        self.waiting: list[tuple[Send, VirtualAddress, Micros]] = []  # what may not leave yet

    def request(self, send: Send, address: VirtualAddress, now: Micros, interval_us: Micros) -> None:
        """Send now if the pause is over, else queue (2.2.7: a second frame for the same address is lost)."""
        if not interval_us or now >= self._next_at_us:
            self._next_at_us = now + interval_us
            send(address)
        elif self._keeps_all or (send, address, interval_us) not in self.waiting:
            self.waiting.append((send, address, interval_us))

    def forget(self, send: Send) -> None:
        """Drop what an instance still had waiting: it is no longer MASTER."""
        self.waiting = [w for w in self.waiting if w[0] != send]

    def next_deadline(self) -> Micros | None:
        return self._next_at_us if self.waiting else None

    def tick(self, now: Micros) -> None:
        """Send the first that waits, if its time has come."""
        if self.waiting and now >= self._next_at_us:
            send, address, interval_us = self.waiting.pop(0)
            self._next_at_us = now + interval_us
            send(address)
