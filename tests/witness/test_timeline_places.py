"""Timelines of other tools and places: every interface at once, a mirror port, a snap length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from made_captures import MAC, ONE, TWO, VIP, Wire, kinds, text_of

from vrrplab.capture.reader import CapturedFrame
from vrrplab.wire import checksum, links
from vrrplab.wire.frames import advert_frame, decode, garp_frame, na_frame
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.timeline import Timeline, timeline_of
from vrrplab.witness.timeline_text import table

# keepalived 2.2.7, VRID 52, priority 200, as tcpdump -i any wrote it on a bridge: cooked v2, interface 2
COOKED = bytes.fromhex(
    "0800000000000002000102067ee1eb71b5610000"
    "45c0002800010000ff70d0880a090001e00000122134c801010146ef0a09006e6162630000000000"
)
COOKED_GARP = bytes.fromhex(
    "0806000000000002000101067ee1eb71b561000000010800060400017ee1eb71b5610a09006effffffffffff0a09006e"
)


def on_interface(frame: bytes, index: int) -> bytes:
    return frame[:4] + index.to_bytes(4, "big") + frame[8:]


def everywhere(*seen: tuple[int, bytes, tuple[int, ...]]) -> Timeline:
    """Timeline of cooked frames: microseconds, frame, the interfaces that saw it."""
    numbered = [
        (at_us + copy * 40, on_interface(frame, index))
        for at_us, frame, indices in seen
        for copy, index in enumerate(indices)
    ]
    return timeline_of(
        CapturedFrame(number, t_us * 1000, decode(frame, links.LINUX_SLL2))
        for number, (t_us, frame) in enumerate(sorted(numbered), 1)
    )


def test_copies_of_other_interfaces_are_no_second_advert() -> None:
    """On a bridge each packet is seen on the port it comes from, on the bridge, and on the other ports."""
    passing = [(0, COOKED), (1000, COOKED_GARP), (1100, COOKED_GARP), (1_000_000, COOKED)]
    timeline = everywhere(*((at_us, frame, (2, 5, 3)) for at_us, frame in passing))
    router = timeline.routers[0].router
    assert (len(router.sightings), len(router.announcements), timeline.sightings.copies) == (2, 2, 8)
    assert "8 frames are earlier ones again" in table(timeline)


def test_one_vrid_on_two_lans_is_two_virtual_routers() -> None:
    """A host with two cards, and nothing that passes from one to the other."""
    seen = [(second * 1_000_000 + card * 20_000, COOKED, (card,)) for second in range(3) for card in (2, 3)]
    routers = [part.router for part in everywhere(*seen).routers]
    assert [router.name for router in routers] == ["VRID 52 on interface 2", "VRID 52 on interface 3"]
    assert [len(router.sightings) for router in routers] == [3, 3]


def test_ports_of_one_bridge_are_one_lan_whoever_is_seen_where_first() -> None:
    other = on_interface(COOKED.replace(bytes.fromhex("7ee1eb71b561"), bytes.fromhex("020000000003")), 3)
    seen = [(0, COOKED, (2, 5, 3)), (500_000, other, (3, 5, 2)), (1_000_000, COOKED, (2, 5, 3))]
    [part] = everywhere(*seen).routers
    assert (part.router.name, len(part.router.sightings)) == ("VRID 52", 3)


def test_a_mirror_port_shows_adverts_twice() -> None:
    def numbered(at_s: int) -> bytes:
        packet = bytearray(COOKED[20:])
        packet[4:6], packet[10:12] = at_s.to_bytes(2, "big"), bytes(2)
        packet[10:12] = checksum.field_value(checksum.total(bytes(packet[:20]))).to_bytes(2, "big")
        return bytes.fromhex("01005e0000120200000000fb0800") + packet

    wire = Wire()
    for at_s in (1, 2, 3):
        wire.raw(at_s, numbered(at_s)).raw(at_s + 0.0002, numbered(at_s))
    timeline = wire.timeline()
    assert len(timeline.routers[0].router.sightings) == 3
    assert timeline.sightings.copies == 3


def ipv6_advert(priority: int = 200, interval_s: float = 1) -> bytes:
    advert = Advertisement(3, 54, priority, round(interval_s * 1e6), ("fe80::54", "fd00:1::54"))
    return advert_frame("02:00:00:00:00:02", "fe80::2", "ff02::12", advert)


def ipv6_wire(times: int, interval_s: float = 1, frame: Callable[[bytes], bytes] = bytes) -> Timeline:
    """Four adverts and two priority 0, as keepalived sends them on a fault (0.4 ms apart, measured)."""
    wire = Wire()
    steady = [(1 + n * interval_s, ipv6_advert(200, interval_s)) for n in range(4)]
    goodbye = [(1 + 3.5 * interval_s + more, ipv6_advert(0, interval_s)) for more in (0, 0.0004)]
    for at_s, packet in steady + goodbye:
        for copy in range(times):
            wire.raw(at_s + copy * 0.00015, frame(packet))
    return wire.timeline()


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("interval_s", [0.05, 1])
def test_adverts_without_a_number_are_told_from_their_copies(times: int, interval_s: float) -> None:
    timeline = ipv6_wire(times, interval_s)
    priorities = [s.priority for s in timeline.routers[0].router.sightings]
    assert priorities == [200, 200, 200, 200, 0, 0]
    assert timeline.sightings.copies == 6 * (times - 1)


def test_tagged_copies_are_copies_too() -> None:
    timeline = ipv6_wire(2, frame=lambda raw: raw[:12] + bytes.fromhex("8100000a") + raw[12:])
    assert len(timeline.routers[0].router.sightings) == 6


def test_equal_adverts_that_are_no_copies_stay() -> None:
    """A MASTER that was held up answers what came in meanwhile, all at one moment."""
    wire = Wire()
    for at_s in (1, 2, 3, 4, 4.0001, 4.0002, 5):
        wire.raw(at_s, ipv6_advert())
    timeline = wire.timeline()
    assert len(timeline.routers[0].router.sightings) == 7
    assert timeline.sightings.copies == 0


def test_a_copy_that_got_lost_on_the_way_to_the_mirror_port() -> None:
    wire = Wire()
    for at_s in (1, 1.0002, 2, 2.0002, 3, 4, 4.0002):
        wire.raw(at_s, ipv6_advert())
    assert len(wire.timeline().routers[0].router.sightings) == 4


def test_adverts_that_the_snap_length_cut_still_tell_of_masters() -> None:
    frame = advert_frame(MAC[ONE], ONE, "224.0.0.18", Advertisement(2, 51, 150, 1_000_000, (VIP,)))
    for size, spans in ((44, 1), (42, 1), (40, 1), (39, 0)):
        timeline = timeline_of(
            CapturedFrame(n, n * 10**9, decode(frame[:size]), original_length=len(frame)) for n in range(1, 5)
        )
        assert sum(len(part.spans) for part in timeline.routers) == spans
        assert "rejected" not in kinds(timeline)
        assert ("cut" in kinds(timeline)) == (not spans)
        assert ("4 adverts were cut by the capture" in " ".join(timeline.limits())) == bool(spans)
        assert "addresses cut off" in table(timeline) if spans else "No VRRP advert" in table(timeline)


def test_a_mute_master_on_a_slow_machine() -> None:
    """keepalived 2.2.7 with two passwords, measured: its first advert after the other's comes 11 ms late."""
    wire = Wire().advert(4.328, ONE, 200).adverts(5.790, 9.790, ONE, 200).advert(15.049, ONE, 0)
    wire.advert(4.789, TWO, 150).advert(10.801, TWO, 150).adverts(11.807, 20, TWO, 150)
    first, second = wire.timeline().routers[0].spans
    assert (first.speaker, first.from_us, first.to_us) == (ONE, 0, 10_721_000)
    assert (second.speaker, second.from_us, second.to_us) == (TWO, 461_000, None)


def test_carp_with_the_same_number_makes_a_master_mute() -> None:
    """ucarp beside keepalived 2.2.7, measured: each CARP packet re-arms the timer of keepalived's MASTER."""
    carp = advert_frame(MAC[TWO], TWO, "224.0.0.18", Advertisement(2, 51, 0, 1_000_000, ("0.0.0.0",) * 5))
    carp = carp[:37] + b"\7" + carp[38:]
    assert decode(carp).kind == "carp"
    wire = Wire().advert(4.576, ONE, 150)
    for at_s in (5.18, 6.18, 7.18, 8.18, 9.18):
        wire.raw(at_s, carp)
    timeline = wire.advert(10.18, ONE, 150).advert(11.18, ONE, 150).timeline()
    (span,) = timeline.routers[0].spans
    assert (span.from_us, span.to_us) == (0, None)
    assert "CARP with the same number re-arms its timer" in text_of(timeline, "mute")
    assert timeline.routers[0].gaps == []
    for at_s in (12.18, 13.18, 14.18):
        wire.raw(at_s, carp)
    (span,) = wire.timeline().routers[0].spans
    assert span.to_us is None


def test_announcements_with_a_shared_mac_are_counted_for_who_was_master() -> None:
    """use_vmac: both announce the virtual MAC. A preemption 0.3 s after the start (measured)."""
    wire = (
        Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9")).adverts(3, 3, ONE, 100).adverts(3.3, 5, TWO, 200)
    )
    for at_s in (3.001, 3.002, 3.301, 3.302, 3.303):
        wire.raw(at_s, garp_frame("00:00:5e:00:01:33", VIP))
    told = [f.text for f in wire.timeline().findings() if f.kind == "announced"]
    assert [text.rpartition(", ")[2] for text in told] == ["in 2 frames", "in 3 frames"]


def test_a_late_first_advert_after_an_announcement_at_250_ms() -> None:
    """FRR 8.4.4 over IPv6, measured: the advertisement of the address, and 285 ms later the first advert."""
    mac, source, vip = "00:00:5e:00:02:33", "fe80::1", "fd00:9::100"
    wire = Wire()
    for at_s, priority in ((0, 200), (0.25, 200), (0.4, 0), (0.892, 100), (1.142, 100)):
        advert = Advertisement(3, 51, priority, 250_000, (vip,))
        wire.raw(at_s, advert_frame(mac, source, "ff02::12", advert))
    _, second = wire.raw(0.607, na_frame(mac, vip)).timeline().routers[0].spans
    assert (second.from_us, second.first_frame) == (607_000, 4)
