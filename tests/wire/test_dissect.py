"""Whole frames: links, VLANs, IP options, fragments, extension headers, what is not VRRP, and frames cut
anywhere.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrplab.decoding.describe import describe
from vrrplab.decoding.fields import fields
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.errors import DropReason
from vrrplab.wire import links
from vrrplab.wire.arp import ArpPacket
from vrrplab.wire.frames import (
    advert_frame,
    arp_reply_frame,
    arp_request_frame,
    decode,
    encode,
    garp_frame,
    na_frame,
    ns_frame,
)
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.wire.vrrp import Advertisement

MAC, SOURCE, GROUP = "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18"
ADVERT = Advertisement(2, 51, 150, 1_000_000, ("192.168.2.100",))
ADVERT6 = Advertisement(3, 61, 150, 1_000_000, ("fe80::a0",))
PLAIN = advert_frame(MAC, SOURCE, GROUP, ADVERT)
PLAIN6 = advert_frame(MAC, "fe80::fb", "ff02::12", ADVERT6)


def reasons(frame: bytes, link_type: int = links.ETHERNET) -> list[DropReason]:
    return [problem.reason for problem in decode(frame, link_type).problems]


@pytest.mark.parametrize("frame", [PLAIN, PLAIN6, garp_frame(MAC, SOURCE), na_frame(MAC, "fe80::a0")])
def test_cut_at_every_byte(frame: bytes) -> None:
    """Never an exception, always TOO_SHORT first, and the offset says where the frame ends."""
    whole = decode(frame)
    for size in range(len(frame)):
        cut = decode(frame[:size])
        problem = cut.problems[0]
        assert (problem.reason, problem.offset) == (DropReason.TOO_SHORT, size)
        assert encode(cut) == frame[:size]
        protocol_at = 20 if whole.ip is not None and whole.ip.version == 6 else 23
        if whole.kind == "vrrp" and size > protocol_at:
            assert cut.kind == "vrrp"
    assert whole.problems == ()


def test_vlan_and_qinq() -> None:
    tagged = PLAIN[:12] + bytes.fromhex("81002064") + PLAIN[12:]
    frame = decode(tagged)
    assert frame.eth is not None
    assert [tag.vlan_id for tag in frame.eth.vlans] == [100]
    assert frame.eth.vlans[0].priority == 1
    twice = PLAIN[:12] + bytes.fromhex("88a80007 81000064") + PLAIN[12:]
    frame = decode(twice)
    assert frame.eth is not None
    assert [tag.vlan_id for tag in frame.eth.vlans] == [7, 100]
    assert frame.vrrp == ADVERT
    assert encode(frame) == twice


@pytest.mark.parametrize(
    ("link_type", "header"),
    [
        (links.RAW, ""),
        (links.IPV4, ""),
        (links.NULL, "02000000"),
        (links.NULL, "00000002"),
        (links.LOOP, "00000002"),
        (links.LINUX_SLL, "0002 0001 0006 0200000000fb 0000 0800"),
        (links.LINUX_SLL2, "0800 0000 00000003 0001 02 06 0200000000fb 0000"),
    ],
)
def test_other_links(link_type: int, header: str) -> None:
    packet = bytes.fromhex(header.replace(" ", "")) + PLAIN[14:]
    frame = decode(packet, link_type)
    assert (frame.kind, frame.vrrp, frame.problems) == ("vrrp", ADVERT, ())
    if link_type in (links.LINUX_SLL, links.LINUX_SLL2):
        assert frame.eth is not None
        assert (frame.eth.source, frame.eth.destination) == (MAC, None)
    else:
        assert frame.eth is None
    assert encode(frame) == packet


@pytest.mark.parametrize("family", ["18000000", "1c000000", "1e000000", "0a000000"])
def test_ipv6_on_loopback_has_many_numbers(family: str) -> None:
    assert decode(bytes.fromhex(family) + PLAIN6[14:], links.NULL).vrrp == ADVERT6


def test_vlan_under_linux_cooked() -> None:
    header = bytes.fromhex("00020001000602000000 00fb0000 8100 0064 0800".replace(" ", ""))
    frame = decode(header + PLAIN[14:], links.LINUX_SLL)
    assert frame.eth is not None
    assert [tag.vlan_id for tag in frame.eth.vlans] == [100]
    assert frame.vrrp == ADVERT


def test_an_unknown_link_says_which_are_known() -> None:
    frame = decode(PLAIN, 60000)
    assert frame.kind == "other"
    assert "link type 60000" in str(frame.problems[0])
    assert "Linux cooked v2" in str(frame.problems[0])


def test_ethernet_padding_is_not_part_of_the_packet() -> None:
    padded = PLAIN + bytes(6)
    frame = decode(padded)
    assert (frame.vrrp, frame.padding, frame.problems) == (ADVERT, bytes(6), ())
    assert encode(frame) == padded


def test_ipv4_options() -> None:
    options = bytes.fromhex("94040000")  # router alert
    header = IPv4Header(SOURCE, GROUP, options=options)
    packet = PLAIN[:14] + header.emit(ADVERT.emit(SOURCE, GROUP))
    frame = decode(packet)
    assert (frame.vrrp, frame.problems) == (ADVERT, ())
    assert isinstance(frame.ip, IPv4Header)
    assert frame.ip.options == options
    assert encode(frame) == packet


def test_ipv4_fragments_are_named_as_such() -> None:
    message = ADVERT.emit(SOURCE, GROUP)
    first = PLAIN[:14] + IPv4Header(SOURCE, GROUP, flags=1).emit(message[:8])
    rest = PLAIN[:14] + IPv4Header(SOURCE, GROUP, fragment_offset=8).emit(message[8:])
    assert decode(first).kind == "vrrp"
    assert reasons(first)[0] is DropReason.FRAGMENT
    assert reasons(rest) == [DropReason.FRAGMENT]
    assert "vrrplab does not" in str(decode(rest).problems[0])
    assert decode(rest).kind == "other"
    assert encode(decode(first)) == first
    assert encode(decode(rest)) == rest


def test_ipv6_extension_headers() -> None:
    hop_by_hop = bytes((112, 0, 5, 2, 0, 0, 1, 0))
    header = IPv6Header("fe80::fb", "ff02::12", extensions=((0, hop_by_hop),))
    packet = PLAIN6[:14] + header.emit(ADVERT6.emit("fe80::fb", "ff02::12"))
    frame = decode(packet)
    assert (frame.kind, frame.vrrp, frame.problems) == ("vrrp", ADVERT6, ())
    assert encode(frame) == packet
    atomic = bytes((112, 0, 0, 0, 0, 0, 0, 1))  # a fragment header on a packet that is whole
    header = IPv6Header("fe80::fb", "ff02::12", extensions=((44, atomic),))
    assert reasons(PLAIN6[:14] + header.emit(ADVERT6.emit("fe80::fb", "ff02::12"))) == []
    later = bytes((112, 0, 0, 8, 0, 0, 0, 1))
    header = IPv6Header("fe80::fb", "ff02::12", extensions=((44, later),))
    assert reasons(PLAIN6[:14] + header.emit(bytes(16))) == [DropReason.FRAGMENT]
    half = PLAIN6[:14] + IPv6Header("fe80::fb", "ff02::12", 0, payload_length=4).emit(bytes(4))
    assert reasons(half) == [DropReason.TOO_SHORT]


def test_vrrp_quoted_in_icmp_is_not_received() -> None:
    quoted = bytes.fromhex("0b00f4ff00000000") + PLAIN[14:42]
    frame = decode(PLAIN[:14] + IPv4Header("192.168.2.1", SOURCE, 1, 64, 0).emit(quoted))
    assert (frame.kind, frame.vrrp, frame.problems) == ("other", None, ())


def test_carp_igmp_and_ah_for_something_else() -> None:
    carp = bytes.fromhex("2101000700010000") + bytes(range(28))
    frame = decode(PLAIN[:14] + IPv4Header(SOURCE, GROUP).emit(carp))
    assert (frame.kind, frame.vrrp, reasons(frame.raw)) == ("carp", None, [DropReason.CARP])
    assert frame.carp is not None
    assert (frame.carp.vhid, frame.carp.advskew, frame.carp.advbase) == (1, 0, 1)
    assert decode(PLAIN[:14] + IPv4Header(SOURCE, "224.0.0.22", 2, 1).emit(bytes(8))).kind == "igmp"
    assert decode(PLAIN[:14] + IPv4Header(SOURCE, GROUP, 51).emit(bytes((6, 4)) + bytes(30))).kind == "other"


def test_wrong_ip_checksum_and_odd_headers() -> None:
    bad = bytearray(PLAIN)
    bad[24] ^= 1
    assert reasons(bytes(bad)) == [DropReason.BAD_IP_CHECKSUM]
    assert encode(decode(bytes(bad))) == bytes(bad)
    for byte, value in ((14, 0x65), (14, 0x44), (16, 0)):
        odd = bytearray(PLAIN)
        odd[byte] = value
        if byte == 16:
            odd[17] = 12
        assert DropReason.BAD_IP_HEADER in reasons(bytes(odd))


def test_total_length_0_means_segmentation_offload() -> None:
    """The sender's own capture of a packet the card will finish: the frame's size is the truth."""
    frame = bytearray(PLAIN)
    frame[16:18] = b"\0\0"
    assert decode(bytes(frame)).vrrp == ADVERT


def test_neighbours() -> None:
    request = decode(arp_request_frame(MAC, SOURCE, "192.168.2.100"))
    assert request.arp == ArpPacket(1, MAC, SOURCE, "00:00:00:00:00:00", "192.168.2.100")
    assert not request.arp.gratuitous
    reply = decode(arp_reply_frame("02:00:00:00:00:01", request.arp))
    assert reply.arp == ArpPacket(2, "02:00:00:00:00:01", "192.168.2.100", MAC, SOURCE)
    assert reply.eth is not None
    assert reply.eth.destination == MAC
    asked = decode(ns_frame(MAC, "fe80::fb", "2001:db8::1234:5678"))
    assert asked.kind == "other"
    assert asked.ns is not None
    assert asked.eth is not None
    assert asked.ip is not None
    assert (asked.ns.target, asked.ns.mac) == ("2001:db8::1234:5678", MAC)
    assert (asked.ip.destination, asked.eth.destination) == ("ff02::1:ff34:5678", "33:33:ff:34:56:78")
    answer = na_frame(
        MAC, "fe80::a0", destination="fe80::9", destination_mac=MAC, solicited=True, router=True
    )
    told = decode(answer).na
    assert told is not None
    assert (told.solicited, told.router, told.override, told.checksum_ok) == (True, True, True, True)
    assert encode(decode(answer)) == answer


def test_a_neighbour_advertisement_with_a_wrong_checksum() -> None:
    bad = bytearray(na_frame(MAC, "fe80::a0"))
    bad[-1] ^= 1
    frame = decode(bytes(bad))
    assert frame.kind == "na"
    assert reasons(bytes(bad)) == [DropReason.BAD_CHECKSUM]
    assert encode(frame) == bytes(bad)


def test_arp_for_something_else_than_ipv4() -> None:
    frame = bytearray(garp_frame(MAC, SOURCE))
    frame[15] = 6  # hardware type 6, token ring
    assert (decode(bytes(frame)).kind, decode(bytes(frame)).arp) == ("arp", None)
    assert reasons(bytes(frame)) == [DropReason.BAD_ETHERTYPE]
    assert encode(decode(bytes(frame))) == bytes(frame)


def mutated(frame: bytes, changes: list[tuple[int, int]], size: int) -> bytes:
    changed = bytearray(frame)
    for place, value in changes:
        changed[place % len(changed)] = value
    return bytes(changed[:size])


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from((PLAIN, PLAIN6, garp_frame(MAC, SOURCE), na_frame(MAC, "fe80::a0"))),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    st.integers(0, 120),
    st.sampled_from([links.MESSAGE, *sorted(links.NAMES)]),
)
def test_any_frame_decodes_and_encodes_to_itself(
    frame: bytes, changes: list[tuple[int, int]], size: int, link_type: int
) -> None:
    data = mutated(frame, changes, size)
    decoded = decode(data, link_type)
    assert encode(decoded) == data
    for problem in decoded.problems:
        assert 0 <= problem.offset <= len(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120), st.sampled_from([links.MESSAGE, *sorted(links.NAMES)]))
def test_any_bytes_at_all(data: bytes, link_type: int) -> None:
    assert encode(decode(data, link_type)) == data


# ucarp 1.5.2, vhid 51, captured whole; a snap length of 40 or 60 cuts it
UCARP = bytes.fromhex(
    "01005e00001200005e0000330800451000388f2b4000ff7001fe0a090001e0000012"
    "213300070001d5830aa1df6f4ecf05ebb4a2998a600ad0c13cc1cbca6362200ed24ded31"
)


@pytest.mark.parametrize("size", range(38, 71))
def test_carp_that_the_capture_cut_is_no_vrrp(size: int) -> None:
    frame = decode(UCARP[:size])
    assert (frame.kind, frame.vrrp) == ("carp", None)
    assert reasons(frame.raw) == [DropReason.TOO_SHORT, DropReason.CARP][size == 70 :]
    told = report(frame, judge(frame))["carp"]
    assert (told["vhid"], told["advskew"]) == (51, 0)
    assert told["advbase_s"] == (1 if size >= 40 else None)
    assert told["checksum"] == ("0xd583" if size >= 42 else None)
    ends = [34, 35, 36, 37, 38, 39, 40, 42, 50, 70]
    assert [f.offset for f in fields(frame) if f.layer == "CARP"] == [
        begin for begin, end in pairwise(ends) if end <= size
    ]
    assert encode(frame) == frame.raw


def test_a_cut_arp_or_neighbour_message_says_what_is_there() -> None:
    """keepalived 2.2.7, captured with snap lengths of 40 and 60."""
    garp = "ffffffffffffdec407cd4fd008060001080006040001dec407cd4fd00a090064ffffffffffff0a09"
    arp = decode(bytes.fromhex(garp))
    assert report(arp, judge(arp))["arp"] == {
        "op": 1,
        "sender_mac": "de:c4:07:cd:4f:d0",
        "sender_ip": "10.9.0.100",
        "target_mac": "ff:ff:ff:ff:ff:ff",
        "target_ip": None,
        "gratuitous": None,
    }
    ipv6 = "3333000000013e6308c2e3f086dd6000000000203afffd000009000000000000000000000100"
    ipv6 += "ff0200000000000000000000000000018800"
    nothing = {"target": None, "router": None, "solicited": None, "override": None, "mac": None}
    na = decode(bytes.fromhex(ipv6 + "2f76"))
    assert report(na, judge(na))["na"] == nothing
    there = {**nothing, "router": False, "solicited": False, "override": True}
    na = decode(bytes.fromhex(ipv6 + "2f7620"))
    assert report(na, judge(na))["na"] == there
    target = "fd000009000000000000000000000100"
    na = decode(bytes.fromhex(ipv6 + "2f7620000000" + target + "0201"))
    assert report(na, judge(na))["na"] == {**there, "target": "fd00:9::100"}
    assert describe(na) == "NA, cut off"
