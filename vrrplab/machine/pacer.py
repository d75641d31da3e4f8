"""The pause between gratuitous ARP frames (or neighbour advertisements) of one interface.

keepalived's ``garp_interval`` and ``gna_interval``, kept for all instances that use the interface.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.config.model import VirtualAddress
from vrrplab.units import Micros

Send = Callable[[VirtualAddress], None]


class Pacer:
    def __init__(self, keeps_all: bool) -> None:
        self._keeps_all = keeps_all
        self._next_at_us: Micros = 0
        self._waiting: list[tuple[Send, VirtualAddress, Micros]] = []

    def request(self, send: Send, address: VirtualAddress, now: Micros, interval_us: Micros) -> None:
        """Send now if the pause is over, else queue (2.2.7: a second frame for the same address is lost)."""
        if not interval_us or now >= self._next_at_us:
            self._next_at_us = now + interval_us
            send(address)
        elif self._keeps_all or (send, address, interval_us) not in self._waiting:
            self._waiting.append((send, address, interval_us))

    def forget(self, send: Send) -> None:
        """Drop what an instance still had waiting: it is no longer MASTER."""
        self._waiting = [w for w in self._waiting if w[0] != send]

    def next_deadline(self) -> Micros | None:
        return self._next_at_us if self._waiting else None

    def tick(self, now: Micros) -> None:
        """Send the first that waits, if its time has come."""
        if self._waiting and now >= self._next_at_us:
            send, address, interval_us = self._waiting.pop(0)
            self._next_at_us = now + interval_us
            send(address)
