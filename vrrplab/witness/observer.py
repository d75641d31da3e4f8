"""Who is MASTER, from what is on the wire, as it happens. Frames in, trace events out; no socket, no clock.

The reasoning is that of ``masters``; here it is put in words before the next packet comes. What else is
worth saying is the timeline's, which ``recent`` asks about the latest frames. Only that nobody is MASTER now
is said here, because a timeline knows how it went on.

Names are those of captures: servers are source addresses (or what the user calls them), instances "VRID 51".
Memory is bounded, whatever a network invents: strangers beyond the limits (``limits``) are counted
(``strangers``), not kept, and warned of once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from vrrplab.errors import DropReason
from vrrplab.limits import (
    WATCHED_ADDRESSES,
    WATCHED_DROPS,
    WATCHED_ROUTERS,
    WATCHED_SENDERS,
    WATCHED_SENDERS_EACH,
    WATCHER_REMEMBERS,
)
from vrrplab.trace.events import (
    ABSENT,
    AdvertDroppedEvent,
    PriorityEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.wire.addresses import is_multicast
from vrrplab.wire.dissect import Frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.witness import events as made
from vrrplab.witness.finding_kinds import KINDS
from vrrplab.witness.findings import Finding, two_masters_text
from vrrplab.witness.masters import (
    BEGAN,
    ENDED,
    GONE,
    NEVER_US,
    RIVALS,
    SILENT,
    MasterChange,
    Masters,
    Speaker,
)
from vrrplab.witness.recent import ADDRESS, Key, Recent
from vrrplab.witness.sightings import (
    Announcement,
    Sighting,
    announcement_of,
    place_of,
    sighting_of,
)
from vrrplab.witness.timeline import shared_addresses

MOST_SPANS = 2  # of a sender: the present one, and the one that it may prove to be the rest of
_COMPARED_EVERY_US = 2 * SECOND_US  # the addresses of virtual routers with each other's


class Told(NamedTuple):
    """A finding as a watcher tells it. ``interface``: with the tunnels it was heard in; ``vrid`` 0: of no
    virtual router; ``text``: the finding's, behind its place, with the names that somebody gave.
    """

    t_us: Micros
    interface: str
    ip_version: int
    vrid: int
    finding: Finding
    text: str


class Observer:
    """``write`` takes the events; ``names``: source address -> server; ``frames``: put the bytes in too;
    ``found``: takes each finding, those too that no event tells; ``changed``: each change of state, with the
    virtual router.
    """

    def __init__(
        self,
        write: Callable[[TraceEvent], None],
        names: dict[str, str] | None = None,
        frames: bool = False,
        found: Callable[[Told], None] | None = None,
        changed: Callable[[Key, StateEvent], None] | None = None,
    ) -> None:
        self._write = write
        self._changed = changed
        self._found = found
        self._recent = Recent(self._note)
        self._names = names or {}
        self._frames = frames
        self.routers: dict[Key, Masters] = {}  # by interface, IP version and VRID
        self.adverts = self.rejected = self.announcements = self.strangers = 0
        self._senders = self._listed = 0  # in all routers: senders, and addresses of their latest adverts
        self._made_room_us: Micros = -SECOND_US
        self._since_us: dict[str, Micros] = {}  # since when each interface is heard
        self._number = 0
        self._told: dict[str, None] = {}  # what is not kept, in the order it was said
        self._nobody_at_us: dict[
            Key, Micros
        ] = {}  # who left on purpose: when somebody should have taken over
        self._compared_us: Micros = 0
        self._has_new_addresses = False
        # Adverts that were dropped, by interface, VRID (0: unreadable, or of too many) and reason
        self.drops: Counter[tuple[str, int, str]] = Counter()

    # -- in --------------------------------------------------------------------------------------

    def frame(self, t_us: Micros, interface: str, frame: Frame) -> None:
        """Take one frame in."""
        self._number += 1
        if not frame.is_plain and frame.path:
            interface = f"{interface} {place_of(frame.path, ())}".strip()
        if frame.fhrp is not None and frame.ip is not None:
            self._keep_odd((interface, 4, 0), t_us, frame)
            return
        self._since_us.setdefault(interface, t_us)
        if frame.kind == "vrrp":
            self._vrrp(t_us, interface, frame)
        elif frame.kind == "carp" and frame.ip is not None:
            key = (interface, 4, frame.payload[1])
            router = self.routers.get(key)
            if router is not None:
                router.carp(t_us)
            self._keep_odd(key if router is not None else (interface, 4, 0), t_us, frame)
        else:
            announcement = announcement_of(t_us, self._number, frame)
            if announcement is not None:
                self._announced(interface, announcement, frame)

    def next_us(self) -> Micros:
        """After which moment ``tick`` may have something to say; far in the future if it may not."""
        return min((router.next_us for router in self.routers.values()), default=NEVER_US)

    def tick(self, t_us: Micros) -> bool:
        """Time has passed: say who has fallen silent, and what has become clear. Was the timeline asked, so
        that much was made and thrown away?
        """
        for key, router in self.routers.items():
            if t_us > router.next_us:
                self._tell(t_us, key, router, router.advance(t_us))
        for key in [key for key, at_us in self._nobody_at_us.items() if at_us <= t_us]:
            del self._nobody_at_us[key]
            if not self.routers[key].masters:
                self._nobody(t_us, key)
        has_looked = self._recent.look(t_us)
        if self._has_new_addresses and t_us - self._compared_us >= _COMPARED_EVERY_US:
            self._has_new_addresses, self._compared_us = False, t_us
            self._compare_addresses(t_us)
        return has_looked

    def interface_lost(self, t_us: Micros, interface: str, why: str) -> None:
        """Nothing can be heard on an interface: what was known of its routers holds no longer."""
        self._since_us.pop(interface, None)
        for key, router in list(self.routers.items()):
            if key[0] == interface:
                for speaker in router.masters:
                    self._enter(t_us, key, router, speaker, "MASTER", "INIT", why)
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
            drop = interface, vrid, reason
            full = len(self.drops) >= WATCHED_DROPS.most and drop not in self.drops
            self.drops[(interface, 0, reason) if full else drop] += 1
            if frame.problems:
                key = (interface, ip.version if ip is not None else 4, vrid)
                self._keep_odd(key if key in self.routers else (interface, 4, 0), t_us, frame)
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
            if not router.speakers:
                self._recent.begins(key, t_us, kept.addresses)
            is_new, changes = True, router.take(kept)
            self._tell(t_us, key, router, changes)
        else:
            before, was_master = speaker.last, speaker.is_master
            self._tell_more(key, router, speaker, kept)
            is_new = before[3:] != kept[3:] or not was_master or speaker.missing > 0
        self._has_new_addresses = (
            self._has_new_addresses or speaker is None or before.addresses != kept.addresses
        )
        self._recent.keep(key, t_us, self._number, frame, kept.interval_us)
        if is_new or (len(router.speakers) > 1 and len(router.masters) > 1):
            self._recent.disturb(key, t_us, kept.interval_us)

    def _keep_odd(self, key: Key, t_us: Micros, frame: Frame) -> None:
        """What is no advert that counts, and worth a word."""
        self._recent.keep(key, t_us, self._number, frame)
        self._recent.disturb(key, t_us)

    # -- room ------------------------------------------------------------------------------------

    def _router_for(self, key: Key, t_us: Micros) -> Masters | None:
        """The virtual router an advert is for, also a new one; None if there are too many."""
        router = self.routers.get(key)
        if router is None:
            if len(self.routers) >= WATCHED_ROUTERS.most and not self._forget_a_router(t_us):
                self._not_kept(t_us, f"more than {WATCHED_ROUTERS}")
                return None
            since_us = self._since_us.setdefault(key[0], t_us)
            router = self.routers[key] = Masters(key[2], key[1], remembers=MOST_SPANS, since_us=since_us)
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

    def _forget_router(self, key: Key) -> None:
        self._recent.forget(key)
        self._nobody_at_us.pop(key, None)
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
        if what not in self._told:
            if len(self._told) >= WATCHER_REMEMBERS.most:
                del self._told[next(iter(self._told))]
            self._told[what] = None
            self._write(WarningEvent(t_us, text=f"{what}: further ones are counted, not followed"))

    def _tell_more(self, key: Key, router: Masters, speaker: Speaker, now: Sighting) -> None:
        """An advert of somebody known: what it changes, and what is odd about it."""
        before, was_master = speaker.last, speaker.is_master
        changes = router.take(now)
        if was_master and speaker.is_master and 0 != now.priority != before.priority:
            event = PriorityEvent(
                now.t_us,
                self._server(speaker.name),
                instance=router.name,
                from_=before.priority,
                to=now.priority,
                reason="its adverts say so",
            )
            self._write(event)
        self._tell(now.t_us, key, router, changes)

    def _tell(self, t_us: Micros, key: Key, router: Masters, changes: list[MasterChange]) -> None:
        for change in changes:
            speaker = change.speaker
            self._recent.disturb(key, t_us, speaker.last.interval_us)
            if change.what == RIVALS and change.other is not None:
                self._rivals(t_us, key, speaker, change.other)
            elif change.what != ENDED:
                why = self._why_master(t_us, router, speaker) if change.what == BEGAN else change.why
                self._enter(t_us, key, router, speaker, change.before, "MASTER", why)
            else:
                why = self._why_ended(t_us, change)
                self._enter(t_us, key, router, speaker, change.before, speaker.state, why)
                if (
                    not router.masters
                ):  # one that is silent was waited for; after a farewell another takes over
                    left_us = 0 if speaker.spans[-1].end == SILENT else int(GONE * speaker.last.interval_us)
                    self._nobody_at_us[key] = t_us + left_us

    def _rivals(self, t_us: Micros, key: Key, one: Speaker, other: Speaker) -> None:
        """They have shown that neither gives way, be it that one is mute, which no timeline can tell yet."""
        if one.span is None or other.span is None:
            return
        one, other = sorted((one, other), key=lambda speaker: speaker.since_us)
        text = two_masters_text(one.name, other.name, t_us - other.since_us)
        frames = one.last.number, other.last.number
        found = Finding(other.since_us, "two-masters", self.routers[key].name, text, frames, t_us)
        self._recent.tell_others(t_us, key, iter((found,)))

    def _nobody(self, t_us: Micros, key: Key) -> None:
        text = "nobody is MASTER: its addresses answer nobody"
        last = max(speaker.last.number for speaker in self.routers[key].speakers.values())
        self._note(t_us, key, Finding(t_us, "nobody", self.routers[key].name, text, (last,)))

    def _why_master(self, t_us: Micros, router: Masters, speaker: Speaker) -> str:
        others = [s for s in router.speakers.values() if s is not speaker]
        is_first = speaker.spans[-1].is_first_sighting
        if not others:
            return "its first advert" + (": it was MASTER before, or just became it" if is_first else "")
        other = max(others, key=lambda s: s.last.t_us)
        after = format_s(t_us - other.last.t_us)
        name = self._server(other.name)
        if is_first:
            return f"its first advert, {after} s after one of {name}: it was MASTER before, or just became it"
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

    def _compare_addresses(self, t_us: Micros) -> None:
        """Has one virtual router an address of another?"""
        for interface in {key[0] for key in self.routers}:
            own = {key: router for key, router in self.routers.items() if key[0] == interface}
            self._recent.tell_others(t_us, (interface, 4, 0), shared_addresses(own))

    # -- announcements ---------------------------------------------------------------------------

    def _announced(self, interface: str, announcement: Announcement, frame: Frame) -> None:
        self.announcements += 1
        t_us, address, mac = announcement.t_us, announcement.address, announcement.mac
        family = 6 if ":" in address else 4
        owners = [
            key
            for key, router in self.routers.items()
            if key[1] == family
            and key[0] == interface
            and any(address in s.last.addresses for s in router.speakers.values())
        ]
        if not owners:
            self._recent.keep_unknown(interface, announcement, frame)
            self._write(made.announced(announcement, self._names.get(address, mac), interface))
            return
        for key in owners:
            self._keep_odd(key, t_us, frame)
        router = self.routers[owners[0]]
        changes, found = router.announced(announcement)
        self._tell(t_us, owners[0], router, changes)
        server = mac
        if found:
            speaker = next((s for s in found if s.is_master), found[0])
            speaker.announcements += 1
            server = self._server(speaker.name)
        self._write(made.announced(announcement, server, interface, router))

    # -- out -------------------------------------------------------------------------------------

    def _enter(
        self, t_us: Micros, key: Key, router: Masters, speaker: Speaker, old: str, new: str, why: str
    ) -> None:
        server, interface = self._server(speaker.name), key[0]
        event = StateEvent(t_us, server, instance=router.name, from_=old, to=new, reason=why)
        self._write(event)
        if self._changed is not None:
            self._changed(key, event)
        if "MASTER" in (old, new):
            addresses, is_added = speaker.last.addresses, new == "MASTER"
            for moved in made.addresses_changed(t_us, router, server, interface, addresses, is_added):
                self._write(moved)

    def _note(self, t_us: Micros, key: Key, finding: Finding) -> None:
        """A finding, told once; a trace has it if no change of state says the same."""
        place = f"{finding.router} on {key[0]}" if finding.router else key[0]
        text = f"{place}: {self._with_names(finding.text)}"
        if KINDS[finding.kind].is_told:
            instance = finding.router or ABSENT
            frames = list(finding.frames)
            self._write(WarningEvent(t_us, instance=instance, text=text, finding=finding.kind, frames=frames))
        if self._found is not None:
            self._found(Told(t_us, *key, finding, text))

    def _with_names(self, text: str) -> str:
        return ADDRESS.sub(lambda found: self._server(found[0]), text) if self._names else text

    def _server(self, source: str) -> str:
        return self._names.get(source, source)


def _came_from_afar(ip: IPv4Header | IPv6Header) -> bool:
    """Multicast with a TTL below 255 has passed a router, or pretends to (RFC 9568 section 7.1)."""
    return ip.ttl != 255 and is_multicast(ip.destination)
