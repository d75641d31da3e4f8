"""A million drills reckoned at once, beside the same drills event by event: CPU time of each, and memory.

    python benchmarks/drills.py [--quick] [--drills N] [--runs N]

The article's three drills: both servers start in any microsecond of a second, fault and repair come at any
microsecond of three. ``--runs`` of each are simulated too, and must be the same to the microsecond in all six
columns; the rest is only counted.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from figures import arguments, at_least, at_most, line, machine  # noqa: E402

from vrrplab.scenario.reader import load_scenario  # noqa: E402
from vrrplab.sim.play import run as simulated  # noqa: E402
from vrrplab.sweeping import vectorised  # noqa: E402
from vrrplab.sweeping.plan import Plan, plan_of  # noqa: E402
from vrrplab.units import SECOND_US  # noqa: E402

DRILLS = {
    "article-drill-1-lan-nic": ("12..15", "22..25"),
    "article-drill-2-wan-nic": ("12..15", "22..25"),
    "article-drill-3-squid": ("12.2..15.2", "58..61"),
}
FASTER = at_least(10_000)
MEMORY = at_most(1000)


def plan(name: str, drills: int) -> Plan:
    scenario = load_scenario(name)
    later = scenario.changed(duration_us=scenario.duration_us + 10 * SECOND_US)
    fault, repair = DRILLS[name]
    vary = {f"{server}.start_at_s": "0..1" for server in scenario.servers}
    return plan_of(later, {**vary, "actions.1.at_s": fault, "actions.2.at_s": repair}, runs=drills)


def main() -> int:
    """0; 1: a target is missed, or a run is another one."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drills", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=200)
    args = arguments(parser, runs=20)
    print(f"{machine()}; CPU time, median [range]; {args.drills:,} drills of each kind")
    wrong = missed = 0
    for name in DRILLS:
        what = plan(name, args.drills)
        one = vectorised.drill_of(what.scenario)
        reckoned_ns: list[float] = []
        event_ns: list[float] = []
        same = compared = 0
        for round_ in range(5):
            begun_s = time.process_time()
            columns = vectorised.outcomes(what, range(args.drills))
            reckoned_ns.append(1e9 * (time.process_time() - begun_s) / args.drills)
            chosen = range(round_, args.drills, max(1, 5 * args.drills // args.runs))
            begun_s = time.process_time()
            rows = [vectorised.moments_of(one, simulated(what.made(run))) for run in chosen]
            event_ns.append(1e9 * (time.process_time() - begun_s) / len(rows))
            picked = (columns[column][list(chosen)].tolist() for column in vectorised.COLUMNS)
            equal = [a == b for a, b in zip(rows, zip(*picked, strict=True), strict=True)]
            same, compared = same + sum(equal), compared + len(equal)
        ratios = [a / b for a, b in zip(event_ns, reckoned_ns, strict=True)]
        missed += not FASTER.reached(median(ratios))
        print(line(f"{name}, reckoned", reckoned_ns, " ns"))
        print(line("  event by event", [ns / 1e6 for ns in event_ns], " ms"))
        print(line("  times as fast", ratios, "x", FASTER))
        print(f"  {'the same in all six columns':<46} {same} of {compared}")
        wrong += compared - same
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    missed += not MEMORY.reached(peak_mb)
    print(line("the most memory", [peak_mb], " MB", MEMORY))
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
