"""Routers without rights: VRRP inside UDP on loopback, in processes of their own, and a watcher."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_bench import PATIENCE_S, ROOT, config, free_port, until

from vrrplab.errors import LiveError
from vrrplab.live.fake_host import FakeHost, FakeInterface, parse_interface
from vrrplab.live.udp_socket import Receiver, holder_of, open_sender, unwrap, wrap
from vrrplab.machine.events import AddressRemoved, InterfaceWentDown, InterfaceWentUp
from vrrplab.trace import read_trace
from vrrplab.wire.addresses import VRRP_GROUP_IPV4
from vrrplab.wire.links import ETHERNET

FAST = {"version": 3, "interval": "0.2"}
SKEW_S = (256 - 100) / 256 * 0.2
# What a formula says is never undercut, but by two clocks that are read one after the other; a busy machine
# may be late, by less than an interval for which somebody waited once too often.
EARLY_S, LATE_S = 0.02, 0.2


@given(st.text(max_size=20), st.binary(max_size=100))
def test_a_frame_comes_out_as_it_went_in(segment: str, frame: bytes) -> None:
    assert unwrap(wrap(segment, frame)) == (segment, frame)


@given(st.binary(max_size=60))
def test_other_datagrams_are_none_of_ours(data: bytes) -> None:
    found = unwrap(data)
    assert found is None or data.startswith(b"VRRPLAB\x01")
    unwrap(b"VRRPLAB\x01" + data)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("eth0", "write NAME=ADDRESS/PREFIX"),
        ("eth0=", "write NAME=ADDRESS/PREFIX"),
        ("=10.0.0.1/24", "write NAME=ADDRESS/PREFIX"),
        ("eth0=10.0.0.1", "needs a prefix"),
        ("eth0=10.0.0.1/33", "needs a prefix from 0 to 32"),
        ("eth0=10.0.0.400/24", "10.0.0.400"),
    ],
)
def test_a_wrong_address_is_told(text: str, complaint: str) -> None:
    with pytest.raises(LiveError, match=complaint):
        parse_interface(text)


def test_a_right_address_is_understood() -> None:
    found = parse_interface("eth0=192.168.2.1/24,fd00::1/64@lan")
    assert (found.name, found.segment, found.addresses) == ("eth0", "lan", ["192.168.2.1/24", "fd00::1/64"])
    assert found.mac == "02:70:c0:a8:02:01"


def test_commands_pull_cables() -> None:
    host = FakeHost([FakeInterface("eth0", "lan", "02:00:00:00:00:01", ["10.0.0.1/24"])])
    assert host.command("link_down eth0") == InterfaceWentDown("eth0")
    assert host.command("link_down eth0") is None
    assert host.command("link_up eth0") == InterfaceWentUp("eth0")
    assert host.command("address_remove eth0 10.0.0.1") == AddressRemoved("eth0", "10.0.0.1")
    for nonsense in ("", "link_down", "link_down eth9", "dance eth0", "address_remove eth0"):
        assert host.command(nonsense) is None


def test_a_taken_port_says_whose_it_is() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((VRRP_GROUP_IPV4, 0))
        port = other.getsockname()[1]
        assert f"process {os.getpid()}" in holder_of(port)
        with pytest.raises(LiveError, match=rf"UDP port {port}: Address already in use, used by .*--port"):
            Receiver(port)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``vrrplab live …`` in the background; everything started is ended."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "vrrplab", "live", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def has_begun(trace: Path) -> bool:
    """A watcher writes the head of its trace once it obeys signals; the file itself is there before."""
    return trace.exists() and trace.stat().st_size > 0


def a_router(
    start: Callable[..., subprocess.Popen[str]], folder: Path, number: int, priority: int, port: int
) -> subprocess.Popen[str]:
    path = folder / f"r{number}.conf"
    path.write_text(config(priority=priority, **FAST), encoding="utf-8")  # type: ignore[arg-type]
    address = f"eth0=192.168.2.{number}/24"
    return start("run", str(path), "--udp", "--port", str(port), "--address", address, "--name", f"r{number}",
                 "--out", str(folder / f"r{number}.jsonl"), "--control")  # fmt: skip


def wait_for(path: Path, state: str, count: int = 1) -> None:
    def said() -> str:
        return path.read_text(encoding="utf-8") if path.exists() else ""

    until(lambda: said().count(f'"to": "{state}"') >= count, f"{path.name} says {state} {count} times")


@pytest.mark.alone
def test_two_routers_and_a_watcher(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """Input: two routers and a watcher; a cable is pulled and put back, then SIGTERM. Output: three traces
    that agree, takeovers in the time of the formula, and a capture of real frames.
    """
    port = free_port()
    names = ["--name", "192.168.2.1=r1", "--name", "192.168.2.2=r2"]
    watcher = start(
        "watch",
        "--udp",
        "--port",
        str(port),
        "--format",
        "jsonl",
        "--out",
        "w.jsonl",
        "--pcap",
        "w.pcap",
        *names,
    )
    until(lambda: has_begun(tmp_path / "w.jsonl"), "the watcher listens")
    # one after the other: on a busy machine the second could begin so much earlier that it is MASTER first
    high = a_router(start, tmp_path, 1, 150, port)
    wait_for(tmp_path / "r1.jsonl", "MASTER")
    low = a_router(start, tmp_path, 2, 100, port)
    wait_for(tmp_path / "r2.jsonl", "BACKUP")
    until(lambda: "advert_received" in (tmp_path / "r2.jsonl").read_text(), "the second hears the first")
    assert high.stdin is not None
    high.stdin.write("link_down eth0\n")
    high.stdin.flush()
    wait_for(tmp_path / "r2.jsonl", "MASTER")
    high.stdin.write("link_up eth0\n")
    high.stdin.flush()
    wait_for(tmp_path / "r1.jsonl", "MASTER", 2)
    wait_for(tmp_path / "r2.jsonl", "BACKUP", 2)
    # not sooner: two adverts of r2 less than its interval apart look as if it had been MASTER all the time
    has_left = re.compile(r'"server": "r2", .*"from": "MASTER", "to": "BACKUP"')
    until(lambda: has_left.search((tmp_path / "w.jsonl").read_text()), "the watcher has noticed, too")
    high.terminate()
    wait_for(tmp_path / "r2.jsonl", "MASTER", 2)
    low.terminate()
    for process in (high, low):
        assert process.wait(PATIENCE_S) == 0
    watcher.terminate()
    assert watcher.wait(PATIENCE_S) == 0

    one, two, seen = (read_trace(tmp_path / f"{name}.jsonl") for name in ("r1", "r2", "w"))
    assert [e.fields["to"] for e in one.of("state")] == [
        "BACKUP",
        "MASTER",
        "FAULT",
        "BACKUP",
        "MASTER",
        "STOP",
    ]
    assert one.scenario["origin"] == "live"
    assert one.scenario["mode"] == "udp"
    assert "not VRRP on a wire" in one.of("warning")[0].fields["text"]
    assert [e.fields["to"] for e in two.of("state")] == ["BACKUP", "MASTER", "BACKUP", "MASTER", "STOP"]
    zero = seen.of("advert_sent", server="r1")[-1]
    assert zero.fields["priority"] == 0
    masters = [(e.t, e.server) for e in seen.of("state") if e.fields["to"] == "MASTER"]
    assert [who for _, who in masters] == ["r1", "r2", "r1", "r2"]
    assert SKEW_S - EARLY_S < masters[-1][0] - zero.t < SKEW_S + LATE_S
    last = [e for e in seen.of("advert_sent", server="r1") if e.t < masters[1][0]][-1]
    assert 0.6 + SKEW_S - EARLY_S < masters[1][0] - last.t < 0.6 + SKEW_S + LATE_S
    assert (tmp_path / "w.pcap").read_bytes()[20:24] == ETHERNET.to_bytes(4, "little")


def test_a_closed_terminal_ends_a_watcher_in_order(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Input: SIGHUP. Output: exit code 0, and a trace that can be read."""
    watcher = start("watch", "--udp", "--port", str(free_port()), "--out", "w.jsonl")
    until(lambda: has_begun(tmp_path / "w.jsonl"), "the watcher listens")
    watcher.send_signal(signal.SIGHUP)
    assert watcher.wait(PATIENCE_S) == 0
    assert read_trace(tmp_path / "w.jsonl").scenario["origin"] == "live"


def test_a_wall_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: a router whose wall clock goes back a day in the middle. Output: adverts go on, every 0.2 s
    at most.
    """
    from vrrplab.live.session import RouterOptions, run_router
    from vrrplab.live.signals import RouterSignals

    path = tmp_path / "r.conf"
    path.write_text(config(priority=255, state="MASTER", **FAST), encoding="utf-8")  # type: ignore[arg-type]
    began, real = time.monotonic(), time.time
    monkeypatch.setattr(time, "time", lambda: real() - (86_400 if time.monotonic() - began > 0.7 else 0))
    monkeypatch.setattr(time, "time_ns", lambda: int(time.time() * 1e9))
    options = RouterOptions(
        str(path), udp=True, port=free_port(), addresses=("eth0=192.168.2.1/24",), until_s=2.5
    )
    options.out = str(tmp_path / "trace.jsonl")
    with RouterSignals() as signals:
        run_router(options, signals)
    times = [e.t for e in read_trace(options.out).of("advert_sent") if e.fields["priority"]]
    after = [t for t in times if t > 0.8]
    assert len(after) >= 3, "a day would pass before the next, or all of it would be made up for"
    assert len(times) <= options.until_s / 0.2 + 1
    assert all(a < b for a, b in pairwise(times))


def test_nonsense_from_the_loopback_is_survived(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    port = free_port()
    process = a_router(start, tmp_path, 1, 150, port)
    wait_for(tmp_path / "r1.jsonl", "MASTER")
    with open_sender() as sender:
        for i in range(2000):
            junk = os.urandom(i % 90)
            sender.sendto(
                junk if i % 2 else wrap("eth0", b"\xff" * 12 + b"\x08\x00" + junk), (VRRP_GROUP_IPV4, port)
            )
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    trace = read_trace(tmp_path / "r1.jsonl")
    assert [e.fields["to"] for e in trace.of("state")][-1] == "STOP"


def test_every_line_is_json(start: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    path = tmp_path / "r.conf"
    path.write_text(config(priority=100, **FAST), encoding="utf-8")  # type: ignore[arg-type]
    process = start("run", str(path), "--udp", "--port", str(free_port()), "--address", "eth0=192.168.2.1/24",
                    "--format", "jsonl", "--until", "1")  # fmt: skip
    out, _ = process.communicate(timeout=PATIENCE_S)
    events = [json.loads(line) for line in out.splitlines()]
    assert events[0]["event"] == "scenario"
    assert events[-1]["event"] == "statistics"
