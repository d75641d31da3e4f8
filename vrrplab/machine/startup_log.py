"""What a process says and tidies around its instances, at its start, at a reload and at its end.

The order is that of the daemon's logs: remarks on the configuration, interfaces' addresses, VMACs, faults
that are there from the start, virtual addresses left over from an earlier life.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.machine.actions import CreateVmac, RemoveAddresses, RemoveVmac, WriteLog
from vrrplab.machine.dependencies import ADDRESS, SOURCE, Dependencies
from vrrplab.machine.events import InstanceStarted
from vrrplab.machine.instance import Instance
from vrrplab.machine.priority import cut
from vrrplab.machine.process import Process
from vrrplab.machine.states import Fault, Master

# keepalived finds out about unused scripts last, and just before about interfaces tracked twice
SAID_LAST = ("Warning - script", ") Ignoring track_interface ")
SAID_OF_GROUPS = ("due to SYNC group", "on VRRP instance and sync group")  # after the addresses, before that


class StartupLog:
    def __init__(self, config: NodeConfig, instances: list[Instance], process: Process) -> None:
        self._config = config
        self._instances = instances
        self._process = process
        self._emit = process.emit
        self._log = process.log

    def say_configuration(
        self, missing_scripts: frozenset[str], depends: Dependencies, vmacs: tuple[CreateVmac, ...] = ()
    ) -> None:
        """``vmacs``: those that a reload finds."""
        self._complain(after_addresses=False)
        for script in sorted(missing_scripts):
            command = next((c.command for c in self._config.scripts if c.name == script), ())
            self._log("script_not_found", path=command[0] if command else script)
            self._log("script_missing", script=script)
        interfaces = set()
        for config in (i.config for i in self._instances):
            if config.use_vmac in [vmac.name for vmac in vmacs]:
                self._log("vmac_found", name=config.name, interface=config.use_vmac)
            for family in (4, 6) if config.interface not in interfaces else ():
                address = depends.status(config.interface).primary(family)
                if address:
                    self._log("assigned", address=address, interface=config.interface)
            interfaces.add(config.interface)
        self._complain(after_addresses=True)

    def _complain(self, after_addresses: bool) -> None:
        for log in sorted((w.log for w in self._config.warnings if w.log), key=_turn):
            if bool(_turn(log)) == after_addresses:
                self._emit(WriteLog(log))

    def say_priorities(self, begins: dict[str, InstanceStarted]) -> None:
        """What weights make of the configured priority, of interfaces and, after a reload, of scripts."""
        for config in (i.config for i in self._instances):
            old = config.base_priority
            new = old if config.address_owner else cut(old + begins[config.name].priority_shift)
            if new != old:
                self._log("priority", name=config.name, old=old, new=new)

    def say_faults(self, begins: dict[str, InstanceStarted]) -> None:
        """Faults from the very start, or found by a reload, take sync groups along."""
        for instance in self._instances:
            begin, name = begins[instance.config.name], instance.config.name
            for cause in begin.faults:
                if cause.startswith("interface "):
                    self._log("start_fault_interface", name=name, interface=cause.removeprefix("interface "))
            if ADDRESS in begin.faults:
                self._log("start_fault_address", name=name, family=instance.config.family)
        broken = {name for name, begin in begins.items() if set(begin.faults) - {SOURCE}}
        for instance in self._instances:
            group = instance.group
            if instance.config.name in broken and group and group.state != "FAULT":
                group.fail()
                self._log("group_start_fault", group=group.config.name, name=instance.config.name)
        for instance in self._instances:
            group = instance.group
            fails = instance.config.name in broken or (group and group.state == "FAULT")
            if fails and not isinstance(instance.state, Fault):  # after a reload it may be there already
                self._log("start_fault", name=instance.config.name)

    def say_unbound(self, begins: dict[str, InstanceStarted]) -> None:
        """Sockets are opened when all else is ready: who has no source address finds out then."""
        unbound = [i for i in self._instances if SOURCE in begins[i.config.name].faults]
        for instance in unbound:
            self._log("unbound", source=instance.config.unicast_source)
        for instance in unbound:
            name, group = instance.config.name, instance.group
            if len(begins[name].faults) == 1 and not (group and group.state == "FAULT"):
                self._log("start_fault_source", name=name)
                self._log("entering", name=name, state="FAULT")
                if group:
                    group.fail()
                    self._log("group_sync", group=group.config.name, state="FAULT")

    @property
    def vmacs(self) -> tuple[CreateVmac, ...]:
        """What makes them, one for each instance that has one."""
        configs = [i.config for i in self._instances if i.config.use_vmac]
        return tuple(CreateVmac(c.name, c.use_vmac, c.interface, c.vrid, c.family) for c in configs)

    def make_vmacs(self, but: tuple[CreateVmac, ...] = ()) -> None:
        """``but``: those that are there already."""
        for action in self.vmacs:
            if action not in but:
                self._emit(action)
                self._log("vmac_created", name=action.instance, interface=action.name)

    def remove_vmacs(self, but: tuple[CreateVmac, ...] = ()) -> None:
        """``but``: those that stay."""
        for action in self.vmacs:
            if action not in but:
                self._emit(RemoveVmac(action.instance, action.name))
                self._log("vmac_removed", name=action.instance, interface=action.name)

    def tidy(self, there: set[str], reload: bool = False) -> None:
        """Virtual addresses that an earlier life left behind go away. ``there``: interfaces that were there
        before the process; on a VMAC that has only just been made there is nothing. A reload leaves out the
        first round, and a MASTER keeps what it has.
        """
        for _ in range(self._process.profile.removes_addresses_at_start - reload):
            for instance in self._instances:
                if isinstance(instance.state, Master):
                    continue
                if not instance.config.use_vmac or instance.config.use_vmac in there:
                    self._tidy(instance.config)

    def _tidy(self, config: InstanceConfig) -> None:
        for key, addresses in (
            ("removing_vips", config.virtual_addresses),
            ("removing_evips", config.excluded_addresses),
        ):
            if addresses:
                self._log(key, name=config.name)
                self._emit(RemoveAddresses(config.name, config.placed(addresses), quiet=True))
        if not config.accept:
            self._log("accept_restore", name=config.name)


def _turn(log: str) -> int:
    if any(words in log for words in SAID_LAST):
        return 2
    return 1 if any(words in log for words in SAID_OF_GROUPS) else 0
