"""One router or two, who stays at a tie, and whose an announcement is; captures as real ones were concluded
from wrongly.
"""

from __future__ import annotations

import pytest
from made_captures import MAC, ONE, TWO, VIP, Wire, kinds, text_of

from vrrplab.wire.frames import advert_frame, garp_frame, na_frame
from vrrplab.wire.vrrp import Advertisement
from vrrplab.witness.masters import YIELDED
from vrrplab.witness.timeline import Timeline
from vrrplab.witness.timeline_text import table
from vrrplab.witness.timeline_trace import to_trace

VIRTUAL = "00:00:5e:00:01:33"


def advert(who: str, priority: int, interval_s: float = 10, version: int = 2) -> bytes:
    """With a virtual source MAC, as routers send it."""
    is_ipv6 = ":" in who
    mac, group, vip = (
        ("00:00:5e:00:02:33", "ff02::12", "fe80::77") if is_ipv6 else (VIRTUAL, "224.0.0.18", VIP)
    )
    return advert_frame(
        mac, who, group, Advertisement(version, 51, priority, round(interval_s * 1e6), (vip,))
    )


@pytest.mark.parametrize(
    ("one", "two", "version"),
    [(ONE, TWO, 2), (ONE, TWO, 3), ("fe80::1", "fe80::2", 3)],
    ids=["2", "3", "IPv6"],
)
def test_a_router_that_changes_its_priority_as_a_backup_is_one_router(
    one: str, two: str, version: int
) -> None:
    """Real routers whose tracked interface fails and comes back."""
    wire = Wire()
    for at_s, priority in ((0, 105), (9.7, 105), (17.9, 95), (26.3, 95), (35.3, 95)):
        wire.raw(at_s, advert(one, priority, version=version))
    for at_s in (36.1, 45.8, 55.1, 64.0):
        wire.raw(at_s, advert(two, 100, version=version))
    wire.raw(64.2, advert(one, 105, version=version)).raw(73.9, advert(one, 105, version=version))
    timeline = wire.raw(83.7, advert(one, 105, version=version)).timeline()
    assert [span.speaker for span in timeline.routers[0].spans] == [one, two, one]
    told = [finding.text for finding in timeline.findings() if finding.kind == "preemption"]
    assert told == [
        f"{two} (priority 100) preempted {one} (priority 95)",
        f"{one} (priority 105) preempted {two} (priority 100)",
    ]
    assert "(105)" not in table(timeline)


def test_at_equal_priority_the_higher_address_is_right_to_stay() -> None:
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9")).adverts(3, 9, TWO, 100).advert(3.008, ONE, 100)
    timeline = wire.timeline()
    higher, lower = timeline.routers[0].spans
    assert (higher.speaker, higher.mute, higher.to_us) == (TWO, [], None)
    assert (lower.speaker, lower.end, lower.to_us) == (ONE, YIELDED, 4_000_000)
    assert "rejects" not in kinds(timeline)
    assert "equal priority, higher address" in text_of(timeline, "yield")


def test_at_equal_priority_the_lower_address_yields() -> None:
    timeline = Wire().adverts(0, 9, ONE, 100).adverts(9.4, 14, TWO, 100).timeline()
    assert [(s.speaker, s.end) for s in timeline.routers[0].spans] == [(ONE, YIELDED), (TWO, "still MASTER")]
    assert "came with equal priority" in text_of(timeline, "preemption")


def claimed(timeline: Timeline) -> list[str]:
    return [claim.speaker for claim in timeline.routers[0].claims]


def garps_between(end_s: float) -> Wire:
    """ONE preempts TWO, and shortly before its first advert the virtual MAC is announced."""
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9"))
    wire.raw(5, advert(TWO, 100, 1)).raw(5.024, garp_frame(VIRTUAL, VIP)).raw(5.027, garp_frame(VIRTUAL, VIP))
    at_s = 5.034
    while at_s < end_s:
        wire.raw(at_s, advert(ONE, 200, 1))
        at_s += 1
    return wire


def test_an_announcement_has_one_claimant_or_it_cannot_be_told() -> None:
    timeline = garps_between(8).timeline()
    assert claimed(timeline) == ["", ""]
    told = [finding for finding in timeline.findings() if finding.kind == "announced"]
    assert [(finding.frames, finding.t_us) for finding in told] == [((3, 4), 5_024_000)]
    assert f"in 2 frames by {TWO} or {ONE}: which of them, the virtual MAC does not tell" in told[0].text
    assert {event.fields["server"] for event in to_trace(timeline).of("garp_sent")} == {VIRTUAL}
    assert "garp-missing" not in kinds(timeline)


def test_the_frame_may_tell_whose_the_virtual_mac_is() -> None:
    """keepalived with vmac_xmit_base announces the virtual MAC in a frame from its own."""
    wire = (
        Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9")).adverts(5, 9, TWO, 100).adverts(6.3, 9, ONE, 200)
    )
    from_two = bytes.fromhex("ffffffffffff" + MAC[TWO].replace(":", "")) + garp_frame(VIRTUAL, VIP)[12:]
    assert claimed(wire.raw(6.304, from_two).timeline()) == [TWO]


def test_an_announcement_before_the_first_advert_is_told_as_before() -> None:
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9"))
    wire.adverts(4, 7, TWO, 100).garp(4.01, TWO).garp(7.493, ONE).adverts(7.5, 10, ONE, 150)
    told = [finding.text for finding in wire.timeline().findings() if finding.kind == "announced"]
    assert told[0] == f"{TWO} announced its addresses 0.010 s later, in 1 frame"
    assert told[1] == f"{ONE} announced its addresses 0.007 s before its first advert, in 1 frame"


def test_a_loser_that_announces_the_address_later_is_a_finding() -> None:
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9"))
    wire.adverts(4, 7, TWO, 100).garp(4.01, TWO).adverts(7.5, 15, ONE, 150).garp(7.51, ONE).garp(9.01, TWO)
    timeline = wire.timeline()
    assert f"{TWO} announced {VIP} 1.510 s after it had left" in text_of(timeline, "late-announcement")
    late = next(event for event in to_trace(timeline).of("warning") if "had left" in event.fields["text"])
    assert late.t_us == 9_010_000


def test_two_virtual_routers_with_one_address_are_a_finding() -> None:
    wire = Wire().adverts(0, 9, ONE, 200)
    other = Advertisement(2, 52, 150, 1_000_000, (VIP,))
    for at_s in (0.5, 1.5, 2.5):
        wire.raw(at_s, advert_frame(MAC[TWO], TWO, "224.0.0.18", other))
    text = text_of(wire.timeline(), "shared-address")
    assert f"VRID 51 and VRID 52 both have {VIP}" in text


def test_a_router_that_is_back_takes_nothing_over_from_itself() -> None:
    """A capture that stood still, or a restart: nobody's clients have another MAC address."""
    wire = (
        Wire()
        .raw(0, garp_frame(MAC[ONE], "192.168.2.9"))
        .adverts(5, 9, ONE, 200)
        .adverts(3609, 3613, ONE, 200)
    )
    told = wire.timeline()
    assert "is back 3600.000 s after its own last advert" in text_of(told, "takeover")
    assert [f.t_us for f in told.findings() if f.kind == "garp-missing"] == [5_000_000]
    again = Wire().adverts(5, 9, ONE, 200).advert(9.2, ONE, 0).adverts(9.3, 14, ONE, 200).timeline()
    assert "is back 0.100 s after its own priority 0" in text_of(again, "takeover")


def test_a_longer_interval_is_no_missing_advert() -> None:
    timeline = Wire().adverts(0, 4, ONE, 200).adverts(5.9, 20, ONE, 200, 2).timeline()
    assert kinds(timeline) == ["first"]


def test_a_lower_priority_preempts_nobody_among_fast_adverts() -> None:
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9")).adverts(5, 5.5, ONE, 200, 0.01)
    timeline = wire.adverts(5.536, 6, TWO, 100, 0.01).timeline()
    assert "preemption" not in kinds(timeline)
    assert "took over 0.036 s after" in text_of(timeline, "takeover")


def test_two_that_take_over_at_once_are_no_old_masters() -> None:
    wire = Wire().raw(0, garp_frame(MAC[ONE], "192.168.2.9")).adverts(5, 9, "192.168.2.1", 200)
    wire.advert(12.414, ONE, 100).adverts(12.415, 20, TWO, 150)
    assert "preempted" in text_of(wire.timeline(), "preemption")


def test_ipv6_announcements_of_a_virtual_mac_too() -> None:
    mac = "00:00:5e:00:02:33"
    wire = Wire().raw(0, na_frame("02:00:00:00:00:09", "fe80::9"))
    for at_s in (5, 6, 7):
        wire.raw(at_s, advert("fe80::2", 100, 1, 3))
    timeline = wire.raw(5.01, na_frame(mac, "fe80::77")).timeline()
    assert claimed(timeline) == ["fe80::2"]
    assert "0.010 s later" in text_of(timeline, "announced")
