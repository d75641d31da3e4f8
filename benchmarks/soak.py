"""How long, and how punctually, live routers run: a soak with adverts every 0.1 s, and a flood on request.

Two vrrplab routers in namespaces (real VRRP), or on loopback inside UDP where namespaces are forbidden. The
MASTER's own account says how late its timers were served; a deadline missed by more than 50 ms fails the run.

    python benchmarks/soak.py [--minutes 30 | --seconds 20] [--flood]

``--flood`` sends 20,000 malformed, replayed, spoofed and well-formed adverts a second during the last half.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from vrrplab.errors import LiveError
from vrrplab.live.loopback import LoopbackLan
from vrrplab.system.namespaces import Enclosure, Inhabitant, bridge_lines, port_name

MISSED_S = 0.05
FLOOD = Path(__file__).resolve().parent.parent / "tests" / "live" / "flood.py"
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
    """Statistics of both routers after a soak on real sockets."""
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
        rest(seconds / 2)
        if flood:
            words = [sys.executable, str(FLOOD), "eth0", "20000", str(seconds / 2)]
            sender = inside.start_process("attacker", *words, log=str(folder / "flood.log"))
            sender.wait(seconds / 2 + 30)
            print(f"flood: {(folder / 'flood.log').read_text().split()[1]} frames a second")
        else:
            rest(seconds / 2)
        for router in routers:
            router.signal(signal.SIGTERM)
            router.wait()
        return [statistics(folder / f"{host}.jsonl") for host in ("r1", "r2")]


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
        rest(seconds)
        for router in routers:
            router.stop()
        return [dict(router.trace().of("statistics")[-1].fields) for router in routers]


CONTROL = {"timers": 0, "over_50_ms": 0, "worst_late_s": 0.0}


def rest(seconds: float) -> None:
    """Wait, and see how late a loop that does nothing else is woken: what the machine itself costs."""
    end_s = time.monotonic() + seconds
    while (due_s := time.monotonic() + 0.1) < end_s:
        time.sleep(0.1)
        late_s = time.monotonic() - due_s
        CONTROL["timers"] += 1
        CONTROL["over_50_ms"] += late_s > MISSED_S
        CONTROL["worst_late_s"] = max(CONTROL["worst_late_s"], late_s)


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
    args = parser.parse_args()
    seconds = args.minutes * 60 or args.seconds
    with tempfile.TemporaryDirectory(prefix="vl-soak-") as folder:
        try:
            found, how = in_namespaces(seconds, args.flood, Path(folder)), "real VRRP in namespaces"
        except LiveError as error:
            print(f"no namespaces ({error}): VRRP inside UDP on loopback instead")
            found, how = on_loopback(seconds), "VRRP inside UDP"
    print(f"soak: {seconds:g} s at advert_int 0.1 s, {how}")
    for name, router in zip(("master", "backup"), found, strict=True):
        print(
            f"  {name}: {router['timers']} timers, the latest {router['worst_late_s'] * 1000:.1f} ms late,"
            f" {router['over_50_ms']} later than 50 ms; {router['cpu_s']:.1f} s of CPU,"
            f" {router['memory_kb']} kB, {router['packets']} packets, {router['passed_on']} passed on"
        )
    count, missed = CONTROL["timers"], CONTROL["over_50_ms"]
    worst_ms = CONTROL["worst_late_s"] * 1000
    print(f"  an empty loop beside them: {count} timers, {worst_ms:.1f} ms, {missed} later than 50 ms")
    return 1 if any(router["over_50_ms"] for router in found) else 0


if __name__ == "__main__":
    sys.exit(main())
