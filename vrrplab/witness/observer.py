"""Who is master, from what is on the wire, as it happens. Frames in, trace events out; no socket, no clock.

Only a MASTER sends adverts, so a router is MASTER from its first one on. What ends it: its own priority 0; a
better advert from somebody else, to which it yields (if it speaks again all the same, there are two MASTERs,
and that is worth a warning); or silence. A whole capture allows more careful reasoning afterwards, see
``capture.masters``; here every sentence must be said before the next packet comes.

Names are those of captures: servers are source addresses (or what the user calls them), instances "VRID 51".
Memory is bounded: strangers beyond the limits are counted (``strangers``), not kept, and warned of once. A
warning is said once until what it tells of has ended, or until more than can be remembered have followed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vrrplab.trace import TraceEvent, make_event
from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.wire.addresses import is_multicast, pack_address, virtual_mac
from vrrplab.wire.dissect import Frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.wire.vrrp import Advertisement

MOST_ROUTERS, MOST_SPEAKERS, MOST_TOLD = 512, 32, 1024
OVERDUE = 1.5  # intervals without an advert, and one is missing
GONE = 4.05  # intervals: longer than the longest master-down interval, 3 and the largest skew


@dataclass(slots=True)
class Speaker:
    """One router that was heard for a VRID. ``state`` is MASTER, BACKUP (it yielded or left) or FAULT
    (silent).
    """

    source: str
    mac: str
    state: str = "INIT"
    priority: int = 0
    interval_us: Micros = SECOND_US
    version: int = 2
    auth_type: int = 0
    addresses: tuple[str, ...] = ()
    last_us: Micros = 0
    since_us: Micros = 0
    adverts: int = 0
    missed: int = 0
    announcements: int = 0
    said_goodbye: bool = False
    missing: int = 0  # adverts missed in the present run of gaps
    missing_told: int = 0
    rivals: set[str] = field(default_factory=set)  # sources of the other MASTERs while it is one of several

    def overdue(self, t_us: Micros) -> bool:
        return t_us - self.last_us > OVERDUE * self.interval_us


@dataclass(slots=True)
class VirtualRouter:
    """One VRID of one IP version on one interface."""

    vrid: int
    family: int
    interface: str
    speakers: dict[str, Speaker] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"VRID {self.vrid}" + (" IPv6" if self.family == 6 else "")

    @property
    def place(self) -> tuple[str, str]:
        """What tells it apart in warnings that are said once."""
        return self.interface, self.name

    @property
    def masters(self) -> list[Speaker]:
        return [s for s in self.speakers.values() if s.state == "MASTER"]


class Observer:
    """``write`` takes the events; ``names``: source address -> server; ``frames``: put the bytes in too."""

    def __init__(
        self, write: Callable[[TraceEvent], None], names: dict[str, str] | None = None, frames: bool = False
    ) -> None:
        self._write = write
        self._names = names or {}
        self._frames = frames
        self.routers: dict[tuple[str, int, int], VirtualRouter] = {}
        self.adverts = self.rejected = self.announcements = self.strangers = 0
        self._told: dict[tuple[str, ...], None] = {}  # in the order they were said

    # -- in --------------------------------------------------------------------------------------

    def frame(self, t_us: Micros, interface: str, frame: Frame) -> None:
        """Take one frame in."""
        if frame.kind == "vrrp":
            self._vrrp(t_us, interface, frame)
        elif frame.arp is not None and frame.arp.gratuitous:
            self._announced(t_us, interface, frame.arp.sender_ip, frame.arp.sender_mac)
        elif frame.na is not None and not frame.na.solicited:
            self._announced(t_us, interface, frame.na.target, frame.na.mac or _source_mac(frame))
        elif frame.kind == "carp" and frame.ip is not None:
            self._warn(t_us, "carp", frame.ip.source, text=f"CARP, not VRRP, from {frame.ip.source}")

    def tick(self, t_us: Micros) -> None:
        """Time has passed: say who has fallen silent."""
        for router in self.routers.values():
            for speaker in router.masters:
                if t_us - speaker.last_us > GONE * speaker.interval_us:
                    silent_s = format_s(t_us - speaker.last_us)
                    self._enter(t_us, router, speaker, "FAULT", f"no advert from it for {silent_s} s")
                    if not router.masters:
                        text = f"nobody is MASTER of {router.name}: its addresses answer nobody"
                        self._warn(t_us, "nobody", *router.place, str(speaker.last_us), text=text)

    def interface_lost(self, t_us: Micros, interface: str, why: str) -> None:
        """Nothing can be heard on an interface: what was known of its routers holds no longer."""
        for key, router in list(self.routers.items()):
            if router.interface == interface:
                for speaker in router.masters:
                    self._enter(t_us, router, speaker, "INIT", why)
                del self.routers[key]

    # -- adverts ---------------------------------------------------------------------------------

    def _vrrp(self, t_us: Micros, interface: str, frame: Frame) -> None:
        advert, ip = frame.vrrp, frame.ip
        if advert is None or ip is None or frame.problems or _came_from_afar(ip):
            self.rejected += 1
            source = ip.source if ip is not None else ""
            reason = frame.problems[0].reason.name if frame.problems else "BAD_TTL"
            fields = {"server": self._server(source), "source": source, "reason": reason}
            vrid = advert.vrid if advert is not None else 0
            self._write(make_event(t_us, "advert_dropped", {**fields, "vrid": vrid}))
            return
        self.adverts += 1
        key = (interface, ip.version, advert.vrid)
        router = self.routers.get(key)
        if router is None:
            if len(self.routers) >= MOST_ROUTERS:
                self._not_kept(t_us, f"more than {MOST_ROUTERS} virtual routers")
                return
            router = self.routers[key] = VirtualRouter(advert.vrid, ip.version, interface)
        speaker = router.speakers.get(ip.source)
        if speaker is None:
            if len(router.speakers) >= MOST_SPEAKERS and not self._forget_one(router):
                self._not_kept(t_us, f"more than {MOST_SPEAKERS} senders for {router.name}")
                return
            speaker = router.speakers[ip.source] = Speaker(ip.source, _source_mac(frame))
        self._note_advert(t_us, router, advert, frame)
        self._judge(t_us, router, speaker, advert)

    def _not_kept(self, t_us: Micros, what: str) -> None:
        self.strangers += 1
        self._warn(t_us, "strangers", what, text=f"{what}: further ones are counted, not followed")

    def _forget_one(self, router: VirtualRouter) -> bool:
        """Make room: drop the speaker that has been silent longest, unless it is MASTER."""
        idle = [s for s in router.speakers.values() if s.state != "MASTER"]
        if not idle:
            return False
        del router.speakers[min(idle, key=lambda s: s.last_us).source]
        return True

    def _note_advert(self, t_us: Micros, router: VirtualRouter, advert: Advertisement, frame: Frame) -> None:
        assert frame.ip is not None
        fields: dict[str, Any] = {
            "server": self._server(frame.ip.source),
            "instance": router.name,
            "interface": router.interface,
            "source": frame.ip.source,
            "destination": frame.ip.destination,
            "version": advert.version,
            "vrid": advert.vrid,
            "priority": advert.priority,
            "interval_s": advert.interval_us / SECOND_US,
            "addresses": list(advert.addresses),
        }
        if self._frames:
            fields["frame"] = frame.raw.hex()
        self._write(make_event(t_us, "advert_sent", fields))

    def _judge(self, t_us: Micros, router: VirtualRouter, speaker: Speaker, advert: Advertisement) -> None:
        before_us, old_priority = speaker.last_us, speaker.priority
        first = speaker.adverts == 0
        speaker.adverts += 1
        speaker.last_us = t_us
        speaker.interval_us = advert.interval_us or SECOND_US
        speaker.version, speaker.auth_type = advert.version, advert.auth_type or 0
        speaker.addresses = advert.addresses
        if advert.priority == 0:
            if speaker.state == "MASTER" or first:
                speaker.said_goodbye = True
                why = "it said goodbye with priority 0: it was stopped, or noticed a fault of its own"
                self._enter(t_us, router, speaker, "BACKUP", why)
            return
        speaker.priority = advert.priority
        yielded_late = speaker.state == "BACKUP" and not speaker.said_goodbye and not first
        stayed = yielded_late and t_us - before_us < 2.5 * speaker.interval_us
        if speaker.state == "MASTER":
            self._note_gap(t_us, router, speaker, t_us - before_us)
            if advert.priority != old_priority:
                change = {"from": old_priority, "to": advert.priority, "reason": "its adverts say so"}
                who = {"server": self._server(speaker.source), "instance": router.name}
                self._write(make_event(t_us, "priority", {**who, **change}))
        else:
            why = (
                "it goes on although it heard a better advert" if stayed else self._why(t_us, router, speaker)
            )
            self._enter(t_us, router, speaker, "MASTER", why)
        for other in router.masters:
            if other is not speaker:
                self._meet(t_us, router, speaker, other, stayed)
        self._compare(t_us, router, speaker)

    def _note_gap(self, t_us: Micros, router: VirtualRouter, speaker: Speaker, gap_us: Micros) -> None:
        """Count adverts that did not come; told when a run of gaps begins, and at its end if it grew."""
        whose = f"of {self._server(speaker.source)} for {router.name}"
        if gap_us > OVERDUE * speaker.interval_us:
            lost = max(1, round(gap_us / speaker.interval_us) - 1)
            speaker.missed += lost
            speaker.missing += lost
            if not speaker.missing_told:
                speaker.missing_told = lost
                text = f"{_adverts(lost)} {whose} missed: nothing came for {format_s(gap_us)} s"
                self._say(t_us, text)
        else:
            if speaker.missing > speaker.missing_told:
                self._say(t_us, f"{_adverts(speaker.missing)} {whose} missed until they came in time again")
            speaker.missing = speaker.missing_told = 0

    def _why(self, t_us: Micros, router: VirtualRouter, speaker: Speaker) -> str:
        others = [s for s in router.speakers.values() if s is not speaker and s.adverts]
        if not others:
            return "its first advert"
        last = max(others, key=lambda s: s.last_us)
        after = format_s(t_us - last.last_us)
        name = self._server(last.source)
        if last.said_goodbye:
            return f"{after} s after {name} said goodbye"
        if last.state == "MASTER" and last.priority < speaker.priority and not last.overdue(t_us):
            return f"it preempts {name}: priority {speaker.priority} against {last.priority}"
        return f"{after} s after the last advert of {name}"

    def _meet(
        self, t_us: Micros, router: VirtualRouter, speaker: Speaker, other: Speaker, stayed: bool
    ) -> None:
        """``speaker`` has just sent; ``other`` is MASTER too. One must give way, or they are rivals."""
        name = self._server(speaker.source)
        if other.overdue(t_us):
            silent_s = format_s(t_us - other.last_us)
            if other.source in speaker.rivals:
                self._enter(t_us, router, other, "BACKUP", f"silent for {silent_s} s, while {name} goes on")
            else:
                self._enter(t_us, router, other, "FAULT", f"no advert from it for {silent_s} s")
        elif other.source in speaker.rivals:
            pass  # told already, and neither gives way
        elif _beats(speaker, other):
            why = f"{name} advertises priority {speaker.priority}, its own is {other.priority}"
            self._enter(t_us, router, other, "BACKUP", why)
        elif stayed:
            speaker.rivals.add(other.source)
            other.rivals.add(speaker.source)
            pair = sorted((speaker.source, other.source), key=pack_address)
            names = " and ".join(self._server(source) for source in pair)
            why = "they do not hear each other, or reject what they hear"
            where = f"{router.name} on {router.interface}"
            self._say(t_us, f"two MASTERs of {where}: {names}; {why}")

    def _compare(self, t_us: Micros, router: VirtualRouter, speaker: Speaker) -> None:
        for other in router.speakers.values():
            if other is speaker or not other.adverts:
                continue
            differ = []
            if other.version != speaker.version:
                differ.append(f"version {speaker.version} against {other.version}")
            elif other.interval_us != speaker.interval_us and speaker.version == 2:
                differ.append(f"interval {_s(speaker.interval_us)} against {_s(other.interval_us)}")
            if other.auth_type != speaker.auth_type:
                differ.append(f"authentication type {speaker.auth_type} against {other.auth_type}")
            if set(other.addresses) != set(speaker.addresses):
                differ.append("another list of virtual addresses")
            kind = ("differ", *router.place, *sorted((speaker.source, other.source)))
            if not differ:
                self._told.pop(kind, None)
            else:
                one, two = self._server(speaker.source), self._server(other.source)
                text = f"{one} and {two} do not agree on {router.name}: {', '.join(differ)}"
                self._warn(t_us, *kind, text=text)

    # -- announcements ---------------------------------------------------------------------------

    def _announced(self, t_us: Micros, interface: str, address: str, mac: str) -> None:
        self.announcements += 1
        family = 6 if ":" in address else 4
        owners = [
            (router, speaker)
            for router in self.routers.values()
            if router.family == family and router.interface == interface
            for speaker in router.speakers.values()
            if address in speaker.addresses
        ]
        kind = "na_sent" if family == 6 else "garp_sent"
        fields = {"interface": interface, "address": address, "mac": mac}
        if not owners:
            self._write(make_event(t_us, kind, {"server": self._names.get(address, mac), **fields}))
            return
        router = owners[0][0]
        same = [s for _, s in owners if s.mac == mac or mac == virtual_mac(router.vrid, family)]
        speaker = next((s for s in same if s.state == "MASTER"), same[0] if same else None)
        if speaker is None:
            text = f"{mac} says it has {address} of {router.name}, but no router with that MAC was heard"
            self._warn(t_us, "stranger", *router.place, mac, address, text=text)
            self._write(make_event(t_us, kind, {"server": mac, "instance": router.name, **fields}))
            return
        speaker.announcements += 1
        server = self._server(speaker.source)
        self._write(make_event(t_us, kind, {"server": server, "instance": router.name, **fields}))

    # -- out -------------------------------------------------------------------------------------

    def _enter(self, t_us: Micros, router: VirtualRouter, speaker: Speaker, state: str, why: str) -> None:
        old, speaker.state, speaker.since_us = speaker.state, state, t_us
        if state == "MASTER":
            speaker.said_goodbye = False
        else:  # with it ends every split brain that it was part of
            for source in speaker.rivals:
                router.speakers[source].rivals.discard(speaker.source)
            speaker.rivals.clear()
            speaker.missing = speaker.missing_told = 0
        who = {"server": self._server(speaker.source), "instance": router.name}
        self._write(make_event(t_us, "state", {**who, "from": old, "to": state, "reason": why}))
        if state != "MASTER" and old != "MASTER":
            return
        change = "address_added" if state == "MASTER" else "address_removed"
        for address in speaker.addresses:
            prefix = 128 if ":" in address else 32
            fields = {**who, "interface": router.interface, "address": f"{address}/{prefix}"}
            self._write(make_event(t_us, change, fields))

    def _warn(self, t_us: Micros, *kind: str, text: str) -> None:
        """Say something once; when there is too much to remember, the oldest is forgotten."""
        if kind in self._told:
            return
        if len(self._told) >= MOST_TOLD:
            del self._told[next(iter(self._told))]
        self._told[kind] = None
        self._say(t_us, text)

    def _say(self, t_us: Micros, text: str) -> None:
        self._write(make_event(t_us, "warning", {"text": text}))

    def _server(self, source: str) -> str:
        return self._names.get(source, source)


def _beats(one: Speaker, other: Speaker) -> bool:
    """Must ``other`` yield to an advert of ``one``? RFC 9568 section 6.4.3."""
    if one.priority != other.priority:
        return one.priority > other.priority
    return pack_address(one.source) > pack_address(other.source)


def _came_from_afar(ip: IPv4Header | IPv6Header) -> bool:
    """Multicast with a TTL below 255 has passed a router, or pretends to (RFC 9568 section 7.1)."""
    return ip.ttl != 255 and is_multicast(ip.destination)


def _source_mac(frame: Frame) -> str:
    return frame.eth.source if frame.eth is not None and frame.eth.source else ""


def _adverts(number: int) -> str:
    return f"{number} advert{'s' if number != 1 else ''}"


def _s(interval_us: Micros) -> str:
    return f"{interval_us / SECOND_US:g} s"
