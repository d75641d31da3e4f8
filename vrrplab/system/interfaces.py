"""The interfaces of this host, kept up to date, and what their changes mean to a router.

``InterfaceTable`` turns the kernel's notices into the machine's events. Addresses that the router itself
removed are told beforehand (``expect_removal``): the machine wants to hear only of what others did.
"""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass, field

from vrrplab.errors import LiveError
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
)
from vrrplab.system.descriptors import shortage
from vrrplab.system.netlink import IFF_LOOPBACK, AddressNotice, LinkNotice, NetlinkSocket, Notice

Change = AddressAdded | AddressRemoved | InterfaceWentDown | InterfaceWentUp


@dataclass(slots=True)
class KernelInterface:
    """One interface as the kernel last described it; ``addresses`` without prefix, the primary one first."""

    name: str
    index: int
    mac: str = ""
    up: bool = False
    flags: int = 0
    addresses: list[str] = field(default_factory=list)
    prefixes: dict[str, int] = field(default_factory=dict)

    def with_prefix(self, address: str) -> str:
        return f"{address}/{self.prefixes.get(address, 128 if ':' in address else 32)}"


class InterfaceTable:
    """All interfaces by name. ``renewed`` names those that came back under a new number since it was read."""

    def __init__(self) -> None:
        self.by_name: dict[str, KernelInterface] = {}
        self._names: dict[int, str] = {}
        self._expected: dict[tuple[str, str], int] = {}
        self.renewed: set[str] = set()

    @classmethod
    def read(cls, netlink: NetlinkSocket) -> InterfaceTable:
        """The table as the kernel has it now."""
        table = cls()
        table._take_over(netlink)
        return table

    def status(self, names: set[str]) -> dict[str, InterfaceStatus]:
        """What the machine wants to know at its start of these interfaces, and of all others there are."""
        found = {}
        for name in {*names, *self.by_name}:
            interface = self.by_name.get(name)
            if interface is None:
                found[name] = InterfaceStatus(up=False)
            else:
                found[name] = InterfaceStatus(interface.up, tuple(interface.addresses))
        return found

    def require(self, names: set[str]) -> None:
        """LiveError listing the interfaces there are, if one of ``names`` is missing."""
        missing = sorted(names - set(self.by_name))
        if missing:
            there = ", ".join(sorted(self.by_name)) or "none"
            one = f"no interface {missing[0]} here" if len(missing) == 1 else f"no {', '.join(missing)} here"
            raise LiveError(f"{one}; there are: {there} - rename with --interface {missing[0]}=NAME")

    def index_of(self, name: str) -> int:
        """The kernel's number. OSError (ENODEV) if there is no such interface."""
        known = self.by_name.get(name)
        if known is not None:
            return known.index
        try:
            return socket.if_nametoindex(name)  # a VMAC made a moment ago is not in the table yet
        except OSError:  # which does not say its number
            number = errno.EMFILE if shortage(1) else errno.ENODEV
            raise OSError(number, os.strerror(number)) from None

    def expect_removal(self, interface: str, address: str) -> None:
        """The router is about to remove this address itself."""
        key = (interface, address)
        self._expected[key] = self._expected.get(key, 0) + 1

    def cancel_removal(self, interface: str, address: str) -> None:
        """The removal did not happen after all."""
        self._was_expected(interface, address)

    def _was_expected(self, interface: str, address: str) -> bool:
        key = (interface, address)
        count = self._expected.get(key, 0)
        if count > 1:
            self._expected[key] = count - 1
        elif count:
            del self._expected[key]
        return count > 0

    def apply(self, notice: Notice) -> list[Change]:
        """Take a notice in; what of it the machine should hear."""
        if isinstance(notice, LinkNotice):
            return self._link(notice)
        return self._address(notice) if isinstance(notice, AddressNotice) else []

    def resync(self, netlink: NetlinkSocket) -> list[Change]:
        """After lost notices: read everything anew, and tell the differences."""
        before = self.by_name
        self.by_name, self._names = {}, {}
        self._expected.clear()
        self._take_over(netlink)
        changes: list[Change] = []
        for name, old in before.items():
            new = self.by_name.get(name) or KernelInterface(name, 0)
            if new.index and new.index != old.index:
                self.renewed.add(name)
            changes += [AddressRemoved(name, a) for a in old.addresses if a not in new.addresses]
            if old.up != new.up:
                changes.append(InterfaceWentUp(name) if new.up else InterfaceWentDown(name))
        for name, new in self.by_name.items():
            had = before[name].addresses if name in before else []
            changes += [AddressAdded(name, a) for a in new.addresses if a not in had]
            if name not in before:
                self.renewed.add(name)
                if new.up:
                    changes.append(InterfaceWentUp(name))
        return changes

    def _take_over(self, netlink: NetlinkSocket) -> None:
        for link in netlink.links():
            self._link(link)
        for address in netlink.addresses():
            self._address(address)
        self.renewed.clear()

    def _link(self, notice: LinkNotice) -> list[Change]:
        old_name = self._names.get(notice.number, "")
        if notice.gone:
            self._names.pop(notice.number, None)
            gone = self.by_name.pop(old_name or notice.name, None)
            return [InterfaceWentDown(gone.name)] if gone is not None and gone.up else []
        changes: list[Change] = []
        if old_name and old_name != notice.name:  # renamed: gone under the old name
            was = self.by_name.pop(old_name, None)
            if was is not None and was.up:
                changes.append(InterfaceWentDown(old_name))
        known = self.by_name.get(notice.name)
        if known is None or known.index != notice.number:
            known = self.by_name[notice.name] = KernelInterface(notice.name, notice.number)
            self.renewed.add(notice.name)
        self._names[notice.number] = notice.name
        known.mac, known.flags = notice.mac, notice.flags
        if known.up != notice.up:
            known.up = notice.up
            changes.append(InterfaceWentUp(known.name) if known.up else InterfaceWentDown(known.name))
        return changes

    def _address(self, notice: AddressNotice) -> list[Change]:
        name = self._names.get(notice.number)
        interface = self.by_name.get(name) if name else None
        if interface is None:
            return []
        address = notice.address
        if notice.gone:
            ours = self._was_expected(interface.name, address)
            if address not in interface.addresses:
                return []
            interface.addresses.remove(address)
            interface.prefixes.pop(address, None)
            return [] if ours else [AddressRemoved(interface.name, address)]
        if address in interface.addresses or notice.tentative:
            return []  # a tentative IPv6 address cannot be used yet; the kernel tells when it can
        interface.addresses.append(address)
        interface.prefixes[address] = notice.prefix
        return [AddressAdded(interface.name, address)]


def is_loopback(interface: KernelInterface) -> bool:
    return bool(interface.flags & IFF_LOOPBACK)
