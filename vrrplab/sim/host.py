"""A host on the LAN: its interfaces and who has which address, a firewall for VRRP, ARP and ND answers.

It behaves like Linux where that matters here: removing the first address of a subnet removes the others of
that subnet too (unless ``promote_secondaries`` is set), IPv6 addresses go with the link, any address is
answered for on any interface.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.scenario.address_checks import link_local, same_subnet
from vrrplab.sim.neighbors import NeighborCache
from vrrplab.sim.nic import Address, Nic, Vmac
from vrrplab.sim.packet import Packet, mac_text
from vrrplab.sim.scheduler import Scheduler
from vrrplab.sim.switch import Switch
from vrrplab.wire.frames import arp_reply_frame, na_frame

IPV6_KIND, VRRP_KIND = 0x86DD, 112


class Host:
    """``changed`` is called when what the host answers may have changed."""

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        changed: Callable[[], None],
        promote_secondaries: bool = False,
    ) -> None:
        self.name = name
        self.promote_secondaries = promote_secondaries  # as the host sets it; a daemon may, for an interface
        self.scheduler = scheduler
        self.changed = changed
        self.nics: dict[str, Nic] = {}
        self.powered = True
        self.blocked: set[tuple[str, str]] = set()  # (direction, protocol)
        self.refused: set[str] = set()  # addresses whose packets the host drops (no_accept)
        self.neighbors = NeighborCache(scheduler, self.send, changed)
        self.on_vrrp: Callable[[Nic, Packet], None] | None = None

    def add_nic(self, name: str, mac: str, switch: Switch, addresses: tuple[str, ...]) -> Nic:
        nic = self.nics[name] = Nic(self.name, name, mac, switch, addresses, self.receive)
        self.configure(nic)
        return nic

    def promote(self, interfaces: set[str]) -> None:
        """A daemon sets ``promote_secondaries`` for these interfaces; the others are as the host has it."""
        for nic in self.nics.values():
            nic.promote_secondaries = self.promote_secondaries or nic.name in interfaces

    def switch_off(self) -> None:
        self.powered = False
        for nic in self.nics.values():
            nic.powered = False

    def boot(self) -> None:
        """Power is back. What was set by hand is forgotten; a pulled cable is still out."""
        self.powered = True
        self.blocked.clear()
        self.refused.clear()
        self.neighbors.clear()
        for nic in self.nics.values():
            nic.admin_up = nic.powered = True
            self.configure(nic)

    def configure(self, nic: Nic) -> None:
        """The addresses the host has from its own configuration."""
        nic.addresses = [self._parse(a) for a in nic.configured]
        nic.ipv6_flushed = False
        nic.promote_secondaries = self.promote_secondaries
        self._add_link_local(nic)

    def _add_link_local(self, nic: Nic) -> None:
        has_one = any(a.is_scope_link for a in nic.addresses)
        if nic.wants_link_local and not has_one:
            nic.addresses.append(Address(link_local(nic.mac_text), 64))

    @staticmethod
    def _parse(text: str) -> Address:
        address, _, prefix = text.partition("/")
        return Address(address, int(prefix))

    # -- what it has -------------------------------------------------------------------------------

    def has(self, address: str) -> bool:
        return any(nic.has(address) for nic in self.nics.values())

    def holder(self, interface: str) -> Nic | Vmac | None:
        """The NIC or VMAC interface of that name."""
        if interface in self.nics:
            return self.nics[interface]
        for nic in self.nics.values():
            if interface in nic.vmacs:
                return nic.vmacs[interface]
        return None

    def nic_of(self, interface: str) -> Nic | None:
        """The NIC through which an interface (itself or a VMAC on it) reaches the wire."""
        for nic in self.nics.values():
            if nic.name == interface or interface in nic.vmacs:
                return nic
        return None

    def add_address(self, interface: str, address: str, prefix: int, label: str = "", mac: str = "") -> bool:
        """False: it was there already, or there is no such interface."""
        holder = self.holder(interface)
        if holder is None or any(a.address == address for a in holder.addresses):
            return False
        holder.addresses.append(Address(address, prefix, label, mac))
        self.changed()
        return True

    def remove_address(self, interface: str, address: str) -> list[Address]:
        """All addresses that go: Linux drops those of the same subnet with the first one. In its order.

        With ``promote_secondaries`` the next one becomes the first, and they stay.
        """
        holder = self.holder(interface)
        if holder is None:
            return []
        gone = next((a for a in holder.addresses if a.address == address), None)
        if gone is None:
            return []
        same = [
            a
            for a in holder.addresses
            if a.prefix == gone.prefix and same_subnet(a.address, address, gone.prefix)
        ]
        takes_all = ":" not in address and same[0] is gone and not holder.promote_secondaries
        removed = [*same[1:], gone] if takes_all else [gone]
        holder.addresses = [a for a in holder.addresses if a not in removed]
        self.changed()
        return removed

    def flush_ipv6(self, nic: Nic) -> list[Address]:
        """Linux forgets the IPv6 addresses of an interface that is set down …"""
        nic.ipv6_flushed = True
        gone = [a for a in nic.addresses if ":" in a.address]
        nic.addresses = [a for a in nic.addresses if ":" not in a.address]
        return gone

    def restore_ipv6(self, nic: Nic) -> list[Address]:
        """… and makes the link-local one anew when it comes up."""
        if not nic.ipv6_flushed:
            return []
        nic.ipv6_flushed = False
        before = list(nic.addresses)
        nic.addresses += [self._parse(a) for a in nic.configured if ":" in a]
        self._add_link_local(nic)
        return [a for a in nic.addresses if a not in before]

    # -- frames ------------------------------------------------------------------------------------

    def send(self, nic: Nic, data: bytes) -> None:
        """Put a frame on the wire, if there is one."""
        if nic.up:
            nic.switch.accept(nic, Packet(data))

    def receive(self, nic: Nic, packet: Packet) -> None:
        data = packet.data
        kind = data[12] << 8 | data[13]
        if kind == 0x0800:
            if self.on_vrrp and data[23] in (VRRP_KIND, 51):
                self.on_vrrp(nic, packet)
        elif kind == 0x0806:
            self._arp(nic, packet)
        elif kind == IPV6_KIND:
            if data[20] == VRRP_KIND:
                if self.on_vrrp:
                    self.on_vrrp(nic, packet)
            else:
                self._neighbor_discovery(nic, packet)

    def _arp(self, nic: Nic, packet: Packet) -> None:
        arp = packet.frame.arp
        if arp is None:
            return
        self.neighbors.heard(arp.sender_ip, arp.sender_mac, answer=arp.op == 2, gratuitous=arp.gratuitous)
        # an address whose packets are refused is answered for all the same: others forward through it
        if arp.op == 1 and not arp.gratuitous and self.has(arp.target_ip):
            self.neighbors.asked(arp.sender_ip, arp.sender_mac, nic)
            self.send(nic, arp_reply_frame(self._mac_for(nic, arp.target_ip), arp))

    def _neighbor_discovery(self, nic: Nic, packet: Packet) -> None:
        frame = packet.frame
        if frame.na is not None and frame.na.mac:
            unsolicited = not frame.na.solicited
            self.neighbors.heard(
                frame.na.target, frame.na.mac, answer=frame.na.solicited, gratuitous=unsolicited
            )
        elif frame.ns is not None and frame.ip is not None and self.has(frame.ns.target):
            self.neighbors.asked(frame.ip.source, mac_text(packet.source), nic)
            answer = na_frame(
                self._mac_for(nic, frame.ns.target),
                frame.ns.target,
                destination=frame.ip.source,
                destination_mac=mac_text(packet.source),
                router=bool(self._virtual_mac(nic, frame.ns.target)),  # RFC 9568 §6.4.3
                solicited=True,
            )
            self.send(nic, answer)

    def _mac_for(self, nic: Nic, address: str) -> str:
        for vmac in nic.vmacs.values():
            if any(a.address == address for a in vmac.addresses):
                return vmac.mac_text
        return self._virtual_mac(nic, address) or nic.mac_text

    @staticmethod
    def _virtual_mac(nic: Nic, address: str) -> str:
        return next((a.mac for a in nic.addresses if a.address == address), "")
