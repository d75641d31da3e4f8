"""Our engine beside itself as it was, and beside the same machine on SimPy: CPU time, alternating rounds.

    python benchmarks/yardsticks.py [--quick] [--rounds N] [--check] [--json FILE]

Candidates, each in a process of its own (``twins/candidate.py``):

* now       the engine of this checkout, whole traces kept in memory
* 9b3cbf5   the engine of that commit, taken from history, before it was made fast
* kernel    the world of that commit on SimPy's kernel: only the scheduler is another one
* interrupt, callbacks   lean twins on SimPy around the machine of that commit: no switch table, no ARP, no
            clients, no journal. A router is a process that is interrupted, or a timeout with a lazy deadline.

The article's two proxies run without clients. Before anything is measured all of them play the article's
drills and the steady run, and every change of state (time, server, instance, from, to) must be the same; of
``kernel`` the whole trace. ``--check`` does only that. ``now`` is asked there without the time that log lines
take, which the commit did not know. Needs git with the project's history, and SimPy (in the extra ``dev``).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks/twins")]

from figures import Wanted, arguments, at_least, at_most, line, machine, spread  # noqa: E402
from frozen import COMMIT, NoHistory, thaw_into  # noqa: E402

NOW = "now"
STEADY = "article-steady"
SAME = (STEADY, "article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid")
UNDELAYED = {"line_us": 0}
LOSS = 0.01

# what is run (seconds of it), and by how much ``now`` should be faster than whom
RUNS: dict[str, tuple[dict[str, Any], dict[str, Wanted]]] = {
    "600 s, 1 % loss": (
        {"seconds": 600, "loss": LOSS},
        {COMMIT: at_least(2.5), "interrupt": at_least(1.8), "callbacks": at_least(1.4)},
    ),
    "600 s, event by event": (
        {"seconds": 600, "leap": False},
        {COMMIT: at_least(2.5), "interrupt": at_least(1.8), "callbacks": at_least(1.4)},
    ),
    "600 s steady": (
        {"seconds": 600},
        {COMMIT: at_least(10), "interrupt": at_least(12), "callbacks": at_least(9)},
    ),
    "one hour steady": ({"seconds": 3600}, {COMMIT: at_least(30)}),
}
ON_DISK = "one hour, JSON lines on disk"
ON_DISK_MS = at_most(40)
VERIFY = f"verify, all recordings that {COMMIT} had"
VERIFY_FASTER = at_least(1.5)


class Missing(Exception):
    """Something that the comparison needs is not there; the text says what, and what helps."""


class Candidate:
    """A process that runs tasks; close it after use."""

    def __init__(self, name: str, tree: Path, kind: str) -> None:
        self.name = name
        self.tree = tree
        command = [sys.executable, str(ROOT / "benchmarks/twins/candidate.py"), str(tree), kind]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Candidate:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)

    def ask(self, **task: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(task), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended; what it wrote last stands above")
        return dict(json.loads(answer))


def candidates(stack: ExitStack) -> dict[str, Candidate]:
    """All of them, started; Missing if history or SimPy is not there."""
    if importlib.util.find_spec("simpy") is None:
        raise Missing("the twins need SimPy: make venv")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    try:
        then = thaw_into(folder)
    except NoHistory as missing:
        raise Missing(str(missing)) from None
    kinds = {NOW: (ROOT, "engine"), COMMIT: (then, "engine")}
    kinds |= {kind: (then, kind) for kind in ("kernel", "interrupt", "callbacks")}
    return {name: stack.enter_context(Candidate(name, *where)) for name, where in kinds.items()}


def differences(all_: dict[str, Candidate]) -> list[str]:
    """Where a candidate's run is another one than that of the commit's engine: nothing is comparable then."""
    found = []
    for scenario in SAME:
        reference = all_[COMMIT].ask(scenario=scenario, transitions=True, whole=True)
        for name, other in all_.items():
            slower = {"profile": UNDELAYED} if name == NOW else {}
            answer = other.ask(scenario=scenario, transitions=True, whole=name == "kernel", **slower)
            pairs = zip(answer["transitions"], reference["transitions"], strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), None)
            if first:
                found.append(f"{scenario}: {name} has {first[0]}, {COMMIT} has {first[1]}")
            elif len(answer["transitions"]) != len(reference["transitions"]):
                sizes = (len(answer["transitions"]), len(reference["transitions"]))
                found.append(f"{scenario}: {name} has {sizes[0]} changes of state, {COMMIT} {sizes[1]}")
            elif name == "kernel" and answer["whole"] != reference["whole"]:
                found.append(f"{scenario}: the trace of {name} is another one than that of {COMMIT}")
    return found


def measure(all_: dict[str, Candidate], rounds: int, quick: bool) -> dict[str, dict[str, list[float]]]:
    """CPU seconds of each run by each candidate, a value a round; candidates take turns in each."""
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tasks = {name: task for name, (task, _) in RUNS.items()}
        tasks[ON_DISK] = {"seconds": 3600, "file": "trace.jsonl", "folder": folder}
        for other in all_.values():
            other.ask(scenario=STEADY, seconds=60)
        for _ in range(rounds):
            for name, task in tasks.items():
                for who, other in all_.items():
                    if "file" in task and who not in (NOW, COMMIT):
                        continue  # a twin has no trace
                    if quick and task["seconds"] > 600 and who not in (NOW, COMMIT):
                        continue
                    took_s = other.ask(scenario=STEADY, **task)["cpu_s"]
                    found.setdefault(name, {}).setdefault(who, []).append(took_s)
        recordings = str(all_[COMMIT].tree / "data/recordings")
        for number in range(rounds + 1):
            for who in (NOW, COMMIT):
                took_s = all_[who].ask(verify=recordings)["cpu_s"]
                if number:  # the first one fills the caches of scenario files
                    found.setdefault(VERIFY, {}).setdefault(who, []).append(took_s)
    return found


def tell(found: dict[str, dict[str, list[float]]]) -> int:
    """Print the table; how many targets are missed."""
    missed = 0
    for run, (task, wanted) in RUNS.items():
        print(f"{run}: CPU microseconds a simulated second, and how many times as fast `{NOW}` is")
        for who, took in found[run].items():
            each = [1e6 * s / task["seconds"] for s in took]
            ratios = [a / b for a, b in zip(took, found[run][NOW], strict=True)]
            if who == NOW:
                print(f"  {who:<12}{spread(each)}")
                continue
            target = wanted.get(who)
            missed += target is not None and not target.reached(median(ratios))
            print(f"  {who:<12}{spread(each):<22}" + line("", ratios, "x", target).replace(" " * 46, "", 1))
    print(f"{ON_DISK}: CPU milliseconds")
    for who, took in found[ON_DISK].items():
        each = [1e3 * s for s in took]
        target = ON_DISK_MS if who == NOW else None
        missed += target is not None and not target.reached(median(each))
        print(line(who, each, " ms", target))
    print(f"{VERIFY}: CPU seconds, and how many times as fast `{NOW}` is")
    print(line(NOW, found[VERIFY][NOW], " s"))
    print(line(COMMIT, found[VERIFY][COMMIT], " s"))
    ratios = [a / b for a, b in zip(found[VERIFY][COMMIT], found[VERIFY][NOW], strict=True)]
    missed += not VERIFY_FASTER.reached(median(ratios))
    print(line("", ratios, "x", VERIFY_FASTER))
    return missed


def main() -> int:
    """0: all targets reached; 1: one missed, or runs that are not comparable; 2: something is not there."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--check", action="store_true", help="only whether all candidates do the same")
    parser.add_argument("--json", type=Path, help="write the CPU seconds here too")
    args = arguments(parser, rounds=3)
    with ExitStack() as stack:
        try:
            all_ = candidates(stack)
        except Missing as missing:
            print(f"yardsticks.py: {missing}", file=sys.stderr)
            return 2
        different = differences(all_)
        for text in different:
            print(f"yardsticks.py: {text}", file=sys.stderr)
        if different or args.check:
            return 1 if different else 0
        print(f"{machine()}; {args.rounds} alternating rounds, CPU time, median [range]")
        found = measure(all_, args.rounds, args.quick)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if tell(found) else 0


if __name__ == "__main__":
    sys.exit(main())
