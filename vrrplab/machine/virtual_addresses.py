"""The virtual addresses of one instance, and the routes and rules that go with them.

Taken when it becomes MASTER, given back when it no longer is; routes and rules come after the addresses and
go before them. Order and log lines are keepalived's. Whether the host accepts packets to the addresses is
RFC 9568's Accept_Mode (section 6.1), keepalived's ``accept`` and ``no_accept``.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.actions import AddAddresses, AddRoutes, RemoveAddresses, RemoveRoutes, SetAccept
from vrrplab.machine.process import Process
from vrrplab.machine.voice import Voice


class VirtualAddresses:
    __slots__ = ("_config", "_process", "_profile", "_voice")

    def __init__(self, config: InstanceConfig, process: Process, voice: Voice) -> None:
        self._config = config
        self._profile = process.profile
        self._process = process
        self._voice = voice

    @property
    def accepted(self) -> bool:
        """Does the host take packets to the virtual addresses?"""
        return self._config.accept and (self._profile.accept_mode or self._config.address_owner)

    def take(self) -> None:
        if not self.accepted:
            self._process.emit(SetAccept(self._config.name, self._config.virtual_addresses, False))
            self._voice.log("accept_drop")
        self._each("setting", AddAddresses)
        self._add_routes()

    def release(self) -> None:
        self.remove_routes()
        self._each("removing", RemoveAddresses)
        if not self.accepted:
            self._process.emit(SetAccept(self._config.name, self._config.virtual_addresses, True))
            self._voice.log("accept_restore")

    def _each(self, what: str, action: type[AddAddresses] | type[RemoveAddresses]) -> None:
        """Those in the adverts, then the excluded ones, each with its line."""
        config = self._config
        for kind, addresses in (("vips", config.virtual_addresses), ("evips", config.excluded_addresses)):
            if addresses:
                self._voice.log(f"{what}_{kind}")
                self._process.emit(action(config.name, config.placed(addresses)))

    def _add_routes(self) -> None:
        config = self._config
        if config.virtual_routes:
            self._voice.log("setting_routes")
            self._process.emit(AddRoutes(config.name, config.virtual_routes))
        if config.virtual_rules:
            self._voice.log("setting_rules")
            self._process.emit(AddRoutes(config.name, config.virtual_rules))

    def remove_routes(self) -> None:
        """Its rules and routes; at its start the daemon does so once more unless it is MASTER at once: before
        it waits as BACKUP or for the first results of scripts, and in FAULT (2.2.7, measured).
        """
        config = self._config
        if config.virtual_rules:
            self._voice.log("removing_rules")
            self._process.emit(RemoveRoutes(config.name, config.virtual_rules))
        if config.virtual_routes:
            self._voice.log("removing_routes")
            self._process.emit(RemoveRoutes(config.name, config.virtual_routes))

    def _drop_old_routes(self, before: InstanceConfig) -> None:
        """Reload: what the new configuration no longer has goes, another instance's or not."""
        name = before.name
        rules = {kept.text() for kept in self._config.virtual_rules}
        routes = {(kept.table, kept.text()) for kept in self._config.virtual_routes}
        for rule in before.virtual_rules:
            if rule.text() not in rules:
                ends = (rule.sender or "all") + (f" to {rule.receiver}" if rule.receiver else "")
                self._voice.log("rule_gone", ends=ends.replace("/32", ""))
                self._process.emit(RemoveRoutes(name, (rule,)))
        for route in before.virtual_routes:
            if (route.table, route.text()) not in routes:
                self._voice.log("route_gone", route=route.destination)
                self._process.emit(RemoveRoutes(name, (route,)))

    def keep(self, before: VirtualAddresses) -> bool:
        """Reload: drop what is no longer there, take what is new; True if there is anything new."""
        self._drop_old_routes(before._config)
        ours, theirs = self._config.all_addresses, before._config.all_addresses
        wanted = {(a.with_prefix, a.interface) for a in ours}
        for gone in theirs:
            if (gone.with_prefix, gone.interface) not in wanted:
                self._voice.log("vip_gone", address=gone.with_prefix, interface=gone.interface)
                self._process.emit(RemoveAddresses(self._config.name, before._config.placed((gone,))))
        self._voice.log("setting_vips")
        if self._config.excluded_addresses:
            self._voice.log("setting_evips")
        held = {(a.with_prefix, a.interface) for a in theirs}
        added = tuple(a for a in ours if (a.with_prefix, a.interface) not in held)
        if added:
            self._process.emit(AddAddresses(self._config.name, self._config.placed(added)))
        self._add_routes()
        return bool(added)
