"""An application on a server, as Squid behaves: told to stop it refuses clients at once, and ends later.

A service bound to addresses of its own (not 0.0.0.0) takes only those that the host has when it starts.
"""

from __future__ import annotations

from vrrplab.scenario.parts import Service
from vrrplab.sim.host import Host

EVERYWHERE = ("0.0.0.0", "::")


class RunningService:
    """``up``: its process exists; ``accepting``: a client gets an answer. A check asks for one of the two."""

    __slots__ = ("_bound", "_host", "_turn", "accepting", "service", "up")

    def __init__(self, service: Service, host: Host) -> None:
        self.service = service
        self._host = host
        self.up = False  # its process exists
        self.accepting = False
        self._bound: frozenset[str] = frozenset()
        self._turn = 0  # counts starts and stops: an ending of before does not count any more
        self.start()

    def start(self) -> None:
        """From now on it takes connections, to those of its addresses that the host has at this moment."""
        self.up = self.accepting = True
        self._turn += 1
        listen = self.service.listen
        self._bound = frozenset(a for a in listen if a in EVERYWHERE or self._host.has(a))
        self._host.changed()

    def stop(self) -> int:
        """Told to stop; the answer is the number to hand to ``end`` later."""
        self.accepting = False
        self._turn += 1
        self._host.changed()
        return self._turn

    def end(self, turn: int) -> bool:
        """The process ends, unless it was started again meanwhile."""
        if turn != self._turn or not self.up:
            return False
        self.up = False
        return True

    def kill(self) -> None:
        """Process and port are gone at once; an ending that was under way (``stop``) counts no more."""
        self.up = self.accepting = False
        self._turn += 1
        self._host.changed()

    def takes(self, address: str, port: int) -> bool:
        """Would a TCP connection to that address and port be answered?"""
        return (
            self.accepting
            and port == self.service.port
            and (address in self._bound or any(a in EVERYWHERE for a in self._bound))
        )
