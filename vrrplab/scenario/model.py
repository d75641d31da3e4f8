"""Who and what a scenario is made of: plain immutable values, as the scenario file says.

No reading and no running here; ``scenario`` makes these, ``world`` brings them to life.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.scenario.cast import instance_fields
from vrrplab.units import Micros, seconds


@dataclass(frozen=True, slots=True)
class Segment:
    """One learning switch."""

    name: str
    subnet: str = ""
    latency_us: Micros = 200
    jitter_us: Micros = 0
    loss: float = 0.0
    multicast: bool = True
    port_security: bool = False
    mac_ageing_us: Micros = 300_000_000


@dataclass(frozen=True, slots=True)
class Interface:
    name: str
    segment: str
    addresses: tuple[str, ...]  # with prefix
    mac: str


@dataclass(frozen=True, slots=True)
class Service:
    """An application: after a stop it refuses clients at once, its process ends ``shutdown_us`` later."""

    name: str
    port: int = 0
    listen: tuple[str, ...] = ("0.0.0.0",)
    shutdown_us: Micros = 0


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    config: str  # path as written in the scenario
    node: NodeConfig
    interfaces: dict[str, Interface]
    start_at_us: Micros = 0
    services: dict[str, Service] = field(default_factory=dict)
    checks: dict[str, str] = field(
        default_factory=dict
    )  # vrrp_script -> service; a check that names its port asks there
    script_run_us: Micros = 8_000
    missing_files: tuple[str, ...] = ()
    refusal: str = ""  # why its keepalived does not start at all; "": it does


@dataclass(frozen=True, slots=True)
class Probe:
    kind: str  # "icmp" or "http"
    target: str  # an address, or a name that goes through dns
    every_us: Micros
    port: int = 0
    timeout_us: Micros = 200_000


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    segment: str
    addresses: tuple[str, ...]
    mac: str
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedAction:
    at_us: Micros
    kind: str
    keys: dict[str, Any]
    line: int = 0
    node: NodeConfig | None = None  # the parsed file of a reload

    def as_dict(self) -> dict[str, Any]:
        return {"at_s": _number(seconds(self.at_us)), "action": self.kind, **self.keys}


@dataclass(frozen=True, slots=True)
class Expectation:
    """``owner``: address -> server (None: nobody) at a moment. ``outage``: at most so long."""

    at_us: Micros | None = None
    owner: dict[str, str | None] = field(default_factory=dict)
    outage_target: str = ""
    outage_at_most_us: Micros | None = None
    state: dict[str, dict[str, str]] = field(default_factory=dict)  # instance -> server -> state
    line: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    duration_us: Micros
    segments: dict[str, Segment]
    servers: dict[str, Server]
    clients: dict[str, Client] = field(default_factory=dict)
    dns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    actions: tuple[TimedAction, ...] = ()
    expect: tuple[Expectation, ...] = ()
    description: str = ""
    profile: str = "keepalived-2.2.7"
    seed: int = 0
    file: str = ""  # where it was read from; reload files are relative to it

    def virtual_addresses(self) -> list[str]:
        """All virtual addresses of all servers, in order of appearance, no prefix."""
        found: dict[str, None] = {}
        for server in self.servers.values():
            for instance in server.node.instances:
                for address in instance.virtual_addresses + instance.excluded_addresses:
                    found[address.address] = None
        return list(found)

    def changed(self, **changes: Any) -> Scenario:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def with_actions(self, actions: Iterable[dict[str, Any]]) -> Scenario:
        """The same with more actions, each a mapping as in a scenario file; ScenarioError for a wrong one."""
        from vrrplab.scenario.writer import with_actions

        return with_actions(self, actions)

    def to_yaml(self) -> str:
        """The scenario as a scenario file."""
        from vrrplab.scenario.writer import to_yaml

        return to_yaml(self)

    def as_cast(self) -> dict[str, Any]:
        """The fields of a trace's ``scenario`` event (see trace.py)."""
        return {
            "name": self.name,
            "description": self.description,
            "origin": "simulation",
            "profile": self.profile,
            "seed": self.seed,
            "duration_s": _number(seconds(self.duration_us)),
            "segments": {s.name: {"subnet": s.subnet} for s in self.segments.values()},
            "servers": {s.name: _server_cast(s) for s in self.servers.values()},
            "clients": {c.name: _client_cast(c) for c in self.clients.values()},
            "dns": {name: list(addresses) for name, addresses in self.dns.items()},
            "virtual_addresses": self.virtual_addresses(),
        }


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _server_cast(server: Server) -> dict[str, Any]:
    return {
        "config": server.config,
        "interfaces": {
            i.name: {"segment": i.segment, "mac": i.mac, "addresses": list(i.addresses)}
            for i in server.interfaces.values()
        },
        "services": {s.name: {"port": s.port} for s in server.services.values()},
        "instances": {i.name: instance_fields(i) for i in server.node.instances},
    }


def _client_cast(client: Client) -> dict[str, Any]:
    probes = []
    for p in client.probes:
        shown: dict[str, Any] = {"kind": p.kind, "target": p.target}
        if p.port:
            shown["port"] = p.port
        probes.append({**shown, "every_s": _number(seconds(p.every_us))})
    return {
        "segment": client.segment,
        "mac": client.mac,
        "addresses": list(client.addresses),
        "probes": probes,
    }
