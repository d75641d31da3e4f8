"""``live watch`` as a monitor, on real packets: an end by a finding, a command, an answer to Prometheus."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from live_bench import PATIENCE_S, Bench, until

from tests.wire.wrapped_frames import FORMS

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")

# Adverts of one or two senders, each 0.2 s, for some seconds; and frames as they are
_SENDER = """
import socket, sys, time
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for number, priority in ((1, 150), (2, 100))[: int(sys.argv[2])]:
        advert = Advertisement(3, 51, priority, 200_000, ("192.168.2.100",))
        out.send(advert_frame(f"02:00:00:00:00:0{number}", f"192.168.2.{number}", "224.0.0.18", advert))
    for frame in sys.argv[3:]:
        out.send(bytes.fromhex(frame))
    time.sleep(0.2)
"""
_ASK = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
"""


def write(bench: Bench, name: str, text: str) -> Path:
    path = bench.write(name, text)
    path.chmod(0o755)
    return path


def test_it_ends_with_the_finding_and_the_command_has_heard_of_it() -> None:
    """Input: two senders that both go on; one watcher ends by two MASTERs and starts a command, another one's
    command hangs, and it gets SIGTERM. Output: exit code 1, one line that says why, the command with that
    finding; figures meanwhile; the other ends at once, with exit code 0, and no process is left.
    """
    with Bench(["r1"]) as bench:
        heard, hung = bench.folder / "heard", bench.folder / "hung"
        for path in (heard, hung):
            path.touch()
            path.chmod(0o666)
        hears = write(bench, "hears", f'#!/bin/sh\necho "$1 $2 $VRRPLAB_SEVERITY" >>{heard}\n')
        hangs = write(bench, "hangs", f"#!/bin/sh\necho $$ >>{hung}\nexec sleep 70\n")
        sender = write(bench, "sender.py", _SENDER)
        watch = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "lan", "--format", "log"]

        def command(script: Path) -> list[str]:
            return ["--run", f"/bin/sh {script}"]  # others may write where the bench's folder lies

        logs = [bench.folder / "one.log", bench.folder / "two.log"]
        ends = bench.inside.start_process(
            "", *watch, *command(hears), "--exit-on", "two-masters,nobody", log=str(logs[0])
        )
        other = bench.inside.start_process(
            "", *watch, *command(hangs), "--metrics", "127.0.0.1:9112", log=str(logs[1])
        )
        time.sleep(0.5)
        tunnels = [FORMS[name].wrap(FORMS[name].frame).hex() for name in ("vxlan", "gre-ethernet-key")]
        sent = bench.inside.start_process(
            "r1", sys.executable, str(sender), "60", "2", *tunnels, log=str(bench.folder / "s")
        )
        assert ends.wait(PATIENCE_S) == 1
        told = logs[0].read_text(encoding="utf-8").splitlines()
        assert told[-1].startswith("vrrplab: --exit-on two-masters: VRID 51 on lan: two MASTERs"), told
        assert [line for line in told[:-1] if "warning: VRID 51 on lan: two MASTERs" in line]
        assert "two-masters VRID 51 error" in heard.read_text(encoding="utf-8").splitlines()

        until(lambda: hung.read_text(encoding="utf-8"), "the other's command runs")
        answer = bench.inside.run("", sys.executable, "-c", _ASK, "http://127.0.0.1:9112/metrics")
        assert 'vrrplab_masters{family="IPv4",interface="lan",vrid="51"} 2.0' in answer
        assert 'kind="two-masters",severity="error",vrid="51"} 1.0' in answer
        for tunnel in ("VXLAN 42", "GRE 203.0.113.1-203.0.113.2"):
            assert f'vrrplab_masters{{family="IPv4",interface="lan {tunnel}",vrid="7"}} 1.0' in answer
        begun_s = time.monotonic()
        other.stop()
        assert time.monotonic() - begun_s < 3
        assert "Traceback" not in logs[1].read_text(encoding="utf-8")
        pids = [int(line) for line in hung.read_text(encoding="utf-8").split()]
        left = bench.inside.run(
            "", "sh", "-c", f"for p in {' '.join(map(str, pids))}; do cat /proc/$p/cmdline; done; :"
        )
        assert "sleep" not in left
        sent.stop()


def test_nobody_is_told_and_the_port_that_is_taken() -> None:
    """Input: one sender that falls silent, a watcher that ends by that; two watchers at the same address for
    Prometheus. Output: exit code 1 within some intervals; of the second one line and exit code 2.
    """
    with Bench(["r1"]) as bench:
        sender = write(bench, "sender.py", _SENDER)
        log, first = bench.folder / "one.log", bench.folder / "first.log"
        watch = [sys.executable, "-m", "vrrplab", "live", "watch", "--interface", "lan", "--until", "50"]
        ends = bench.inside.start_process("", *watch, "--exit-on", "nobody", log=str(log))
        has_it = bench.inside.start_process("", *watch, "--metrics", ":9113", log=str(first))
        bench.inside.start_process("r1", sys.executable, str(sender), "4", "1", log=str(bench.folder / "s"))
        until(lambda: "-> MASTER" in first.read_text(encoding="utf-8"), "the sender is heard")
        second = subprocess.run(
            bench.inside.command("", *watch, "--metrics", ":9113"),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 2
        assert second.stderr == "vrrplab: --metrics 127.0.0.1:9113: address already in use\n"
        assert ends.wait(PATIENCE_S) == 1
        assert "nobody is MASTER" in log.read_text(encoding="utf-8").splitlines()[-1]
        has_it.stop()
