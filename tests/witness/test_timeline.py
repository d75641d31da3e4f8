"""Who was MASTER when: from the captures of recordings alone, against what was seen on the machines
themselves.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from vrrplab.capture.reader import read_frames
from vrrplab.witness.masters import MasterSpan
from vrrplab.witness.timeline import Timeline, timeline_of
from vrrplab.witness.timeline_text import json_lines, table
from vrrplab.witness.timeline_trace import to_trace

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
