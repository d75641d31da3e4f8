"""A scenario made of keepalived.conf files alone: one server a file, on the network the files speak of.

Real addresses are in no keepalived.conf. Each interface gets a segment of its own, and each server an
address in the subnet of the virtual addresses there (.251, .252 …, as in the article), unless the file names
its own source address.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import parse_config
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.sim.addresses import default_mac
from vrrplab.sim.cast import Client, Interface, Probe, Scenario, Segment, Server
from vrrplab.units import Micros, micros


def scenario_from_configs(
    paths: Sequence[str | os.PathLike[str]],
    profile: str = "keepalived-2.2.7",
    duration_us: Micros = 60_000_000,
    *,
    strict: bool = False,
) -> Scenario:
    """A cluster of the servers whose files these are, started a tenth of a second apart, with one client.

    ``strict`` refuses files that keepalived would correct and run. Raises ConfigError for a file that
    keepalived would not run with, VrrplabError for no file at all.
    """
    if not paths:
        raise VrrplabError("name at least one keepalived.conf")
    daemon = profile_named(profile).wording
    parsed = [parse_config(path, daemon=daemon, strict=strict) for path in paths]
    nodes = dict(zip(_server_names(paths), parsed, strict=True))
    taken = {a.address for n in nodes.values() for i in n.instances for a in i.virtual_addresses}
    names = sorted({i for node in nodes.values() for i in _interfaces_of(node)})
    segments = {name: Segment(name) for name in names}
    servers = {
        server: Server(
            server,
            os.fspath(paths[place]),
            node,
            {n: _interface(n, node, place, names.index(n), taken) for n in names},
            start_at_us=place * micros(0.1),
        )
        for place, (server, node) in enumerate(nodes.items())
    }
    scenario = Scenario(
        name=" + ".join(servers),
        description="made from keepalived.conf files; real addresses are assumed",
        duration_us=duration_us,
        segments=segments,
        servers=servers,
        profile=profile,
    )
    client = _client(scenario, names)
    return scenario.changed(clients={client.name: client}) if client else scenario


def _server_names(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The files' names; with their folders where two are alike, and numbered where that is no help either."""
    stems = [Path(path).stem for path in paths]
    names: list[str] = []
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else f"{Path(path).parent.name or 'server'}-{stem}"
        numbered = (f"{name}-{number}" for number in range(2, len(stems) + 2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names


def _interfaces_of(node: NodeConfig) -> set[str]:
    found = {i.interface for i in node.instances} | {
        t.name for i in node.instances for t in i.track_interfaces
    }
    return found | {a.interface for i in node.instances for a in i.virtual_addresses}


def _interface(name: str, node: NodeConfig, place: int, number: int, taken: set[str]) -> Interface:
    addresses: dict[str, None] = {}
    for instance in node.instances:
        if instance.interface == name:
            for own in (instance.unicast_source, instance.multicast_source):
                if own:
                    addresses[f"{own}/{64 if ':' in own else 24}"] = None
    for instance in node.instances:
        if addresses:
            break
        for virtual in instance.virtual_addresses:
            if virtual.interface == name and ":" not in virtual.address:
                head = virtual.address.rsplit(".", 1)[0]
                own = _free(head, place, taken)
                addresses[f"{own}/{virtual.prefix if virtual.prefix < 32 else 24}"] = None
                break
    if not addresses:
        addresses[f"10.254.{number}.{1 + place}/24"] = None
    return Interface(name, name, tuple(addresses), default_mac(number, place))


def _free(head: str, place: int, taken: set[str]) -> str:
    """The server's own address: no virtual one, and another for each place (.251, .252 … .254, .1 …)."""
    numbers = [*range(251, 255), *range(1, 10), *range(11, 251)]
    free = [f"{head}.{n}" for n in numbers if f"{head}.{n}" not in taken]
    return free[place % len(free)]


def _client(scenario: Scenario, names: list[str]) -> Client | None:
    """Somebody on the first instance's network who pings every virtual address there."""
    first = next((i for s in scenario.servers.values() for i in s.node.instances), None)
    if first is None:
        return None
    targets = dict.fromkeys(
        a.address
        for s in scenario.servers.values()
        for i in s.node.instances
        for a in i.virtual_addresses
        if a.interface == first.interface and ":" not in a.address
    )
    if not targets:
        return None
    head = next(iter(targets)).rsplit(".", 1)[0]
    probes = tuple(Probe("icmp", target, micros(0.02)) for target in targets)
    own = next(f"{head}.{n}" for n in (10, *range(20, 250)) if f"{head}.{n}" not in targets)
    return Client("client", first.interface, (f"{own}/24",), default_mac(0xC0, 0), probes)
