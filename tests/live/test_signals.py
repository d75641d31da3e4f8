"""Signals at any moment of a router's life: an ordinary end, or a reload, and nothing stays on the host.

``VRRPLAB_SIGNALS=200`` tries that many moments of each kind.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, ROOT, Bench, Router, fast, free_port, has, until

MOMENTS = int(os.environ.get("VRRPLAB_SIGNALS", "6"))
ENDS = {0, 128 + signal.SIGHUP, 128 + signal.SIGINT, 128 + signal.SIGTERM}  # by its own will
KINDS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
MORE = "no_accept\n use_vmac"


@pytest.fixture
def bench() -> Iterator[Bench]:
    # whoever runs the tests behind a shell's & has SIGINT ignored, and so have its children
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with Bench(["r1"]) as one:
        yield one
    signal.signal(signal.SIGINT, before)


def minds(pid: int, number: int) -> bool:
    """Is a handler set for a signal? Before Python has begun none is, and nothing to leave behind."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def left_behind(bench: Bench) -> list[str]:
    links = bench.ip("r1", "-br", "link", "show", "type", "macvlan").split()
    tables = bench.inside.run("r1", "nft", "list", "tables").split()
    return [*links, *tables, *(["the address"] if has(bench, "r1") else [])]


def check(bench: Bench, router: Router, ends: set[int], note: str) -> None:
    code = router.process.wait(PATIENCE_S)
    text = router.text()
    assert code in ends, (note, code, text)
    for word in ("Traceback", "bug", "Exception", "Warning:"):
        assert word not in text, (note, text)
    assert left_behind(bench) == [], (note, text)


@pytest.mark.needs("namespaces", "ip", "nft", "nsenter", "tcpdump")
def test_signals_in_the_first_second(bench: Bench) -> None:
    """Input: one of the three at a moment of the first second, then SIGTERM. Output: as above."""
    chance = random.Random(13)
    for turn in range(MOMENTS):
        number, wait_s = KINDS[turn % 3], chance.uniform(0, 1.0)
        router = bench.vrrplab("r1", fast(255, more=MORE, state="MASTER"))
        until(lambda: minds(router.process.pid, signal.SIGHUP), "Python's own code has begun")  # noqa: B023
        time.sleep(wait_s)
        router.process.signal(number)
        if number == signal.SIGHUP:
            time.sleep(chance.uniform(0, 0.2))
            router.process.signal(signal.SIGTERM)
        check(bench, router, ENDS, f"{number.name} after {wait_s:.4f} s")


@pytest.mark.needs("namespaces", "ip", "nft", "nsenter", "tcpdump")
def test_signals_in_the_middle_of_the_end(bench: Bench) -> None:
    """Input: SIGTERM to a MASTER, then more of all three until it has gone. Output: as above."""
    chance = random.Random(14)
    for _ in range(MOMENTS):
        router = bench.vrrplab("r1", fast(255, more=MORE, state="MASTER"))
        until(lambda: has(bench, "r1"), "the address")
        router.process.signal(signal.SIGTERM)
        while router.process.running:
            time.sleep(chance.uniform(0, 0.01))
            router.process.signal(chance.choice(KINDS))
        check(bench, router, ENDS, "in the end")


def test_a_reload_asked_for_too_early_is_done(tmp_path: Path) -> None:
    """Input: SIGHUP while it still imports what it needs. Output: a reload, as soon as it stands."""
    conf = tmp_path / "r.conf"
    conf.write_text(fast(150), encoding="utf-8")
    code = (
        "import os, signal, sys\n"
        "from vrrplab.live.signals import RouterSignals\n"
        "enter = RouterSignals.__enter__\n"
        "def entered(self):\n"
        "    found = enter(self)\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    assert 'asyncio' not in sys.modules\n"
        "    return found\n"
        "RouterSignals.__enter__ = entered\n"
        "from vrrplab.commands.cli import main\n"
        f"sys.exit(main(['live', 'run', {str(conf)!r}, '--udp', '--port', '{free_port()}',"
        " '--address', 'eth0=192.168.2.1/24', '--until', '0.5']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Reload complete") == 1
