"""How long, and how punctually, live routers run: a soak with adverts every 0.1 s, and a flood on request.

Two vrrplab routers in namespaces (real VRRP), or on loopback inside UDP where namespaces are forbidden. Their
own accounts say how late timers were served. How late anybody is served here, peers say: processes beside
them for the whole run that do nothing but wake up every 0.1 s. A router that misses by more than 50 ms, and
clearly more than they do (``misses_more``), fails the run.

    python benchmarks/soak.py [--minutes 30 | --seconds 20] [--flood [--senders 100000]]

``--flood`` sends 20,000 malformed, replayed, spoofed and well-formed adverts a second during a third of the
time; during the last third, frames of ever new senders, to a router and to two watchers (log and table),
whose memory may not grow by more than 5 MB from what it was at rest. ``--senders``: nothing but those, all
the time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from vrrplab.errors import LiveError
from vrrplab.live.loopback import LoopbackLan
from vrrplab.system.namespaces import Enclosure, Inhabitant, bridge_lines, children_of, port_name

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

from figures import arguments  # noqa: E402
from interrupts import cpu_wait_s  # noqa: E402

MISSED_S = 0.05
RHYTHM_S = 0.1  # of the routers' adverts, and of their peers
PEERS = 4  # the worst of few is a matter of luck, and two routers run
CLEARLY = 3
FLOOD = HERE.parent / "tests" / "live" / "flood.py"
CONFIG = """\
vrrp_instance V1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    version 3
    advert_int 0.1
    virtual_ipaddress {{
        192.168.2.100/24
    }}
}}
"""


def in_namespaces(seconds: float, flood: bool, folder: Path) -> list[dict[str, float]]:
    """Statistics of both routers after a soak on real sockets, and how long each waited for a processor."""
    with Enclosure() as inside:
        hosts = ["r1", "r2", "attacker"]
        inside.batch([f"netns add {host}" for host in hosts] + bridge_lines("lan"))
        for number, host in enumerate(hosts, 1):
            port = port_name(host, "eth0")
            cable = f"link add {port} type veth peer name eth0 netns {host}"
            inside.batch([cable, f"link set {port} master lan up"])
            lines = ["link set lo up", f"address add 192.168.2.{number}/24 dev eth0", "link set eth0 up"]
            inside.run(host, "ip", "-batch", "-", text="\n".join(lines) + "\n")
        routers = [start(inside, folder, host, priority) for host, priority in (("r1", 150), ("r2", 100))]
        time.sleep(seconds / 2)
        if flood:
            words = [sys.executable, str(FLOOD), "eth0", "20000", str(seconds / 2)]
            sender = inside.start_process("attacker", *words, log=str(folder / "flood.log"))
            print(f"flood: {rate(sender, folder / 'flood.log', seconds / 2)} frames a second")
        else:
            time.sleep(seconds / 2)
        waited_s = [cpu_wait_s(router.pid) for router in routers]
        for router in routers:
            router.signal(signal.SIGTERM)
            router.wait(30)
        accounts = [statistics(folder / f"{host}.jsonl") for host in ("r1", "r2")]
        return [{**one, "cpu_wait_s": wait_s} for one, wait_s in zip(accounts, waited_s, strict=True)]


def start(inside: Enclosure, folder: Path, host: str, priority: int) -> Inhabitant:
    path = folder / f"{host}.conf"
    path.write_text(CONFIG.format(priority=priority), encoding="utf-8")
    words = [sys.executable, "-m", "vrrplab", "live", "run", str(path), "--name", host]
    out = str(folder / f"{host}.jsonl")
    return inside.start_process(host, *words, "--out", out, log=str(folder / f"{host}.log"))


def on_loopback(seconds: float) -> list[dict[str, float]]:
    """The same inside UDP."""
    with LoopbackLan() as lan:
        routers = [
            lan.router(f"r{n}", CONFIG.format(priority=priority), f"eth0=192.168.2.{n}/24")
            for n, priority in ((1, 150), (2, 100))
        ]
        time.sleep(seconds)
        # the peers are children, too, and were started before
        waited_s = [cpu_wait_s(pid) for pid in children_of(os.getpid())[-2:]]
        for router in routers:
            router.stop()
        accounts = [router.trace().of("statistics")[-1].fields for router in routers]
        return [{**one, "cpu_wait_s": wait_s} for one, wait_s in zip(accounts, waited_s, strict=True)]


class Punctuality(NamedTuple):
    """How late somebody's timers were served."""

    timers: int
    over_50_ms: int
    worst_late_s: float


@contextmanager
def peers(found: list[Punctuality]) -> Iterator[None]:
    """While this lasts, peers run; ``found`` gets what each of them saw."""
    words = [sys.executable, __file__, "--peer"]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(PEERS)]
    try:
        for one in started:
            assert one.stdout is not None
            one.stdout.readline()  # it has begun
        yield
    finally:
        for one in started:
            one.terminate()
        said = [one.communicate()[0] for one in started]
    found += [Punctuality(*json.loads(text)) for text in said]


def be_a_peer() -> None:
    """Wake up every 0.1 s until SIGTERM, then print how late that was: what the machine itself costs."""
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    print("begun", flush=True)
    timers = missed = 0
    worst_s, due_s = 0.0, time.monotonic() + RHYTHM_S
    while not ended:
        time.sleep(max(0.0, due_s - time.monotonic()))
        now_s = time.monotonic()
        timers += 1
        missed += now_s - due_s > MISSED_S
        worst_s = max(worst_s, now_s - due_s)
        while due_s <= now_s:  # a router, too, misses one deadline in one stall, however long
            due_s += RHYTHM_S
    print(json.dumps([timers, missed, worst_s]))


def misses_more(router: Mapping[str, float], beside: list[Punctuality]) -> bool:
    """Has a router missed deadlines, and clearly more than the peers beside it?

    Clearly: its worst is three times the worst of all of them (it was held up, once is enough), or it missed
    three times as often as the one that missed most often, and three more (it is slow, again and again). On
    a machine that is busy peers and routers are late alike, and the worst of two that are alike differ by
    less than that.
    """
    worst_s = max(peer.worst_late_s for peer in beside)
    most = max(peer.over_50_ms for peer in beside)
    is_held_up = router["worst_late_s"] > CLEARLY * worst_s
    return bool(router["over_50_ms"]) and (is_held_up or router["over_50_ms"] > CLEARLY * (most + 1))


GROWTH_MB = 5
CROWD_A_SECOND = 20_000
SHORT_CROWD = 20_000
# the table wants a terminal
ON_TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"


def memory(seconds: float, senders: int, folder: Path) -> bool:
    """Resident memory of a router and of watchers while a crowd shouts; False if one's grows too much."""
    with Enclosure() as inside:
        inside.batch(["netns add r1", "netns add attacker"])
        inside.batch(["link add eth0 netns r1 type veth peer name eth0 netns attacker"])
        for number, host in enumerate(("r1", "attacker"), 1):
            lines = ["link set lo up", f"address add 192.168.2.{number}/24 dev eth0", "link set eth0 up"]
            inside.run(host, "ip", "-batch", "-", text="\n".join(lines) + "\n")
        (folder / "crowd.conf").write_text(CONFIG.format(priority=150), encoding="utf-8")
        live = [sys.executable, "-m", "vrrplab", "live"]
        watch = [*live, "watch", "--interface", "eth0", "--format"]
        programs = {
            "live run": [*live, "run", str(folder / "crowd.conf")],
            "live watch, log": [*watch, "log"],
            "live watch, table": [sys.executable, "-c", ON_TERMINAL, *watch, "table"],
        }
        started = {
            what: inside.start_process("r1", *words, log=os.devnull) for what, words in programs.items()
        }
        time.sleep(5)
        pids = {what: (children_of(one.pid) or [one.pid])[-1] for what, one in started.items()}
        at_rest = {what: resident_mb(pid) for what, pid in pids.items()}
        words = [sys.executable, str(FLOOD), "eth0", str(CROWD_A_SECOND), str(seconds), str(senders)]
        log = folder / "crowd.log"
        sender = inside.start_process("attacker", *words, log=str(log))
        before = received(inside)
        while received(inside) - before < 1000 and sender.running:  # it makes its frames first
            time.sleep(0.1)
        early_s = min(60.0, seconds / 2)
        time.sleep(early_s)
        early = {what: resident_mb(pid) for what, pid in pids.items()}
        print(f"crowd: {senders} senders, {rate(sender, log, seconds)} frames a second for {seconds:g} s")
        enough = True
        for what, pid in pids.items():
            last = resident_mb(pid)
            grown = last - at_rest[what]
            enough &= grown < GROWTH_MB and started[what].running
            print(
                f"  {what:17}: {at_rest[what]:.1f} MB at rest, {early[what]:.1f} MB after {early_s:g} s,"
                f" {last:.1f} MB at the end: {grown:+.1f} MB from rest; {cpu_s(pid):.0f} s of CPU"
            )
        return enough


def rate(sender: Inhabitant, log: Path, seconds: float) -> int:
    """Frames a second that a flood really had, once it is over. A flood that failed is no flood survived."""
    code, said = sender.wait(seconds + 60), log.read_text(encoding="utf-8").splitlines()
    if code or not said:
        raise SystemExit(f"the flood failed with exit code {code}: {said[-1] if said else 'no word'}")
    return int(said[-1].split()[1])


def resident_mb(pid: int) -> float:
    """What a process has in memory now."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def received(inside: Enclosure) -> int:
    """Frames that have reached the router's host."""
    return int(inside.run("r1", "cat", "/sys/class/net/eth0/statistics/rx_packets"))


def statistics(trace: Path) -> dict[str, float]:
    """The last event of a router's trace: its own account."""
    last = json.loads(trace.read_text(encoding="utf-8").splitlines()[-1])
    if last["event"] != "statistics":
        raise SystemExit(f"{trace.name} does not end with statistics: {last}")
    return dict(last)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--senders", type=int, default=0, help="with --flood: so many, and nothing else")
    parser.add_argument("--peer", action="store_true", help="be one of the processes beside the routers")
    args = arguments(parser, seconds=3.0)
    if args.peer:
        be_a_peer()
        return 0
    seconds = args.minutes * 60 or args.seconds
    if args.flood and args.senders:
        with tempfile.TemporaryDirectory(prefix="vl-soak-") as folder:
            return 0 if memory(seconds, args.senders, Path(folder)) else 1
    crowd_s, seconds = (seconds / 3, seconds * 2 / 3) if args.flood else (0.0, seconds)
    with tempfile.TemporaryDirectory(prefix="vl-soak-") as folder:
        beside: list[Punctuality] = []
        with peers(beside):
            try:
                found, how = in_namespaces(seconds, args.flood, Path(folder)), "real VRRP in namespaces"
            except LiveError as error:
                print(f"no namespaces ({error}): VRRP inside UDP on loopback instead")
                found, how = on_loopback(seconds), "VRRP inside UDP"
    print(f"soak: {seconds:g} s at advert_int 0.1 s, {how}")
    names = ("master", "backup")
    for name, router in zip(names, found, strict=True):
        print(
            f"  {name}: {router['timers']} timers, the latest {router['worst_late_s'] * 1000:.1f} ms late,"
            f" {router['over_50_ms']} later than 50 ms; {router['cpu_s']:.1f} s of CPU,"
            f" {router['memory_kb']} kB, {router['packets']} packets, {router['passed_on']} passed on;"
            f" it waited {router['cpu_wait_s']:.1f} s for a processor"
        )
    for peer in beside:
        print(
            f"  a peer: {peer.timers} timers, the latest {peer.worst_late_s * 1000:.1f} ms late,"
            f" {peer.over_50_ms} later than 50 ms"
        )
    late = [name for name, router in zip(names, found, strict=True) if misses_more(router, beside)]
    for name in late:
        print(f"  {name}: missed clearly more than processes that do nothing did beside it")
    enough = True
    if crowd_s and how.startswith("real"):
        with tempfile.TemporaryDirectory(prefix="vl-soak-") as folder:
            enough = memory(crowd_s, SHORT_CROWD, Path(folder))
    return 1 if late or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
