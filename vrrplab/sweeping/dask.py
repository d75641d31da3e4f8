"""A sweep on a Dask cluster: one that is there, or one that is started here for as long as it takes."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import chain, islice
from time import monotonic
from typing import Any

from vrrplab import interrupts
from vrrplab.errors import VrrplabError
from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.executors import AHEAD, MOST_DEATHS, Done, died, started
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.ranges import Range, rows_of
from vrrplab.work import processors

LOCAL = "local"
CONNECT_S = 5.0
START_S = 60.0  # for workers of our own to come, on a busy machine
COUNT_S = 1.0  # between two looks at how many workers there are
WAIT_S = 30.0  # for another worker, when the last one has died


class Dask:
    """``address``: of a scheduler, or ``local``. VrrplabError: nobody answers there, or another vrrplab does.

    The plan goes to each worker once; what dies is the scheduler's to replace. Workers may come and go
    meanwhile. ``version``: of vrrplab, which all workers must have.
    """

    def __init__(self, address: str, version: str, jobs: int | None = None) -> None:
        distributed: Any = import_module("distributed")  # which has types for some of it only
        for name in ("distributed", "distributed.client"):  # what is wrong is told in one line, by us
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._address, self._version = address, version
        self._processes: list[subprocess.Popen[bytes]] = []
        self._client: Any = None
        self.workers = 0
        begun = address
        try:
            if address == LOCAL:
                begun = self._begin(jobs or processors())
            self._client = distributed.Client(begun, timeout=CONNECT_S, set_as_default=False)
            if address == LOCAL:
                self._client.wait_for_workers(jobs or processors(), timeout=START_S)
        except (OSError, ValueError, TypeError) as error:
            self.close()
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise VrrplabError(
                f"--scheduler {address}: no Dask scheduler answers there ({why}) - start one with"
                " `dask scheduler` and name the address that it prints, or --scheduler local"
            ) from None
        except BaseException:
            self.close()
            raise
        try:
            self._look_at_workers(address, version)
        except BaseException:
            self.close()
            raise

    def _begin(self, workers: int) -> str:
        """A scheduler and workers on this machine; its address."""
        first = self._started("scheduler")
        assert first.stdout is not None
        address = first.stdout.readline().decode().strip()
        if not address:
            raise VrrplabError("--scheduler local: no Dask scheduler could be started here")
        for _ in range(workers):
            self._started("worker", address)
        return address

    def _started(self, *words: str) -> subprocess.Popen[bytes]:
        process = started("vrrplab.sweeping.dask_process", *words, silent=True)
        self._processes.append(process)
        return process

    def _look_at_workers(self, address: str, version: str) -> None:
        threads = self._client.nthreads()
        self.workers = sum(threads.values())
        self._counted_s = monotonic()
        self.told = f"on {self.workers} worker{'s' * (self.workers != 1)} of Dask"
        self.dashboard = self._client.dashboard_link
        if not threads:
            raise VrrplabError(
                f"--scheduler {address}: has no workers yet - start some: dask worker {address} --nthreads 1"
            )
        try:
            found = self._client.run(_version, on_error="return")
        except Exception as error:
            found = {"": error}
        for worker, theirs in found.items():
            if isinstance(theirs, BaseException):
                raise VrrplabError(
                    f"--scheduler {address}: worker {worker} cannot import vrrplab"
                    f" ({type(theirs).__name__}) - install vrrplab {version} where the workers run"
                )
            if theirs != version:
                raise VrrplabError(
                    f"--scheduler {address}: worker {worker} has vrrplab {theirs}, this is {version}"
                    " - install the same there"
                )

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        distributed: Any = import_module("distributed")
        lost = distributed.client.FutureCancelledError, distributed.client.FuturesCancelledError
        asked: dict[Any, Range] = {}
        again: list[Range] = []
        losses = 0
        try:
            sent = self._sent(plan)
            while True:
                room = max(1, self._counted()) * AHEAD - len(asked)
                for span in islice(chain(_popped(again), ranges), max(0, room)):
                    asked[self._client.submit(_part, self._version, sent, *span, pure=False)] = span
                if not asked:
                    return
                try:
                    done = self._done(asked)
                except lost:  # with the last worker that had the plan, or with the scheduler
                    losses += 1
                    if losses == MOST_DEATHS:
                        raise VrrplabError(died(min(asked.values()))) from None
                    again = sorted((*again, *asked.values()), reverse=True)
                    asked.clear()
                    sent = self._sent(plan)
                    continue
                losses = 0
                yield from done
        except OSError:
            raise VrrplabError(
                f"--scheduler {self._address}: the scheduler, or its last worker, was lost in the middle"
                " - once they are back, begin again"
            ) from None
        finally:
            if not interrupts.came():  # then the scheduler lets go of it all, as this process ends
                with suppress(Exception):
                    self._client.cancel(list(asked), force=True)

    def _sent(self, plan: Plan) -> Any:
        """The plan, with the workers. OSError: there are none, or nobody answers."""
        if self._client.status != "running":
            raise ConnectionError
        self._client.wait_for_workers(1, timeout=WAIT_S)
        return self._client.scatter(plan, broadcast=True, hash=False)

    def _counted(self) -> int:
        """How many workers there are; some come late."""
        if monotonic() - self._counted_s > COUNT_S:
            self.workers = int(sum(self._client.nthreads().values()))
            self._counted_s = monotonic()
        return self.workers

    def _done(self, asked: dict[Any, Range]) -> list[Done]:
        """What is done of it, at least one, and no longer asked for."""
        distributed: Any = import_module("distributed")
        with self._client.as_current():
            done = distributed.wait(list(asked), return_when="FIRST_COMPLETED").done
        found: list[Done] = []
        for future in done:
            try:
                found.append((asked[future], future.result()))
            except distributed.KilledWorker:
                raise VrrplabError(died(asked[future])) from None
        for future in done:
            del asked[future]
        return found

    def close(self) -> None:
        """Leave it, and end what was started here."""
        if self._client is not None:
            with suppress(Exception):
                self._client.close(timeout=1)
        for process in reversed(self._processes):
            with suppress(OSError):
                process.kill()


def _popped(spans: list[Range]) -> Iterator[Range]:
    while spans:
        yield spans.pop()


def _version() -> str:
    return str(sys.modules["vrrplab"].__version__)  # of the worker that runs this


def _part(version: str, plan: Plan, start: int, stop: int) -> list[Row]:
    """What a worker does. VrrplabError: it has another vrrplab, and came when all had been looked at."""
    theirs = _version()
    if theirs != version:
        raise VrrplabError(f"a worker has vrrplab {theirs}, this is {version} - install the same there")
    return rows_of(plan, start, stop)
