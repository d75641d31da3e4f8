"""A router under a flood: it lives, it stays what it is, and its memory, time and log are bounded."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from flood import frames
from live_bench import Bench, config

from vrrplab.wire.frames import decode

pytestmark = [pytest.mark.alone, pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")]
SECONDS = float(os.environ.get("VRRPLAB_FLOOD_SECONDS", "6"))
A_SECOND = 20_000
FLOOD = Path(__file__).with_name("flood.py")


def usage(pid: int) -> tuple[float, int]:
    """CPU seconds and resident kilobytes of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    memory = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return (int(fields[11]) + int(fields[12])) / ticks, int(memory.split()[1])


def test_the_mix_is_what_it_says() -> None:
    """Every kind is in it: damaged, cut off, another VRID, wrong TTL, well-formed lower ones."""
    kinds = [decode(frame) for frame in frames()]
    assert sum(bool(f.problems) for f in kinds) > 150
    assert sum(not f.problems and f.vrrp is not None and f.vrrp.vrid != 51 for f in kinds) > 50
    assert sum(f.ip is not None and f.ip.ttl != 255 for f in kinds) > 50
    good = [f for f in kinds if not f.problems and f.vrrp and f.ip and f.ip.ttl == 255 and f.vrrp.vrid == 51]
    assert len(good) > 100


def test_the_rightful_master_stays_through_a_flood() -> None:
    """Input: 20,000 adverts a second, for the MASTER and for a BACKUP that follows it.
    Output: the same MASTER all the time, its adverts on time, flat memory, a bounded log with counts."""
    with Bench(["r1", "r2", "attacker"]) as bench:
        addresses = ("192.168.2.100/24",)
        high = bench.vrrplab("r1", config(priority=200, addresses=addresses))
        low = bench.vrrplab("r2", config(priority=100, addresses=addresses))
        bench.wait_for_master("r1")
        time.sleep(1.5)
        before = {router.process.pid: usage(router.process.pid) for router in (high, low)}
        begun_s = time.time()
        words = [sys.executable, str(FLOOD), "eth0", str(A_SECOND), str(SECONDS)]
        sender = bench.inside.start_process("attacker", *words, log=str(bench.folder / "flood.log"))
        assert sender.wait(SECONDS + 20) == 0
        sent, rate, _ = map(int, (bench.folder / "flood.log").read_text(encoding="utf-8").split())
        assert rate > A_SECOND * 0.5
        after = {pid: usage(pid) for pid in before}
        time.sleep(1.5)
        assert high.state() == "MASTER"
        assert low.state() == "BACKUP"
        assert high.text().count("Entering MASTER STATE") == 1
        assert low.text().count("Entering") == 1
        own = [
            a.t_s
            for a in bench.adverts()
            if a.frame.eth and a.frame.eth.source == bench.mac("r1") and a.t_s > begun_s
        ]
        assert max(b - a for a, b in pairwise(own)) < 1.2, "an advert of the MASTER was late"
        for router in (high, low):
            cpu_s = after[router.process.pid][0] - before[router.process.pid][0]
            grown_kb = after[router.process.pid][1] - before[router.process.pid][1]
            print(f"flood: {sent} frames, {rate}/s; {cpu_s / SECONDS:.0%} of a core, {grown_kb} kB more")
            assert cpu_s < 0.9 * SECONDS
            assert grown_kb < 6_000
            lines = router.text().splitlines()
            assert len(lines) < 250 * SECONDS
            assert any("more packets in" in line for line in lines)


def test_a_watcher_of_a_flood_stays_brief_and_counts() -> None:
    """Input: 20,000 adverts a second, and a watcher that may not read for a second of it.
    Output: a bounded log and trace, with counts of what is not shown and of what the kernel lost."""
    with Bench(["r1", "attacker"]) as bench:
        out, log = bench.folder / "w.jsonl", bench.folder / "watch.log"
        words = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "eth0", "--out", str(out)]
        watcher = bench.inside.start_process("r1", *words, log=str(log))
        end_s = time.monotonic() + 10
        while not out.exists() and time.monotonic() < end_s:
            time.sleep(0.05)
        words = [sys.executable, str(FLOOD), "eth0", str(A_SECOND), str(SECONDS)]
        sender = bench.inside.start_process("attacker", *words, log=str(bench.folder / "flood.log"))
        time.sleep(1)
        watcher.signal(signal.SIGSTOP)
        time.sleep(1)
        watcher.signal(signal.SIGCONT)
        assert sender.wait(SECONDS + 20) == 0
        time.sleep(1.5)
        watcher.stop()
        lines = log.read_text(encoding="utf-8").splitlines()
        print(f"watched flood: {len(lines)} lines, {out.stat().st_size} bytes")
        assert len(lines) < 350 * SECONDS
        assert out.stat().st_size < 300_000 * SECONDS
        assert any("more events like 'state'" in line for line in lines)
        assert any("frames on eth0 were lost here" in line for line in lines)
