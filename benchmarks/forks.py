"""What a fork of a running world costs, and putting it back in place, beside a run to the same moment.

    python benchmarks/forks.py [--quick]

CPU milliseconds, medians and ranges of alternating rounds: the article's world, 10 and 100 servers, at 12 s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from figures import at_most, line  # noqa: E402

from vrrplab.scenario.model import Scenario  # noqa: E402
from vrrplab.scenario.reader import load_scenario, scenario_from_text  # noqa: E402
from vrrplab.sim.rewind import Rewinder  # noqa: E402
from vrrplab.sim.world import World  # noqa: E402
from vrrplab.units import SECOND_US  # noqa: E402

ROUNDS = 6 if "--quick" in sys.argv[1:] else 60
FORK_MS = at_most(0.3)  # of the article's world


def many(servers: int) -> Scenario:
    """So many routers of falling priority on one LAN, each started a bit later."""
    text = "name: many\nduration_s: 20\nsegments: {lan: {subnet: 10.0.0.0/16}}\nservers:\n"
    for n in range(servers):
        text += f"""
  r{n}:
    start_at_s: {n / 1000}
    interfaces: {{eth0: {{segment: lan, addresses: [10.0.{n // 200}.{n % 200 + 1}/16]}}}}
    config: |
      vrrp_instance V {{
      interface eth0
      virtual_router_id 51
      priority {max(1, 254 - n)}
      virtual_ipaddress {{
      10.0.250.1/16
      }}
      }}
"""
    return scenario_from_text(text)


def begun(scenario: Scenario) -> World:
    world = World(scenario)
    world.begin()
    world.advance(12 * SECOND_US)
    return world


def compared(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU microseconds of each, in turn."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun_ns = time.process_time_ns()
            job()
            taken[name].append((time.process_time_ns() - begun_ns) / 1000)
    return taken


def main() -> None:
    article = load_scenario("article-drill-1-lan-nic")
    for title, scenario, rounds in (
        ("article", article, ROUNDS),
        ("10 servers", many(10), ROUNDS),
        ("100 servers", many(100), 5),
    ):
        world = begun(scenario)
        snapshot = world.snapshot()
        rewinder = Rewinder(world)
        rewinder.keep()
        jobs: dict[str, Callable[[], object]] = {
            "snapshot": world.snapshot,
            "thaw": snapshot.thaw,
            "fork": world.fork,
            "keep": rewinder.keep,
            "back": rewinder.back,
            "a run to there": lambda scenario=scenario: begun(scenario),
        }
        print(f"{title} at 12 s: a snapshot has {snapshot.size} bytes")
        for name, taken in compared(jobs, rounds).items():
            wanted = FORK_MS if scenario is article and name == "fork" else None
            print(line(name, [us / 1000 for us in taken], " ms", wanted), flush=True)


if __name__ == "__main__":
    main()
