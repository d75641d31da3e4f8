"""Who runs the runs: this process, processes of its own, or joblib's.

Each takes ranges of run numbers and gives their rows, in whatever order they are done; ``in_order`` puts them
into order again. The plan is sent to a worker once, a task is two numbers. A worker that dies is replaced and
its ranges are asked for again: since a row depends on its number alone, nobody can tell that from the rows.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any, Protocol

from vrrplab.errors import VrrplabError
from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.ranges import Range, rows_of, run_s
from vrrplab.work import processors

Done = tuple[Range, list[Row]]
AHEAD = 4  # ranges for each worker that are asked for at a time; what comes too early waits in memory
MOST_DEATHS = 3  # of workers at the same range: then it is the range


class Executor(Protocol):
    """``workers``: how many ranges are run at a time. ``told``: where, in words."""

    @property
    def workers(self) -> int: ...

    @property
    def told(self) -> str: ...

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        """Each range with its rows, as they are done. Closed, it ends at once what was begun."""


class Here:
    """This process, one range after the other."""

    workers = 1
    told = "in this process"

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        for start, stop in ranges:
            yield (start, stop), rows_of(plan, start, stop)


class Processes:
    """Processes of the standard library alone, which know ``worker`` and nothing of this one's main program.

    They are in a session of their own: Ctrl-C is this process's, and where it ends they end.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.told = f"in {workers} processes"

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        crew = _Crew(plan, ranges)
        try:
            crew.hire(self.workers)
            yield from crew.results()
        finally:
            crew.dismiss()


class _Crew:
    """Workers, a thread each that asks and waits; what is to be done, and what came back."""

    def __init__(self, plan: Plan, ranges: Iterator[Range]) -> None:
        self._plan = pickle.dumps(plan)
        self._ranges = ranges
        self._again: list[Range] = []  # of workers that died
        self._deaths: Counter[Range] = Counter()
        self._lock = threading.Lock()
        self._results: queue.SimpleQueue[Done | BaseException | None] = queue.SimpleQueue()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._room = threading.Semaphore(0)
        self._over = False
        self._count = 0

    def hire(self, count: int) -> None:
        self._count = count
        for _ in range(count * AHEAD):
            self._room.release()
        for number in range(count):
            threading.Thread(target=self._ask, name=f"sweep {number}", daemon=True).start()

    def results(self) -> Iterator[Done]:
        left = self._count
        while left:
            found = self._results.get()
            if found is None:
                left -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found
                self._room.release()

    def dismiss(self) -> None:
        self._over = True
        with self._lock:
            processes = list(self._processes)
        for process in processes:
            with suppress(OSError):
                process.kill()

    def _next(self) -> Range | None:
        """The next range, once those before are not too far from being used."""
        self._room.acquire()
        with self._lock:
            if self._over:
                return None
            return self._again.pop() if self._again else next(self._ranges, None)

    def _ask(self) -> None:
        try:
            while (span := self._next()) is not None:
                self._work(span)
        except BaseException as error:
            self._results.put(error)
        self._room.release()  # who waits for room finds that nothing is left
        self._results.put(None)

    def _work(self, span: Range | None) -> None:
        """A worker's life: ranges until there are no more, or it dies."""
        process = self._begun()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            while span is not None:
                rows = _asked(process.stdin, process.stdout, span)
                if isinstance(rows, str):
                    raise VrrplabError(rows)
                if rows is None:
                    if not self._over:
                        self._lose(span)
                    return
                self._results.put((span, rows))
                span = self._next()
                if span is None:
                    self._room.release()
        finally:
            self._end(process)

    def _begun(self) -> subprocess.Popen[bytes]:
        with self._lock:
            process = started("vrrplab.sweeping.worker")
            self._processes.add(process)
        if self._over:
            process.kill()
        with suppress(OSError):
            assert process.stdin is not None
            pickle_to(process.stdin, self._plan)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.discard(process)
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                assert stream is not None
                stream.close()
        process.kill()
        process.wait()

    def _lose(self, span: Range) -> None:
        with self._lock:
            self._deaths[span] += 1
            if self._deaths[span] >= MOST_DEATHS:
                raise VrrplabError(died(span))
            self._again.append(span)
        self._room.release()


def started(module: str, *words: str, silent: bool = False) -> subprocess.Popen[bytes]:
    """A module of this very vrrplab as a process of its own, in a session of its own.

    ``silent``: what it says on standard error is nobody's.
    """
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    paths = [above, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if silent else None,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
    )


def died(span: Range) -> str:
    """What is told when a range ends every process that runs it."""
    return (
        f"a process that runs {span[0]:,} to {span[1] - 1:,} has ended {MOST_DEATHS} times without a word"
        " - is there too little memory? fewer --jobs need less"
    )


def _asked(tasks: IO[bytes], results: IO[bytes], span: Range) -> list[Row] | str | None:
    """The rows of a range; an error of ours as text; None: the worker died."""
    try:
        pickle_to(tasks, pickle.dumps(span))
        return unpickled(results)  # type: ignore[no-any-return]
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        return None


def pickle_to(stream: IO[bytes], data: bytes) -> None:
    """Bytes behind their number, at once."""
    stream.write(len(data).to_bytes(8) + data)
    stream.flush()


def unpickled(stream: IO[bytes]) -> Any:
    """What ``pickle_to`` wrote. EOFError: the other side is gone."""
    head = stream.read(8)
    size = int.from_bytes(head)
    data = stream.read(size) if len(head) == 8 else b""
    if len(head) < 8 or len(data) < size:
        raise EOFError
    return pickle.loads(data)


class Joblib:
    """joblib's processes (loky)."""

    def __init__(self, workers: int) -> None:
        import joblib  # noqa: F401

        self.workers = workers
        self.told = f"in {workers} processes of joblib"

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        from joblib.externals.loky import ProcessPoolExecutor, wait
        from joblib.externals.loky.process_executor import BrokenProcessPool

        sent = pickle.dumps(plan)
        asked: dict[Any, Range] = {}
        again: list[Range] = []
        deaths: Counter[Range] = Counter()
        pool: Any = None
        try:
            while True:
                if pool is None:
                    # workers inherit that: Ctrl-C is this process's alone
                    with _no_signals(), _no_word_of_locks():
                        pool = ProcessPoolExecutor(self.workers, initializer=_begin, initargs=(sent,))
                        _fill(pool, asked, again, ranges, self.workers * AHEAD)
                else:
                    _fill(pool, asked, again, ranges, self.workers * AHEAD)
                if not asked:
                    return
                done, _ = wait(asked, return_when="FIRST_COMPLETED")
                broken = False
                for future in done:
                    span = asked.pop(future)
                    try:
                        rows = future.result()
                    except BrokenProcessPool:
                        broken = True
                        again.append(span)
                        continue
                    yield span, rows
                if broken:  # one that died takes all down with it
                    again += asked.values()
                    asked.clear()
                    deaths.update([min(again)])
                    if deaths[min(again)] >= MOST_DEATHS:
                        raise VrrplabError(died(min(again)))
                    _kill(pool)
                    pool = None
        finally:
            if pool is not None:
                _kill(pool)


_plan: Plan | None = None  # of a worker of joblib's


def _begin(sent: bytes) -> None:
    global _plan
    _plan = pickle.loads(sent)


def _part(start: int, stop: int) -> list[Row]:
    assert _plan is not None
    return rows_of(_plan, start, stop)


def _fill(pool: Any, asked: dict[Any, Range], again: list[Range], ranges: Iterator[Range], most: int) -> None:
    again.sort(reverse=True)
    while again and len(asked) < most:
        span = again.pop()
        asked[pool.submit(_part, *span)] = span
    for span in islice(ranges, most - len(asked)):
        asked[pool.submit(_part, *span)] = span


def _kill(pool: Any) -> None:
    """Without a word: whoever waits for a tidy end waits for what nobody wants any more."""
    for process in list((pool._processes or {}).values()):
        with suppress(OSError, ValueError):
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    pool.shutdown(wait=False, kill_workers=True)


@contextmanager
def _no_signals() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _no_word_of_locks() -> Iterator[None]:
    """loky's tracker, if it is started meanwhile, removes in silence the locks that Ctrl-C leaves behind."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, "ignore:resource_tracker"]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def local(jobs: int | None, plan: Plan) -> Executor:
    """The executor of a plan on this machine. ``jobs``: processes, at most one a run; None: one a processor,
    for work that is worth it.

    joblib's where it is installed; the rows are the same.
    """
    if jobs is None:
        jobs = processors() if run_s(plan) * plan.total > WORTH_S else 1
    jobs = min(jobs, plan.total)
    if jobs == 1:
        return Here()
    try:
        return Joblib(jobs)
    except ImportError:
        return Processes(jobs)


MOST_JOBS = 1024  # processes: somebody meant something else
WORTH_S = 2.0  # of work: starting processes takes half a second


def in_order(done: Iterator[Done], start: int) -> Iterator[list[Row]]:
    """The rows from run ``start`` on, in order of run numbers."""
    waiting: dict[int, tuple[int, list[Row]]] = {}
    for (first, stop), rows in done:
        waiting[first] = stop, rows
        while start in waiting:
            start, rows = waiting.pop(start)
            yield rows
