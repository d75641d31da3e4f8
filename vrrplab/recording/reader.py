"""Puts one run together: states, adverts, announcements, addresses, outages, from what was noted of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.errors import PlacedError, TraceError
from vrrplab.json_text import read_json
from vrrplab.limits import OBSERVED_BYTES, RECORDING_FRAMES
from vrrplab.recording.capture import Capture, CapturedAdvert
from vrrplab.recording.log import log_events
from vrrplab.recording.participants import Cast
from vrrplab.scenario.address_checks import default_mac
from vrrplab.scenario.cast import node_fields
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.trace import Trace
from vrrplab.trace.events import (
    ABSENT,
    ActionEvent,
    AddressAddedEvent,
    AddressRemovedEvent,
    AdvertSentEvent,
    ConfigurationEvent,
    GarpSentEvent,
    NaSentEvent,
    NeighbourEvent,
    OutageEvent,
    ScenarioEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.trace.vocabulary import Act
from vrrplab.units import CENTISECOND_US, Micros, micros, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from vrrplab.config.model import InstanceConfig

_OBSERVED = "observed.json"
_ENDS = (Act.DAEMON_STOP, Act.DAEMON_KILL, Act.POWER_OFF)


class Recording(NamedTuple):
    """All that a folder holds, each file read once: the trace of a run, its scenario, and what was noted."""

    trace: Trace
    scenario: Scenario
    observed: dict[str, Any]


def read_recording(directory: str | Path, run: int = 0, *, frames: bool = False) -> Trace:
    """The trace of one run of a recording of real daemons.

    ``directory``: with scenario.yaml, observed.json and capture.pcap. ``run``: which repetition; run 0 is
    the one that log and capture belong to. ``frames``: with the bytes (as hex) of each frame; only run 0
    has them.

    Events: scenario (``origin`` "recording"), action, state, advert_sent, garp_sent, na_sent,
    address_added, address_removed, neighbour, outage, warning and, for run 0, log with what it tells:
    script (changes only), priority and interface. The daemons' clean stop after the run's end is left
    out. TraceError: the folder is not a recording, or it has no such run.
    """
    return read_whole(directory, run, frames=frames).trace


def read_whole(directory: str | Path, run: int = 0, *, frames: bool = False) -> Recording:
    """As ``read_recording``, with what it was made from."""
    folder = os.fspath(directory)
    observed_file = os.path.join(folder, _OBSERVED)
    observed = read_observed(folder)
    scenario_file = os.path.join(folder, "scenario.yaml")
    try:
        scenario = load_scenario(scenario_file, run_refused=True)
    except PlacedError as error:
        raise TraceError(error.file, error.line, error.message, error.hint) from None
    runs = observed.get("runs")
    if not isinstance(runs, list):
        raise TraceError(folder, 0, "is not a recording", "needs scenario.yaml and observed.json with runs")
    if not 0 <= run < len(runs):
        raise TraceError(observed_file, 0, f"has no run {run}", f"runs 0 to {len(runs) - 1} are there")
    try:
        capture = Capture(folder, runs[0]["adverts"]) if run == 0 else Capture()
        trace = _trace(Cast(_only_seen(scenario)), observed, run, capture, frames)
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
        hint = "see the description of the format beside the recordings"
        raise TraceError(observed_file, 0, f"is not as recordings are: {error!r}", hint) from None
    return Recording(trace, scenario, observed)


def read_observed(directory: str | Path) -> dict[str, Any]:
    """What was noted of a recording, as JSON has it. TraceError: the folder has no such file, or a broken
    one.
    """
    file = os.path.join(directory, _OBSERVED)
    content = read_json(file, OBSERVED_BYTES, TraceError, "a recording is a folder with observed.json")
    if not isinstance(content, dict):
        raise TraceError(file, 1, "is not what was observed", "an object with a list of runs is expected")
    return content


def _only_seen(scenario: Scenario) -> Scenario:
    """Without the MAC addresses that its reader makes up where a file names none."""
    servers, clients = {}, {}
    for place, server in enumerate(scenario.servers.values()):
        interfaces = {
            port.name: replace(port, mac="") if port.mac == default_mac(number, place) else port
            for number, port in enumerate(server.interfaces.values())
        }
        servers[server.name] = replace(server, interfaces=interfaces)
    for place, client in enumerate(scenario.clients.values()):
        made_up = client.mac == default_mac(0xC0, place)
        clients[client.name] = replace(client, mac="") if made_up else client
    return scenario.changed(servers=servers, clients=clients)


def _trace(cast: Cast, observed: dict[str, Any], run: int, capture: Capture, frames: bool) -> Trace:
    seen = observed["runs"][run]
    _check_frames(seen)
    end_us = _end_us(cast, seen)
    actions = _actions(cast, observed, run)
    log = observed.get("log", {}) if run == 0 else {}
    events: list[TraceEvent] = [
        *actions,
        *_configurations(cast, actions),
        *_states(cast, seen, actions, log),
        *_adverts(cast, seen, capture, frames),
        *_announcements(cast, seen, capture, frames),
        *_addresses(cast, seen),
        *_neighbours(cast, seen),
        *_outages(cast, seen, end_us),
        *log_events(log),
    ]
    events = [event for event in events if event.t_us <= end_us]
    events.sort(key=lambda event: event.t_us)
    fields = cast.scenario.as_cast() | {"origin": "recording", "seed": None, "duration_s": seconds(end_us)}
    head: list[TraceEvent] = [ScenarioEvent(0, content=fields)]
    if observed.get("note"):
        head.append(WarningEvent(0, text=str(observed["note"])))
    return Trace(head + events, end_us=end_us)


def _check_frames(seen: dict[str, Any]) -> None:
    """ValueError if more frames were counted than a trace could have: each becomes an event."""
    counted = [part["count"] for adverts in seen["adverts"] for part in adverts["runs"]]
    counted += [note["count"] for kind in ("gratuitous_arp", "unsolicited_na") for note in seen[kind]]
    if sum(map(abs, counted)) > RECORDING_FRAMES.most:
        raise ValueError(f"more than {RECORDING_FRAMES} were counted")


def _end_us(cast: Cast, seen: dict[str, Any]) -> Micros:
    """The scenario's length, or the clean stop (priority 0 that no action asked for) if that came first."""
    asked_for = {(p["server"], micros(p["t"])) for p in seen["priority_zero"]}
    ends = [cast.scenario.duration_us]
    for adverts in seen["adverts"]:
        if adverts["priority"] == 0:
            for part in adverts["runs"]:
                if (adverts["server"], micros(part["first"])) not in asked_for:
                    ends.append(micros(part["first"]) - 1)
    return max(0, min(ends))


def _actions(cast: Cast, observed: dict[str, Any], run: int) -> list[ActionEvent]:
    """The scenario's actions; a repetition has the same ones, in the same order, at its own times."""
    told = [{"action": action.kind, **action.keys} for action in cast.scenario.actions]
    times = [action.at_us for action in cast.scenario.actions]
    if run > 0:
        timed = [a for a in observed["actions_per_run"][run] if a["action"] != "start" or a["t"] > 1.0]
        set_up = [at for at in times if at == 0]  # done before the start, so not timed
        timed_us = [micros(a["t"]) for a in timed]
        if len(set_up) + len(timed_us) == len(times):
            times = set_up + timed_us
    return [ActionEvent(at, content=action) for at, action in zip(times, told, strict=True)]


def _configurations(cast: Cast, actions: list[ActionEvent]) -> list[TraceEvent]:
    """What each reload brings."""
    return [
        ConfigurationEvent(action.t_us, action.server, **node_fields(told.node))
        for action, told in zip(actions, cast.scenario.actions, strict=True)
        if told.kind == Act.RELOAD and told.node is not None
    ]


def _states(
    cast: Cast, seen: dict[str, Any], actions: list[ActionEvent], log: dict[str, Any]
) -> list[TraceEvent]:
    """``to`` was observed; ``from`` is the state before, INIT after a start of the daemon."""
    moments: list[tuple[Micros, str, str, str]] = []  # t_us, server, instance ("": all of them), what
    for x in seen["transitions"]:
        t_s = x["t"] if x.get("first_advert_t") is None else x["first_advert_t"]
        moments.append((micros(t_s), x["server"], x["instance"], x["to"]))
    for action in actions:
        kind = action.action
        if kind == Act.DAEMON_STOP:
            moments.append((action.t_us, action.server, "", "STOP"))
        elif kind == Act.DAEMON_KILL and action.content.get("process") == "parent":
            # keepalived: a child that loses its parent stops by itself; its first words then tell when.
            words = [micros(line["t"]) for line in log.get(action.server, [])]
            stopped_us = min([t for t in words if t > action.t_us], default=action.t_us)
            moments.append((stopped_us, action.server, "", "STOP"))
        elif kind in _ENDS:
            moments.append((action.t_us, action.server, "", "INIT"))  # silent: no state is entered
    moments.sort(key=lambda moment: moment[0])
    now: dict[tuple[str, str], str] = {}
    events: list[TraceEvent] = []
    for t_us, server, instance, to in moments:
        for name in [instance] if instance else [n for s, n in now if s == server]:
            before = now.get((server, name), "INIT")
            now[server, name] = to
            if to != "INIT":
                start = "INIT" if before == "STOP" else before
                events.append(StateEvent(t_us, server, instance=name, from_=start, to=to))
    return events


def _adverts(cast: Cast, seen: dict[str, Any], capture: Capture, frames: bool) -> list[TraceEvent]:
    events: list[TraceEvent] = []
    for a in seen["adverts"]:
        instance = cast.by_vrid(a["server"], a["vrid"], 6 if ":" in a["src"] else 4)
        sightings = capture.adverts(a)
        interval_s = a["adver_int_s"]
        if interval_s is None and sightings:  # version 3: not in the notes
            interval_s = seconds(sightings[0].interval_us)
        elif interval_s is None and instance is not None:
            interval_s = seconds(instance.advert_interval_us // CENTISECOND_US * CENTISECOND_US)
        for sighting in sightings or [CapturedAdvert(t_us, "", b"") for t_us in _spread(a["runs"])]:
            events.append(
                AdvertSentEvent(
                    sighting.t_us,
                    a["server"],
                    instance=instance.name if instance else "",
                    interface=instance.interface if instance else "",
                    source=a["src"],
                    destination=a["dst"],
                    version=a["version"],
                    vrid=a["vrid"],
                    priority=a["priority"],
                    interval_s=interval_s,
                    addresses=a["vips"],
                    frame=sighting.raw.hex() if frames and sighting.raw else ABSENT,
                )
            )
    return events


def _spread(runs: list[dict[str, Any]]) -> Iterator[Micros]:
    """Moments of the frames of each run, evenly from its first to its last."""
    for part in runs:
        first_us, last_us, gaps = micros(part["first"]), micros(part["last"]), part["count"] - 1
        for number in range(part["count"]):
            yield first_us + ((last_us - first_us) * number // gaps if gaps else 0)


def _announcements(cast: Cast, seen: dict[str, Any], capture: Capture, frames: bool) -> list[TraceEvent]:
    """Gratuitous ARP and unsolicited neighbour advertisements, one event a frame."""
    events: list[TraceEvent] = []
    noted: list[tuple[Any, type[GarpSentEvent | NaSentEvent], str]]
    noted = [(g, GarpSentEvent, g["address"]) for g in seen["gratuitous_arp"]]
    noted += [(n, NaSentEvent, n["target"]) for n in seen["unsolicited_na"]]
    for note, kind, address in noted:
        instance = cast.by_address(note["server"], address)
        macs = {port.mac for port in cast.scenario.servers[note["server"]].interfaces.values()}
        sightings = capture.announcements(kind.event, address, note["t"], note["count"], macs)
        for sighting in sightings or [CapturedAdvert(micros(note["t"]), "", b"")] * note["count"]:
            events.append(
                kind(
                    sighting.t_us,
                    note["server"],
                    instance=instance.name if instance else "",
                    interface=instance.interface if instance else "",
                    address=address,
                    mac=sightings[0].mac if sightings else _announced_mac(cast, note, instance),
                    frame=sighting.raw.hex() if frames and sighting.raw else ABSENT,
                )
            )
    return events


def _announced_mac(cast: Cast, note: dict[str, Any], instance: InstanceConfig | None) -> str:
    """From the frame if noted (target link-layer address option), else what its sender must announce."""
    if note.get("options", "").startswith("0201"):
        octets = note["options"][4:16]
        return ":".join(octets[i : i + 2] for i in range(0, 12, 2))
    if instance is None:
        return ""
    if instance.use_vmac:  # RFC 9568 section 7.3
        return f"00:00:5e:00:0{1 if instance.family == 4 else 2}:{instance.vrid:02x}"
    return cast.scenario.servers[note["server"]].interfaces[instance.interface].mac


def _addresses(cast: Cast, seen: dict[str, Any]) -> list[TraceEvent]:
    events: list[TraceEvent] = []
    for x in seen["addresses"]:
        address = x["address"].split("/")[0]
        instance = cast.by_address(x["server"], address)
        labels = [v.label for v in instance.virtual_addresses if v.address == address] if instance else []
        kind = AddressAddedEvent if x["op"] == "add" else AddressRemovedEvent
        events.append(
            kind(
                micros(x["t"]),
                x["server"],
                instance=instance.name if instance else "",
                interface=x["interface"],
                address=x["address"],
                label=labels[0] if labels else "",
            )
        )
    return events


def _client(cast: Cast) -> str:
    return next(iter(cast.scenario.clients), "client")


def _neighbours(cast: Cast, seen: dict[str, Any]) -> list[NeighbourEvent]:
    client = _client(cast)
    return [
        NeighbourEvent(micros(x["t"]), client=client, ip=x["ip"], mac=x["mac"])
        for x in seen["client_neighbours"]
    ]


def _outages(cast: Cast, seen: dict[str, Any], end_us: Micros) -> list[TraceEvent]:
    clients = cast.scenario.clients
    every_us = {(c.name, p.kind, p.target): p.every_us for c in clients.values() for p in c.probes}
    events: list[TraceEvent] = []
    for x in seen["outages"]:
        client = x.get("client") or _client(cast)
        kind, target = x["probe"].split(" ", 1)
        from_us, to_us = micros(x["last_ok_t"]), None if x["next_ok_t"] is None else micros(x["next_ok_t"])
        until_us = end_us if to_us is None else to_us
        often_us = every_us.get((client, kind, target), 20_000)
        lost = round((until_us - from_us) / often_us) - (to_us is not None)
        events.append(
            OutageEvent(
                until_us,
                client=client,
                kind=kind,
                target=target,
                from_s=seconds(from_us),
                to_s=None if to_us is None else seconds(to_us),
                lost=max(1, lost),
            )
        )
    return events
