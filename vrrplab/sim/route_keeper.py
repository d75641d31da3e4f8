"""A daemon's routes and rules on their host: carried out, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.config.model import NodeConfig
from vrrplab.drive.journal import Journal
from vrrplab.machine.actions import AddRoutes, RemoveRoutes
from vrrplab.machine.daemon import Daemon
from vrrplab.sim.host import Host
from vrrplab.sim.scheduler import Scheduler
from vrrplab.trace.events import (
    RouteAddedEvent,
    RouteEvent,
    RouteRemovedEvent,
    RuleAddedEvent,
    RuleRemovedEvent,
)

if TYPE_CHECKING:
    from vrrplab.config.routes import VirtualRoute, VirtualRule
    from vrrplab.sim.routes import HeldRoute, RouteTables


class RouteKeeper:
    """Between one daemon and its host's tables, which are made when they are first needed."""

    __slots__ = ("_host", "_journal", "_lost", "_scheduler")

    def __init__(self, host: Host, scheduler: Scheduler, journal: Journal) -> None:
        self._host = host
        self._scheduler = scheduler
        self._journal = journal
        self._lost: list[tuple[HeldRoute, str]] = []  # routes gone, and why, of which nobody was told yet

    def _tables(self) -> RouteTables:
        from vrrplab.sim.routes import RouteTables  # few servers have any

        if self._host.routes is None:
            self._host.routes = RouteTables(self._host)
        return self._host.routes

    def name(self, node: NodeConfig) -> None:
        """The host has no way to where its configuration names a route, but that route."""
        routes = [*node.static_routes, *(r for i in node.instances for r in i.virtual_routes)]
        if routes or self._host.routes is not None:
            self._tables().name(routes)

    def carry_out(self, action: AddRoutes | RemoveRoutes) -> None:
        """Add or remove them, each with its event."""
        adds = isinstance(action, AddRoutes)
        for route in action.routes:
            self._rule_or_route(route, adds, action.instance)
        self._host.changed()

    def _rule_or_route(self, route: VirtualRoute | VirtualRule, adds: bool, instance: str) -> None:
        from vrrplab.config.routes import VirtualRule
        from vrrplab.sim.routes import Refused

        tables = self._tables()
        if isinstance(route, VirtualRule):
            if tables.add_rule(route) if adds else tables.remove_rule(route):
                kind = RuleAddedEvent if adds else RuleRemovedEvent
                where = route.interface, route.table
                self._journal.route(self._scheduler.now, kind, route.text(), where, instance)
        elif adds:
            try:
                held = tables.add(route)
            except Refused as refused:
                text = f"the route {route.text()} could not be added: {refused}"
                self._journal.warn(self._scheduler.now, text, instance)
            else:
                self._note(RouteAddedEvent, [held] if held else [], instance)
        else:
            self._note(RouteRemovedEvent, tables.remove(route), instance, f"{instance} took it along")

    def address_gone(self, interface: str, address: str) -> None:
        """What needed an address that is off its interface now."""
        if self._host.routes is not None:
            gone = self._host.routes.address_gone(interface, address)
            self._note(RouteRemovedEvent, gone, why=f"{address} went from {interface}")

    def interface_down(self, interface: str) -> None:
        """What needed an interface that was set down."""
        if self._host.routes is not None:
            gone = self._host.routes.interface_down(interface)
            self._note(RouteRemovedEvent, gone, why=f"{interface} was set down")

    def tell_missing(self, daemon: Daemon | None) -> None:
        """A MASTER goes on without a route of its own that something took away: no daemon says a word."""
        if not self._lost:
            return
        lost, self._lost = self._lost, []
        if daemon is None:
            return
        from vrrplab.sim.routes import key_of

        masters: list[tuple[str, dict[tuple[object, ...], list[VirtualRoute]]]] = []
        for instance in daemon.instances:
            if instance.state.name == "MASTER":
                alike: dict[tuple[object, ...], list[VirtualRoute]] = {}
                for route in instance.config.virtual_routes:
                    alike.setdefault(key_of(route), []).append(route)
                masters.append((instance.config.name, alike))
        for held, why in lost:
            for name, alike in masters:
                named = [r for r in alike.get(key_of(held.route), ()) if held.is_for(r)]
                if not named or self._tables().has(named[0]):
                    continue
                text = (
                    f"{name} on {self._host.name} is MASTER without its route {held.text}: {why}, and it"
                    f" comes back only when {name} becomes MASTER anew, or by a reload"
                )
                self._journal.warn(self._scheduler.now, text, name)

    def _note(
        self, kind: type[RouteEvent], routes: list[HeldRoute], instance: str = "", why: str = ""
    ) -> None:
        self._lost += [(held, why) for held in routes if why]
        for held in routes:
            where = held.interface, held.route.table
            self._journal.route(self._scheduler.now, kind, held.text, where, instance)
