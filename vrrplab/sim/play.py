"""Plays a scenario: builds its world, lets actions and clients loose on it, and hands back the trace."""

from __future__ import annotations

from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Client, Probe
from vrrplab.sim.actions import perform
from vrrplab.sim.clients import Flow
from vrrplab.sim.host import Host
from vrrplab.sim.scheduler import ACTION
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.trace.events import NeighbourEvent, OutageEvent, ScenarioEvent, TraceEvent
from vrrplab.units import Micros, micros, seconds


def run(scenario: Scenario, *, frames: bool = False, profile: Profile | None = None) -> Trace:
    """Simulate a scenario; same scenario, same trace. ``frames``: adverts with their bytes (hex).

    ``profile`` replaces the scenario's (for models that are no named profile).
    """
    return play(World(scenario, frames=frames, profile=profile))


def play(world: World) -> Trace:
    """A world, from its start to the end of its scenario. A World is for one run."""
    scenario = world.scenario
    outages: list[TraceEvent] = []
    flows = [flow for client in scenario.clients.values() for flow in _flows(world, client, outages)]
    world.events.append(ScenarioEvent(0, content=scenario.as_cast()))
    for action in scenario.actions:
        world.scheduler.at(action.at_us, ACTION, perform, world, action)
    world.scheduler.run_until(scenario.duration_us)
    world.changed()  # wakes the sleeping probes, so that they account for what they slept through
    for flow in flows:
        flow.finish()
    events = world.events + outages
    events.sort(key=lambda event: event.t_us)
    return Trace(events, scenario.duration_us)


def until(scenario: Scenario, end_s: float) -> Scenario:
    """The same scenario, ended at ``end_s``; VrrplabError if that is not a positive time."""
    if not 0 < end_s < 1e9:
        raise VrrplabError(f"--until {end_s:g}: give a positive number of seconds")
    return scenario.changed(duration_us=micros(end_s))


def _flows(world: World, client: Client, outages: list[TraceEvent]) -> list[Flow]:
    """A client's host, plugged in, and each of its probes; what they miss is noted in ``outages``."""
    host = Host(client.name, world.scheduler, world.changed)
    nic = host.add_nic("eth0", client.mac, world.switches[client.segment], client.addresses)

    def changed(ip: str, mac: str | None) -> None:
        world.write(NeighbourEvent(world.scheduler.now, client=client.name, ip=ip, mac=mac))

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
