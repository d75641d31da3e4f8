"""Who announced an address: each gratuitous ARP and neighbour advertisement has one claimant, or it cannot be
told.

A MAC address of its own names its router. The virtual MAC is everybody's: it was announced by whoever was
MASTER, and where two were, or one was just about to be, nobody can tell. The timeline's findings and its
trace ask here, so that they say the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from heapq import heappop, heappush
from typing import NamedTuple

from vrrplab.units import Micros
from vrrplab.witness.masters import MasterSpan
from vrrplab.witness.sightings import Announcement, Heard

# A router that becomes MASTER sends its advert first, but a capture may see the announcement some
# milliseconds before; FRR announces first (measured).
BEFORE_US = 100_000
_CANDIDATES = 8  # of more nobody wants to know


class Claim(NamedTuple):
    """``span``: the time as MASTER that an announcement belongs to, None if there is none or it cannot be
    told; ``speaker``: who sent it, "" likewise; ``candidates``: who may have, if several.
    """

    announcement: Announcement
    span: MasterSpan | None
    speaker: str
    candidates: tuple[MasterSpan, ...] = ()


def claims(router: Heard, spans: list[MasterSpan], end_us: Micros) -> list[Claim]:
    """One for each announcement, in their order. ``spans``: in order of their beginnings."""
    by_mac: dict[str, set[str]] = {}
    for begin, _ in router.runs():
        sighting = router.sightings[begin]
        by_mac.setdefault(sighting.mac, set()).add(sighting.speaker)
    own: dict[str, list[MasterSpan]] = {}
    for span in spans:
        own.setdefault(span.speaker, []).append(span)
    found = []
    alive = _alive(spans, end_us)
    next(alive)
    for announcement in router.announcements:
        speaker = _speaker_by_mac(announcement, by_mac, router.virtual_mac)
        if speaker:
            found.append(Claim(announcement, _latest(own.get(speaker, []), announcement.t_us), speaker))
            continue
        senders = by_mac.get(announcement.mac, ())
        if announcement.mac != router.virtual_mac and not senders:
            found.append(Claim(announcement, None, ""))  # of a host that sends no advert
            continue
        there = alive.send(announcement.t_us)
        if announcement.mac != router.virtual_mac:
            there = [span for span in there if span.speaker in senders]
        speakers = {span.speaker for span in there}
        if len(speakers) == 1:
            found.append(Claim(announcement, there[-1], there[-1].speaker))
        else:
            found.append(Claim(announcement, None, "", tuple(there)))
    return found


def _speaker_by_mac(announcement: Announcement, by_mac: dict[str, set[str]], virtual_mac: str) -> str:
    for mac in (announcement.mac, announcement.frame_mac):
        speakers = by_mac.get(mac, ())
        if mac != virtual_mac and len(speakers) == 1:
            return next(iter(speakers))
    return ""


def _latest(own: list[MasterSpan], t_us: Micros) -> MasterSpan | None:
    """The router's last time as MASTER that had begun, or was about to."""
    begun = bisect_right(own, t_us + BEFORE_US, key=lambda span: span.from_us)
    return own[begun - 1] if begun else None


def _alive(spans: list[MasterSpan], end_us: Micros) -> Generator[list[MasterSpan], Micros, None]:
    """Moments in, in order; out the spans, some of them at most, that last then or are about to begin."""
    there: dict[int, MasterSpan] = {}
    ends: list[tuple[Micros, int]] = []
    begun = 0
    t_us = yield []
    while True:
        while begun < len(spans) and spans[begun].from_us - BEFORE_US <= t_us:
            there[begun] = spans[begun]
            heappush(ends, (spans[begun].end_us(end_us), begun))
            begun += 1
        while ends and ends[0][0] < t_us:
            del there[heappop(ends)[1]]
        first = []
        for span in there.values():
            first.append(span)
            if len(first) == _CANDIDATES:
                break
        t_us = yield first
