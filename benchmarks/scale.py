"""What many servers, and many virtual routers, cost: each in a process of its own, CPU time and peak memory.

    python benchmarks/scale.py [--quick]

* a hundred equal servers that start in the same microsecond, ten seconds of it, whole trace in memory: which
  of them is MASTER is drawn; owners, who are MASTER at once, each; and a hundred who are all MASTER because
  multicast was lost for six seconds
* a thousand servers in one virtual router against ten: CPU time of a simulated second, after the start
* 4,096 virtual routers on two servers: CPU time of an event (an advert that is sent, or received)

In the last two every step is taken: ``World.advance`` never leaps over what repeats, only ``play`` does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from figures import arguments, at_most, line, machine  # noqa: E402
from simulation import cluster  # noqa: E402

from vrrplab.scenario.model import Scenario  # noqa: E402
from vrrplab.sim.play import run  # noqa: E402
from vrrplab.sim.world import World  # noqa: E402
from vrrplab.units import SECOND_US  # noqa: E402

STORMS = ("100 equal servers, 10 s", "  100 owners", "  100 MASTERs that hear each other again")
SETTLED_S = 12  # then the start is over, and this many seconds more are measured:
STEADY: dict[str, tuple[int, int, int]] = {  # servers, VRIDs, seconds
    "10 servers": (10, 1, 1000),
    "1000 servers": (1000, 1, 20),
    "4096 VRIDs": (2, 4096, 10),
}


def equal(servers: int, seconds: int, **values: Any) -> Scenario:
    """So many servers with the same instance, all started at 0."""
    scenario = cluster(servers, 1, seconds)
    same = {}
    for name, server in scenario.servers.items():
        instances = tuple(replace(one, **{"base_priority": 100} | values) for one in server.node.instances)
        same[name] = replace(server, node=replace(server.node, instances=instances))
    return scenario.changed(servers=same)


def reunited(servers: int, seconds: int, after_s: int) -> Scenario:
    """Equal servers that hear each other only then."""
    fault = {"at_s": 0, "action": "segment_fault", "segment": "lan0", "multicast": False}
    heal = {"at_s": after_s, "action": "segment_heal", "segment": "lan0"}
    return equal(servers, seconds).with_actions([fault, heal])


JOBS: dict[str, Callable[[], Scenario]] = {
    STORMS[0]: partial(equal, 100, 10),
    STORMS[1]: partial(equal, 100, 10, state="MASTER", base_priority=255),
    STORMS[2]: partial(reunited, 100, 10, 6),
}


def measured(job: str) -> dict[str, float]:
    """CPU seconds, peak MB, and of a steady run how many adverts came or went, in a fresh process."""
    command = [sys.executable, __file__, "--job", job]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout))


def do(job: str) -> None:
    if job in JOBS:
        scenario = JOBS[job]()
        begun_s = time.process_time()
        run(scenario)
        told: dict[str, float] = {"cpu_s": time.process_time() - begun_s}
    else:
        servers, vrids, seconds = STEADY[job]
        world = World(cluster(servers, vrids, SETTLED_S + seconds), leap=False)
        world.begin()
        world.advance(SETTLED_S * SECOND_US)
        begun_s = time.process_time()
        world.advance(world.scenario.duration_us)
        told = {"cpu_s": time.process_time() - begun_s}
    told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if job in STEADY:
        adverts = (e for e in world.finish() if e.event in ("advert_sent", "advert_received"))
        told["adverts"] = sum(e.t_us > SETTLED_S * SECOND_US for e in adverts)
    print(json.dumps(told))


def main() -> int:
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--job", choices=[*JOBS, *STEADY], help=argparse.SUPPRESS)
    args = arguments(parser, rounds=1)
    if args.job:
        do(args.job)
        return 0
    rounds = [{job: measured(job) for job in (*JOBS, *STEADY)} for _ in range(args.rounds)]
    print(f"{machine()}; {len(rounds)} rounds, CPU time, median [range]")

    def a_second(one: dict[str, dict[str, float]], name: str) -> float:
        return one[name]["cpu_s"] / STEADY[name][2]

    told = (
        *((storm, [one[storm]["cpu_s"] for one in rounds], " s", at_most(4)) for storm in STORMS),
        (
            "  the most memory in any of them",
            [max(one[storm]["mb"] for storm in STORMS) for one in rounds],
            " MB",
            at_most(150),
        ),
        *(
            (
                f"{n} servers, one VRID, a simulated second",
                [1e3 * a_second(one, f"{n} servers") for one in rounds],
                " ms",
                None,
            )
            for n in (10, 1000)
        ),
        (
            "1000 servers against 10",
            [a_second(one, "1000 servers") / a_second(one, "10 servers") for one in rounds],
            "x",
            at_most(20),
        ),
        (
            "4,096 VRIDs on a pair, an event",
            [1e6 * one["4096 VRIDs"]["cpu_s"] / one["4096 VRIDs"]["adverts"] for one in rounds],
            " us",
            at_most(15),
        ),
        ("  the most memory in it", [one["4096 VRIDs"]["mb"] for one in rounds], " MB", None),
    )
    missed = 0
    for what, values, unit, wanted in told:
        print(line(what, values, unit, wanted))
        missed += wanted is not None and not wanted.reached(median(values))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
