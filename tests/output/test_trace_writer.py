"""A router never waits for its own log, and tells what is missing from it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from live_bench import until

from vrrplab.errors import OutputError
from vrrplab.output.printable import printable
from vrrplab.output.trace_writer import (
    _RETRY_S,
    LIMITED_FOR_WATCHERS,
    Output,
    RateLimit,
    Sink,
    log_line,
    watch_line,
)
from vrrplab.trace import TraceEvent, make_event, read_trace
from vrrplab.units import SECOND_US


def a_line(t_us: int, text: str) -> TraceEvent:
    return make_event(t_us, "log", {"server": "r1", "line": text})


def test_lines_of_one_kind_are_cut_to_a_number_a_second() -> None:
    """Input: 1000 lines that differ only in an address. Output: 40 pass; afterwards the rest is counted."""
    limit = RateLimit(40)
    passed = [
        limit.passes(a_line(i * 100, f"(V1) received lower priority advert from 10.0.0.{i % 256}"))
        for i in range(1000)
    ]
    assert sum(passed) == 40
    assert limit.passes(a_line(5, "(V1) Entering MASTER STATE"))
    assert list(limit.held_back(2 * SECOND_US).values()) == [960]
    assert limit.passes(make_event(6, "state", {"to": "MASTER"})), "a change of state is never held back"


def test_a_watcher_counts_changes_of_state_too() -> None:
    """Input: a flood of changes of state for 255 VRIDs, one of them more than the others, over two seconds.
    Output: 40 of one VRID and 100 in all each second, the rest as two counts.
    """
    limit = RateLimit(40, 100, LIMITED_FOR_WATCHERS)

    def state(t_us: int, vrid: int) -> TraceEvent:
        return make_event(t_us, "state", {"instance": f"VRID {vrid}", "reason": f"silent for {t_us} s"})

    passed = 0
    for second in range(2):
        passed += sum(limit.passes(state(second * SECOND_US + i, 51)) for i in range(60))
        passed += sum(limit.passes(state(second * SECOND_US + i, i % 255)) for i in range(1000))
    assert passed == 200
    held = limit.held_back(2 * SECOND_US)
    assert set(held) == {"state VRID 51", "state"}
    assert sum(held.values()) == 2 * 1060 - 200
    assert limit.held_back(2 * SECOND_US + 1) == limit.held_back(3 * SECOND_US) == {}


def test_a_full_disk_costs_events_and_nothing_else() -> None:
    """Input: a trace on a disk without room. Output: the trouble is named, the events are counted, nobody
    waits.
    """
    descriptor = os.open("/dev/full", os.O_WRONLY)
    sink = Sink(descriptor, TraceEvent.to_json, "trace.jsonl")
    began_s = time.monotonic()
    for i in range(1000):
        sink.put(a_line(i, "x"))
    assert time.monotonic() - began_s < _RETRY_S, "who waits for the writer waits as long as that"
    until(lambda: sink.trouble, "the trouble is known")
    assert "No space left" in sink.trouble
    assert sink.lost_in_all > 0
    sink.close()


def test_after_trouble_the_gap_is_told_and_every_line_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Input: the disk fills in the middle of a line and is freed. Output: a readable trace with a
    confession.
    """
    path = tmp_path / "trace.jsonl"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    full = {"now": False}
    real_write = os.write

    def write(number: int, data: bytes) -> int:
        if number == descriptor and full["now"]:
            real_write(number, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return real_write(number, data)

    monkeypatch.setattr("vrrplab.output.trace_writer.os.write", write)
    monkeypatch.setattr("vrrplab.output.trace_writer._RETRY_S", 0.01)
    sink = Sink(descriptor, TraceEvent.to_json, "trace.jsonl")

    def put_and_wait(number: int) -> None:
        line = f"line {number}"
        sink.put(a_line(number, line))
        until(lambda: line in path.read_text() and not sink.trouble, f"{line} is written")

    put_and_wait(1)
    full["now"] = True
    sink.put(a_line(2, "line 2"))
    until(lambda: sink.lost_in_all, "line 2 is lost")
    full["now"] = False
    put_and_wait(3)
    put_and_wait(4)
    sink.close()
    trace = read_trace(path)
    assert [e.fields["line"] for e in trace.of("log")] == ["line 1", "line 3", "line 4"]
    assert "1 events are missing" in trace.of("warning")[0].fields["text"]


def test_a_reader_that_goes_away_is_no_reason_to_stop() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    sink = Sink(writer, TraceEvent.to_json, "standard output")
    sink.put(a_line(1, "x"))
    until(lambda: sink.lost_in_all == 1, "it is noticed")
    sink.put(a_line(2, "y"))
    assert sink.lost_in_all == 2
    sink.close()


def test_a_trace_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there is no folder"):
        Output().to_file(str(tmp_path / "no" / "trace.jsonl"))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (a_line(1_500_000, "(V1) Entering MASTER STATE"), "     1.500 (V1) Entering MASTER STATE"),
        (
            make_event(
                0, "state", {"instance": "V1", "from": "BACKUP", "to": "MASTER", "reason": "it is quiet"}
            ),
            "     0.000   V1: BACKUP -> MASTER, because it is quiet",
        ),
        (make_event(0, "warning", {"text": "a\x1b[2Jb"}), "     0.000   warning: a\\u001b[2Jb"),
        (make_event(0, "advert_received", {}), ""),
    ],
)
def test_what_people_read(event: TraceEvent, line: str) -> None:
    assert log_line(event) == line


def test_a_watcher_names_routers() -> None:
    event = make_event(
        0, "state", {"server": "r1", "instance": "VRID 51", "from": "INIT", "to": "MASTER", "reason": "x"}
    )
    assert watch_line(event).strip() == "0.000   r1 VRID 51: INIT -> MASTER, because x"
    assert printable("tab\there") == "tab\\there"
