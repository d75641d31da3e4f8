"""What an engineer would point out in a capture.

Takeovers and their causes, silences, two MASTERs at once, priority changes, announcements and where they are
missing. Each finding names the frames it rests on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain, groupby, islice, pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from vrrplab.limits import FINDINGS_WRITTEN
from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.wire.addresses import is_multicast, pack_address
from vrrplab.witness.claims import BEFORE_US, Claim
from vrrplab.witness.differences import differences, settings_of
from vrrplab.witness.masters import (
    BESIDE_ANOTHER,
    GONE,
    OVERDUE,
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
from vrrplab.witness.sightings import LATE_US, Announcement, Heard, Sighting

# two MASTERs for a moment are part of every preemption: the loser needs to hear the winner first
BRIEF_US = 100_000
# how soon a new MASTER announces its addresses; keepalived and FRR take milliseconds (measured)
ANNOUNCES_WITHIN_US = 1_000_000
# garp_master_delay of keepalived is 5 s: the second batch of announcements (measured)
SECOND_BATCH_US = 6 * SECOND_US
# kinds of settings that are compared with each other, the latest ones; of an attack there are thousands
_COMPARED = 8
_REMEMBERED = 1024  # pairs of settings that need no second look


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
    router: Heard, spans: list[MasterSpan], claimed: list[Claim] | None, end_us: Micros
) -> list[Finding]:
    """Everything worth saying about one virtual router, in order of time. ``claimed``: whose announcements
    there are, None if the capture has none of anybody.
    """
    sources = [
        _beginnings(router, spans, end_us),
        _ends(router, spans),
        _silences(router, spans),
        _priorities(router, spans),
        _disagreements(router),
        _replays(router),
    ]
    if claimed is not None:
        sources += [
            _announcements(router, claimed, spans, end_us),
            _left_behind(router, _Announced(router), spans, end_us),
            _late_announcements(router, claimed, spans, end_us),
            _strangers(router, end_us),
        ]
    pairs = _several_masters(router, spans, end_us)  # which are counted there
    found = chain(_bounded(chain.from_iterable(sources)), pairs)
    return sorted(found, key=lambda finding: (finding.t_us, finding.frames))


def _bounded(every: Iterable[Finding]) -> Iterator[Finding]:
    """Of each kind as many as anybody writes down; those beyond are counted, with the first of them."""
    count: Counter[str] = Counter()
    more: dict[str, Finding] = {}
    for finding in every:
        kind = finding.kind
        count[kind] += 1
        if count[kind] <= FINDINGS_WRITTEN.most:
            yield finding
        elif kind not in more:
            more[kind] = finding
        else:
            first = more[kind]
            times = first.times + finding.times
            more[kind] = first._replace(times=times, until_us=max(first.until_us or 0, finding.t_us))
    yield from more.values()


class _Announced:
    """The announcements of a router, by the MAC address, in order of time."""

    def __init__(self, router: Heard) -> None:
        self.by_mac: dict[str, list[Announcement]] = defaultdict(list)
        for one in router.announcements:
            self.by_mac[one.mac].append(one)

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
        for begin, end in router.runs():
            self._heard[router.sightings[begin].speaker] += router.sightings[begin:end]

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
            who = _named(who, span.priorities[0][2])
            if span.is_first_sighting:
                return "first", f"{who} was MASTER when the capture began, or just became it", (frame,)
            return "first", f"{who} is the first MASTER seen", (frame,)
        since_us = span.from_us - old.last_us
        gave_up = old.end == PRIORITY_0 and old.end_us(end_us) <= span.from_us
        if span.is_first_sighting and gave_up:
            waited = format_s(span.from_us - (old.to_us or 0))
            text = f"{who} took over, or was MASTER before, {waited} s after {old.speaker}'s priority 0"
            return "undecided", text, (old.end_frame or old.last_frame, frame)
        if span.is_first_sighting:
            text = (
                f"{_named(who, first.priority)} is heard beside {_named(old.speaker, old.priority)}: which of"
                " them was MASTER before, a capture that begins here does not show"
            )
            if span.from_us > GONE * span.interval_us:
                text = (
                    f"{_named(who, first.priority)} is heard for the first time, beside"
                    f" {_named(old.speaker, old.priority)}: it may have been MASTER before, unheard here"
                )
            return "undecided", text, (old.first_frame, frame)
        # of adverts that come each 10 ms, 100 ms are no moment
        if old.end_us(end_us) >= span.from_us - min(BRIEF_US, old.interval_us) and not gave_up:
            return self._beside(span, old, first)
        if old.end == PRIORITY_0:
            waited = format_s(span.from_us - (old.to_us or 0))
            skew = format_s(skew_us(first))
            text = f"{who} took over {waited} s after {old.speaker}'s priority 0 (its skew time is {skew} s)"
            if old.speaker == who:
                text = f"{who} is back {waited} s after its own priority 0"
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
        if old.speaker == who:
            text = (
                f"{who} is back {waited} s after its own last advert: it was gone, or the capture stood still"
            )
        return "takeover", text, (old.last_frame, frame)

    def _beside(self, span: MasterSpan, old: MasterSpan, first: Sighting) -> tuple[str, str, tuple[int, ...]]:
        earlier = old.last_frame if old.last_us <= span.from_us else old.first_frame
        frames = (earlier, span.first_frame)
        who = _named(span.speaker, first.priority)
        if old.undecided_us is not None and old.undecided_us <= span.from_us:
            text = (
                f"{who} came with a higher priority than {_named(old.speaker, old.priority)}: the capture"
                " ends before it shows whether that one yielded"
            )
            return "undecided", text, frames
        overlap_us = old.end_us(self._end_us) - span.from_us
        if overlap_us <= max(BRIEF_US, old.interval_us // 10) and old.end != STILL:
            at_that_time = _priority_at(old, span.from_us)
            if first.priority == at_that_time:
                text = f"{who} and {old.speaker} came with equal priority; {old.speaker} gave way"
                return "preemption", text, frames
            if first.priority > at_that_time:
                return "preemption", f"{who} preempted {_named(old.speaker, at_that_time)}", frames
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
        elif span.undecided_us is not None:
            frames = (span.last_frame, span.end_frame or span.last_frame)
            text = f"{span.speaker} {describe_end(span)}"
            yield Finding(span.undecided_us, "undecided", router.name, text, frames)


def _silences(router: Heard, spans: list[MasterSpan]) -> Iterator[Finding]:
    for span in spans:
        rejected: list[tuple[Micros, Micros, int, str]] = []
        for from_us, to_us, number, why in span.mute:
            if why in BESIDE_ANOTHER and to_us - from_us <= span.interval_us * 3 // 2:
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
        if new.certain_end_us(end_us) - new.from_us <= BRIEF_US:
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
        heappush(ends, (new.certain_end_us(end_us), number))
        speakers[new.speaker] += 1
    if first and last:
        latest = _two_masters(router, *last, end_us)
        frames = tuple(sorted({*first.frames, *latest.frames}))
        yield first._replace(frames=frames, until_us=latest.t_us, times=more)


def _two_masters(router: Heard, one: MasterSpan, other: MasterSpan, end_us: Micros) -> Finding:
    """``other`` began later."""
    to_us = min(one.certain_end_us(end_us), other.certain_end_us(end_us))
    text = two_masters_text(one.speaker, other.speaker, to_us - other.from_us)
    frames = (other.first_frame, min(one.last_frame, other.last_frame))
    return Finding(other.from_us, "two-masters", router.name, text, tuple(sorted(set(frames))), to_us)


def two_masters_text(one: str, other: str, lasted_us: Micros) -> str:
    """What is said of them. ``other`` came later."""
    lasted = f" for {format_s(lasted_us)} s" if lasted_us > BRIEF_US else ""
    return f"two MASTERs{lasted}: {one} and {other} (clients reach whichever announced itself last)"


def _priorities(router: Heard, spans: list[MasterSpan]) -> Iterator[Finding]:
    for span in spans:
        for (_, _, old), (t_us, number, new) in pairwise(span.priorities):
            text = f"{span.speaker} changed its priority from {old} to {new} (a tracked script or interface?)"
            yield Finding(t_us, "priority", router.name, text, (number,))


def _disagreements(router: Heard) -> Iterator[Finding]:
    """What two routers' adverts differ in although it must be equal: the reason why they reject each
    other.

    Compared are adverts that follow each other closely: who was last heard long ago may be set up otherwise
    now.
    """
    latest: dict[tuple[object, ...], Sighting] = {}  # by what must be equal
    known: dict[str, tuple[object, ...]] = {}
    told: set[str] = set()
    compared: set[tuple[object, ...]] = set()  # some of those of which all is told
    for begin, end in router.runs():
        now = router.sightings[begin]  # those after it differ from others in the same, only later
        words = settings_of(now)
        is_new = known.get(now.speaker) != words
        known[now.speaker] = words
        if is_new or len(latest) > 1:
            others = ((its, s) for its, s in latest.items() if its != words)
            for its, other in islice(others, _COMPARED):
                pair = (now.speaker, words, other.speaker, its)
                if pair in compared:
                    continue
                span_us = max(now.interval_us, other.interval_us)
                if other.speaker == now.speaker or now.t_us - other.t_us > int(GONE * span_us) + SECOND_US:
                    continue
                one, two = sorted((other, now), key=lambda s: (pack_address(s.source), s.speaker))
                differ = list(differences(one, two))
                if len(compared) >= _REMEMBERED:
                    compared.clear()
                compared.add(pair)
                text = f"{one.speaker} and {two.speaker} are set up differently: {'; '.join(differ)}"
                if differ and text not in told:
                    told.add(text)
                    frames = (other.number, now.number)
                    yield Finding(now.t_us, "mismatch", router.name, text, frames)
        latest.pop(words, None)
        latest[words] = router.sightings[end - 1]
        if len(latest) > 2 * _COMPARED:
            del latest[next(iter(latest))]


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
    router: Heard, claimed: list[Claim], spans: list[MasterSpan], end_us: Micros
) -> Iterator[Finding]:
    own: dict[int, list[Announcement]] = {id(span): [] for span in spans}
    doubtful: dict[int, list[Announcement]] = {id(span): [] for span in spans}
    groups: dict[tuple[int, ...], list[Claim]] = {}
    for claim in claimed:
        if claim.span is not None:
            own[id(claim.span)].append(claim.announcement)
        elif len(claim.candidates) > 1:
            for span in claim.candidates:
                doubtful[id(span)].append(claim.announcement)
            groups.setdefault(tuple(id(span) for span in claim.candidates), []).append(claim)
    for several in groups.values():
        yield _either(router, several)
    before = ""
    for span in spans:
        first, before, was = span.first, span.speaker, before
        if first is None or span.began_before_capture or span.is_first_sighting:
            continue
        from_us, to_us = span.from_us - BEFORE_US, span.from_us + ANNOUNCES_WITHIN_US
        soon = [a for a in own[id(span)] if from_us <= a.t_us < to_us]
        known = {a.address for a in [*soon, *doubtful[id(span)]] if from_us <= a.t_us < to_us}
        missing = [address for address in first.addresses if address not in known]
        if soon and not missing:
            times = _counted(len(soon), "frame")
            text = f"{span.speaker} announced its addresses {_after(soon[0], span)}, in {times}"
            frames = tuple(dict.fromkeys((soon[0].number, soon[-1].number)))
            yield Finding(soon[0].t_us, "announced", router.name, text, frames)
        elif was == span.speaker:
            continue  # it is back, and clients still have its MAC address
        elif not was and not is_multicast(first.destination):
            continue  # adverts wait for a peer to be found by ARP, announcements do not: before the capture
        elif missing and end_us >= to_us and span.end_us(to_us) - span.from_us > BRIEF_US:
            named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            text = f"{span.speaker} became MASTER and did not announce {named}: clients keep the old MAC"
            if soon:  # it announced others, so these may belong to another interface of it
                text += ", if they are on this LAN at all"
            yield Finding(span.from_us, "garp-missing", router.name, text, (span.first_frame,))


def _after(announcement: Announcement, span: MasterSpan) -> str:
    begin_us = span.from_us if span.first is None else span.first.t_us  # of dating back it says nothing
    after_us = announcement.t_us - begin_us
    if after_us < 0:
        return f"{format_s(-after_us)} s before its first advert"
    return f"{format_s(after_us)} s later"


def _either(router: Heard, several: list[Claim]) -> Finding:
    """Announcements of the virtual MAC that may be this router's or that one's."""
    first, last = several[0].announcement, several[-1].announcement
    names = [*dict.fromkeys(span.speaker for span in several[0].candidates)]
    who = ", ".join(names[:-1]) + f" or {names[-1]}"
    text = (
        f"{first.address} was announced in {_counted(len(several), 'frame')} by {who}: which of them, the"
        " virtual MAC does not tell"
    )
    frames = tuple(dict.fromkeys((first.number, last.number)))
    return Finding(first.t_us, "announced", router.name, text, frames, last.t_us)


def _late_announcements(
    router: Heard, claimed: list[Claim], spans: list[MasterSpan], end_us: Micros
) -> Iterator[Finding]:
    """A router that had left, and announces an address that another one serves."""
    begins = [span.from_us for span in spans]
    first: dict[tuple[int, str], list[Claim]] = {}
    for claim in claimed:
        span, t_us = claim.span, claim.announcement.t_us
        if span is None or span.to_us is None or t_us <= span.to_us + LATE_US:
            continue
        if span.end == SILENT or t_us > end_us - int(OVERDUE * span.interval_us):
            continue  # it may be MASTER again, or still
        at = bisect_right(begins, t_us)
        other = next((s for s in reversed(spans[max(0, at - 8) : at]) if s.end_us(end_us) > t_us), None)
        if other is not None and other.speaker != span.speaker:
            first.setdefault((id(span), other.speaker), []).append(claim)
    for (_, other_name), several in first.items():
        one, last = several[0], several[-1].announcement
        assert one.span is not None
        after = format_s(one.announcement.t_us - (one.span.to_us or 0))
        text = (
            f"{one.speaker} announced {one.announcement.address} {after} s after it had left: clients go"
            f" to it, and not to {other_name}, until that one announces itself again"
        )
        frames = tuple(dict.fromkeys((one.announcement.number, last.number)))
        yield Finding(one.announcement.t_us, "late-announcement", router.name, text, frames, last.t_us)


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


def _strangers(router: Heard, end_us: Micros) -> Iterator[Finding]:
    """Who announces an address and sends no advert. One that does so only as the capture begins may have
    been MASTER before; one that begins as it ends may send its first advert after.
    """
    interval_us = router.sightings[-1].interval_us
    known = {router.sightings[begin].mac for begin, _ in router.runs()} | {router.virtual_mac}
    first: dict[str, list[Announcement]] = {}
    for announcement in router.announcements:
        if announcement.mac not in known:
            first.setdefault(announcement.mac, []).append(announcement)
    for mac, own in first.items():
        if own[-1].t_us < SECOND_BATCH_US or own[0].t_us > end_us - interval_us - LATE_US:
            continue
        text = (
            f"{mac} announced {own[0].address} and sent no advert: a second MASTER that is mute or not heard,"
            " or a host with the same address"
        )
        frames = tuple(dict.fromkeys((own[0].number, own[-1].number)))
        yield Finding(own[0].t_us, "stranger", router.name, text, frames)
