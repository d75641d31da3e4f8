"""Which network cards of several servers are on one network, and which address is whose, as far as their
keepalived.conf files tell. ``from_configs`` builds a scenario from the answers.

Cards of one name are taken to be on one network, unless the virtual addresses on them say otherwise: a
virtual address is on one network only, whatever the cards are called that carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vrrplab.config.model import InstanceConfig, NodeConfig

Card = tuple[str, str]  # server, interface


def interfaces_of(node: NodeConfig) -> list[str]:
    """Every interface that a file speaks of, in alphabetical order."""
    found = {i.interface for i in node.instances}
    found |= {t.name for i in node.instances for t in i.track_interfaces}
    found |= {a.interface for i in node.instances for a in i.virtual_addresses + i.excluded_addresses}
    return sorted(found)


def networks(nodes: Mapping[str, NodeConfig]) -> dict[Card, str]:
    """Card -> the name of its network: the cards' name, or their names where they differ."""
    groups: list[list[Card]] = [[(server, n)] for server, node in nodes.items() for n in interfaces_of(node)]
    for cards in _meeting_places(nodes):
        _join(groups, cards)
    by_name: dict[str, list[Card]] = {}
    for card in (card for group in groups for card in group):
        by_name.setdefault(card[1], []).append(card)
    for cards in by_name.values():
        _join(groups, cards)
    named: dict[Card, str] = {}
    for group in groups:
        name = "-".join(dict.fromkeys(name for _, name in group))
        named.update(dict.fromkeys(group, name if name not in named.values() else f"{name}-on-{group[0][0]}"))
    return named


def _meeting_places(nodes: Mapping[str, NodeConfig]) -> Iterable[list[Card]]:
    """Cards that must be on one network: they carry one virtual address, or advertise it under one VRID."""
    carriers: dict[tuple[object, ...], list[Card]] = {}
    for server, node in nodes.items():
        for instance in node.instances:
            for virtual in instance.virtual_addresses + instance.excluded_addresses:
                carriers.setdefault((virtual.address,), []).append((server, virtual.interface))
                key = (virtual.address, instance.vrid)
                carriers.setdefault(key, []).append((server, instance.interface))
    return carriers.values()


def _join(groups: list[list[Card]], cards: list[Card]) -> None:
    """One group of all groups with one of these cards, as long as no server has two cards in it."""
    for card in cards[1:]:
        first, other = (next(group for group in groups if c in group) for c in (cards[0], card))
        if not {server for server, _ in first} & {server for server, _ in other}:
            groups.remove(other)
            first += other


def own_address(server: str, instance: InstanceConfig, nodes: Mapping[str, NodeConfig]) -> str:
    """The address from which an instance sends: what its file says, or what the others call it, or "".

    Without ``unicast_src_ip`` it is the one that every other file has among its peers, and the server's own
    file has not.
    """
    if instance.unicast_source or instance.multicast_source:
        return instance.unicast_source or instance.multicast_source
    twins = [
        twin
        for name, node in nodes.items()
        for twin in node.instances
        if name != server and (twin.vrid, twin.family) == (instance.vrid, instance.family)
    ]
    known = {peer.address for peer in instance.unicast_peers} | {twin.unicast_source for twin in twins}
    called = [{peer.address for peer in twin.unicast_peers} for twin in twins if twin.unicast_peers]
    found = set.intersection(*called) - known if called else set()
    return found.pop() if len(found) == 1 else ""
