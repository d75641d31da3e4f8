"""The timeline in words: a table of at most 80 columns, and JSON lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from vrrplab.decoding.describe import sealed_text
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.limits import FINDINGS_SUMMED, FINDINGS_TOLD, FINDINGS_WRITTEN, TIMELINE_LINES, WORST_TOLD
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded, wrap
from vrrplab.units import Micros, format_s
from vrrplab.witness.findings import Beginnings, Finding
from vrrplab.witness.masters import MasterSpan, describe_end
from vrrplab.witness.severity import severity_colour
from vrrplab.witness.timeline import Gap, RouterTimeline, Timeline, gap_finding

_WIDTH = 80
_EXAMPLES = 3  # of a kind, where the worst are told


def table(timeline: Timeline, clock: WallClock | None = None, every: bool = True, read_as: str = "") -> str:
    """Everything, for a terminal, as text without colours."""
    return "\n".join(line for line, _ in coloured_lines(timeline, clock, every, read_as))


def coloured_lines(
    timeline: Timeline, clock: WallClock | None = None, every: bool = True, read_as: str = ""
) -> Iterator[tuple[str, str]]:
    """Each line with the colour of its severity, a key of ``output.terminal.COLOURS``, or "".

    ``clock``: whose times of day stand beside those that count from the first frame; None: nobody's.
    ``every``: what would be long is told all the same, not summed up. ``read_as``: the shape of the text it
    was read from.
    """
    clock = clock or WallClock(utc=True)
    for line in _head(timeline, clock, read_as):
        yield line, ""
    for part in timeline.routers:
        yield "", ""
        is_long = not every and len(part.spans) > TIMELINE_LINES.most
        lines = _router_summary(timeline, part, clock) if is_long else _router_lines(timeline, part, clock)
        for line in lines:
            yield line, ""
    told = timeline.findings(FINDINGS_TOLD if every else FINDINGS_SUMMED)
    if told:
        yield "", ""
        yield "What happened", ""
        if not every and len(told) > TIMELINE_LINES.most:
            told, left = _worst(told)
            yield from _finding_lines(timeline, told, clock)
            yield f"  {'…':>10} and {left} more: --all tells all, --format jsonl has them", ""
        else:
            yield from _finding_lines(timeline, told, clock)
    gaps = sorted((gap for part in timeline.routers for gap in part.gaps), key=lambda gap: gap.to_us)
    if gaps:
        yield "", ""
        yield "What clients could notice", ""
        most = FINDINGS_TOLD.most
        if not every and len(gaps) > TIMELINE_LINES.most:
            most = WORST_TOLD.most
            gaps = sorted(gaps, key=lambda gap: gap.from_earliest_us - gap.to_us)
            yield f"  {len(gaps)} gaps; the longest:", ""
        for line in _gap_lines(timeline, gaps[:most], clock):
            yield line, "yellow"
        for line in _and_more(len(gaps), "gap", most):
            yield line, ""
    if timeline.routers:
        yield "", ""
        yield "What a capture cannot show", ""
        for text in timeline.limits():
            for line in _bullet("-", text, 2):
                yield line, ""


def _worst(told: list[Finding]) -> tuple[list[Finding], int]:
    """The most severe of the findings, the longest of these, a few of each kind, in order of time; and how
    many are left.
    """
    rank = {"red": 0, "yellow": 1, "": 2}
    by_weight = sorted(
        told, key=lambda one: (rank[severity_colour(one)], one.t_us - (one.until_us or one.t_us), one.t_us)
    )
    of_kind: Counter[str] = Counter()
    various = []
    for one in by_weight:
        of_kind[one.like or one.kind] += 1
        if of_kind[one.like or one.kind] <= _EXAMPLES:
            various.append(one)
    kept = sorted(various[: WORST_TOLD.most], key=lambda one: (one.t_us, one.frames))
    return kept, sum(one.times for one in told) - sum(one.times for one in kept)


def _head(timeline: Timeline, clock: WallClock, read_as: str) -> Iterator[str]:
    found = timeline.sightings
    if read_as:
        yield f"Read as {read_as}."
    moment = clock.moment(found.start_ns)
    span = f"{found.frames} frames in {format_s(timeline.end_us)} s"
    yield f"{span}{f', from {moment}' if moment else ''}."
    which = "earliest" if found.backwards.times else "first"
    beside = " Beside them is the time of day." if moment else ""
    yield f"Times are seconds from the {which} frame.{beside}"
    if found.copies:
        are = "1 frame is an earlier one" if found.copies == 1 else f"{found.copies} frames are earlier ones"
        yield f"{are} again (interfaces, mirror ports): not counted."
    yield from wrap(_where_it_was(timeline), _WIDTH - 1) if found.paths else ()
    yield from wrap(_nothing(timeline), _WIDTH - 1) if not timeline.routers else ()
    if found.sealed:
        yield from wrap(f"Not opened: {sealed_text(found.sealed)}. Nobody knows what is in them.", _WIDTH - 1)


def _where_it_was(timeline: Timeline) -> str:
    found = timeline.sightings
    counted = [f"{count} in {path}" for path, count in found.paths.most_common(3)]
    more = f" and {len(found.paths) - 3} more" if len(found.paths) > 3 else ""
    text = f"Adverts came wrapped: {'; '.join(counted)}{more}."
    if found.mirrored:
        text += " A mirror's copy was on the wire, but no router need have received it."
    return text


def _nothing(timeline: Timeline) -> str:
    found = timeline.sightings
    opened = " in what was opened" if found.sealed else " in it"
    if not found.others:
        return f"No VRRP advert{opened}."
    groups = [f"{latest.text} of {latest.sender}" for _, latest in found.others.values()]
    more = f" and {len(groups) - 3} more" if len(groups) > 3 else ""
    return f"No VRRP advert{opened}, but {'; '.join(groups[:3])}{more}."


def _of_day(timeline: Timeline, t_us: Micros, clock: WallClock) -> str:
    return clock.clock(timeline.sightings.start_ns + t_us * 1000)


def _router_name(part: RouterTimeline) -> str:
    router = part.router
    addresses = ", ".join(router.addresses[:3])
    more = f" and {len(router.addresses) - 3} more" if len(router.addresses) > 3 else ""
    whole = any(sighting.is_whole for sighting in router.sightings)
    nothing = "no address" if whole else "addresses cut off"
    return printable(f"{router.name}: {addresses or nothing}{more}")


def _router_lines(timeline: Timeline, part: RouterTimeline, clock: WallClock) -> Iterator[str]:
    yield _router_name(part)
    yield f"  {'from':>10} {'clock':<8} {'to':>11}  {'MASTER':<25} {'priority':>8}  frames"
    for span in part.spans[: FINDINGS_TOLD.most]:
        yield _span_line(timeline, span, clock)
    yield from _and_more(len(part.spans), "MASTER")
    for line in _marks(part.spans[: FINDINGS_TOLD.most]):
        yield "  " + line


def _span_line(timeline: Timeline, span: MasterSpan, clock: WallClock) -> str:
    end = format_s(span.end_us(timeline.end_us))
    mark = "~" if span.to_earliest_us is not None else ">" if span.to_us is None else " "
    is_older = span.began_before_capture or span.is_first_sighting
    start = ("<" if is_older else "") + format_s(span.from_us)
    changes = ">".join(str(p) for _, _, p in span.priorities) or "0"
    frames = f"{span.first_frame}-{span.last_frame}"
    who = span.speaker if len(span.speaker) <= 25 else span.speaker[:12] + ".." + span.speaker[-11:]
    of_day = _of_day(timeline, span.from_us, clock)
    return f"  {start:>10} {of_day:<8} {mark + end:>11}  {padded(who, 25)} {_short(changes, 8):>8}  {frames}"


def _router_summary(timeline: Timeline, part: RouterTimeline, clock: WallClock) -> Iterator[str]:
    """Of hundreds of changes: how often, mostly why, who had it how long, and the worst of them."""
    yield _router_name(part)
    spans = part.spans
    beginnings = Beginnings(part.router, spans, timeline.end_us)
    kinds: Counter[str] = Counter(beginnings.of(span)[0] for span in spans[1:])
    changes = sum(one.speaker != other.speaker for one, other in pairwise(spans))
    reasons = [f"{count:,} times {_KIND_WORDS.get(kind, kind)}" for kind, count in kinds.most_common(4)]
    mostly = _MOSTLY.get(kinds.most_common(1)[0][0], reasons[0])
    text = f"changed MASTER {changes:,} times, mostly because {mostly}"
    yield from wrap(f"{text}: {', '.join(reasons)}.", _WIDTH - 1, "  ", "  ")
    held: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for span in spans:
        held[span.speaker] += span.end_us(timeline.end_us) - span.from_us
        times[span.speaker] += 1
    for speaker, held_us in held.most_common(WORST_TOLD.most):
        share = 100 * held_us / timeline.end_us if timeline.end_us else 0.0
        named = printable(speaker)
        yield f"  {padded(named, 30)} MASTER {times[speaker]:,} times, {format_s(held_us)} s, {share:.1f} %"
    if len(held) > WORST_TOLD.most:
        yield f"  and {len(held) - WORST_TOLD.most:,} more senders"
    yield "  The longest without a change:"
    yield f"  {'from':>10} {'clock':<8} {'to':>11}  {'MASTER':<25} {'priority':>8}  frames"
    longest = sorted(spans, key=lambda one: one.from_us - one.end_us(timeline.end_us))[: WORST_TOLD.most]
    for span in sorted(longest, key=lambda one: one.from_us):
        yield _span_line(timeline, span, clock)
    yield f"  {'…':>10} and {len(spans) - len(longest):,} more: --all tells all, --format jsonl has them"


# kinds of findings that tell how somebody became MASTER
_MOSTLY = {
    "preemption": "a higher priority came back",
    "takeover": "the MASTER before left or fell silent",
    "second-master": "somebody became MASTER beside another",
    "hidden-master": "somebody was MASTER without a word",
    "first": "somebody was the first",
}
_KIND_WORDS = {
    "preemption": "a preemption",
    "takeover": "a takeover",
    "second-master": "a second MASTER",
    "hidden-master": "one that was MASTER without a word",
    "first": "the first",
}


def _and_more(count: int, noun: str, most: int = FINDINGS_TOLD.most) -> Iterator[str]:
    """What is left out where there are more than anybody reads."""
    left = count - most
    if left > 0:
        yield f"  {'…':>10} and {left} more {noun}s: --format jsonl has them"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + ".."


def _marks(spans: list[MasterSpan]) -> Iterator[str]:
    if any(s.to_earliest_us is not None for s in spans):
        yield "~ fell silent: gone at some time within an interval of its last advert"
    if any(s.to_us is None for s in spans):
        yield "> still MASTER when the capture ends"
    if any(s.began_before_capture or s.is_first_sighting for s in spans):
        yield "< MASTER before the capture began, or just became it"


def _finding_lines(timeline: Timeline, told: list[Finding], clock: WallClock) -> Iterator[tuple[str, str]]:
    several = len(timeline.routers) > 1
    for finding in told:
        router = f"{finding.router}: " if several and finding.router else ""
        frames = ", ".join(map(str, finding.frames))
        word = "frame" if len(finding.frames) == 1 else "frames"
        text = f"{router}{finding.text} [{word} {frames}]"
        colour = severity_colour(finding)
        of_day = _of_day(timeline, finding.t_us, clock)
        for line in _bullet(f"{format_s(finding.t_us):>10} {of_day:<8}".rstrip(), text, 20 if of_day else 11):
            yield line, colour


def _gap_lines(timeline: Timeline, gaps: list[Gap], clock: WallClock) -> Iterator[str]:
    for gap in gaps:
        frames = f"[frames {gap.frames[0]}, {gap.frames[1]}]"
        text = f"{gap.router}: {gap_finding(gap).text} {frames}"
        of_day = _of_day(timeline, gap.from_earliest_us, clock)
        mark = f"{format_s(gap.from_earliest_us):>10} {of_day:<8}".rstrip()
        yield from _bullet(mark, text, 20 if of_day else 11)


def _bullet(mark: str, text: str, columns: int) -> list[str]:
    return wrap(text, _WIDTH - 1, f"  {mark:>{columns - 1}} ", " " * (columns + 2))


def json_lines(timeline: Timeline) -> Iterator[str]:
    """One object a line: ``master`` spans, then ``finding``s and ``gap``s, then ``limit``s. ``t`` is
    absolute.
    """
    for part in timeline.routers:
        beginnings = Beginnings(part.router, part.spans, timeline.end_us)
        for span in part.spans:
            yield json.dumps(_span(timeline, part, span, beginnings), ensure_ascii=False)
    for finding in timeline.findings(FINDINGS_WRITTEN):
        row: dict[str, Any] = {
            "event": "finding",
            "t": _absolute(timeline, finding.t_us),
            "at_s": finding.t_us / 1e6,
            "kind": finding.kind,
            "router": finding.router,
            "text": finding.text,
            "frames": list(finding.frames),
        }
        if finding.until_us is not None:
            row["until_s"] = finding.until_us / 1e6
        if finding.like:
            row["like"] = finding.like
        yield json.dumps(row, ensure_ascii=False)
    for part in timeline.routers:
        for gap in part.gaps:
            row = {
                "event": "gap",
                "t": _absolute(timeline, gap.from_earliest_us),
                "router": gap.router,
                "from_earliest_s": gap.from_earliest_us / 1e6,
                "from_latest_s": gap.from_latest_us / 1e6,
                "to_s": gap.to_us / 1e6,
                "frames": list(gap.frames),
            }
            yield json.dumps(row, ensure_ascii=False)
    for path, count in timeline.sightings.paths.items():
        yield json.dumps({"event": "tunnel", "path": path, "adverts": count}, ensure_ascii=False)
    for what, count in timeline.sightings.sealed.items():
        yield json.dumps({"event": "not-opened", "what": what, "frames": count}, ensure_ascii=False)
    for text in timeline.limits():
        yield json.dumps({"event": "limit", "text": text}, ensure_ascii=False)


def _span(
    timeline: Timeline, part: RouterTimeline, span: MasterSpan, beginnings: Beginnings
) -> dict[str, Any]:
    _, why, began = beginnings.of(span)
    return {
        "event": "master",
        "t": _absolute(timeline, span.from_us),
        "router": part.router.name,
        "vrid": part.router.vrid,
        "ip_version": part.router.ip_version,
        "lan": part.router.lan,
        "master": span.speaker,
        "mac": span.mac,
        "priority": span.priorities[0][2] if span.priorities else 0,
        "from_s": span.from_us / 1e6,
        "to_s": None if span.to_us is None else span.to_us / 1e6,
        "to_earliest_s": None if span.to_earliest_us is None else span.to_earliest_us / 1e6,
        "to_latest_s": None if span.to_latest_us is None else span.to_latest_us / 1e6,
        "to_t": None if span.to_us is None else _absolute(timeline, span.to_us),
        "interval_s": span.interval_us / 1e6,
        "began": why,
        "ended": describe_end(span),
        "first_sighting": span.began_before_capture or span.is_first_sighting,
        "frames": sorted(
            {*began, span.first_frame, span.last_frame, *([span.end_frame] if span.end_frame else [])}
        ),
    }


def _absolute(timeline: Timeline, t_us: Micros) -> float:
    return (timeline.sightings.start_ns + t_us * 1000) / 1e9
