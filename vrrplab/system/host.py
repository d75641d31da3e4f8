"""The host a router runs on, as the driver sees it: interfaces with addresses, and news of their changes.

``KernelHost`` is this machine (or namespace), through netlink. ``fake_host.FakeHost`` is make-believe.
"""

from __future__ import annotations

from typing import Any, Protocol

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig
from vrrplab.machine.events import InterfaceStatus
from vrrplab.system.interfaces import Change, InterfaceTable
from vrrplab.system.netlink import NetlinkSocket, Overrun, open_monitor


class Host(Protocol):
    notice: str  # what a user must know about this host before anything else, or ""

    def require(self, node: NodeConfig) -> None:
        """LiveError if the host lacks an interface that this configuration names."""
        ...

    def present(self, names: set[str]) -> set[str]:
        """Those that exist."""
        ...

    def status(self, names: set[str]) -> dict[str, InterfaceStatus]: ...

    def descriptors(self) -> list[int]:
        """What becomes readable when something changed."""
        ...

    def changes(self) -> list[Change]:
        """What changed since the last call; never waits."""
        ...

    def take_renewed(self) -> set[str]:
        """Interfaces that are new, or came back, since the last call."""
        ...

    def segments(self) -> dict[str, Any]: ...

    def describe(self, names: set[str]) -> dict[str, Any]:
        """Interfaces as a trace's first event has them."""
        ...

    def close(self) -> None: ...


class KernelHost:
    """This machine's own interfaces."""

    notice = ""

    def __init__(self) -> None:
        self._monitor = open_monitor()
        self._netlink = NetlinkSocket()
        # listening begins before reading, so that nothing can fall in between
        self.table = InterfaceTable.read(self._netlink)

    @property
    def netlink(self) -> NetlinkSocket:
        """A socket for requests, beside the one that listens."""
        return self._netlink

    def require(self, node: NodeConfig) -> None:
        self.table.require(interfaces_of(node) - {i.use_vmac for i in node.instances})

    def present(self, names: set[str]) -> set[str]:
        return names & set(self.table.by_name)

    def status(self, names: set[str]) -> dict[str, InterfaceStatus]:
        return self.table.status(names)

    def descriptors(self) -> list[int]:
        return [self._monitor.fileno()]

    def changes(self) -> list[Change]:
        try:
            return [change for notice in self._monitor.read() for change in self.table.apply(notice)]
        except Overrun:
            return self.table.resync(self._netlink)

    def take_renewed(self) -> set[str]:
        renewed, self.table.renewed = self.table.renewed, set()
        return renewed

    def segments(self) -> dict[str, Any]:
        return {}

    def describe(self, names: set[str]) -> dict[str, Any]:
        found = {}
        for name in sorted(names):
            interface = self.table.by_name.get(name)
            if interface is not None:
                addresses = [interface.with_prefix(a) for a in interface.addresses]
                found[name] = {"segment": name, "mac": interface.mac, "addresses": addresses}
        return found

    def close(self) -> None:
        self._monitor.close()
        self._netlink.close()
