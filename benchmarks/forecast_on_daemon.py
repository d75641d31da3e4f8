"""Does the real daemon do what ``config predict`` says? Clusters' failures in namespaces, seen by a client.

    python benchmarks/forecast_on_daemon.py FOLDER [--failures N] [--only NAME] [--jobs J] [--save FILE]

FOLDER has a folder for each cluster, with its keepalived.conf files. Of each some failures are carried out,
of as many kinds as there are; a client on the network asks every address each 10 ms, and what it was without
an answer must lie in the row of the forecast, widened by 0.15 s, with one of its ends. A run that does not is
tried twice again, as other work on the machine makes daemons late. Needs what ``vrrplab lab compare`` needs.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from vrrplab.errors import LiveError, VrrplabError
from vrrplab.forecast.closed_form import ClosedForm
from vrrplab.forecast.failures import PROCESS, Failure, failures_of
from vrrplab.forecast.outcomes import Fate, Outcome
from vrrplab.forecast.simulated import Simulated
from vrrplab.lab.bench import complaints
from vrrplab.lab.comparison import Benches
from vrrplab.recording.reader import read_recording
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.node_files import node_files
from vrrplab.scenario.nodes import nodes_from
from vrrplab.units import SECOND_US, Micros, micros, seconds

WIDER_US: Micros = 150_000
TRIES = 3


@dataclass(slots=True)
class Measured:
    """One failure on the real daemon: what became of each address, and what is not as it was foretold."""

    cluster: str
    failure: str
    told: dict[str, Outcome]
    found: dict[str, Fate]
    wrong: list[str]
    tries: int = 1

    def line(self) -> str:
        """For a table: the address that was out longest."""
        address = max(self.found, key=lambda a: _long(self.found[a]))
        told, fate = self.told[address], self.found[address]
        ranges = f"{_shown(told.out.best_us)}-{_shown(told.out.worst_us)}"
        verdict = "; ".join(self.wrong) or ("ok" if self.tries == 1 else f"ok, try {self.tries}")
        ends = " or ".join("+".join(end) or "nobody" for end in told.ends)
        holders = "+".join(fate.holders) or "nobody"
        return f"{self.failure:34} {ranges:13} {ends:10} {_shown(fate.out_us):6} {holders:8} {verdict}"


def chosen(scenario: Scenario, closed: ClosedForm, first: int) -> Iterator[Failure]:
    """So many failures of a cluster, each of another kind while there are some: two of those that clients
    notice, then one that moves something unnoticed. ``first``: with which kind to begin.
    """
    by_kind: list[dict[str, list[Failure]]] = [{}, {}, {}]
    for name, server in scenario.servers.items():
        for failure in failures_of(name, server.node):
            if failure.kind == PROCESS:
                continue  # the lab's daemons do not hear of processes
            if closed.unjudged((failure,)):
                continue
            outcomes = closed.outcomes((failure,)).values()
            noticed = any(o.out.worst_us != 0 for o in outcomes)
            sort = 0 if noticed else 1 if any(o.moved for o in outcomes) else 2
            by_kind[sort].setdefault(failure.kind, []).append(failure)
    noticed_first, unnoticed, calm = (_turned(kinds, first) for kinds in by_kind)
    while noticed_first or unnoticed:
        yield from noticed_first[:2]
        yield from unnoticed[:1]
        noticed_first, unnoticed = noticed_first[2:], unnoticed[1:]
    yield from calm


def _turned(kinds: dict[str, list[Failure]], first: int) -> list[Failure]:
    """One of each kind, then the second of each …"""
    rows = list(kinds.values())
    rows = rows[first % len(rows) :] + rows[: first % len(rows)] if rows else []
    return [row[n] for n in range(max(map(len, rows), default=0)) for row in rows if n < len(row)]


def measured(benches: Benches, cluster: str, closed: ClosedForm, failure: Failure, number: int) -> Measured:
    """Carry a failure out, up to three times until it is as foretold."""
    failures = (failure,)
    told = {
        a: o for a, o in closed.outcomes(failures).items() if a in Simulated(closed, whole=True).addresses
    }
    lasts_us = closed.lasts_us(failures, told.values())
    simulated = Simulated(closed, TRIES, whole=True)
    scenarios = [scenario for scenario, _, _ in simulated.scenarios(failures, lasts_us)]
    result = Measured(cluster, failure.line, told, {}, ["not run"])
    for tries in range(1, TRIES + 1):
        scenario = scenarios[(number + tries) % TRIES]  # at another phase
        with benches.recording(scenario) as folder:
            trace = read_recording(folder)
            with open(os.path.join(folder, "observed.json"), encoding="utf-8") as file:
                at_us = micros(json.load(file)["actions_per_run"][0][-1]["t"])
        found = {address: simulated.fate(trace, address, failures, at_us) for address in told}
        result = Measured(cluster, failure.line, told, found, list(_wrong(told, found)), tries)
        if not result.wrong:
            break
    return result


def _wrong(told: dict[str, Outcome], found: dict[str, Fate]) -> Iterator[str]:
    for address, fate in found.items():
        outcome = told[address]
        if fate.holders not in outcome.ends:
            yield f"{address} with {'+'.join(fate.holders) or 'nobody'}"
        elif not outcome.by_cache and not outcome.out.covers(fate.out_us, WIDER_US):
            yield f"{address} out {_shown(fate.out_us)} s"
        elif outcome.split and not (fate.split_us and outcome.split.covers(fate.split_us, WIDER_US)):
            yield f"{address} twice after {_shown(fate.split_us)} s"


def _long(fate: Fate) -> float:
    return float("inf") if fate.out_us is None else fate.out_us


def _shown(time_us: Micros | None) -> str:
    return "ever" if time_us is None else f"{seconds(time_us):.2f}"


def clusters(folder: str) -> Iterator[tuple[str, ClosedForm]]:
    """Those of a folder that the lab can build and that have an address; the others with a line why not."""
    for name in sorted(os.listdir(folder)):
        place = os.path.join(folder, name)
        if not os.path.isdir(place):
            continue
        try:
            scenario = scenario_of_nodes(nodes_from(node_files([place])))
            if why := complaints(scenario):
                raise LiveError(why)
            closed = ClosedForm(scenario)
            if not Simulated(closed, whole=True).addresses:
                raise LiveError("no virtual address that somebody could ask")
        except VrrplabError as error:
            print(f"{name}: left out: {str(error).replace(f'{place}/', '')}")
            continue
        yield name, closed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--failures", type=int, default=3, help="of each cluster (default 3)")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side (default 2)")
    parser.add_argument("--only", default="", help="clusters with this in their name")
    parser.add_argument("--save", default="", help="the results as JSON")
    parser.add_argument("--quick", action="store_true", help="one failure of each cluster")
    args = parser.parse_args(arguments)
    if args.quick:
        args.failures = 1
    saved: list[dict[str, Any]] = []
    bad = unrun = 0
    with Benches() as benches, ThreadPoolExecutor(args.jobs) as pool:
        tasks = []
        for place, (name, closed) in enumerate(clusters(args.folder)):
            if args.only in name:
                for n, failure in enumerate(
                    islice(chosen(closed.scenario, closed, 2 * place), args.failures)
                ):
                    tasks.append((name, failure, pool.submit(measured, benches, name, closed, failure, n)))
        for name, failure, task in tasks:
            try:
                result = task.result()
            except VrrplabError as error:
                print(f"{name:22.22} {failure.line:34} not run: {error}", flush=True)
                unrun += 1
                continue
            bad += bool(result.wrong)
            print(f"{name:22.22} {result.line()}", flush=True)
            saved.append(
                {
                    "cluster": name,
                    "failure": failure.line,
                    "told_s": {a: [_s(o.out.best_us), _s(o.out.worst_us)] for a, o in result.told.items()},
                    "out_s": {a: _s(f.out_us) for a, f in result.found.items()},
                    "wrong": result.wrong,
                    "tries": result.tries,
                }
            )
    print(f"{len(saved)} failures of {len({s['cluster'] for s in saved})} clusters: {bad} not as foretold,")
    print(f"{sum(s['tries'] > 1 for s in saved)} needed more than one try, {unrun} could not be run")
    if args.save:
        with open(args.save, "w", encoding="utf-8") as file:
            json.dump(saved, file, indent=1)
    return 1 if bad or unrun else 0


def _s(time_us: Micros | None) -> float | None:
    return None if time_us is None else time_us / SECOND_US


if __name__ == "__main__":
    raise SystemExit(main())
