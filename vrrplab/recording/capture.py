"""The real frames of a recording: what was captured on the LAN, matched to what was noted of it.

The notes group frames (a run of adverts from here to there, five announcements in a row); the capture has
each frame with its own time and bytes. Where the two count
differently, the times of the notes are kept.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from vrrplab.capture.files import read_records
from vrrplab.capture.records import Record
from vrrplab.errors import CaptureError
from vrrplab.trace.events import GarpSentEvent, NaSentEvent
from vrrplab.units import Micros, micros
from vrrplab.wire.frames import Frame, decode
from vrrplab.wire.likeness import likeness

_EARLY_US: Micros = (
    1_000  # notes and capture agree to 0.1 ms; a burst begins this much before its note at most
)


class CapturedAdvert(NamedTuple):
    """A frame on the wire: when, on the recording's clock; who sent it, and its bytes.

    ``mac`` is the one an announcement announces, ``interval_us`` an advert's.
    """

    t_us: Micros
    source_mac: str
    raw: bytes
    mac: str = ""
    interval_us: Micros = 0


class Capture:
    """The frames of one recording by what they say. Without a usable capture it simply knows none."""

    def __init__(self, folder: str = "", noted: Iterable[dict[str, Any]] = ()) -> None:
        self._found: dict[tuple[Any, ...], list[CapturedAdvert]] = {}
        self._told: dict[bytes | tuple[bytes, int], tuple[tuple[Any, ...], CapturedAdvert] | None] = {}
        self._offset_us: Micros = 0
        if not folder:
            return
        try:
            for record in read_records(os.path.join(folder, "capture.pcap")):
                self._keep(record)
        except CaptureError:
            pass  # what came before the break is good; with no file there is nothing
        for adverts in noted:
            sightings = self._found.get(_key(adverts), [])
            if len(sightings) == _count(adverts):
                self._offset_us = sightings[0].t_us - micros(adverts["runs"][0]["first"])
                return
        self._found = {}  # no clock to go by

    def _keep(self, record: Record) -> None:
        raw, t_us = bytes(record.data), record.t_ns // 1000
        alike = likeness(raw, record.link_type)
        if alike is None:
            told = _told(decode(raw, record.link_type))
        else:
            if alike not in self._told:
                self._told[alike] = _told(decode(raw, record.link_type))
            told = self._told[alike]
        if told is not None:
            key, sighting = told
            self._found.setdefault(key, []).append(sighting._replace(t_us=t_us, raw=raw))

    def adverts(self, noted: dict[str, Any]) -> Sequence[CapturedAdvert]:
        """All frames of one kind of advert, or () where the notes count another number."""
        found = self._found.get(_key(noted), ())
        return self._timed(found) if len(found) == _count(noted) else ()

    def announcements(
        self, kind: str, address: str, t_s: float, count: int, macs: Collection[str]
    ) -> Sequence[CapturedAdvert]:
        """``count`` frames for an address, by a server with these MACs, from ``t_s`` on; else ()."""
        begin_us = micros(t_s) + self._offset_us - _EARLY_US
        found = self._found.get((kind, address), ())
        own = [s for s in found if s.t_us >= begin_us and _may_be(s.source_mac, macs)]
        return self._timed(own[:count]) if len(own) >= count else ()

    def _timed(self, sightings: Iterable[CapturedAdvert]) -> list[CapturedAdvert]:
        return [s._replace(t_us=s.t_us - self._offset_us) for s in sightings]


def _told(frame: Frame) -> tuple[tuple[Any, ...], CapturedAdvert] | None:
    """What a frame says, and by whom, but not when; None: it is no advert and announces nothing."""
    sender = (frame.eth.source if frame.eth else None) or ""
    if frame.kind == "vrrp" and frame.vrrp and frame.ip:
        v = frame.vrrp
        key: tuple[Any, ...] = (frame.ip.source, v.version, v.vrid, v.priority, v.addresses)
        return key, CapturedAdvert(0, sender, frame.raw, "", v.interval_us)
    if frame.kind == "arp" and frame.arp and frame.arp.gratuitous:
        key = (GarpSentEvent.event, frame.arp.sender_ip)
        return key, CapturedAdvert(0, sender, frame.raw, frame.arp.sender_mac or "")
    if frame.kind == "na" and frame.na and not frame.na.solicited:
        return (NaSentEvent.event, frame.na.target), CapturedAdvert(0, sender, frame.raw, frame.na.mac or "")
    return None


def _may_be(mac: str, macs: Collection[str]) -> bool:
    """A server's own MAC, or a virtual router's (RFC 9568 section 7.3)."""
    return mac in macs or mac.startswith("00:00:5e:00:0")


def _key(noted: dict[str, Any]) -> tuple[Any, ...]:
    return (noted["src"], noted["version"], noted["vrid"], noted["priority"], tuple(noted["vips"]))


def _count(noted: dict[str, Any]) -> int:
    return sum(part["count"] for part in noted["runs"])
