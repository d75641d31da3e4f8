"""Do the closed form and the simulator say the same of random clusters, failure by failure?

    python benchmarks/forecast_agreement.py [--first SEED] [--clusters N] [--failures N] [--show]

Each cluster is laid out from its files alone; of all its failures some are drawn, each is simulated at two
phases, and every address is compared: the same holders in the end (or one of the ends, where a toss decides),
and the same time out up to 20 ms. What the closed form does not judge is counted apart, by its reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import Failure, failures_of
from vrrplab.forecast.outcomes import Fate
from vrrplab.forecast.simulated import Simulated
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.nodes import read_nodes
from vrrplab.scenario.random_clusters import Dice, random_configs

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from figures import arguments  # noqa: E402


class Difference(NamedTuple):
    """``wanted``: the fates that the closed form has at the phases of the run; ``got``: that of the run."""

    seed: int
    failure: Failure
    address: str
    wanted: tuple[Fate, ...]
    got: Fate


class Agreement(NamedTuple):
    """What was found of one cluster."""

    compared: int
    by_cache: int
    unjudged: Counter[str]
    differences: list[Difference]


def agreement(seed: int, most_failures: int = 6) -> Agreement:
    """Of the cluster of a seed. ``unjudged``: addresses, one for each failure."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in random_configs(seed).items():
            paths.append(Path(folder) / f"{name}.conf")
            paths[-1].write_text(text, encoding="utf-8")
        scenario = scenario_of_nodes(read_nodes(paths))
    closed = ClosedForm(scenario)
    simulated = Simulated(closed, 2)
    every = [f for name, server in scenario.servers.items() for f in failures_of(name, server.node)]
    dice = Dice(seed)
    chosen = [every.pop(dice.whole(0, len(every) - 1)) for _ in range(min(most_failures, len(every)))]
    compared, by_cache, found = 0, 0, []
    unjudged: Counter[str] = Counter()
    for failure in chosen:
        outcomes = closed.outcomes((failure,))
        doubts = closed.unjudged((failure,))
        unjudged += Counter(doubts[address] for address in simulated.addresses if address in doubts)
        lasts_us = closed.lasts_us((failure,), outcomes.values())
        if not any(address in outcomes for address in simulated.addresses):
            continue
        for trace, at_us, phases in simulated.runs((failure,), lasts_us):
            wanted: dict[str, list[Fate]] = {}
            for address, fate in closed.fates((failure,), phases):
                if isinstance(fate, str):
                    unjudged[fate] += address not in doubts
                    doubts.setdefault(address, fate)
                else:
                    wanted.setdefault(address, []).append(fate)
            for address in [a for a in simulated.addresses if a not in doubts]:
                got = simulated.fate(trace, address, (failure,), at_us)
                compared += 1
                by_cache += any(one.by_cache for one in wanted.get(address, ()))
                if not any(one.is_like(got) for one in wanted.get(address, ())):
                    found.append(Difference(seed, failure, address, tuple(wanted.get(address, ())), got))
    return Agreement(compared, by_cache, unjudged, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--failures", type=int, default=6)
    parser.add_argument("--show", action="store_true")
    args = arguments(parser, clusters=5)
    counts: Counter[str] = Counter()
    unjudged: Counter[str] = Counter()
    began_s = time.process_time()
    for seed in range(args.first, args.first + args.clusters):
        one = agreement(seed, args.failures)
        counts["compared"] += one.compared
        unjudged += one.unjudged
        counts["of these by caches"] += one.by_cache
        counts["differ"] += len(one.differences)
        counts["clusters that differ"] += bool(one.differences)
        for found in one.differences if args.show else one.differences[:1]:
            print(found.seed, found.failure.node, found.failure.words, found.address, found.got)
            for wanted in dict.fromkeys(found.wanted):
                print("      not", wanted)
    print(f"{args.clusters} clusters from seed {args.first}: {dict(counts)}")
    for why, count in unjudged.most_common():
        print(f"{count:5} addresses not judged: {why}")
    print(f"{time.process_time() - began_s:.1f} s of CPU")


if __name__ == "__main__":
    main()
