"""What an engineer would point out in a capture.

Takeovers and their causes, silences, two MASTERs at once, priority changes, announcements and where they are
missing. Each finding names the frames it rests on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from vrrplab.limits import FINDINGS_WRITTEN
from vrrplab.units import Micros, format_s
from vrrplab.witness.differences import differences
from vrrplab.witness.masters import (
    PRIORITY_0,
    REARM_TOLERANCE_US,
    SILENT,
    STILL,
    MasterSpan,
    describe_end,
    down_interval_us,
    skew_us,
)
from vrrplab.witness.replays import replays
from vrrplab.witness.sightings import Announcement, Heard, Sighting

# two MASTERs for a moment are part of every preemption: the loser needs to hear the winner first
BRIEF_US = 100_000
# how soon a new MASTER announces its addresses; keepalived and FRR take milliseconds (measured)
ANNOUNCES_WITHIN_US = 1_000_000


class Finding(NamedTuple):
    """One conclusion. ``kind`` is a short stable word; ``until_us`` is the end of what lasts a while.

    ``times``: how many of its kind it stands for, from ``t_us`` to ``until_us``, where nobody wants each.
    """

    t_us: Micros
    kind: str
    router: str
    text: str
    frames: tuple[int, ...]
    until_us: Micros | None = None
    like: str = ""  # of kind "more": what kind those are that it counts
    times: int = 1


def capped(found: list[Finding], most: int) -> list[Finding]:
    """Findings in order of time: of each kind so many, then one that counts the others of it."""
    kept: list[Finding] = []
    left: dict[str, list[Finding]] = {}
    count: Counter[str] = Counter()
    for finding in found:
        count[finding.kind] += finding.times
        if count[finding.kind] <= most:
            kept.append(finding)
        else:
            left.setdefault(finding.kind, []).append(finding)
    for kind, more in left.items():
        first, last = more[0], more[-1]
        number = sum(finding.times for finding in more)
        text = f"and {_counted(number, 'finding')} more like this ({kind}): {first.text}"
        frames = tuple(dict.fromkeys((first.frames[-1], last.frames[-1])))
        routers = {finding.router for finding in more}
        router = first.router if len(routers) == 1 else ""
        last_us = last.t_us if last.times == 1 else last.until_us
        kept.append(Finding(first.t_us, "more", router, text, frames, last_us, kind, number))
    return sorted(kept, key=lambda finding: (finding.t_us, finding.frames))


def findings(
    router: Heard, spans: list[MasterSpan], end_us: Micros, has_neighbour_frames: bool
) -> list[Finding]:
    """Everything worth saying about one virtual router, in order of time."""
    announced = _Announced(router)
    found = [
        *_beginnings(router, spans, end_us),
        *_ends(router, spans),
        *_silences(router, spans),
        *_several_masters(router, spans, end_us),
        *_priorities(router, spans),
        *_disagreements(router),
        *_replays(router),
    ]
    if has_neighbour_frames:
        found += _announcements(router, announced, spans, end_us)
        found += _left_behind(router, announced, spans, end_us)
        found += _strangers(router)
    return sorted(found, key=lambda finding: (finding.t_us, finding.frames))


class _Announced:
    """The announcements of a router, by the MAC address and by what it announced: each in order of time."""

    def __init__(self, router: Heard) -> None:
        self.by_mac: dict[str, list[Announcement]] = defaultdict(list)
        self._times: dict[tuple[str, str], list[Micros]] = defaultdict(list)
        for one in router.announcements:
            self.by_mac[one.mac].append(one)
            self._times[one.mac, one.address].append(one.t_us)

    def between(self, mac: str, from_us: Micros, to_us: Micros) -> tuple[int, int]:
        """Those from a moment up to before another, as places in ``by_mac``."""
        own = self.by_mac.get(mac, ())
        begin = bisect_left(own, from_us, key=_time_of)
        return begin, bisect_left(own, to_us, begin, key=_time_of)

    def has(self, mac: str, address: str, from_us: Micros, to_us: Micros) -> bool:
        times = self._times.get((mac, address), ())
        at = bisect_left(times, from_us)
        return at < len(times) and times[at] < to_us

    def last_before(self, mac: str, until_us: Micros) -> Announcement | None:
        own = self.by_mac.get(mac, ())
        at = bisect_right(own, until_us, key=_time_of)
        return own[at - 1] if at else None


class Beginnings:
    """How spans began. Built once, it answers for each of them without going through the others."""

    def __init__(self, router: Heard, spans: list[MasterSpan], end_us: Micros) -> None:
        """``spans``: all of the router, in order of their beginnings."""
        self._end_us = end_us
        self._from_us = [span.from_us for span in spans]
        self._last: list[MasterSpan] = []  # of the spans up to here: the one that lasted longest
        for span in spans:
            best = self._last[-1] if self._last else span
            longer = (span.end_us(end_us), span.from_us) > (best.end_us(end_us), best.from_us)
            self._last.append(span if longer else best)
        self._heard: dict[str, list[Sighting]] = defaultdict(list)
        for sighting in router.sightings:
            self._heard[sighting.speaker].append(sighting)

    def _predecessor(self, span: MasterSpan) -> MasterSpan | None:
        """Who was MASTER last before this span began, or still is."""
        before = bisect_left(self._from_us, span.from_us)
        return self._last[before - 1] if before else None

    def _last_advert(self, speaker: str, before_us: Micros) -> Sighting | None:
        own = self._heard.get(speaker, ())
        at = bisect_left(own, before_us, key=_time_of)
        return own[at - 1] if at else None

    def of(self, span: MasterSpan) -> tuple[str, str, tuple[int, ...]]:
        """How a span began: kind of finding, in words, and the frames."""
        who, frame = span.speaker, span.first_frame
        if span.began_before_capture:
            return "first", f"{who} was MASTER when the capture began", (span.last_frame,)
        first = span.first
        old, end_us = self._predecessor(span), self._end_us
        if old is None or first is None:
            return "first", f"{_named(who, span.priorities[0][2])} is the first MASTER seen", (frame,)
        since_us = span.from_us - old.last_us
        gave_up = old.end == PRIORITY_0 and old.end_us(end_us) <= span.from_us
        if old.end_us(end_us) >= span.from_us - BRIEF_US and not gave_up:
            return self._beside(span, old, first)
        if old.end == PRIORITY_0:
            waited = format_s(span.from_us - (old.to_us or 0))
            skew = format_s(skew_us(first))
            text = f"{who} took over {waited} s after {old.speaker}'s priority 0 (its skew time is {skew} s)"
            return "takeover", text, (old.end_frame or old.last_frame, frame)
        waited, down = format_s(since_us), down_interval_us(first)
        if abs(since_us - first.interval_us) <= REARM_TOLERANCE_US and since_us < down // 2:
            text = (
                f"{who} follows {old.speaker}'s last advert by just one interval, {waited} s, not by"
                f" {format_s(down)} s: it was MASTER before, without a word (it rejected the other's adverts)"
            )
            return "hidden-master", text, (old.last_frame, frame)
        text = (
            f"{who} took over {waited} s after {old.speaker}'s last advert"
            f" (3 intervals and its skew time make {format_s(down)} s)"
        )
        return "takeover", text, (old.last_frame, frame)

    def _beside(self, span: MasterSpan, old: MasterSpan, first: Sighting) -> tuple[str, str, tuple[int, ...]]:
        earlier = old.last_frame if old.last_us <= span.from_us else old.first_frame
        frames = (earlier, span.first_frame)
        who = _named(span.speaker, first.priority)
        overlap_us = old.end_us(self._end_us) - span.from_us
        if overlap_us <= max(BRIEF_US, old.interval_us // 10) and old.end != STILL:
            at_that_time = _priority_at(old, span.from_us)
            if first.priority == at_that_time:
                text = f"{who} and {old.speaker} came with equal priority; {old.speaker} gave way"
                return "preemption", text, frames
            text = f"{who} preempted {_named(old.speaker, at_that_time)}"
            return "preemption", text, frames
        text = f"{who} became MASTER beside {old.speaker}"
        heard = self._last_advert(old.speaker, span.from_us)
        if heard is not None:
            text += f", {format_s(span.from_us - heard.t_us)} s after the last advert of that one"
            frames = (heard.number, span.first_frame)
        return "second-master", text, frames


def _beginnings(router: Heard, spans: list[MasterSpan], end_us: Micros) -> Iterator[Finding]:
    beginnings = Beginnings(router, spans, end_us)
    for span in spans:
        kind, text, frames = beginnings.of(span)
        yield Finding(span.from_us, kind, router.name, text, frames)


def _named(speaker: str, priority: int) -> str:
    """Routers that share an address have their priority in their name already."""
    return speaker if speaker.endswith(")") else f"{speaker} (priority {priority})"


def _priority_at(span: MasterSpan, t_us: Micros) -> int:
    known = bisect_right(span.priorities, t_us, key=itemgetter(0))
    return span.priorities[known - 1][2] if known else span.priority


def _ends(router: Heard, spans: list[MasterSpan]) -> Iterator[Finding]:
    for span in spans:
        if span.to_us is not None:
            kind = {PRIORITY_0: "priority-0", SILENT: "silence"}.get(span.end, "yield")
            text = f"{span.speaker} {describe_end(span)}"
            at_us = span.last_us if span.end == SILENT else span.to_us
            frames = (span.last_frame,) if span.end_frame in (None, span.last_frame) else (
                span.last_frame, span.end_frame or 0,
            )  # fmt: skip
            yield Finding(at_us, kind, router.name, text, frames)


def _silences(router: Heard, spans: list[MasterSpan]) -> Iterator[Finding]:
    for span in spans:
        rejected: list[tuple[Micros, Micros, int, str]] = []
        for from_us, to_us, number, why in span.mute:
            if to_us - from_us <= span.interval_us * 3 // 2:
                rejected.append((from_us, to_us, number, why))
                continue
            text = f"{span.speaker} said nothing for {format_s(to_us - from_us)} s: {why}"
            yield Finding(from_us, "mute", router.name, text, (number,), to_us)
        if rejected:
            why, last = rejected[0][3], rejected[-1]
            text = f"{span.speaker} stayed MASTER beside another: {why}"
            frames = tuple(dict.fromkeys((rejected[0][2], last[2])))
            yield Finding(rejected[0][0], "rejects", router.name, text, frames, last[1])


def _several_masters(router: Heard, spans: list[MasterSpan], end_us: Micros) -> Iterator[Finding]:
    """Pairs, in order of time. Those that nobody will want are only counted: of 1,000 MASTERs 500,000."""
    there: dict[int, MasterSpan] = {}  # those that are MASTER long enough beside one that begins now
    ends: list[tuple[Micros, int]] = []
    speakers: Counter[str] = Counter()
    told = more = 0
    first: Finding | None = None
    last: tuple[MasterSpan, MasterSpan] | None = None
    for number, new in enumerate(spans):  # in order of their beginnings
        while ends and ends[0][0] <= new.from_us + BRIEF_US:
            gone = there.pop(heappop(ends)[1])
            speakers[gone.speaker] -= 1
        if new.end_us(end_us) - new.from_us <= BRIEF_US:
            continue
        pairs = len(there) - speakers[new.speaker]
        if told < FINDINGS_WRITTEN.most:
            for old in there.values():
                if old.speaker != new.speaker:
                    yield _two_masters(router, old, new, end_us)
            told += pairs
        elif pairs:
            if first is None:
                old = next(one for one in there.values() if one.speaker != new.speaker)
                first = _two_masters(router, old, new, end_us)
            last = next(one for one in reversed(there.values()) if one.speaker != new.speaker), new
            more += pairs
        there[number] = new
        heappush(ends, (new.end_us(end_us), number))
        speakers[new.speaker] += 1
    if first and last:
        latest = _two_masters(router, *last, end_us)
        frames = tuple(sorted({*first.frames, *latest.frames}))
        yield first._replace(frames=frames, until_us=latest.t_us, times=more)


def _two_masters(router: Heard, one: MasterSpan, other: MasterSpan, end_us: Micros) -> Finding:
    """``other`` began later."""
    to_us = min(one.end_us(end_us), other.end_us(end_us))
    text = (
        f"two MASTERs for {format_s(to_us - other.from_us)} s: {one.speaker} and {other.speaker}"
        " (clients reach whichever announced itself last)"
    )
    frames = (other.first_frame, min(one.last_frame, other.last_frame))
    return Finding(other.from_us, "two-masters", router.name, text, tuple(sorted(set(frames))), to_us)


def _priorities(router: Heard, spans: list[MasterSpan]) -> Iterator[Finding]:
    for span in spans:
        for (_, _, old), (t_us, number, new) in pairwise(span.priorities):
            text = f"{span.speaker} changed its priority from {old} to {new} (a tracked script or interface?)"
            yield Finding(t_us, "priority", router.name, text, (number,))


def _disagreements(router: Heard) -> Iterator[Finding]:
    """What two routers' adverts differ in although it must be equal: the reason why they reject each
    other.
    """
    firsts: dict[str, Sighting] = {}
    for sighting in router.sightings:
        firsts.setdefault(sighting.speaker, sighting)
    speakers = list(firsts.values())
    for other in speakers[1:]:
        one = speakers[0]
        differ = list(differences(one, other))
        if differ:
            text = f"{one.speaker} and {other.speaker} are set up differently: {'; '.join(differ)}"
            yield Finding(other.t_us, "mismatch", router.name, text, (one.number, other.number))


def _replays(router: Heard) -> Iterator[Finding]:
    for (speaker, _), group in groupby(replays(router.sightings), key=lambda r: (r.speaker, r.highest)):
        first, *more = group
        last = more[-1] if more else first
        text = f"{speaker}'s {first.text()}"
        if more:
            text += f"; {len(more)} more like it, up to {last.sequence}"
        frames = tuple(dict.fromkeys((first.highest_number, first.number, last.number)))
        yield Finding(first.t_us, "replay", router.name, text, frames, last.t_us)


def _announcements(
    router: Heard, announced: _Announced, spans: list[MasterSpan], end_us: Micros
) -> Iterator[Finding]:
    for span in spans:
        first = span.first
        if first is None or span.began_before_capture:
            continue
        # a virtual MAC is the next MASTER's too
        from_us, to_us = span.from_us - BRIEF_US, span.from_us + ANNOUNCES_WITHIN_US
        until_us = {span.mac: to_us, router.virtual_mac: min(to_us, span.end_us(end_us) + 1)}
        count, ends = 0, []
        for mac, before_us in until_us.items():
            begin, end = announced.between(mac, from_us, before_us)
            count += end - begin
            ends += [announced.by_mac[mac][n] for n in (begin, end - 1)] if begin < end else []
        missing = [
            address
            for address in first.addresses
            if not any(announced.has(mac, address, from_us, us) for mac, us in until_us.items())
        ]
        if count and not missing:
            after = format_s(max(min(ends).t_us - span.from_us, 0))
            text = f"{span.speaker} announced its addresses {after} s later, in {_counted(count, 'frame')}"
            frames = tuple(dict.fromkeys((min(ends).number, max(ends).number)))
            yield Finding(min(ends).t_us, "announced", router.name, text, frames)
        elif span.end_us(span.from_us + ANNOUNCES_WITHIN_US) - span.from_us > BRIEF_US and first.addresses:
            named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            text = f"{span.speaker} became MASTER and did not announce {named}: clients keep the old MAC"
            yield Finding(span.from_us, "garp-missing", router.name, text, (span.first_frame,))


def _left_behind(
    router: Heard, announced: _Announced, spans: list[MasterSpan], end_us: Micros
) -> Iterator[Finding]:
    """After two MASTERs: did the one that stayed announce itself after the one that left?"""
    for loser, stayed, winner in _stayed(spans, end_us):
        to_us = loser.to_us or 0
        if to_us - loser.from_us <= BRIEF_US or stayed.mac == loser.mac:
            continue
        if winner.from_us > loser.from_us and to_us - winner.from_us <= BRIEF_US:
            continue  # an ordinary preemption: the newcomer announces itself
        last = announced.last_before(loser.mac, to_us)
        if last is None:
            continue
        later = announced.by_mac.get(winner.mac, ())
        at = bisect_right(later, last)
        if at == len(later) or later[at].t_us > to_us + ANNOUNCES_WITHIN_US:
            text = (
                f"{loser.speaker} announced {last.address} last, and {winner.speaker}, which stayed MASTER,"
                " did not announce itself again: clients may go on sending to the wrong one"
            )
            yield Finding(to_us, "garp-missing", router.name, text, (last.number, winner.last_frame))


def _stayed(spans: list[MasterSpan], end_us: Micros) -> Iterator[tuple[MasterSpan, MasterSpan, MasterSpan]]:
    """Each that left beside others which stayed, with the first and the last of these to begin."""
    furthest: list[Micros] = []  # how long the spans up to here last
    for span in spans:
        furthest.append(max(span.end_us(end_us), furthest[-1] if furthest else 0))
    # Of those that began before a moment, all that outlast every later one: the last of them to begin that
    # lasts until some time is the last of all.
    lasting: list[MasterSpan] = []
    begun = 0
    left = [s for s in spans if s.to_us is not None and end_us - s.to_us >= ANNOUNCES_WITHIN_US]
    for loser in sorted(left, key=lambda span: span.to_us or 0):
        to_us = loser.to_us or 0
        while begun < len(spans) and spans[begun].from_us < to_us:
            new_end_us = spans[begun].end_us(end_us)
            while lasting and lasting[-1].end_us(end_us) <= new_end_us:
                lasting.pop()
            lasting.append(spans[begun])
            begun += 1
        stays_us = to_us + ANNOUNCES_WITHIN_US
        first = bisect_left(furthest, stays_us)
        if first < begun:
            last = bisect_right(lasting, -stays_us, key=lambda span: -span.end_us(end_us))
            yield loser, spans[first], lasting[last - 1]


_time_of = attrgetter("t_us")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _strangers(router: Heard) -> Iterator[Finding]:
    known = {s.mac for s in router.sightings} | {router.virtual_mac}
    first: dict[str, list[Announcement]] = {}
    for announcement in router.announcements:
        if announcement.mac not in known:
            first.setdefault(announcement.mac, []).append(announcement)
    for mac, own in first.items():
        text = (
            f"{mac} announced {own[0].address} and sent no advert: a second MASTER that is mute or not heard,"
            " or a host with the same address"
        )
        frames = tuple(dict.fromkeys((own[0].number, own[-1].number)))
        yield Finding(own[0].t_us, "stranger", router.name, text, frames)
