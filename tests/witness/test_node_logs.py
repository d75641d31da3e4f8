"""Logs of nodes beside a capture: the states that were recorded, and clocks that are found again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vrrplab.capture.reader import read_frames
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.pasted.logs import Log, in_year_of, read_log
from vrrplab.recording.reader import read_recording
from vrrplab.trace.events import LogEvent
from vrrplab.witness.node_logs import stories_of
from vrrplab.witness.node_logs_text import coloured_lines, json_lines, to_trace
from vrrplab.witness.timeline import timeline_of
from vrrplab.witness.timeline_trace import to_trace as wire_trace

DATA = Path(__file__).parents[2] / "data" / "recordings"
EPOCH_S = 1_760_000_000
FORMS = {
    "iso": lambda t, node, line: (
        f"{_at(t).isoformat(timespec='microseconds')} {node} Keepalived_vrrp[7]: {line}"
    ),
    "syslog": lambda t, node, line: f"{_at(t):%b %d %H:%M:%S} {node} Keepalived_vrrp[7]: {line}",
    "5424": lambda t, node, line: f"<30>1 {_at(t).isoformat()} {node} Keepalived_vrrp 7 - - {line}",
    "unix": lambda t, node, line: f"{t:.6f} {node} Keepalived_vrrp[7]: {line}",
    "own": lambda t, node, line: f"{_at(t):%a %b %d %H:%M:%S.%f %Y}: {line}",
    "compose": lambda t, node, line: (
        f"{node}  | {_at(t).isoformat(timespec='microseconds')} {_at(t):%a %b %d %H:%M:%S %Y}: {line}"
    ),
    "runtime": lambda t, node, line: (
        f"{_at(t).isoformat(timespec='microseconds')} stdout F {_at(t):%a %b %d %H:%M:%S %Y}: {line}"
    ),
    "grep": lambda t, node, line: (
        f"/var/log/syslog:17:{_at(t).isoformat(timespec='microseconds')} {node} Keepalived_vrrp[7]: {line}"
    ),
    "json": lambda t, node, line: json.dumps(
        {
            "__REALTIME_TIMESTAMP": str(round(t * 1e6)),
            "_HOSTNAME": node,
            "SYSLOG_IDENTIFIER": "Keepalived_vrrp",
            "MESSAGE": line,
        }
    ),
}


def _at(t: float) -> datetime:
    return datetime.fromtimestamp(t, UTC)


def logs_of(recording: str, form: str, ahead_s: dict[str, float], epoch_s: float = EPOCH_S) -> list[Log]:
    told = json.loads((DATA / recording / "observed.json").read_text(encoding="utf-8"))["log"]
    logs = []
    for node, lines in told.items():
        away = epoch_s + ahead_s.get(node, 0.0)
        text = "\n".join(FORMS[form](away + entry["t"], node, entry["line"]) for entry in lines)
        log = read_log(text, f"{node}.log")
        assert log is not None
        assert len(log.lines) == len(lines)
        logs.append(log)
    return logs


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_log_gives_the_states(form: str) -> None:
    stories = stories_of(logs_of("article_drill1_eth0_down_up", form, {}), None)
    (first, second) = stories.nodes
    assert (first.node, second.node) == ("serv01", "serv02")
    of_first = [(one.instance, one.state) for one in first.states if one.instance == "proxy_ip1"]
    assert [state for _, state in of_first] == ["MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]


RECORDINGS = ["article_drill1_eth0_down_up", "v3_ipv6", "auth_ah", "article_three_faults", "use_vmac"]


@pytest.mark.parametrize("recording", RECORDINGS)
@pytest.mark.parametrize(("form", "within_s"), [("iso", 0.1), ("syslog", 1.1)])
def test_clocks_are_found_again_by_what_both_saw(recording: str, form: str, within_s: float) -> None:
    capture = DATA / recording / "capture.pcap"
    timeline = timeline_of(read_frames(capture))
    recorded = read_recording(DATA / recording)
    adverts = [event.t_us for event in recorded if event.event == "advert_sent"]
    first = min(s.t_us for part in timeline.routers for s in part.router.sightings)
    begun_s = timeline.sightings.start_ns / 1e9 + (first - min(adverts)) / 1e6  # time 0 of the recording
    told = {"serv01": 0.35, "serv02": -2.75, "r1": 41.5, "r2": -0.5}
    stories = stories_of(logs_of(recording, form, told, begun_s), timeline)
    assert stories.nodes
    for story in stories.nodes:
        assert story.alignment.is_known, story.node
        found_s = -story.alignment.offset_us / 1e6
        assert found_s == pytest.approx(told[story.node], abs=within_s)
        assert abs(found_s - told[story.node]) <= story.alignment.within_us / 1e6 + 0.06


def test_the_trace_has_the_nodes_own_states_on_the_captures_clock() -> None:
    recording = "article_drill1_eth0_down_up"
    timeline = timeline_of(read_frames(DATA / recording / "capture.pcap"))
    begun_s = timeline.sightings.start_ns / 1e9 + 0.85
    logs = logs_of(recording, "iso", {"serv02": 7.0}, begun_s)
    trace = to_trace(stories_of(logs, timeline), wire_trace(timeline), "both")
    assert set(trace.scenario["servers"]) == {"serv01", "serv02"}
    states = [(s.server, s.state) for s in trace.states("VRID 1") if s.state in ("MASTER", "FAULT")]
    assert sorted(states) == [
        ("serv01", "FAULT"),
        ("serv01", "MASTER"),
        ("serv01", "MASTER"),
        ("serv02", "MASTER"),
    ]
    assert trace.owner("192.168.2.101", 20) == "serv02"
    assert sum(isinstance(event, LogEvent) for event in trace) == sum(len(log.lines) for log in logs)


def test_nothing_in_common_is_told() -> None:
    timeline = timeline_of(read_frames(DATA / "v3_ipv6" / "capture.pcap"))
    text = "2020-01-01T00:00:00Z n1 Keepalived_vrrp[1]: (VI_1) Entering BACKUP STATE"
    log = read_log(text, "n1.log")
    assert log is not None
    stories = stories_of([log], timeline)
    assert not stories.nodes[0].alignment.is_known
    lines = " ".join(line for line, _ in coloured_lines(stories, WallClock(True), True, False))
    assert "nothing tells how its clock differs" in " ".join(lines.split())


def test_what_is_no_log() -> None:
    assert read_log("0000  01 00 5e 00 00 12\n", "x") is None
    assert read_log("Oct  9 08:53:20 host sshd[1]: Accepted publickey\n", "x") is None
    older = read_log("Oct  9 08:53:20 host Keepalived_vrrp: VRRP_Instance(VI_1) Entering MASTER STATE\n", "x")
    assert older is not None
    assert [(one.instance, one.state) for one in stories_of([older], None).nodes[0].states] == [
        ("VI_1", "MASTER")
    ]


def _text(*lines: str, node: str = "a") -> str:
    return "\n".join(
        f"{line[:15]} {node} Keepalived_vrrp[7]: (V1) Entering {line[16:]} STATE" for line in lines
    )


def _log(text: str, name: str = "a.log") -> Log:
    log = read_log(text, name)
    assert log is not None
    return log


def _told(*logs: Log) -> list[str]:
    clock = WallClock(utc=True)
    return [line for line, _ in coloured_lines(stories_of([*logs], None), clock, True, True)]


def test_states_of_one_second_stand_as_in_the_file() -> None:
    log = _log(_text("Nov 30 14:40:23 FAULT", "Nov 30 14:40:33 BACKUP", "Nov 30 14:40:33 MASTER"))
    changes = [line.split(maxsplit=4)[-1] for line in _told(log)[-3:]]
    assert [change.strip() for change in changes] == ["INIT > FAULT", "FAULT > BACKUP", "BACKUP > MASTER"]
    rows = [json.loads(line) for line in json_lines(stories_of([log, log], None))]
    assert [row["to"] for row in rows if row["event"] == "state"][-4:] == ["BACKUP", "MASTER"] * 2


def test_a_night_of_new_year_without_years() -> None:
    log = _log(_text("Dec 31 23:59:59 BACKUP", "Jan  1 00:00:03 MASTER", "Jan  2 00:00:03 BACKUP"))
    assert [line.t_ns // 10**9 - log.lines[0].t_ns // 10**9 for line in log.lines] == [0, 4, 86404]
    assert "86404.000 s" in _told(log)[0]


@pytest.mark.parametrize("years", range(1, 5))
def test_a_leap_day_after_new_years(years: int) -> None:
    nights = ["Dec 31 12:00:00 MASTER", "Jan  1 12:00:00 BACKUP"] * years
    log = _log(_text("Dec 30 12:00:00 BACKUP", *nights, "Feb 29 12:00:00 MASTER"))
    start_ns = int(datetime(2024, 2, 29, 12, tzinfo=UTC).timestamp()) * 10**9
    there = in_year_of(log, start_ns - years * 365 * 86400 * 10**9).lines
    assert datetime.fromtimestamp(there[-1].t_ns // 10**9, UTC) == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert datetime.fromtimestamp(there[0].t_ns // 10**9, UTC).year == 2024 - years


def test_a_leap_day_in_two_years_is_in_no_order() -> None:
    lines = ("Feb 29 12:00:00 BACKUP", "Dec 31 12:00:00 MASTER", "Feb 29 12:00:00 BACKUP")
    log = _log(_text(*lines))
    assert log.lines[0].t_ns == log.lines[2].t_ns


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59-99:99"]
)
def test_a_moment_beyond_the_calendar_is_no_line(moment: str) -> None:
    line = "{} a Keepalived_vrrp[7]: (V1) Entering BACKUP STATE"
    log = _log("\n".join(map(line.format, ["Dec 31 12:00:00", moment, "Jan  1 12:00:00"])))
    assert [one.line for one in log.lines] == [1, 3]


@pytest.mark.parametrize(("year", "days"), [(2026, 1), (2028, 2)])
def test_the_end_of_february_is_that_of_the_captures_year(year: int, days: int) -> None:
    log = _log(_text("Feb 28 12:00:00 BACKUP", "Mar  1 12:00:00 MASTER"))
    start_ns = int(datetime(year, 3, 1, tzinfo=UTC).timestamp()) * 10**9
    first, second = in_year_of(log, start_ns).lines
    assert datetime.fromtimestamp(first.t_ns / 1e9, UTC) == datetime(year, 2, 28, 12, tzinfo=UTC)
    assert second.t_ns - first.t_ns == days * 86400 * 10**9


def test_a_log_without_years_stands_beside_one_that_has_them() -> None:
    dated = _log("2026-11-30T14:40:20+00:00 b Keepalived_vrrp[7]: (V1) Entering BACKUP STATE", "b.log")
    head = _told(dated, _log(_text("Nov 30 14:40:23 MASTER")))[0]
    assert head.startswith("Logs of 2 nodes in 3.000 s")


def test_a_clock_that_was_set_back_is_told() -> None:
    log = _log(_text("Nov 30 14:40:23 BACKUP", "Nov 30 14:40:03 MASTER"))
    assert any("backwards at line 2, by 20.000 s" in line for line in _told(log))
    steady = _log(_text("Nov 30 14:40:03 BACKUP", "Nov 30 14:40:23 MASTER"))
    assert not any("backwards" in line for line in _told(steady))


@pytest.mark.parametrize(
    "around", ["> {}", "> > {}", "\x1b[1;31m{}\x1b[0m", "\0\0\0{}"], ids=["mail", "twice", "colour", "crash"]
)
def test_what_stands_around_a_line_is_passed_over(around: str) -> None:
    text = _text("Nov 30 14:40:03 BACKUP", "Nov 30 14:40:23 MASTER")
    log = _log("\n".join(around.format(line) for line in text.split("\n")))
    assert [(line.node, line.text) for line in log.lines] == [
        ("a", "(V1) Entering BACKUP STATE"),
        ("a", "(V1) Entering MASTER STATE"),
    ]


def test_the_journal_writes_what_is_not_printable_as_numbers() -> None:
    row = {"__REALTIME_TIMESTAMP": "1796049620000000", "SYSLOG_IDENTIFIER": "Keepalived_vrrp"}
    said = [*b"\x1b[31m(V1) Entering MASTER STATE\x1b[0m"]
    log = _log(json.dumps({**row, "_HOSTNAME": "a", "MESSAGE": said}))
    assert [line.text for line in log.lines] == ["(V1) Entering MASTER STATE"]
    assert read_log(json.dumps({**row, "MESSAGE": [40, "x", 1000]}), "a.log") is None
