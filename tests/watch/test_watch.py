"""``live watch`` beside two real keepalived: its timeline is theirs."""

from __future__ import annotations

import sys
import time

import pytest
from live_bench import PATIENCE_S, Bench, config, until

from vrrplab.capture.reader import read_frames
from vrrplab.system.namespaces import port_name
from vrrplab.trace import TraceEvent, read_trace

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter", "keepalived", "tcpdump")


def test_the_timeline_is_that_of_the_logs() -> None:
    """Input: two keepalived; the higher one is stopped, started again, and its cable is pulled and put back.
    Output: the watcher names the same masters in the same order, at the moments of tcpdump's frames, and
    BACKUP where the logs say so.
    """
    with Bench(["r1", "r2"]) as bench:
        out, pcap = bench.folder / "w.jsonl", bench.folder / "w.pcap"
        names = ["--name", "192.168.2.1=r1", "--name", "192.168.2.2=r2"]
        words = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "lan", "--out", str(out)]
        log = bench.folder / "watch.log"
        watcher = bench.inside.start_process("", *words, "--pcap", str(pcap), *names, log=str(log))
        until(lambda: out.exists() and out.stat().st_size > 0, "the watcher listens")
        fast = {"version": 3, "interval": "0.3"}
        routers = [bench.keepalived("r1", config(priority=150, **fast))]  # type: ignore[arg-type]
        bench.wait_for_master("r1")
        low = bench.keepalived("r2", config(priority=100, **fast))  # type: ignore[arg-type]
        time.sleep(1)
        stopped_s = time.time()
        routers[0].stop()
        bench.wait_for_master("r2", since_s=stopped_s)
        time.sleep(0.5)
        routers.append(bench.keepalived("r1", config(priority=150, **fast)))  # type: ignore[arg-type]
        bench.wait_for_master("r1", since_s=time.time())
        time.sleep(1)
        cut_s = time.time()
        bench.cut("r1")
        bench.wait_for_master("r2", since_s=cut_s)
        time.sleep(0.5)
        bench.mend("r1")
        bench.wait_for_master("r1", since_s=time.time())
        time.sleep(0.7)
        watcher.stop()
        trace = read_trace(out)

        logged = []
        for host, router in (("r1", routers[0]), ("r2", low), ("r1", routers[1])):
            words_said = [line for line in router.text().splitlines() if "Entering MASTER STATE" in line]
            logged += [host] * len(words_said)
        masters = [(e.t, e.server) for e in trace.of("state") if e.fields["to"] == "MASTER"]
        assert [who for _, who in masters] == ["r1", "r2", "r1", "r2", "r1"]
        assert sorted(who for _, who in masters) == sorted(logged)

        first_s = {}
        adverts = bench.adverts()
        shift_s = adverts[0].t_s - trace.of("advert_sent")[0].t
        for t_s, who in masters:
            first_s = min(abs(a.t_s - shift_s - t_s) for a in adverts if a.host == who and a.priority)
            assert first_s < 0.02, "a MASTER begins with an advert"
        left = [(e.server, e.fields["to"]) for e in trace.of("state") if e.fields["from"] == "MASTER"]
        assert left == [("r1", "BACKUP"), ("r2", "BACKUP"), ("r1", "FAULT"), ("r2", "BACKUP")]
        assert low.text().count("Entering BACKUP STATE") == 1 + 2  # at its start, and each time r1 came back
        assert "r2 VRID 51: INIT -> MASTER" in log.read_text(encoding="utf-8")
        kinds = [c.frame.kind for c in read_frames(pcap)]
        assert kinds.count("vrrp") == len(trace.of("advert_sent"))


def test_it_never_sends(tmp_path: object) -> None:
    """Input: a watcher on an empty network. Output: no frame but the bridge's own housekeeping."""
    with Bench(["r1"]) as bench:
        words = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "eth0", "--until", "1.5"]
        watcher = bench.inside.start_process("r1", *words, log=str(bench.folder / "watch.log"))
        before = len(bench.frames())
        assert watcher.wait(PATIENCE_S) == 0
        later = [f for _, f in bench.frames()[before:] if f.kind in ("vrrp", "arp", "igmp")]
        assert later == []


@pytest.mark.long
def test_an_interface_that_is_made_again_is_heard_again() -> None:
    """Input: the watched interface is deleted and made anew; later it is set down and up; then its cable is
    pulled and put back.
    Output: one line for each, no "nobody is MASTER", and the MASTER is heard after each.
    """
    with Bench(["r1", "r2"]) as bench:
        out = bench.folder / "w.jsonl"
        words = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "eth0", "--out", str(out)]
        watcher = bench.inside.start_process("r2", *words, log=str(bench.folder / "watch.log"))
        bench.keepalived("r1", config(priority=150, version=3, interval="0.3"))
        bench.wait_for_master("r1")

        def entered() -> list[TraceEvent]:
            written = read_trace(out).of("state") if out.exists() and out.stat().st_size else []
            return [e for e in written if e.fields["to"] == "MASTER"]

        def heard(masters: int) -> None:
            until(lambda: len(entered()) >= masters, f"MASTER for the {masters}. time")

        heard(1)
        bench.inside.run("r2", "ip", "link", "delete", "eth0")
        time.sleep(2)
        port = port_name("r2", "eth0")
        bench.inside.batch([f"link add {port} type veth peer name eth0 netns r2"])
        bench.inside.batch([f"link set {port} master lan up"])
        bench.inside.run("r2", "ip", "link", "set", "eth0", "up")
        heard(2)
        bench.inside.run("r2", "ip", "link", "set", "eth0", "down")
        time.sleep(2)
        bench.inside.run("r2", "ip", "link", "set", "eth0", "up")
        heard(3)
        bench.cut("r2")
        time.sleep(2)
        bench.mend("r2")
        heard(4)
        watcher.stop()
        trace = read_trace(out)
        until_back, back = "nothing is heard on it until it is back", "eth0 is back: listening on it again"
        assert [e.fields["text"] for e in trace.of("warning")] == [
            f"eth0 has gone: {until_back}",
            back,
            f"eth0 is down: {until_back}",
            back,
            f"eth0 has no carrier (cable out, or the other end off): {until_back}",
            back,
        ]
        states = [(e.fields["from"], e.fields["to"]) for e in trace.of("state")]
        assert states == [("INIT", "MASTER"), ("MASTER", "INIT")] * 3 + [("INIT", "MASTER")]
