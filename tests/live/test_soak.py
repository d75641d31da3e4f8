"""The soak of ``benchmarks/soak.py``, shortened: adverts every 0.1 s, real VRRP in namespaces.

How late the timers are depends on the machine, so it is measured beside peers that do nothing else; that all
else stays as it is holds on a slow machine too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.programs import program
from vrrplab.trace import read_trace
from vrrplab.units import SECOND_US

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "soak.py"
SHORT_S, LONG_S, BUSY_S = 5, 15, 9
SETTLED_US, LEAVING_US = 3 * SECOND_US, (LONG_S - 3) * SECOND_US  # it takes a while to start a process
GROWTH_KB = 2048  # a leak of one small object an advert would be less in 10 s, one of a packet would not


@pytest.fixture(scope="module")
def soak() -> Any:
    return program("benchmarks/soak.py")


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter")
def test_a_short_soak(soak: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: MASTER and BACKUP for 5 s, then for 15 s. Output: each keeps its state, every deadline is
    counted, and three times the time costs no more memory.
    """
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARK.parents[1]))
    found = {}
    for seconds in (SHORT_S, LONG_S):
        folder = tmp_path / str(seconds)
        folder.mkdir()
        found[seconds] = soak.in_namespaces(seconds, False, folder)
    for host, state in (("r1", "MASTER"), ("r2", "BACKUP")):
        states = read_trace(tmp_path / str(LONG_S) / f"{host}.jsonl").of("state")
        assert [e.fields["to"] for e in states if e.t_us < SETTLED_US][-1] == state
        assert [e for e in states if SETTLED_US <= e.t_us < LEAVING_US] == []
    master, backup = found[LONG_S]
    assert master["timers"] >= 0.8 * LONG_S * 10, "an advert every 0.1 s, each at a deadline"
    assert backup["packets"] >= 0.8 * LONG_S * 10
    for router in (master, backup):
        assert 0 <= router["over_50_ms"] <= router["timers"]
        assert (router["worst_late_s"] > soak.MISSED_S) == (router["over_50_ms"] > 0)
    for before, after in zip(found[SHORT_S], found[LONG_S], strict=True):
        assert after["memory_kb"] < before["memory_kb"] + GROWTH_KB


def test_late_is_who_is_later_than_the_peers(soak: Any) -> None:
    """Input: a router's account beside those of its peers. Output: does it fail the run?"""
    quiet = [soak.Punctuality(100, 0, 0.004)] * 3 + [soak.Punctuality(100, 0, 0.012)]
    noisy = [soak.Punctuality(100, 0, 0.04), soak.Punctuality(100, 6, 0.2)]
    for beside, missed, worst_s, fails in (
        (quiet, 0, 0.049, False),  # 50 ms may always be
        (quiet, 1, 0.2, True),
        (noisy, 1, 0.2, False),
        (noisy, 21, 0.3, False),
        (noisy, 22, 0.3, True),  # never for long, but all the time
        (noisy, 1, 0.61, True),
    ):
        router = {"over_50_ms": missed, "worst_late_s": worst_s}
        assert soak.misses_more(router, beside) is fails, (missed, worst_s)


@contextmanager
def busy_loops(number: int) -> Iterator[None]:
    words = [sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(words) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.needs("namespaces", "ip", "nsenter")
@pytest.mark.parametrize("held_up_s", [0, 1], ids=["all are held up", "only the MASTER is held up"])
def test_a_busy_machine_is_no_late_router(
    soak: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_up_s: int
) -> None:
    """Input: four busy loops a processor; and, without them, a MASTER that alone is stopped for 1 s.
    Output: only the second fails the run.
    """
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARK.parents[1]))
    start = soak.start

    def start_and_stop(inside: Any, folder: Path, host: str, priority: int) -> Any:
        router = start(inside, folder, host, priority)
        if held_up_s and host == "r1":
            threading.Timer(BUSY_S - 3, router.signal, [signal.SIGSTOP]).start()
            threading.Timer(BUSY_S - 3 + held_up_s, router.signal, [signal.SIGCONT]).start()
        return router

    monkeypatch.setattr(soak, "start", start_and_stop)
    beside: list[Any] = []
    with busy_loops(0 if held_up_s else 4 * (os.cpu_count() or 1)), soak.peers(beside):
        master, backup = soak.in_namespaces(BUSY_S, False, tmp_path)
    assert all(peer.timers for peer in beside)
    assert soak.misses_more(master, beside) is bool(held_up_s), (master, beside)
    assert held_up_s or not soak.misses_more(backup, beside), (backup, beside)
