"""Whoever runs the runs, in whatever order, and whoever dies meanwhile: the same rows."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vrrplab import __version__
from vrrplab.errors import VrrplabError
from vrrplab.scenario.reader import load_scenario
from vrrplab.sweeping import executors
from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.executors import Executor, Here, Joblib, Processes, in_order
from vrrplab.sweeping.plan import Plan, plan_of
from vrrplab.sweeping.ranges import Range, ranges, rows_of

if TYPE_CHECKING:
    from vrrplab.sweeping.dask import Dask

SCENARIO = load_scenario("lesson-two-routers")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(SCENARIO, ["loss=0,0.1", "r1.start=0..1"], runs=20)


@pytest.fixture(scope="module")
def rows(plan: Plan) -> list[Row]:
    return rows_of(plan, 0, plan.total)


def run(executor: Executor, plan: Plan, size: int = 5, start: int = 0) -> list[Row]:
    spans: list[Range] = [(at, min(at + size, plan.total)) for at in range(start, plan.total, size)]
    with closing(executor.run(plan, iter(spans))) as done:
        return [row for rows in in_order(done, start) for row in rows]


def test_ranges_are_all_runs_once(plan: Plan) -> None:
    assert [run for start, stop in ranges(plan, 7) for run in range(start, stop)] == list(
        range(7, plan.total)
    )


@pytest.mark.parametrize("size", [1, 7, 100])
def test_how_the_work_is_cut_makes_no_difference(plan: Plan, rows: list[Row], size: int) -> None:
    assert run(Here(), plan, size) == rows
    assert run(Here(), plan, size, start=11) == rows[11:]


def test_the_collector_is_set_once_for_all_runs_of_a_range(
    plan: Plan, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set anew for each run it would move what the run before has left to where it hardly ever looks."""
    frozen: list[int] = []
    freeze = gc.freeze

    def counted() -> None:
        frozen.append(1)
        freeze()

    monkeypatch.setattr(gc, "freeze", counted)
    before = gc.get_threshold()
    assert rows_of(plan, 0, 4) == rows[:4]
    assert (len(frozen), gc.get_threshold()) == (1, before)


@pytest.mark.parametrize("workers", [2, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 3))])
def test_the_standard_librarys_processes(plan: Plan, rows: list[Row], workers: int) -> None:
    assert run(Processes(workers), plan) == rows


@pytest.mark.long
def test_joblib(plan: Plan, rows: list[Row]) -> None:
    pytest.importorskip("joblib")
    assert run(Joblib(2), plan) == rows


def children() -> set[int]:
    """Workers of this process."""
    command = ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    others = ("resource_tracker", "ps -o")
    return {int(line.split()[0]) for line in found if not any(word in line for word in others)}


@pytest.mark.needs("ps")
@pytest.mark.parametrize("kind", [Processes, pytest.param(Joblib, marks=pytest.mark.long)])
def test_a_worker_that_is_killed_is_replaced(
    plan: Plan, rows: list[Row], kind: Callable[[int], Executor]
) -> None:
    if kind is Joblib:
        pytest.importorskip("joblib")
    before, found = children(), []
    with closing(kind(2).run(plan, iter([(at, at + 2) for at in range(0, plan.total, 2)]))) as done:
        for number, one in enumerate(done):
            found.append(one)
            if number == 3:
                os.kill(max(children() - before), signal.SIGKILL)
    assert [row for chunk in in_order(iter(found), 0) for row in chunk] == rows


def test_a_range_that_ends_every_worker_is_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_asked", lambda *_: None)
    with pytest.raises(VrrplabError, match="runs 0 to 4 has ended 3 times without a word"):
        run(Processes(1), plan)


@pytest.mark.needs("ps")
def test_nobody_is_left_when_nothing_more_is_wanted(plan: Plan) -> None:
    before = children()
    with closing(Processes(2).run(plan, iter([(0, 2), (2, 4), (4, 6), (6, 8)]))) as done:
        next(done)
    for _ in range(50):
        if not children() - before:
            break
        time.sleep(0.1)
    assert children() - before == set()
    assert threading.active_count() < 20


class Network:
    """A scheduler and workers as docs/cluster.md starts them, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._note = folder, folder / "scheduler.json"
        self._begun: list[subprocess.Popen[bytes]] = []
        ports = ["--port", "0", "--dashboard-address", "127.0.0.1:0"]
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", *ports)

    def worker(self) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self._start("worker", "--host", "127.0.0.1", *options)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_LOGGING__DISTRIBUTED": "critical"}
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self._note)]
        process = subprocess.Popen(command, env=environment, cwd=self._folder, stderr=subprocess.DEVNULL)
        self._begun.append(process)
        return process

    def with_workers(self, count: int) -> Dask:
        from vrrplab.sweeping.dask import Dask

        address = _address(self._note)
        for _ in range(300):
            try:
                dask = Dask(address, __version__)
            except VrrplabError:
                time.sleep(0.1)
                continue
            if dask.workers == count:
                return dask
            dask.close()
        raise AssertionError("no workers")

    def end(self) -> None:
        for process in self._begun:
            process.kill()
            process.wait()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    pytest.importorskip("distributed")
    found = Network(tmp_path)
    yield found
    found.end()


def pairs(plan: Plan) -> Iterator[Range]:
    return iter([(at, at + 2) for at in range(0, plan.total, 2)])


@pytest.mark.long
def test_dask_with_a_worker_killed_in_the_middle(network: Network, plan: Plan, rows: list[Row]) -> None:
    workers = [network.worker() for _ in range(3)]
    dask = network.with_workers(3)
    with closing(dask.run(plan, pairs(plan))) as done:
        found = [next(done)]
        workers[1].kill()
        found += done
    dask.close()
    assert [row for chunk in in_order(iter(found), 0) for row in chunk] == rows


@pytest.mark.long
def test_dask_when_the_last_worker_dies_and_another_comes(
    network: Network, plan: Plan, rows: list[Row]
) -> None:
    """What was sent dies with it. A scheduler that is gone is told; nothing hangs, and nothing is a bug."""
    only = network.worker()
    dask = network.with_workers(1)
    with closing(dask.run(plan, pairs(plan))) as done:
        found = [next(done)]
        only.kill()
        network.worker()
        found += done
    assert [row for chunk in in_order(iter(found), 0) for row in chunk] == rows
    with closing(dask.run(plan, pairs(plan))) as done:
        next(done)
        network.scheduler.kill()
        with pytest.raises(VrrplabError, match="the scheduler, or its last worker, was lost in the middle"):
            list(done)
    dask.close()


def test_a_worker_with_another_vrrplab_that_comes_late_is_told(plan: Plan) -> None:
    from vrrplab.sweeping.dask import _part

    assert len(_part(__version__, plan, 0, 2)) == 2
    with pytest.raises(VrrplabError, match=f"a worker has vrrplab {__version__}, this is 9.9"):
        _part("9.9", plan, 0, 2)


def _address(note: Path) -> str:
    import json

    for _ in range(600):
        if note.exists() and note.read_text().endswith("}"):
            return str(json.loads(note.read_text())["address"])
        time.sleep(0.05)
    raise AssertionError("no scheduler")
