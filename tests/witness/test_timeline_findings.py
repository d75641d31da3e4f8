"""What a timeline says about a capture, in captures made here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from made_captures import MAC, ONE, TWO, VIP, Wire, kinds, text_of

from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.limits import FINDINGS_TOLD
from vrrplab.trace.events import WarningEvent
from vrrplab.wire.frames import advert_frame, decode, garp_frame, na_frame
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.masters import PRIORITY_0, SILENT, YIELDED
from vrrplab.witness.timeline import Timeline, timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

CAPTURES = Path(__file__).parents[2] / "data" / "captures"


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


def test_a_mute_master_that_rejects_the_other_until_the_capture_ends() -> None:
    """Versions 2 and 3: it may be MASTER still as long as the other's adverts re-arm its timer."""
    wire = Wire().advert(0, ONE, 150)
    for second in range(8):
        wire.advert(second + 0.2, TWO, 100, version=3)
    one, two = wire.timeline().routers[0].spans
    assert (one.speaker, one.to_us, two.to_us) == (ONE, None, None)
    assert "adverts that it rejects re-arm its timer" in text_of(wire.timeline(), "mute")


def test_different_passwords_are_told() -> None:
    wire = Wire()
    for at_s, who, password in ((0, ONE, b"1111"), (0.2, TWO, b"2222")):
        fields = {"auth_type": 1, "auth_data": password.ljust(8, b"\0")}
        advert = Advertisement(2, 51, 150, 1_000_000, (VIP,), **fields)  # type: ignore[arg-type]
        wire.raw(at_s, advert_frame(MAC[who], who, "224.0.0.18", advert))
    assert "set up differently: another password" in text_of(wire.timeline(), "mismatch")


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
    timeline = Wire().adverts(0, 12, ONE, 150).garp(0.01, ONE).garp(8, "02:00:00:00:00:99").timeline()
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
    silent = Wire().adverts(2, 5, ONE, 150).raw(0, garp_frame(MAC[TWO], "192.168.2.9")).timeline()
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
    capture = CAPTURES / "frr-two-routers.pcap"
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


def captured_at(*times_s: float) -> Timeline:
    """The MASTER's adverts, in this order in the capture."""
    frames = [Wire().advert(0, ONE, 100).frames[0][1]] * len(times_s)
    return timeline_of(
        CapturedFrame(number, round((at_s + 1000) * 1e9), decode(frame))
        for number, (at_s, frame) in enumerate(zip(times_s, frames, strict=True), 1)
    )


def test_times_that_run_backwards_are_a_finding() -> None:
    timeline = captured_at(*(float(-n) for n in range(200)))
    found = next(finding for finding in timeline.findings() if finding.kind == "backwards")
    assert "run backwards 199 times, by 1.000 s at most, 199.000 s in all" in found.text
    assert (found.t_us, found.frames) == (198_000_000, (2,))
    assert table(timeline).startswith("200 frames in 199.000 s, from 1970-01-01 00:13:21 UTC.\n")
    assert "Times are seconds from the earliest frame." in table(timeline)
    assert '"kind": "backwards"' in "".join(json_lines(timeline))
    trace = to_trace(timeline)
    assert [event.t_us for event in trace] == sorted(event.t_us for event in trace)
    assert trace[0].t_us == 0
    assert any(isinstance(event, WarningEvent) and "backwards" in event.text for event in trace)


def test_a_clock_that_is_set_back_once() -> None:
    found = [f for f in captured_at(0, 1, 2, 3, 1.5, 2.5, 3.5).findings() if f.kind == "backwards"]
    assert [(f.t_us, f.frames) for f in found] == [(1_500_000, (5,))]
    assert "backwards once, by 1.500 s: a clock was set" in found[0].text


def test_the_little_disorder_of_several_interfaces_is_ordinary() -> None:
    timeline = captured_at(0, 1, 0.9, 2, 1.75, 3)
    assert "backwards" not in kinds(timeline)
    assert "Times are seconds from the first frame." in table(timeline)


def test_what_goes_back_little_by_little_is_seen_too() -> None:
    timeline = captured_at(*(-n / 10 for n in range(60)))
    assert "backwards 9 times, by 0.600 s at most, 5.400 s in all" in text_of(timeline, "backwards")


def test_findings_beyond_a_number_are_counted() -> None:
    """A MASTER that changes its priority with every advert."""
    wire = Wire()
    for n in range(FINDINGS_TOLD.most + 50):
        wire.advert(n, ONE, 100 + n % 2)
    timeline = wire.timeline()
    told = timeline.findings(FINDINGS_TOLD)
    assert Counter(finding.kind for finding in told)["priority"] == FINDINGS_TOLD.most
    assert len(timeline.findings()) > len(told)
    more = next(finding for finding in told if finding.kind == "more")
    assert more.like == "priority"
    assert more.text.startswith("and 49 findings more like this (priority): 192.168.2.251 changed its")
    assert more.frames == (102, 150)
    assert told == sorted(told, key=lambda finding: finding.t_us)
    assert "and 49 findings more like this" in " ".join(table(timeline).split())


def test_spans_and_gaps_beyond_a_number_are_counted_too() -> None:
    wire = Wire()
    for n in range(FINDINGS_TOLD.most + 20):
        wire.advert(10 * n, ONE, 100).advert(10 * n + 1, ONE, 0)
    text = table(wire.timeline())
    assert "and 20 more MASTERs: --format jsonl has them" in text
    assert "and 19 more gaps: --format jsonl has them" in text
