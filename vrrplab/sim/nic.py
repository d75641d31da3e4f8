"""Network interfaces of a host: their addresses, their link state, the VMACs on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vrrplab.scenario.parts import STACKED
from vrrplab.sim.addresses import Addresses
from vrrplab.sim.followers import Follower
from vrrplab.sim.packet import Packet, Saying, mac_bytes
from vrrplab.sim.switch import Switch


class Owner(Protocol):
    """What is known of a host here."""

    name: str

    def receive(self, nic: Nic, packet: Packet) -> None:
        """A frame came in at that interface."""

    def joins(self, nic: Nic, said: Saying) -> Sequence[Follower] | None:
        """Who there only follows such adverts; None: somebody does more (``followers``)."""


class Nic:
    """A network interface of a host, and the switch port it is plugged into."""

    __slots__ = (
        "_host",
        "addresses",
        "admin_up",
        "cable",
        "configured",
        "exists",
        "from_start",
        "host_name",
        "ipv6_flushed",
        "kind",
        "mac",
        "mac_text",
        "name",
        "parents",
        "port_name",
        "port_of",
        "powered",
        "promote_secondaries",
        "switch",
        "vmacs",
        "wants_link_local",
    )

    def __init__(
        self,
        host: Owner,
        name: str,
        mac: str,
        switch: Switch,
        addresses: tuple[str, ...],
    ) -> None:
        self._host = host
        self.host_name = host.name
        self.name = name
        self.port_name = f"{host.name}:{name}"
        self.mac_text = mac
        self.mac = mac_bytes(mac)
        self.switch = switch
        self.configured = addresses
        self.exists = True  # what does not is not up either
        self.from_start = True  # there when the host boots
        self.admin_up = True
        self.cable = True
        self.parents: list[Nic] = []  # the cards it is made on: a VLAN's card, a bond's ports
        self.kind = ""  # vlan, macvlan, bond or bridge, if it has parents
        self.port_of: Nic | None = None  # the bond or bridge that takes its frames
        self.promote_secondaries = False  # the kernel's setting of that name, for this interface
        self.ipv6_flushed = False  # by being set down: the link-local one comes back with the link
        self.powered = True  # as its host is
        self.addresses = Addresses()
        self.vmacs: dict[str, Vmac] = {}
        self.wants_link_local = any(":" in a for a in addresses)
        switch.attach(self)

    @property
    def up(self) -> bool:
        """Frames can pass: powered, set up, and with a carrier."""
        return (
            self.admin_up
            and self.powered
            and self.cable
            and (not self.parents or any(parent.up for parent in self.parents))
        )

    @property
    def carrier(self) -> bool:
        """Its own cable is in, and it has its parents' carrier: that of one is enough.

        Linux: a macvlan follows its card (measured with 2.2.7); several ports carry a bond or a bridge.
        """
        return self.cable and (not self.parents or any(parent.up for parent in self.parents))

    @property
    def loses_frames(self) -> bool:
        """Set up, without a carrier: what is sent is dropped, and no sender is told."""
        return self.admin_up and not self.carrier

    def make_on(self, parents: list[Nic], kind: str) -> None:
        """It is a card of that kind on those; none: a card of its own."""
        self.parents, self.kind = parents, kind
        for parent in parents:
            if kind not in STACKED:
                parent.port_of = self

    @property
    def is_port(self) -> bool:
        """Its frames go to the bond or bridge it belongs to, and the host hears nothing on it."""
        return self.port_of is not None and self.port_of.exists and self in self.port_of.parents

    def is_made_of(self, card: Nic) -> bool:
        """Would it be gone without that card? A bond or a bridge is not; a VLAN or a macvlan is."""
        return self.exists and card in self.parents and self.kind in STACKED

    def joins(self, said: Saying) -> Sequence[Follower] | None:
        """Who behind this port only follows such adverts; None: somebody does more."""
        return self._host.joins(self, said)

    def receive(self, packet: Packet) -> None:
        """A frame came in."""
        self._host.receive(self, packet)

    def answers_to(self, mac: bytes) -> bool:
        """Is a frame to that MAC address for it: its own, a macvlan's, or that of a virtual address on it?"""
        if mac == self.mac or any(v.mac == mac for v in self.vmacs.values()):
            return True
        return self.addresses.reached_by(mac)

    def hears(self, interface: str, packet: Packet) -> bool:
        """Does a frame to a group or to everybody reach this interface, the NIC itself or a macvlan on it?

        One that bears the MAC address of a macvlan here goes to that macvlan alone, wherever it came from
        (Linux, mode private; measured with 2.2.7: a standby with ``vmac_xmit_base``, which listens on the
        card, never hears a master that sends from its VMAC).
        """
        if not self.vmacs:
            return True
        takers = [v.name for v in self.vmacs.values() if v.mac == packet.source]
        return not takers or interface in takers or not packet.destination[0] & 1

    def taken_by(self, packet: Packet) -> list[Nic | Vmac]:
        """The NIC and the macvlans on it that a frame reaches."""
        cards: list[Nic | Vmac] = [self, *self.vmacs.values()]
        if packet.destination[0] & 1:
            return [card for card in cards if self.hears(card.name, packet)]
        return self.reached_by(packet.destination)

    def reached_by(self, mac: bytes) -> list[Nic | Vmac]:
        """The interface whose own MAC address that is; the NIC, if it is none's."""
        return [vmac for vmac in self.vmacs.values() if vmac.mac == mac] or [self]

    def virtual_mac(self, address: str) -> str:
        """The virtual router MAC address by which an address of the NIC itself is reached, or ""."""
        held = self.addresses.get(address)
        return held.mac if held is not None else ""

    def has(self, address: str) -> bool:
        """Is that address on it, or on a macvlan on it?"""
        if self.addresses.get(address) is not None:
            return True
        return bool(self.vmacs) and any(v.addresses.get(address) is not None for v in self.vmacs.values())


class Vmac:
    """A macvlan on a NIC, with the virtual router MAC address and addresses of its own."""

    __slots__ = ("addresses", "mac", "mac_text", "name")

    promote_secondaries = True  # keepalived sets it for every VMAC

    def __init__(self, name: str, mac: str) -> None:
        self.name = name
        self.mac_text = mac
        self.mac = mac_bytes(mac)
        self.addresses = Addresses()
