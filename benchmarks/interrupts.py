"""Ctrl-C at random moments: does a command end within a second, without a traceback, with nothing left?

    python benchmarks/interrupts.py [simulate decode verify drill] [--moments 100] [--seed 0] [--signal TERM]

Each trial starts a command in a folder of its own, waits until vrrplab's code runs (it has taken SIGTERM
over; before that it is Python that starts), and signals it at a random moment of the time that it takes when
it is let alone, and a little after. Half of the trials signal twice. Looked at are the exit code, the time it
takes to end (but for waiting until others leave it a processor), what it says, and what it leaves: files and
processes (of a lab, which its own first process takes down, after some seconds). A network namespace is there
as long as a process is in it.
``drill`` needs root or user namespaces, and takes minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from figures import arguments  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
IN_TIME_S = 1.0
GONE_S = 15.0  # the lab's daemons say goodbye
MARK = "VRRPLAB_INTERRUPT_TRIAL"
OLD = "what was there before\n"

# What is interrupted, in turn; the words of files that are written are in the trial's own folder.
LONG = ["simulate", "article-steady", "--until"]
COMMANDS = {
    "simulate": [
        ["simulate"],
        [*LONG, "400", "--format", "story"],
        [*LONG, "300", "--out", "old.jsonl"],
        [*LONG, "200", "--pcap", "old.pcap", "--out", "new.json"],
        ["simulate", "article-drill-3-squid", "--html", "old.html", "--out", "new.txt"],
        ["simulate", "article-drill-1-lan-nic", "--plot", "old.svg"],
        ["simulate", "article-drill-1-lan-nic", "--plot", "new.png", "--check"],
    ],
    "decode": [
        ["decode", "capture.pcap"],
        ["decode", "capture.pcap", "--format", "jsonl"],
        ["decode", "capture.pcap", "--explain"],
        ["decode", "capture.pcap", "--timeline"],
        ["decode", "capture.pcap", "--timeline", "--plot", "old.svg"],
    ],
    "verify": [
        ["verify", "article_drill1_cable", "article_drill3_flag", "many_vips_20"],
        ["verify"],
        ["verify", "article_drill1_cable", "--verbose"],
        ["verify", "article_drill1_cable", "--plot", "old.png"],
    ],
    "drill": [["lab", "drill", "lan-nic"], ["lab", "drill", "stop", "--record", "kept"]],
}
LIMIT_S = 6.0  # of the time in which moments are drawn: `verify` takes longer, all of it alike


@dataclass
class Trial:
    words: list[str]
    at_s: float
    twice: bool
    code: int = 0
    took_s: float = 0.0
    early: bool = False  # it had ended by itself
    wrong: str = ""


def environment(mark: str) -> dict[str, str]:
    """As a user has it: output is kept back, byte code is there."""
    plain = {k: v for k, v in os.environ.items() if k not in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")}
    return {**plain, "PYTHONPATH": str(ROOT), MARK: mark, "MPLBACKEND": "agg"}


def start(words: list[str], folder: Path, mark: str) -> subprocess.Popen[bytes]:
    """The command, at the moment at which vrrplab's code has begun."""
    with (folder / "said").open("wb") as said, (folder / "complained").open("wb") as complained:
        process = subprocess.Popen(
            [sys.executable, "-m", "vrrplab", *words],
            cwd=folder / "here",
            env={**environment(mark), "TMPDIR": str(folder / "tmp"), "XDG_RUNTIME_DIR": str(folder / "tmp")},
            stdout=said,
            stderr=complained,
            stdin=subprocess.DEVNULL,
        )
    while process.poll() is None and not catches(process.pid, signal.SIGTERM):
        pass
    return process


def catches(pid: int, number: int) -> bool:
    """Has the process a handler of its own for that signal? (proc(5), SigCgt)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask >> (number - 1) & 1)


def cpu_wait_s(pid: int) -> float:
    """How long a process has been kept from running by others: a busy machine is not its fault."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def lay_out(folder: Path, capture: bytes) -> None:
    here = folder / "here"
    here.mkdir()
    (folder / "tmp").mkdir()
    (here / "capture.pcap").write_bytes(capture)
    for ending in ("jsonl", "pcap", "html", "svg", "png"):
        (here / f"old.{ending}").write_text(OLD)


def left_over(folder: Path, mark: str) -> Iterator[str]:
    """What is there and was not before, or is half written."""
    for path in sorted(p for place in ("here", "tmp") for p in (folder / place).rglob("*")):
        if path.name == "capture.pcap" or path.is_dir():
            continue
        if path.name.startswith("old."):
            if path.read_bytes() != OLD.encode() and not whole(path):
                yield f"{path.name} is half written"
        elif not (path.name.startswith("new.") and whole(path)) and "kept" not in path.parts:
            yield f"{path.relative_to(folder)} is left"
    for pid in marked(mark):
        yield f"process {pid} is left"


def whole(path: Path) -> bool:
    """Does a file end as one that was written to its end does?"""
    data = path.read_bytes()
    ends = {".html": b"</html>\n", ".svg": b"</svg>\n", ".json": b"\n", ".jsonl": b"}\n", ".txt": b"\n"}
    if path.suffix == ".png":
        return b"IEND" in data[-12:]
    return bool(data) and data.endswith(ends.get(path.suffix, b""))


def marked(mark: str) -> list[int]:
    """Processes that were started by this trial, children of children too."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            pass
    return found


def attempt(
    words: list[str], at_s: float, twice: bool, number: int, capture: bytes, draw: random.Random
) -> Trial:
    trial = Trial(words, at_s, twice)
    mark = f"{os.getpid()}-{draw.random()}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, capture)
        process = start(words, folder, mark)
        try:
            process.wait(at_s)
            trial.early = True
            return trial
        except subprocess.TimeoutExpired:
            pass
        process.send_signal(number)
        sent_s = time.monotonic()
        if twice:
            time.sleep(draw.uniform(0, 0.05))
            process.send_signal(number)
        waited_s = starved_s = cpu_wait_s(process.pid)
        while process.poll() is None and time.monotonic() < sent_s + 30:
            starved_s = cpu_wait_s(process.pid) or starved_s
            time.sleep(0.002)
        process.kill()
        trial.code, trial.took_s = process.wait(), time.monotonic() - sent_s
        trial.took_s -= starved_s - waited_s
        said = (folder / "complained").read_text(errors="replace")
        trial.wrong = judged(trial, number, said)
        if not trial.wrong:
            end_s = time.monotonic() + (GONE_S if words[0] == "lab" else 0.2)
            while (left := [*left_over(folder, mark)]) and time.monotonic() < end_s:
                time.sleep(0.1)
            trial.wrong = "; ".join(left)
    return trial


def judged(trial: Trial, number: int, said: str) -> str:
    words = "interrupted" if number == signal.SIGINT else "ended by SIG"
    if "Traceback" in said or "Exception ignored" in said or "Error" in said:
        return f"it said: {said[-2000:]}"
    if trial.took_s > IN_TIME_S:
        return f"it took {trial.took_s:.2f} s"
    if trial.code == 0 and "vrrplab:" not in said:
        return ""  # the signal met its very last moment: all was done
    if trial.code != 128 + number:
        return f"exit code {trial.code}: {said[-500:]}"
    if said.count(f"vrrplab: {words}") != 1:
        return f"it said: {said[-500:]!r}"
    return ""


def normal_s(words: list[str], capture: bytes) -> float:
    """How long a command takes from the first line of vrrplab to its end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder, capture)
        process = start(words, folder, "alone")
        began_s = time.monotonic()
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        return time.monotonic() - began_s


def a_capture() -> bytes:
    """A minute or so of two routers, in a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.pcap"
        words = ["simulate", "article-steady", "--until", "1500", "--pcap", str(path), "--out", os.devnull]
        subprocess.run(
            [sys.executable, "-m", "vrrplab", *words],
            env=environment("capture"),
            check=True,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        return path.read_bytes()


def interrupted(command: str, moments: int, seed: int, number: int) -> list[Trial]:
    """So many trials of one command; those that had ended by themselves are tried again at another moment."""
    draw = random.Random(seed)
    capture = a_capture()
    kinds = COMMANDS[command]
    lengths: dict[int, float] = {}
    trials: list[Trial] = []
    while len(trials) < moments:
        place = len(trials) % len(kinds)
        if place not in lengths:
            lengths[place] = normal_s(kinds[place], capture)
        at_s = draw.uniform(0, 1.02 * lengths[place])
        trial = attempt(kinds[place], at_s, draw.random() < 0.5, number, capture, draw)
        if not trial.early:
            trials.append(trial)
            if trial.wrong:
                twice = ", twice" if trial.twice else ""
                print(f"  vrrplab {' '.join(trial.words)} at {at_s:.4f} s{twice}: {trial.wrong}", flush=True)
    return trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", nargs="*", default=["simulate", "decode", "verify"])
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signal", choices=("INT", "TERM", "HUP"), default="INT")
    args = arguments(parser, moments=5)
    worst = 0
    for command in args.command:
        trials = interrupted(command, args.moments, args.seed, getattr(signal, f"SIG{args.signal}"))
        wrong = sum(bool(t.wrong) for t in trials)
        times = sorted(1000 * t.took_s for t in trials)
        worst = max(worst, wrong)
        ended = f"it ended after {times[len(times) // 2]:.0f} ms (median), {times[-1]:.0f} ms at most"
        print(f"{command}: {len(trials)} moments, {wrong} wrong; {ended}", flush=True)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
