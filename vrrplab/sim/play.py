"""Plays a scenario: builds its world, lets actions and clients loose on it, and hands back the trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe
from vrrplab.sim.actions import perform
from vrrplab.sim.clients import Flow
from vrrplab.sim.host import Host
from vrrplab.sim.scheduler import ACTION, FOUND
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.trace.events import OutageEvent, ScenarioEvent, TraceEvent
from vrrplab.units import Micros, micros, seconds


def run(scenario: Scenario, *, frames: bool = False, profile: Profile | None = None) -> Trace:
    """Simulate a scenario; same scenario, same trace. ``frames``: adverts with their bytes (hex).

    ``profile`` replaces the scenario's (for models that are no named profile); servers with a profile of
    their own keep that.
    """
    return play(World(scenario, frames=frames, profile=profile))


def play(world: World, watch: Callable[[World], None] | None = None) -> Trace:
    """A world, from its start to the end of its scenario. A World is for one run.

    ``watch`` looks at it now and then; what it raises ends the run.
    """
    scenario = world.scenario
    outages: list[TraceEvent] = []
    flows = [flow for client in scenario.clients.values() for flow in _flows(world, client, outages)]
    world.events.append(ScenarioEvent(0, content=scenario.as_cast()))
    for box in world.boxes.values():
        for nic in (n for n in box.host.nics.values() if not n.exists):
            box.router.journal.interface(0, nic.name, up=False)
    for action in scenario.actions:
        turn = FOUND if scenario.is_found(action) else ACTION
        world.scheduler.at(action.at_us, turn, perform, world, action)
    world.scheduler.run_until(scenario.duration_us, None if watch is None else partial(watch, world))
    world.changed()  # wakes the sleeping probes, so that they account for what they slept through
    for flow in flows:
        flow.finish()
    events = world.events + outages
    events.sort(key=lambda event: event.t_us)
    return Trace(events, scenario.duration_us)


def until(scenario: Scenario, end_s: float) -> Scenario:
    """The same scenario, ended at ``end_s``; VrrplabError if that is not a positive time."""
    if not 0 < end_s < 1e9:
        raise VrrplabError(f"--until {end_s:g}: give a positive number of seconds, below 1e9")
    return scenario.changed(duration_us=micros(end_s))


def _flows(world: World, client: Client, outages: list[TraceEvent]) -> list[Flow]:
    """A client's host, plugged in, and each of its probes; what they miss is noted in ``outages``."""
    host = Host(client.name, world.scheduler, world.changed)
    world.lead_out(host)
    nic = host.add_nic("eth0", client.mac, world.switches[client.segment], client.addresses)

    asked_for = {ip for p in client.probes for ip in world.scenario.dns.get(p.target, (p.target,))}
    asked_for |= {host.next_hop(nic, ip) for ip in asked_for}

    def changed(ip: str, mac: str | None) -> None:
        if ip in asked_for:  # and not a server that looked for the client
            world.note_neighbour(client.name, ip, mac)

    host.neighbors.on_change = changed
    world.hosts[nic] = host
    end_us = world.scenario.duration_us

    def report(probe: Probe, good_us: Micros, again_us: Micros | None, lost: int) -> None:
        at_us = end_us if again_us is None else min(again_us, end_us)
        outages.append(
            OutageEvent(
                at_us,
                client=client.name,
                kind=probe.kind,
                target=probe.target,
                from_s=seconds(good_us),
                to_s=None if again_us is None else seconds(again_us),
                lost=lost,
            )
        )

    return [Flow(world, host, nic, probe, report) for probe in client.probes]
