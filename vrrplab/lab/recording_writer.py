"""A drill, or any scenario carried out, as a recording: scenario.yaml, observed.json, capture.pcap and the
configurations, in one folder.

The format is that of ``data/recordings`` (its README describes it), so that everything that reads a recording
of the real daemon reads a drill too: ``verify`` compares it with the simulator, views draw it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from vrrplab.capture.pcap import write_pcap
from vrrplab.config.model import NodeConfig
from vrrplab.lab.drill import Outcome
from vrrplab.lab.measure import Line
from vrrplab.lab.topology import (
    CLIENT,
    CLIENT_ADDRESS,
    KEEPALIVED,
    LAN,
    PROBE_EVERY_S,
    PROXY_PORT,
    SQUID_LIFETIME_S,
    VRRPLAB,
    VRRPLAB_PROFILE,
    WAN,
    ServerPlan,
    virtual_addresses,
)
from vrrplab.machine.profiles import nearest_profile
from vrrplab.scenario.address_checks import default_mac
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import (
    PROBE_TIMEOUT_US,
    Client,
    Interface,
    Probe,
    Segment,
    Server,
    Service,
    TimedAction,
)
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros, micros, seconds
from vrrplab.wire.dissect import Frame
from vrrplab.wire.frames import decode

_STATE = re.compile(r"^\((?P<instance>[^)]+)\) Entering (?P<state>BACKUP|MASTER|FAULT) STATE")
_BURST_US = 50_000
_SAME_RUN = 2.5  # intervals: adverts further apart begin a new run
_BEFORE_LINE_US, _AFTER_LINE_US = 250_000, 100_000


def write_recording(
    folder: str,
    outcome: Outcome,
    plans: list[ServerPlan],
    nodes: dict[str, NodeConfig],
    facts: dict[str, Any],
    scenario: Scenario | None = None,
) -> None:
    """Make the folder and its files.

    ``facts``: ``keepalived`` (its version), ``profile``, ``note``, ``script_run_s``, and ``final_states``
    where the daemons were asked. ``scenario``: what was carried out, with its real moments; None: a drill.
    """
    os.makedirs(folder, exist_ok=True)
    notes = Notes(outcome, plans, nodes)
    run = notes.run()
    if "final_states" in facts:
        run["final_states"] = facts["final_states"]
    if scenario is None:
        scenario = _scenario(outcome, plans, nodes, run, facts)
    observed = {
        "keepalived": facts["keepalived"],
        "note": facts["note"],
        "clock": "t in seconds from the start of the drill; packet times by the kernel, log times as read",
        "runs": [run],
        "actions_per_run": [
            [
                {"t": seconds(a["at_us"]), "server": a.get("server", ""), "action": a["action"]}
                for a in outcome.actions
            ]
        ],
        "log": notes.log(),
        "shown": outcome.shown,
    }
    _write(folder, "observed.json", json.dumps(observed, ensure_ascii=False))
    _write(folder, "scenario.yaml", scenario.to_yaml(beside=True))
    for plan in plans:
        _write(folder, f"{plan.name}.conf", plan.config)
    epoch_s = outcome.measurement.began_unix_ns // 1_000_000_000
    shift_us = outcome.measurement.began_unix_ns % 1_000_000_000 // 1000
    seen = sorted(outcome.measurement.frames, key=lambda frame: frame.t_us)
    frames = [(frame.t_us + shift_us, frame.raw) for frame in seen if frame.t_us <= outcome.end_us]
    write_pcap(os.path.join(folder, "capture.pcap"), frames, epoch_s=epoch_s)


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


class Told(NamedTuple):
    """A frame and what is in it; ``server``: whose port it came in by, where that is known."""

    t_us: Micros
    frame: Frame
    server: str


class Notes:
    """What was seen, in the terms of observed.json."""

    def __init__(self, outcome: Outcome, plans: list[ServerPlan], nodes: dict[str, NodeConfig]) -> None:
        self._outcome = outcome
        self._nodes = nodes
        self._by_mac = {port.mac: plan.name for plan in plans for port in plan.ports}
        self._by_address = {
            port.address.partition("/")[0]: plan.name for plan in plans for port in plan.ports
        }
        measured = outcome.measurement
        seen = sorted((f for f in measured.frames if f.t_us <= outcome.end_us), key=lambda f: f.t_us)
        self._frames = [Told(frame.t_us, decode(frame.raw), frame.server) for frame in seen]
        self._lines = [line for line in measured.lines if line.t_us <= outcome.end_us]

    def run(self) -> dict[str, Any]:
        measured, end_us = self._outcome.measurement, self._outcome.end_us
        transitions = self._transitions()
        return {
            "transitions": transitions,
            "latency": self._latency(transitions),
            "addresses": [
                {
                    "t": seconds(a.t_us),
                    "server": a.server,
                    "op": "add" if a.added else "del",
                    "address": a.address,
                    "interface": a.interface,
                }
                for a in measured.addresses
                if a.t_us <= end_us
            ],
            "adverts": self._adverts(),
            "priority_zero": [
                {"t": seconds(told.t_us), "server": self._server(told), "vrid": told.frame.vrrp.vrid}
                for told in self._frames
                if told.frame.vrrp is not None and told.frame.vrrp.priority == 0
            ],
            "gratuitous_arp": self._announcements("arp", "address"),
            "unsolicited_na": self._announcements("na", "target"),
            "client_neighbours": [
                {"t": seconds(n.t_us), "ip": n.address, "mac": n.mac, "server": self._by_mac.get(n.mac, "")}
                for n in measured.neighbours
                if n.t_us <= end_us
            ],
            "outages": [
                {
                    "client": g.client,
                    "probe": g.probe,
                    "last_ok_t": seconds(g.last_ok_us),
                    "next_ok_t": None if g.next_ok_us is None else seconds(g.next_ok_us),
                    "lost_s": seconds((end_us if g.next_ok_us is None else g.next_ok_us) - g.last_ok_us),
                }
                for g in sorted(measured.gaps, key=lambda g: g.last_ok_us)
                if g.last_ok_us <= end_us
            ],
            "final_owners": self._final_owners(),
        }

    def log(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for line in self._lines:
            found.setdefault(line.server, []).append({"t": seconds(line.t_us), "line": line.line})
        return found

    # -- states --------------------------------------------------------------------------------------

    def _transitions(self) -> list[dict[str, Any]]:
        found = []
        for line in self._lines:
            match = _STATE.match(line.line)
            if match is None:
                continue
            first_us = None
            if match["state"] == "MASTER":
                first_us = self._first_advert(line, match["instance"])
            found.append(
                {
                    "t": seconds(line.t_us),
                    "first_advert_t": None if first_us is None else seconds(first_us),
                    "server": line.server,
                    "instance": match["instance"],
                    "to": match["state"],
                }
            )
        return found

    def _first_advert(self, line: Line, instance: str) -> Micros | None:
        """The advert with which a router became MASTER: the first of its own around the line that says so."""
        vrids = {i.vrid for i in self._nodes[line.server].instances if i.name == instance}
        for told in self._frames:
            t_us, frame, _ = told
            if not line.t_us - _BEFORE_LINE_US <= t_us <= line.t_us + _AFTER_LINE_US:
                continue
            vrrp = frame.vrrp
            if (
                vrrp is not None
                and vrrp.vrid in vrids
                and vrrp.priority
                and self._server(told) == line.server
            ):
                return t_us
        return None

    def _latency(self, transitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        starts = [(seconds(a["at_us"]), a) for a in self._outcome.actions]
        found = []
        for t in transitions:
            before = [(at, a) for at, a in starts if at <= t["t"]]
            at_s, action = before[-1] if before else (0.0, {"action": "start", "server": ""})
            entry = {
                "action": f"{action['action']}@{action.get('server', '')}",
                "instance": t["instance"],
                "to": t["to"],
            }
            entry |= {"dt": round(t["t"] - at_s, 6), "server": t["server"]}
            if t["first_advert_t"] is not None:
                entry["dt_advert"] = round(t["first_advert_t"] - at_s, 6)
            found.append(entry)
        return found

    # -- frames --------------------------------------------------------------------------------------

    def _server(self, told: Told) -> str:
        frame = told.frame
        if told.server:
            return told.server
        if frame.ip is not None and frame.ip.source in self._by_address:
            return self._by_address[frame.ip.source]
        return self._by_mac.get((frame.eth.source if frame.eth else "") or "", "")

    def _adverts(self) -> list[dict[str, Any]]:
        kinds: dict[str, tuple[dict[str, Any], list[Micros]]] = {}
        for told in self._frames:
            v, ip = told.frame.vrrp, told.frame.ip
            if v is not None and ip is not None:
                kind: dict[str, Any] = {
                    "src": ip.source, "dst": ip.destination, "version": v.version, "vrid": v.vrid,
                    "priority": v.priority, "adver_int_s": seconds(v.interval_us), "vips": list(v.addresses),
                    "auth_type": v.auth_type or 0, "ttl": ip.ttl, "server": self._server(told),
                }  # fmt: skip
                kinds.setdefault(repr(kind), (kind, []))[1].append(told.t_us)
        return [{**kind, "runs": list(_runs(t, kind["adver_int_s"]))} for kind, t in kinds.values()]

    def _announcements(self, kind: str, name: str) -> list[dict[str, Any]]:
        """Bursts: announcements of one address by one server that follow each other at once."""
        found: list[dict[str, Any]] = []
        open_until: dict[tuple[str, str], tuple[Micros, dict[str, Any]]] = {}
        for told in self._frames:
            t_us, frame, _ = told
            if kind == "arp" and frame.arp is not None and frame.arp.gratuitous:
                address = frame.arp.sender_ip
            elif kind == "na" and frame.na is not None and not frame.na.solicited:
                address = frame.na.target
            else:
                continue
            key = (self._server(told), address)
            until_us, burst = open_until.get(key, (-1, {}))
            if t_us > until_us:
                burst = {"t": seconds(t_us), "server": key[0], name: address, "count": 0}
                found.append(burst)
            burst["count"] += 1
            open_until[key] = (t_us + _BURST_US, burst)
        return found

    def _final_owners(self) -> dict[str, list[str]]:
        owners: dict[str, list[str]] = {}
        for change in self._outcome.measurement.addresses:
            if change.t_us > self._outcome.end_us:
                continue
            holders = owners.setdefault(change.address, [])
            if change.added and change.server not in holders:
                holders.append(change.server)
            elif not change.added and change.server in holders:
                holders.remove(change.server)
        # a server that lost power took its addresses with it, and nobody told
        for action in self._outcome.actions:
            if action["action"] == Act.POWER_OFF:
                for address, holders in owners.items():
                    later = [
                        c
                        for c in self._outcome.measurement.addresses
                        if c.address == address and c.server == action["server"] and c.t_us > action["at_us"]
                    ]
                    if action["server"] in holders and not later:
                        holders.remove(action["server"])
        return owners


def _runs(times: list[Micros], interval_s: float) -> Iterable[dict[str, Any]]:
    parts: list[list[Micros]] = []
    for t_us in times:
        if not parts or t_us - parts[-1][-1] > _SAME_RUN * interval_s * SECOND_US:
            parts.append([])
        parts[-1].append(t_us)
    for part in parts:
        gaps = sorted(b - a for a, b in pairwise(part))
        run: dict[str, Any] = {"first": seconds(part[0]), "last": seconds(part[-1]), "count": len(part)}
        if gaps:
            middle = seconds(gaps[len(gaps) // 2])
            run["interval"] = {
                "min": seconds(gaps[0]),
                "median": middle,
                "max": seconds(gaps[-1]),
                "n": len(gaps),
            }
        yield run


def profile_of(routers: Collection[str], version: str) -> tuple[str, str]:
    """The profile that a recording's simulation needs, and what must be known about it ("": nothing).

    ``routers``: what the servers ran; ``version``: the installed keepalived's, "" where none was asked.
    """
    if KEEPALIVED not in routers:
        return VRRPLAB_PROFILE, ""
    name = nearest_profile(version).name
    cautions = []
    if not version:
        cautions.append(f"keepalived did not tell its version: its profile is a guess, {name}")
    elif name != f"keepalived-{version}":
        cautions.append(f"there is no profile of keepalived {version}: the nearest known one is {name}")
    if VRRPLAB in routers and name != VRRPLAB_PROFILE:
        cautions.append(f"vrrplab behaved like {VRRPLAB_PROFILE}")
    return name, "; ".join(cautions)


def _scenario(
    outcome: Outcome,
    plans: list[ServerPlan],
    nodes: dict[str, NodeConfig],
    run: dict[str, Any],
    facts: dict[str, Any],
) -> Scenario:
    """The same network and the same moments, for the simulator."""
    assert outcome.drill is not None
    shutdown_s = SQUID_LIFETIME_S if outcome.shutdown_s is None else outcome.shutdown_s
    squid = Service("squid", PROXY_PORT, shutdown_us=micros(shutdown_s))
    servers = {}
    for plan in plans:
        check_us = _check_us(plan.name, outcome, micros(facts["script_run_s"]))
        servers[plan.name] = Server(
            plan.name,
            f"{plan.name}.conf",
            nodes[plan.name],
            {p.name: Interface(p.name, p.segment, (p.address,), p.mac) for p in plan.ports},
            start_at_us=_start_us(plan.name, run, check_us),
            services={squid.name: squid},
            checks={script.name: squid.name for script in nodes[plan.name].scripts},
            script_run_us=check_us,
        )
    probes = []
    for address in virtual_addresses(nodes):
        for kind, port in (("icmp", 0), ("http", PROXY_PORT)):
            probes.append(Probe(kind, address, micros(PROBE_EVERY_S), port, PROBE_TIMEOUT_US[kind]))
    client = Client(CLIENT, LAN, (f"{CLIENT_ADDRESS}/24",), default_mac(0xC0, 0), tuple(probes))
    return Scenario(
        name=f"lab-{outcome.drill.name}",
        description=f"{outcome.drill.title}, and is mended",
        profile=facts["profile"],
        duration_us=outcome.end_us,
        segments={LAN: Segment(LAN, "192.168.2.0/24"), WAN: Segment(WAN, "203.0.113.0/24")},
        servers=servers,
        clients={CLIENT: client},
        actions=tuple(
            TimedAction(a["at_us"], a["action"], {k: v for k, v in a.items() if k not in ("at_us", "action")})
            for a in outcome.actions
        ),
    )


def _check_us(server: str, outcome: Outcome, otherwise_us: Micros) -> Micros:
    """How long the first check of a server took in this drill: from the start of its instances to its
    result.
    """
    began_us: Micros | None = None
    for line in outcome.measurement.lines:
        if line.server != server:
            continue
        if "removing VIPs" in line.line:
            began_us = line.t_us
        elif line.line.startswith("VRRP_Script(") and began_us is not None:
            return max(1000, line.t_us - began_us)
    return otherwise_us


def _start_us(server: str, run: dict[str, Any], check_us: Micros) -> Micros:
    """When a server's instances began: one check's length before the first thing that is known of them."""
    known = [t["first_advert_t"] or t["t"] for t in run["transitions"] if t["server"] == server]
    return max(0, micros(min(known, default=0.0)) - check_us)
