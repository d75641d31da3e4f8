"""A recording of real daemons as a trace: the same events as a simulation, so that every view draws both.

A recording is a folder: ``scenario.yaml``, one ``*.conf`` a server and ``observed.json`` with what was
seen from outside: log lines, frames on the LAN, addresses, the client's neighbour table and its probes.
What nobody saw is not invented: a state has no ``reason``, nobody knows who received a frame, and
FAULT held from the very start is in no log line. Two things are inferred, and only these: the STOP of
a daemon that was told to stop, and the frames inside a run of adverts, spread evenly from first to last.
Called by ``verify``, by notebooks and by whoever draws a recording beside a simulation.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.errors import TraceError, VrrplabError
from vrrplab.recording_log import log_events
from vrrplab.trace import Trace, TraceEvent
from vrrplab.units import CENTISECOND_US, Micros, micros, seconds

if TYPE_CHECKING:
    from pathlib import Path

    from vrrplab.config.model import InstanceConfig, NodeConfig

_ENDS = ("daemon_stop", "daemon_kill", "power_off")


class _Cast(NamedTuple):
    """Who takes part: the scenario as read, and each server's configuration."""

    scenario: dict[str, Any]
    nodes: dict[str, NodeConfig]

    def instances(self, server: str) -> tuple[InstanceConfig, ...]:
        return self.nodes[server].instances if server in self.nodes else ()

    def by_vrid(self, server: str, vrid: int, family: int) -> InstanceConfig | None:
        """The instance that sends this VRID; after a reload with another one, the only instance there is."""
        own = self.instances(server)
        fitting = [i for i in own if i.vrid == vrid and i.family == family]
        return fitting[0] if fitting else own[0] if len(own) == 1 else None

    def by_address(self, server: str, address: str) -> InstanceConfig | None:
        """The instance this address is configured for."""
        for instance in self.instances(server):
            if any(v.address == address for v in (*instance.virtual_addresses, *instance.excluded_addresses)):
                return instance
        return None


def read_recording(directory: str | Path, run: int = 0) -> Trace:
    """The trace of one run of a recording; run 0 is the one its scenario and its log belong to.

    Events: scenario (``origin`` "recording"), action, state, advert_sent, garp_sent, na_sent, address_added,
    address_removed, neighbour, outage, warning and, for run 0, log with what it tells: script (changes
    only), priority and interface. The daemons' clean stop after the run's end is left out.
    TraceError: the folder is not a recording, or it has no such run.
    """
    folder = os.fspath(directory)
    observed_file = os.path.join(folder, "observed.json")
    observed = _read_json(observed_file)
    scenario_file = os.path.join(folder, "scenario.yaml")
    scenario = _read_yaml(scenario_file)
    runs = observed.get("runs")
    if not isinstance(runs, list) or not isinstance(scenario.get("servers"), dict):
        raise TraceError(folder, 0, "is not a recording", "needs scenario.yaml and observed.json with runs")
    if not 0 <= run < len(runs):
        raise TraceError(observed_file, 0, f"has no run {run}", f"runs 0 to {len(runs) - 1} are there")
    try:
        daemon = "2.4.3" if observed.get("keepalived") == "2.4.3" else "2.2.7"
        nodes = {name: _node(folder, s["config"], daemon) for name, s in scenario["servers"].items()}
        return _trace(_Cast(scenario, nodes), observed, run)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        hint = "see the description of the format beside the recordings"
        raise TraceError(observed_file, 0, f"is not as recordings are: {error!r}", hint) from None


def _read_json(file: str) -> dict[str, Any]:
    try:
        with open(file, encoding="utf-8") as stream:
            content = json.load(stream)
    except OSError as error:
        raise TraceError(file, 0, f"cannot be read: {error.strerror}", "a recording is a folder") from None
    except ValueError as error:
        raise TraceError(file, getattr(error, "lineno", 0), "is not JSON") from None
    if not isinstance(content, dict):
        raise TraceError(file, 1, "is not what was observed", "an object with a list of runs is expected")
    return content


def _read_yaml(file: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        with open(file, encoding="utf-8") as stream:
            content = YAML(typ="safe", pure=True).load(stream)
    except OSError as error:
        raise TraceError(file, 0, f"cannot be read: {error.strerror}", "a recording is a folder") from None
    except (YAMLError, UnicodeDecodeError) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        raise TraceError(file, mark.line + 1 if mark else 0, "is not YAML") from None
    if not isinstance(content, dict):
        raise TraceError(file, 1, "is not a scenario", "a mapping with servers and actions is expected")
    return content


def _node(folder: str, config: str, daemon: str) -> NodeConfig:
    from vrrplab.config.reader import parse_config

    file = os.path.join(folder, config)
    try:
        return parse_config(file, daemon=daemon)
    except OSError as error:
        raise TraceError(file, 0, f"cannot be read: {error.strerror}") from None
    except VrrplabError as error:
        raise TraceError(file, 0, f"cannot be used: {error}") from None


def _trace(cast: _Cast, observed: dict[str, Any], run: int) -> Trace:
    seen = observed["runs"][run]
    end_us = _end_us(cast, seen)
    actions = _actions(cast, observed, run)
    log = observed.get("log", {}) if run == 0 else {}
    events = [
        *actions,
        *_states(cast, seen, actions, log),
        *_adverts(cast, seen),
        *_announcements(cast, seen),
        *_addresses(cast, seen),
        *_neighbours(cast, seen),
        *_outages(cast, seen, end_us),
        *log_events(log),
    ]
    events = [event for event in events if event.t_us <= end_us]
    events.sort(key=lambda event: event.t_us)
    head = [TraceEvent(0, "scenario", _scenario(cast, observed, end_us))]
    if observed.get("note"):
        head.append(TraceEvent(0, "warning", {"text": str(observed["note"])}))
    return Trace(head + events, end_us=end_us)


def _end_us(cast: _Cast, seen: dict[str, Any]) -> Micros:
    """The scenario's length, or the clean stop (priority 0 that no action asked for) if that came first."""
    asked_for = {(p["server"], micros(p["t"])) for p in seen["priority_zero"]}
    ends = [micros(cast.scenario["duration_s"])]
    for adverts in seen["adverts"]:
        if adverts["priority"] == 0:
            for part in adverts["runs"]:
                if (adverts["server"], micros(part["first"])) not in asked_for:
                    ends.append(micros(part["first"]) - 1)
    return max(0, min(ends))


def _scenario(cast: _Cast, observed: dict[str, Any], end_us: Micros) -> dict[str, Any]:
    told = cast.scenario
    virtual: dict[str, None] = {}
    servers = {}
    for name, server in told["servers"].items():
        instances = {}
        for i in cast.instances(name):
            virtual.update(dict.fromkeys(v.address for v in (*i.virtual_addresses, *i.excluded_addresses)))
            instances[i.name] = {
                "vrid": i.vrid,
                "interface": i.interface,
                "priority": i.base_priority,
                "state": i.state,
                "version": i.version,
                "advert_int_s": seconds(i.advert_interval_us),
                "preempt": i.preempt,
                "virtual_addresses": [v.with_prefix for v in i.virtual_addresses],
            }
        interfaces = {
            port: {"segment": p.get("segment"), "mac": p.get("mac"), "addresses": p.get("addresses", [])}
            for port, p in server.get("interfaces", {}).items()
        }
        services = {s: {"port": v.get("port")} for s, v in (server.get("services") or {}).items()}
        config = server["config"]
        servers[name] = {
            "interfaces": interfaces,
            "services": services,
            "config": config,
            "instances": instances,
        }
    clients = {}
    for name, client in (told.get("clients") or {}).items():
        probes = [
            {key: p[key] for key in ("kind", "target", "port", "every_s") if key in p}
            for p in client.get("probes", [])
        ]
        clients[name] = {
            "segment": client.get("segment"),
            "mac": client.get("mac"),
            "addresses": client.get("addresses", []),
            "probes": probes,
        }
    return {
        "name": str(told.get("name", "")),
        "description": str(told.get("description", "")),
        "profile": str(told.get("profile", f"keepalived-{observed.get('keepalived', '')}")),
        "seed": None,
        "duration_s": seconds(end_us),
        "origin": "recording",
        "segments": {name: {"subnet": s.get("subnet")} for name, s in told.get("segments", {}).items()},
        "servers": servers,
        "clients": clients,
        "dns": told.get("dns") or {},
        "virtual_addresses": list(virtual),
    }


def _actions(cast: _Cast, observed: dict[str, Any], run: int) -> list[TraceEvent]:
    """The scenario's actions; a repetition has the same ones, in the same order, at its own times."""
    told = [dict(action) for action in cast.scenario.get("actions") or []]
    times = [micros(action.pop("at_s")) for action in told]
    if run > 0:
        timed = [a for a in observed["actions_per_run"][run] if a["action"] != "start" or a["t"] > 1.0]
        set_up = [at for at in times if at == 0]  # done before the start, so not timed
        timed_us = [micros(a["t"]) for a in timed]
        if len(set_up) + len(timed_us) == len(times):
            times = set_up + timed_us
    return [TraceEvent(at, "action", action) for at, action in zip(times, told, strict=True)]


def _states(
    cast: _Cast, seen: dict[str, Any], actions: list[TraceEvent], log: dict[str, Any]
) -> list[TraceEvent]:
    """``to`` was observed; ``from`` is the state before, INIT after a start of the daemon."""
    moments: list[tuple[Micros, str, str, str]] = []  # t_us, server, instance ("": all of them), what
    for x in seen["transitions"]:
        t_s = x["t"] if x.get("first_advert_t") is None else x["first_advert_t"]
        moments.append((micros(t_s), x["server"], x["instance"], x["to"]))
    for action in actions:
        kind = action.fields["action"]
        if kind == "daemon_stop":
            moments.append((action.t_us, action.server, "", "STOP"))
        elif kind == "daemon_kill" and action.fields.get("process") == "parent":
            # keepalived: a child that loses its parent stops by itself; its first words then tell when.
            words = [micros(line["t"]) for line in log.get(action.server, [])]
            moments.append(
                (min([t for t in words if t > action.t_us], default=action.t_us), *_all_stop(action))
            )
        elif kind in _ENDS:
            moments.append((action.t_us, action.server, "", "INIT"))  # silent: no state is entered
    moments.sort(key=lambda moment: moment[0])
    now: dict[tuple[str, str], str] = {}
    events = []
    for t_us, server, instance, to in moments:
        for name in [instance] if instance else [n for s, n in now if s == server]:
            before = now.get((server, name), "INIT")
            now[server, name] = to
            if to != "INIT":
                start = "INIT" if before == "STOP" else before
                fields = {"server": server, "instance": name, "from": start, "to": to}
                events.append(TraceEvent(t_us, "state", fields))
    return events


def _all_stop(action: TraceEvent) -> tuple[str, str, str]:
    return action.server, "", "STOP"


def _adverts(cast: _Cast, seen: dict[str, Any]) -> list[TraceEvent]:
    events = []
    for a in seen["adverts"]:
        instance = cast.by_vrid(a["server"], a["vrid"], 6 if ":" in a["src"] else 4)
        interval_s = a["adver_int_s"]
        if interval_s is None and instance is not None:  # version 3: not in what was noted down
            interval_s = seconds(instance.advert_interval_us // CENTISECOND_US * CENTISECOND_US)
        fields = {
            "server": a["server"],
            "instance": instance.name if instance else "",
            "interface": instance.interface if instance else "",
            "source": a["src"],
            "destination": a["dst"],
            "version": a["version"],
            "vrid": a["vrid"],
            "priority": a["priority"],
            "interval_s": interval_s,
            "addresses": a["vips"],
        }
        for part in a["runs"]:
            first_us, last_us, gaps = micros(part["first"]), micros(part["last"]), part["count"] - 1
            for number in range(part["count"]):
                t_us = first_us + ((last_us - first_us) * number // gaps if gaps else 0)
                events.append(TraceEvent(t_us, "advert_sent", fields))
    return events


def _announcements(cast: _Cast, seen: dict[str, Any]) -> list[TraceEvent]:
    """Gratuitous ARP and unsolicited neighbour advertisements, one event a frame."""
    events = []
    noted = [(g, "garp_sent", g["address"]) for g in seen["gratuitous_arp"]]
    noted += [(n, "na_sent", n["target"]) for n in seen["unsolicited_na"]]
    for note, kind, address in noted:
        instance = cast.by_address(note["server"], address)
        interface = instance.interface if instance else ""
        mac = _announced_mac(cast, note, instance)
        fields = {
            "server": note["server"],
            "instance": instance.name if instance else "",
            "interface": interface,
            "address": address,
            "mac": mac,
        }
        for _ in range(note["count"]):
            events.append(TraceEvent(micros(note["t"]), kind, fields))
    return events


def _announced_mac(cast: _Cast, note: dict[str, Any], instance: InstanceConfig | None) -> str:
    """From the frame if noted (target link-layer address option), else what its sender must announce."""
    if note.get("options", "").startswith("0201"):
        octets = note["options"][4:16]
        return ":".join(octets[i : i + 2] for i in range(0, 12, 2))
    if instance is None:
        return ""
    if instance.use_vmac:  # RFC 9568 section 7.3
        return f"00:00:5e:00:0{1 if instance.family == 4 else 2}:{instance.vrid:02x}"
    return str(cast.scenario["servers"][note["server"]]["interfaces"][instance.interface].get("mac") or "")


def _addresses(cast: _Cast, seen: dict[str, Any]) -> list[TraceEvent]:
    events = []
    for x in seen["addresses"]:
        address = x["address"].split("/")[0]
        instance = cast.by_address(x["server"], address)
        labels = [v.label for v in instance.virtual_addresses if v.address == address] if instance else []
        fields = {
            "server": x["server"],
            "instance": instance.name if instance else "",
            "interface": x["interface"],
            "address": x["address"],
            "label": labels[0] if labels else "",
        }
        kind = "address_added" if x["op"] == "add" else "address_removed"
        events.append(TraceEvent(micros(x["t"]), kind, fields))
    return events


def _client(cast: _Cast) -> str:
    return next(iter(cast.scenario.get("clients") or {}), "client")


def _neighbours(cast: _Cast, seen: dict[str, Any]) -> list[TraceEvent]:
    client = _client(cast)
    return [
        TraceEvent(micros(x["t"]), "neighbour", {"client": client, "ip": x["ip"], "mac": x["mac"]})
        for x in seen["client_neighbours"]
    ]


def _outages(cast: _Cast, seen: dict[str, Any], end_us: Micros) -> list[TraceEvent]:
    client = _client(cast)
    probes = (cast.scenario.get("clients") or {}).get(client, {}).get("probes", [])
    every = {(p["kind"], p["target"]): p["every_s"] for p in probes}
    events = []
    for x in seen["outages"]:
        kind, target = x["probe"].split(" ", 1)
        from_us, to_us = micros(x["last_ok_t"]), None if x["next_ok_t"] is None else micros(x["next_ok_t"])
        until_us = end_us if to_us is None else to_us
        lost = round((until_us - from_us) / micros(every.get((kind, target), 0.02))) - (to_us is not None)
        fields = {
            "client": client,
            "kind": kind,
            "target": target,
            "from_s": seconds(from_us),
            "to_s": None if to_us is None else seconds(to_us),
            "lost": max(1, lost),
        }
        events.append(TraceEvent(until_us, "outage", fields))
    return events
