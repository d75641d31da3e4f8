"""Who is MASTER, from what is on the wire, as it happens. Frames in, trace events out; no socket, no clock.

The reasoning is that of ``masters``; here it is put in words before the next packet comes, beside what else
is worth saying at once: missed adverts, two MASTERs, nobody, routers that do not agree, strangers.

Names are those of captures: servers are source addresses (or what the user calls them), instances "VRID 51".
Memory is bounded, whatever a network invents: strangers beyond the limits (``limits``) are counted
(``strangers``), not kept, and warned of once. A warning is said once until what it tells of has ended, or
until more than can be remembered have followed it.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.errors import DropReason
from vrrplab.limits import (
    WATCHED_ADDRESSES,
    WATCHED_ROUTERS,
    WATCHED_SENDERS,
    WATCHED_SENDERS_EACH,
    WATCHER_REMEMBERS,
)
from vrrplab.trace.events import (
    AdvertDroppedEvent,
    PriorityEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.wire.addresses import is_multicast, pack_address
from vrrplab.wire.dissect import Frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.witness import events as made
from vrrplab.witness.differences import differences
from vrrplab.witness.masters import BEGAN, ENDED, NEVER_US, RIVALS, SILENT, MasterChange, Masters, Speaker
from vrrplab.witness.sightings import Announcement, Sighting, announcement_of, sighting_of

MOST_SPANS = 2  # of a sender: the present one, and the one that it may prove to be the rest of


class Observer:
    """``write`` takes the events; ``names``: source address -> server; ``frames``: put the bytes in too."""

    def __init__(
        self, write: Callable[[TraceEvent], None], names: dict[str, str] | None = None, frames: bool = False
    ) -> None:
        self._write = write
        self._names = names or {}
        self._frames = frames
        self.routers: dict[tuple[str, int, int], Masters] = {}  # by interface, IP version and VRID
        self.adverts = self.rejected = self.announcements = self.strangers = 0
        self._senders = self._listed = 0  # in all routers: senders, and addresses of their latest adverts
        self._made_room_us: Micros = -SECOND_US
        self._number = 0
        self._told: dict[tuple[str, ...], None] = {}  # in the order they were said

    # -- in --------------------------------------------------------------------------------------

    def frame(self, t_us: Micros, interface: str, frame: Frame) -> None:
        """Take one frame in."""
        self._number += 1
        if frame.kind == "vrrp":
            self._vrrp(t_us, interface, frame)
        elif frame.kind == "carp" and frame.ip is not None:
            self._warn(t_us, "carp", frame.ip.source, text=f"CARP, not VRRP, from {frame.ip.source}")
            router = self.routers.get((interface, 4, frame.payload[1]))
            if router is not None:
                router.carp(t_us)
        else:
            announcement = announcement_of(t_us, self._number, frame)
            if announcement is not None:
                self._announced(interface, announcement)

    def next_us(self) -> Micros:
        """After which moment ``tick`` may have something to say; far in the future if it may not."""
        return min((router.next_us for router in self.routers.values()), default=NEVER_US)

    def tick(self, t_us: Micros) -> None:
        """Time has passed: say who has fallen silent."""
        for (interface, _, _), router in self.routers.items():
            if t_us > router.next_us:
                self._tell(t_us, interface, router, router.advance(t_us))

    def interface_lost(self, t_us: Micros, interface: str, why: str) -> None:
        """Nothing can be heard on an interface: what was known of its routers holds no longer."""
        for key, router in list(self.routers.items()):
            if key[0] == interface:
                for speaker in router.masters:
                    self._enter(t_us, interface, router, speaker, "MASTER", "INIT", why)
                self._forget_router(key)

    # -- adverts ---------------------------------------------------------------------------------

    def _vrrp(self, t_us: Micros, interface: str, frame: Frame) -> None:
        advert, ip, ends = frame.vrrp, frame.ip, frame.endpoints()
        if advert is None or ip is None or ends is None or frame.problems or _came_from_afar(ip):
            self.rejected += 1
            source = ip.source if ip is not None else ""
            reason = frame.problems[0].reason.name if frame.problems else DropReason.BAD_TTL.name
            vrid = advert.vrid if advert is not None else 0
            server = self._server(source)
            self._write(AdvertDroppedEvent(t_us, server, source=source, vrid=vrid, reason=reason))
            return
        self.adverts += 1
        key = (interface, ends.ip_version, advert.vrid)
        router = self._router_for(key, t_us)
        if router is None:
            return
        speaker = router.speakers.get(ends.source)
        if speaker is None and not self._has_room(router):
            self._not_kept(t_us, f"more senders for {router.name} than there is room for")
            return
        sighting = sighting_of(t_us, self._number, advert, ends, advert.addresses, None)
        more = {"frame": frame.raw.hex()} if self._frames else {}
        self._write(made.advert_sent(router, sighting, self._server(ends.source), interface, **more))
        kept = self._with_addresses(sighting, speaker)
        if speaker is None:
            self._senders += 1
            self._tell(t_us, interface, router, router.take(kept))
            self._compare(interface, router, kept)
        else:
            before = speaker.last
            self._tell_more(interface, router, speaker, kept)
            if before[5:] != kept[5:]:
                self._compare(interface, router, kept)

    # -- room ------------------------------------------------------------------------------------

    def _router_for(self, key: tuple[str, int, int], t_us: Micros) -> Masters | None:
        """The virtual router an advert is for, also a new one; None if there are too many."""
        router = self.routers.get(key)
        if router is None:
            if len(self.routers) >= WATCHED_ROUTERS.most and not self._forget_a_router(t_us):
                self._not_kept(t_us, f"more than {WATCHED_ROUTERS}")
                return None
            router = self.routers[key] = Masters(key[2], key[1], remembers=MOST_SPANS)
        return router

    def _forget_a_router(self, t_us: Micros) -> bool:
        """Make room: drop the one that was silent for longest, of those without MASTER.

        Once a second: looking at all of them for each frame of a flood would take too long.
        """
        if t_us - self._made_room_us < SECOND_US:
            return False
        self._made_room_us = t_us
        idle = {
            key: max(s.last.t_us for s in router.speakers.values())
            for key, router in self.routers.items()
            if not router.masters
        }
        if not idle:
            return False
        self._forget_router(min(idle, key=lambda key: idle[key]))
        return True

    def _forget_router(self, key: tuple[str, int, int]) -> None:
        for speaker in self.routers.pop(key).speakers.values():
            self._count_out(speaker)

    def _has_room(self, router: Masters) -> bool:
        """For one more sender, perhaps in place of one that is silent."""
        number = len(router.speakers)
        if not number or (number < WATCHED_SENDERS_EACH.most and self._senders < WATCHED_SENDERS.most):
            return True
        idle = [s for s in router.speakers.values() if not s.is_master]
        if not idle:
            return False
        oldest = min(idle, key=lambda s: s.last.t_us)
        router.forget(oldest.name)
        self._count_out(oldest)
        return True

    def _count_out(self, speaker: Speaker) -> None:
        self._senders -= 1
        self._listed -= len(speaker.last.addresses)

    def _with_addresses(self, sighting: Sighting, speaker: Speaker | None) -> Sighting:
        """An advert as it is remembered: with the addresses of the one before, if these are too many."""
        before = speaker.last.addresses if speaker is not None else ()
        if sighting.addresses == before:
            return sighting._replace(addresses=before)  # one list for all that repeat it
        listed = self._listed + len(sighting.addresses) - len(before)
        if listed > WATCHED_ADDRESSES.most and len(sighting.addresses) > len(before):
            self._not_kept(sighting.t_us, f"more than {WATCHED_ADDRESSES}")
            return sighting._replace(addresses=before)
        self._listed = listed
        return sighting

    def _not_kept(self, t_us: Micros, what: str) -> None:
        self.strangers += 1
        self._warn(t_us, "strangers", what, text=f"{what}: further ones are counted, not followed")

    def _tell_more(self, interface: str, router: Masters, speaker: Speaker, now: Sighting) -> None:
        """An advert of somebody known: what it changes, and what is odd about it."""
        before, was_master = speaker.last, speaker.is_master
        missing, first_missing = speaker.missing, speaker.missing_first
        changes = router.take(now)
        if was_master and now.priority:
            whose = f"of {self._server(speaker.name)} for {router.name}"
            if speaker.missing and not missing:
                silent_s = format_s(now.t_us - before.t_us)
                text = f"{_adverts(speaker.missing)} {whose} missed: nothing came for {silent_s} s"
                self._say(now.t_us, text)
            elif missing > first_missing and not speaker.missing:
                self._say(now.t_us, f"{_adverts(missing)} {whose} missed until they came in time again")
            if now.priority != before.priority and speaker.is_master:
                server = self._server(speaker.name)
                event = PriorityEvent(
                    now.t_us,
                    server,
                    instance=router.name,
                    from_=before.priority,
                    to=now.priority,
                    reason="its adverts say so",
                )
                self._write(event)
        self._tell(now.t_us, interface, router, changes)

    def _tell(self, t_us: Micros, interface: str, router: Masters, changes: list[MasterChange]) -> None:
        for change in changes:
            speaker = change.speaker
            if change.what == RIVALS and change.other is not None:
                pair = sorted((speaker.name, change.other.name), key=pack_address)
                names = " and ".join(map(self._server, pair))
                why = "they do not hear each other, or reject what they hear"
                self._say(t_us, f"two MASTERs of {router.name} on {interface}: {names}; {why}")
            elif change.what != ENDED:
                why = self._why_master(t_us, router, speaker) if change.what == BEGAN else change.why
                self._enter(t_us, interface, router, speaker, change.before, "MASTER", why)
            else:
                why = self._why_ended(t_us, change)
                self._enter(t_us, interface, router, speaker, change.before, speaker.state, why)
                if speaker.spans[-1].end == SILENT and not router.masters:
                    text = f"nobody is MASTER of {router.name}: its addresses answer nobody"
                    self._warn(t_us, "nobody", interface, router.name, str(speaker.last.t_us), text=text)

    def _why_master(self, t_us: Micros, router: Masters, speaker: Speaker) -> str:
        others = [s for s in router.speakers.values() if s is not speaker]
        if not others:
            return "its first advert"
        other = max(others, key=lambda s: s.last.t_us)
        after = format_s(t_us - other.last.t_us)
        name = self._server(other.name)
        if other.said_goodbye:
            return f"{after} s after {name} said goodbye"
        mine, its = speaker.last.priority, other.last.priority
        if other.is_master and its < mine and not other.overdue(t_us):
            return f"it preempts {name}: priority {mine} against {its}"
        return f"{after} s after the last advert of {name}"

    def _why_ended(self, t_us: Micros, change: MasterChange) -> str:
        speaker, other = change.speaker, change.other
        silent_s = format_s(t_us - speaker.last.t_us)
        if speaker.said_goodbye:
            return "it said goodbye with priority 0: it was stopped, or noticed a fault of its own"
        if speaker.state == "FAULT" or other is None:
            return f"no advert from it for {silent_s} s"
        if change.was_rival:
            return f"silent for {silent_s} s, while {self._server(other.name)} goes on"
        its = speaker.last.priority
        return f"{self._server(other.name)} advertises priority {other.last.priority}, its own is {its}"

    def _compare(self, interface: str, router: Masters, now: Sighting) -> None:
        for other in router.speakers.values():
            if other.last is now:
                continue
            differ = list(differences(now, other.last))
            kind = ("differ", interface, router.name, *sorted((now.speaker, other.name)))
            if not differ:
                self._told.pop(kind, None)
            else:
                one, two = self._server(now.speaker), self._server(other.name)
                text = f"{one} and {two} do not agree on {router.name}: {', '.join(differ)}"
                self._warn(now.t_us, *kind, text=text)

    # -- announcements ---------------------------------------------------------------------------

    def _announced(self, interface: str, announcement: Announcement) -> None:
        self.announcements += 1
        t_us, address, mac = announcement.t_us, announcement.address, announcement.mac
        family = 6 if ":" in address else 4
        owners = [
            router
            for (place, version, _), router in self.routers.items()
            if version == family
            and place == interface
            and any(address in s.last.addresses for s in router.speakers.values())
        ]
        if not owners:
            self._write(made.announced(announcement, self._names.get(address, mac), interface))
            return
        router = owners[0]
        changes, found = router.announced(announcement)
        self._tell(t_us, interface, router, changes)
        server = mac
        if found:
            speaker = next((s for s in found if s.is_master), found[0])
            speaker.announcements += 1
            server = self._server(speaker.name)
        else:
            text = f"{mac} says it has {address} of {router.name}, but no router with that MAC was heard"
            self._warn(t_us, "stranger", interface, router.name, mac, address, text=text)
        self._write(made.announced(announcement, server, interface, router))

    # -- out -------------------------------------------------------------------------------------

    def _enter(
        self, t_us: Micros, interface: str, router: Masters, speaker: Speaker, old: str, new: str, why: str
    ) -> None:
        server = self._server(speaker.name)
        self._write(StateEvent(t_us, server, instance=router.name, from_=old, to=new, reason=why))
        if "MASTER" in (old, new):
            addresses, is_added = speaker.last.addresses, new == "MASTER"
            for event in made.addresses_changed(t_us, router, server, interface, addresses, is_added):
                self._write(event)

    def _warn(self, t_us: Micros, *kind: str, text: str) -> None:
        """Say something once; when there is too much to remember, the oldest is forgotten."""
        if kind in self._told:
            return
        if len(self._told) >= WATCHER_REMEMBERS.most:
            del self._told[next(iter(self._told))]
        self._told[kind] = None
        self._say(t_us, text)

    def _say(self, t_us: Micros, text: str) -> None:
        self._write(WarningEvent(t_us, text=text))

    def _server(self, source: str) -> str:
        return self._names.get(source, source)


def _came_from_afar(ip: IPv4Header | IPv6Header) -> bool:
    """Multicast with a TTL below 255 has passed a router, or pretends to (RFC 9568 section 7.1)."""
    return ip.ttl != 255 and is_multicast(ip.destination)


def _adverts(number: int) -> str:
    return f"{number} advert{'s' if number != 1 else ''}"
