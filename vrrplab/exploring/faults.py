"""What can fail in a scenario's network, one thing at a time, and what mends it, as actions of a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from typing import Any

from vrrplab import arguments
from vrrplab.config.model import InstanceConfig, SyncGroupConfig
from vrrplab.errors import VrrplabError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Server, TimedAction
from vrrplab.trace.vocabulary import Act, label
from vrrplab.units import Micros


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that has no moment yet."""

    act: Act
    keys: dict[str, Any] = field(hash=False)
    reload: Any = field(default=None, compare=False)  # the configuration that a reload brings

    def at(self, t_us: Micros) -> TimedAction:
        return TimedAction(t_us, self.act.value, self.keys, 0, self.reload)

    @property
    def server(self) -> str:
        return str(self.keys.get("server", ""))

    @property
    def words(self) -> str:
        return label({"action": self.act.value, **self.keys})


@dataclass(frozen=True, slots=True)
class Fault:
    """``mend`` None: nothing is left to be mended. ``kind``: what sort of thing fails, whichever it is.
    ``ends_with_advert_of``: mended as soon as that server has sent its next advert.
    """

    breaks: Deed
    mend: Deed | None
    name: str
    kind: str
    ends_with_advert_of: str = ""

    @property
    def server(self) -> str:
        return self.breaks.server


DEAF = "client deaf"
CLIENTS = "clients"
ALSO = (CLIENTS,)  # what fails only where somebody names it


def faults_of(scenario: Scenario, also: Iterable[str] = (), only: Iterable[str] = ()) -> tuple[Fault, ...]:
    """Every single fault, in an order that depends on the scenario alone.

    ``only``: of what is of servers and between them these kinds, without: all. ``also``: names of ``ALSO``,
    of what is beside that. VrrplabError: no such name, or nothing here of that kind.
    """
    found = [fault for server in scenario.servers.values() for fault in _of_server(server)]
    for segment in scenario.segments:
        found += _of_segment(scenario, segment)
    kinds = dict.fromkeys(fault.kind for fault in found)
    wanted = {arguments.known(kind, "kind of fault", kinds, f"in {scenario.name}") for kind in only}
    if wanted:
        found = [fault for fault in found if fault.kind in wanted]
    if CLIENTS in {arguments.known(name, "sort of fault", ALSO) for name in also}:
        deaf = [fault for segment in scenario.segments for fault in _of_clients(scenario, segment)]
        if not deaf:
            raise VrrplabError(
                f"{scenario.name}: no client is on a network of its servers, and none can be deaf:"
                f" leave out also {CLIENTS}"
            )
        found += deaf
    return tuple(found)


def _fault(act: Act, keys: dict[str, Any], **mending: Any) -> Fault:
    broken = Deed(act, keys)
    mend = Deed(act.mended_by, {key: mending.get(key, value) for key, value in keys.items()})
    return Fault(broken, mend, broken.words, act.value)


def _of_server(server: Server) -> Iterator[Fault]:
    of = {"server": server.name}
    for card in server.interfaces.values():
        if not card.parents:
            yield _fault(Act.CARRIER_DOWN, {**of, "interface": card.name})
    for service in server.services.values():
        yield _fault(Act.SERVICE_KILL, {**of, "service": service.name})
        if service.shutdown_us:  # else it is the same as a kill
            yield _fault(Act.SERVICE_STOP, {**of, "service": service.name})
    yield from _of_checks(server)
    yield _fault(Act.DAEMON_STOP, dict(of))
    yield _fault(Act.DAEMON_KILL, dict(of))
    yield _fault(Act.DAEMON_FREEZE, dict(of))
    if not server.is_frr:
        again = Deed(Act.RELOAD, {**of, "config": server.config}, server.node)
        yield Fault(again, None, f"{server.name} reload", Act.RELOAD.value)
    yield _fault(Act.POWER_OFF, dict(of))
    for direction in ("in", "out"):
        yield _fault(Act.FIREWALL_DROP, {**of, "direction": direction, "protocol": "vrrp"})


def _of_checks(server: Server) -> Iterator[Fault]:
    """What is tracked and follows no service of the scenario."""
    node, of = server.node, {"server": server.name}
    holders: tuple[InstanceConfig | SyncGroupConfig, ...] = (*node.instances, *node.sync_groups)
    tracked = {t.name for h in holders for t in h.track_scripts}
    for script in node.scripts:
        if script.name in tracked and not server.followed(script.name, " ".join(script.command)):
            broken = Deed(Act.CHECK_FAIL, {**of, "script": script.name})
            mend = Deed(Act.CHECK_PASS, {**of, "script": script.name})
            yield Fault(broken, mend, f"{server.name} {script.name} fails", Act.CHECK_FAIL.value)
    tracked = {t.name for h in holders for t in h.track_processes}
    for process in node.processes:
        if process.name in tracked:
            keys = {**of, "process": process.name, "count": 0}
            yield _fault(Act.PROCESS_COUNT, keys, count=max(1, process.quorum))
    tracked = {t.name for h in holders for t in h.track_bfds}
    for session in node.bfds:
        if session.name in tracked:
            yield _fault(Act.BFD_DOWN, {**of, "bfd": session.name})


def _of_segment(scenario: Scenario, segment: str) -> Iterator[Fault]:
    """Ways between servers, and the next advert of each, where VRRP is spoken."""
    speakers = [s.name for s in scenario.servers.values() if _speaks(s, segment)]
    for sender, receiver in permutations(speakers, 2):
        yield _cut(segment, [[sender, receiver]], f"{segment} {sender} → {receiver} cut", "one way cut")
    for one, other in combinations(speakers, 2):
        yield _cut(segment, [[one, other], [other, one]], f"{segment} {one} ↔ {other} cut", "both ways cut")
    for one in speakers:
        others = [s for s in speakers if s != one]
        if len(others) > 1:
            ways = [way for other in others for way in ([one, other], [other, one])]
            yield _cut(segment, ways, f"{segment} {one} cut off", "cut off")
        if others:
            ways = [[one, other] for other in others]
            yield _cut(segment, ways, f"{segment} next advert of {one} lost", "advert lost", one)


def _of_clients(scenario: Scenario, segment: str) -> Iterator[Fault]:
    """The way from each server to each client: what a server announces meanwhile the client never learns."""
    for server, client in product(scenario.servers.values(), scenario.clients.values()):
        if client.segment == segment and _speaks(server, segment):
            yield _cut(
                segment, [[server.name, client.name]], f"{segment} {server.name} → {client.name} cut", DEAF
            )


def _cut(segment: str, ways: list[list[str]], name: str, kind: str, advert_of: str = "") -> Fault:
    broken = Deed(Act.SEGMENT_FAULT, {"segment": segment, "between": ways})
    return Fault(broken, Deed(Act.SEGMENT_HEAL, {"segment": segment}), name, kind, advert_of)


def _speaks(server: Server, segment: str) -> bool:
    cards = {i.interface for i in server.node.instances}
    return any(card.segment == segment for card in server.interfaces.values() if card.name in cards)


# -- several at a time ---------------------------------------------------------------------------------------
_DAEMON = (Act.DAEMON_STOP, Act.DAEMON_KILL, Act.DAEMON_FREEZE, Act.RELOAD)
_SERVICE = (Act.SERVICE_KILL, Act.SERVICE_STOP)


def possible(faults: Sequence[Fault], number: int, broken: Iterable[int]) -> bool:
    """Does a fault mean anything beside those that are broken now?"""
    return all(_fits(faults[number], faults[other]) for other in broken)


def _fits(fault: Fault, other: Fault) -> bool:
    if fault.breaks == other.breaks:
        return False
    act, there = fault.breaks.act, other.breaks.act
    if act is Act.SEGMENT_FAULT and there is Act.SEGMENT_FAULT:
        if fault.breaks.keys["segment"] != other.breaks.keys["segment"]:
            return True
        cut = other.breaks.keys["between"]
        return not all(way in cut for way in fault.breaks.keys["between"])
    if not fault.server or fault.server != other.server:
        return True
    if there is Act.POWER_OFF:
        return act is Act.CARRIER_DOWN
    if act in _DAEMON and there in _DAEMON:
        return False
    if act in _SERVICE and there in _SERVICE:
        return bool(fault.breaks.keys["service"] != other.breaks.keys["service"])
    return True


def mended(faults: Sequence[Fault], number: int, broken: Iterable[int]) -> tuple[int, ...]:
    """What is still broken when one is mended: power that is back starts all, a healed network is whole."""
    mend = faults[number].mend
    assert mend is not None
    return tuple(n for n in broken if not _mends(mend, faults[n]))


def _mends(mend: Deed, fault: Fault) -> bool:
    if fault.mend is None or str(fault.breaks.act) not in mend.act.mends:
        return False
    broken = fault.breaks.keys
    different = [key for key, value in mend.keys.items() if key != "count" and broken.get(key) != value]
    return not different


def commute(one: Deed, other: Deed) -> bool:
    """Is it the same whichever of two actions of one moment comes first?

    So it is of those on two servers: each changes what is on its own, and what that sends is under way
    between them for a time. What changes a network beside what puts frames on it does not.
    """
    return one.server != "" and other.server not in ("", one.server)
