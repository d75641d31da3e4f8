"""Captures that begin in the middle, logs beside them, searches that are stopped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from vrrplab.capture.reader import read_frames
from vrrplab.pasted.logs import Log
from vrrplab.reconstructing.evidence import gather
from vrrplab.reconstructing.reconstruct import Reconstruction, reconstruct
from vrrplab.reconstructing.told import happened
from vrrplab.recording.reader import read_whole
from vrrplab.scenario.nodes import read_nodes
from vrrplab.units import SECOND_US

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import reconstruction  # noqa: E402

FOLDER = reconstruction.RECORDINGS / "takeover_v2_a1_p100"


def answer(from_s: float = 0.0, logs: Sequence[Log] = (), at_most_s: float | None = None) -> Reconstruction:
    cluster = read_nodes([FOLDER / "serv01.conf", FOLDER / "serv02.conf"])
    frames = list(read_frames(FOLDER / "capture.pcap"))
    kept = [f for f in frames if f.t_ns - frames[0].t_ns >= from_s * 1e9]
    return reconstruct(gather(kept, cluster, logs), cluster, at_most_s=at_most_s)


def acts(found: Reconstruction) -> set[str]:
    return {guess.steps[0].deed.act.value for guess in found.groups[0].members}


def test_a_capture_may_begin_in_the_middle() -> None:
    """The MASTER was there before; where nothing tells how it began, the cluster had settled."""
    whole, part = answer(), answer(from_s=3.5)
    assert part.evidence.running_at_start == {"serv01"}
    assert acts(part) == acts(whole)
    later_us = whole.groups[0].first.steps[0].at_us - part.groups[0].first.steps[0].at_us
    assert abs(later_us - 4 * SECOND_US) < SECOND_US // 2  # its first frame is the advert at 4 s
    assert any("begins in the middle: serv01 was MASTER before" in note for note in part.evidence.notes)


def test_a_capture_that_begins_after_it_all_shows_who_is_missing() -> None:
    found = answer(from_s=11.5)
    assert found.groups[0].first.unexplained is None
    assert "keepalived on serv01 did not run" in happened(found.groups[0].first)


def test_logs_tell_apart_what_looks_the_same() -> None:
    """A card that is set down says goodbye as a daemon that is stopped does, but its daemon says so."""
    recording = read_whole(reconstruction.RECORDINGS / "prio0_v2_a1_p100")
    seen, _ = reconstruction.answer_of("prio0_v2_a1_p100", recording)
    told, _ = reconstruction.answer_of("prio0_v2_a1_p100", recording, logs=True)
    assert {"daemon_stop", "ifdown", "address_remove"} <= acts(seen)
    assert "daemon_stop" in acts(told)
    assert not acts(told) & {"ifdown", "address_remove"}


def test_a_search_that_is_stopped_gives_what_it_has() -> None:
    found = answer(at_most_s=0.05)
    assert found.why_partial == "0.05 s were over"
    assert found.groups
