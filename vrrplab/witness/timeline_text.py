"""The timeline in words: a table of at most 80 columns, and JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from vrrplab.limits import FINDINGS_TOLD, FINDINGS_WRITTEN
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded, wrap
from vrrplab.units import Micros, format_s
from vrrplab.witness.findings import Beginnings, Finding
from vrrplab.witness.masters import MasterSpan, describe_end
from vrrplab.witness.timeline import Gap, RouterTimeline, Timeline, gap_text

_WIDTH = 80

_YEAR_10000_NS = 253_402_300_800 * 1_000_000_000


def table(timeline: Timeline) -> str:
    """Everything, for a terminal."""
    parts = ["\n".join(_head(timeline))]
    parts += ["\n".join(_router_lines(timeline, part)) for part in timeline.routers]
    told = timeline.findings(FINDINGS_TOLD)
    if told:
        parts.append("\n".join(["What happened", *_finding_lines(timeline, told)]))
    gaps = sorted((gap for part in timeline.routers for gap in part.gaps), key=lambda gap: gap.to_us)
    if gaps:
        lines = [*_gap_lines(gaps[: FINDINGS_TOLD.most]), *_and_more(len(gaps), "gap")]
        parts.append("\n".join(["What clients could notice", *lines]))
    if timeline.routers:
        limits = [line for text in timeline.limits() for line in _bullet("-", text, 2)]
        parts.append("\n".join(["What a capture cannot show", *limits]))
    return "\n\n".join(parts)


def _head(timeline: Timeline) -> Iterator[str]:
    found = timeline.sightings
    span = f"{found.frames} frames in {format_s(timeline.end_us)} s"
    yield f"{span}{_since(found.start_ns)}."
    which = "earliest" if found.backwards.times else "first"
    yield f"Times are seconds from the {which} frame."
    if found.copies:
        are = "1 frame is an earlier one" if found.copies == 1 else f"{found.copies} frames are earlier ones"
        yield f"{are} again (interfaces, mirror ports): not counted."
    if not timeline.routers:
        yield "No VRRP advert in it."


def _since(start_ns: int) -> str:
    """A capture of frames without times begins at 0; pcapng can say times beyond any calendar."""
    if not 0 < start_ns < _YEAR_10000_NS:
        return ""
    return f", from {datetime.fromtimestamp(start_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _router_lines(timeline: Timeline, part: RouterTimeline) -> Iterator[str]:
    router = part.router
    addresses = ", ".join(router.addresses[:3])
    more = f" and {len(router.addresses) - 3} more" if len(router.addresses) > 3 else ""
    whole = any(sighting.is_whole for sighting in router.sightings)
    nothing = "no address" if whole else "addresses cut off"
    yield printable(f"{router.name}: {addresses or nothing}{more}")
    yield f"  {'from':>10} {'to':>11}  {'MASTER':<30} {'priority':>8}  frames"
    for span in part.spans[: FINDINGS_TOLD.most]:
        end = format_s(span.end_us(timeline.end_us))
        mark = "~" if span.to_earliest_us is not None else ">" if span.to_us is None else " "
        start = ("<" if span.began_before_capture else "") + format_s(span.from_us)
        changes = ">".join(str(p) for _, _, p in span.priorities) or "0"
        frames = f"{span.first_frame}-{span.last_frame}"
        who = span.speaker if len(span.speaker) <= 30 else span.speaker[:14] + ".." + span.speaker[-14:]
        yield f"  {start:>10} {mark + end:>11}  {padded(who, 30)} {_short(changes, 8):>8}  {frames}"
    yield from _and_more(len(part.spans), "MASTER")
    for line in _marks(part.spans[: FINDINGS_TOLD.most]):
        yield "  " + line


def _and_more(count: int, noun: str) -> Iterator[str]:
    """What is left out where there are more than anybody reads."""
    left = count - FINDINGS_TOLD.most
    if left > 0:
        yield f"  {'…':>10} and {left} more {noun}s: --format jsonl has them"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + ".."


def _marks(spans: list[MasterSpan]) -> Iterator[str]:
    if any(s.to_earliest_us is not None for s in spans):
        yield "~ fell silent: gone at some time within an interval of its last advert"
    if any(s.to_us is None for s in spans):
        yield "> still MASTER when the capture ends"
    if any(s.began_before_capture for s in spans):
        yield "< MASTER before the capture began"


def _finding_lines(timeline: Timeline, told: list[Finding]) -> Iterator[str]:
    several = len(timeline.routers) > 1
    for finding in told:
        router = f"{finding.router}: " if several and finding.router else ""
        frames = ", ".join(map(str, finding.frames))
        word = "frame" if len(finding.frames) == 1 else "frames"
        text = f"{router}{finding.text} [{word} {frames}]"
        yield from _bullet(format_s(finding.t_us), text, 11)


def _gap_lines(gaps: list[Gap]) -> Iterator[str]:
    for gap in gaps:
        frames = f"[frames {gap.frames[0]}, {gap.frames[1]}]"
        text = f"{gap.router}: nobody served its addresses for {gap_text(gap)} {frames}"
        yield from _bullet(format_s(gap.from_earliest_us), text, 11)


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
        "frames": sorted(
            {*began, span.first_frame, span.last_frame, *([span.end_frame] if span.end_frame else [])}
        ),
    }


def _absolute(timeline: Timeline, t_us: Micros) -> float:
    return (timeline.sightings.start_ns + t_us * 1000) / 1e9
