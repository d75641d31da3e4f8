"""How a world stands, relative to now: what decides all that it will do, as values that can be compared.

Two worlds of one scenario with equal keys have equal futures, moved by the difference of their clocks. The
key is a whole tuple, not a hash of one; hash it if that is wanted. ``state_key`` is for who explores: it
leaves out what no daemon's decision rests on (``NO_STATE``, and ``TOLD_LATER``), all times are relative to
now, and it comes in parts, so that who keeps many of them can keep each part once. ``standing`` is for who
leaps over what repeats (``leap``): it leaves out nothing that a trace would show, and has the moments apart.

Every field of every class that a running world is made of is read here or stands in one of the two tables
with the reason why not; tests/sim/test_state_key.py changes each field in turn and expects another key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from heapq import heapify
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from vrrplab.config.model import NodeConfig
from vrrplab.machine.agenda import Agenda
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import InterfaceStatus, ScriptExited
from vrrplab.machine.instance import Instance
from vrrplab.machine.states import Backup, Init, Master, State
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.addresses import Addresses
from vrrplab.sim.clients import Flow, Journey
from vrrplab.sim.gateway import GatewayHost
from vrrplab.sim.host import DUPLICATES_US, Host
from vrrplab.sim.neighbors import LOCK_US, Entry
from vrrplab.sim.nic import Nic, Vmac
from vrrplab.sim.packet import Packet
from vrrplab.sim.router import RESPAWN_LIMIT_US, Router
from vrrplab.sim.routes import RouteTables
from vrrplab.sim.sender import Sender
from vrrplab.sim.switch import Switch
from vrrplab.sim.world import World
from vrrplab.units import Micros

Key = tuple[Any, ...]
PLAIN = frozenset({str, bytes, int, float, bool, type(None)})

BUILT = "set when the world, or the process, is built, and never changed"
CACHE = "a cache: what is in it was made from other state"
COUNTS = "a counter: what it counts is told apart by it, and nothing depends on how far it is"
ONCE_MORE = "what is read elsewhere once more, by something else"
SETTLED = "of a group of followers, which is dissolved before a key is made"
SELDOM = "made from the configuration, which the key names by its place in the scenario"

# Class -> fields that are not read, each with the reason.
NO_STATE: dict[str, dict[str, str]] = {
    "Scheduler": {
        "now": "the key is relative to it",
        "steps": COUNTS,
        "_count": COUNTS,
        "_has_bundles": SETTLED,
    },
    "Gathering": dict.fromkeys(("_groups", "_last"), SETTLED),
    "World": {
        "scenario": BUILT,
        "leaps": BUILT,
        "version": "that something changed is seen by the flows, which compare it",
        "_tape": "what happened, not what will",
        "_captured": "what happened, not what will",
        "_outages": "what happened, not what will",
        "_profile": BUILT,
        "_frames": BUILT,
        "_chance": "see Chance",
        "hosts": BUILT,
        "sleepers": "the flows that sleep, of which each has no call pending",
        "_flows": "read one by one",
        "_first_turn": BUILT,
    },
    "Box": {"server": BUILT, "host": BUILT, "router": BUILT, "_checks": CACHE, "checks_begun": COUNTS},
    "Router": {
        "server": BUILT,
        "host": BUILT,
        "profile": BUILT,
        "journal": BUILT,
        "_scheduler": BUILT,
        "_toss": BUILT,
        "_life": "calls of a dead process are left out of the calls that wait",
        **dict.fromkeys(("_places", "_configs"), CACHE),
        **dict.fromkeys(("_follows", "_slept", "_sleepers"), SETTLED),
        "_started_us": "read only where a killed child's successor may be late",
    },
    "Journal": {"server": BUILT, "_frames": BUILT},
    "AdvertFrames": {"_ip_ids": COUNTS},
    "Sender": {"_host": BUILT, "_profile": BUILT, "_scheduler": BUILT, "_journal": BUILT, "_again": CACHE},
    "RouteKeeper": {"_host": BUILT, "_scheduler": BUILT, "_journal": BUILT},
    "Daemon": {
        "profile": BUILT,
        "_places": SELDOM,
        "_script_places": SELDOM,
        "_process_places": SELDOM,
        "_by_vrid": SELDOM,
    },
    "Process": {"profile": BUILT, "_count": COUNTS, "lines": COUNTS},
    "Dependencies": {"_instances": BUILT, "_profile": BUILT, "_config": SELDOM, "_process": BUILT},
    "StartupLog": {"_config": SELDOM, "_instances": BUILT, "_process": BUILT, "_complaints": SELDOM},
    "Instance": {
        "config": SELDOM,
        "profile": BUILT,
        "_process": BUILT,
        "_heard": "the reception's",
        "_preemption": SELDOM,
        "addresses": SELDOM,
        "group": SELDOM,
    },
    "Role": {"_name": SELDOM, "_process": BUILT},
    "Voice": {
        "_config": SELDOM,
        "_process": BUILT,
        "_last": CACHE,
        "sequence": "read where a number decides whether an advert is believed (AH), and a counter elsewhere",
    },
    "Intervals": {"_config": SELDOM, "_profile": BUILT, "_voice": BUILT, "_priority": BUILT, "_down": CACHE},
    "Reception": {
        "_config": SELDOM,
        "_process": BUILT,
        "_profile": BUILT,
        "_voice": BUILT,
        "law": SELDOM,
        "_fine": CACHE,
    },
    "Preemption": {"_preempt": SELDOM, "_delay_us": SELDOM, "_priority": BUILT, "_voice": BUILT},
    "OtherOwner": {"_config": SELDOM, "_process": BUILT, "_voice": BUILT, "_priority": BUILT},
    "Announcer": {"_config": SELDOM, "_process": BUILT, "_profile": BUILT},
    "VirtualAddresses": {"_config": SELDOM, "_profile": BUILT, "_process": BUILT, "_voice": BUILT},
    "SyncGroup": {"config": SELDOM, "_process": BUILT, "members": SELDOM},
    "ScriptTracker": {
        "config": SELDOM,
        "_process": BUILT,
        "_profile": BUILT,
        "_run": "runs are numbered relative to it",
    },
    "ProcessTracker": {"config": SELDOM},
    "FileTracker": {"config": SELDOM, "_process": BUILT},
    "BfdTracker": {"config": SELDOM},
    "Pacer": {"_keeps_all": BUILT},
    "Agenda": {"_things": SELDOM},
    "Host": {
        "name": BUILT,
        "_chance": BUILT,
        "promote_secondaries": BUILT,
        "rp_filter": BUILT,
        "scheduler": BUILT,
        "latency_us": BUILT,
        "idle": BUILT,
        "next_hop": BUILT,
        "listener": BUILT,
    },
    "Nic": {
        "_host": BUILT,
        "host_name": BUILT,
        "name": BUILT,
        "port_name": BUILT,
        "mac_text": BUILT,
        "mac": BUILT,
        "switch": BUILT,
        "configured": BUILT,
        "from_start": BUILT,
        "wants_link_local": BUILT,
        "port_of": "the bond or bridge whose parents name it",
    },
    "Vmac": {"name": "its key", "mac": "its mac_text, as bytes"},
    "Addresses": dict.fromkeys(
        ("_named", "_networks", "_lengths", "_macs", "_versions", "_shared"), ONCE_MORE
    ),
    "Address": {"mac_bytes": "its mac, as bytes"},
    "NeighborCache": {"_scheduler": BUILT, "_host": BUILT},
    "Entry": {"stamp": "calls that are outdated by it are left out of those that wait"},
    "RouteTables": {
        "_host": BUILT,
        "_alike": ONCE_MORE,
        "_naming": ONCE_MORE,
        "_in_order": CACHE,
    },
    "HeldRoute": {"network": "its route's destination"},
    "RunningService": {"service": BUILT, "_host": BUILT, "_turn": COUNTS},
    "Switch": {
        "segment": BUILT,
        "_scheduler": BUILT,
        "_chance": BUILT,
        "_ports": BUILT,
        "_others": CACHE,
        "is_certain": "follows from loss, jitter and one_way",
    },
    "Toss": {"_scheduler": BUILT, "_chance": BUILT, "_routers": BUILT},
    "SplitBrainWarning": {"_scheduler": BUILT, "_keys": BUILT},
    "Flow": {
        "_world": BUILT,
        "_host": BUILT,
        "_nic": BUILT,
        "_probe": BUILT,
        "_targets": BUILT,
        "_switches": BUILT,
    },
    "AnswerCount": {"_client": BUILT, "_probe": BUILT},
    "Chance": {
        "_seed": BUILT,
        **dict.fromkeys(("_given", "_known", "drawn"), "who goes through all draws keeps them too"),
    },
    "Spot": {"stream": "follows from the seed and its place"},
    "Tape": {"own": "what happened, not what will", "past": "what happened, not what will"},
}

# What decides nothing that a daemon does, only what is told later, or when a client asks next. ``state_key``
# leaves it out, ``standing`` does not.
TOLD_LATER: dict[str, dict[str, str]] = {
    "Scheduler": {"_heap": "of the calls that wait those that only wake a daemon, perhaps too early"},
    "World": dict.fromkeys(("_refusals", "_filtered"), "what was said once already"),
    "Router": {
        "_filtered": "what was said once already",
        "_armed": "when it is woken, perhaps too early, which is harmless",
    },
    "RouteKeeper": {"_lost": "what is to be said yet"},
    "Reception": {"heard": "explains a takeover", "_said": "what was said once already"},
    "HeardSoFar": dict.fromkeys(
        ("_last", "_goodbye", "_discarded", "_rejected", "_self_inflicted"), "explains a takeover"
    ),
    "ScriptTracker": {"_last_status": "whether a line says that it changed"},
    "Agenda": dict.fromkeys(("_heap", "_noted"), "who is woken, perhaps too early, which is harmless"),
    "SplitBrainWarning": dict.fromkeys(("_masters", "_rejected", "_told"), "a warning"),
    "Switch": {"table": "how old an entry is, not where it leads"},
    "Entry": {"updated_us": "how old an entry is, not where it leads"},
    "Flow": dict.fromkeys(("_tick", "_version", "_outcomes", "_paths", "_answers"), "when it asks next"),
    "AnswerCount": dict.fromkeys(("_last_good_us", "_lost"), "what is told of an outage"),
    "Chance": {"spots": "who explores takes both sides of a draw"},
    "Spot": {"count": "who explores takes both sides of a draw"},
}


class Unsteady(Exception):
    """A world that cannot be told apart from its clock now: something is under way that holds a moment."""


class Standing:
    """``shape``: how things stand; ``moments``: when they are due or were noted, in microseconds of the run.

    ``holds``: how long each of the moments makes a difference after it has come.
    """

    __slots__ = ("holds", "moments", "shape")

    def __init__(self, shape: Key, moments: list[Micros], holds: list[Micros]) -> None:
        self.shape = shape
        self.moments = moments
        self.holds = holds


class StateKey(NamedTuple):
    """What decides a world's future, with two things apart that often make no difference.

    ``parts``: each server, each other host, each network, and what is under way, with its moments from now.
    ``batches``: which addresses each instance will announce once more, and when: (from now, repeat).
    ``ends``: services that were told to stop, and when each ends: (server, service, from now, and how many
    other calls of that moment come before).
    """

    parts: Key
    batches: tuple[tuple[tuple[Micros, int], ...], ...]
    ends: tuple[tuple[str, str, Micros, int], ...]


def state_key(world: World) -> StateKey:
    """What decides the future of a begun world, relative to now. Hashable, the same in all its forks."""
    return _Reader(world, exact=False).key()


def standing(world: World) -> Standing:
    """All that its trace will show, with the moments apart. Raises Unsteady."""
    reader = _Reader(world, exact=True)
    shape = reader.read()
    return Standing(shape, reader.moments, reader.holds)


def move(world: World, moments: Iterable[Micros]) -> None:
    """Put other moments in the place of those that ``standing`` has found in it just now."""
    _Reader(world, exact=True, moved=list(moments)).read()


class _Reader:
    """Goes through a world once. ``moved``: what each moment becomes on the way; None: it stays."""

    def __init__(self, world: World, exact: bool, moved: list[Micros] | None = None) -> None:
        self._world = world
        self._exact = exact
        self._moved = moved
        self.moments: list[Micros] = []
        self.holds: list[Micros] = []
        self._waiting: list[tuple[tuple[Micros, int], ...]] = []  # StateKey's batches
        self._ending: list[tuple[str, str, Micros, int]] = []  # StateKey's ends

    def read(self) -> Key:
        """All of it, with the moments in ``moments``."""
        self._world.settle()  # what groups of followers keep for their members is in these from now on
        return tuple([read() for read in self._parts()])

    def key(self) -> StateKey:
        """All of it, with each part's moments in it, from now."""
        world = self._world
        world.settle()
        now, moments, holds = world.scheduler.now, self.moments, self.holds
        found: list[Key] = []
        for read in self._parts():
            part = read()
            due: tuple[Micros, ...] = ()
            if moments:
                since = zip(moments, holds, strict=True)
                due = tuple([max(t_us + holds_us - now, -1) for t_us, holds_us in since])
                moments.clear()
                holds.clear()
            found.append((part, due))
        return StateKey(tuple(found), tuple(self._waiting), tuple(self._ending))

    def _parts(self) -> Iterator[Callable[[], Key]]:
        """What reads each part, one after the other."""
        world = self._world
        for box in world.boxes.values():
            yield partial(self._box, box)
        hosts = dict.fromkeys([*world.gateways, *world.hosts.values()])
        for host in hosts:
            if host.name not in world.boxes:
                yield partial(self._host, host)
        for switch in world.switches.values():
            yield partial(self._switch, switch)
        yield self._toss
        if self._exact:
            yield self._told
        yield self._calls

    # -- moments and values ----------------------------------------------------------------------------

    def _note(self, t_us: Micros, holds_us: Micros = 0) -> Micros:
        """A moment; what it is from now on."""
        self.moments.append(t_us)
        self.holds.append(holds_us)
        return t_us if self._moved is None else self._moved[len(self.moments) - 1]

    def _moment(self, holder: Any, name: str, holds_us: Micros = 0) -> bool:
        """A moment in a field; False: None is there."""
        t_us = getattr(holder, name)
        if t_us is None:
            return False
        self.moments.append(t_us)
        self.holds.append(holds_us)
        if self._moved is not None:
            setattr(holder, name, self._moved[len(self.moments) - 1])
        return True

    def _value(self, value: Any) -> Any:
        """What a value is, without moments."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if kind in (list, tuple):
            return tuple([self._value(one) for one in value])
        if kind in (set, frozenset):
            return frozenset(value)
        if isinstance(value, dict):
            return tuple([(self._value(key), self._value(one)) for key, one in value.items()])
        name = NAMES.get(kind)
        if name is not None:
            return kind.__name__, name(value)
        if kind is NodeConfig:
            return self._node(value)
        if kind is TimedAction:
            return "action", value.at_us if self._exact else 0, value.kind, self._value(value.keys)
        if kind is Packet:
            return self._packet(value)
        if kind is MethodType:
            return value.__name__, self._value(value.__self__)
        if kind is FunctionType:
            return value.__name__
        if kind is partial:
            return self._value(value.func), self._value(value.args)
        if isinstance(value, tuple):
            return kind.__name__, tuple([self._value(one) for one in value])
        if is_dataclass(value):
            names = FIELDS.get(kind)
            if names is None:
                names = FIELDS[kind] = tuple([f.name for f in fields(value)])
            return kind.__name__, tuple([self._value(getattr(value, name)) for name in names])
        text = getattr(value, "name", None) or str(value)
        return kind.__name__, text

    def _node(self, node: NodeConfig) -> Key:
        """A configuration by its place in the scenario."""
        scenario = self._world.scenario
        for number, server in enumerate(scenario.servers.values()):
            if server.node is node:
                return "node", number
        for number, action in enumerate(scenario.actions):
            if action.node is node:
                return "reload", number
        return "other", id(node)

    def _packet(self, packet: Packet) -> Key:
        """A frame but for its IPv4 identification and what is counted or summed over that."""
        data = packet.data
        if data[12:14] != b"\x08\x00":
            return "frame", data
        if data[23] == 51:  # AH: its number and value are counted up too
            behind = self._last_number() - int.from_bytes(data[42:46], "big")
            return "frame", data[:18], data[20:24], data[26:42], behind, data[58:]
        return "frame", data[:18], data[20:24], data[26:]

    # -- servers ---------------------------------------------------------------------------------------

    def _box(self, box: Any) -> Key:
        services = [(s.up, s.accepting, s._bound) for s in box.services.values()]
        return (
            self._host(box.host),
            tuple(services),
            tuple(sorted(box.forced.items(), key=_first) if box.forced else ()),
            self._router(box.router),
        )

    def _router(self, router: Router) -> Key:
        flags = (
            router._frozen,
            router._stopping,
            router._starts_again,
            router._respawns,
            router._respawn_delay_us,
            bool(router._respawn_delay_us) and self._moment(router, "_started_us", RESPAWN_LIMIT_US),
            self._moment(router, "_reload_ends_us"),
            self._exact and self._moment(router, "_armed"),
            self._node(router.node),
            self._value(router._inbox) if router._inbox else (),
        )
        tracked = router.tracked
        sender = frozenset(router._sender.stale_cards)
        told = None
        if self._exact:
            told = frozenset(router._filtered), self._value(router.tables._lost)
        return (
            flags,
            tuple(tracked._files.items()),
            tuple(tracked._counts.items()),
            frozenset(tracked._bfds_down),
            sender,
            told,
            None if router.daemon is None else self._daemon(router.daemon),
        )

    def _daemon(self, daemon: Daemon) -> Key:
        process, depends = daemon._process, daemon._depends
        trackers = depends.trackers
        armed = self._ranks(daemon)
        flags = (
            self._node(daemon.config),
            daemon._delay_ends_us is not None and self._moment(daemon, "_delay_ends_us"),
            daemon._ends_at_us is not None and self._moment(daemon, "_ends_at_us"),
            daemon._reloading,
            self._value(daemon._waiting) if daemon._waiting else (),
            self._value(process._actions) if process._actions else (),
            process.rp_filter,
            process.moved_rp_filter,
            frozenset(daemon._startup.missing),
        )
        pacers = [
            (key, self._moment(pacer, "_next_at_us"), self._value(pacer.waiting) if pacer.waiting else ())
            for key, pacer in process._pacers.items()
        ]
        scripts = [(name, self._script(tracker, armed)) for name, tracker in trackers.items()]
        return (
            flags,
            tuple(pacers),
            tuple(scripts),
            tuple([(name, _status(status)) for name, status in depends.interfaces.items()]),
            tuple([(name, file.value) for name, file in depends._files.items()]),
            tuple(
                [
                    (name, p.count, p.good, armed[p.armed], self._moment(p, "_decides_at_us"))
                    for name, p in depends.processes.items()
                ]
            ),
            tuple([(name, bfd.good) for name, bfd in depends._bfds.items()]),
            tuple(depends._shifts.items()),
            tuple([(g.state, frozenset(g.in_fault), frozenset(g.waiting)) for g in daemon.groups]),
            tuple([self._instance(instance, armed) for instance in daemon.instances]),
            self._agenda(daemon._agenda, armed) if self._exact else None,
        )

    def _ranks(self, daemon: Daemon) -> dict[int, int]:
        """Whose timer was set first: the numbers by which a process tells that, as places."""
        depends = daemon._depends
        numbers = [i.role.armed for i in daemon.instances]
        numbers += [t.armed for t in depends.trackers.values()]
        if depends.processes:
            numbers += [p.armed for p in depends.processes.values()]
        if self._exact:
            numbers += [armed for _, armed, _ in daemon._agenda._heap]
        return {number: place for place, number in enumerate(sorted(set(numbers)))}

    def _agenda(self, agenda: Agenda, armed: dict[int, int]) -> Key:
        entries = sorted(agenda._heap)
        moved = [(self._note(t_us), number, index) for t_us, number, index in entries]
        noted = [None if t_us is None else self._note(t_us) for t_us in agenda._noted]
        if self._moved is not None:
            agenda._heap[:] = moved
            heapify(agenda._heap)
            agenda._noted[:] = noted
        return tuple([(armed[number], index) for _, number, index in entries]), tuple(
            [t_us is None for t_us in agenda._noted]
        )

    def _script(self, tracker: Any, armed: dict[int, int]) -> Key:
        limits = [(run, self._note(t_us), signal) for run, (t_us, signal) in tracker._limits.items()]
        if self._moved is not None:
            for run, t_us, signal in limits:
                tracker._limits[run] = t_us, signal
        return (
            tracker.phase,
            tracker.result,
            self._exact and tracker._last_status,
            tracker._busy,
            armed[tracker.armed],
            self._moment(tracker, "_run_at_us"),
            tuple([(tracker._run - run, signal) for run, _, signal in limits]),
        )

    def _instance(self, instance: Instance, armed: dict[int, int]) -> Key:
        role, voice, priority, other = (
            instance.role,
            instance.voice,
            instance.priority,
            instance._other_owner,
        )
        announcer, faults, reception = instance.announcer, instance.faults, instance.reception
        return (
            self._state(role.state),
            armed[role.armed],
            voice.source,
            self._numbered(instance) and voice.sequence - self._last_number(),
            priority._total,
            priority.is_owner,
            priority.effective,
            instance.intervals.master_adver_interval_us,
            reception.master_address,
            self._heard(reception) if self._exact else None,
            other._adverts_left,
            other._their_interval_us,
            other.judged_at_us is not None and self._moment(other, "judged_at_us"),
            tuple(faults.faults.items()) if self._exact else frozenset(faults.faults),
            tuple(faults.waits_for),
            instance.wanted,
            self._moment(instance, "delayed_until_us"),
            instance.notified,
            instance.unbound,
            announcer.holds_addresses,
            announcer._refresh_at_us is not None and self._moment(announcer, "_refresh_at_us"),
            announcer._again_at_us is not None and self._moment(announcer, "_again_at_us"),
            announcer._times,
            self._batches(announcer),
        )

    @staticmethod
    def _numbered(instance: Instance) -> bool:
        """Does a number decide whether its adverts are believed?"""
        authentication = instance.config.authentication
        return authentication is not None and authentication.kind == "AH"

    def _last_number(self) -> int:
        """The highest of all; what counts is how far the others are behind."""
        daemons = [box.router.daemon for box in self._world.boxes.values() if box.router.daemon]
        return max(i.voice.sequence for d in daemons for i in d.instances if self._numbered(i))

    def _batches(self, announcer: Any) -> Key:
        if not self._exact:
            now, batches = self._world.scheduler.now, announcer._batches
            self._waiting.append(
                tuple(sorted([(t_us - now, repeat) for t_us, repeat in batches])) if batches else ()
            )
            return ()
        batches = sorted(announcer._batches)
        moved = [(self._note(t_us), repeat) for t_us, repeat in batches]
        if self._moved is not None:
            announcer._batches[:] = moved
            heapify(announcer._batches)
        return tuple([repeat for _, repeat in batches])

    def _state(self, state: State) -> Key:
        match state:
            case Master():
                return "MASTER", self._moment(state, "advert_at_us")
            case Backup():
                return (
                    "BACKUP",
                    state.master_down_interval_us,
                    self._moment(state, "master_down_at_us"),
                    self._moment(state, "preempt_from_us"),
                )
            case Init():
                return "INIT", self._moment(state, "master_at_us"), state.by_timeout
        return (state.name,)

    def _heard(self, reception: Any) -> Key:
        heard, last = reception.heard, reception.heard._last
        if last is not None:
            t_us = self._note(last[2])
            if t_us != last[2]:
                heard._last = last[0], last[1], t_us
        return (
            last and last[:2],
            heard._goodbye,
            heard._discarded,
            heard._rejected,
            heard._self_inflicted,
            frozenset(reception._said),
        )

    # -- hosts and switches ----------------------------------------------------------------------------

    def _host(self, host: Host) -> Key:
        nics = [
            (
                nic.exists,
                nic.admin_up,
                nic.cable,
                tuple([parent.name for parent in nic.parents]) if nic.parents else (),
                nic.kind,
                nic.promote_secondaries,
                nic.ipv6_flushed,
                nic.powered,
                self._addresses(nic.addresses),
                tuple([(name, v.mac_text, self._addresses(v.addresses)) for name, v in nic.vmacs.items()])
                if nic.vmacs
                else (),
            )
            for nic in host.nics.values()
        ]
        entries = [(key, self._entry(entry)) for key, entry in host.neighbors._entries.items()]
        return (
            host.powered,
            frozenset(host.blocked),
            frozenset(host.refused),
            tuple(nics),
            tuple(entries),
            None if host.routes is None else self._routes(host.routes),
        )

    def _addresses(self, addresses: Addresses) -> Key:
        return tuple(
            [
                (
                    a.address,
                    a.prefix,
                    a.label,
                    a.mac,
                    a.added_us is not None and self._moment(a, "added_us", 2 * DUPLICATES_US),
                    a.check_us,
                )
                for a in addresses
            ]
        )

    def _entry(self, entry: Entry) -> Key:
        """``state_key``: an entry that is believed is as good as one that is checked at its next use."""
        if self._exact:
            if entry.waiting:
                raise Unsteady("something waits for an address")
            self._moment(entry, "updated_us", LOCK_US)
            state = entry.state
        else:
            state = "known" if entry.state in ("reachable", "stale", "delay") else entry.state
        waiting = [self._value(w) for w in entry.waiting if not _of_a_client(w)] if entry.waiting else ()
        return entry.mac, state, entry.questions, entry.source, tuple(waiting)

    def _routes(self, routes: RouteTables) -> Key:
        held = [(self._value(r.route), self._value(r.hops)) for r in routes._routes]
        return tuple(held), tuple(routes._rules), self._value([str(n) for n in routes.named])

    def _switch(self, switch: Switch) -> Key:
        ageing_us = switch.segment.mac_ageing_us
        table: list[Any] = []
        for mac, (port, seen_us) in switch.table.items():
            table.append((mac, port.port_name))
            if self._exact:
                t_us = self._note(seen_us, ageing_us)
                if t_us != seen_us:
                    switch.table[mac] = port, t_us
        return (
            frozenset(table),
            switch.loss,
            switch.latency_us,
            switch.jitter_us,
            switch.multicast,
            tuple(sorted(switch.one_way.items(), key=_first) if switch.one_way else ()),
        )

    # -- what is between them --------------------------------------------------------------------------

    def _toss(self) -> Key:
        toss = self._world._toss
        held = []
        for router in toss._held:
            held.append(router.host.name)
            toss._held[router] = self._note(toss._held[router])
        put_off = [
            (i, instance.config.name)
            for i, box in enumerate(self._world.boxes.values())
            for instance in (box.router.daemon.instances if box.router.daemon else ())
            if toss._put_off.get(instance) == instance.armed
        ]
        return tuple(held), tuple(put_off)

    def _told(self) -> Key:
        """What was said, and will not be said again."""
        world, referee = self._world, self._world._split_brain
        for masters in referee._masters.values():
            for server in masters:
                masters[server] = self._note(masters[server])
        since = [(key, tuple(masters)) for key, masters in referee._masters.items()]
        return (
            tuple(since),
            tuple(referee._rejected.items()),
            frozenset(referee._told),
            frozenset(world._refusals),
            frozenset(world._filtered),
            tuple((place, spot.count) for place, spot in world._chance.spots.items()),
        )

    def _calls(self) -> Key:
        """The calls that wait, in the order in which they come, but for those that have nothing to do."""
        scheduler = self._world.scheduler
        read: list[Any] = []
        kept: list[Any] = []
        for t_us, rank, number, call, args in sorted(scheduler.pending(), key=_order):
            told = self._call(t_us, call, args)
            if told is not None and told[0] == "_end_service" and not self._exact:
                before = sum(at_us == t_us for at_us, *_ in kept)
                self._ending.append((*told[1:], t_us - scheduler.now, before))
            elif told is not None:
                kept.append((self._note(t_us), rank, number, call, args))
                read.append((rank, told))
        if self._moved is not None:
            scheduler._heap[:] = sorted(kept, key=_order)  # which is a heap
            scheduler._shared.clear()
        return tuple(read)

    def _call(self, t_us: Micros, call: Callable[..., None], args: tuple[Any, ...]) -> Key | None:
        """What a call will do; None: nothing, or nothing that counts."""
        name, owner = call.__name__, getattr(call, "__self__", None)
        match name, owner:
            case "_if_alive", Router() as router:
                life, then, *rest = args
                if life != router._life:
                    return None
                return name, router.host.name, then.__name__, self._arguments(router, rest)
            case "wake", Router() as router:
                return (name, router.host.name) if self._exact else None
            case "_expired", _:
                entry, stamp = args
                ageing = entry.state in ("reachable", "stale", "delay")
                if stamp != entry.stamp or (ageing and not self._exact):
                    return None
                return name, entry.card.name, entry.nic.host_name, entry.address
            case "_end_service", _:
                box, service, turn = args
                return None if box.services[service]._turn != turn else (name, box.host.name, service)
            case "_tell_if_it_mattered", _:
                instance, armed, *rest = args
                if not self._exact:
                    return None
                return name, instance.config.name, instance.armed == armed, self._value(rest)
            case "_check", _:
                if self._exact:
                    raise Unsteady("a split brain is looked at")
                return None
            case "_ask", Flow():
                if self._exact:
                    raise Unsteady("a client asks")
                return None
        return name, None if owner is None else self._value(owner), self._value(args)

    def _arguments(self, router: Router, args: list[Any]) -> Key:
        """A run of a check is told by how many came after it."""
        told = []
        for one in args:
            if isinstance(one, ScriptExited) and router.daemon is not None:
                tracker = router.daemon._depends.trackers.get(one.script)
                later = None if tracker is None else tracker._run - one.run
                told.append(("exited", one.script, later, one.status, one.signal))
            else:
                told.append(self._value(one))
        return tuple(told)


@lru_cache(1024)
def _status(status: InterfaceStatus) -> Key:
    return status.up, status.addresses, status.exists, status.tentative, status.base


def _first(item: tuple[Any, ...]) -> Any:
    return item[0]


def _order(call: tuple[Any, ...]) -> tuple[Micros, int, int]:
    return call[:3]


def _of_a_client(call: Any) -> bool:
    """Does a probe wait for that, or something that forwards one?"""
    while isinstance(call, partial):
        call = call.func
    return isinstance(getattr(call, "__self__", None), Flow | Journey)


FIELDS: dict[type, tuple[str, ...]] = {}  # a cache: of classes that are values
NAMES: dict[type, Callable[[Any], Any]] = {
    Nic: lambda nic: nic.port_name,
    Vmac: lambda vmac: vmac.name,
    Host: lambda host: host.name,
    GatewayHost: lambda host: host.name,
    Router: lambda router: router.host.name,
    Switch: lambda switch: switch.segment.name,
    Instance: lambda instance: instance.config.name,
    Sender: lambda sender: sender._host.name,
    World: lambda world: world.scenario.name,
}
