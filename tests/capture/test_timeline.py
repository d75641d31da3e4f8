"""Who was MASTER when: from the captures of recordings alone, against what was seen on the machines
themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from vrrplab.capture.masters import PRIORITY_0, SILENT, YIELDED, MasterSpan
from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.capture.timeline import Timeline, timeline_of
from vrrplab.capture.timeline_text import json_lines, table
from vrrplab.capture.timeline_trace import to_trace
from vrrplab.wire import checksum, links
from vrrplab.wire.frames import advert_frame, decode, garp_frame, na_frame
from vrrplab.wire.vrrp import Advertisement

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/capture.pcap"))

GAIN_S = 0.05
LOSS_IN_INTERVALS = 1.1


def test_all_recordings_are_there() -> None:
    assert len(NAMES) == 136


def observed(folder: Path) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """MASTER times by (server, VRID) as the machines' logs tell.

    A server that is switched off or whose daemon is killed logs nothing: there the action ends its time as
    MASTER.
    """
    from vrrplab.recording import read_recording

    trace = read_recording(folder)
    scenario: dict[str, Any] = YAML(typ="safe", pure=True).load(folder / "scenario.yaml")
    ends: dict[str, list[float]] = {}
    for action in scenario.get("actions", []):
        if action["action"] in ("power_off", "daemon_kill"):
            ends.setdefault(action["server"], []).append(action["at_s"])
    times: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for span in trace.states():
        about = trace.scenario["servers"][span.server]
        instance = about["instances"][span.instance]
        interface = about["interfaces"].get(instance["interface"].split(".")[0])
        if span.state != "MASTER" or interface is None or interface["segment"] != "lan":
            continue
        killed = [t for t in ends.get(span.server, []) if span.from_s < t < span.to_s]
        child_only = "sigkill_child" in folder.name  # its parent brings it back within 15 ms
        to_s = min(killed) if killed and not child_only else span.to_s
        times.setdefault((span.server, instance["vrid"]), []).append((span.from_s, to_s))
    return {key: _joined(spans) for key, spans in times.items()}


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A daemon that was back at once: the wire cannot tell, and the addresses never moved."""
    joined = spans[:1]
    for from_s, to_s in spans[1:]:
        if from_s - joined[-1][1] < 0.02:
            joined[-1] = (joined[-1][0], to_s)
        else:
            joined.append((from_s, to_s))
    return joined


def seconds_before(folder: Path) -> float:
    """The machines' time of the capture's first advert, less the capture's own."""
    seen = json.loads((folder / "observed.json").read_text())["runs"][0]
    first_seen = min(part["first"] for adverts in seen["adverts"] for part in adverts["runs"])
    frames = read_frames(folder / "capture.pcap")
    first = next(frames)
    start_ns = first.t_ns
    while first.frame.kind != "vrrp":
        first = next(frames)
    return float(first_seen) - (first.t_ns - start_ns) / 1e9


@cache
def timeline_of_recording(name: str) -> Timeline:
    return timeline_of(read_frames(RECORDINGS / name / "capture.pcap"))


def by_server(folder: Path, timeline: Timeline) -> dict[tuple[str, int], list[MasterSpan]]:
    scenario: dict[str, Any] = YAML(typ="safe", pure=True).load(folder / "scenario.yaml")
    owner = {}
    for server, about in scenario["servers"].items():
        for interface in about["interfaces"].values():
            owner[interface.get("mac")] = server
            owner.update((address.split("/")[0], server) for address in interface["addresses"])
    found: dict[tuple[str, int], list[MasterSpan]] = {}
    for part in timeline.routers:
        for span in part.spans:
            server = owner.get(span.speaker) or owner.get(span.mac) or owner[_link_local_owner(span, owner)]
            found.setdefault((server, part.router.vrid), []).append(span)
    return found


def _link_local_owner(span: MasterSpan, owner: dict[str, str]) -> str:
    """With use_vmac over IPv6 the sender shows neither its MAC nor a configured address: EUI-64 tells."""
    tail = span.speaker.rpartition(":")[2]
    return next(mac for mac in owner if mac and mac.replace(":", "").endswith(tail))


@pytest.mark.parametrize("name", NAMES)
def test_same_masters_as_the_machines_saw(name: str) -> None:
    """Input: the packets. Output: each server's times as MASTER, gain within 50 ms, loss within 1.1
    intervals.
    """
    folder = RECORDINGS / name
    expected, ahead_s = observed(folder), seconds_before(folder)
    timeline = timeline_of_recording(name)
    found = by_server(folder, timeline)
    assert set(found) == set(expected)
    for key, spans in found.items():
        times = [(s.from_us / 1e6 + ahead_s, s.end_us(timeline.end_us) / 1e6 + ahead_s) for s in spans]
        assert len(times) == len(expected[key]), (key, times, expected[key])
        for span, (from_s, to_s), (gained_s, lost_s) in zip(spans, times, expected[key], strict=True):
            assert from_s == pytest.approx(gained_s, abs=GAIN_S), key
            assert to_s == pytest.approx(lost_s, abs=LOSS_IN_INTERVALS * span.interval_us / 1e6), key


@pytest.mark.parametrize("name", NAMES)
def test_every_view_of_every_recording(name: str) -> None:
    """Nothing breaks, nothing is wider than a terminal, every conclusion names frames of the capture."""
    timeline = timeline_of_recording(name)
    text = table(timeline)
    assert max(map(len, text.splitlines())) <= 80
    rows = [json.loads(line) for line in json_lines(timeline)]
    for row in rows:
        if row["event"] != "limit":
            assert row["frames"]
            assert all(1 <= number <= timeline.sightings.frames for number in row["frames"])
    spans = [span for part in timeline.routers for span in part.spans]
    assert sum(row["event"] == "master" for row in rows) == len(spans)
    trace = to_trace(timeline, name)
    gained = [e for e in trace.of("state") if e.fields["to"] == "MASTER"]
    assert len(gained) == len(spans)
    assert all(e.fields["reason"] for e in trace.of("state"))
    assert [e.t_us for e in trace] == sorted(e.t_us for e in trace)


# --- what is said about a capture, in captures made here --------------------------------------------------

ONE, TWO = "192.168.2.251", "192.168.2.252"
MAC = {ONE: "02:00:00:00:00:fb", TWO: "02:00:00:00:00:fc"}
VIP = "192.168.2.100"


class Wire:
    """A capture in the making: ``at`` seconds, who says what."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def advert(self, at_s: float, who: str, priority: int, interval_s: float = 1, version: int = 2) -> Wire:
        advert = Advertisement(version, 51, priority, round(interval_s * 1e6), (VIP,))
        return self.raw(at_s, advert_frame(MAC[who], who, "224.0.0.18", advert))

    def adverts(self, from_s: float, to_s: float, who: str, priority: int, interval_s: float = 1) -> Wire:
        at_s = from_s
        while at_s <= to_s + 1e-9:
            self.advert(at_s, who, priority, interval_s, version=2 if interval_s >= 1 else 3)
            at_s += interval_s
        return self

    def garp(self, at_s: float, who: str) -> Wire:
        return self.raw(at_s, garp_frame(MAC.get(who, who), VIP))

    def raw(self, at_s: float, frame: bytes) -> Wire:
        self.frames.append((round(at_s * 1e6), frame))
        return self

    def timeline(self) -> Timeline:
        frames = sorted(self.frames, key=lambda pair: pair[0])
        return timeline_of(
            CapturedFrame(number, t_us * 1000, decode(frame))
            for number, (t_us, frame) in enumerate(frames, 1)
        )


def kinds(timeline: Timeline) -> list[str]:
    return [finding.kind for finding in timeline.findings()]


def text_of(timeline: Timeline, kind: str) -> str:
    return next(finding.text for finding in timeline.findings() if finding.kind == kind)


def test_a_silent_master_and_who_follows() -> None:
    wire = Wire().adverts(0, 5, ONE, 150).garp(0.01, ONE).adverts(8.61, 12, TWO, 100).garp(8.62, TWO)
    timeline = wire.timeline()
    first, second = timeline.routers[0].spans
    assert (first.speaker, first.end, first.last_us) == (ONE, SILENT, 5_000_000)
    assert (first.to_earliest_us, first.to_latest_us) == (5_000_000, 6_000_000)
    assert second.from_us == 8_610_000
    assert "3.610 s" in text_of(timeline, "takeover")
    assert "3.609 s" in text_of(timeline, "takeover")
    gap = timeline.routers[0].gaps[0]
    assert (gap.from_earliest_us, gap.from_latest_us, gap.to_us) == (5_000_000, 6_000_000, 8_620_000)


def test_priority_0_and_the_skew_time() -> None:
    wire = (
        Wire().adverts(0, 3, ONE, 150).advert(3.5, ONE, 0).advert(3.5001, ONE, 0).adverts(4.11, 6, TWO, 100)
    )
    timeline = wire.timeline()
    first, second = timeline.routers[0].spans
    assert (first.end, first.to_us) == (PRIORITY_0, 3_500_000)
    assert second.from_us == 4_110_000
    assert "0.610 s" in text_of(timeline, "takeover")
    assert "0.609 s" in text_of(timeline, "takeover")


def test_preemption() -> None:
    wire = Wire().adverts(0, 5, TWO, 100).adverts(5.4, 9, ONE, 150).garp(5.41, ONE)
    timeline = wire.timeline()
    low, high = timeline.routers[0].spans
    assert (low.end, low.to_us, low.end_frame) == (YIELDED, 5_400_000, high.first_frame)
    assert "preempted" in text_of(timeline, "preemption")
    assert "two-masters" not in kinds(timeline)
    assert not timeline.routers[0].gaps


def test_two_masters_that_do_not_hear_each_other() -> None:
    wire = Wire().adverts(0, 20, ONE, 150).adverts(3.61, 15, TWO, 100).garp(0.01, ONE).garp(3.62, TWO)
    timeline = wire.timeline()
    assert "second-master" in kinds(timeline)
    assert "two-masters" in kinds(timeline)
    low = next(span for span in timeline.routers[0].spans if span.speaker == TWO)
    assert low.end_us(timeline.end_us) == 15_000_000  # yields to the advert that comes at this very moment
    assert "did not announce itself again" in text_of(timeline, "garp-missing")


def test_the_mute_master_that_rejects_the_other() -> None:
    """keepalived, measured: each rejected advert re-arms the timer; the one with the longer interval falls
    mute.
    """
    wire = (
        Wire().adverts(0, 20, ONE, 150).advert(6.6, TWO, 100, 2).advert(20.2, TWO, 0, 2).advert(20.3, ONE, 0)
    )
    timeline = wire.timeline()
    mute = next(span for span in timeline.routers[0].spans if span.speaker == TWO)
    assert (mute.from_us, mute.to_us) == (6_600_000, 20_200_000)
    assert "only a MASTER sends priority 0" in text_of(timeline, "mute")
    assert "interval 1 s against 2 s" in text_of(timeline, "mismatch")


def test_the_hidden_master_shows_when_the_other_dies() -> None:
    """FRR and keepalived that reject each other: the silent one's first advert comes one interval after
    the last.
    """
    timeline = Wire().adverts(0, 8, ONE, 150).adverts(9.001, 12, TWO, 100).timeline()
    assert "without a word" in text_of(timeline, "hidden-master")


def test_a_mute_master_is_dated_by_its_announcement() -> None:
    wire = Wire().adverts(0, 20, ONE, 150).garp(0.01, ONE).garp(8.3, TWO).adverts(21.001, 24, TWO, 100)
    timeline = wire.timeline()
    span = next(span for span in timeline.routers[0].spans if span.speaker == TWO)
    assert (span.from_us, span.began_by_announcement) == (8_300_000, True)
    assert "had announced the address" in text_of(timeline, "mute")


def test_a_second_batch_of_announcements_is_no_new_beginning() -> None:
    wire = Wire().adverts(0, 3, TWO, 100).garp(0.01, TWO).adverts(3.4, 20, ONE, 150).garp(3.41, ONE)
    wire.garp(5.01, TWO).garp(8.41, ONE).advert(20.2, ONE, 0).adverts(20.81, 23, TWO, 100)
    assert [s.from_us for s in wire.timeline().routers[0].spans if s.speaker == TWO] == [0, 20_810_000]


def test_a_stranger_that_announces_the_address() -> None:
    timeline = Wire().adverts(0, 8, ONE, 150).garp(0.01, ONE).garp(4, "02:00:00:00:00:99").timeline()
    assert "02:00:00:00:00:99" in text_of(timeline, "stranger")


def test_priority_changes_and_lost_adverts() -> None:
    wire = Wire().adverts(0, 3, ONE, 150).adverts(4, 6, ONE, 130).adverts(8, 10, ONE, 130)
    timeline = wire.timeline()
    assert len(timeline.routers[0].spans) == 1
    assert "from 150 to 130" in text_of(timeline, "priority")
    assert "an advert is missing" in text_of(timeline, "mute")


def test_a_master_that_was_late_is_told_from_one_that_came_back() -> None:
    """keepalived 2.2.7 with 30 ms between adverts, held up for 0.4 s while it added 119 addresses (measured):
    it stayed MASTER. One that is started anew announces its addresses.
    """
    before = Wire().adverts(0, 1, ONE, 150, 0.03).garp(0.001, ONE)
    late = before.adverts(1.4, 2, ONE, 150, 0.03).timeline()
    assert len(late.routers[0].spans) == 1
    assert "only late" in text_of(late, "mute")
    again = before.garp(1.401, ONE).timeline()
    assert len(again.routers[0].spans) == 2


def test_an_advert_that_is_10_ms_late_ends_nothing() -> None:
    wire = Wire().adverts(0, 1, ONE, 150, 0.03).adverts(1.045, 2, ONE, 150, 0.03)
    assert len(wire.timeline().routers[0].spans) == 1


def test_a_chance_meeting_among_fast_adverts_is_no_answer() -> None:
    """ONE was gone for 7 s and is back 5 ms after an advert of TWO, which sends one each 30 ms."""
    wire = Wire().adverts(0, 3, ONE, 200, 0.03).adverts(3.1, 10, TWO, 100, 0.03)
    wire.adverts(10.005, 12, ONE, 200, 0.03)
    assert [span.speaker for span in wire.timeline().routers[0].spans] == [ONE, TWO, ONE]


def test_missing_announcement_is_told_only_if_announcements_are_captured() -> None:
    assert "garp-missing" not in kinds(Wire().adverts(0, 3, ONE, 150).timeline())
    silent = Wire().adverts(0, 3, ONE, 150).raw(1.5, garp_frame(MAC[TWO], "192.168.2.9")).timeline()
    assert "clients keep the old MAC" in text_of(silent, "garp-missing")
    assert any("filter" in text for text in Wire().adverts(0, 3, ONE, 150).timeline().limits())


def test_a_capture_that_begins_in_the_middle() -> None:
    timeline = Wire().advert(0.4, ONE, 0).adverts(1.01, 3, TWO, 100).timeline()
    span = timeline.routers[0].spans[0]
    assert span.began_before_capture
    assert (span.from_us, span.to_us) == (0, 0)


def test_still_master_at_the_end() -> None:
    span = Wire().adverts(0, 3, ONE, 150).timeline().routers[0].spans[0]
    assert span.to_us is None


def test_routers_that_share_address_and_mac_are_told_apart_by_priority() -> None:
    """FRR over IPv6 (measured): same virtual MAC, same link-local source; the advert follows the
    announcement late.
    """
    mac, source = "00:00:5e:00:02:05", "fe80::200:5eff:fe00:205"

    def advert(priority: int) -> bytes:
        return advert_frame(mac, source, "ff02::12", Advertisement(3, 5, priority, 1_000_000, ("fe80::100",)))

    wire = Wire().raw(0, na_frame(mac, "fe80::100", router=True))
    for second in range(1, 6):
        wire.raw(second, advert(200))
    wire.raw(8.6, na_frame(mac, "fe80::100", router=True))
    for second in range(4):
        wire.raw(9.6 + second, advert(100))
    spans = wire.timeline().routers[0].spans
    assert [(s.priority, s.from_us) for s in spans] == [(200, 0), (100, 8_600_000)]
    assert spans[0].end == SILENT


def test_one_router_that_changes_its_priority_stays_one() -> None:
    mac = "00:00:5e:00:01:33"
    wire = Wire()
    for second, priority in enumerate((150, 150, 130, 130, 150)):
        advert = Advertisement(2, 51, priority, 1_000_000, (VIP,))
        wire.raw(second, advert_frame(mac, ONE, "224.0.0.18", advert))
    spans = wire.timeline().routers[0].spans
    assert [p for _, _, p in spans[0].priorities] == [150, 130, 150]
    assert len(spans) == 1


def test_same_vrid_on_two_vlans_is_two_virtual_routers() -> None:
    wire = Wire()
    for second in range(4):
        for vlan in (10, 20):
            frame = advert_frame(MAC[ONE], ONE, "224.0.0.18", Advertisement(2, 51, 150, 1_000_000, (VIP,)))
            wire.raw(second + vlan / 1000, frame[:12] + bytes((0x81, 0, 0, vlan)) + frame[12:])
    names = [part.router.name for part in wire.timeline().routers]
    assert names == ["VRID 51 on VLAN 10", "VRID 51 on VLAN 20"]


def test_damaged_adverts_and_carp_make_no_masters() -> None:
    good = advert_frame(MAC[ONE], ONE, "224.0.0.18", Advertisement(2, 51, 150, 1_000_000, (VIP,)))
    bad = good[:-9] + bytes((good[-9] ^ 1,)) + good[-8:]
    timeline = Wire().raw(0, bad).raw(1, bad).timeline()
    assert timeline.routers == []
    assert "2 times" in text_of(timeline, "rejected")


def test_two_routers_of_frr() -> None:
    """Times of FRR's own log (see data/captures/README.md): over IPv6 the announcement tells, not the late
    advert.
    """
    capture = RECORDINGS.parent / "captures" / "frr-two-routers.pcap"
    timeline = timeline_of(read_frames(capture))
    four, six = timeline.routers
    begins = [4.1, 33.7, 42.9, 49.3]
    for part, names in (
        (four, ["10.0.2.1", "10.0.2.2", "10.0.2.1", "10.0.2.2"]),
        (six, [f"fe80::200:5eff:fe00:205 ({priority})" for priority in (200, 100, 200, 100)]),
    ):
        spans = sorted(part.spans, key=lambda span: span.from_us)
        assert [span.speaker for span in spans] == names
        assert [span.from_us / 1e6 for span in spans] == pytest.approx(begins, abs=0.05)
        assert [span.end for span in spans][0::2] == [SILENT, PRIORITY_0]
        assert spans[3].to_us is None
    assert timeline.others == []
    text = table(timeline)
    assert max(map(len, text.splitlines())) <= 80
    assert {frame.frame.kind for frame in read_frames(capture)} == {"vrrp", "arp", "na", "igmp", "other"}


# --- captures of other tools and places: every interface at once, a mirror port, a snap length ------------

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
    wire = Wire().adverts(0, 0, ONE, 100).adverts(0.3, 2, TWO, 200)
    for at_s in (0.001, 0.002, 0.301, 0.302, 0.303):
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
