"""Timelines of all recordings in every form; that they are true, ``test_masters`` shows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from vrrplab.capture.reader import read_frames
from vrrplab.witness.timeline import Timeline, timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/capture.pcap"))


@cache
def timeline_of_recording(name: str) -> Timeline:
    return timeline_of(read_frames(RECORDINGS / name / "capture.pcap"))


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
