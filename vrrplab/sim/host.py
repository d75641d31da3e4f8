"""A host on the LAN: its interfaces and who has which address, a firewall for VRRP, ARP and ND answers.

It behaves like Linux where that matters here: removing the first address of a subnet removes the others of
that subnet too (unless ``promote_secondaries`` is set), IPv6 addresses go with the link, any address is
answered for on any interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from vrrplab.sim.addresses import Address, Addresses
from vrrplab.sim.followers import Follower
from vrrplab.sim.neighbors import NeighborCache
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.packet import Packet, Saying, mac_bytes, mac_text
from vrrplab.sim.rng import Chance
from vrrplab.sim.scheduler import Scheduler
from vrrplab.sim.switch import Port, Switch
from vrrplab.units import Micros
from vrrplab.wire.addresses import is_link_local, is_unspecified, link_local
from vrrplab.wire.frames import arp_reply_frame, na_frame

if TYPE_CHECKING:
    from vrrplab.sim.routes import RouteTables

IPV6_KIND, VRRP_KIND = 0x86DD, 112
DUPLICATES_US: Micros = (
    1_000_000  # Linux waits up to so long, asks, and waits so long (measured: 1.3 to 2.0 s)
)

Answering = Callable[[Nic, bytes, "str | None"], None]


def itself(_nic: Nic, destination: str) -> str:
    """Whom a packet goes to on the LAN where no router leads elsewhere."""
    return destination


class Listener(Protocol):
    """What reads VRRP on a host (``router.Router``)."""

    def receive(self, nic: Nic, packet: Packet) -> None:
        """A VRRP frame came in at that interface, also one that cannot be read."""

    def joins(self, nic: Nic, said: Saying) -> Sequence[Follower] | None:
        """Who here only follows such adverts; None: somebody does more (``followers``)."""


class Host:
    """``changed`` is called when what the host answers may have changed."""

    __slots__ = (
        "_chance",
        "blocked",
        "changed",
        "idle",
        "latency_us",
        "listener",
        "name",
        "neighbors",
        "next_hop",
        "nics",
        "powered",
        "promote_secondaries",
        "refused",
        "routes",
        "rp_filter",
        "scheduler",
    )

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        changed: Callable[[], None],
        promote_secondaries: bool = False,
        rp_filter: int = 0,
        chance: Chance | None = None,
    ) -> None:
        self.name = name
        self._chance = chance or Chance(0)
        self.promote_secondaries = promote_secondaries  # as the host sets it; a daemon may, for an interface
        self.rp_filter = rp_filter
        self.scheduler = scheduler
        self.changed = changed
        self.nics: dict[str, Nic] = {}
        self.powered = True
        self.blocked: set[tuple[str, str]] = set()  # (direction, protocol)
        self.refused: set[str] = set()  # addresses whose packets the host drops (no_accept)
        self.latency_us: Micros = 0  # that a packet spends in it, if it forwards
        self.neighbors = NeighborCache(scheduler, self, changed)
        self.routes: RouteTables | None = None  # what was added; None: nothing ever was
        # IPv4 addresses of FRR's macvlans, which have them all the time: Linux answers for them, MASTER or
        # not, and from the card first (measured; over IPv6 only from a macvlan with a carrier)
        self.idle: frozenset[str] = frozenset()
        self.listener: Listener | None = None  # None: nobody reads VRRP here
        # whom a packet goes to on the LAN, the destination itself or a router; a NIC and a destination
        self.next_hop: Callable[[Nic, str], str] = itself

    def add_nic(self, name: str, mac: str, switch: Switch, addresses: tuple[str, ...]) -> Nic:
        """Plug a new interface into a switch; ``addresses``: those of its own configuration, with prefix."""
        nic = self.nics[name] = Nic(self, name, mac, switch, addresses)
        self.configure(nic)
        return nic

    def promote(self, interfaces: set[str]) -> None:
        """A daemon sets ``promote_secondaries`` for these interfaces; the others are as the host has it."""
        for nic in self.nics.values():
            nic.promote_secondaries = self.promote_secondaries or nic.name in interfaces

    def switch_off(self) -> None:
        """Power is gone: no interface is up. What it knew is lost at the next ``boot``."""
        self.powered = False
        for nic in self.nics.values():
            nic.powered = False

    def boot(self) -> None:
        """Power is back. What was set by hand is forgotten; a pulled cable is still out."""
        self.powered = True
        self.blocked.clear()
        self.refused.clear()
        self.routes = None
        self.neighbors.clear()
        for nic in self.nics.values():
            nic.powered = True
            nic.exists = nic.admin_up = nic.from_start
            self.configure(nic)

    def configure(self, nic: Nic) -> None:
        """The addresses the host has from its own configuration."""
        nic.addresses = Addresses()
        if not nic.exists:
            return
        for text in nic.configured:
            nic.addresses.add(self._parse(text))
        nic.ipv6_flushed = False
        nic.promote_secondaries = self.promote_secondaries
        self._add_link_local(nic)

    def _add_link_local(self, nic: Nic) -> None:
        has_one = any(a.is_scope_link for a in nic.addresses)
        if nic.wants_link_local and not has_one:
            nic.addresses.add(Address(link_local(nic.mac_text), 64))

    @staticmethod
    def _parse(text: str) -> Address:
        address, _, prefix = text.partition("/")
        return Address(address, int(prefix))

    # -- what it has -------------------------------------------------------------------------------

    def has(self, address: str) -> bool:
        """Does it answer for that address, on whichever interface it is (Linux' weak host model)?"""
        for nic in self.nics.values():
            if nic.addresses.has(address) or (nic.vmacs and nic.has(address)):
                return True
        return address in self.idle

    def holder(self, interface: str) -> Nic | Vmac | None:
        """The NIC or VMAC interface of that name."""
        if interface in self.nics:
            return self.nics[interface]
        for nic in self.nics.values():
            if interface in nic.vmacs:
                return nic.vmacs[interface]
        return None

    def nic_at(self, port: Port) -> Nic:
        """The interface that is that port of a switch. Raises StopIteration: none of this host is."""
        return next(nic for nic in self.nics.values() if nic is port)

    def nic_of(self, interface: str) -> Nic | None:
        """The NIC through which an interface (itself or a VMAC on it) reaches the wire."""
        if interface in self.nics:
            return self.nics[interface]
        for nic in self.nics.values():
            if interface in nic.vmacs:
                return nic
        return None

    def tentative(self, nic: Nic) -> tuple[str, ...]:
        """IPv6 addresses that the kernel still looks for duplicates of: no socket can be bound to them."""
        return tuple(a.address for a in nic.addresses if self._is_tentative(a))

    def _is_tentative(self, address: Address) -> bool:
        if address.added_us is None:
            return False
        since_us = self.scheduler.now - address.added_us
        if self._check_is_open(address) and not address.check_us:
            address.check_us = DUPLICATES_US + round(
                self._chance.draw("duplicates", self.name, address.address) * DUPLICATES_US
            )
        return since_us < (address.check_us or DUPLICATES_US)

    def _check_is_open(self, address: Address) -> bool:
        since_us = self.scheduler.now - (address.added_us or 0)
        return address.added_us is not None and DUPLICATES_US <= since_us < 2 * DUPLICATES_US

    def drawn_tentative(self, text: str) -> bool | None:
        """``tentative`` of one address at a moment at which a lot decides that; None: no lot does."""
        found = (nic.addresses.get(text) for nic in self.nics.values())
        return next((self._is_tentative(a) for a in found if a is not None and self._check_is_open(a)), None)

    def add_address(self, interface: str, address: str, prefix: int, label: str = "", mac: str = "") -> bool:
        """False: it was there already, there is no such interface, or it is 0.0.0.0: Linux says yes to that
        and adds nothing.
        """
        holder, nic = self.holder(interface), self.nic_of(interface)
        if holder is None or nic is None or not nic.exists or is_unspecified(address):
            return False
        if holder.addresses.get(address) is not None:
            return False
        holder.addresses.add(Address(address, prefix, label, mac))
        self.changed()
        return True

    def remove_address(self, interface: str, address: str) -> list[Address]:
        """All addresses that go: Linux drops those of the same subnet with the first one. In its order.

        With ``promote_secondaries`` the next one becomes the first, and they stay.
        """
        holder = self.holder(interface)
        if holder is None:
            return []
        gone = holder.addresses.get(address)
        if gone is None:
            return []
        takes_all = ":" not in address and holder.addresses.is_first(gone) and not holder.promote_secondaries
        removed = [*holder.addresses.subnet_of(gone)[1:], gone] if takes_all else [gone]
        for one in removed:
            holder.addresses.remove(one)
        self.changed()
        return removed

    def flush_ipv6(self, nic: Nic) -> list[Address]:
        """Linux forgets the IPv6 addresses of an interface that is set down …"""
        nic.ipv6_flushed = True
        gone = [a for a in nic.addresses if ":" in a.address]
        for address in gone:
            nic.addresses.remove(address)
        return gone

    def restore_ipv6(self, nic: Nic) -> list[Address]:
        """… and makes the link-local one anew when it comes up; the others stay gone (measured)."""
        if not nic.ipv6_flushed:
            return []
        nic.ipv6_flushed = False
        before = set(nic.addresses)
        for own in map(self._parse, nic.configured):
            if own.is_scope_link:
                nic.addresses.add(own)
        self._add_link_local(nic)
        added = [a for a in nic.addresses if a not in before]
        for address in added:
            address.added_us = self.scheduler.now
        return added

    def way_out(self, destination: str) -> Nic | None:
        """The interface on which a packet for somebody else goes on; None: a host forwards nothing."""
        return None

    def route(self, address: str) -> tuple[Nic, Nic | Vmac] | None:
        """The NIC, and the interface on it, that lead there: the longest prefix, then the oldest.

        The default route is the shortest: the first NIC that has a router on its network.
        """
        added = self.routes.toward(address) if self.routes is not None else None
        if added is not None:
            return None if isinstance(added, str) else (added.nic, added.nic)
        found: tuple[Nic, Nic | Vmac] | None = None
        longest = -1
        for nic in self.nics.values():
            cards: list[Nic | Vmac] = [nic, *nic.vmacs.values()] if nic.admin_up else []
            for card in cards:
                reach = card.addresses.reach(address)
                if reach > longest:
                    found, longest = (nic, card), reach
        if found is None:
            ways = (
                nic for nic in self.nics.values() if nic.admin_up and self.next_hop(nic, address) != address
            )
            found = next(((nic, nic) for nic in ways), None)
        return found

    def filtered(self, source: str, card: Nic | Vmac) -> str:
        """Why ``rp_filter`` drops what comes from there at an interface, or "": it does not.

        Strict (1): the way back must lead through the same interface. Loose (2): there must be a way back,
        and the interface must have an address. keepalived takes a VMAC out of it: it moves the setting from
        ``all`` to the other interfaces (measured with 2.2.7, like both modes).
        """
        if not self.rp_filter or ":" in source or isinstance(card, Vmac) or self.has(source):
            return ""
        way = self.route(source)
        if way is None:
            return f"no route leads to {source}"
        if way[1] is card:
            return ""
        if self.rp_filter == 1:
            return f"the route to {source} leads through {way[1].name}"
        has_address = card.addresses.of_version(4)
        return "" if has_address else f"{card.name} has no IPv4 address"

    def answer(self, asker: str, asked: str, port: Port, then: Answering) -> None:
        """Answer somebody who asked one of our addresses through ``port``, as soon as his MAC is known.

        ``then(nic, our MAC address, his or None)``. The answer takes the route to him. With a VMAC that is
        the card as a rule, whose subnet is older, so it bears the card's MAC address, and so does the
        question for his that may come before it (recording vmac_client_arp).
        """
        arrived = self.nic_at(port)
        added = self.routes.toward(asker, asked) if self.routes is not None else None
        if isinstance(added, str):
            then(arrived, arrived.mac, None)
            return
        nic, card = (None if is_link_local(asker) else self.route(asker)) or (arrived, arrived)
        if added is not None:
            nic, card, asker = added.nic, added.nic, added.via or asker
        else:
            asker = self.next_hop(nic, asker)
        mac = mac_bytes(nic.virtual_mac(asked)) or card.mac
        self.neighbors.find(asker, nic, partial(then, nic, mac), card=card, source=asked)

    # -- frames ------------------------------------------------------------------------------------

    def send(self, nic: Nic, data: bytes) -> None:
        """Put a frame on the wire, if there is one."""
        self.put(nic, Packet(data))

    def put(self, nic: Nic, packet: Packet) -> None:
        """The same for a frame that is a packet already."""
        if nic.up:
            nic.switch.accept(nic, packet)

    def joins(self, nic: Nic, said: Saying) -> Sequence[Follower] | None:
        """Who behind that interface only follows such adverts; None: somebody does more."""
        return self.listener.joins(nic, said) if self.listener is not None else ()

    def receive(self, nic: Nic, packet: Packet) -> None:
        """A frame came in: VRRP is for the listener, ARP and ND are answered; a bond's port hears nothing."""
        if nic.port_of is not None and nic.is_port:
            return
        if packet.saying is not None:
            if self.listener is not None:
                self.listener.receive(nic, packet)
            return
        data = packet.data
        kind = data[12] << 8 | data[13]
        if kind == 0x0800:
            if self.listener is not None and data[23] in (VRRP_KIND, 51):
                self.listener.receive(nic, packet)
        elif kind == 0x0806:
            self._arp(nic, packet)
        elif kind == IPV6_KIND:
            if data[20] == VRRP_KIND:
                if self.listener is not None:
                    self.listener.receive(nic, packet)
            else:
                self._neighbor_discovery(nic, packet)

    def _arp(self, nic: Nic, packet: Packet) -> None:
        arp = packet.frame.arp
        if arp is None:
            return
        cards = nic.taken_by(packet)
        # an address whose packets are refused is answered for all the same: others forward through it
        if arp.op == 1 and not arp.gratuitous and self.has(arp.target_ip):
            card = self._answering(nic, cards, arp.target_ip)
            if card is not None and not self.filtered(arp.sender_ip, card):
                self.neighbors.asked(arp.sender_ip, arp.sender_mac, nic, card)
                mac = "" if arp.target_ip in self.idle else nic.virtual_mac(arp.target_ip)
                self.send(nic, arp_reply_frame(mac or card.mac_text, arp))
            return
        # Linux takes a reply for an answer only if it came to this host alone
        answer = arp.op == 2 and not packet.destination[0] & 1
        names = [card.name for card in cards]
        self.neighbors.heard(arp.sender_ip, arp.sender_mac, names, answer=answer, gratuitous=arp.gratuitous)

    def _neighbor_discovery(self, nic: Nic, packet: Packet) -> None:
        frame = packet.frame
        cards = nic.taken_by(packet)
        if frame.na is not None and frame.na.mac:
            solicited = frame.na.solicited
            names = [card.name for card in cards]
            self.neighbors.heard(
                frame.na.target, frame.na.mac, names, answer=solicited, gratuitous=not solicited
            )
        elif frame.ns is not None and frame.ip is not None and self.has(frame.ns.target):
            card = self._answering(nic, cards, frame.ns.target)
            if card is None:
                return
            self.neighbors.asked(frame.ip.source, mac_text(packet.source), nic, card)
            virtual_mac = nic.virtual_mac(frame.ns.target)
            answer = na_frame(
                virtual_mac or card.mac_text,
                frame.ns.target,
                destination=frame.ip.source,
                destination_mac=mac_text(packet.source),
                router=bool(virtual_mac),  # RFC 9568 §6.4.3
                solicited=True,
            )
            self.send(nic, answer)

    @staticmethod
    def _answering(nic: Nic, cards: list[Nic | Vmac], address: str) -> Nic | Vmac | None:
        """The interface that answers for an address of the host, of those that were asked.

        A macvlan answers for its own addresses alone, the NIC for all others: keepalived sets arp_ignore
        where it makes a VMAC (measured: asked at the NIC's MAC address, nobody answers for the VMAC's).
        """
        for vmac in nic.vmacs.values():
            if vmac.addresses.get(address) is not None:
                return vmac if vmac in cards else None
        return nic if nic in cards else None
