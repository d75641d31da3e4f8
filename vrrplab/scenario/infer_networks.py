"""Which network cards of several servers are on one network, and which address is whose, as far as their
keepalived.conf files tell. ``from_configs`` builds a scenario from the answers.

Cards of one name are taken to be on one network, unless the virtual addresses on them say otherwise: a
virtual address is on one network only, whatever the cards are called that carry it. A link-local one may be
on every network (fe80::1): it speaks only for its VRID, and only where no server has that pair on two cards.
Less sure, and so last: instances of one VRID that name each other as unicast peers, whose virtual addresses
are neighbours (one of them is a slip of the pen), or that have no virtual address at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.scenario.address_checks import same_subnet
from vrrplab.wire.addresses import is_link_local

Card = tuple[str, str]  # server, interface


def networks(nodes: Mapping[str, NodeConfig]) -> dict[Card, str]:
    """Card -> the name of its network: the cards' name, or their names where they differ."""
    groups = [[(server, n)] for server, node in nodes.items() for n in sorted(interfaces_of(node))]
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


def _meeting_places(nodes: Mapping[str, NodeConfig]) -> list[list[Card]]:
    """Cards that must be on one network: they carry one virtual address, or advertise it under one VRID.

    Those that only a link-local address brings together come last.
    """
    certain: dict[tuple[object, ...], list[Card]] = {}
    likely: dict[tuple[object, ...], list[Card]] = {}
    for server, node in nodes.items():
        for instance in node.instances:
            for virtual in instance.all_addresses:
                carrier, sender = (server, virtual.interface), (server, instance.interface)
                if is_link_local(virtual.address):
                    likely.setdefault((virtual.address, instance.vrid, "carried"), []).append(carrier)
                    likely.setdefault((virtual.address, instance.vrid, "sent"), []).append(sender)
                else:
                    certain.setdefault((virtual.address,), []).append(carrier)
                    certain.setdefault((virtual.address, instance.vrid), []).append(sender)
    less_sure = [*likely.values(), *_companies(nodes)]
    return [*certain.values(), *(cards for cards in less_sure if _one_a_server(cards))]


def _companies(nodes: Mapping[str, NodeConfig]) -> Iterator[list[Card]]:
    """Pairs of cards whose instances have one VRID and seem to know each other."""
    of_vrid: dict[tuple[int, int], list[tuple[Card, InstanceConfig]]] = {}
    for server, node in nodes.items():
        for instance in node.instances:
            card = server, instance.interface
            of_vrid.setdefault((instance.vrid, instance.family), []).append((card, instance))
    for found in of_vrid.values():
        for (card, one), (other_card, other) in combinations(found, 2):
            if card[0] != other_card[0] and card[1] != other_card[1] and _company(one, other):
                yield [card, other_card]


def _company(one: InstanceConfig, other: InstanceConfig) -> bool:
    pairs = (one, other), (other, one)
    if any(a.unicast_source in {peer.address for peer in b.unicast_peers} for a, b in pairs):
        return True
    if not one.virtual_addresses and not other.virtual_addresses:
        return not one.unicast and not other.unicast
    whole = 32 if one.family == 4 else 128
    return any(
        not is_link_local(a.address)
        and same_subnet(a.address, b.address, a.prefix if a.prefix < whole else whole * 3 // 4)
        for a in one.virtual_addresses
        for b in other.virtual_addresses
    )


def _one_a_server(cards: Iterable[Card]) -> bool:
    different = set(cards)
    return len(different) == len({server for server, _ in different})


def _join(groups: list[list[Card]], cards: list[Card]) -> None:
    """As few groups of these cards as can be, as long as no server has two cards in one."""
    for place, card in enumerate(cards):
        for earlier in cards[:place]:
            first, other = (next(group for group in groups if c in group) for c in (earlier, card))
            if first is not other and _one_a_server(first + other):
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
