"""What a capture shows, as a trace of the servers by name: for a player, above the simulation of it."""

from __future__ import annotations

from copy import copy

from vrrplab.reconstructing.reconstruct import Reconstruction
from vrrplab.reconstructing.search import Guess
from vrrplab.reconstructing.told import scenario_of
from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import AddressEvent, AdvertEvent, AnnouncementEvent, ScenarioEvent, TraceEvent
from vrrplab.units import Micros, seconds
from vrrplab.witness.timeline_trace import to_trace


def both(found: Reconstruction, guess: Guess, name: str) -> tuple[Trace, Trace]:
    """The capture and its simulation, on the simulation's clock, with the same servers and cards in both."""
    scenario = scenario_of(found, guess, name, clients=False)
    simulated = run(scenario.changed(description="what would have been seen, if that is what happened"))
    lead_us = found.replay.lead_us(guess.opening)
    cast = scenario.as_cast() | {"origin": "capture", "seed": None, "duration_s": seconds(simulated.end_us)}
    cast["description"] = f"what {name} shows"
    events: list[TraceEvent] = [ScenarioEvent(0, content=cast)]
    for event in to_trace(found.evidence.timeline, name):
        if event.t_us > found.evidence.end_us or isinstance(event, ScenarioEvent):
            continue
        named = _named(event, found, lead_us)
        if named is not None:
            events.append(named)
    return Trace(events, simulated.end_us), simulated


def _named(event: TraceEvent, found: Reconstruction, lead_us: Micros) -> TraceEvent | None:
    """The event with the server's, instance's and card's own names; None: it is of somebody else."""
    who = found.evidence.who
    told = copy(event)
    told.t_us = event.t_us + lead_us
    if not event.server:
        return told
    server = who.server_of.get(event.server.partition(" ")[0])
    instance = who.instance_of.get((server or "", event.instance))
    if server is None or instance is None:
        return None
    told.server, told.instance = server, instance.name
    if isinstance(told, (AdvertEvent, AddressEvent, AnnouncementEvent)):
        told.interface = instance.interface
    return told
