"""Work that takes long is told before it begins: what it will cost, why, and what would make it less.

One door for every command and call, ``allow`` and ``announce``. An estimate counts what will happen and
multiplies; it never measures, so that the same scenario is let in, or not, every time and everywhere. The
costs were measured on one machine, an ordinary one of 2024 that had other things to do as well
(``python benchmarks/costs.py`` compares yours); a slow laptop may take twice as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.limits import WORK_BYTES, WORK_S


class Cost(NamedTuple):
    """One ``what`` takes ``us`` microseconds, and ``bytes`` are kept of it; ``why``: for docs/limits.md."""

    us: float
    bytes: int
    what: str
    why: str


# -- a simulation -----------------------------------------------------------------------------------------
RECEPTION = Cost(28, 430, "adverts received", "each is judged by the receiver's state machine, and an event")
SENT = Cost(35, 420, "adverts sent", "a frame is made, carried through a switch, and an event")
ANNOUNCEMENT = Cost(60, 700, "gratuitous ARP frames", "a frame, seen by every host, and two log lines")
CHECK = Cost(60, 330, "checks run", "begun and ended, and an event each")
QUESTION = Cost(20, 0, "questions of clients", "asked one by one only where loss, jitter or routers decide")
START = Cost(300, 12_000, "instances started", "their state machine, log lines and first states")
# -- what is made of its events -----------------------------------------------------------------------------
TABLE = Cost(3, 0, "events told as a table", "states and addresses are looked for")
STORY = Cost(5, 0, "events told as a story", "as the table, and both logs side by side")
LOG = Cost(2, 0, "events told as log lines", "one line each, for those that have one")
JSONL = Cost(7, 0, "events written as JSON lines", "one line each, nothing is kept")
JSON = Cost(16, 500, "events written as JSON", "the document is built whole before it is written")
HEX = Cost(0, 160, "frames kept as hex", "with --frames, and in a page")
PCAP = Cost(1, 260, "frames kept for a capture", "all are written at the end")
HTML = Cost(22, 800, "events in a page", "the page has all of them, and is built whole")
ROW = Cost(26, 700, "events as rows of a table", "one mapping an event, then a column for every field")
PLOT = Cost(50, 150, "events drawn", "only changes are drawn, all events are looked at")
# -- captures and recordings --------------------------------------------------------------------------------
FRAME_TOLD = Cost(60, 0, "frames told", "taken apart, judged, and told in a line or as JSON; none is kept")
FRAME_EXPLAINED = Cost(700, 0, "frames explained", "each with a diagram, and a sentence a field")
FRAME_SEEN = Cost(
    12, 100, "frames of a timeline", "taken apart; kept are senders, VRIDs and changes of MASTER"
)
FRAME_PASSED = Cost(1, 0, "other frames of a capture", "for a timeline they are only counted")
RECORDED = Cost(
    1.0, 0, "bytes of recordings", "read, simulated, and compared; one after the other, none is kept"
)


def costs() -> list[Cost]:
    """All of them, in the order of this file."""
    return [value for value in globals().values() if isinstance(value, Cost)]


BEYOND = 2  # so many times the limit, and a run is ended whatever was reckoned
STEPS = 2  # calls and frames of a run, for each of its events; a step without an event takes half as long


class Work(NamedTuple):
    """``parts``: how often what is done. ``cure``: how it would be less."""

    parts: tuple[tuple[Cost, int], ...]
    cure: str = ""

    @property
    def seconds(self) -> float:
        return sum(cost.us * count for cost, count in self.parts) / 1e6

    @property
    def bytes(self) -> int:
        return sum(cost.bytes * count for cost, count in self.parts)

    @property
    def is_large(self) -> bool:
        return self.seconds > WORK_S.most or self.bytes > WORK_BYTES.most

    def __str__(self) -> str:
        memory = f" and {_bytes(self.bytes)} of memory" if self.bytes >= 100e6 else ""
        by_bytes = self.bytes / WORK_BYTES.most > self.seconds / WORK_S.most
        most, count = max(self.parts, key=lambda part: part[1] * (part[0].bytes if by_bytes else part[0].us))
        return f"about {duration(self.seconds)}{memory}, most of it for {count:,} {most.what}"


class TooMuchWork(VrrplabError):
    """It would take longer, or more memory, than anybody expects, and nobody has said yes to that."""


def together(works: Iterable[Work]) -> Work:
    """All of it, one after the other."""
    counts: dict[Cost, int] = {}
    cure = ""
    for work in works:
        cure = work.cure
        for cost, count in work.parts:
            counts[cost] = counts.get(cost, 0) + count
    return Work(tuple(counts.items()), cure)


def allow(work: Work, yes: bool, what: str = "this") -> None:
    """TooMuchWork for work beyond the limits, unless somebody said ``yes`` to it."""
    if work.is_large and not yes:
        raise TooMuchWork(
            f"{what} would take {work}, so nothing is begun - {work.cure}, or --yes to do it all the same"
        )


def announce(work: Work) -> None:
    """In a notebook, where nobody can say ``yes``: one line before work beyond the limits, and it begins."""
    if work.is_large:
        print(
            f"vrrplab: this takes {work}. To stop it, interrupt the kernel (■); else {work.cure}.",
            file=sys.stderr,
            flush=True,
        )


def still_allowed(events: int, steps: int, yes: bool) -> None:
    """The second line of defence: ends a run that does far more than anybody reckoned. Not all that it does
    makes events: silent clients and frames that nobody takes make none.
    """
    most = BEYOND * WORK_S.most * 1e6 / RECEPTION.us
    if not yes and (events > most or steps > STEPS * most):
        raise TooMuchWork(
            f"after {events:,} events in {steps:,} steps there is no end in sight, and far fewer were"
            " reckoned with: ended - end it sooner (--until), or --yes to let it go on"
        )


def processors() -> int:
    """How many processes may work at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def duration(seconds: float) -> str:
    """A time for people: two figures, in the unit that fits."""
    for unit_s, name in ((86_400 * 365, "years"), (86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{_two_figures(seconds / unit_s)} {name}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _bytes(number: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if number >= unit:
            return f"{_two_figures(number / unit)} {name}"
    return f"{_two_figures(number / 1e6)} MB"


def _two_figures(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"
