"""Answers of a trace that last: how long a state, an owner, an outage, its cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vrrplab.units import Micros, format_s, seconds


class StateSpan(NamedTuple):
    """A time that one instance spent in one state; ``to_us`` of the last one is the trace's end.

    ``reason`` answers "why?"; "" where nobody knows, as in a recording.
    """

    server: str
    instance: str
    state: str
    from_us: Micros
    to_us: Micros
    reason: str

    @property
    def from_s(self) -> float:
        """Its beginning, in seconds from the start of the run."""
        return seconds(self.from_us)

    @property
    def to_s(self) -> float:
        """Its end, in seconds."""
        return seconds(self.to_us)


class OwnerSpan(NamedTuple):
    """A time during which exactly these servers (none, one, or several) had an address."""

    address: str
    servers: tuple[str, ...]
    from_us: Micros
    to_us: Micros


class Outage(NamedTuple):
    """A time in which one client missed answers to one probe: from the last good answer before it to the
    first good one after, ``to_us`` None where none came until the end.

    One gap, or several with little between them: round robin sends every other question to an address that is
    dead. ``lost`` of the ``sent`` questions had no answer; ``sent`` counts those after the answer at
    ``from_us``, the one that was answered at ``to_us`` included, and is None where a trace does not tell how
    often the probe asks.
    """

    client: str
    kind: str
    target: str
    from_us: Micros
    to_us: Micros | None
    lost: int
    sent: int | None = None
    gaps: int = 1

    def duration_us(self, end_us: Micros) -> Micros:
        """Length, counted up to ``end_us`` when it never ended."""
        return (end_us if self.to_us is None else self.to_us) - self.from_us

    @property
    def from_s(self) -> float:
        """The last good answer before, in seconds from the start of the run."""
        return seconds(self.from_us)

    @property
    def to_s(self) -> float | None:
        """The first good answer after, in seconds; None: there was none."""
        return None if self.to_us is None else seconds(self.to_us)

    @property
    def percent(self) -> int | None:
        """How many percent of the questions were lost, 1 to 99; None: all of them, or it is not known."""
        if self.gaps == 1 or not self.sent:
            return None
        return min(99, max(1, (200 * self.lost + self.sent) // (2 * self.sent)))

    @property
    def lost_in_words(self) -> str:
        """e.g. ``14 of 28 (50 %)``; ``132`` where no answer came in between."""
        return str(self.lost) if self.percent is None else f"{self.lost} of {self.sent} ({self.percent} %)"


Probe = tuple[str, str, str]  # client, kind, target
TOGETHER_US: Micros = 500_000
TOGETHER_ANSWERS = 3


def joined(gaps: Iterable[Outage], every_us: Mapping[Probe, Micros]) -> list[Outage]:
    """Unbroken gaps, in order of time, as outages; ``every_us``: how often each probe asks.

    Gaps of a probe belong together when there is no more than half a second of answers between them, or no
    more than three of a probe that asks seldom.
    """
    groups: list[list[Outage]] = []
    last: dict[Probe, list[Outage]] = {}
    for gap in gaps:
        probe = gap.client, gap.kind, gap.target
        group = last.get(probe)
        before_us = group[-1].to_us if group else None
        together_us = max(TOGETHER_US, TOGETHER_ANSWERS * every_us.get(probe, 0))
        if group is None or before_us is None or gap.from_us - before_us > together_us:
            group = last[probe] = []
            groups.append(group)
        group.append(gap)
    return [_joined(group, every_us) for group in groups]


def _joined(group: list[Outage], every_us: Mapping[Probe, Micros]) -> Outage:
    first = group[0]
    asked_us = every_us.get((first.client, first.kind, first.target), 0)
    lost, sent = 0, 0
    is_known = True
    for place, gap in enumerate(group):
        lost += gap.lost
        sent += gap.lost + (gap.to_us is not None)
        between_us = max(0, gap.from_us - (group[place - 1].to_us or 0)) if place else 0
        if between_us:
            is_known = is_known and asked_us > 0
            sent += round(between_us / asked_us) if asked_us else 0
    return first._replace(to_us=group[-1].to_us, lost=lost, sent=sent if is_known else None, gaps=len(group))


class Phase(NamedTuple):
    """A part of an outage with one cause, in words."""

    from_us: Micros
    to_us: Micros
    text: str

    def __str__(self) -> str:
        return f"from {format_s(self.from_us)} to {format_s(self.to_us)} s {self.text}"
