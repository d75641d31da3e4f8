"""A router that joins segments: it forwards unicast between its networks, and answers ARP like any host.

Its neighbour cache is a host's too: after a failover it goes on sending to where an address was, until it is
told (gratuitous ARP) or its entry is checked. ICMP redirects are off. Multicast and link-local packets stay
in their network (RFC 1812 section 5.3.3, RFC 4291 section 2.5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from vrrplab.scenario.address_checks import gateway_mac
from vrrplab.scenario.parts import Gateway
from vrrplab.sim.host import IPV6_KIND, Host
from vrrplab.sim.nic import Nic
from vrrplab.sim.packet import Packet, mac_bytes
from vrrplab.sim.scheduler import PACKET, Scheduler
from vrrplab.sim.switch import Switch
from vrrplab.wire.addresses import is_link_local, is_multicast

IPV4_KIND = 0x0800


class GatewayHost(Host):
    """``place``: among the scenario's routers. Its interfaces are called like their segments."""

    __slots__ = ()

    def __init__(
        self,
        gateway: Gateway,
        place: int,
        scheduler: Scheduler,
        changed: Callable[[], None],
        switches: Mapping[str, Switch],
    ) -> None:
        super().__init__(gateway.name, scheduler, changed)
        self.latency_us = gateway.latency_us
        for number, (segment, addresses) in enumerate(gateway.interfaces.items()):
            self.add_nic(segment, gateway_mac(number, place), switches[segment], addresses)

    def way_out(self, destination: str) -> Nic | None:
        """The interface in whose network a packet must go on; None: it is for the router, or goes nowhere."""
        if self.has(destination) or is_multicast(destination) or is_link_local(destination):
            return None
        found = self.route(destination)
        return found[0] if found else None

    def receive(self, nic: Nic, packet: Packet) -> None:
        """A packet for another network goes on after ``latency_us``, as far as its TTL lets it."""
        kind = packet.data[12] << 8 | packet.data[13]
        if kind in (IPV4_KIND, IPV6_KIND) and not packet.destination[0] & 1:
            source, destination, ttl = packet.ends
            out = self.way_out(destination)
            if out is not None:
                if ttl > 1 and not is_link_local(source):
                    self.scheduler.after(self.latency_us, PACKET, self._forward, out, destination, packet)
                return
        super().receive(nic, packet)

    def _forward(self, out: Nic, destination: str, packet: Packet) -> None:
        self.neighbors.find(destination, out, partial(self._put, out, packet))

    def _put(self, out: Nic, packet: Packet, mac: str | None) -> None:
        if mac is not None:
            self.send(out, mac_bytes(mac) + out.mac + one_hop_on(packet.data[12:]))


def one_hop_on(packet: bytes) -> bytes:
    """A frame from its type field on, with TTL or hop limit one lower, and IPv4's checksum (RFC 1624)."""
    changed = bytearray(packet)
    if packet[0] == 0x86:
        changed[9] -= 1
    else:
        changed[10] -= 1
        check = (packet[12] << 8 | packet[13]) + 0x100  # one less in the high byte of its word
        check = (check & 0xFFFF) + (check >> 16)
        changed[12:14] = check.to_bytes(2, "big")
    return bytes(changed)


def on_link(nic: Nic, destination: str) -> bool:
    """Is an address in one of the networks that an interface is in?"""
    return nic.addresses.reach(destination) >= 0


def next_hop(gateways: Iterable[GatewayHost], nic: Nic, destination: str) -> str:
    """Whom a host asks for on its network: the destination, or the router there that leads to it.

    One that leads nowhere is the default route all the same. Without any router the destination is asked for:
    keepalived's sockets are bound to their card, and Linux then takes everybody to be on its wire (2.2.7,
    measured: unicast between two subnets on one switch).
    """
    if is_link_local(destination) or on_link(nic, destination):
        return destination
    found = [(g, port) for g in gateways for port in g.nics.values() if port.switch is nic.switch]
    found.sort(key=lambda there: there[0].way_out(destination) is None)
    addresses = [a.address for _, port in found for a in port.addresses if not a.is_scope_link]
    near = (a for a in addresses if (":" in a) == (":" in destination) and on_link(nic, a))
    return next(near, destination)
