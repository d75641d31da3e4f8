"""The timeline of a capture: spans of MASTERs, findings, gaps, and what a capture cannot show.

``timeline_of`` is the way in; ``timeline_text`` and ``timeline_trace`` turn the result into words and into
a trace.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple, Protocol

from vrrplab.capture.reader import CapturedFrame, Packet, Passed
from vrrplab.limits import Limit
from vrrplab.units import Micros, format_s
from vrrplab.witness.claims import Claim, claims
from vrrplab.witness.findings import SECOND_BATCH_US, Finding, capped, findings
from vrrplab.witness.masters import NEVER_US, OVERDUE, PRIORITY_0, Masters, MasterSpan
from vrrplab.witness.sightings import LATE_US, Announcement, Backwards, Heard, Sighting, Sightings, collect


class Gap(NamedTuple):
    """A time in which nobody served the virtual addresses, as far as the wire tells.

    It lasted from somewhere between ``from_earliest_us`` and ``from_latest_us`` to ``to_us``, the new
    MASTER's first announcement (or advert). ``frames``: the last advert before, the first frame after.
    """

    router: str
    from_earliest_us: Micros
    from_latest_us: Micros
    to_us: Micros
    frames: tuple[int, int]


class RouterTimeline(NamedTuple):
    """One virtual router's part of the timeline."""

    router: Heard
    spans: list[MasterSpan]
    findings: list[Finding]
    gaps: list[Gap]
    claims: list[Claim]


class Timeline(NamedTuple):
    """A whole capture's timeline; times are microseconds since its first frame, at ``start_ns`` since
    1970.
    """

    sightings: Sightings
    routers: list[RouterTimeline]
    others: list[Finding]

    @property
    def end_us(self) -> Micros:
        return self.sightings.end_us

    def findings(self, limit: Limit | None = None) -> list[Finding]:
        """The findings of all routers, in order of time; with a limit, those beyond it are counted."""
        every = [*self.others, *(f for part in self.routers for f in part.findings)]
        every.sort(key=lambda finding: (finding.t_us, finding.frames))
        return every if limit is None else capped(every, limit.most)

    def limits(self) -> list[str]:
        """What this capture cannot show."""
        return _limits(self)


def timeline_of(frames: Iterable[CapturedFrame | Passed | Packet], key: bytes | None = None) -> Timeline:
    """Who was MASTER when. ``frames``, or packets, which cost less, are gone through once. ``key``: AH
    numbers of another key count for nothing.
    """
    return analyse(collect(frames, key))


def analyse(sightings: Sightings) -> Timeline:
    """The timeline of what was collected."""
    parts = []
    has_neighbour_frames = sightings.neighbour_frames > 0
    for router in sightings.routers.values():
        spans = master_spans(router, sightings.end_us)
        claimed = claims(router, spans, sightings.end_us)
        found = findings(router, spans, claimed if has_neighbour_frames else None, sightings.end_us)
        gaps = _gaps(router, spans, sightings.end_us)
        parts.append(RouterTimeline(router, spans, found, gaps, claimed))
    return Timeline(sightings, parts, _other_findings(sightings))


def master_spans(router: Heard, capture_end_us: Micros) -> list[MasterSpan]:
    """Every time anybody was MASTER of this virtual router, in order of their beginnings."""
    masters = Masters(router.vrid, router.ip_version, router.lan)
    # who announces addresses and sends no advert is no MASTER of it
    senders = {router.sightings[begin].mac for begin, _ in router.runs()} | {router.virtual_mac}
    others: list[tuple[Micros, Announcement | None]] = [
        (a.t_us, a) for a in router.announcements if a.mac in senders
    ]
    others += ((t_us, None) for t_us in router.carp_us)
    others.sort(key=itemgetter(0), reverse=True)
    sightings = router.sightings
    for at, end in router.runs():
        while at < end:
            while others and others[-1][0] < sightings[at].t_us:
                _take_other(masters, *others.pop())
            before = bisect_right(sightings, others[-1][0], at, end, key=_time_of) if others else end
            at = masters.take_alike(sightings, at, before)
    while others:
        _take_other(masters, *others.pop())
    spans = masters.finish(capture_end_us)
    _date_back(router, spans)
    return sorted(spans, key=lambda span: span.from_us)


_time_of = itemgetter(0)


def _take_other(masters: Masters, t_us: Micros, announcement: Announcement | None) -> None:
    if announcement is None:
        masters.carp(t_us)
    else:
        masters.announced(announcement)


def _date_back(router: Heard, spans: list[MasterSpan]) -> None:
    """A router that announced the addresses before its first advert was MASTER from the announcement on.

    FRR over IPv6 (measured): the advert that should go first is lost, the next one comes an interval later.
    keepalived beside a MASTER whose adverts it rejects (measured): it announces itself and is mute after
    that. Announcements shortly after a span may be that span's own second batch. With a shared virtual MAC
    only an announcement just before the first advert can be told to be this router's.
    """
    times = [announcement.t_us for announcement in router.announcements]
    by_speaker: dict[str, list[MasterSpan]] = {}
    in_order = sorted(spans, key=lambda s: s.from_us)
    first_two = in_order[:2]
    before: list[MasterSpan] = []
    furthest: list[MasterSpan] = []  # of those up to here, the one that lasts longest
    for span in in_order:
        _note_furthest(before, furthest)
        before.append(span)
        own = by_speaker.setdefault(span.speaker, [])
        previous_end_us = own[-1].end_us(span.from_us) if own else -SECOND_BATCH_US
        own.append(span)
        if span.began_before_capture:
            continue
        just_before_us = span.from_us - span.interval_us - max(span.interval_us // 10, LATE_US)
        earliest_us = max(min(just_before_us, previous_end_us + SECOND_BATCH_US), previous_end_us + 1)
        begin, end = bisect_left(times, earliest_us), bisect_left(times, span.from_us)
        for announcement in router.announcements[begin:end]:
            if announcement.mac != span.mac:
                continue
            late = announcement.t_us >= just_before_us
            is_early = not late and not own[:-1] and announcement.t_us < SECOND_BATCH_US
            if is_early and any(s is not span and s.from_us < span.from_us for s in first_two):
                continue  # its second batch, from a time as MASTER that ended before the capture began
            if span.mac == router.virtual_mac:
                taken = _is_covered(before, furthest, announcement.t_us)
                just_one_us = span.from_us - announcement.t_us - span.interval_us
                if not late or (taken and abs(just_one_us) > LATE_US):
                    continue
            elif not late and announcement.t_us < previous_end_us + SECOND_BATCH_US:
                continue
            if not late and span.from_us - announcement.t_us > OVERDUE * span.interval_us + LATE_US:
                why = "it had announced the address, so it was MASTER"
                span.mute.append((announcement.t_us, span.from_us, span.first_frame, why))
            span.from_us, span.first_frame = announcement.t_us, announcement.number
            span.began_by_announcement = True
            if not own[:-1]:
                known_us = OVERDUE * span.interval_us + LATE_US if late else SECOND_BATCH_US
                span.is_first_sighting = span.is_first_sighting or announcement.t_us <= known_us
            break


def _note_furthest(before: list[MasterSpan], furthest: list[MasterSpan]) -> None:
    """The last of ``before`` has its final beginning now."""
    if before:
        last = furthest[-1] if furthest else before[-1]
        longer = before[-1].end_us(NEVER_US) > last.end_us(NEVER_US)
        furthest.append(before[-1] if longer else last)


def _is_covered(before: list[MasterSpan], furthest: list[MasterSpan], t_us: Micros) -> bool:
    """Was one of those MASTER then that began before the last of them? Later ones began after that moment."""
    for place in range(len(furthest) - 1, -1, -1):
        if furthest[place].end_us(NEVER_US) < t_us:
            return False
        if _covers(furthest[place], t_us) or _covers(before[place], t_us):
            return True
    return False


def _covers(span: MasterSpan, t_us: Micros) -> bool:
    return span.from_us <= t_us and (span.to_us is None or t_us <= span.to_us)


def _gaps(router: Heard, spans: list[MasterSpan], end_us: Micros) -> list[Gap]:
    found = []
    covered_us = 0  # how far the spans so far reach; they are in order of their beginnings
    for span, new in pairwise(spans):
        covered_us = max(covered_us, span.end_us(end_us))
        if span.to_us is None or span.to_us < covered_us or new.from_us <= span.to_us:
            continue  # somebody was there already
        to_us, frame = _reachable(router, new)
        earliest, latest = span.to_us, span.to_us
        if span.to_earliest_us is not None and span.to_latest_us is not None:
            earliest, latest = span.to_earliest_us, min(span.to_latest_us, to_us)
        found.append(Gap(router.name, earliest, latest, to_us, (span.last_frame, frame)))
    return found


def _reachable(router: Heard, new: MasterSpan) -> tuple[Micros, int]:
    """When clients could reach the new MASTER: at its first announcement, or advert if it makes none."""
    begin = bisect_left(router.announcements, (new.from_us,))
    for announcement in router.announcements[begin : begin + 1000]:
        if announcement.t_us > new.from_us + new.interval_us:
            break
        if announcement.mac in (new.mac, router.virtual_mac):
            return announcement.t_us, announcement.number
    return new.from_us, new.first_frame


def _backwards(seen: Backwards) -> Iterator[Finding]:
    if not seen.times:
        return
    times = "once" if seen.times == 1 else f"{seen.times} times"
    most = f"by {format_s(seen.most_us)} s"
    most += f" at most, {format_s(seen.in_all_us)} s in all" if seen.times > 1 else ""
    text = (
        f"the times of the frames run backwards {times}, {most}: a clock was set, or captures were joined in"
        " the wrong order (mergecap sorts them); frames are taken in the order of their times here"
    )
    yield Finding(seen.first[0], "backwards", "", text, tuple(dict.fromkeys((seen.first[1], seen.worst))))


class Lists(Protocol):
    """A virtual router whose adverts list addresses: heard as a whole, or followed by a watcher."""

    @property
    def name(self) -> str: ...

    def listings(self) -> Iterator[Sighting]: ...


def shared_addresses(routers: Mapping[tuple[str, int, int], Lists]) -> Iterator[Finding]:
    """One address in two virtual routers of a LAN: two MASTERs that know nothing of each other.

    ``routers``: by LAN, IP version and VRID.
    """
    by_lan: dict[str, list[Lists]] = {}
    for (lan, _, _), router in routers.items():
        by_lan.setdefault(lan, []).append(router)
    for on_lan in by_lan.values():
        yield from _shared_on(on_lan)


def _shared_on(routers: list[Lists]) -> Iterator[Finding]:
    # of the addresses of a crowd those that several have are few: a watcher has room for the rest once
    holder: dict[str, int] = {}
    shared: set[str] = set()
    for number, router in enumerate(routers):
        for sighting in _different(router):
            shared |= {one for one in sighting.addresses if holder.setdefault(one, number) != number}
    del holder
    if not shared:
        return
    first: dict[str, tuple[Lists, Sighting]] = {}
    told: set[tuple[str, str]] = set()
    for router in routers:
        listed: dict[str, Sighting] = {}
        for sighting in _different(router):
            for address in sighting.addresses:
                if address in shared:
                    listed.setdefault(address, sighting)
        for address, sighting in listed.items():
            other, earlier = first.setdefault(address, (router, sighting))
            if other is router or (other.name, router.name) in told:
                continue
            told.add((other.name, router.name))
            one, two = sorted((other.name, router.name))
            text = (
                f"{one} and {two} both have {address}: their MASTERs know nothing of each other, and"
                " clients reach whichever announced itself last"
            )
            later = max(earlier, sighting)
            frames = tuple(sorted((earlier.number, sighting.number)))
            yield Finding(later.t_us, "shared-address", "", text, frames)


def _different(router: Lists) -> Iterator[Sighting]:
    """The first advert of those that list the same: one tuple is kept for all of them."""
    seen: set[int] = set()
    for sighting in router.listings():
        if id(sighting.addresses) not in seen:
            seen.add(id(sighting.addresses))
            yield sighting


def _other_findings(sightings: Sightings) -> list[Finding]:
    found = list(_backwards(sightings.backwards))
    by_text: dict[tuple[str, str], list[tuple[Micros, int]]] = {}
    for rejected in sightings.rejected:
        text = rejected.text.rpartition(" (byte")[0] or rejected.text
        by_text.setdefault((rejected.sender, text), []).append((rejected.t_us, rejected.number))
    cut: dict[str, list[tuple[Micros, int]]] = {}
    for early in sightings.cut_early:
        cut.setdefault(early.sender, []).append((early.t_us, early.number))
    for sender, places in cut.items():
        count = "1 packet" if len(places) == 1 else f"{len(places)} packets"
        who = "somebody" if sender == "?" else sender
        frames = tuple(dict.fromkeys((places[0][1], places[-1][1])))
        words = f"{count} of {who} cut so short by the capture (snap length) that they say nothing of MASTERs"
        found.append(Finding(places[0][0], "cut", "", words, frames, places[-1][0]))
    for (sender, text), places in by_text.items():
        times = "once" if len(places) == 1 else f"{len(places)} times"
        frames = tuple(dict.fromkeys((places[0][1], places[-1][1])))
        words = f"{sender} sent packets no router accepts, {times}: {text}"
        found.append(Finding(places[0][0], "rejected", "", words, frames, places[-1][0]))
    found += shared_addresses(sightings.routers)
    for first, last in sightings.others.values():
        words = f"not VRRP: {last.text} of {last.sender}"
        frames = tuple(dict.fromkeys((first.number, last.number)))
        found.append(Finding(first.t_us, "other-protocol", "", words, frames, last.t_us))
    for vhid, seen in sightings.carp.items():
        senders = tuple(dict.fromkeys(sender for _, _, sender in seen))
        who = " and ".join(senders) if len(senders) < 4 else f"{len(senders)} senders"
        same = [r.name for (_, _, vrid), r in sightings.routers.items() if vrid == vhid]
        clash = f"; it has the number of {same[0]} and disturbs keepalived's adverts" if same else ""
        words = f"CARP, not VRRP: vhid {vhid} of {who}, {len(seen)} adverts{clash}"
        found.append(Finding(seen[0][0], "carp", "", words, (seen[0][1], seen[-1][1]), seen[-1][0]))
    return found


def _limits(timeline: Timeline) -> list[str]:
    limits = [
        "BACKUPs say nothing: who stood by, and why one did not take over, is not in it.",
        "The end of a MASTER that fell silent is known only to within one interval; power, cable, crash"
        " and firewall look the same.",
        "A second MASTER that rejects the first is nearly mute, because each advert it rejects re-arms its"
        " timer (keepalived): the clues are a gratuitous ARP from another MAC address and a takeover"
        " just one interval after the last advert.",
        "It shows this place in the network: another segment may have seen something else.",
    ]
    if any(s.end == PRIORITY_0 for part in timeline.routers for s in part.spans):
        limits.insert(1, "Priority 0 is the same for a stop and for a fault that was noticed.")
    if timeline.sightings.sealed:
        limits.append("What could not be opened may hold VRRP, too.")
    if timeline.sightings.mirrored:
        limits.append("A mirror shows what passed its switch: a router need not have received it.")
    cut = sum(
        end - begin
        for part in timeline.routers
        for begin, end in part.router.runs()
        if not part.router.sightings[begin].is_whole
    )
    if cut:
        limits.append(
            f"{cut} adverts were cut by the capture (snap length): checksums could not be judged, and"
            " addresses may be missing."
        )
    if timeline.sightings.neighbour_frames == 0 and timeline.routers:
        limits.append(
            "No ARP or neighbour discovery in it (a capture filter?): announcements cannot be judged."
        )
    return limits


def gap_finding(gap: Gap) -> Finding:
    """A gap among the findings."""
    text = f"nobody served its addresses for {gap_text(gap)}"
    return Finding(gap.from_earliest_us, "gap", gap.router, text, gap.frames, gap.to_us)


def gap_text(gap: Gap) -> str:
    """``2.9 to 3.6 s``."""
    shortest, longest = gap.to_us - gap.from_latest_us, gap.to_us - gap.from_earliest_us
    if longest - shortest < 10_000:
        return f"{format_s(longest)} s"
    return f"{format_s(shortest)} to {format_s(longest)} s"
