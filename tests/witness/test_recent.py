"""What a watcher finds while it happens is what the timeline finds in the whole, within seconds."""

from __future__ import annotations

from collections import Counter

import pytest
from test_cut_captures import is_told
from test_timeline import NAMES, RECORDINGS, timeline_of_recording

from vrrplab.capture.reader import read_frames
from vrrplab.units import SECOND_US
from vrrplab.witness.finding_kinds import ERROR, KINDS, NOTE, OPEN
from vrrplab.witness.findings import Finding
from vrrplab.witness.observer import Observer, Told
from vrrplab.witness.timeline import gap_finding

TICK_US = SECOND_US // 10
SOON_US = 8 * SECOND_US  # all is clear then: a second batch of announcements has come, a silence is one

# A timeline knows how it went on, a watcher does not; three of some 1,150
HINDSIGHT = {
    ("host_lines", "preemption"): "the one that seems to yield is MASTER again without a word",
    ("host_lines", "yield"): "the same",
    ("one_way_drop_out", "gap"): "whoever fell silent proves to have been MASTER later, by its announcements",
}
# What the watcher's shorter stretch does not show
UNSEEN = {
    (
        "vip_dev_tracked",
        "garp-missing",
    ): "an address that may not be on this LAN, three seconds after the start",
}


def watched(name: str) -> list[Finding]:
    """Every finding that the watcher tells of a recording as it is played, in order."""
    frames = list(read_frames(RECORDINGS / name / "capture.pcap"))
    told: list[Told] = []
    observer = Observer(lambda event: None, found=told.append)
    now_us = t_us = 0
    for captured in frames:
        t_us = (captured.t_ns - frames[0].t_ns) // 1000
        for at_us in range(now_us + TICK_US, t_us, TICK_US):
            observer.tick(at_us)
            now_us = at_us
        observer.frame(t_us, "lan", captured.frame)
    for after in range(1, 4):  # less than an interval
        observer.tick(t_us + after * TICK_US)
    for one in told:
        finding = one.finding
        assert one.t_us - (finding.until_us or finding.t_us) <= SOON_US, (name, finding)
        assert one.text.endswith(finding.text)
    return [one.finding for one in told]


def compared(names: list[str]) -> Counter[str]:
    """How many of each kind were found by both; what only one of them finds is one of those above."""
    both: Counter[str] = Counter()
    for name in names:
        timeline = timeline_of_recording(name)
        whole = timeline.findings() + [gap_finding(gap) for part in timeline.routers for gap in part.gaps]
        live = watched(name)
        for finding in live:
            if finding.kind == "nobody":  # a timeline has the gap, once it has ended
                continue
            if is_told(finding, 0, whole):
                both[finding.kind] += 1
            else:
                assert (name, finding.kind) in HINDSIGHT, finding
        for finding in whole:
            kind = KINDS[finding.kind]
            if finding.kind in OPEN or (kind.severity == NOTE and not kind.is_told):
                continue
            goes_on = kind.lasts and any(one.kind == finding.kind for one in live)  # told as the same one
            if not goes_on and not is_told(finding, 0, live):
                assert (name, finding.kind) in UNSEEN, finding
    return both


def test_the_watcher_finds_what_the_timeline_finds() -> None:
    both = compared(NAMES[::8])
    assert both["gap"] > 10
    assert both["silence"] > 4


@pytest.mark.long
@pytest.mark.computes
def test_in_every_recording_the_watcher_finds_what_the_timeline_finds() -> None:
    both = compared(NAMES)
    assert both["two-masters"] > 20
    assert sum(number for kind, number in both.items() if KINDS[kind].severity == ERROR) > 40


def test_what_is_said_of_a_kind_is_said_once() -> None:
    """Input: a recording with two MASTERs for the whole of it. Output: one finding, not one a look."""
    kinds = Counter(finding.kind for finding in watched("auth_mismatch_pass"))
    assert kinds["two-masters"] == 1
    assert kinds["mismatch"] == 1
