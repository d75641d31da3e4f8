"""A world: the network of one run with its scenario's actions and clients, and the clock they share.

``begin``, ``advance`` as often as wanted, ``finish``. In between it can be forked: the copy goes on by
itself, as if it had been there from the start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe
from vrrplab.sim.actions import perform
from vrrplab.sim.clients import Flow
from vrrplab.sim.collector import collected_rarely
from vrrplab.sim.host import Host
from vrrplab.sim.network import Box as Box
from vrrplab.sim.network import Frame as Frame
from vrrplab.sim.network import Network
from vrrplab.sim.scheduler import ACTION, CLIENT, FOUND
from vrrplab.sim.snapshot import Snapshot
from vrrplab.trace import Trace
from vrrplab.trace.events import OutageEvent, ScenarioEvent
from vrrplab.units import Micros, seconds

MOST_ACTIONS = 10_000  # of a scenario that another one may follow in the same world

# A client, its probe, the last good answer before, the first one after (None: none), how many were lost.
_Outage = tuple[str, Probe, Micros, Micros | None, int]


class World(Network):
    """One run, from its start to its end. A world runs once, and so does each fork of it."""

    __slots__ = ("_first_turn", "_flows", "_outages")

    def begin(self) -> None:
        """Plug in the clients, and put what the scenario has happen on the clock; nothing happens yet."""
        scenario = self.scenario
        self._outages: list[_Outage] = []
        self._flows = [flow for client in scenario.clients.values() for flow in self._flows_of(client)]
        self._note(ScenarioEvent(0, content=scenario.as_cast()))
        for box in self.boxes.values():
            for nic in (n for n in box.host.nics.values() if not n.exists):
                box.router.journal.interface(0, nic.name, up=False)
        self._first_turn = self.scheduler.turns_for(max(len(scenario.actions), MOST_ACTIONS))
        self._plan()

    def follow(self, scenario: Scenario) -> None:
        """From now on it is a run of that scenario, as if it had been from the start.

        It may differ in what is still to come: ``reruns.alike_until`` of both must be later than now.
        """
        self.scenario = scenario
        self._tape.begin_with(ScenarioEvent(0, content=scenario.as_cast()))
        self.scheduler.forget(perform)
        self._plan()

    def _plan(self) -> None:
        """What the scenario has happen from now on, on the clock: in its order, before what asks later."""
        is_found, now = self.scenario.is_found, self.scheduler.now
        for number, action in enumerate(self.scenario.actions, self._first_turn):
            if action.at_us > now or not now:
                turn = FOUND if is_found(action) else ACTION
                self.scheduler.in_turn(number, action.at_us, turn, perform, self, action)

    def advance(self, until_us: Micros, watch: Callable[[World], None] | None = None) -> None:
        """Everything up to and including that moment happens, and nothing after it.

        ``watch`` looks at the world now and then; what it raises ends the run.
        """
        with collected_rarely():
            self.scheduler.run_until(until_us, None if watch is None else partial(watch, self))

    def finish(self, watch: Callable[[World], None] | None = None) -> Trace:
        """Run to the scenario's end; what happened in it, a fork's past included."""
        self.advance(self.scenario.duration_us, watch)
        self.changed()  # wakes the sleeping probes, so that they account for what they slept through
        for flow in self._flows:
            flow.finish()
        kept = [*self._tape.all(), *map(self._told, self._outages)]
        kept.sort(key=lambda one: one.t_us)
        return Trace(kept, self.scenario.duration_us)

    @property
    def has_clients(self) -> bool:
        """Does anybody ask anything, now or later? Not without probes, nor after ``silence_clients``."""
        return bool(self._flows)

    def silence_clients(self) -> None:
        """From now on clients ask nothing; what they know stays, and what is under way comes to its end."""
        self.sleepers.clear()
        self.scheduler.drop(CLIENT)
        self._flows = []

    def snapshot(self) -> Snapshot[World]:
        """How it is now, to be thawed as often as wanted. The world itself goes on undisturbed."""
        self.share_past()
        return Snapshot(self)

    def share_past(self) -> None:
        """What was written down so far changes no more, so that several worlds, or moments, can have it."""
        self._tape.share()
        self._captured.share()

    def fork(self) -> World:
        """A world of its own in the same state, with the same past: what happens in one is not in the other.

        >>> world = World(load_scenario("article-steady"))
        >>> world.begin()
        >>> world.advance(12_000_000)
        >>> other = world.fork()
        >>> list(other.finish()) == list(world.finish())
        True
        """
        return self.snapshot().thaw()

    def _flows_of(self, client: Client) -> list[Flow]:
        """A client's host, plugged in, and each of its probes."""
        host = Host(client.name, self.scheduler, self.changed)
        self.lead_out(host)
        nic = host.add_nic("eth0", client.mac, self.switches[client.segment], client.addresses)
        asked_for = {ip for p in client.probes for ip in self.scenario.dns.get(p.target, (p.target,))}
        asked_for |= {host.next_hop(nic, ip) for ip in asked_for}
        host.neighbors.on_change = partial(self._note_asked_for, client.name, frozenset(asked_for))
        self.hosts[nic] = host
        report = self._report
        return [Flow(self, host, nic, p, report) for p in client.probes]

    def _note_asked_for(self, client: str, asked_for: frozenset[str], ip: str, mac: str | None) -> None:
        """Write down what a client thinks where an address is, but not of a server that looked for it."""
        if ip in asked_for:
            self.note_neighbour(client, ip, mac)

    def _report(self, client: str, probe: Probe, good_us: Micros, again_us: Micros | None, lost: int) -> None:
        """A probe was without answers for a while."""
        self._outages.append((client, probe, good_us, again_us, lost))

    def _told(self, outage: _Outage) -> OutageEvent:
        client, probe, good_us, again_us, lost = outage
        end_us = self.scenario.duration_us
        return OutageEvent(
            end_us if again_us is None else min(again_us, end_us),
            client=client,
            kind=probe.kind,
            target=probe.target,
            from_s=seconds(good_us),
            to_s=None if again_us is None else seconds(again_us),
            lost=lost,
        )
