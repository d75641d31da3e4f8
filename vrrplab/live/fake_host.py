"""A make-believe host for VRRP inside UDP: interfaces and addresses in a list, cables pulled on command.

Commands come as lines on a stream (usually standard input):

    link_down eth0 · link_up eth0 · address_remove eth0 192.168.2.251 · address_add eth0 192.168.2.251
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig
from vrrplab.errors import AddressError, LiveError
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
)
from vrrplab.system.interfaces import Change
from vrrplab.trace.vocabulary import Act
from vrrplab.wire.addresses import pack_address, unpack_mac


@dataclass(slots=True)
class FakeInterface:
    """``addresses`` are ADDRESS/PREFIX; ``segment`` is the make-believe LAN it is plugged into."""

    name: str
    segment: str
    mac: str
    addresses: list[str] = field(default_factory=list)
    up: bool = True


class FakeHost:
    """``control``: a descriptor that commands are read from, or None."""

    def __init__(
        self, interfaces: Iterable[FakeInterface], notice: str = "", control: int | None = None
    ) -> None:
        self.interfaces = {one.name: one for one in interfaces}
        self.notice = notice
        self._control = control
        self._unread = b""

    def require(self, node: NodeConfig) -> None:
        missing = sorted(interfaces_of(node) - set(self.interfaces))
        if missing:
            there = ", ".join(self.interfaces) or "none"
            raise LiveError(
                f"the make-believe host has no {missing[0]}; it has: {there} - give it one with"
                f" --address {missing[0]}=ADDRESS/PREFIX"
            )

    def present(self, names: set[str]) -> set[str]:
        return names & set(self.interfaces)

    def status(self, names: set[str]) -> dict[str, InterfaceStatus]:
        return {
            one.name: InterfaceStatus(one.up, tuple(a.partition("/")[0] for a in one.addresses))
            for one in self.interfaces.values()
        }

    def descriptors(self) -> list[int]:
        return [] if self._control is None else [self._control]

    def changes(self) -> list[Change]:
        if self._control is None:
            return []
        if not select.select([self._control], [], [], 0)[0]:
            return []  # somebody else's terminal is not made non-blocking, it is only never waited for
        try:
            data = os.read(self._control, 4096)
        except OSError:
            data = b""
        if not data:
            self._control = None
            return []
        *lines, self._unread = (self._unread + data).split(b"\n")
        found = (self.command(line.decode("utf-8", "replace")) for line in lines[:100])
        return [change for change in found if change is not None]

    def command(self, line: str) -> Change | None:
        """One command; None if it changes nothing or is none."""
        words = line.split()
        interface = self.interfaces.get(words[1]) if len(words) > 1 else None
        if interface is None:
            return None
        match words[0], words[2:]:
            case Act.LINK_DOWN, [] if interface.up:
                interface.up = False
                return InterfaceWentDown(interface.name)
            case Act.LINK_UP, [] if not interface.up:
                interface.up = True
                return InterfaceWentUp(interface.name)
            case Act.ADDRESS_REMOVE, [address]:
                kept = [a for a in interface.addresses if a.partition("/")[0] != address]
                interface.addresses = kept
                return AddressRemoved(interface.name, address)
            case Act.ADDRESS_ADD, [address]:
                interface.addresses.append(f"{address}/24")
                return AddressAdded(interface.name, address)
        return None

    def take_renewed(self) -> set[str]:
        return set()

    def segments(self) -> dict[str, Any]:
        return {one.segment: {} for one in self.interfaces.values()}

    def describe(self, names: set[str]) -> dict[str, Any]:
        return {
            one.name: {"segment": one.segment, "mac": one.mac, "addresses": list(one.addresses)}
            for one in self.interfaces.values()
        }

    def close(self) -> None:
        self._control = None


def mac_of(address: str) -> str:
    """A locally administered MAC address made of an IP address, so that each router has its own."""
    return unpack_mac(b"\x02\x70" + pack_address(address)[-4:])


def parse_interface(text: str) -> FakeInterface:
    """``NAME=ADDRESS/PREFIX[,ADDRESS/PREFIX…][@SEGMENT]``; LiveError says what is wrong with it."""
    name, equals, rest = text.partition("=")
    addresses_text, _, segment = rest.partition("@")
    addresses = [a for a in addresses_text.split(",") if a]
    if not equals or not name or not addresses:
        raise LiveError(f"--address {text}: write NAME=ADDRESS/PREFIX, for example eth0=192.168.2.251/24")
    for address in addresses:
        bare, _, prefix = address.partition("/")
        try:
            width = len(pack_address(bare)) * 8
        except AddressError as error:
            raise LiveError(f"--address {text}: {error}") from None
        if not prefix.isdecimal() or int(prefix) > width:
            raise LiveError(
                f"--address {text}: {address} needs a prefix from 0 to {width}, such as {bare}/24"
            )
    return FakeInterface(name, segment or name, mac_of(addresses[0].partition("/")[0]), addresses)
