"""Frames in tunnels and mirrors are opened, with their path; what is not opened has a name."""

from __future__ import annotations

import pytest
from wrapped_frames import ADVERT, FORMS, INNER, OUTER, SEALED, VIRTUAL, Form, deep, ethernet, ipv4, udp

from vrrplab.decoding.describe import describe, path_text
from vrrplab.decoding.explain import explain, fields
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.errors import DropReason, PacketError
from vrrplab.limits import TUNNELS
from vrrplab.wire import links, tunnels
from vrrplab.wire.frames import decode, encode

BY_NAME = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
NUMBERS = range(0, 256)


@BY_NAME
def test_what_is_inside_is_read(form: Form) -> None:
    raw = form.wrap(form.frame)
    frame, plain = decode(raw, form.link_type), decode(form.frame)
    assert (frame.kind, frame.problems, frame.sealed) == ("vrrp", (), "")
    assert frame.vrrp == plain.vrrp
    assert frame.ip is not None
    assert frame.ip.source == plain.endpoints().source  # type: ignore[union-attr]
    assert " > ".join(wrapping.text for wrapping in frame.path) == form.path
    assert encode(frame) == raw
    verdict = judge(frame)
    assert verdict.word == "accept"
    noted = {note.name for note in verdict.notes}
    is_mirror = any(wrapping.is_mirror for wrapping in frame.path)
    assert ("MIRRORED" in noted) == is_mirror
    assert ("IN_TUNNEL" in noted) == bool(form.path and not is_mirror)
    assert [w["name"] for w in report(frame, verdict).get("path", [])] == [w.name for w in frame.path]
    assert max(map(len, explain(frame, verdict, "keepalived-2.2.7").splitlines())) <= 80


@BY_NAME
def test_its_fields_lie_in_the_order_of_the_bytes_and_none_twice(form: Form) -> None:
    raw = form.wrap(form.frame)
    found = fields(decode(raw, form.link_type))
    at = 0
    for field in sorted(found, key=lambda field: field.offset):
        assert field.offset >= at, field
        at = field.offset + field.size
    assert at <= len(raw)
    vrid = next(field for field in found if field.name == "VRID")
    assert raw[vrid.offset] == 7


@BY_NAME
def test_cut_anywhere_it_raises_nothing_and_stays_the_same(form: Form) -> None:
    raw = form.wrap(form.frame)
    for size in range(len(raw)):
        frame = decode(raw[:size], form.link_type)
        assert encode(frame) == raw[:size]
        assert all(0 <= problem.offset <= size for problem in frame.problems)
        if frame.kind == "other":
            assert frame.problems or frame.sealed or not form.path or size < 60


@BY_NAME
def test_one_byte_changed_raises_nothing_and_encodes_to_the_same(form: Form) -> None:
    raw = form.wrap(form.frame)
    for place in range(len(raw) - len(form.frame) + 40):
        for value in (0, 1, 0x45, 0x60, 0xFF):
            odd = raw[:place] + bytes((value,)) + raw[place + 1 :]
            frame = decode(odd, form.link_type)
            assert encode(frame) == odd
            assert all(0 <= problem.offset <= len(odd) for problem in frame.problems)


@pytest.mark.parametrize(("raw", "what"), SEALED.values(), ids=SEALED.keys())
def test_what_is_not_opened_is_named(raw: bytes, what: str) -> None:
    frame = decode(raw)
    assert (frame.kind, frame.vrrp, frame.sealed) == ("other", None, what)
    assert what in tunnels.SEALED
    assert encode(frame) == raw
    assert report(frame, judge(frame))["not_opened"] == what
    if what != "cut off":
        assert describe(frame) == f"{what}, not opened"


def test_every_word_for_what_is_not_opened_is_known() -> None:
    assert len(set(tunnels.SEALED)) == len(tunnels.SEALED) < 256
    assert tunnels.TOO_DEEP in tunnels.SEALED


def test_tunnels_are_opened_to_a_depth() -> None:
    assert decode(deep(TUNNELS.most)).kind == "vrrp"
    frame = decode(deep(TUNNELS.most + 1))
    assert (frame.kind, len(frame.path)) == ("other", TUNNELS.most)
    assert frame.sealed == tunnels.TOO_DEEP


def test_a_hundred_thousand_labels_take_no_time() -> None:
    frame = decode(ethernet(0x8847, bytes(400_000)))
    assert frame.sealed == "cut off"


def test_headers_are_those_of_the_packet_inside() -> None:
    frame = decode(FORMS["vxlan"].wrap(ADVERT))
    assert frame.eth is not None
    assert frame.eth.source == VIRTUAL
    ends = frame.endpoints()
    assert ends is not None
    assert (ends.source, ends.mac) == (INNER, VIRTUAL)
    assert path_text(frame.path) == f"VXLAN 42, {OUTER[0]} to {OUTER[1]}"
    assert (frame.start, frame.end) == (50, 50 + len(ADVERT))
    without = decode(FORMS["gre-ip"].wrap(ADVERT)).endpoints()
    assert without is not None
    assert without.mac == ""


def test_what_is_inside_may_change_but_for_its_size() -> None:
    frame = decode(FORMS["gre-ip"].wrap(ADVERT))
    assert frame.vrrp is not None
    frame.vrrp.priority = 99
    again = decode(encode(frame))
    assert again.vrrp is not None
    assert (again.vrrp.priority, again.problems) == (99, ())
    frame.vrrp.addresses = ()
    with pytest.raises(PacketError, match="must keep its size"):
        encode(frame)


def test_an_ip_header_of_another_version_or_length_is_no_vrrp() -> None:
    for first in (0x65, 0x44, 0x00, 0x40):
        frame = decode(ADVERT[:14] + bytes((first,)) + ADVERT[15:])
        assert (frame.kind, frame.vrrp) == ("other", None)
        assert frame.problems[0].reason is DropReason.BAD_IP_HEADER
        assert encode(frame) == frame.raw
    as_raw_ipv4 = decode(b"\x65" + ADVERT[15:], links.IPV4)
    assert (as_raw_ipv4.kind, as_raw_ipv4.problems[0].reason) == ("other", DropReason.BAD_IP_HEADER)


def test_other_traffic_to_a_tunnels_port_is_no_tunnel() -> None:
    assert decode(udp(4500, bytes(4) + bytes(40))).sealed == ""  # IKE
    assert decode(udp(4500, b"\xff")).sealed == ""  # keeps the way open
    assert decode(udp(37008, bytes.fromhex("01040000"))).sealed == ""
    assert decode(udp(53, bytes(40))).path == ()
    assert decode(ipv4(6, bytes(40))).sealed == ""


def test_an_unknown_link_type_is_refused_by_name() -> None:
    assert "link type 250 (Schweitzer RTAC serial) is not read here" in links.unread(250)
    assert "link type 299 is not read here" in links.unread(299)
    assert [number for number in links.OTHERS if number in links.NAMES] == []
    for number in links.NAMES:
        assert links.unread(number) == ""
        assert decode(b"", number).kind == "other"
    frame = decode(ADVERT, 250)
    assert (frame.kind, frame.sealed) == ("other", "link type not read here")
