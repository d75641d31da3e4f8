"""Network interfaces of a host: their addresses, their link state, the VMACs on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from vrrplab.sim.packet import Packet, mac_bytes
from vrrplab.sim.switch import Switch


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
        self.carrier = True
        self.powered = True  # as its host is
        self.receive = partial(take, self)
        self.addresses: list[Address] = []
        self.vmacs: dict[str, Vmac] = {}
        self.wants_link_local = any(":" in a for a in addresses)
        switch.attach(self)

    @property
    def up(self) -> bool:
        """Frames can pass: powered, up, and a cable in it."""
        return self.admin_up and self.carrier and self.powered

    def answers_to(self, mac: bytes) -> bool:
        if mac == self.mac or any(v.mac == mac for v in self.vmacs.values()):
            return True
        return any(a.mac_bytes == mac for a in self.addresses)

    def has(self, address: str) -> bool:
        return any(a.address == address for a in self.addresses) or any(
            a.address == address for v in self.vmacs.values() for a in v.addresses
        )


class Vmac:
    """A macvlan on a NIC, with the virtual router MAC address and addresses of its own."""

    def __init__(self, name: str, mac: str) -> None:
        self.name = name
        self.mac_text = mac
        self.mac = mac_bytes(mac)
        self.addresses: list[Address] = []
