"""Timelines of tunnels and mirrors, of what could not be opened, and of other protocols."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from made_captures import Wire, kinds

from tests.wire.fhrp_frames import GLBP, HSRP_1
from tests.wire.wrapped_frames import ADVERT, FORMS, SEALED, VIRTUAL, Form
from vrrplab.capture.pcap import write_pcap
from vrrplab.capture.reader import read_frames
from vrrplab.columns.selection import select, select_frames
from vrrplab.trace.events import TraceEvent
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.observer import Observer
from vrrplab.witness.sightings import KINDS
from vrrplab.witness.timeline import Timeline, timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace


def handover(form: Form) -> Timeline:
    """One is MASTER for eight adverts, then the other, all of them wrapped."""
    is_ipv6 = form.frame[12:14] == b"\x86\xdd"
    mac = "00:00:5e:00:02:07" if is_ipv6 else VIRTUAL
    group = "ff02::12" if is_ipv6 else "224.0.0.18"
    vip = "fe80::77" if is_ipv6 else "198.51.100.254"
    wire = Wire()
    for second in range(16):
        source, priority = (("fe80::1", 200), ("fe80::2", 100))[second > 7] if is_ipv6 else (
            ("198.51.100.1", 200), ("198.51.100.2", 100)
        )[second > 7]  # fmt: skip
        advert = Advertisement(3 if is_ipv6 else 2, 7, priority, 1_000_000, (vip,))
        wire.raw(second, form.wrap(advert_frame(mac, source, group, advert)))
    return wire.timeline()


@pytest.mark.parametrize(
    "form",
    [f for f in FORMS.values() if f.link_type == 1],
    ids=[n for n, f in FORMS.items() if f.link_type == 1],
)
def test_both_directions_of_a_tunnel_are_one_lan(form: Form) -> None:
    timeline = handover(form)
    (part,) = timeline.routers
    assert len(part.router.sightings) == 16
    assert [span.speaker[-1] for span in part.spans] == ["1", "2"]
    text = table(timeline)
    if form.path:
        assert f"Adverts came wrapped: 16 in {form.path}" in " ".join(text.split())
    assert ("no router need have received it" in " ".join(text.split())) == (
        "ERSPAN" in form.path or "TZSP" in form.path
    )
    assert max(map(len, text.splitlines())) <= 80
    rows = [json.loads(line) for line in json_lines(timeline)]
    assert sum(row["adverts"] for row in rows if row["event"] == "tunnel") == (16 if form.path else 0)
    assert len(to_trace(timeline).of("advert_sent")) == 16


def test_an_advert_and_its_mirrored_copy_are_counted_apart() -> None:
    wire = Wire()
    for second in range(4):
        wire.raw(second, ADVERT).raw(second + 0.001, FORMS["erspan-2"].wrap(ADVERT))
    names = [part.router.name for part in wire.timeline().routers]
    assert names == ["VRID 7", "VRID 7 on ERSPAN II 7"]


def test_a_priority_tag_is_no_vlan() -> None:
    wire = Wire().raw(0, ADVERT).raw(1, ADVERT[:12] + bytes.fromhex("8100c000") + ADVERT[12:])
    assert [part.router.name for part in wire.timeline().routers] == ["VRID 7"]


def test_no_vrrp_is_not_said_over_what_was_not_opened() -> None:
    wire = Wire()
    for second, name in enumerate(("esp", "esp", "macsec")):
        wire.raw(second, SEALED[name][0])
    text = " ".join(table(wire.timeline()).split())
    assert "No VRRP advert in what was opened. Not opened: 3 frames (ESP 2, MACsec 1)." in text
    assert "No VRRP advert in it." in table(Wire().raw(0, ADVERT[:23] + b"\6" + ADVERT[24:]).timeline())


def test_no_vrrp_but_hsrp() -> None:
    timeline = Wire().raw(0, HSRP_1).raw(3, HSRP_1).raw(4, GLBP).timeline()
    text = " ".join(table(timeline).split())
    assert "No VRRP advert in it, but HSRP group 10 Active prio 110 198.51.100.254 of 198.51.100.1" in text
    assert kinds(timeline) == ["other-protocol", "other-protocol"]


def test_a_large_file_is_counted_as_a_small_one_is(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    frames = [raw for raw, _ in SEALED.values()] * 3000 + [FORMS["vxlan"].wrap(ADVERT), HSRP_1, ADVERT]
    path = tmp_path / "large.pcap"
    padded = [raw + bytes(100) for raw in frames]
    write_pcap(str(path), ((n * 1000, raw) for n, raw in enumerate(padded)))
    assert path.stat().st_size > 4 * 1024 * 1024
    large, small = timeline_of(select_frames(path, KINDS)), timeline_of(read_frames(path))
    assert table(large) == table(small)
    assert large.sightings.sealed == small.sightings.sealed
    assert large.sightings.sealed["ESP"] == 6000


def test_the_watcher_tells_tunnels_and_other_protocols() -> None:
    events: list[TraceEvent] = []
    observer = Observer(events.append)
    observer.frame(0, "eth0", decode(FORMS["vxlan"].wrap(ADVERT)))
    observer.frame(10, "eth0", decode(ADVERT))
    observer.frame(20, "eth0", decode(HSRP_1))
    observer.tick(100_000)
    assert [key[0] for key in observer.routers] == ["eth0 VXLAN 42", "eth0"]
    warnings = [event.fields["text"] for event in events if event.event == "warning"]
    assert warnings == ["eth0: not VRRP: HSRP group 10 Active prio 110 198.51.100.254 of 198.51.100.1"]


@pytest.mark.parametrize("kind", [0x00000BAD, 0x40000BAD])
@pytest.mark.parametrize("large", [False, True])
def test_a_custom_block_that_may_hold_a_packet_is_named(
    kind: int, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advert = Advertisement(2, 51, 100, 1_000_000, ("192.168.2.9",))
    frame = advert_frame("02:00:00:00:00:01", "192.168.2.1", "224.0.0.18", advert)
    packet = struct.pack("<IIIII", 0, 1, 0, len(frame), len(frame)) + frame
    custom = struct.pack("<I", 32473) + frame
    blocks = [(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), (1, struct.pack("<HHI", 1, 0, 0))]
    blocks += [(kind, b"of the file "), (6, packet), (kind, custom), (kind, custom), (6, packet)]
    path = tmp_path / "custom.pcapng"
    path.write_bytes(b"".join(_block(*block) for block in blocks))
    if large:
        pytest.importorskip("numpy")
        monkeypatch.setattr("vrrplab.columns.selection.LARGE_BYTES", 0)
    timeline = timeline_of(select(path, KINDS))
    assert dict(timeline.sightings.sealed) == {"custom block of pcapng": 2}
    assert [sighting.number for sighting in timeline.routers[0].router.sightings] == [1, 4]
    assert "custom block of pcapng 2" in table(timeline)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size
