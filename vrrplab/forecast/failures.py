"""What can fail in a cluster, one thing at a time: the failures that a forecast goes through.

Each is told in a few words and carried out by actions of a scenario, so that the simulator and a real daemon
can be put to the same test.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.known_words import unknown_tracked
from vrrplab.config.model import FileConfig, NodeConfig
from vrrplab.trace.vocabulary import Act

Actions = tuple[Mapping[str, Any], ...]

POWER, CABLE, STOP, KILL, FREEZE = "power", "cable", "stop", "kill", "freeze"
MUTE, DEAF, CUT = "firewall out", "firewall in", "firewall both"
INTERFACE, SCRIPT, FILE, PROCESS, BFD = "interface", "script", "file", "process", "bfd"
RETURN = "returns"


@dataclass(frozen=True, slots=True)
class Failure:
    """``thing``: an interface, script, file, process or BFD session, "" for what concerns the whole node.

    ``value``: of a file, what is written into it.
    """

    node: str
    kind: str
    thing: str = ""
    value: int = 0

    @property
    def words(self) -> str:
        """Without the node: ``keepalived killed``."""
        return _WORDS[self.kind].format(thing=self.thing, value=self.value)

    @property
    def before(self) -> Failure:
        """What must have happened for a node to return."""
        return Failure(self.node, POWER)

    @property
    def line(self) -> str:
        """As ``simulate --fail`` takes it; a node that returns did so after a while without power."""
        if self.thing:
            sort = INTERFACE if self.kind == CABLE else self.kind
            return shlex.join((self.node, sort, self.thing))
        return f"{shlex.quote(self.node)} {_IN_A_LINE.get(self.kind, self.kind)}"

    def actions(self, at_s: float) -> list[dict[str, Any]]:
        """As a scenario has them, ``at_s`` seconds after its start. A node that returns lost its power
        before: see ``RETURN``.
        """
        return [{"at_s": at_s, "server": self.node, **keys} for keys in self._keys()]

    def _keys(self) -> Actions:
        match self.kind:
            case "cable" | "interface":
                return ({"action": Act.CARRIER_DOWN.value, "interface": self.thing},)
            case "script":
                # the thing that it checks dies: the script sees that at its next run
                return ({"action": Act.SERVICE_KILL.value, "service": self.thing},)
            case "file":
                return ({"action": Act.FILE_WRITE.value, "file": self.thing, "value": self.value},)
            case "process":
                return ({"action": Act.PROCESS_COUNT.value, "process": self.thing, "count": 0},)
            case "bfd":
                return ({"action": Act.BFD_DOWN.value, "bfd": self.thing},)
            case "firewall out" | "firewall in" | "firewall both":
                way = self.kind.removeprefix("firewall ")
                ways = ("in", "out") if way == "both" else (way,)
                return tuple(
                    {"action": Act.FIREWALL_DROP.value, "direction": one, "protocol": "vrrp"} for one in ways
                )
        return ({"action": _ACTS[self.kind].value},)


_IN_A_LINE = {STOP: "daemon", RETURN: POWER}
_ACTS = {
    POWER: Act.POWER_OFF,
    STOP: Act.DAEMON_STOP,
    KILL: Act.DAEMON_KILL,
    FREEZE: Act.DAEMON_FREEZE,
    RETURN: Act.POWER_ON,
}
_WORDS = {
    POWER: "power",
    CABLE: "cable of {thing}",
    STOP: "keepalived stopped",
    KILL: "keepalived killed",
    FREEZE: "keepalived frozen",
    MUTE: "firewall drops VRRP out",
    DEAF: "firewall drops VRRP in",
    CUT: "firewall drops VRRP",
    INTERFACE: "{thing} down",
    SCRIPT: "{thing} fails",
    FILE: "{thing} = {value}",
    PROCESS: "{thing} ends",
    BFD: "BFD {thing} down",
    RETURN: "returns",
}
WHOLE_NODE = (POWER, STOP, KILL, FREEZE, MUTE, DEAF, CUT, RETURN)


def failures_of(node: str, config: NodeConfig) -> Iterator[Failure]:
    """Every single failure of a node."""
    speaking = dict.fromkeys(i.interface for i in config.instances)
    for script in config.scripts:
        if script.name in tracked_names(config, "track_scripts"):
            yield Failure(node, SCRIPT, script.name)
    for process in config.processes:
        if process.name in tracked_names(config, "track_processes"):
            yield Failure(node, PROCESS, process.name)
    for file in config.files:
        if file.name in tracked_names(config, "track_files"):
            yield Failure(node, FILE, file.name, bad_value(config, file))
    for session in config.bfds:
        if session.name in tracked_names(config, "track_bfds"):
            yield Failure(node, BFD, session.name)
    for name in sorted(interfaces_of(config) - set(speaking)):
        yield Failure(node, INTERFACE, name)
    for name in speaking:
        yield Failure(node, CABLE, name)
    for kind in WHOLE_NODE:
        yield Failure(node, kind)


@dataclass(frozen=True, slots=True)
class Idle:
    """A check of a node that changes nothing, whatever it finds. ``rule``: whose finding that is, or ""."""

    node: str
    thing: str
    why: str
    rule: str = ""


def idle_of(node: str, config: NodeConfig) -> Iterator[Idle]:
    """What is defined, or named where things are tracked, and of which no failure has an effect."""
    missed = dict.fromkeys(filter(any, map(unknown_tracked, config.warnings)))
    dropped = set(config.dropped_scripts)
    for name in dropped:
        yield Idle(node, name, "keepalived drops it at its start, config check says why")
    for kind, kept, trackers in (
        ("script", config.scripts, "track_scripts"),
        ("process", config.processes, "track_processes"),
        ("file", config.files, "track_files"),
    ):
        defined = {one.name for one in kept}
        for name in sorted(defined - set(tracked_names(config, trackers))):
            if (kind, name) in missed:
                yield Idle(node, name, "it is tracked above its definition, which keepalived ignores", "V051")
            else:
                yield Idle(node, name, "nothing tracks it", "V023" if kind == "script" else "")
        for name in sorted({name for what, name in missed if what == kind} - defined - dropped):
            yield Idle(node, name, "it is tracked and nowhere defined, which keepalived ignores", "V078")


def tracked_names(config: NodeConfig, kind: str) -> Sequence[str]:
    """What instances and sync groups of a node track of a kind ("track_scripts", …), each once."""
    holders = (*config.instances, *config.sync_groups)
    return list(dict.fromkeys(t.name for holder in holders for t in getattr(holder, kind)))


def bad_value(config: NodeConfig, file: FileConfig) -> int:
    """What a file says when all is not well: 0 where it began with a number, else what means FAULT."""
    if file.init_value:
        return 0
    tracked = [t for one in config.instances for t in one.track_files]
    tracked += [t for group in config.sync_groups for t in group.track_files]
    return next(t.fault_value for t in tracked if t.name == file.name)
