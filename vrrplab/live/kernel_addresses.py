"""Virtual addresses on and off this host's interfaces: really, through the kernel, or only in a list.

Whoever puts an address there is the one to take it away again, whatever happens in between: ``release`` takes
off everything that is still held.
"""

from __future__ import annotations

import contextlib
import errno
from typing import Protocol

from vrrplab.system.interfaces import InterfaceTable
from vrrplab.system.netlink import NetlinkSocket
from vrrplab.wire.addresses import is_link_local


class AddressBook(Protocol):
    """Where addresses are kept. ``pretended``: no interface is touched."""

    pretended: bool

    def add(self, interface: str, address: str, prefix: int, label: str, scope: str) -> bool:
        """Put it there; False if it was there already. OSError as the kernel says."""
        ...

    def remove(self, interface: str, address: str, prefix: int) -> bool:
        """Take it off; False if it was not there."""
        ...

    def link_local(self, interface: str) -> str:
        """The interface's own IPv6 link-local address, "" if it has none."""
        ...

    def release(self) -> None:
        """Take off all that is still held."""
        ...


class KernelAddresses:
    """Real addresses, through netlink; needs CAP_NET_ADMIN."""

    pretended = False

    def __init__(self, netlink: NetlinkSocket, table: InterfaceTable) -> None:
        self._netlink = netlink
        self._table = table
        self._held: dict[tuple[str, str], int] = {}

    def add(self, interface: str, address: str, prefix: int, label: str, scope: str) -> bool:
        index = self._table.index_of(interface)
        try:
            self._netlink.add_address(index, address, prefix, label, scope)
        except FileExistsError:
            self._held[interface, address] = prefix
            return False
        self._held[interface, address] = prefix
        return True

    def remove(self, interface: str, address: str, prefix: int) -> bool:
        self._held.pop((interface, address), None)
        self._table.expect_removal(interface, address)
        try:
            self._netlink.delete_address(self._table.index_of(interface), address, prefix)
        except OSError as error:
            self._table.cancel_removal(interface, address)
            if error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV):
                return False
            raise
        return True

    def link_local(self, interface: str) -> str:
        known = self._table.by_name.get(interface)
        found = [a for a in known.addresses if ":" in a and is_link_local(a)] if known is not None else []
        return found[0] if found else ""

    def release(self) -> None:
        for (interface, address), prefix in list(self._held.items()):
            with contextlib.suppress(OSError):
                self.remove(interface, address, prefix)


class PretendedAddresses:
    """Addresses in a list: for dry runs, and for VRRP inside UDP."""

    pretended = True

    def __init__(self) -> None:
        self._held: set[tuple[str, str]] = set()

    def add(self, interface: str, address: str, prefix: int, label: str, scope: str) -> bool:
        known = (interface, address) in self._held
        self._held.add((interface, address))
        return not known

    def remove(self, interface: str, address: str, prefix: int) -> bool:
        known = (interface, address) in self._held
        self._held.discard((interface, address))
        return known

    def link_local(self, interface: str) -> str:
        return ""

    def release(self) -> None:
        self._held.clear()
