"""How fast the simulator is on this machine, as ratios where there is something to compare with.

    python benchmarks/simulation.py [--quick]

Prints simulated seconds per CPU second for the article's cluster, with and without the log kept as JSON
lines; the cost of an advert for 2 to 1000 servers in one virtual router and for 1 to 1024 virtual routers
on two servers; and the start of ``simulate`` against ``python -c pass``. CPU time, best of several rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from vrrplab.config.model import InstanceConfig, NodeConfig, VirtualAddress  # noqa: E402
from vrrplab.scenario.address_checks import default_mac  # noqa: E402
from vrrplab.scenario.model import Scenario  # noqa: E402
from vrrplab.scenario.parts import Interface, Segment, Server  # noqa: E402
from vrrplab.scenario.reader import load_scenario  # noqa: E402
from vrrplab.sim.play import run  # noqa: E402
from vrrplab.units import SECOND_US  # noqa: E402

QUICK = "--quick" in sys.argv[1:]


def cpu_s(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds of the fastest round."""
    times = []
    for _ in range(1 if QUICK else rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def instance(vrid: int, priority: int) -> InstanceConfig:
    address = VirtualAddress(f"10.{vrid >> 8 & 255}.{vrid & 255}.100", 16, "eth0")
    return InstanceConfig(
        name=f"V{vrid}",
        state="BACKUP",
        interface="eth0",
        vrid=vrid,
        base_priority=priority,
        version=2,
        family=4,
        advert_interval_us=SECOND_US,
        virtual_addresses=(address,),
    )


def cluster(servers: int, vrids: int, seconds: int) -> Scenario:
    """So many servers, each with so many virtual routers; more than 255 are spread over interfaces."""
    interfaces = 1 + (vrids - 1) // 250
    boxes = {}
    for s in range(servers):
        name = f"r{s}"
        nics = {
            f"eth{i}": Interface(
                f"eth{i}", f"lan{i}", (f"10.{100 + i}.{s // 250}.{1 + s % 250}/8",), default_mac(i, s)
            )
            for i in range(interfaces)
        }
        nics = {
            n: replace(nic, mac=f"02:00:{i:02x}:00:{s >> 8:02x}:{s & 255:02x}")
            for i, (n, nic) in enumerate(nics.items())
        }
        instances = tuple(
            replace(instance(1 + v % 250, max(1, 254 - s % 250)), name=f"V{v}", interface=f"eth{v // 250}")
            for v in range(vrids)
        )
        boxes[name] = Server(name, f"{name}.conf", NodeConfig(f"{name}.conf", instances=instances), nics)
    segments = {f"lan{i}": Segment(f"lan{i}") for i in range(interfaces)}
    return Scenario("cluster", seconds * SECOND_US, segments, boxes)


def article() -> None:
    scenario = load_scenario("article-steady").changed(duration_us=600 * SECOND_US, actions=(), expect=())
    alone = scenario.changed(clients={})
    trace = run(alone)
    print("the article's cluster, simulated seconds per CPU second")
    plain = 600 / cpu_s(lambda: run(alone))
    logged = 600 / cpu_s(lambda: [e.to_json() for e in run(alone)])
    clients = 600 / cpu_s(lambda: run(scenario))
    print(f"  trace in memory        {plain:10,.0f}   ({len(trace)} events in 600 s)")
    print(f"  trace as JSON lines    {logged:10,.0f}   {plain / logged:.1f}x the cost")
    print(f"  with five probes       {clients:10,.0f}   ({50 * 4 + 10} questions a second)")


def growth() -> None:
    print("cost of ten simulated seconds after the start (CPU ms), and per receiver of an advert")
    for servers in (2, 10, 100) if QUICK else (2, 10, 100, 1000):
        cost = added_cost(servers, 1)
        print(f"  {servers:5} servers, 1 VRID   {1000 * cost:10.1f}   {1e6 * cost / 10 / servers:8.1f} us")
    for vrids in (1, 64) if QUICK else (1, 64, 1024):
        cost = added_cost(2, vrids)
        print(f"  2 servers, {vrids:5} VRIDs  {1000 * cost:10.1f}   {1e6 * cost / 10 / vrids:8.1f} us a VRID")


def added_cost(servers: int, vrids: int) -> float:
    """CPU seconds of ten more simulated seconds, start and set-up taken off."""
    short, long = cluster(servers, vrids, 20), cluster(servers, vrids, 30)
    return max(1e-9, cpu_s(lambda: run(long)) - cpu_s(lambda: run(short)))


def start() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    commands = [[sys.executable, "-c", "pass"], [sys.executable, "-m", "vrrplab", "simulate"]]
    times: list[list[float]] = [[], []]
    for _ in range(3 if QUICK else 15):
        for command, kept in zip(commands, times, strict=True):
            begin = time.perf_counter()
            subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
            kept.append(time.perf_counter() - begin)
    ratios = [b / a for a, b in zip(*times, strict=True)]
    print("python -m vrrplab simulate (the three drills) against python -c pass, wall time, alternating")
    print(
        f"  {1000 * median(times[1]):.0f} ms against {1000 * median(times[0]):.0f} ms: {median(ratios):.1f}x"
    )


if __name__ == "__main__":
    article()
    growth()
    start()
