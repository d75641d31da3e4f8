"""Files, processes and BFD sessions of a scenario: what its actions do, and what holds before any.

The health value in a file, 254 of which takes a MASTER to FAULT and its peer to MASTER 0.42 s later, is a
situation from a public report, run on keepalived 2.2.7.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_builders import conf, two_routers

from vrrplab.sim.play import run
from vrrplab.trace import Trace
from vrrplab.trace.events import LogEvent, PriorityEvent, StateEvent

HEALTH = 'track_file health {\n file "/run/health"\n weight -1\n init_file 0\n}\n'
WEB = "vrrp_track_process web {\n process webworker\n quorum 2\n}\n"
PEER = "bfd_instance PEER {\n neighbor_ip 192.168.2.252\n}\n"


def tracks(kind: str, name: str) -> str:
    return f"track_{kind} {{ {name} }}"


def of(trace: Trace, server: str) -> list[tuple[float, str]]:
    return [(e.t_us / 1e6, e.to) for e in trace.of(StateEvent, server=server)]


def test_a_health_value_lowers_fails_and_heals(tmp_path: Path) -> None:
    with_health = HEALTH + conf(150, extra=tracks("file", "health"))
    actions = """
- {at_s: 8, action: file_write, server: r2, file: health, value: 50}
- {at_s: 12, action: file_write, server: r2, file: /run/health, value: 0}
- {at_s: 16, action: file_write, server: r1, file: health, value: 254}
- {at_s: 19, action: file_write, server: r1, file: health, value: 3}
"""
    trace = run(two_routers(tmp_path, with_health, with_health.replace("150", "140"), actions=actions))
    priorities = [(e.t_us / 1e6, e.server, e.from_, e.to) for e in trace.of(PriorityEvent)]
    assert priorities == [(8, "r2", 140, 90), (12, "r2", 90, 140), (19, "r1", 150, 147)]
    assert of(trace, "r1")[2:] == [(16, "FAULT"), (19, "BACKUP")]
    assert of(trace, "r2")[-1] == (pytest.approx(16.453, abs=0.01), "MASTER")
    why = trace.of(StateEvent, server="r1")[2].reason
    assert why == "track_file health is 254, with weight -1 that makes -254, which means FAULT"


def test_a_file_begins_as_init_file_says_unless_it_was_written_before(tmp_path: Path) -> None:
    text = HEALTH.replace("init_file 0", "init_file 60").replace("-1", "1") + conf(
        100, extra=tracks("file", "health")
    )
    trace = run(two_routers(tmp_path, text, conf(120)))
    assert trace.owner("192.168.2.100", 10) == "r1"  # 160 beats 120
    written = "[{at_s: 0, action: file_write, server: r1, file: health, value: 5}]"
    trace = run(two_routers(tmp_path, text, conf(120), actions=written))
    assert [e.line for e in trace.of(LogEvent, server="r1") if "priority" in str(e.line)] == [
        "(V1) Changing effective priority from 100 to 105"
    ]
    assert trace.owner("192.168.2.100", 10) == "r2"


def test_processes_run_until_an_action_counts_them(tmp_path: Path) -> None:
    text = WEB + conf(150, extra=tracks("process", "web"))
    actions = """
- {at_s: 6, action: process_count, server: r1, process: web, count: 1}
- {at_s: 12, action: process_count, server: r1, process: webworker, count: 2}
"""
    trace = run(two_routers(tmp_path, text, conf(100), actions=actions))
    assert of(trace, "r1")[1:] == [
        (pytest.approx(3.41, abs=0.01), "MASTER"),
        (6, "FAULT"),
        (12, "BACKUP"),
        (pytest.approx(15.41, abs=0.01), "MASTER"),
    ]
    none = "[{at_s: 0, action: process_count, server: r1, process: web, count: 0}]"
    assert of(run(two_routers(tmp_path, text, conf(100), actions=none)), "r1") == [(0, "FAULT")]


def test_a_process_that_cannot_be_found_never_has_its_quorum(tmp_path: Path) -> None:
    text = WEB.replace("webworker", "/usr/sbin/webworker") + conf(150, extra=tracks("process", "web"))
    actions = "[{at_s: 6, action: process_count, server: r1, process: web, count: 2}]"
    assert of(run(two_routers(tmp_path, text, conf(100), actions=actions)), "r1") == [(0, "FAULT")]


def test_power_brings_processes_back_and_leaves_files_alone(tmp_path: Path) -> None:
    text = HEALTH + WEB + conf(150, extra=tracks("file", "health") + "\n" + tracks("process", "web"))
    actions = """
- {at_s: 5, action: file_write, server: r1, file: health, value: 20}
- {at_s: 5, action: process_count, server: r1, process: web, count: 0}
- {at_s: 6, action: power_off, server: r1}
- {at_s: 8, action: power_on, server: r1}
"""
    trace = run(two_routers(tmp_path, text, conf(100), actions=actions))
    assert of(trace, "r1")[-2:] == [(8, "BACKUP"), (pytest.approx(11.49, abs=0.01), "MASTER")]  # as 130


def test_a_bfd_session_is_up_until_it_goes_down(tmp_path: Path) -> None:
    text = PEER + conf(150, extra=tracks("bfd", "PEER"))
    actions = """
- {at_s: 6, action: bfd_down, server: r1, bfd: PEER}
- {at_s: 9, action: bfd_up, server: r1, bfd: PEER}
"""
    states = of(run(two_routers(tmp_path, text, conf(100), actions=actions)), "r1")
    assert states[2:4] == [(6, "FAULT"), (9, "BACKUP")]


def test_a_frozen_daemon_reads_what_is_there_when_it_goes_on(tmp_path: Path) -> None:
    text = HEALTH + conf(150, extra=tracks("file", "health"))
    actions = """
- {at_s: 5, action: daemon_freeze, server: r1}
- {at_s: 5.2, action: file_write, server: r1, file: health, value: 254}
- {at_s: 5.4, action: file_write, server: r1, file: health, value: 7}
- {at_s: 5.6, action: daemon_thaw, server: r1}
"""
    trace = run(two_routers(tmp_path, text, conf(100), actions=actions))
    assert [new for _, new in of(trace, "r1")] == ["BACKUP", "MASTER"]
    assert [(e.t_us / 1e6, e.to) for e in trace.of(PriorityEvent, server="r1")] == [(5.6, 143)]


def test_a_reload_finds_files_as_they_are(tmp_path: Path) -> None:
    text = HEALTH + conf(150, extra=tracks("file", "health"))
    (tmp_path / "new.conf").write_text(text.replace("{ health }", "{ health weight -2 }"))
    actions = """
- {at_s: 5, action: file_write, server: r1, file: health, value: 20}
- {at_s: 8, action: reload, server: r1, config: new.conf}
- {at_s: 9, action: file_write, server: r1, file: health, value: 0}
"""
    trace = run(two_routers(tmp_path, text, conf(100), actions=actions))
    said = [e.line for e in trace.of(LogEvent, server="r1") if "priority" in str(e.line)]
    assert said == [
        "(V1) Changing effective priority from 150 to 130",
        "(V1) Changing effective priority from 150 to 110",
        "(V1) Changing effective priority from 110 to 150",
    ]


def test_the_cast_tells_what_is_tracked_and_what_would_mean_fault(tmp_path: Path) -> None:
    text = HEALTH + WEB + PEER + 'track_file drain {\n file "/run/drain"\n}\n'
    blocks = [tracks("process", "web"), tracks("bfd", "PEER")]
    both = "track_file {\n health weight 60\n drain weight 0 reverse\n }"
    scenario = two_routers(tmp_path, text + conf(150, extra="\n".join([*blocks, both])), conf(100))
    servers = scenario.as_cast()["servers"]
    assert servers["r1"]["tracked"] == {
        "files": {"health": -5, "drain": 0},
        "processes": {"web": 2},
        "bfds": ["PEER"],
    }
    assert "tracked" not in servers["r2"]
