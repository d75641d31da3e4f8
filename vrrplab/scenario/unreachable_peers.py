"""Unicast peers in another network that no router joins: each server would be MASTER for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from vrrplab.config.model import ConfigWarning
from vrrplab.scenario.address_checks import same_subnet
from vrrplab.scenario.parts import Gateway, Interface, Server


def warned_of_peers(server: Server, servers: Mapping[str, Server], routers: Mapping[str, Gateway]) -> Server:
    """The server, with a warning for each of its unicast peers that its adverts cannot reach."""
    found = tuple(_warnings(server, servers, routers))
    if not found:
        return server
    return replace(server, node=replace(server.node, warnings=server.node.warnings + found))


def _warnings(
    server: Server, servers: Mapping[str, Server], routers: Mapping[str, Gateway]
) -> Iterator[ConfigWarning]:
    homes: dict[str, list[tuple[str, str]]] = {}  # address -> its server, its segment
    for other in servers.values():
        for card in other.interfaces.values():
            for address in card.addresses:
                homes.setdefault(address.split("/")[0], []).append((other.name, card.segment))
    for instance in server.node.instances:
        own = server.interfaces.get(instance.interface)
        for peer in instance.unicast_peers if own else ():
            at = homes.get(peer.address)
            if own is None or not at or own.segment in (segment for _, segment in at):
                continue
            if any(_leads(router, own, peer.address) for router in routers.values()):
                continue
            name, segment = at[0]
            yield ConfigWarning(
                peer.source,
                "unreachable-peer",
                f"{instance.name}: the unicast peer {peer.address} ({name}) is in {segment}, {server.name}"
                f" in {own.segment}, and no router leads there: they will not hear each other",
                f"join them: routers: {{r1: {{interfaces: {{{own.segment}: ADDRESS/PREFIX,"
                f" {segment}: ADDRESS/PREFIX}}}}}}",
            )


def _leads(router: Gateway, card: Interface, address: str) -> bool:
    """Is the router in the card's network, and in the network of that address?"""
    own = [a.split("/")[0] for a in card.addresses]
    here = _in_network(router.interfaces.get(card.segment, ()), own)
    return here and any(_in_network(addresses, [address]) for addresses in router.interfaces.values())


def _in_network(networks: Iterable[str], addresses: Iterable[str]) -> bool:
    there = [network.split("/") for network in networks]
    return any(same_subnet(one, address, int(bits)) for one, bits in there for address in addresses)
