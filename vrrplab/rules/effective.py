"""The effective priority of an instance, given what has failed: of its configuration alone.

What the machine adds up event by event (``machine.weights``, ``machine.priority``), asked at once, for one
state of affairs: "with this check failing, what would its priority be, or would it be in FAULT?".
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cached_property
from typing import NamedTuple

from vrrplab.config.model import InstanceConfig, NodeConfig, Source, SyncGroupConfig
from vrrplab.machine.priority import cut
from vrrplab.machine.tracked_values import share_of
from vrrplab.machine.weights import (
    BFDS,
    FILES,
    PROCESSES,
    SCRIPTS,
    bad_for_ever,
    both,
    interface_weight,
    interfaces_of,
    merged,
    points,
    process_entries,
)


class Thing(NamedTuple):
    """``kind``: interface, script, file, process or bfd."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


NOTHING: frozenset[Thing] = frozenset()


class Watched(NamedTuple):
    """What an instance depends on; ``weight`` 0: its loss (``reverse``: its being well) means FAULT."""

    thing: Thing
    weight: int
    reverse: bool
    source: Source

    @property
    def step(self) -> int:
        """What its failing does to the priority: below 0 where it is lowered; 0 with weight 0."""
        return points(self.weight, self.reverse, False) - points(self.weight, self.reverse, True)


class Standing(NamedTuple):
    """``total``: the weights added up, before they are cut; ``fault``: what keeps it in FAULT, or ""."""

    priority: int
    total: int
    fault: str


def group_of(node: NodeConfig, instance: InstanceConfig) -> SyncGroupConfig | None:
    """The sync group that an instance is in."""
    return next((group for group in node.sync_groups if instance.name in group.members), None)


def watched(node: NodeConfig, instance: InstanceConfig) -> list[Watched]:
    """Everything an instance depends on but files, its own interface first.

    A script that keepalived would not find (``is_program``) is disabled, and no instance depends on it.
    """
    group = group_of(node, instance)
    found = []
    for name in interfaces_of(instance, group):
        weight, reverse = interface_weight(instance, group, name)
        if weight is not None:
            entries = merged(instance.track_interfaces, group.track_interfaces if group else (), name)
            place = entries[0].source if entries else instance.lines.get("interface", instance.source)
            found.append(Watched(Thing("interface", name), weight, reverse, place))
    for script in node.scripts:
        if script.is_program:
            for one in merged(*both(instance, group, SCRIPTS), script.name):
                found.append(Watched(Thing("script", one.name), one.weight, one.reverse, one.source))
    for process in node.processes:
        for one in process_entries(*both(instance, group, PROCESSES), process.name):
            found.append(Watched(Thing("process", one.name), one.weight, one.reverse, one.source))
    for session in node.bfds:
        for one in merged(*both(instance, group, BFDS), session.name):
            found.append(Watched(Thing("bfd", one.name), one.weight, one.reverse, one.source))
    return found


def interfaces_that_matter(node: NodeConfig, instance: InstanceConfig) -> list[str]:
    """The interfaces whose loss it feels: its own, tracked ones, those of its addresses."""
    return [one.thing.name for one in watched(node, instance) if one.thing.kind == "interface"]


def at_rest(node: NodeConfig) -> frozenset[Thing]:
    """What is down while all is well (``machine.weights.bad_for_ever``)."""
    return frozenset(Thing(*one) for one in bad_for_ever(node))


def standing(
    node: NodeConfig,
    instance: InstanceConfig,
    down: Set[Thing] = NOTHING,
    values: Mapping[str, int] | None = None,
) -> Standing:
    """How an instance stands with these things down and all others well; see ``Standings.of``."""
    return Standings(node, values).of(instance, down)


class Standings:
    """The answers for one node, each worked out once.

    ``values``: what tracked files hold; one that is not named holds what ``init_file`` says, or 0.
    """

    def __init__(self, node: NodeConfig, values: Mapping[str, int] | None = None) -> None:
        self._node = node
        self._values = values or {}
        self._watched: dict[str, list[Watched]] = {}
        self._alone: dict[tuple[str, frozenset[Thing]], Standing] = {}
        self._broken: dict[tuple[str, frozenset[Thing]], list[tuple[str, str]]] = {}
        self._concerns: dict[str, frozenset[Thing]] = {}

    @cached_property
    def rest(self) -> frozenset[Thing]:
        """``at_rest`` of the node."""
        return at_rest(self._node)

    def watched(self, instance: InstanceConfig) -> list[Watched]:
        """``watched`` of the node and the instance."""
        if instance.name not in self._watched:
            self._watched[instance.name] = watched(self._node, instance)
        return self._watched[instance.name]

    def of(self, instance: InstanceConfig, down: Set[Thing] = NOTHING) -> Standing:
        """How an instance stands with these things down and all others well.

        A member of a sync group is in FAULT when another one is.
        """
        alone = self._by_itself(instance, down)
        group = group_of(self._node, instance)
        if group and not alone.fault:
            for name, fault in self._broken_of(group, down):
                return alone._replace(fault=f"{fault} of {name}, in one sync group with it")
        return alone

    def _broken_of(self, group: SyncGroupConfig, down: Set[Thing]) -> list[tuple[str, str]]:
        """Members of a group that are in FAULT by themselves, and why."""
        members = [i for i in self._node.instances if i.name in group.members]
        if group.name not in self._concerns:
            things = (one.thing for member in members for one in self.watched(member))
            self._concerns[group.name] = frozenset(things)
        key = group.name, self._concerns[group.name] & down
        if key not in self._broken:
            stand = ((member.name, self._by_itself(member, down).fault) for member in members)
            self._broken[key] = [(name, fault) for name, fault in stand if fault]
        return self._broken[key]

    def _by_itself(self, instance: InstanceConfig, down: Set[Thing]) -> Standing:
        concerned = frozenset(one.thing for one in self.watched(instance) if one.thing in down)
        key = instance.name, concerned
        if key not in self._alone:
            self._alone[key] = self._worked_out(instance, concerned)
        return self._alone[key]

    def _worked_out(self, instance: InstanceConfig, down: Set[Thing]) -> Standing:
        total, faults = instance.base_priority, []
        for one in self.watched(instance):
            good = one.thing not in down
            if one.weight:
                total += points(one.weight, one.reverse, good)
            elif good == one.reverse:
                faults.append(str(one.thing))
        group = group_of(self._node, instance)
        for file in self._node.files:
            for entry in merged(*both(instance, group, FILES), file.name):
                share = share_of(entry, self._values.get(file.name, file.init_value or 0))
                total += share or 0
                if share is None:
                    faults.append(f"file {file.name}")
        if instance.config_fault:
            faults.append(instance.config_fault)
        if instance.address_owner:
            total = instance.base_priority
        priority = total if instance.address_owner else cut(total)
        return Standing(priority, total, faults[0] if faults else "")
