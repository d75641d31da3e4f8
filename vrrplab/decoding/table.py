"""Decoded frames as text for a terminal (80 columns) and as JSON lines (the shape of ``wire.report``)."""

from __future__ import annotations

import json

from vrrplab.capture.reader import CapturedFrame
from vrrplab.decoding.describe import describe, sender
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import Verdict
from vrrplab.errors import DropReason
from vrrplab.output.text_columns import padded, wrap

HEADING = f"{'frame':>5} {'time':>10} {'from':<17} {'what it says':<37} verdict"
# notes that say how far a verdict goes: they must not be overlooked
_LIMITS = frozenset(("NO_HEADERS", DropReason.REPLAYED.name))
_INDENT = " " * 20


def table_lines(captured: CapturedFrame, verdict: Verdict, start_ns: int) -> list[str]:
    """A row, and below it a line a reason if the frame would be dropped. Times count from ``start_ns``."""
    frame = captured.frame
    time = _decimal(captured.t_ns - start_ns, 6)
    who, what = sender(frame), describe(frame)
    word = "-" if frame.kind in ("igmp", "other") and not frame.problems else "ok"
    word = word if verdict.accepted or word == "-" else "drop"
    row = f"{captured.number:>5} {time:>10} {padded(who, 17)} "
    room = max(75 - len(row), 20)
    lines = wrap(what, room) or [""]
    rows = [row + f"{padded(lines[0], room)} {word}".rstrip()]
    rows += [" " * len(row) + line for line in lines[1:]]
    if word != "-":
        for reason in (*verdict.reasons, *(note for note in verdict.notes if note.name in _LIMITS)):
            rule = f" {reason.rule}" if reason.rule else ""
            text = f"{reason.name}{rule}: {reason.text}"
            rows += wrap(text, 80, _INDENT, _INDENT + "  ")
    return rows


def json_line(captured: CapturedFrame, verdict: Verdict, key: bytes | None = None) -> str:
    """One line of ``--format jsonl``. The time keeps every digit the capture has."""
    digits = 9 if captured.t_ns % 1000 else 6
    head = f'{{"frame": {captured.number}, "t": {_decimal(captured.t_ns, digits)}, '
    return head + json.dumps(report(captured.frame, verdict, key), ensure_ascii=False)[1:]


def _decimal(t_ns: int, digits: int) -> str:
    sign, rest = ("-", -t_ns) if t_ns < 0 else ("", t_ns)
    whole, fraction = divmod(rest, 1_000_000_000)
    return f"{sign}{whole}.{fraction:09d}"[: len(sign) + len(str(whole)) + 1 + digits]


def summary(counts: dict[str, int], dropped: int) -> str:
    """``120 frames: 80 vrrp (2 dropped), 40 arp``."""
    parts = [
        f"{count} {kind}" + (f" ({dropped} dropped)" if kind == "vrrp" and dropped else "")
        for kind, count in counts.items()
    ]
    total = sum(counts.values())
    return f"{total} frame{'s' if total != 1 else ''}: {', '.join(parts) or 'nothing in it'}"
