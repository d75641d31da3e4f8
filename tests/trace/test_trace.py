"""Traces: lines in and out, and the questions asked of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.errors import TraceError, VrrplabError
from vrrplab.trace import Trace, TraceEvent, make_event, read_trace
from vrrplab.trace.events import ABSENT, OutageEvent, StateEvent


def event(t_s: float, name: str, /, **fields: object) -> TraceEvent:
    return make_event(round(t_s * 1e6), name, fields)


def state(t_s: float, server: str, old: str, new: str, reason: str = "") -> TraceEvent:
    return event(t_s, "state", server=server, instance="V1", **{"from": old, "to": new, "reason": reason})


def added(t_s: float, server: str) -> TraceEvent:
    return event(t_s, "address_added", server=server, instance="V1", interface="eth0", address="10.0.0.1/24")


def removed(t_s: float, server: str) -> TraceEvent:
    return event(t_s, "address_removed", server=server, interface="eth0", address="10.0.0.1/24")


CAST = event(
    0, "scenario", name="x", duration_s=20, servers={"a": {}, "b": {}}, virtual_addresses=["10.0.0.1"]
)
TRACE = Trace(
    [
        CAST,
        state(1, "a", "INIT", "MASTER", "it is alone"),
        added(1, "a"),
        state(1.5, "b", "INIT", "BACKUP"),
        state(5, "b", "BACKUP", "MASTER", "it hears nobody"),
        added(5, "b"),
        removed(6, "a"),
        event(10, "action", action="power_off", server="b"),
        event(12, "outage", client="pc", kind="icmp", target="10.0.0.1", from_s=10.0, to_s=None, lost=9),
    ]
)


def test_states_are_spans_to_the_end_of_the_trace() -> None:
    spans = [(s.server, s.state, s.from_s, s.to_s) for s in TRACE.states("V1")]
    assert spans == [("a", "MASTER", 1, 20), ("b", "BACKUP", 1.5, 5), ("b", "MASTER", 5, 20)]
    assert TRACE.state_at(0.5, "a", "V1") == "INIT"
    assert TRACE.state_at(5, "b", "V1") == "MASTER"


def test_owners_are_all_who_have_the_address_and_owner_is_the_latest() -> None:
    assert TRACE.owner("10.0.0.1", 0.5) is None
    assert TRACE.owners("10.0.0.1/24", 5.5) == ("a", "b")
    assert TRACE.owner("10.0.0.1", 5.5) == "b"
    assert TRACE.owner("10.0.0.1", 8) == "b"
    assert TRACE.owner("10.0.0.1", 15) is None  # without power nobody has anything
    assert [s.servers for s in TRACE.holders("10.0.0.1")] == [(), ("a",), ("a", "b"), ("b",), ()]


def test_why_is_the_reason_of_the_last_change() -> None:
    assert TRACE.why(7, "b", "V1") == "MASTER since 5.000 s: it hears nobody"
    assert "not started" in TRACE.why(0.5, "b", "V1")
    assert "no reason is known" in TRACE.why(2, "b", "V1")


def test_an_outage_that_never_ended_counts_to_the_end() -> None:
    (outage,) = TRACE.outages("10.0.0.1")
    assert outage.to_s is None
    assert outage.duration_us(TRACE.end_us) == 10_000_000
    assert TRACE.outages("10.0.0.1/24") == [outage]


def test_between_keeps_the_cast() -> None:
    part = TRACE.between(4, 6)
    assert [e.event for e in part] == ["scenario", "state", "address_added", "address_removed"]
    assert part.servers == ["a", "b"]
    assert part.end_us == 6_000_000


def test_a_part_still_knows_what_held_before() -> None:
    part = TRACE.between(7, 9)
    assert [e.event for e in part] == ["scenario"]
    assert part.owner("10.0.0.1", 8) == "b"
    assert part.why(8, "b", "V1") == TRACE.why(8, "b", "V1")
    assert part.state_at(8, "a", "V1") == "MASTER"
    assert part.between(7.5, 8).owner("10.0.0.1", 7.8) == "b"


def test_a_trace_survives_a_file(tmp_path: Path) -> None:
    TRACE.save(tmp_path / "t.jsonl")
    again = read_trace(tmp_path / "t.jsonl")
    assert again.events == TRACE.events
    assert again.end_us == TRACE.end_us
    first_line = (tmp_path / "t.jsonl").read_text().splitlines()[1]
    assert first_line.startswith('{"t": 1.000000, "event": "state", "server": "a"')


@pytest.mark.parametrize(
    "line", ["x", "{}", '{"t": 1}', '{"t": "x", "event": "y"}', "[1]", '{"t": 1e999, "event": "x"}']
)
def test_a_line_that_is_no_event_is_told_with_its_place(line: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"t": 1, "event": "log"}\n' + line + "\n")
    with pytest.raises(TraceError, match=r"t\.jsonl:2: is not a trace event"):
        read_trace(tmp_path / "t.jsonl")


def test_a_file_that_is_no_text_and_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="is not text"):
        read_trace(tmp_path / "b")
    with pytest.raises(TraceError, match="cannot be read"):
        read_trace(tmp_path / "none")


def test_an_empty_trace_answers_too(tmp_path: Path) -> None:
    empty = Trace([])
    assert (len(empty), empty.states(), empty.servers, empty.addresses, empty.end_us) == (0, [], [], [], 0)
    assert empty.owner("10.0.0.1", 0) is None


def test_a_dataframe_has_a_row_an_event() -> None:
    try:
        frame = TRACE.to_dataframe()
    except VrrplabError as error:
        assert "to_dataframe needs pandas: make venv" in str(error)  # noqa: PT017 - both ways are right
    else:
        assert list(frame["event"]) == [e.event for e in TRACE]


def test_an_address_that_is_no_text_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"t": 1, "event": "address_added", "server": "a", "interface": "eth0", "address": 7}\n')
    assert read_trace(path).owner("1.2.3.4", at_s=2) is None


def test_a_field_of_another_type_is_kept_but_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    lines = [
        '{"t": 1.000000, "event": "outage", "client": "pc", "kind": "icmp", "target": [1], "from_s": "soon",'
        ' "to_s": {}, "lost": true}',
        '{"t": 2.000000, "event": "state", "server": [], "instance": 7, "from": "INIT", "to": "MASTER"}',
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    outage, state = read_trace(path)
    assert isinstance(outage, OutageEvent)
    assert isinstance(state, StateEvent)
    assert (outage.target, outage.from_s, outage.to_s) == (ABSENT, ABSENT, ABSENT)
    assert (state.server, state.instance, state.to) == (ABSENT, ABSENT, "MASTER")
    assert outage.fields["from_s"] == "soon"
    read_trace(path).save(tmp_path / "again.jsonl")
    assert list(read_trace(tmp_path / "again.jsonl")) == [outage, state]
