"""Who takes part in a recording: its scenario and the configuration of each server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.scenario.cast import instance_fields
from vrrplab.units import Micros, seconds

if TYPE_CHECKING:
    from vrrplab.config.model import InstanceConfig, NodeConfig


class Cast(NamedTuple):
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


def scenario_fields(cast: Cast, observed: dict[str, Any], end_us: Micros) -> dict[str, Any]:
    """The fields of the trace's ``scenario`` event."""
    told = cast.scenario
    virtual: dict[str, None] = {}
    servers = {}
    for name, server in told["servers"].items():
        for i in cast.instances(name):
            virtual.update(dict.fromkeys(v.address for v in (*i.virtual_addresses, *i.excluded_addresses)))
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
            "instances": {i.name: instance_fields(i) for i in cast.instances(name)},
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
