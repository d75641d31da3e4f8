"""``vrrplab lab compare``: random clusters, or one scenario, on the real daemon and in the simulator."""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from vrrplab.errors import LiveError, OutputError, VrrplabError
from vrrplab.lab.comparison import DIFFERS, EITHER, NOISE, Benches, Comparison, judge, shrink
from vrrplab.lab.server import keepalived_version
from vrrplab.machine.profiles import nearest_profile
from vrrplab.output.files import replaced_text
from vrrplab.output.progress import Progress
from vrrplab.scenario.random_clusters import random_plain, scenario_of
from vrrplab.scenario.reader import load_scenario
from vrrplab.work import processors


def run(args: argparse.Namespace) -> int:
    if args.random is not None and args.random < 1:
        raise VrrplabError(f"--random {args.random}: at least one cluster")
    jobs = args.jobs if args.jobs is not None else processors()
    if jobs < 1:
        raise VrrplabError(f"--jobs {args.jobs}: at least one")
    with Benches(args.rootless or None) as benches:
        if args.case:
            return _case(benches, args)
        return _random(benches, args, jobs)


def _case(benches: Benches, args: argparse.Namespace) -> int:
    scenario = load_scenario(args.case, run_refused=True)
    with Progress("compare") as progress, progress.ticking(scenario.duration_us / 1e6, "on the real daemon"):
        found = judge(benches, scenario, _free(os.path.join(args.out, scenario.name)))
    print(found)
    print(f"The recording is in {found.folder}")
    return 0 if found.verdict != DIFFERS else 1


def _random(benches: Benches, args: argparse.Namespace, jobs: int) -> int:
    version = keepalived_version()
    profile = nearest_profile(version).name
    seeds = range(args.seed, args.seed + args.random)
    print(f"keepalived {version or 'of unknown version'} beside {profile}, {jobs} at a time")
    print(f"{'seed':>6}  {'verdict':8} {'states':7} {'packets':7} {'log lines':>9}  what is in it")
    done: list[Comparison] = []
    broken: list[str] = []
    progress = Progress("compare")
    pool = ThreadPoolExecutor(jobs)
    tasks: dict[Future[Comparison], int] = {}
    try:
        tasks = {pool.submit(_one, benches, seed, profile, args): seed for seed in seeds}
        waiting = set(tasks)
        while waiting:
            ready, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            for task in sorted(ready, key=tasks.__getitem__):
                try:
                    done.append(task.result())
                    _row(progress, tasks[task], done[-1])
                except (LiveError, OutputError) as error:  # one that cannot be kept does not end the others
                    broken.append(str(error))
                    why = "could not be run" if isinstance(error, LiveError) else "could not be kept"
                    progress.line(f"{tasks[task]:6}  {why}: {error}")
            ended = len(done) + len(broken)
            progress.at(ended / len(seeds), f"{ended} of {len(seeds)}")
    except KeyboardInterrupt:
        benches.stop()
        progress.close()
        _summary(done, len(seeds))
        raise
    finally:
        progress.close()
        pool.shutdown(wait=True, cancel_futures=True)
    _summary(done, len(seeds))
    if args.save:
        _save(args.save, version, profile, done)
    return 0 if all(one.verdict != DIFFERS for one in done) and not broken else 1


def _one(benches: Benches, seed: int, profile: str, args: argparse.Namespace) -> Comparison:
    plain = random_plain(seed, profile)
    whole = _free(os.path.join(args.out, f"seed-{seed}-whole"))
    found = judge(benches, scenario_of(plain), whole)
    if found.verdict != DIFFERS:
        _remove(whole)
        found.folder = ""
        return found
    if args.shrink:
        smaller = shrink(benches, found, plain, _free(os.path.join(args.out, f"seed-{seed}")), args.shrink)
        found.smallest, found.folder = smaller.smallest, smaller.folder
        if smaller is not found:
            found.contents += f"\n        smallest: {smaller.contents}"
            found.contents += f"\n        there: {smaller.first_difference}"
    return found


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    if os.path.isdir(os.path.dirname(folder)) and not os.listdir(os.path.dirname(folder)):
        os.rmdir(os.path.dirname(folder))


def _free(folder: str) -> str:
    """A folder that is not there yet: a recording is never overwritten."""
    number, found = 2, folder
    while os.path.exists(found):
        found, number = f"{folder}-{number}", number + 1
    return found


def _row(progress: Progress, seed: int, found: Comparison) -> None:
    result = found.result
    states = "same" if not result.problems else "differ"
    packets = "same" if not result.packet_problems else "differ"
    head = f"{seed:6}  {found.verdict:8} {states:7} {packets:7} {100 * result.lines.share:7.1f} %  "
    progress.line(head + found.contents)
    if found.first_difference:
        progress.line(f"        {found.first_difference}")
    if found.folder:
        progress.line(f"        kept: {found.folder}")


def _save(path: str, version: str, profile: str, done: list[Comparison]) -> None:
    """What tools/truth_page.py reads."""
    clusters = [
        {
            "name": one.name,
            "verdict": one.verdict,
            "states": not one.result.problems,
            "packets": not one.result.packet_problems,
            "agrees": one.agrees,
            "runs": one.runs,
            "lines": [one.result.lines.said, one.result.lines.counted],
            "contents": one.contents.partition("\n")[0],
            "difference": one.first_difference,
        }
        for one in sorted(done, key=lambda one: int(one.name.rpartition("-")[2]))
    ]
    with replaced_text(path) as file:
        json.dump({"keepalived": version, "profile": profile, "clusters": clusters}, file, indent=1)
        file.write("\n")


def _summary(done: list[Comparison], wanted: int) -> None:
    """One sentence with the shares."""
    if not done:
        print("nothing was compared")
        return
    agree = [one for one in done if one.agrees]
    states = sum(not one.result.problems for one in done)
    packets = sum(not one.result.packet_problems for one in done)
    said = sum(one.result.lines.said for one in agree)
    counted = sum(one.result.lines.counted for one in agree)
    lines = 100 * said / counted if counted else 100.0
    verdicts = [one.verdict for one in done]
    more = f"; not run: {wanted - len(done)}" if wanted > len(done) else ""
    print(
        f"{len(done)} clusters: states and owners agree in {100 * states / len(done):.1f} %,"
        f" packets in {100 * packets / len(done):.1f} %, {lines:.1f} % of log lines where both do;"
        f" {verdicts.count(DIFFERS)} differ, {verdicts.count(EITHER)} either,"
        f" {verdicts.count(NOISE)} only once{more}"
    )
