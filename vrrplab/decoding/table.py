"""Decoded frames as text for a terminal (80 columns) and as JSON lines (the shape of ``decoding.report``).

Each is made of a head, which has what differs from packet to packet, and of what is said of the frame.
"""

from __future__ import annotations

import json
from collections import Counter

from vrrplab.decoding.describe import describe, path_text, sealed_text, sender
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import Verdict
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.errors import DropReason
from vrrplab.output.text_columns import padded, wrap
from vrrplab.wire import fhrp
from vrrplab.wire.dissect import Frame

# notes that say how far a verdict goes: they must not be overlooked
_LIMITS = frozenset(("NO_HEADERS", DropReason.REPLAYED.name))
_INDENT = " " * 20
_WIDTH = 80
# frames that no VRRP router sees
NOT_VRRP = frozenset(("igmp", "other", *fhrp.KINDS))


def heading(clock: WallClock) -> str:
    """``clock``: what the second column of times shows."""
    zone = "UTC" if clock.utc and clock.has_zone else "clock"
    return f"{'frame':>5} {'time':>10} {zone:<8} {'from':<17} {'what it says':<28} verdict"


def row_head(number: int, t_ns: int, start_ns: int, clock: WallClock) -> str:
    """Times count from ``start_ns``; beside them what the clock showed."""
    return f"{number:>5} {_decimal(t_ns - start_ns, 6):>10} {clock.clock(t_ns):<8} "


def row_tail(frame: Frame, verdict: Verdict, begin: int, width: int = _WIDTH) -> str:
    """What follows a head of ``begin`` columns, and a line a reason if the frame would be dropped."""
    who, what = sender(frame), describe(frame)
    word = "-" if frame.kind in NOT_VRRP and not frame.problems else "ok"
    word = word if verdict.accepted or word == "-" else "drop"
    row = f"{padded(who, 17)} "
    begin += len(row)
    room = max(width - 5 - begin, 20)
    lines = wrap(what, room) or [""]
    rows = [row + f"{padded(lines[0], room)} {word}".rstrip()]
    rows += [" " * begin + line for line in lines[1:]]
    if frame.path:
        rows += wrap(f"in {path_text(frame.path)}", width, _INDENT, _INDENT + "  ")
    if word != "-":
        for reason in (*verdict.reasons, *(note for note in verdict.notes if note.name in _LIMITS)):
            rule = f" {reason.rule}" if reason.rule else ""
            text = f"{reason.name}{rule}: {reason.text}"
            rows += wrap(text, width, _INDENT, _INDENT + "  ")
    return "\n".join(rows) + "\n"


def colour_of(frame: Frame, verdict: Verdict) -> str:
    """Red what would be dropped, yellow what is remarkable; "" for the rest."""
    if frame.kind in NOT_VRRP and not frame.problems:
        return ""
    if not verdict.accepted:
        return "red"
    return "yellow" if any(note.name in _LIMITS for note in verdict.notes) else ""


def json_head(number: int, t_ns: int) -> str:
    """Begin of a line of ``--format jsonl``. The time keeps every digit the capture has."""
    return f'{{"frame": {number}, "t": {_decimal(t_ns, 9 if t_ns % 1000 else 6)}, '


def json_tail(frame: Frame, verdict: Verdict, key: bytes | None = None, read_as: str = "") -> str:
    """The rest of it. ``read_as``: the shape of the text that it stood in, if it was one."""
    fields = report(frame, verdict, key)
    if read_as:
        fields["read_as"] = read_as
    return json.dumps(fields, ensure_ascii=False)[1:] + "\n"


def _decimal(t_ns: int, digits: int) -> str:
    sign, rest = ("-", -t_ns) if t_ns < 0 else ("", t_ns)
    whole, fraction = divmod(rest, 1_000_000_000)
    if digits == 6:
        return f"{sign}{whole}.{fraction // 1000:06d}"
    return f"{sign}{whole}.{fraction:09d}"


class Summary:
    """What was in a capture, in numbers: ``120 frames: 80 vrrp (2 dropped, 16 in VXLAN 42), 40 arp``."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.dropped = 0
        self.tunnels: Counter[str] = Counter()
        self.sealed: Counter[str] = Counter()

    def add(self, frame: Frame, verdict: Verdict) -> None:
        """One more frame."""
        self.kinds[frame.kind] += 1
        if frame.kind == "vrrp":
            self.dropped += not verdict.accepted
            if not frame.is_plain and frame.path:
                self.tunnels[" > ".join(wrapping.text for wrapping in frame.path)] += 1
        elif frame.sealed:
            self.sealed[frame.sealed] += 1

    def text(self) -> str:
        """Everything in one line."""
        parts = []
        for kind, count in self.kinds.items():
            more = [f"{self.dropped} dropped"] if kind == "vrrp" and self.dropped else []
            if kind == "vrrp":
                more += [f"{number} in {path}" for path, number in self.tunnels.most_common(3)]
                rest = len(self.tunnels) - 3
                more += [f"others in {rest} more"] if rest > 0 else []
            parts.append(f"{count} {kind}" + (f" ({', '.join(more)})" if more else ""))
        total = self.kinds.total()
        text = f"{total} frame{'s' if total != 1 else ''}: {', '.join(parts) or 'nothing in it'}"
        return text + (f"; not opened: {sealed_text(self.sealed)}" if self.sealed else "")
