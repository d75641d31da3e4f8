"""All that may have happened to a cluster: what ``explore`` breaks, and what else a scenario's words can do.

A fault is one thing that breaks, and what mends it. Some are guessed from what was seen: a priority that no
weight gives comes from a file that was changed, or a tracked file's value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.exploring.faults import Deed, Fault, faults_of
from vrrplab.machine.priority import OWNER
from vrrplab.reconstructing.evidence import Evidence
from vrrplab.reconstructing.picture import ADVERT
from vrrplab.scenario.configs import EDITED, label_without_file
from vrrplab.scenario.edited import parsed
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server
from vrrplab.trace.vocabulary import Act

MOST_VIRTUAL = 3  # addresses of an instance that somebody may have removed by hand


def suspects_of(scenario: Scenario, evidence: Evidence) -> tuple[Fault, ...]:
    """Every fault that is looked at, the usual ones first."""
    seen: dict[tuple[str, str], set[int]] = {}
    for thing in evidence.picture.covers:
        if thing.kind == ADVERT and thing.what != "0":
            seen.setdefault((thing.server, thing.name), set()).add(int(thing.what))
    found = list(faults_of(scenario))
    for server in scenario.servers.values():
        found += _of_cards(server)
        found += _of_checks(server, scenario)
        found += _of_processes(server)
        found += _of_files(server, seen)
        found += _of_reloads(server, scenario, seen)
    once = {(fault.breaks.act, repr(fault.breaks.keys)): fault for fault in reversed(found)}
    return tuple(fault for fault in found if once[fault.breaks.act, repr(fault.breaks.keys)] is fault)


def _fault(act: Act, keys: dict[str, object], mend: Act | None = None) -> Fault:
    broken = Deed(act, dict(keys))
    return Fault(broken, Deed(mend or act.mended_by, dict(keys)), broken.words, act.value)


def _of_cards(server: Server) -> Iterator[Fault]:
    for card in server.interfaces.values():
        of: dict[str, object] = {"server": server.name, "interface": card.name}
        yield _fault(Act.LINK_DOWN, of)
        yield _fault(Act.IFDOWN, of, Act.IFUP)
        if any(instance.interface == card.name for instance in server.node.instances):
            yield _fault(Act.INTERFACE_DELETE, of)
            for address in card.addresses[:1]:
                yield _fault(Act.ADDRESS_REMOVE, {**of, "address": address})
    for instance in server.node.instances:
        for virtual in instance.placed(instance.virtual_addresses)[:MOST_VIRTUAL]:
            if instance.use_vmac or virtual.interface not in server.interfaces:
                continue
            of = {"server": server.name, "interface": virtual.interface, "address": virtual.with_prefix}
            yield _fault(Act.ADDRESS_REMOVE, of)


def _of_checks(server: Server, scenario: Scenario) -> Iterator[Fault]:
    for fault in faults_of(scenario):
        if fault.server == server.name and fault.breaks.act is Act.CHECK_FAIL:
            keys = fault.breaks.keys
            yield Fault(
                Deed(Act.CHECK_HANG, keys),
                fault.mend,
                f"{server.name} {keys['script']} hangs",
                Act.CHECK_HANG.value,
            )


def _of_processes(server: Server) -> Iterator[Fault]:
    """Of a daemon one process is killed: the child is started anew, a child without parent stops."""
    of: dict[str, object] = {"server": server.name}
    if server.is_frr:
        return
    child = Deed(Act.DAEMON_KILL, {**of, "process": "child"})
    yield Fault(child, None, child.words, "daemon_kill child")
    parent = Deed(Act.DAEMON_KILL, {**of, "process": "parent"})
    yield Fault(parent, Deed(Act.DAEMON_START, dict(of)), parent.words, "daemon_kill parent")


def _of_files(server: Server, seen: dict[tuple[str, str], set[int]]) -> Iterator[Fault]:
    """A value for each priority that was seen, and one that means FAULT."""
    files = {file.name for file in server.node.files}
    for name in files:
        values = set()
        for instance in server.node.instances:
            for tracked in instance.track_files:
                if tracked.name == name:
                    values.add(OWNER - 1)
                    for priority in seen.get((server.name, instance.name), ()):
                        shift = priority - instance.base_priority
                        if tracked.weight and shift and shift % tracked.weight == 0:
                            values.add(shift // tracked.weight)
        for value in sorted(values):
            written = Deed(Act.FILE_WRITE, {"server": server.name, "file": name, "value": value})
            back = Deed(Act.FILE_WRITE, {"server": server.name, "file": name, "value": 0})
            yield Fault(written, back, written.words, Act.FILE_WRITE.value)


def _of_reloads(server: Server, scenario: Scenario, seen: dict[tuple[str, str], set[int]]) -> Iterator[Fault]:
    """A file with another priority was reloaded, and the one that is known afterwards."""
    if server.is_frr:
        return
    for instance in server.node.instances:
        others = seen.get((server.name, instance.name), set()) - {instance.base_priority}
        for priority in sorted(others - _reachable(instance)):
            node = _with_priority(server, scenario, instance, priority)
            if node is not None:
                edited = {"server": server.name, "config": label_without_file(server.name, EDITED)}
                before = {"server": server.name, "config": server.config}
                yield Fault(
                    Deed(Act.RELOAD, edited, node),
                    Deed(Act.RELOAD, before, server.node),
                    f"{server.name} reload with priority {priority}",
                    Act.RELOAD.value,
                )


def _with_priority(
    server: Server, scenario: Scenario, instance: InstanceConfig, priority: int
) -> NodeConfig | None:
    """The same file with another priority of one instance; None where no line of it says the priority."""
    place = instance.lines.get("priority")
    if server.node.text is None or place is None:
        return None
    lines = server.node.text.split("\n")
    if not 0 < place.line <= len(lines):
        return None
    lines[place.line - 1] = re.sub(r"(priority\s+)\d+", rf"\g<1>{priority}", lines[place.line - 1])
    node = parsed(scenario, server.name, "\n".join(lines))
    return node if any(i.base_priority == priority for i in node.instances) else None


def _reachable(instance: InstanceConfig) -> set[int]:
    """The priorities that one tracked thing may make of it."""
    tracked = (
        *instance.track_interfaces,
        *instance.track_scripts,
        *instance.track_processes,
        *instance.track_bfds,
    )
    shifts = {t.weight for t in tracked} | {-t.weight for t in tracked}
    return {instance.base_priority + shift for shift in shifts} | (
        {OWNER - 1} if instance.address_owner else set()
    )
