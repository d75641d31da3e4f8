"""The figures of a capture: each sender's adverts, how regularly they came, what is missing; each virtual
router's changes, gaps, and what would be dropped of it.

An interval is the time between two adverts of one sender while it is MASTER without a break. ``jitter`` is
how far intervals are from their median, on average; ``lost``: adverts that are missing in intervals of one
and a half times the advertised one or more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from vrrplab.capture.reader import CapturedFrame, Passed
from vrrplab.decoding.telling import of_a_part
from vrrplab.decoding.verdict import judge
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded, wrap
from vrrplab.units import Micros, format_s
from vrrplab.wire.likeness import likeness
from vrrplab.witness.masters import MasterSpan
from vrrplab.witness.timeline import RouterTimeline, Timeline

_WIDTH = 80
_MOST_SENDERS = 20  # that a table has of a router; JSON lines have all
_REMEMBERED = 65_536  # adverts of which it is kept why they would be dropped


class Drops:
    """Why adverts would be dropped, counted while they go by. ``by_vrid``: None where it cannot be read.

    ``keeps_times``: of a place whose clock is known only later, for ``within``.
    """

    def __init__(self, profile: str, key: bytes | None, keeps_times: bool = False) -> None:
        self.profile, self._key = profile, key
        self.by_vrid: dict[int | None, Counter[str]] = {}
        self._times: list[tuple[int, int | None, tuple[str, ...]]] | None = [] if keeps_times else None
        self._known: dict[bytes | tuple[bytes, int], tuple[str, ...]] = {}  # by likeness

    def counting(self, frames: Iterator[CapturedFrame | Passed]) -> Iterator[CapturedFrame | Passed]:
        for captured in frames:
            if isinstance(captured, CapturedFrame) and captured.frame.kind == "vrrp":
                self._count(captured)
            yield captured

    def _count(self, captured: CapturedFrame) -> None:
        frame = captured.frame
        is_cut = captured.original_length > len(frame.raw)
        alike = None if is_cut else likeness(frame.raw, frame.link_type)
        reasons = self._known.get(alike) if alike is not None else None
        if reasons is None:
            verdict = judge(frame, self.profile, self._key)
            if is_cut:
                verdict = of_a_part(verdict)
            reasons = tuple(reason.name for reason in verdict.reasons[:1])
            if alike is not None:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[alike] = reasons
        if reasons:
            vrid = frame.vrrp.vrid if frame.vrrp is not None else None
            self.by_vrid.setdefault(vrid, Counter()).update(reasons)
            if self._times is not None:
                self._times.append((captured.t_ns, vrid, reasons))

    def within(self, is_wanted: Callable[[int], bool], offset_ns: int) -> None:
        """Only those count that are wanted: asked of nanoseconds since 1970, by a clock so far ahead."""
        assert self._times is not None
        self.by_vrid = {}
        for t_ns, vrid, reasons in self._times:
            if is_wanted(t_ns + offset_ns):
                self.by_vrid.setdefault(vrid, Counter()).update(reasons)


@dataclass
class SenderFigures:
    """Seconds; None where there are too few adverts for it."""

    sender: str
    mac: str
    adverts: int
    master_s: float
    interval_min_s: float | None = None
    interval_median_s: float | None = None
    interval_max_s: float | None = None
    jitter_s: float | None = None
    lost: int = 0


@dataclass
class RouterFigures:
    """``gap_share``: of the capture's time, in which nobody served the addresses (the middle of what the wire
    tells); ``changes``: how often somebody else than before became MASTER. ``dropped``: how many adverts, by
    reason; ``dropped_elsewhere``: the same at each other place, of which some may be the same adverts.
    """

    name: str
    vrid: int
    ip_version: int
    senders: list[SenderFigures]
    changes: int
    gaps: int
    gap_s: float
    gap_share: float
    dropped: dict[str, int] = field(default_factory=dict)
    dropped_elsewhere: dict[str, dict[str, int]] = field(default_factory=dict)


def statistics(timeline: Timeline, drops: Mapping[str, Drops]) -> list[RouterFigures]:
    """Of each virtual router, in the timeline's order. ``drops``: by place, that of the clock first. Those of
    a VRID go with the first router that has it.
    """
    found = [_router(timeline, part) for part in timeline.routers]
    by_vrid: dict[int | None, RouterFigures] = {one.vrid: one for one in reversed(found)}
    for vrid in dict.fromkeys(vrid for its in drops.values() for vrid in its.by_vrid):
        if vrid not in by_vrid:
            name = "unreadable" if vrid is None else f"VRID {vrid}"
            found.append(RouterFigures(name, vrid or 0, 0, [], 0, 0, 0.0, 0.0))
            by_vrid[vrid] = found[-1]
    for vrid, router in by_vrid.items():
        counts = {place: dict(its.by_vrid.get(vrid, Counter()).most_common()) for place, its in drops.items()}
        (_, router.dropped), *elsewhere = counts.items()
        router.dropped_elsewhere = dict(elsewhere)
    return found


def _router(timeline: Timeline, part: RouterTimeline) -> RouterFigures:
    spans: dict[str, list[MasterSpan]] = {}
    for span in part.spans:
        spans.setdefault(span.speaker, []).append(span)
    times: dict[str, list[tuple[Micros, Micros]]] = {}
    macs: dict[str, str] = {}
    for sighting in part.router.sightings:
        times.setdefault(sighting.speaker, []).append((sighting.t_us, sighting.interval_us))
        macs.setdefault(sighting.speaker, sighting.mac)
    end_us = timeline.end_us
    senders = [_sender(name, macs[name], heard, spans.get(name, []), end_us) for name, heard in times.items()]
    gap_us = sum(gap.to_us - (gap.from_earliest_us + gap.from_latest_us) // 2 for gap in part.gaps)
    changes = sum(one.speaker != other.speaker for one, other in pairwise(part.spans))
    router = part.router
    share = gap_us / end_us if end_us else 0.0
    return RouterFigures(
        router.name,
        router.vrid,
        router.ip_version,
        senders,
        changes,
        len(part.gaps),
        gap_us / 1e6,
        share,
    )


def _sender(
    name: str, mac: str, heard: list[tuple[Micros, Micros]], spans: list[MasterSpan], end_us: Micros
) -> SenderFigures:
    intervals: list[Micros] = []
    lost = place = 0
    for (before_us, advertised_us), (t_us, _) in pairwise(heard):
        while place < len(spans) and spans[place].end_us(end_us) < t_us:
            place += 1
        if place == len(spans) or spans[place].from_us > before_us:
            continue  # it was not MASTER all the time
        gap_us = t_us - before_us
        intervals.append(gap_us)
        if 2 * gap_us > 3 * advertised_us:
            lost += max(1, round(gap_us / advertised_us) - 1)
    master_us = sum(span.end_us(end_us) - span.from_us for span in spans)
    figures = SenderFigures(name, mac, len(heard), master_us / 1e6, lost=lost)
    if intervals:
        middle = median(intervals)
        figures.interval_min_s, figures.interval_max_s = min(intervals) / 1e6, max(intervals) / 1e6
        figures.interval_median_s = middle / 1e6
        figures.jitter_s = sum(abs(one - middle) for one in intervals) / len(intervals) / 1e6
    return figures


def table(found: list[RouterFigures], timeline: Timeline, clock: WallClock, reference: str) -> str:
    """For a terminal. ``reference``: the place whose clock it is."""
    sightings = timeline.sightings
    moment = clock.moment(sightings.start_ns)
    begun = f", from {moment}" if moment else ""
    lines = [f"{sightings.frames} frames in {format_s(timeline.end_us)} s{begun}."]
    for router in found:
        lines += ["", printable(router.name)]
        if router.senders:
            lines.append(
                f"  {'sender':<26} {'adverts':>7} {'min':>7} {'median':>7} {'max':>8} {'jitter':>7}"
                f" {'lost':>5}"
            )
        for one in router.senders[:_MOST_SENDERS]:
            name = one.sender if len(one.sender) <= 26 else one.sender[:12] + ".." + one.sender[-12:]
            figures = [one.interval_min_s, one.interval_median_s, one.interval_max_s, one.jitter_s]
            cells = [_seconds(value) for value in figures]
            lines.append(
                f"  {padded(name, 26)} {one.adverts:>7} {cells[0]:>7} {cells[1]:>7} {cells[2]:>8}"
                f" {cells[3]:>7} {one.lost:>5}"
            )
        if len(router.senders) > _MOST_SENDERS:
            lines.append(f"  and {len(router.senders) - _MOST_SENDERS} more senders: --format jsonl has them")
        if router.senders:
            changes = _counted(router.changes, "change of MASTER", "changes of MASTER")
            gaps = _counted(router.gaps, "gap", "gaps")
            share = (
                f", {router.gap_s:.3f} s, {100 * router.gap_share:.2f} % of the time" if router.gaps else ""
            )
            lines.append(f"  {changes}; {gaps}{share}")
        for place, counts in {reference: router.dropped, **router.dropped_elsewhere}.items():
            if counts:
                reasons = ", ".join(f"{count} {name}" for name, count in counts.items())
                where = f" in {place}" if router.dropped_elsewhere else ""
                lines += wrap(f"dropped{where}: {reasons}", _WIDTH - 1, "  ", "    ")
    if not found:
        lines.append("No VRRP advert in it.")
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value < 1000 else f"{value:.0f}"


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def json_lines(found: list[RouterFigures]) -> Iterator[str]:
    """A row a virtual router, then a row for each of its senders."""
    for router in found:
        row: dict[str, Any] = {"event": "router", **vars(router)}
        del row["senders"]
        yield json.dumps(row, ensure_ascii=False)
        for one in router.senders:
            yield json.dumps({"event": "sender", "router": router.name, **vars(one)}, ensure_ascii=False)
