"""Answers of a trace that last: how long a state, an owner, an outage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.units import Micros, seconds


class StateSpan(NamedTuple):
    """A time one instance spent in one state; ``to_us`` is the trace's end for the last one."""

    server: str
    instance: str
    state: str
    from_us: Micros
    to_us: Micros
    reason: str

    @property
    def from_s(self) -> float:
        return seconds(self.from_us)

    @property
    def to_s(self) -> float:
        return seconds(self.to_us)


class OwnerSpan(NamedTuple):
    """A time during which exactly these servers (none, one, or several) had an address."""

    address: str
    servers: tuple[str, ...]
    from_us: Micros
    to_us: Micros


class Outage(NamedTuple):
    """A gap in the answers one client got to one probe; ``to_us`` None: still out at the end."""

    client: str
    kind: str
    target: str
    from_us: Micros
    to_us: Micros | None
    lost: int

    def duration_us(self, end_us: Micros) -> Micros:
        """Length of the gap, counted up to ``end_us`` when it never ended."""
        return (end_us if self.to_us is None else self.to_us) - self.from_us

    @property
    def from_s(self) -> float:
        return seconds(self.from_us)

    @property
    def to_s(self) -> float | None:
        return None if self.to_us is None else seconds(self.to_us)


def disturbances(outages: Iterable[Outage], within_us: Micros) -> list[list[Outage]]:
    """Outages of one probe with no more time than this between them belong together."""
    groups: list[list[Outage]] = []
    last: dict[tuple[str, str, str], list[Outage]] = {}
    for outage in outages:
        group = last.setdefault((outage.client, outage.target, outage.kind), [])
        before_us = group[-1].to_us if group else None
        if before_us is None or outage.from_us - before_us > within_us:
            group = last[outage.client, outage.target, outage.kind] = []
            groups.append(group)
        group.append(outage)
    return groups
