"""A configuration against the host it is for: do its interfaces exist, is an address used twice?

The reader knows only the file; keepalived also knows the machine it starts on. Called with a server's
interfaces by whoever has them (a scenario, a live host).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vrrplab.config.address_syntax import Address, parse_address
from vrrplab.config.model import ConfigWarning, InstanceConfig, NodeConfig, Source
from vrrplab.errors import ConfigError


def check_against_host(
    node: NodeConfig,
    interfaces: Mapping[str, Sequence[str]],
    *,
    server: str = "",
) -> tuple[ConfigWarning, ...]:
    """What keepalived, and a careful reader, would say when ``node`` starts on this host.

    ``interfaces`` maps a name to its addresses, with or without prefix. ``server`` is how messages call
    the host. Raises ConfigError when an interface named anywhere in the file does not exist: the daemon
    exits then (2.2.7 and 2.4.3, measured), unless ``dynamic_interfaces`` is set. Warnings: a virtual
    address that is a server address (the article warns of it, fact A6); source addresses that no
    interface has; unicast peers that are the host itself.
    """
    host = _Host(interfaces, server or "this server")
    if not node.global_defs.dynamic_interfaces:
        host.check_interfaces(node)
    for instance in node.instances:
        host.check_addresses(instance)
        host.check_unicast(instance)
    return tuple(host.warnings)


class _Host:
    def __init__(self, interfaces: Mapping[str, Sequence[str]], server: str) -> None:
        self.warnings: list[ConfigWarning] = []
        self._server = server
        self._interfaces = {"lo", *interfaces}
        self._known = ", ".join(interfaces) or "none"
        self._owners: dict[Address, str] = {}
        for name, addresses in interfaces.items():
            for text in addresses:
                address = parse_address(text.partition("/")[0])
                if address:
                    self._owners[address] = name

    def check_interfaces(self, node: NodeConfig) -> None:
        for name, place in node.interfaces.items():
            if name not in self._interfaces:
                raise ConfigError(
                    place.file,
                    place.line,
                    f"{self._server} has no interface {name}, and keepalived does not start without it",
                    f"its interfaces are {self._known}",
                )

    def check_addresses(self, instance: InstanceConfig) -> None:
        for vip in (*instance.virtual_addresses, *instance.excluded_addresses):
            owner = self._owner(vip.address)
            if owner:
                self._say(
                    "article-a6",
                    vip.source,
                    f"{vip.address} is a virtual address of {instance.name} and {self._server}'s own "
                    f"address on {owner}",
                    "use an address no server has: after a fail-back the server would be cut off "
                    "(article, A6)",
                )

    def check_unicast(self, instance: InstanceConfig) -> None:
        source = instance.unicast_source or instance.multicast_source
        if source and not self._owner(source):
            option = "unicast_src_ip" if instance.unicast_source else "mcast_src_ip"
            self._say(
                "source-address",
                instance.lines.get(option, instance.source),
                f"{instance.name}: {option} {source} is no address of {self._server}",
                "use the server's real address on that network",
            )
        for peer in instance.unicast_peers:
            if self._owner(peer.address):
                self._say(
                    "own-peer",
                    peer.source,
                    f"{instance.name}: the unicast peer {peer.address} is {self._server} itself",
                    "name the other servers only",
                )

    def _owner(self, text: str) -> str:
        """The interface that has the address, or ""."""
        address = parse_address(text)
        return self._owners.get(address, "") if address else ""

    def _say(self, kind: str, source: Source, message: str, hint: str) -> None:
        self.warnings.append(ConfigWarning(source, kind, message, hint))
