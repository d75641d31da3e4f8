"""A router under a flood: it lives, it stays what it is, and its memory, time and log are bounded."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from flood import KINDS, PASSWORD, TARGETS, mix
from live_bench import PATIENCE_S, Bench, config, until

from vrrplab.decoding.verdict import judge
from vrrplab.live.guard import LOWER_A_SECOND, REJECTED_A_SECOND
from vrrplab.output.trace_writer import EVENT_A_SECOND, SAME_A_SECOND
from vrrplab.trace import Trace
from vrrplab.wire.frames import decode

pytestmark = [pytest.mark.alone, pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")]
SECONDS = float(os.environ.get("VRRPLAB_FLOOD_SECONDS", "6"))
A_SECOND = 20_000
FLOOD = Path(__file__).with_name("flood.py")
# Kinds of lines that the guard lets through and the output cuts down. A MASTER's: announcements queued and
# sent, of IPv4 and of IPv6 addresses, and warnings of its own priority. A BACKUP's: what it discards of IPv4,
# of the MASTER's and of its neighbour's IPv6 address. One more for all other IPv6 addresses.
CUT_KINDS = 6


def usage(pid: int) -> tuple[float, int]:
    """CPU seconds and resident kilobytes of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    memory = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return (int(fields[11]) + int(fields[12])) / ticks, int(memory.split()[1])


def four_routers(priority: int) -> str:
    """An instance for each target, MASTER or BACKUP by its priority."""
    password = "authentication {\n auth_type AH\n auth_pass secret\n }"
    return "".join(
        config(
            name=f"V{target.vrid}",
            vrid=target.vrid,
            version=target.version,
            priority=priority,
            addresses=tuple(f"{vip}/{64 if target.six else 24}" for vip in target.vips),
            more=password if target.ah else "",
        )
        for target in TARGETS
    )


def most_lines(trace: Trace, seconds: float) -> float:
    """How many lines a flooded router may print: the guard's rates, and the output's."""
    reasons = {event.fields["reason"] for event in trace.of("advert_dropped")}
    by_guard = len(TARGETS) * (REJECTED_A_SECOND * len(reasons) + LOWER_A_SECOND)
    return (by_guard + CUT_KINDS * SAME_A_SECOND) * seconds


@pytest.mark.parametrize("kind", KINDS)
def test_the_mix_is_what_it_says(kind: str) -> None:
    """Input: the flood's frames. Output: every kind for every target; what is to be invalid is."""
    shots = [shot for shot in mix() if shot.kind == kind]
    assert {shot.target for shot in shots} == set(TARGETS)
    for shot in shots:
        frame, target = decode(shot.frame), shot.target
        advert = frame.vrrp
        match kind:
            case "wrong TTL":
                assert frame.ip is not None
                assert frame.ip.ttl != 255
            case "wrong version":
                assert advert is None or advert.version != target.version
            case "wrong VRID":
                assert advert is not None
                assert advert.vrid not in {t.vrid for t in TARGETS}
            case "lower" | "spoofed" | "replayed" | "wrong interval" | "wrong addresses":
                assert advert is not None
                assert not frame.problems
                assert advert.vrid == target.vrid
                if kind in ("lower", "spoofed"):
                    assert 0 < advert.priority < 200
                elif kind == "wrong interval":
                    assert advert.interval_us != 1_000_000
                elif kind == "wrong addresses":
                    assert advert.addresses != target.vips
            case "damaged":
                reasons = judge(frame, key=PASSWORD if target.ah else None).reasons
                assert "AUTH_MISMATCH" in {r.name for r in reasons} if target.ah else frame.problems, reasons
            case _:
                assert frame.problems, (kind, target, shot.frame.hex())


@pytest.mark.long
def test_the_rightful_master_stays_through_a_flood() -> None:
    """Input: 20,000 adverts a second, for the MASTER of four virtual routers and for a BACKUP of all of them.
    Output: the same MASTER all the time, its adverts on time, flat memory, a bounded log with counts."""
    with Bench(["r1", "r2", "attacker"]) as bench:
        high = bench.vrrplab("r1", four_routers(200))
        low = bench.vrrplab("r2", four_routers(100))
        for target in TARGETS:
            bench.wait_for_master("r1", target.vrid)
        time.sleep(2.5)  # some adverts behind AH: those that are replayed are old ones
        said = {frame.raw[18:] for _, frame in bench.frames()}  # behind the flow label
        assert all(shot.frame[18:] in said for shot in mix() if shot.kind == "replayed")
        before = {router.process.pid: usage(router.process.pid) for router in (high, low)}
        quiet = {router.process.pid: len(router.text().splitlines()) for router in (high, low)}
        begun_s = time.time()
        words = [sys.executable, str(FLOOD), "eth0", str(A_SECOND), str(SECONDS)]
        sender = bench.inside.start_process("attacker", *words, log=str(bench.folder / "flood.log"))
        assert sender.wait(SECONDS + PATIENCE_S) == 0
        sent, rate, _ = map(int, (bench.folder / "flood.log").read_text(encoding="utf-8").split())
        assert rate > A_SECOND * 0.5
        after = {pid: usage(pid) for pid in before}
        time.sleep(1.5)
        lasted_s = time.time() - begun_s
        names = {f"V{target.vrid}" for target in TARGETS}
        for router, states in ((high, ["BACKUP", "MASTER"]), (low, ["BACKUP"])):
            changes = router.trace().of("state")
            assert {e.fields["instance"] for e in changes} == names
            for name in names:
                assert [e.fields["to"] for e in changes if e.fields["instance"] == name] == states, name
        own: dict[int, list[float]] = {target.vrid: [] for target in TARGETS}
        for t_s, frame in bench.frames(bench.mac("r1")):
            if t_s > begun_s and frame.vrrp:
                own[frame.vrrp.vrid].append(t_s)
        for vrid, times in own.items():
            assert len(times) > SECONDS - 1
            # less than two intervals: none was left out (how punctual it is, the soak tells)
            assert max(b - a for a, b in pairwise(times)) < 2, f"the MASTER of {vrid} left an advert out"
        for router in (high, low):
            cpu_s = after[router.process.pid][0] - before[router.process.pid][0]
            grown_kb = after[router.process.pid][1] - before[router.process.pid][1]
            print(f"flood: {sent} frames, {rate}/s; {cpu_s / SECONDS:.0%} of a core, {grown_kb} kB more")
            assert cpu_s < 0.9 * SECONDS
            assert grown_kb < 6_000
            lines = router.text().splitlines()
            # buckets are full at the start, and the output counts in whole seconds: one more
            most = most_lines(router.trace(), lasted_s + 1)
            print(f"flood: {len(lines) - quiet[router.process.pid]} lines of at most {most:.0f}")
            assert len(lines) - quiet[router.process.pid] <= most
            assert any("more packets in" in line for line in lines)


@pytest.mark.long
def test_a_watcher_of_a_flood_stays_brief_and_counts() -> None:
    """Input: 20,000 adverts a second, and a watcher that may not read for a second of it.
    Output: a bounded log and trace, with counts of what is not shown and of what the kernel lost."""
    with Bench(["r1", "attacker"]) as bench:
        out, log = bench.folder / "w.jsonl", bench.folder / "watch.log"
        words = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "eth0", "--out", str(out)]
        watcher = bench.inside.start_process("r1", *words, log=str(log))
        until(lambda: out.exists() and out.stat().st_size > 0, "the watcher listens")
        words = [sys.executable, str(FLOOD), "eth0", str(A_SECOND), str(SECONDS)]
        sender = bench.inside.start_process("attacker", *words, log=str(bench.folder / "flood.log"))
        time.sleep(1)
        watcher.signal(signal.SIGSTOP)
        time.sleep(1)
        watcher.signal(signal.SIGCONT)
        assert sender.wait(SECONDS + PATIENCE_S) == 0
        time.sleep(1.5)
        watcher.stop()
        lines = log.read_text(encoding="utf-8").splitlines()
        print(f"watched flood: {len(lines)} lines, {out.stat().st_size} bytes")
        shown = [line for line in lines if "more events like" not in line and "were lost here" not in line]
        # changes of state, of priority and warnings; in whole seconds, of which there is one more
        assert len(shown) <= 3 * EVENT_A_SECOND * (SECONDS + 1)
        assert len(lines) - len(shown) < 50 * (SECONDS + 1)
        assert out.stat().st_size < 300_000 * SECONDS
        assert any("more events like 'state'" in line for line in lines)
        assert any("frames on eth0 were lost here" in line for line in lines)
