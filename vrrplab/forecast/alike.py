"""Virtual addresses of which one tells for all: what becomes of it becomes of them."""

from __future__ import annotations

from dataclasses import replace

from vrrplab.config.model import Source
from vrrplab.forecast.seat import is_signed
from vrrplab.scenario.model import Scenario


def alike_addresses(scenario: Scenario) -> dict[str, str]:
    """For each address that must fare as one before it in the files, that one.

    Alike are addresses that stand in the same lists of the same instances, for the same card, and that no
    host has besides: all move in one step of the state machine. Where ARP frames wait for each other, none is
    alike, nor where members of a sync group count their adverts with AH: there a MASTER's second advert,
    which comes a log line later for each address, may be the first that counts, and whose is first decides.
    """
    nodes = [server.node for server in scenario.servers.values()]
    garps = [instance.garp for node in nodes for instance in node.instances]
    if any(garp.interval_us or garp.gna_interval_us for garp in garps):
        return {}
    if any(is_signed(instance) for node in nodes if node.sync_groups for instance in node.instances):
        return {}
    cards = [card for server in scenario.servers.values() for card in server.interfaces.values()]
    real = {address.partition("/")[0] for card in cards for address in card.addresses}
    where: dict[str, list[object]] = {}
    for server in scenario.servers.values():
        for instance in server.node.instances:
            for one in instance.all_addresses:
                bare = replace(one, address="", label="", source=Source())
                place = (server.name, instance.name, one in instance.virtual_addresses, bare)
                where.setdefault(one.address, []).append(place)
    asked = {p.target: c.name for c in scenario.clients.values() for p in c.probes}
    first: dict[object, str] = {}
    like: dict[str, str] = {}
    for address, places in where.items():
        if address not in real:
            known = first.setdefault((tuple(places), asked.get(address), ":" in address), address)
            if known != address:
                like[address] = known
    return like
