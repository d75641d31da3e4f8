"""Clients that ask again and again, and remember when they got no answer.

A probe walks the real path (the client's ARP cache, the switch's table, the host that has the address, its
service, and back), in one step. As long as nothing in the network has changed, the next answer will be like
the last: a probe that knows the outcome for all its targets sleeps until something does change, and then
accounts for every question it slept through. Counting and times are those of asking each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vrrplab.scenario.parts import Probe
from vrrplab.sim.host import Host
from vrrplab.sim.neighbors import source_for
from vrrplab.sim.network import Network
from vrrplab.sim.nic import Nic
from vrrplab.sim.packet import mac_bytes
from vrrplab.sim.scheduler import CLIENT
from vrrplab.sim.switch import Port, Switch
from vrrplab.units import Micros

MOST_HOPS = 8

# client, probe, last good, next good, lost
Report = Callable[[str, Probe, Micros, "Micros | None", int], None]


class Journey:
    """A packet to an address, across routers. ``passed``: through which switches, with which MACs.

    ``kind``: whose it is; frames of one kind on one link draw their luck one after the other.
    """

    __slots__ = ("_destination", "_hosts", "_kind", "passed", "took_us")

    def __init__(self, hosts: Mapping[Port, Host], destination: str, kind: str) -> None:
        self._hosts = hosts
        self._destination = destination
        self._kind = kind
        self.passed: list[tuple[Switch, bytes]] = []
        self.took_us: Micros = 0

    def go(self, nic: Nic, source: bytes, then: Callable[[Port | None], None], mac: str | None) -> None:
        """Send it on; ``then``: who took it in the end, None: nobody."""
        there = mac_bytes(mac) if mac is not None else b""
        walked = nic.switch.walk(nic, source, there, self._kind) if there and nic.up else None
        if walked is None:
            then(None)
            return
        port, took_us = walked
        self.took_us += took_us
        self.passed += [(nic.switch, source), (nic.switch, there)]
        host = self._hosts[port]
        out = host.way_out(self._destination)
        if out is None or len(self.passed) > 2 * MOST_HOPS:
            then(port)
            return
        self.took_us += host.latency_us
        host.neighbors.find(self._destination, out, partial(self.go, out, out.mac, then))

    def go_to(self, then: Callable[[Port | None], None], nic: Nic, source: bytes, mac: str | None) -> None:
        """``go``, as ``Host.answer`` calls it."""
        self.go(nic, source, then, mac)


class AnswerCount:
    """What one probe has seen: the last good answer, and how many questions were lost since."""

    __slots__ = ("_client", "_last_good_us", "_lost", "_probe", "_report")

    def __init__(self, client: str, probe: Probe, report: Report) -> None:
        self._client = client
        self._probe = probe
        self._report = report
        self._last_good_us: Micros | None = None
        self._lost = 0

    def good(self, at_us: Micros) -> None:
        """An answer came then: an outage is over, and reported if there was an answer before it, too."""
        last_us = self._last_good_us
        if self._lost and last_us is not None:
            # with jitter an answer may overtake the one before
            self._report(self._client, self._probe, min(last_us, at_us), max(last_us, at_us), self._lost)
        self._lost = 0
        self._last_good_us = at_us if last_us is None else max(last_us, at_us)

    def lost(self, count: int = 1) -> None:
        """So many questions in a row had no answer."""
        self._lost += count

    def finish(self) -> None:
        """The run ends: an outage that is still on is reported without an end."""
        if self._lost:
            self._report(self._client, self._probe, self._last_good_us or 0, None, self._lost)


class Flow:
    """One probe of one client, from the start of the run to its end."""

    __slots__ = (
        "_answers",
        "_host",
        "_kind",
        "_nic",
        "_outcomes",
        "_paths",
        "_probe",
        "_switches",
        "_targets",
        "_tick",
        "_version",
        "_world",
    )

    def __init__(self, world: Network, host: Host, nic: Nic, probe: Probe, report: Report) -> None:
        self._world = world
        self._host = host
        self._nic = nic
        self._probe = probe
        self._kind = f"{probe.kind} {probe.target} {probe.port}"
        self._targets = world.scenario.dns.get(probe.target, (probe.target,))
        self._answers = AnswerCount(host.name, probe, report)
        self._tick = 0  # number of the next question
        self._version = -1  # of the network, for which the outcomes below hold
        self._outcomes: dict[str, Micros | None] = {}  # target -> round-trip time, None: no answer
        self._paths: list[tuple[Switch, bytes]] = []  # MAC addresses that this traffic keeps fresh
        self._switches = list(world.switches.values()) if world.gateways else [nic.switch]
        self._schedule()

    def _schedule(self) -> None:
        self._world.scheduler.at(self._tick * self._probe.every_us, CLIENT, self._ask)

    def _ask(self) -> None:
        number = self._tick
        self._tick += 1
        if self._version != self._world.version:
            self._version = self._world.version
            self._outcomes.clear()
            self._paths.clear()
        self._try(self._target(number))
        if self._version != self._world.version or not all(s.is_certain for s in self._switches):
            self._outcomes.clear()  # the question itself changed something, or chance decides
        if len(self._outcomes) == len(self._targets):
            self._world.sleepers.append(self.wake)
        else:
            self._schedule()

    def _target(self, number: int) -> str:
        return self._targets[number % len(self._targets)]

    def wake(self) -> None:
        """Something changed: account for the questions slept through, ask at the next tick."""
        every_us, now = self._probe.every_us, self._world.scheduler.now
        end = -(-now // every_us)  # the first question not before this moment
        if end > self._tick:
            self._account(self._tick, end)
            for switch, mac in self._paths:
                switch.refresh(mac, (end - 1) * every_us)
            self._tick = end
        self._schedule()

    def _account(self, start: int, end: int) -> None:
        """Questions ``start`` to ``end`` (not included) had the outcomes that are known."""
        every_us = self._probe.every_us
        if all(rtt is not None for rtt in self._outcomes.values()):
            start = max(start, end - 1)  # only the last good answer matters
        elif all(rtt is None for rtt in self._outcomes.values()):
            self._answers.lost(end - start)
            return
        for number in range(start, end):
            rtt_us = self._outcomes[self._target(number)]
            if rtt_us is None:
                self._answers.lost()
            else:
                self._answers.good(number * every_us + rtt_us)

    def _try(self, target: str) -> None:
        """Ask now; while ARP is unanswered, here or there, the question waits and is judged later."""
        if self._nic.up:
            asked = self._host.next_hop(self._nic, target)
            question = partial(self._exchange, target, self._world.scheduler.now)
            self._host.neighbors.find(asked, self._nic, question)
        else:
            self._answers.lost()
            self._outcomes[target] = None

    def _judge(self, target: str, asked_us: Micros, rtt_us: Micros | None) -> None:
        """A question of that moment has its answer, so much later; None: it has none."""
        now = self._world.scheduler.now
        if rtt_us is not None and rtt_us > self._probe.timeout_us:
            rtt_us = None
        if now == asked_us:
            self._outcomes[target] = rtt_us
        if rtt_us is not None and now - asked_us + rtt_us <= self._probe.timeout_us:
            self._answers.good(now + rtt_us)
        else:
            self._answers.lost()

    def _exchange(self, target: str, asked_us: Micros, mac: str | None) -> None:
        """There and back, which ``_judge`` judges."""
        asker = source_for(self._nic, target)
        there = Journey(self._world.hosts, target, self._kind)
        there.go(self._nic, self._nic.mac, partial(self._asked, target, asked_us, asker, there), mac)

    def _asked(self, target: str, asked_us: Micros, asker: str, there: Journey, port: Port | None) -> None:
        """Somebody was reached: does he answer, and does that find its way?"""
        mac = there.passed[-1][1] if port is not None else b""
        if port is None or not self._world.answers(port, target, self._probe, asker, mac):
            self._judge(target, asked_us, None)
            return
        back = Journey(self._world.hosts, asker, self._kind)
        answered = partial(self._answered, target, asked_us, there, back)
        self._world.hosts[port].answer(asker, target, port, partial(back.go_to, answered))

    def _answered(
        self, target: str, asked_us: Micros, there: Journey, back: Journey, taker: Port | None
    ) -> None:
        if taker is not self._nic:
            self._judge(target, asked_us, None)
            return
        self._paths += [*there.passed, *back.passed]
        self._judge(target, asked_us, there.took_us + back.took_us)

    def finish(self) -> None:
        """The run ends."""
        self._answers.finish()
