"""Files and processes that a real router tracks: changes are noticed, counts are the daemon's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, ROOT, config, free_port, until

from vrrplab.config.model import ProcessConfig
from vrrplab.config.reader import parse_text
from vrrplab.live.tracked import Tracked
from vrrplab.machine.events import Event, FileRead, ProcessesCounted
from vrrplab.system.inotify import DirectoryWatch
from vrrplab.system.processes import count_processes, matches
from vrrplab.trace import read_trace
from vrrplab.trace.events import PriorityEvent, StateEvent

SLEEP = shutil.which("sleep") or "/bin/sleep"


def test_more_changes_than_the_kernel_keeps_may_be_of_any_file(tmp_path: Path) -> None:
    """inotify(7): then one event says so, and it belongs to no directory (16,384 are kept by default)."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    watch = DirectoryWatch()
    watch.add(str(tmp_path))
    here, there = tmp_path / "a", tmp_path / "b"
    here.touch()
    for _ in range(most // 2 + 10):  # two events each
        here.rename(there)
        here, there = there, here
    assert watch.changed() is None
    assert watch.changed() == []
    watch.close()


def test_linux_tells_of_files_written_moved_and_removed(tmp_path: Path) -> None:
    watch = DirectoryWatch()
    watch.add(str(tmp_path))
    file, other = tmp_path / "a", tmp_path / "b"
    assert watch.changed() == []
    file.write_text("1")
    file.write_text("2")
    assert watch.changed() == [str(file)]
    file.rename(other)
    assert watch.changed() == [str(file), str(other)]
    other.unlink()
    assert watch.changed() == [str(other)]
    with pytest.raises(OSError, match="No such file"):
        watch.add(str(tmp_path / "none"))
    watch.close()


@pytest.mark.parametrize(
    ("process", "words", "expected"),
    [  # the name as the kernel has it is "webworker"
        ("process webworker", "/opt/webworker -d", True),
        ("process /opt/webworker", "/opt/webworker -d", False),  # the kernel's name has no path
        ("process /opt/webworker\nfull_command", "/opt/webworker -d", True),
        ("process /opt/webworker\nparam_match", "/opt/webworker -d", False),
        ("process /opt/webworker -d", "/opt/webworker -d", True),
        ("process /opt/webworker -d", "/opt/webworker -d -v", False),
        ("process /opt/webworker -d\nparam_match partial", "/opt/webworker -d -v", True),
        ("process /opt/webworker -d\nparam_match partial", "/opt/webworker -dv", False),
        ("process /opt/webworker -d\nparam_match initial", "/opt/webworker -dv", True),
        ("process /opt/webworker -d -v\nparam_match initial", "/opt/webworker -d", False),
        ("process other", "/opt/webworker", False),
    ],
)
def test_which_processes_are_meant(process: str, words: str, expected: bool) -> None:
    text = f"vrrp_track_process web {{\n{process}\n}}\n" + config(
        priority=100, more="track_process {\n web\n }"
    )
    assert matches(parse_text(text).processes[0], "webworker", words.split()) is expected


def test_processes_are_counted(tmp_path: Path) -> None:
    program = tmp_path / f"vlt{os.getpid()}"
    shutil.copy(SLEEP, program)
    configs = (
        ProcessConfig("name", (program.name,)),
        ProcessConfig("none", (f"{program.name}x",)),
        ProcessConfig("whole", (str(program), "61"), full_command=True, param_match="exact"),
    )
    both = [subprocess.Popen([program, seconds]) for seconds in ("60", "61")]
    try:
        until(lambda: count_processes(configs) == {"name": 2, "none": 0, "whole": 1}, "both have begun")
        both[0].kill()  # a zombie, until it is waited for
        until(lambda: count_processes(configs)["name"] == 1, "the zombie is none")
    finally:
        for process in both:
            process.kill()
            process.wait()


def test_what_takes_a_files_place_is_no_file(tmp_path: Path) -> None:
    """Input: a track_file that somebody replaces by a FIFO that he writes to, and by a link to a device; then
    ``init_file overwrite`` at each. Output: as if there were none; nothing is waited for, one warning each.
    """
    told: list[Event] = []
    warned: list[str] = []
    path = tmp_path / "health"
    text = f"track_file health {{\n file {path}\n init_file 7 overwrite\n}}\n{config(priority=100)}"
    tracked = Tracked(told.append, warned.append)
    assert tracked.configured(parse_text(text), reload=False).files == {"health": "7\n"}
    path.unlink()
    os.mkfifo(path)
    with open(path, "r+b", buffering=0) as fifo:
        tracked.files_changed()
        fifo.write(b"9")
        tracked.files_changed()
        assert tracked.configured(parse_text(text), reload=False).files == {}
    path.unlink()
    path.symlink_to("/dev/zero")
    tracked.files_changed()
    assert tracked.configured(parse_text(text), reload=False).files == {}
    tracked.close()
    assert told
    assert all(event == FileRead("health", None) for event in told)
    assert warned == [
        f"init_file: {path}: it is no ordinary file",
        f"init_file: {path}: it is a link",
    ]


def test_what_is_tracked_is_found_and_followed(tmp_path: Path) -> None:
    told: list[Event] = []
    warned: list[str] = []
    text = f"""
track_file health {{
    file {tmp_path}/health
    init_file 7
}}
track_file lost {{
    file {tmp_path}/none/lost
}}
bfd_instance PEER {{
    neighbor_ip 192.168.2.9
}}
vrrp_track_process web {{
    process vlt-none
}}
"""
    tracked = Tracked(told.append, warned.append)
    found = tracked.configured(parse_text(text + config(priority=100)), reload=False)
    assert (found.files, found.processes) == ({"health": "7\n"}, {"web": 0})
    assert warned == [
        f"track_file lost: changes of {tmp_path}/none/lost will not be noticed: No such file or directory",
        "BFD is not spoken here: its sessions are taken as up",
    ]
    dry = Tracked(told.append, warned.append, dry=True)
    elsewhere = text.replace("/health", "/dry")
    assert dry.configured(parse_text(elsewhere + config(priority=100)), reload=False).files == {}
    assert not (tmp_path / "dry").exists()
    dry.close()
    (tmp_path / "health").write_text("9")
    (tmp_path / "other").write_text("9")
    tracked.files_changed()
    (tmp_path / "health").unlink()
    tracked.files_changed()
    assert told == [FileRead("health", "9"), FileRead("health", None)]
    tracked.count()
    assert not [event for event in told if isinstance(event, ProcessesCounted)]
    tracked.close()


def test_a_router_obeys_a_file_at_once(tmp_path: Path) -> None:
    """Input: a value that lowers the priority, one that means FAULT, 1. Output: the same as simulated."""
    health = tmp_path / "health"
    more = f"track_file health {{\n file {health}\n weight -1\n init_file 0\n}}\n"
    conf = tmp_path / "r.conf"
    conf.write_text(
        config(priority=100, version=3, interval="0.2", top=more, more="track_file {\n health\n }")
    )
    trace = tmp_path / "r.jsonl"
    words = [
        "run",
        str(conf),
        "--udp",
        "--port",
        str(free_port()),
        "--address",
        "eth0=192.168.2.1/24",
        "--out",
        str(trace),
    ]
    router = subprocess.Popen(
        [sys.executable, "-m", "vrrplab", "live", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: trace.exists() and '"to": "MASTER"' in trace.read_text(), "it is MASTER")
        for value, words_of_trace in (("40", '"to": 60'), ("254", '"to": "FAULT"'), ("1", '"to": 99')):
            health.write_text(f"{value}\n")
            until(lambda said=words_of_trace: said in trace.read_text(), f"it obeys {value}")  # type: ignore[misc]
        router.send_signal(signal.SIGTERM)
        assert router.wait(PATIENCE_S) == 0
    finally:
        router.kill()
        router.wait()
    seen = read_trace(trace)
    assert [(e.from_, e.to) for e in seen.of(PriorityEvent)] == [(100, 60), (60, 99)]
    assert [e.to for e in seen.of(StateEvent)][:4] == ["BACKUP", "MASTER", "FAULT", "BACKUP"]
