"""What is not read again because an earlier packet said the same makes no difference, to the letter."""

from __future__ import annotations

import io
from collections.abc import Iterable
from operator import attrgetter

import pytest
from made_captures import ONE, TWO, VIP, Wire
from test_timeline import NAMES, RECORDINGS

from vrrplab.capture.files import read_records
from vrrplab.capture.reader import CapturedFrame, Packet, Passed, read_frames
from vrrplab.capture.records import Record
from vrrplab.columns.selection import decoded
from vrrplab.wire import links
from vrrplab.wire.dissect import decode
from vrrplab.wire.frames import advert_frame, arp_request_frame
from vrrplab.wire.likeness import is_opaque
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness import timeline as timeline_module
from vrrplab.witness.masters import Masters
from vrrplab.witness.sightings import KINDS, Sighting
from vrrplab.witness.timeline import timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

SOME = NAMES[::6]
MAC = "02:00:00:00:00:fb"


def told(frames: Iterable[CapturedFrame | Passed | Packet]) -> list[str]:
    timeline = timeline_of(frames)
    as_trace = io.StringIO()
    to_trace(timeline).write(as_trace)
    return [table(timeline), *json_lines(timeline), as_trace.getvalue()]


def packets_of(wire: Wire) -> list[Packet]:
    frames = sorted(wire.frames, key=lambda pair: pair[0])
    return [
        (number, Record(t_us * 1000, links.ETHERNET, raw, len(raw)))
        for number, (t_us, raw) in enumerate(frames, 1)
    ]


@pytest.mark.parametrize("name", SOME)
def test_a_recording(name: str) -> None:
    path = str(RECORDINGS / name / "capture.pcap")
    assert told(enumerate(read_records(path), 1)) == told(read_frames(path))


def seen_twice() -> Wire:
    """By a mirror port, some milliseconds later; every number comes again after a minute."""
    wire = Wire()
    advert = Advertisement(2, 51, 100, 1_000_000, (VIP,))
    for second in range(200):
        frame = advert_frame(MAC, ONE, "224.0.0.18", advert, ip_id=1 + second % 60)
        wire.raw(second, frame)
        if second % 3:
            wire.raw(second + 0.004, frame)
    return wire


def take_turns() -> Wire:
    """Failures, a return, a priority that changes, requests for the address, a MASTER that answers in bursts
    and copies of it, and an end in silence.
    """
    wire = Wire()
    wire.adverts(0, 30, ONE, 150).adverts(33.4, 70, TWO, 100).garp(33.4, TWO).garp(33.41, TWO)
    wire.adverts(70.2, 100, ONE, 150).garp(70.2, ONE).adverts(101, 130, ONE, 120).adverts(125, 160, TWO, 110)
    for moment in range(20):
        wire.raw(moment * 3 + 0.5, arp_request_frame(MAC, ONE, VIP))
        wire.advert(131 + moment, ONE, 120).advert(131 + moment + 0.001, ONE, 120)
    return wire


@pytest.mark.parametrize("made", [seen_twice, take_turns])
def test_a_made_capture(made) -> None:
    packets = packets_of(made())
    assert told(packets) == told(decoded(packets))
    backwards = [(n, r._replace(t_ns=r.t_ns - 40_000_000_000 * (n > len(packets) // 2))) for n, r in packets]
    assert told(backwards) == told(decoded(backwards))


def test_copies_are_found_after_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrrplab.witness.sightings._REMEMBERED", 4)
    packets = packets_of(seen_twice())
    assert timeline_of(packets).sightings.copies == sum(bool(second % 3) for second in range(200))
    assert told(packets) == told(decoded(packets))


def one_by_one(masters: Masters, sightings: list[Sighting], begin: int, end: int) -> int:
    masters.take(sightings[begin])
    return begin + 1


@pytest.mark.parametrize("name", [*SOME, ""])
def test_masters_are_the_same_when_each_advert_is_looked_at(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = (
        [*enumerate(read_records(str(RECORDINGS / name / "capture.pcap")), 1)]
        if name
        else packets_of(take_turns())
    )
    spans = attrgetter("spans")
    together = [spans(part) for part in timeline_of(packets).routers]
    monkeypatch.setattr(timeline_module.Masters, "take_alike", one_by_one)
    assert [spans(part) for part in timeline_of(packets).routers] == together


@pytest.mark.parametrize("port", [53, 4789, 1985])
def test_nothing_that_matters_is_opaque(port: int) -> None:
    ends = bytes.fromhex("0200000000020200000000010800")
    head = bytes.fromhex("45000028000100004011 0000 0a000001 0a000002".replace(" ", ""))
    frame = ends + head + (40000).to_bytes(2, "big") + port.to_bytes(2, "big") + bytes(16)
    assert is_opaque(frame) == (port == 53)
    assert not is_opaque(frame[:20] + b"\x20" + frame[21:])  # the first of several fragments
    for size in range(len(frame)):
        cut = frame[:size]
        if is_opaque(cut):
            assert decode(cut).kind not in KINDS
            assert not decode(cut).sealed
