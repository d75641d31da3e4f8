"""A scenario made of keepalived.conf files alone: one server a file, on the networks the files speak of.

Real addresses are in no keepalived.conf. ``cabling`` says which cards share a network. Each server gets an
address in the subnet of the virtual addresses there (.251, .252 …, as in the article), unless its file names
its source address, or the others' files name it as their peer; each network with virtual addresses a client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import parse_config
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.sim.addresses import default_mac
from vrrplab.sim.cabling import Card, interfaces_of, networks, own_address
from vrrplab.sim.cast import Client, Interface, Probe, Scenario, Segment, Server
from vrrplab.units import Micros, micros
from vrrplab.wire.addresses import pack_address, unpack_address


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
    cards = networks(nodes)
    names = sorted(set(cards.values()))
    servers = {
        server: Server(
            server,
            os.fspath(paths[place]),
            node,
            {
                n: _interface(n, place, nodes, server, cards[server, n], names.index(cards[server, n]), taken)
                for n in interfaces_of(node)
            },
            start_at_us=place * micros(0.1),
        )
        for place, (server, node) in enumerate(nodes.items())
    }
    return Scenario(
        name=" + ".join(servers),
        description="made from keepalived.conf files; real addresses are assumed",
        duration_us=duration_us,
        segments={name: Segment(name) for name in names},
        servers=servers,
        clients=_clients(nodes, cards),
        profile=profile,
    )


def _server_names(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The files' names; with their folders where two are alike, and numbered where that is no help either."""
    stems = [Path(path).stem for path in paths]
    names: list[str] = []
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else f"{Path(path).parent.name or 'server'}-{stem}"
        numbered = (f"{name}-{number}" for number in range(2, len(stems) + 2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names


def _interface(
    name: str,
    place: int,
    nodes: Mapping[str, NodeConfig],
    server: str,
    segment: str,
    number: int,
    taken: set[str],
) -> Interface:
    node = nodes[server]
    own = [own_address(server, i, nodes) for i in node.instances if i.interface == name]
    addresses = dict.fromkeys(f"{a}/{64 if ':' in a else 24}" for a in own if a)
    if not addresses:
        virtual = next(
            (
                a
                for i in node.instances
                for a in i.virtual_addresses
                if a.interface == name and ":" not in a.address
            ),
            None,
        )
        if virtual:
            free = _free(virtual.address.rsplit(".", 1)[0], place, taken)
            addresses[f"{free}/{virtual.prefix if virtual.prefix < 32 else 24}"] = None
    if not addresses:
        addresses[f"10.254.{number}.{1 + place}/24"] = None
    return Interface(name, segment, tuple(addresses), default_mac(number, place))


def _free(head: str, place: int, taken: set[str]) -> str:
    """The server's own address: no virtual one, and another for each place (.251, .252 … .254, .1 …)."""
    numbers = [*range(251, 255), *range(1, 10), *range(11, 251)]
    free = [f"{head}.{n}" for n in numbers if f"{head}.{n}" not in taken]
    return free[place % len(free)]


def _clients(nodes: Mapping[str, NodeConfig], cards: Mapping[Card, str]) -> dict[str, Client]:
    """On each network somebody who pings every virtual address there: "client", "client-2" …"""
    targets: dict[str, dict[str, None]] = {}
    for server, node in nodes.items():
        for instance in node.instances:
            for virtual in instance.virtual_addresses:
                if not virtual.address.startswith("fe80:"):
                    targets.setdefault(cards[server, virtual.interface], {})[virtual.address] = None
    clients: dict[str, Client] = {}
    for number, (segment, asked) in enumerate(targets.items()):
        name = f"client-{number + 1}" if number else "client"
        probes = tuple(Probe("icmp", target, micros(0.02)) for target in asked)
        addresses = tuple(_neighbour([a for a in asked if (":" in a) == six]) for six in (False, True))
        mac = default_mac(0xC0, number)
        clients[name] = Client(name, segment, tuple(a for a in addresses if a), mac, probes)
    return clients


def _neighbour(addresses: Sequence[str]) -> str:
    """An address with prefix that is near these and none of them; "" if there are none."""
    if not addresses:
        return ""
    if ":" in addresses[0]:
        head = pack_address(addresses[0])[:8]
        return next(
            f"{own}/64"
            for n in range(0x10, 0x1000)
            if (own := unpack_address(head + n.to_bytes(8, "big"))) not in addresses
        )
    head_text = addresses[0].rsplit(".", 1)[0]
    return next(f"{own}/24" for n in (10, *range(20, 250)) if (own := f"{head_text}.{n}") not in addresses)
