"""``sweep``: what it says, what it writes, and what is left of it when something goes wrong."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]
SHORT = ("sweep", "lesson-two-routers", "--vary", "loss=0,0.1", "--vary", "r1.start=0..1")


def test_a_sweep_in_80_columns(vrrplab: Command, tmp_path: Path) -> None:
    done = vrrplab("sweep", "power-off", "--vary", "advert_int=1,2", "--runs", "4", "--out", "a.csv")
    assert done.returncode == 0
    assert done.stderr.startswith("sweep: 2 combinations × 4 runs = 8 runs, about ")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["power-off: 8 runs, seed 0", "varied: advert_int = 1, 2"]
    assert all(len(line) <= 80 for line in lines)
    assert any(line.split()[:4] == ["1", "4", "0", "2.660"] for line in lines)
    assert any(line.split()[:4] == ["2", "4", "0", "4.660"] for line in lines)
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 9


def test_fewer_runs_than_are_there_are_no_mistake(vrrplab: Command, tmp_path: Path) -> None:
    for runs in ("3", "1", "1", "4"):
        done = vrrplab("sweep", "lesson-two-routers", "--runs", runs, "--out", "a.csv")
        assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 5
    assert json.loads((tmp_path / "a.csv.json").read_text())["runs"] == 4


def test_no_more_processes_than_runs_and_seeds_as_they_are_written(vrrplab: Command) -> None:
    seed = str(2**53 + 1)
    done = vrrplab("sweep", "lesson-two-routers", "--runs", "1", "--jobs", "900", "--seed", seed)
    assert done.stderr.endswith("in this process\n")
    assert done.stdout.startswith(f"lesson-two-routers: 1 run, seed {seed}\n")


@pytest.mark.long
def test_the_same_bytes_whoever_runs_it(vrrplab: Command, tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        assert vrrplab(*SHORT, "--runs", "40", "--jobs", jobs, "--out", f"{jobs}.csv").returncode == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.long
def test_the_same_bytes_by_formulas(vrrplab: Command, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    words = ("sweep", "article-drill-1-lan-nic", "--only", "192.168.2.101", "--runs", "20")
    said = {}
    for engine in ("events", "vectorised"):
        done = vrrplab(*words, "--engine", engine, "--out", f"{engine}.csv")
        assert done.returncode == 0
        said[engine] = done.stdout
    assert said["events"] == said["vectorised"]
    assert (tmp_path / "events.csv").read_bytes() == (tmp_path / "vectorised.csv").read_bytes()


def test_formulas_that_do_not_hold_are_told_why(vrrplab: Command) -> None:
    pytest.importorskip("numpy")
    for words, why in (
        (("article-drill-1-lan-nic",), "also asks for"),
        (("power-off", "--scheduler", "local"), "leave --scheduler out"),
    ):
        done = vrrplab("sweep", *words, "--engine", "vectorised", "--runs", "5")
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("vrrplab: --engine vectorised")
        assert why in line


WRONG = [
    (["--only", "10.9.9.9"], "no target of --only '10.9.9.9' that clients ask for"),
    (["--vary", "r1.office.advert_intt=1"], "has no option 'advert_intt' - did you mean 'advert_int'?"),
    (["--vary", "loss=0.2..0.1"], "is an empty range - 0.1..0.2?"),
    (["--vary", "loss="], "names no value"),
    (["--vary", "fault=1..2"], "nothing fails in lesson-two-routers: it has no actions"),
    (["--vary", "r1.start=0..1/0.000001", "--runs", "1000"], "--yes"),
    (["--vary", "r1.start=0..1/0.0000000000000000001", "--yes"], "more than the 281,474,976,710,656 runs"),
    (["--runs", "0"], "runs 0 is out of range"),
    (["--jobs", "0"], "--jobs 0 is out of range: 1 to 1024"),
    (["--jobs", "100000"], "--jobs 100000 is out of range: 1 to 1024"),
    (
        ["--vary", "nopreempt=maybe"],
        "--vary nopreempt=maybe: it is there or not, and has no value - yes or no",
    ),
    (["--vary", "r1.start=1e308"], "--vary r1.start_at_s=1e308: is beyond all that can be meant"),
    (["--jobs", "0", "--mtbf", "power=2y", "--mttr", "power=8h"], "--jobs 0 is out of range: 1 to 1024"),
    (["--out", "a.txt"], "the name must end in .csv or .parquet"),
    (["--out", "nowhere/a.csv"], "there is no folder nowhere"),
    (["--seed", "-1"], "seed -1 is out of range"),
]


@pytest.mark.parametrize(("more", "told"), WRONG, ids=[" ".join(more) for more, _ in WRONG])
def test_bad_input_is_one_line(vrrplab: Command, more: list[str], told: str) -> None:
    done = vrrplab("sweep", "lesson-two-routers", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


def test_how_many_runs_are_too_many_is_told_before_anything_runs(vrrplab: Command, tmp_path: Path) -> None:
    done = vrrplab(
        "sweep", "lesson-two-routers", "--vary", "r1.start=0..9/0.001", "--runs", "900000", "--out", "a.csv"
    )
    assert done.returncode == 2
    assert "this sweep has 8,100,900,000 runs (9,001 combinations × 900,000), about " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_scheduler_that_cannot_be_reached(vrrplab: Command) -> None:
    pytest.importorskip("distributed")
    done = vrrplab(*SHORT, "--scheduler", "tcp://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("vrrplab: --scheduler tcp://127.0.0.1:9: no Dask scheduler answers there (")


def begun(folder: Path, *words: str, **options: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "vrrplab", *words]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command, env=environment, cwd=folder, text=True, stdout=-1, stderr=-1, **options
    )


def test_a_full_disk_keeps_what_is_done(vrrplab: Command, tmp_path: Path) -> None:
    """Not a full disk but a limit of a file's size, which every user can set: the same to who writes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    words = (*SHORT, "--runs", "100", "--jobs", "1", "--out", "a.csv")
    process = begun(tmp_path, *words, preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    *_, last = err.splitlines()
    kept = (tmp_path / "a.csv").read_text()
    rows = len(kept.splitlines()) - 1
    assert f"--out a.csv: cannot be written: File too large - {rows} of 200 runs are kept in a.csv" in last
    assert kept.endswith("\n")
    assert vrrplab(*words).returncode == 0
    whole = (tmp_path / "a.csv").read_text()
    assert whole.startswith(kept)
    assert len(whole.splitlines()) == 201


def test_a_parquet_for_which_there_is_no_room_keeps_its_rows(vrrplab: Command, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))

    words = ("sweep", "power-off", "--runs", "2", "--jobs", "1", "--out", "a.parquet")
    process = begun(tmp_path, *words, preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    told = "--out a.parquet: cannot be written: File too large - 2 of 2 runs are kept in a.parquet.csv"
    assert told in err.splitlines()[-1]
    assert vrrplab(*words).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "a.parquet.json"]


def _listens(process: subprocess.Popen[str]) -> bool:
    """Has vrrplab taken the signals over? Before that it is Python that starts."""
    if process.poll() is not None:
        return True
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def interrupted(folder: Path, moment_s: float, jobs: str) -> str:
    """A sweep that hears Ctrl-C at a moment: it ends in a second and keeps whole rows."""
    name = f"{jobs}.csv"
    process = begun(folder, *SHORT, "--runs", "100000", "--jobs", jobs, "--out", name)
    while not _listens(process):
        time.sleep(0.002)
    time.sleep(moment_s)
    process.send_signal(signal.SIGINT)
    began_s = time.monotonic()
    _out, err = process.communicate(timeout=30)
    took_s = time.monotonic() - began_s
    assert process.returncode == 130, err
    assert err.endswith("vrrplab: interrupted\n"), "and nothing that a library says behind it"
    assert took_s < 5, "a second, and what a busy machine adds"
    path = folder / name
    text = path.read_text() if path.exists() else ""
    if text:
        numbers = [line.split(",")[0] for line in text.splitlines()[1:]]
        assert text.endswith("\n")
        assert numbers == [str(number) for number in range(len(numbers))]
    return text


@pytest.mark.parametrize(
    "moment_s", [0.6, *(pytest.param(moment_s, marks=pytest.mark.long) for moment_s in (0.05, 2.0))]
)
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path: Path, moment_s: float) -> None:
    first = interrupted(tmp_path, moment_s, "2")
    second = interrupted(tmp_path, 1.5, "2")
    assert second.startswith(first)


@pytest.mark.long
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_at_fifty_random_moments(tmp_path: Path, jobs: str) -> None:
    chance, text = random.Random(0), ""
    for _ in range(50):
        found = interrupted(tmp_path, chance.uniform(0, 1.2), jobs)
        assert found.startswith(text) or not found
        text = found or text
    assert text or interrupted(tmp_path, 5, jobs)  # on a busy machine it had only begun to begin
