"""Clients that ask again and again, and remember when they got no answer.

A probe walks the real path (the client's ARP cache, the switch's table, the host that has the address, its
service, and back), in one step. As long as nothing in the network has changed, the next answer will be like
the last, so a steady probe sleeps until something does; counting and times stay exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vrrplab.sim.cast import Probe
from vrrplab.sim.host import Host, Nic
from vrrplab.sim.packet import mac_bytes
from vrrplab.sim.scheduler import CLIENT
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.sim.world import World

Report = Callable[[Probe, Micros, "Micros | None", int], None]  # probe, last good, next good, lost


class Flow:
    """One probe of one client, from the start of the run to its end."""

    def __init__(self, world: World, host: Host, nic: Nic, probe: Probe, report: Report) -> None:
        self._world = world
        self._host = host
        self._nic = nic
        self._probe = probe
        self._targets = world.scenario.dns.get(probe.target, (probe.target,))
        self._report = report
        self._tick = 0  # number of the next question
        self._asleep_from: int | None = None  # tick of the last question really asked
        self._good_rtt_us: Micros = 0
        self._last_good_us: Micros | None = None
        self._lost = 0
        self._path: tuple[bytes, bytes] | None = None
        self._schedule()

    def _schedule(self) -> None:
        self._world.scheduler.at(self._tick * self._probe.every_us, CLIENT, self._ask)

    def _ask(self) -> None:
        number, asked_us = self._tick, self._world.scheduler.now
        self._tick += 1
        version = self._world.version
        target = self._targets[number % len(self._targets)]
        answered_at = self._try(target, asked_us)
        steady = len(self._targets) == 1 and self._nic.switch.is_certain and version == self._world.version
        if answered_at is True and steady:
            self._asleep_from = number
            self._world.sleepers.append(self)
        else:
            self._schedule()

    def wake(self) -> None:
        """Something changed: account for the questions slept through, ask at the next tick."""
        assert self._asleep_from is not None
        every_us, now = self._probe.every_us, self._world.scheduler.now
        last = max(self._asleep_from, (now - 1) // every_us)  # the last question before this moment
        self._asleep_from = None
        if last >= self._tick:
            self._tick = last + 1
            self._last_good_us = last * every_us + self._good_rtt_us
            if self._path:
                for mac in self._path:
                    self._nic.switch.refresh(mac, last * every_us)
        self._schedule()

    def _try(self, target: str, asked_us: Micros) -> bool | None:
        """True: answered. False: lost. None: it waits for ARP and will be judged later."""
        outcome: list[bool] = []

        def with_mac(mac: str | None) -> None:
            now = self._world.scheduler.now
            in_time = now - asked_us < self._probe.timeout_us
            outcome.append(mac is not None and in_time and self._exchange(target, mac))
            if outcome[0]:
                self._good(now)
            else:
                self._lost += 1

        if not self._nic.up:
            self._lost += 1
            return False
        self._host.neighbors.find(target, self._nic, with_mac)
        return outcome[0] if outcome else None

    def _exchange(self, target: str, mac: str) -> bool:
        """There and back; the round-trip time is kept."""
        there, us = mac_bytes(mac), self._nic.mac
        switch = self._nic.switch
        walked = switch.walk(self._nic, us, there)
        if walked is None:
            return False
        taker, out_us = walked
        server = taker.host
        if not self._world.answers(server, target, self._probe):
            return False
        back = switch.walk(taker, there, us)
        if back is None or back[0] is not self._nic:
            return False
        self._good_rtt_us = out_us + back[1]
        self._path = (us, there)
        return self._good_rtt_us <= self._probe.timeout_us

    def _good(self, now: Micros) -> None:
        answered_us = now + self._good_rtt_us
        if self._lost and self._last_good_us is not None:
            self._report(self._probe, self._last_good_us, answered_us, self._lost)
        self._lost = 0
        self._last_good_us = answered_us

    def finish(self, end_us: Micros) -> None:
        """The run ends: an outage that is still on is reported without an end."""
        if self._lost and self._last_good_us is not None:
            self._report(self._probe, self._last_good_us, None, self._lost)
        elif self._last_good_us is None and self._lost:
            self._report(self._probe, 0, None, self._lost)
