"""The routing tables of a host: connected networks, and the routes and rules that a daemon adds.

Linux, as measured: a new route goes before those there of the same network and metric; one that is there
already is no error; a route vanishes when its interface is set down or loses its last address of that family,
or when its ``src`` address goes. A second owner of a route is not known to the kernel: who removes it removes
it for all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol, TypeVar

from vrrplab.config.routes import MAIN, NextHop, VirtualRoute, VirtualRule
from vrrplab.sim.nic import Nic, Vmac

_Key = TypeVar("_Key")
IpNetwork = IPv4Network | IPv6Network
IpAddress = IPv4Address | IPv6Address
MAIN_PRIORITY = 32766
LOST = "lost"  # a blackhole or its like: there is a route, and it leads nowhere


class Interfaces(Protocol):
    """What the tables know of their host."""

    nics: dict[str, Nic]

    def nic_of(self, interface: str) -> Nic | None:
        """The NIC through which an interface (itself or a VMAC on it) reaches the wire; None: no such one."""

    def holder(self, interface: str) -> Nic | Vmac | None:
        """The NIC or VMAC interface of that name."""

    def has(self, address: str) -> bool:
        """Is that address on any of its interfaces?"""


class Refused(Exception):
    """The kernel takes the route not; the text is its reason."""


def key_of(route: VirtualRoute) -> tuple[object, ...]:
    """What two routes that may be the same have in common, but for their routers."""
    return route.destination, route.kind, route.table, route.metric, route.source_address, route.scope


@dataclass(slots=True, eq=False)
class HeldRoute:
    """A route in a table, with the interfaces that the kernel found for its routers."""

    route: VirtualRoute
    hops: tuple[NextHop, ...]
    network: IpNetwork

    @property
    def text(self) -> str:
        """As ``ip route`` shows it, with the interfaces that were found."""
        return self.route.text(self.hops)

    @property
    def interface(self) -> str:
        """Of its first router; "": it has none (a blackhole or its like)."""
        return self.hops[0].interface if self.hops else ""

    def is_for(self, route: VirtualRoute) -> bool:
        """Is it the one the kernel would find for that, whichever interface the one of both leaves out?"""
        if key_of(self.route) != key_of(route) or len(self.hops) != len(route.hops):
            return False
        pairs = zip(self.hops, route.hops, strict=True)
        return all(a.via == b.via and b.interface in ("", a.interface) for a, b in pairs)

    def uses(self, interface: str, family: int = 0) -> bool:
        """Does it need that interface? ``family`` 0: of any."""
        ours = any(hop.interface == interface for hop in self.hops)
        return ours and family in (0, self.route.family)


@dataclass(slots=True)
class Way:
    """Where a packet leaves: the interface, and the router there ("": its destination is on that network)."""

    nic: Nic
    via: str
    added: bool = True  # by an added route; False: its network is connected


class RouteTables:
    """What daemons have added to a host's routes and rules. Connected networks follow from its addresses."""

    __slots__ = ("_alike", "_host", "_in_order", "_naming", "_routes", "_rules", "named")

    def __init__(self, host: Interfaces) -> None:
        self._host = host
        self._routes: OrderedDict[HeldRoute, None] = OrderedDict()  # those added last first
        self._alike: dict[tuple[object, ...], list[HeldRoute]] = {}  # by ``key_of``, in the same order
        self._naming: dict[str, list[HeldRoute]] = {}  # by their ``src`` address
        self._rules: dict[str, VirtualRule] = {}  # by their text
        self._in_order: list[VirtualRule] | None = None  # the rules by priority; None: they have changed
        self.named: list[IpNetwork] = []  # to these the host has no way but an added route

    # -- coming and going --------------------------------------------------------------------------

    def add(self, route: VirtualRoute) -> HeldRoute | None:
        """The route as it stands in its table now; None: it was there. Raises Refused."""
        try:
            network = ip_network(route.destination)
        except ValueError:
            raise Refused("Invalid argument") from None  # host bits are set
        held = HeldRoute(route, tuple(self._resolved(hop) for hop in route.hops), network)
        if route.source_address and not self._host.has(route.source_address):
            raise Refused("Invalid argument")
        if self.has(route):
            return None
        self._routes[held] = None
        self._routes.move_to_end(held, last=False)
        self._alike.setdefault(key_of(route), []).insert(0, held)
        if route.source_address:
            self._naming.setdefault(route.source_address, []).insert(0, held)
        return held

    def _resolved(self, hop: NextHop) -> NextHop:
        """With its interface: the one it names, or that on whose network its router is."""
        if hop.interface:
            nic = self._host.nic_of(hop.interface)
            if nic is None or not nic.admin_up:
                raise Refused("Network is down")
            if hop.via and not self._reaches(hop.interface, hop.via):
                raise Refused("Network is unreachable")
            return hop
        for name in self._names():
            if self._reaches(name, hop.via):
                return NextHop(hop.via, name, hop.weight)
        raise Refused("Network is unreachable")

    def _names(self) -> Iterator[str]:
        for nic in self._host.nics.values():
            if nic.admin_up:
                yield nic.name
                yield from nic.vmacs

    def _reaches(self, interface: str, address: str) -> bool:
        holder = self._host.holder(interface)
        return ip_address(address).is_link_local or (
            holder is not None and holder.addresses.reach(address) >= 0
        )

    def has(self, route: VirtualRoute) -> bool:
        """Is it in its table, whoever added it?"""
        return any(held.is_for(route) for held in self._alike.get(key_of(route), ()))

    def remove(self, route: VirtualRoute) -> list[HeldRoute]:
        """Take it out, whoever added it; what was really there."""
        return self._drop([held for held in self._alike.get(key_of(route), ()) if held.is_for(route)][:1])

    def interface_down(self, interface: str) -> list[HeldRoute]:
        """It was set down: the kernel drops the routes that need it, and tells no daemon."""
        return self._drop([held for held in self._routes if held.uses(interface)])

    def address_gone(self, interface: str, address: str) -> list[HeldRoute]:
        """An address went: with it those that name it, with the last of its family all of the interface."""
        family = 6 if ":" in address else 4
        holder = self._host.holder(interface)
        if holder is not None and holder.addresses.of_version(family):
            return self._drop(list(self._naming.get(address, ())))
        return self._drop(
            [
                held
                for held in self._routes
                if held.route.source_address == address or held.uses(interface, family)
            ]
        )

    def _drop(self, gone: list[HeldRoute]) -> list[HeldRoute]:
        for held in gone:
            del self._routes[held]
            _take_out(self._alike, key_of(held.route), held)
            if held.route.source_address:
                _take_out(self._naming, held.route.source_address, held)
        return gone

    def add_rule(self, rule: VirtualRule) -> bool:
        """False: it was there."""
        text = rule.text()
        if text in self._rules:
            return False
        self._rules[text] = rule
        self._in_order = None
        return True

    def remove_rule(self, rule: VirtualRule) -> bool:
        """False: it was not there."""
        self._in_order = None
        return self._rules.pop(rule.text(), None) is not None

    # -- asking ------------------------------------------------------------------------------------

    def way(self, destination: str, source: str = "") -> Way | str | None:
        """Where a packet of this host goes; LOST: nowhere; None: no route.

        Tables in the order of the rules, in each the longest prefix, then the lowest metric.
        """
        target, sender = ip_address(destination), ip_address(source) if source else None
        skip_to = 0
        for rule in self._rules_of(target.version):
            if rule.priority < skip_to or not self._applies(rule, target, sender):
                continue
            if rule.action.startswith("goto "):
                skip_to = int(rule.action.split()[1])
            elif rule.action and rule.action != "nop":
                return LOST
            elif rule.table:
                found = self._look_up(rule.table, target)
                if found is not None:
                    return found
        return None

    def _rules_of(self, family: int) -> list[VirtualRule]:
        if self._in_order is None:
            mains = [VirtualRule(MAIN_PRIORITY, version, table=MAIN) for version in (4, 6)]
            self._in_order = sorted([*self._rules.values(), *mains], key=lambda rule: rule.priority)
        return [rule for rule in self._in_order if rule.family == family]

    @staticmethod
    def _applies(rule: VirtualRule, target: IpAddress, sender: IpAddress | None) -> bool:
        """Does it concern a packet that starts here, without a mark?"""
        if rule.incoming not in ("", "lo") or rule.outgoing or rule.mark:
            return rule.negated
        fits = not rule.receiver or target in _network(rule.receiver)
        fits &= not rule.sender or (sender is not None and sender in _network(rule.sender))
        return fits != rule.negated

    def _look_up(self, table: str, target: IpAddress) -> Way | str | None:
        best: tuple[int, int] | None = None
        found: Way | str | None = None
        for held in self._routes:
            route = held.route
            rank = held.network.prefixlen, -route.metric
            if route.table != table or target not in held.network or (best is not None and rank <= best):
                continue
            best, found = rank, self._taken(held)
        if table == MAIN:
            for nic in self._host.nics.values():
                reach = _reach_of(nic, str(target)) if nic.admin_up else -1
                if reach >= 0 and (best is None or (reach, 0) > best):
                    best, found = (reach, 0), Way(nic, "", added=False)
        return found

    def _taken(self, held: HeldRoute) -> Way | str | None:
        if not held.hops:
            return None if held.route.kind == "throw" else LOST
        nics = [(self._host.nic_of(hop.interface), hop.via) for hop in held.hops]
        return next((Way(nic, via) for nic, via in nics if nic is not None and nic.up), LOST)

    def toward(self, destination: str, source: str = "") -> Way | str | None:
        """The way by an added route; LOST: the configuration names a route there, and it is not there now.

        None: no added route concerns it, the host knows the way itself.
        """
        target = ip_address(destination)
        if target.is_link_local:
            return None
        found = self.way(destination, source)
        if found is None:
            return LOST if any(target in network for network in self.named) else None
        return None if isinstance(found, Way) and not found.added else found

    def name(self, routes: Iterable[VirtualRoute]) -> None:
        """The routes of the host's configuration."""
        self.named = [_network(route.destination) for route in routes if route.hops]


def _take_out(index: dict[_Key, list[HeldRoute]], key: _Key, held: HeldRoute) -> None:
    index[key].remove(held)
    if not index[key]:
        del index[key]


def _reach_of(nic: Nic, destination: str) -> int:
    """The longest prefix by which an interface, or a macvlan on it, is in the destination's network."""
    cards: list[Nic | Vmac] = [nic, *nic.vmacs.values()]
    return max(card.addresses.reach(destination) for card in cards)


def _network(text: str) -> IpNetwork:
    return ip_network(text, strict=False)
