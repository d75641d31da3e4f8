"""What a process says and tidies around its instances, at its start, at a reload and at its end.

The order is that of the daemon's logs: remarks on the configuration, interfaces' addresses, VMACs, faults
that are there from the start, virtual addresses left over from an earlier life.
"""

from __future__ import annotations

from types import MappingProxyType

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.machine.actions import (
    AddRoutes,
    CreateVmac,
    PriorityChanged,
    RemoveAddresses,
    RemoveRoutes,
    RemoveVmac,
    WriteLog,
)
from vrrplab.machine.dependencies import ADDRESS, SOURCE, Dependencies
from vrrplab.machine.events import InstanceStarted
from vrrplab.machine.instance import Instance
from vrrplab.machine.priority import cut
from vrrplab.machine.process import Process
from vrrplab.machine.states import Fault, Master


class StartupLog:
    __slots__ = ("_complaints", "_config", "_instances", "_process", "missing")

    def __init__(self, config: NodeConfig, instances: list[Instance], process: Process) -> None:
        self._config = config
        self._instances = instances
        self._process = process
        self.missing: set[str] = set()  # interfaces that do not exist now
        complaints: dict[tuple[str, bool], list[str]] = {}
        for warning in config.warnings:
            if warning.log and not warning.checker:
                complaints.setdefault((warning.instance, warning.late), []).append(warning.log)
        self._complaints = MappingProxyType(complaints)  # about an instance; before or after its cards

    def say_configuration(
        self, missing_scripts: frozenset[str], depends: Dependencies, vmacs: tuple[CreateVmac, ...] | None
    ) -> None:
        """Instance after instance: what is corrected, addresses, VMAC, what is found out when it is complete.

        ``vmacs``: those that a reload finds; None: a start, which makes them. (2.2.7, measured.)
        """
        self._complain("", late=False)
        commands = {c.name: c.command for c in reversed(self._config.scripts)}  # of two of one name the first
        for script in sorted(missing_scripts):
            command = commands.get(script, ())
            path = command[0] if command else script
            self._process.log("script_not_found" if "/" in path else "script_not_in_path", path=path)
            self._process.log("script_missing", script=script)
        interfaces = set()
        for config in (i.config for i in self._instances):
            self._complain(config.name, late=False)
            if config.use_vmac in [vmac.name for vmac in vmacs or ()]:
                self._process.log("vmac_found", name=config.name, interface=config.use_vmac)
            base = depends.status(config.interface).base
            for card in (c for c in (config.interface, base) if c not in interfaces):
                self._say_addresses(card, depends)
            # who names an interface first decides: if that is a ``track_interface``, nothing is said (2.2.7)
            interfaces |= {config.interface, base, *(t.name for t in config.track_interfaces)}
            if vmacs is None:
                others = tuple(v for v in self.vmacs if v.instance != config.name)
                self.make_vmacs(depends, but=others)
            self._complain(config.name, late=True)
        of_groups = {t.name for group in self._config.sync_groups for t in group.track_interfaces}
        for interface in sorted(of_groups - interfaces):
            self._say_addresses(interface, depends)
        self._complain("", late=True)

    def _say_addresses(self, interface: str, depends: Dependencies) -> None:
        for family in (4, 6):
            address = depends.status(interface).primary(family)
            if address:
                self._process.log("assigned", address=address, interface=interface)

    def _complain(self, instance: str, late: bool) -> None:
        for log in self._complaints.get((instance, late), ()):
            self._process.emit(WriteLog(log))

    def say_tracked(self, begins: dict[str, InstanceStarted], depends: Dependencies) -> None:
        """What the things that are tracked mean at a start or a reload.

        Faults from the very start, or found by a reload, take sync groups along; weights, of scripts only
        after a reload, make another priority of the configured one.
        """
        for name, begin in begins.items():
            for cause in begin.faults:
                if cause.startswith("interface "):
                    self._process.log(
                        "start_fault_interface", name=name, interface=cause.removeprefix("interface ")
                    )
        depends.say_broken()
        broken = {name for name, begin in begins.items() if set(begin.faults) - {SOURCE}}
        for instance in self._instances:
            config, group, begin = instance.config, instance.group, begins[instance.config.name]
            if ADDRESS in begin.faults:
                self._process.log("start_fault_address", name=config.name, family=config.family)
            old = config.base_priority
            new = old if config.address_owner else cut(old + begin.priority_shift)
            if new != old:
                self._process.log("priority", name=config.name, old=old, new=new)
                self._process.emit(PriorityChanged(config.name, old, new, "; ".join(begin.weights)))
            if config.name in broken and group and group.state != "FAULT":
                group.fail()
                self._process.log("group_start_fault", group=group.config.name, name=config.name)
        for instance in self._instances:
            group = instance.group
            fails = instance.config.name in broken or (group and group.state == "FAULT")
            if fails and not isinstance(instance.state, Fault):  # after a reload it may be there already
                self._process.log("start_fault", name=instance.config.name)

    def say_unbound(self, begins: dict[str, InstanceStarted]) -> None:
        """Sockets are opened when all else is ready: who has no source address finds out then."""
        unbound = [i for i in self._instances if SOURCE in begins[i.config.name].faults]
        for instance in unbound:
            self._process.log("unbound", source=instance.config.unicast_source)
        for instance in unbound:
            name, group = instance.config.name, instance.group
            if len(begins[name].faults) == 1 and not (group and group.state == "FAULT"):
                self._process.log("start_fault_source", name=name)
                self._process.log("entering", name=name, state="FAULT")
                if group:
                    group.fail()
                    self._process.log("group_sync", group=group.config.name, state="FAULT")

    def add_static(self, config: NodeConfig) -> None:
        """``static_routes`` and ``static_rules``: there while the process is, whatever its instances are."""
        for routes in (config.static_routes, config.static_rules):
            if routes:
                self._process.emit(AddRoutes("", routes))

    def remove_static(self, config: NodeConfig, but: NodeConfig | None = None) -> None:
        """``but``: a reload keeps what the new configuration has too."""
        rules, routes = (but.static_rules, but.static_routes) if but else ((), ())
        if gone := tuple(rule for rule in config.static_rules if rule not in rules):
            self._process.emit(RemoveRoutes("", gone))
        if lost := tuple(route for route in config.static_routes if route not in routes):
            self._process.emit(RemoveRoutes("", lost))

    def restore_static(self, interface: str) -> None:
        """The kernel dropped them with their interface; those tracked come back with it (2.2.7, measured)."""
        tracked = (route for route in self._config.static_routes if route.tracked)
        if back := tuple(route for route in tracked if route.interface == interface):
            self._process.emit(AddRoutes("", back))

    @property
    def vmacs(self) -> tuple[CreateVmac, ...]:
        """What makes them, one for each instance that has one, if its card exists."""
        configs = [i.config for i in self._instances if i.config.use_vmac]
        configs = [c for c in configs if c.interface not in self.missing]
        return tuple(CreateVmac(c.name, c.use_vmac, c.interface, c.vrid, c.family) for c in configs)

    def vmacs_on(self, card: str) -> tuple[tuple[CreateVmac, ...], tuple[CreateVmac, ...]]:
        """Those on a card, and the others."""
        vmacs = self.vmacs
        return tuple(v for v in vmacs if v.base == card), tuple(v for v in vmacs if v.base != card)

    def make_vmacs(self, depends: Dependencies, but: tuple[CreateVmac, ...] = ()) -> None:
        """``but``: those that are there already.

        An IPv6 one that adverts leave from gets the link-local address of its card (measured with 2.2.7).
        """
        over_card = {i.config.name for i in self._instances if i.config.vmac_xmit_base}
        for action in self.vmacs:
            if action not in but:
                self._process.emit(action)
                self._process.log("vmac_created", name=action.instance, interface=action.name)
                source = depends.status(action.base).primary(6)
                if action.family == 4:
                    self._move_rp_filter()
                elif source and action.instance not in over_card:
                    self._process.log("assigned", address=source, interface=action.name)

    def _move_rp_filter(self) -> None:
        """A VMAC works without ``rp_filter``, and that of ``all`` would hold there too: the others get it."""
        found = self._process.rp_filter
        if found and not self._process.moved_rp_filter:
            self._process.moved_rp_filter = True
            self._process.log("sysctl_set", where="default", old=0, new=found)
            self._process.log("sysctl_set", where="all", old=found, new=0)

    def restore_rp_filter(self) -> None:
        """The process ends."""
        if self._process.moved_rp_filter:
            self._process.log("sysctl_reset", where="all", old=self._process.rp_filter)
            self._process.log("sysctl_reset", where="default", old=0)

    def remove_vmacs(self, but: tuple[CreateVmac, ...] = ()) -> None:
        """``but``: those that stay."""
        for action in self.vmacs:
            if action not in but:
                self._process.emit(RemoveVmac(action.instance, action.name))
                self._process.log("vmac_removed", name=action.instance, interface=action.name)

    def tidy(self, there: set[str], reload: bool = False) -> None:
        """Virtual addresses that an earlier life left behind go away. ``there``: interfaces that were there
        before the process; on a VMAC that has only just been made there is nothing. A reload leaves out the
        first round, and a MASTER keeps what it has.
        """
        for _ in range(self._process.profile.removes_addresses_at_start - reload):
            for instance in self._instances:
                if isinstance(instance.state, Master) or instance.config.interface in self.missing:
                    continue
                if not instance.config.use_vmac or instance.config.use_vmac in there:
                    instance.addresses.remove_routes()
                    self._tidy(instance.config)

    def _tidy(self, config: InstanceConfig) -> None:
        for key, addresses in (
            ("removing_vips", config.virtual_addresses),
            ("removing_evips", config.excluded_addresses),
        ):
            if addresses:
                self._process.log(key, name=config.name)
                self._process.emit(RemoveAddresses(config.name, config.placed(addresses), quiet=True))
        if not config.accept:
            self._process.log("accept_restore", name=config.name)
