"""Do both send the same packets? Counts of adverts by server, VRID and priority, and who announces what.

The captures hold one segment, that of the first interface; only packets of it are counted, on both sides.
An advert more or less at either end of each stretch of adverts is a matter of phase, and a real timer is
late by 0.2 to 0.3 ms a period; everything beyond that is a difference. Priority 0 is counted exactly.

Two MASTERs that reject each other's adverts re-arm each other's timers (keepalived, measured): about one
advert a period leaves in total, and which of the two sends it is decided by microseconds. There, and only
there, the adverts of both are counted together. Of gratuitous ARP it is compared who announces which
virtual address; how often is in the log lines (a burst of a hundred overruns the capture, not the daemon).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from vrrplab.errors import DropReason
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertDroppedEvent, AdvertSentEvent, AnnouncementEvent
from vrrplab.units import micros

DRIFT = 0.003  # share of adverts that late timers may cost: 0.3 ms in 100 ms
END_US = micros(0.15)  # the last moments are a matter of phase


class Stream(NamedTuple):
    server: str
    vrid: int
    priority: int

    def __str__(self) -> str:
        return f"{self.server} VRID {self.vrid} priority {self.priority}"


def compare_packets(real: Trace, simulated: Trace) -> list[str]:
    """Differences in words; empty when both sent the same."""
    problems: list[str] = []
    segment = next(iter(real.scenario.get("segments", {})), "")
    end_us = min(real.end_us, simulated.end_us) - END_US
    theirs, ours = _adverts(real, segment, end_us), _adverts(simulated, segment, end_us)
    rejecting = _rejecting(simulated)
    for stream in sorted(set(theirs) | set(ours)):
        seen, made = theirs.get(stream, []), ours.get(stream, [])
        if stream.priority == 0:
            if len(seen) != len(made):
                problems.append(f"{stream}: {len(seen)} real, {len(made)} simulated")
            continue
        if _differ(seen, made) and stream.vrid not in rejecting:
            problems.append(f"{stream}: {len(seen)} adverts real, {len(made)} simulated")
    for vrid in sorted(rejecting):
        seen, made = _of_vrid(theirs, vrid), _of_vrid(ours, vrid)
        if _differ(seen, made):
            problems.append(f"VRID {vrid}, all together: {len(seen)} adverts real, {len(made)} simulated")
    announced, announces = _announcers(real, segment, end_us), _announcers(simulated, segment, end_us)
    for who, address in sorted(announced ^ announces):
        side = "the simulation" if (who, address) in announces else "reality"
        problems.append(f"only in {side} does {who} announce {address}")
    return problems


def _differ(seen: list[int], made: list[int]) -> bool:
    allowed = max(_stretches(seen), _stretches(made)) + DRIFT * len(seen)
    return abs(len(seen) - len(made)) > allowed


def _of_vrid(streams: dict[Stream, list[int]], vrid: int) -> list[int]:
    return sorted(t for stream, times in streams.items() if stream.vrid == vrid for t in times)


_NOT_ITS_FAULT = {
    r.name
    for r in (
        DropReason.BAD_VRID,
        DropReason.UNICAST_MISMATCH,
        DropReason.OTHER_GROUP,
        DropReason.FIREWALL,
        DropReason.RP_FILTER,
    )
}


def _rejecting(simulated: Trace) -> set[int]:
    """VRIDs for which MASTERs on two servers reject each other's adverts."""
    rejecters: dict[int, set[str]] = {}
    for event in simulated.of(AdvertDroppedEvent):
        if event.reason not in _NOT_ITS_FAULT:
            rejecters.setdefault(event.vrid, set()).add(event.server)
    return {vrid for vrid, servers in rejecters.items() if len(servers) > 1}


def _on(event: AdvertSentEvent | AnnouncementEvent, trace: Trace, segment: str) -> bool:
    server = trace.scenario.get("servers", {}).get(event.server, {})
    interfaces = server.get("interfaces", {})
    name = event.interface
    if name not in interfaces:  # a VMAC interface: where its instance lives
        name = server.get("instances", {}).get(event.instance, {}).get("interface", name)
    return bool(interfaces.get(name, {}).get("segment") == segment)


def _adverts(trace: Trace, segment: str, end_us: int) -> dict[Stream, list[int]]:
    streams: dict[Stream, list[int]] = {}
    for event in trace.of(AdvertSentEvent):
        if event.t_us <= end_us and _on(event, trace, segment):
            stream = Stream(event.server, event.vrid, event.priority)
            streams.setdefault(stream, []).append(event.t_us)
    return streams


def _stretches(times: list[int]) -> int:
    """How many unbroken runs of adverts these are: a pause of over 2.5 usual gaps ends one."""
    gaps = sorted(b - a for a, b in pairwise(times))
    if not gaps:
        return 1
    usual = gaps[len(gaps) // 2]
    return 1 + sum(gap > 2.5 * usual for gap in gaps)


def _announcers(trace: Trace, segment: str, end_us: int) -> set[tuple[str, str]]:
    virtual = set(trace.addresses)
    return {
        (event.server, event.address)
        for event in trace.of(AnnouncementEvent)
        if event.t_us <= end_us and event.address in virtual and _on(event, trace, segment)
    }
