"""The names that a run has, and the sentence for one that it does not have.

Everybody who asks a trace for a server, an instance, an address or a target is checked here, so that a typing
mistake never passes for "nobody" or "no outage". A name counts when the cast tells of it (an address that is
configured and never taken is one), when a reload brings it, or when an event bears it: a capture or a file
has no more. A trace that knows no name of a sort refuses none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from vrrplab.trace.events import (
    ActionEvent,
    AddressEvent,
    AdvertEvent,
    AnnouncementEvent,
    ConfigurationEvent,
    NeighbourEvent,
    OpenEvent,
    OutageEvent,
    TraceEvent,
    as_table,
)


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """An address without prefix and zone in its usual spelling; what is no address stays as it is."""
    return _read(text) or text


def is_address(text: str) -> bool:
    return bool(_read(text))


def _read(text: str) -> str:
    from vrrplab.errors import AddressError
    from vrrplab.wire.addresses import pack_address, unpack_address  # who only reads a log needs none

    try:
        return unpack_address(pack_address(text.partition("/")[0]))
    except AddressError:
        return ""


def probes_of(cast: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What clients ask for: the client, and the probe as the cast has it."""
    for client, about in as_table(cast.get("clients")).items():
        probes = as_table(about).get("probes")
        yield from ((client, one) for one in (probes if isinstance(probes, list) else ()) if as_table(one))


class Names:
    """What can be asked for: ``cast`` is the content of the ``scenario`` event, ``events`` all that happened.

    The events are looked through only for a name that the cast does not have.
    """

    def __init__(self, cast: dict[str, Any], events: Callable[[], Iterable[TraceEvent]]) -> None:
        self._events = events
        self._later: _Found | None = None
        self._cast = _Found()
        for server, about in as_table(cast.get("servers")).items():
            self._cast.servers[server] = None
            self._cast.take_instances(server, as_table(about).get("instances"))
            self._cast.interfaces[server] = dict.fromkeys(as_table(as_table(about).get("interfaces")))
        self._cast.take(_texts(cast.get("virtual_addresses")))
        self.virtual = dict(self._cast.addresses)
        self._cast.take(_configured(as_table(about) for about in as_table(cast.get("servers")).values()))
        self.hosts: dict[str, dict[str, None]] = {}  # a server's own address -> servers
        for server, about in as_table(cast.get("servers")).items():
            for address in _of_cards(as_table(about)):
                self.hosts.setdefault(plain_address(address), {})[server] = None
        self._cast.take(self.hosts)
        for other in (*as_table(cast.get("clients")).values(), *as_table(cast.get("routers")).values()):
            self._cast.take(_texts(as_table(other).get("addresses")))
            self._cast.take(_of_cards(as_table(other)))
        for name, addresses in as_table(cast.get("dns")).items():
            self._cast.targets[name] = None
            self._cast.take(_texts(addresses))
        for _, probe in probes_of(cast):
            self._cast.take_target(str(probe.get("target", "")))

    # -- questions -----------------------------------------------------------------------------

    def server(self, value: Any) -> str:
        """``value``, if it is a server of the run; VrrplabError says what there is."""
        return self._known(value, "server", lambda found: (found.servers,), "in this trace")

    def instance(self, value: Any, server: str = "") -> str:
        """``value``, if it is an instance of the run, or of that server."""
        where = f"on {server}" if server else "in this trace"
        return self._known(value, "instance", lambda found: (found.instances.get(server, {}),), where)

    def interface(self, value: Any, server: str) -> str:
        """``value``, if it is an interface of that server."""
        on = f"on {server}"
        return self._known(value, "interface", lambda found: (found.interfaces.get(server, {}),), on)

    def address(self, value: Any) -> str:
        """``value`` without its prefix and in its usual spelling, if somebody of the run has, had or is to
        have that address.
        """
        text = plain_address(value) if isinstance(value, str) else value
        return self._known(text, "address", lambda found: (found.addresses,), "in this trace", value)

    def target(self, value: Any) -> str:
        """A name or an address, as ``address``, if a client of the run could ask for it."""
        text = plain_address(value) if isinstance(value, str) else value
        where, offered = "of any client", (*self._cast.targets, *self.virtual)
        return self._known(
            text, "target", lambda found: (found.targets, found.addresses), where, value, offered
        )

    def _known(
        self,
        value: Any,
        what: str,
        of: Callable[[_Found], tuple[dict[str, None], ...]],
        where: str,
        given: Any = None,
        offered: Iterable[str] = (),
    ) -> str:
        """``given``: how it was spelled; ``offered``: in its place, by default all that there is."""
        if isinstance(value, str) and any(value in names for names in of(self._cast)):
            return value
        among = dict.fromkeys(chain(*of(self._cast), *of(self._seen())))
        if isinstance(value, str) and (value in among or not among):
            return value
        from vrrplab import arguments

        return arguments.known(
            value if given is None else given, what, dict.fromkeys(offered) or among, where
        )

    def _seen(self) -> _Found:
        """What the events tell, looked for once."""
        if self._later is None:
            found = self._later = _Found()
            for event in self._events():
                found.see(event)
        return self._later


class _Found:
    """Names of each sort, in the order in which they were found."""

    def __init__(self) -> None:
        self.servers: dict[str, None] = {}
        self.instances: dict[str, dict[str, None]] = {"": {}}  # by server; "": of any
        self.interfaces: dict[str, dict[str, None]] = {}  # by server
        self.addresses: dict[str, None] = {}
        self.targets: dict[str, None] = {}

    def take(self, addresses: Iterable[str]) -> None:
        self.addresses.update(dict.fromkeys(plain_address(address) for address in addresses if address))

    def take_target(self, target: str) -> None:
        if target:
            self.targets[plain_address(target)] = None
            if is_address(target):
                self.take((target,))

    def take_instances(self, server: str, instances: Any) -> None:
        for name in as_table(instances):
            self.instances.setdefault(server, {})[name] = None
            self.instances[""][name] = None

    def see(self, event: TraceEvent) -> None:
        """Names that an event bears."""
        if event.server:
            self.servers[event.server] = None
        if event.instance:
            self.take_instances(event.server, {event.instance: None})
        told = event.content if isinstance(event, OpenEvent) else {}
        card = told.get("interface") or getattr(event, "interface", "")
        if isinstance(card, str) and card:
            self.interfaces.setdefault(event.server, {})[card] = None
        match event:
            case AddressEvent() | AnnouncementEvent():
                self.take((str(event.address),))
            case AdvertEvent():
                self.take((str(event.source), *_texts(event.addresses)))
            case NeighbourEvent():
                self.take((str(event.ip),))
            case OutageEvent():
                self.take_target(str(event.target))
            case ActionEvent() if "address" in event.content:
                self.take((str(event.content["address"]),))
            case ConfigurationEvent():
                self.take_instances(event.server, event.instances)
                self.take(_configured([{"instances": event.instances}]))


def _configured(servers: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Addresses of instances."""
    for about in servers:
        for config in as_table(about.get("instances")).values():
            for key in ("virtual_addresses", "excluded_addresses"):
                yield from _texts(as_table(config).get(key))


def _of_cards(about: dict[str, Any]) -> Iterator[str]:
    for card in as_table(about.get("interfaces")).values():
        yield from _texts(as_table(card).get("addresses"))


def _texts(told: Any) -> list[str]:
    """The texts of a list; a file may have something else in its place."""
    return [one for one in told if isinstance(one, str)] if isinstance(told, list | tuple) else []
