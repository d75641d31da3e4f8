"""What a scenario is made of: plain immutable values, as the scenario file says. See ``model``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.units import Micros, plain_seconds

PROBE_TIMEOUT_US: dict[str, Micros] = {"icmp": 200_000, "http": 500_000}  # unless a scenario says otherwise


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
    parents: tuple[str, ...] = ()  # the cards it is made on
    kind: str = ""  # vlan, macvlan, bond or bridge, if it has parents


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
    promote_secondaries: bool = False  # the host's own setting (net.ipv4.conf.all)
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
        return {"at_s": plain_seconds(self.at_us), "action": self.kind, **self.keys}


@dataclass(frozen=True, slots=True)
class Expectation:
    """``owner``: address -> server (None: nobody) at a moment. ``outage``: at most so long."""

    at_us: Micros | None = None
    owner: dict[str, str | None] = field(default_factory=dict)
    outage_target: str = ""
    outage_at_most_us: Micros | None = None
    state: dict[str, dict[str, str]] = field(default_factory=dict)  # instance -> server -> state
    line: int = 0
