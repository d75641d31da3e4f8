"""What a scenario is made of: plain immutable values, as the scenario file says. See ``model``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.machine.profiles import profile_named
from vrrplab.units import Micros, plain_seconds

PROBE_TIMEOUT_US: dict[str, Micros] = {"icmp": 200_000, "http": 500_000}  # unless a scenario says otherwise

CARD_KINDS = {"vlan": False, "macvlan": False, "bond": True, "bridge": True}  # may have several parents?
STACKED = ("vlan", "macvlan")  # cards that go with the one they are on; a bond and a bridge stay


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
    rp_filter: int = 0  # likewise: 1 strict, 2 loose
    refusal: str = ""  # why its keepalived does not start at all; "": it does
    profile: str = ""  # whose behaviour its daemon has; "": the scenario's

    def followed(self, script: str, command: str) -> str:
        """The service that a check follows: the one of ``checks``, else the one that its command names, else
        the one whose port it names (contract); "": none.
        """
        if script in self.checks:
            return self.checks[script]
        named = (name for name in self.services if name in command)
        asked = (name for name in self.services if self.asks_at_port(command, name))
        return next(named, next(asked, ""))

    def asks_at_port(self, command: str, service: str) -> bool:
        """Does a command name the service's port, as a request for a page does?"""
        port = self.services[service].port
        return port > 0 and re.search(rf"(?<![\d.]){port}(?![\d.])", command) is not None

    @property
    def is_frr(self) -> bool:
        """Runs FRR's vrrpd: ``node`` was read from FRR's text, and the profile is always one of its own."""
        return bool(self.profile) and profile_named(self.profile).is_frr


@dataclass(frozen=True, slots=True)
class Gateway:
    """A router that joins segments (``routers`` in the file): forwards unicast between its networks."""

    name: str
    interfaces: dict[str, tuple[str, ...]]  # segment -> its addresses there, with prefix
    latency_us: Micros = 500


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
    """``owner``: address -> server (None: nobody) at a moment. ``outage``: at most so long.

    ``said``: the line that it was made from, where it is of no scenario file.
    """

    at_us: Micros | None = None
    owner: dict[str, str | None] = field(default_factory=dict)
    outage_target: str = ""
    outage_at_most_us: Micros | None = None
    state: dict[str, dict[str, str]] = field(default_factory=dict)  # instance -> server -> state
    line: int = 0
    said: str = ""
