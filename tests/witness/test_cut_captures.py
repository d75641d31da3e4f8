"""A capture that begins or ends in the middle accuses nobody of what the whole one does not.

Every recording is cut at frames by chance, at one end or both. Each finding of the part must be one of the
whole: of the same kind and router, in the same words, or resting on the same frame or time. What a part may
say of its own is ``OPEN``: who was heard first, and what it cannot decide. What it knows less of it may say
less of (``LESS``): a silence may prove to be a mute MASTER's, and a takeover a second MASTER's beside it.
"""

from __future__ import annotations

from random import Random

import pytest
from test_timeline import NAMES, RECORDINGS, timeline_of_recording

from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.witness.findings import Finding
from vrrplab.witness.timeline import timeline_of

OPEN = {"first", "undecided"}
LESS = {"silence": "mute", "takeover": "second-master"}
# the second copy of a priority 0 follows the first so soon
SAME_MOMENT_US = 20_000


def is_told(found: Finding, off_us: int, whole: list[Finding]) -> bool:
    for other in whole:
        if other.kind not in (found.kind, LESS.get(found.kind)) or other.router != found.router:
            continue
        if other.text == found.text or set(other.frames) & set(found.frames):
            return True
        ends_later = (found.until_us or found.t_us) + off_us >= other.t_us - SAME_MOMENT_US
        if ends_later and found.t_us + off_us <= (other.until_us or other.t_us) + SAME_MOMENT_US:
            return True
    return False


def unfounded(name: str, frames: list[CapturedFrame], first: int, last: int) -> list[str]:
    """What frames ``first`` to ``last`` of a recording say and the recording does not."""
    whole = timeline_of_recording(name).findings()
    off_us = (frames[first].t_ns - frames[0].t_ns) // 1000
    part = timeline_of(frames[first : last + 1]).findings()
    return [
        f"{name} {first}-{last}: {finding.text}"
        for finding in part
        if finding.kind not in OPEN and not is_told(finding, off_us, whole)
    ]


def cuts(name: str, frames: list[CapturedFrame], times: int) -> list[str]:
    rng, end = Random(name), len(frames) - 1
    found = []
    for turn in range(times):
        first, last = sorted((rng.randrange(len(frames)), rng.randrange(len(frames))))
        first, last = ((first, end), (0, last), (first, last))[turn % 3]
        found += unfounded(name, frames, first, last)
    return found


def of_recordings(names: list[str], times: int) -> list[str]:
    found = []
    for name in names:
        frames = list(read_frames(RECORDINGS / name / "capture.pcap"))
        if frames:  # in group_and_instance_script_plain nobody sends anything
            found += cuts(name, frames, times)
    return found


def test_a_part_of_a_recording_accuses_nobody_anew() -> None:
    assert of_recordings(NAMES[::4], 5) == []


def test_unicast_adverts_may_wait_for_a_peer_longer_than_announcements() -> None:
    name = "unicast_start_no_address"
    frames = list(read_frames(RECORDINGS / name / "capture.pcap"))
    assert unfounded(name, frames, 15, 26) == []


@pytest.mark.long
@pytest.mark.computes
def test_no_part_of_any_recording_accuses_anybody_anew() -> None:
    assert of_recordings(NAMES, 20) == []
