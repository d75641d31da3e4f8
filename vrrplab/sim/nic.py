"""Network interfaces of a host: their addresses, their link state, the VMACs on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from vrrplab.sim.packet import Packet, mac_bytes
from vrrplab.sim.switch import Switch
from vrrplab.wire.addresses import is_link_local


@dataclass(slots=True, eq=False)
class Address:
    """One address on an interface; ``mac``: the virtual router MAC address it is reached by, or ""."""

    address: str
    prefix: int
    label: str = ""
    mac: str = ""
    mac_bytes: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.mac_bytes = mac_bytes(self.mac)

    @property
    def with_prefix(self) -> str:
        return f"{self.address}/{self.prefix}"

    @property
    def is_scope_link(self) -> bool:
        """What Linux gives scope link: fe80::/10. (A 169.254.0.0/16 set by hand has scope global.)"""
        return ":" in self.address and is_link_local(self.address)


class Nic:
    """A network interface and the switch port it is plugged into. ``take(nic, frame)``: the host's side."""

    def __init__(
        self,
        host_name: str,
        name: str,
        mac: str,
        switch: Switch,
        addresses: tuple[str, ...],
        take: Callable[[Nic, Packet], None],
    ) -> None:
        self.host_name = host_name
        self.name = name
        self.port_name = f"{host_name}:{name}"
        self.mac_text = mac
        self.mac = mac_bytes(mac)
        self.switch = switch
        self.configured = addresses
        self.admin_up = True
        self.cable = True
        self.parents: list[Nic] = []  # the cards it is made on: a VLAN's card, a bond's ports
        self.promote_secondaries = False  # the kernel's setting of that name, for this interface
        self.ipv6_flushed = False  # by being set down: they come back with the link
        self.powered = True  # as its host is
        self.receive = partial(take, self)
        self.addresses: list[Address] = []
        self.vmacs: dict[str, Vmac] = {}
        self.wants_link_local = any(":" in a for a in addresses)
        switch.attach(self)

    @property
    def up(self) -> bool:
        """Frames can pass: powered, set up, and with a carrier."""
        return self.admin_up and self.carrier and self.powered

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

    def answers_to(self, mac: bytes) -> bool:
        if mac == self.mac or any(v.mac == mac for v in self.vmacs.values()):
            return True
        return any(a.mac_bytes == mac for a in self.addresses)

    def hears(self, interface: str, packet: Packet) -> bool:
        """Does a frame to a group or to everybody reach this interface, the NIC itself or a macvlan on it?

        One that bears the MAC address of a macvlan here goes to that macvlan alone, wherever it came from
        (Linux, mode private; measured with 2.2.7: a standby with ``vmac_xmit_base``, which listens on the
        card, never hears a master that sends from its VMAC).
        """
        takers = [v.name for v in self.vmacs.values() if v.mac == packet.source]
        return not takers or interface in takers or not packet.destination[0] & 1

    def has(self, address: str) -> bool:
        return any(a.address == address for a in self.addresses) or any(
            a.address == address for v in self.vmacs.values() for a in v.addresses
        )


class Vmac:
    """A macvlan on a NIC, with the virtual router MAC address and addresses of its own."""

    promote_secondaries = True  # keepalived sets it for every VMAC

    def __init__(self, name: str, mac: str) -> None:
        self.name = name
        self.mac_text = mac
        self.mac = mac_bytes(mac)
        self.addresses: list[Address] = []
