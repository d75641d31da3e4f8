"""What an engineer would point out in a capture.

Takeovers and their causes, silences, two MASTERs at once, priority changes, announcements and where they are
missing. Each finding names the frames it rests on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

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
    """One conclusion. ``kind`` is a short stable word; ``until_us`` is the end of what lasts a while."""

    t_us: Micros
    kind: str
    router: str
    text: str
    frames: tuple[int, ...]
    until_us: Micros | None = None


def findings(
    router: Heard, spans: list[MasterSpan], end_us: Micros, has_neighbour_frames: bool
) -> list[Finding]:
    """Everything worth saying about one virtual router, in order of time."""
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
        found += _announcements(router, spans, end_us)
        found += _left_behind(router, spans, end_us)
        found += _strangers(router)
    return sorted(found, key=lambda finding: (finding.t_us, finding.frames))


def predecessor(spans: list[MasterSpan], span: MasterSpan, end_us: Micros) -> MasterSpan | None:
    """Who was MASTER last before this span began, or still is."""
    before = [s for s in spans if s.from_us < span.from_us and s is not span]
    return max(before, key=lambda s: (s.end_us(end_us), s.from_us), default=None)


def _beginnings(router: Heard, spans: list[MasterSpan], end_us: Micros) -> Iterator[Finding]:
    for span in spans:
        kind, text, frames = beginning(router, spans, span, end_us)
        yield Finding(span.from_us, kind, router.name, text, frames)


def beginning(
    router: Heard, spans: list[MasterSpan], span: MasterSpan, end_us: Micros
) -> tuple[str, str, tuple[int, ...]]:
    """How a span began: kind of finding, in words, and the frames."""
    who, frame = span.speaker, span.first_frame
    if span.began_before_capture:
        return "first", f"{who} was MASTER when the capture began", (span.last_frame,)
    first = span.first
    old = predecessor(spans, span, end_us)
    if old is None or first is None:
        return "first", f"{_named(who, span.priorities[0][2])} is the first MASTER seen", (frame,)
    since_us = span.from_us - old.last_us
    gave_up = old.end == PRIORITY_0 and old.end_us(end_us) <= span.from_us
    if old.end_us(end_us) >= span.from_us - BRIEF_US and not gave_up:
        return _beside(router, span, old, first, end_us)
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


def _beside(
    router: Heard, span: MasterSpan, old: MasterSpan, first: Sighting, end_us: Micros
) -> tuple[str, str, tuple[int, ...]]:
    earlier = old.last_frame if old.last_us <= span.from_us else old.first_frame
    frames = (earlier, span.first_frame)
    who = _named(span.speaker, first.priority)
    overlap_us = old.end_us(end_us) - span.from_us
    if overlap_us <= max(BRIEF_US, old.interval_us // 10) and old.end != STILL:
        at_that_time = _priority_at(old, span.from_us)
        if first.priority == at_that_time:
            text = f"{who} and {old.speaker} came with equal priority; {old.speaker} gave way"
            return "preemption", text, frames
        text = f"{who} preempted {_named(old.speaker, at_that_time)}"
        return "preemption", text, frames
    text = f"{who} became MASTER beside {old.speaker}"
    index = bisect_left(router.sightings, (span.from_us,))
    heard = next((s for s in reversed(router.sightings[:index]) if s.speaker == old.speaker), None)
    if heard is not None:
        text += f", {format_s(span.from_us - heard.t_us)} s after the last advert of that one"
        frames = (heard.number, span.first_frame)
    return "second-master", text, frames


def _named(speaker: str, priority: int) -> str:
    """Routers that share an address have their priority in their name already."""
    return speaker if speaker.endswith(")") else f"{speaker} (priority {priority})"


def _priority_at(span: MasterSpan, t_us: Micros) -> int:
    known = [priority for at_us, _, priority in span.priorities if at_us <= t_us]
    return known[-1] if known else span.priority


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
    for index, one in enumerate(spans):
        for other in spans[index + 1 :]:
            if other.from_us >= one.end_us(end_us):
                break  # spans are in order of their beginnings
            from_us = max(one.from_us, other.from_us)
            to_us = min(one.end_us(end_us), other.end_us(end_us))
            if to_us - from_us > BRIEF_US and one.speaker != other.speaker:
                text = (
                    f"two MASTERs for {format_s(to_us - from_us)} s: {one.speaker} and {other.speaker}"
                    " (clients reach whichever announced itself last)"
                )
                frames = (other.first_frame, min(one.last_frame, other.last_frame))
                yield Finding(from_us, "two-masters", router.name, text, tuple(sorted(set(frames))), to_us)


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


def _announcements(router: Heard, spans: list[MasterSpan], end_us: Micros) -> Iterator[Finding]:
    times = [a.t_us for a in router.announcements]
    for span in spans:
        first = span.first
        if first is None or span.began_before_capture:
            continue
        begin = bisect_left(times, span.from_us - BRIEF_US)
        end = bisect_left(times, span.from_us + ANNOUNCES_WITHIN_US)
        # a virtual MAC is the next MASTER's too
        own = [
            a
            for a in router.announcements[begin:end]
            if (a.mac == router.virtual_mac and a.t_us <= span.end_us(end_us))
            or a.mac == span.mac != router.virtual_mac
        ]
        missing = [address for address in first.addresses if address not in {a.address for a in own}]
        if own and not missing:
            count = len(own)
            after = format_s(max(own[0].t_us - span.from_us, 0))
            text = f"{span.speaker} announced its addresses {after} s later, in {_counted(count, 'frame')}"
            frames = tuple(dict.fromkeys((own[0].number, own[-1].number)))
            yield Finding(own[0].t_us, "announced", router.name, text, frames)
        elif span.end_us(span.from_us + ANNOUNCES_WITHIN_US) - span.from_us > BRIEF_US and first.addresses:
            named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            text = f"{span.speaker} became MASTER and did not announce {named}: clients keep the old MAC"
            yield Finding(span.from_us, "garp-missing", router.name, text, (span.first_frame,))


def _left_behind(router: Heard, spans: list[MasterSpan], end_us: Micros) -> Iterator[Finding]:
    """After two MASTERs: did the one that stayed announce itself after the one that left?"""
    for loser in spans:
        if loser.to_us is None or end_us - loser.to_us < ANNOUNCES_WITHIN_US:
            continue
        stays_us = loser.to_us + ANNOUNCES_WITHIN_US
        stay = [
            s for s in spans if s is not loser and s.from_us < loser.to_us and s.end_us(end_us) >= stays_us
        ]
        if not stay or loser.to_us - loser.from_us <= BRIEF_US or stay[0].mac == loser.mac:
            continue
        winner = stay[-1]
        if winner.from_us > loser.from_us and loser.to_us - winner.from_us <= BRIEF_US:
            continue  # an ordinary preemption: the newcomer announces itself
        last = _last_by(router, loser.mac, loser.to_us)
        if last is None:
            continue
        begin = bisect_right(router.announcements, last)
        end = bisect_right(router.announcements, stays_us, key=lambda a: a.t_us)
        if not any(a.mac == winner.mac for a in router.announcements[begin:end]):
            text = (
                f"{loser.speaker} announced {last.address} last, and {winner.speaker}, which stayed MASTER,"
                " did not announce itself again: clients may go on sending to the wrong one"
            )
            yield Finding(loser.to_us, "garp-missing", router.name, text, (last.number, winner.last_frame))


def _last_by(router: Heard, mac: str, before_us: Micros) -> Announcement | None:
    index = bisect_right(router.announcements, before_us, key=lambda a: a.t_us)
    return next((a for a in reversed(router.announcements[:index]) if a.mac == mac), None)


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
