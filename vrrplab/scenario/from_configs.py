"""A scenario made of keepalived.conf files alone: one server a file, on the networks the files speak of.

Real addresses are in no keepalived.conf. ``infer_networks`` says which cards share a network. A server gets
an address in the subnet of the virtual addresses there (.251, .252 …), unless its file names its
source address, or the others' files name it as their peer; each network with virtual addresses a client.
Where a node's real addresses are known, it has these. No address is made up that a file names, and none
twice; where a subnet is full, 10.254.0.0/16 helps out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count

from vrrplab.config.environment import check_against_host
from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig, VirtualAddress
from vrrplab.scenario.address_checks import default_mac
from vrrplab.scenario.infer_networks import Card, networks, own_address
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node, read_nodes
from vrrplab.scenario.parts import Client, Interface, Probe, Segment, Server
from vrrplab.scenario.unreachable_peers import warned_of_peers
from vrrplab.units import Micros, micros, plain_seconds
from vrrplab.wire.addresses import is_link_local, is_unspecified, pack_address, unpack_address

# Last bytes of addresses, in the order in which they are given out.
SERVER_NUMBERS = (*range(251, 255), *range(1, 10), *range(11, 251))
CLIENT_NUMBERS = (10, *range(20, 250), *range(1, 10), *range(11, 20), *range(250, 255))


def scenario_from_configs(
    paths: Sequence[str | os.PathLike[str]],
    profile: str = "keepalived-2.2.7",
    duration_us: Micros = 60_000_000,
    *,
    names: Sequence[str] = (),
) -> Scenario:
    """A cluster of the servers whose files these are, started a tenth of a second apart, with one client.

    ``names``: what the servers are called, and so which ``@name`` lines count; otherwise as their files.
    Raises ConfigError for a file that keepalived would not run with, VrrplabError for no file at all.
    """
    return scenario_of_nodes(read_nodes(paths, names=names, profile=profile), profile, duration_us)


def scenario_of_nodes(
    cluster: Sequence[Node], profile: str = "keepalived-2.2.7", duration_us: Micros = 60_000_000
) -> Scenario:
    """The same of nodes that are read already; real addresses that are known are taken as they are."""
    nodes = {node.name: node.config for node in cluster}
    cards = networks(nodes)
    names = sorted(set(cards.values()))
    taken = _named(nodes) | {
        address.partition("/")[0]
        for node in cluster
        for listed in (node.addresses or {}).values()
        for address in listed
    }
    spare = dict(zip(names, _unnamed_networks(taken), strict=False))
    known = all(node.addresses is not None for node in cluster)
    servers = {}
    for place, (server, node) in enumerate(nodes.items()):
        interfaces = {}
        for name in sorted(interfaces_of(node)):
            segment = cards[server, name]
            real = cluster[place].addresses
            addresses = (
                _addresses(name, server, nodes, place, spare[segment], taken)
                if real is None
                else _of_host(real.get(name, ()), node)
            )
            interfaces[name] = Interface(name, segment, addresses, default_mac(names.index(segment), place))
        if cluster[place].addresses is None:
            told = check_against_host(node, {name: card.addresses for name, card in interfaces.items()})
            node = replace(node, warnings=node.warnings + told)
        servers[server] = Server(
            server,
            cluster[place].path,
            node,
            interfaces,
            start_at_us=place * micros(0.1),
        )
    return Scenario(
        name=" + ".join(servers),
        description="made from keepalived.conf files; "
        + ("hosts have their real addresses" if known else "real addresses are assumed"),
        duration_us=duration_us,
        segments={name: Segment(name) for name in names},
        servers={name: warned_of_peers(server, servers, {}) for name, server in servers.items()},
        clients=_clients(nodes, cards, spare, taken),
        profile=profile,
    )


def assumptions(scenario: Scenario, cluster: Sequence[Node] = ()) -> list[str]:
    """What ``scenario_from_configs`` took for granted, because no file says it: a sentence each.

    ``cluster``: the nodes that it is made of, some of which have their real addresses.
    """
    told = {node.name for node in cluster if node.addresses is not None}
    nodes = {server.name: server.node for server in scenario.servers.values()}
    made_up: list[str] = []
    cards: dict[str, list[str]] = {segment: [] for segment in scenario.segments}
    for server in scenario.servers.values():
        named = {own_address(server.name, instance, nodes) for instance in server.node.instances}
        for card in server.interfaces.values():
            cards[card.segment].append(f"{card.name} of {server.name}")
            invented = [
                a for a in card.addresses if server.name not in told and a.partition("/")[0] not in named
            ]
            made_up += [f"{address} ({card.name} of {server.name})" for address in invented]
    found = [f"network {name} joins {', '.join(joined)}" for name, joined in cards.items()]
    found += [f"addresses made up, as none is named: {', '.join(made_up)}"] if made_up else []
    for client in scenario.clients.values():
        found.append(f"{client.name} ({', '.join(client.addresses)}) asks for every virtual address there")
    starts = [f"{name} at {plain_seconds(s.start_at_us)} s" for name, s in scenario.servers.items()]
    return [*found, f"daemons start one after the other: {', '.join(starts)}"]


def _of_host(addresses: Sequence[str], node: NodeConfig) -> tuple[str, ...]:
    """A card's real addresses; every card here has a link-local one of its own, unless the file names one."""
    sources = {source for i in node.instances for source in (i.unicast_source, i.multicast_source)}
    bare = ((text, text.partition("/")[0]) for text in addresses)
    return tuple(text for text, a in bare if a in sources or not (":" in a and is_link_local(a)))


def _named(nodes: Mapping[str, NodeConfig]) -> set[str]:
    """Every address that the files name: virtual ones, the servers' own and their peers'."""
    named: set[str] = set()
    for server, node in nodes.items():
        for instance in node.instances:
            named |= {a.address for a in instance.all_addresses}
            named |= {peer.address for peer in instance.unicast_peers}
            named.add(own_address(server, instance, nodes))
    return named - {""}


def _unnamed_networks(named: Iterable[str]) -> Iterator[str]:
    """First three bytes of networks that no file speaks of: "10.254.0", "10.254.1" …"""
    used = {address.rpartition(".")[0] for address in named}
    heads = (f"10.{second}.{third}" for second in range(254, 0, -1) for third in range(256))
    return (head for head in heads if head not in used)


def _addresses(
    card: str, server: str, nodes: Mapping[str, NodeConfig], place: int, spare: str, taken: set[str]
) -> tuple[str, ...]:
    """A card's own addresses with prefix: those that are named, and an IPv4 one if it lacks one.

    Of IPv6 it has a link-local one anyway.
    """
    node = nodes[server]
    users = [i for i in node.instances if i.interface == card]
    own = dict.fromkeys(a for i in users if (a := own_address(server, i, nodes)))
    addresses = [f"{a}/{64 if ':' in a else 24}" for a in own]
    virtual = [
        a for i in node.instances for a in i.virtual_addresses if a.interface == card and ":" not in a.address
    ]
    if own and (any(":" not in a for a in own) or not (virtual or any(i.family == 4 for i in users))):
        return tuple(addresses)
    near = _near(virtual[0], _turned(SERVER_NUMBERS, place)) if virtual else []
    far = (f"{spare}.{n}/24" for n in _turned(range(1, 255), place))
    return (*addresses, _first_free([*near, *far], taken))


def _turned(numbers: Sequence[int], place: int) -> list[int]:
    """The numbers from one place on, and then those before it: everybody begins with another one."""
    start = place % len(numbers)
    return [*numbers[start:], *numbers[:start]]


def _near(virtual: VirtualAddress, numbers: Iterable[int]) -> list[str]:
    """Hosts with these last bytes in the subnet of an IPv4 address, with prefix; /31 and /32 count as /24."""
    prefix = virtual.prefix if virtual.prefix < 31 else 24
    head, _, last = virtual.address.rpartition(".")
    size = 2 ** (32 - max(prefix, 24))
    network = int(last) // size * size
    return [f"{head}.{n}/{prefix}" for n in numbers if network < n < network + size - 1]


def _first_free(addresses: Iterable[str], taken: set[str]) -> str:
    """The first of these (with prefix) that nobody has; from now on it is taken."""
    free = next(a for a in addresses if a.partition("/")[0] not in taken)
    taken.add(free.partition("/")[0])
    return free


def _clients(
    nodes: Mapping[str, NodeConfig], cards: Mapping[Card, str], spare: Mapping[str, str], taken: set[str]
) -> dict[str, Client]:
    """On each network somebody who pings every virtual address there: "client", "client-2" …

    Never called like a server. Link-local IPv6 addresses are not asked for: other networks have them too.
    Nor is 0.0.0.0, which nobody can have.
    """
    targets: dict[str, dict[str, VirtualAddress]] = {}
    for server, node in nodes.items():
        for instance in node.instances:
            for virtual in instance.virtual_addresses:
                local = ":" in virtual.address and is_link_local(virtual.address)
                if not (local or is_unspecified(virtual.address)):
                    segment = cards[server, virtual.interface]
                    targets.setdefault(segment, {}).setdefault(virtual.address, virtual)
    names = (n for n in chain(["client"], (f"client-{number}" for number in count(2))) if n not in nodes)
    clients: dict[str, Client] = {}
    for number, (segment, asked) in enumerate(targets.items()):
        name = next(names)
        probes = tuple(Probe("icmp", target, micros(0.02)) for target in asked)
        mac = default_mac(0xC0, number)
        clients[name] = Client(name, segment, _neighbour(asked.values(), spare[segment], taken), mac, probes)
    return clients


def _neighbour(asked: Iterable[VirtualAddress], spare: str, taken: set[str]) -> tuple[str, ...]:
    """For each family of these addresses one with prefix that is near the first of them."""
    first: dict[bool, VirtualAddress] = {}
    for virtual in asked:
        first.setdefault(":" in virtual.address, virtual)
    addresses = []
    if False in first:
        far = (f"{spare}.{n}/24" for n in CLIENT_NUMBERS)
        addresses.append(_first_free([*_near(first[False], CLIENT_NUMBERS), *far], taken))
    if True in first:
        head = pack_address(first[True].address)[:8]
        hosts = (f"{unpack_address(head + n.to_bytes(8, 'big'))}/64" for n in count(0x10))
        addresses.append(_first_free(hosts, taken))
    return tuple(addresses)
