"""Searches one after the other, or side by side in processes that inherit the ground (``fork``).

The tables of a search are its own first fault's, so that the same is found by any number of processes. A
process tells now and then what it has, for the one who asked may lose patience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.exploring.ground import Ground
from vrrplab.exploring.promises import Breach
from vrrplab.exploring.search import Search
from vrrplab.exploring.steps import Harvest, Steps

EVERY = 32  # actions, between two looks at the clock
TELL_S = 1.0
POLL_S = 0.2
MOST_DEATHS = 3  # of processes at the same fault: then it is the fault, or a property

Ending = Callable[[Steps, tuple[float, ...], int], Iterable[Breach]]
Take = Callable[[Harvest], None]
Watch = Callable[[int, dict[int, Harvest]], bool]


class TimeIsOver(Exception):
    """Of a search that ends before it is through."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What all searches have in common."""

    ground: Ground
    depth: int
    within_us: int
    ending: Ending | None

    def run(self, fault: int, tick: Callable[[Harvest], None] | None) -> Harvest:
        return Search(self.ground, self.depth, self.within_us, self.ending, tick).run(fault)


def in_turn(
    worker: Worker, numbers: Sequence[int], jobs: int, take: Take, watch: Watch, *, apart: bool = False
) -> bool:
    """Search from each of these faults; what is found goes to ``take``, also of searches that are broken off.

    ``watch(how many are done, what is under way)``; it says whether to go on. False: not all was searched.
    ``apart``: never in this process, as what is asked there may never answer. VrrplabError: a search ends
    every process that does it.
    """
    if apart or (jobs > 1 and len(numbers) > 1):
        import multiprocessing

        if "fork" in multiprocessing.get_all_start_methods():
            return _side_by_side(worker, numbers, min(jobs, len(numbers)), take, watch)
    return _alone(worker, numbers, take, watch)


def _alone(worker: Worker, numbers: Sequence[int], take: Take, watch: Watch) -> bool:
    for done, number in enumerate(numbers):
        last: list[Harvest] = []

        def tick(harvest: Harvest, done: int = done, last: list[Harvest] = last) -> None:
            last[:] = [harvest]
            if harvest.forks % EVERY == 0 and not watch(done, {harvest.fault: harvest}):
                raise TimeIsOver

        try:
            take(worker.run(number, tick))
        except TimeIsOver:
            take(last[0])
            return False
        except KeyboardInterrupt:
            for harvest in last:
                take(harvest)
            raise
    return True


def _side_by_side(worker: Worker, numbers: Sequence[int], jobs: int, take: Take, watch: Watch) -> bool:
    import multiprocessing
    from multiprocessing.connection import wait

    context: Any = multiprocessing.get_context("fork")
    waiting = list(reversed(numbers))
    under_way: dict[int, Harvest] = {}
    deaths: Counter[int] = Counter()
    done = 0
    pipes: dict[Any, Any] = {}
    busy: dict[Any, int] = {}
    whole = True

    def begin(number: int) -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(worker, theirs), daemon=True)
        process.start()
        theirs.close()
        pipes[ours], busy[ours] = process, number
        ours.send(number)

    try:
        for _ in range(jobs):
            begin(waiting.pop())
        while busy:
            ready: list[Any] = list(wait(list(busy), POLL_S))
            for pipe in ready:
                try:
                    harvest = pipe.recv()
                except (EOFError, OSError):  # somebody, or the system for want of memory, has ended it
                    number = busy.pop(pipe)
                    deaths[number] += 1
                    if deaths[number] == MOST_DEATHS:
                        raise VrrplabError(died(worker.ground.faults[number].name)) from None
                    begin(number)
                    continue
                if isinstance(harvest, BaseException):
                    raise harvest
                if not harvest.whole:
                    under_way[harvest.fault] = harvest
                    continue
                under_way.pop(harvest.fault, None)
                take(harvest)
                done += 1
                if waiting:
                    busy[pipe] = waiting.pop()
                    with suppress(OSError):  # it is gone, which the next look finds
                        pipe.send(busy[pipe])
                else:
                    del busy[pipe]
            if not watch(done, under_way):
                whole = False
                break
    finally:
        for harvest in under_way.values():
            take(harvest)
        for pipe, process in pipes.items():
            process.terminate()
            pipe.close()
        for process in pipes.values():
            process.join()
    return whole


def died(fault: str) -> str:
    """What is told when a search ends every process that does it."""
    return (
        f"a process that searches from {fault} has ended {MOST_DEATHS} times without a word"
        " - is there too little memory? fewer --jobs need less"
    )


def _serve(worker: Worker, pipe: Any) -> None:
    """The other side: searches whatever number comes, until nobody is there any more."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    told_s = monotonic()

    def tick(harvest: Harvest) -> None:
        nonlocal told_s
        if harvest.forks % EVERY == 0 and monotonic() - told_s > TELL_S:
            told_s = monotonic()
            pipe.send(harvest)

    try:
        while True:
            number = pipe.recv()
            try:
                found: Any = worker.run(number, tick)
            except BaseException as error:  # a property's, too, that would leave or interrupt
                found = error
            pipe.send(found)
    except (EOFError, OSError):
        return
