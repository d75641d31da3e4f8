"""Coverage-guided fuzzing with atheris: ``python fuzz/run.py frame --runs 1000000``.

Several targets run beside each other, as many at a time as there are processors; of each a line says how
many inputs it took and how many edges of the code they reached. An input that makes a target fail is written
to the current folder as ``TARGET-crash-…``; put it into ``fuzz/corpus/TARGET/`` under a telling name once the
bug is mended. Needs atheris (``fuzz/requirements.txt``), which is no dependency of vrrplab.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fuzz")]

from inputs import LONGEST, TARGET_NAMES, mutator, seeds  # noqa: E402

SLOW_S = 4.0  # of the processor's time; no reader needs a tenth of that for so short an input
STUCK_S = 60  # of anybody's time, on a machine where others work too
MOST_MB = 600

# libFuzzer's talk: what it has found, what it runs with, its statistics at the end.
_PROGRESS = re.compile(r"#\d+\s+[A-Z]\w*\s+cov: (\d+)")
_COUNT = re.compile(r"stat::number_of_executed_units: (\d+)")
_NOISE = re.compile(r"#|INFO: |WARNING: Failed to find function|stat::|Done \d+ runs|\"|\s*$")


def main() -> None:
    """Fuzz until the runs or the time are over; exit code 1 when something broke."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", nargs="*", choices=(*TARGET_NAMES, []), help="default: each of them")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="stop after this time; 0: only after the runs")
    parser.add_argument("--seed", type=int, default=0, help="the same again; 0: another each time")
    parser.add_argument("--max-len", type=int, default=0, help="bytes of an input; short ones run faster")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time")
    parser.add_argument("--corpus", type=Path, help="folder for what reaches new code, one below it a target")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.alone:
        fuzz(args.target[0], args)
        return
    with ThreadPoolExecutor(args.jobs or 1) as pool:
        broken = [name for name in pool.map(told, args.target or TARGET_NAMES) if name]
    sys.exit(1 if broken else 0)


def told(target: str) -> str:
    """Runs one target in a process of its own and tells of it; its name if it broke."""
    begun, executions, edges, said = time.monotonic(), 0, 0, []
    words = [word for word in sys.argv[1:] if word not in TARGET_NAMES]
    command = [sys.executable, str(Path(__file__).resolve()), "--alone", target, *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _PROGRESS.match(line):
                edges = max(edges, int(found[1]))
            elif found := _COUNT.match(line):
                executions = int(found[1])
            if not _NOISE.match(line):
                said.append(line)
    took_s = max(time.monotonic() - begun, 1)
    result = f"FAILED, exit code {process.returncode}" if process.returncode else "nothing found"
    head = f"{target:9}  {executions:9,} inputs in {took_s:4.0f} s, {executions / took_s:5.0f} a second"
    print("".join(said) + f"{head}; {edges:5,} edges; {result}", flush=True)
    return target if process.returncode else ""


def fuzz(target: str, args: argparse.Namespace) -> None:
    """One target, here; libFuzzer ends the process."""
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("fuzz/run.py needs atheris: make fuzz")
    starts = seeds(target)
    with atheris.instrument_imports(include=["vrrplab"]):
        from targets import TARGETS

        for seed in starts:  # what readers import when they first need it shall be watched too
            with suppress(AssertionError):  # it says so on standard error, which no reader may write to
                TARGETS[target](seed)
    warnings.simplefilter("error")  # of Python: somebody would see it, in several lines
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(starts):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        options = [f"-runs={args.runs}", f"-seed={args.seed}", f"-max_len={args.max_len or LONGEST[target]}"]
        options += [f"-timeout={STUCK_S}", f"-rss_limit_mb={MOST_MB}", "-print_final_stats=1"]
        options.append(f"-artifact_prefix={target}-")
        if args.seconds:
            options.append(f"-max_total_time={args.seconds}")
        folders = [folder]
        if args.corpus:
            (args.corpus / target).mkdir(parents=True, exist_ok=True)
            folders.insert(0, str(args.corpus / target))
        change = mutator(target, starts)
        more = {"custom_mutator": change} if change else {}
        atheris.Setup([sys.argv[0], *options, *folders], partial(quickly, TARGETS[target]), **more)
        atheris.Fuzz()


def quickly(target, data: bytes) -> None:  # type: ignore[no-untyped-def]
    """The target; that it takes long is a failure too."""
    begun = time.process_time()
    target(data)
    took_s = time.process_time() - begun
    assert took_s < SLOW_S, f"one input of {len(data)} bytes took {took_s:.1f} s"


if __name__ == "__main__":
    main()
