"""The work of a sweep in ranges of run numbers, and the rows of a range: what a worker is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vrrplab.limits import SWEEP_RUNS, SWEEP_S
from vrrplab.sim.collector import collected_rarely
from vrrplab.sim.estimate import work_of
from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.outcome import row_of
from vrrplab.sweeping.plan import Plan
from vrrplab.work import TooMuchWork, duration

RANGE_S = 0.5  # a range takes about so long: asking for it costs a worker milliseconds
_MOST_RUNS = 5_000  # in a range, however short they are

Range = tuple[int, int]  # first run, and the one behind the last


def rows_of(plan: Plan, start: int, stop: int) -> list[Row]:
    """The rows of these runs."""
    with collected_rarely():
        return [row_of(plan, run) for run in range(start, stop)]


def run_s(plan: Plan) -> float:
    """How long a run takes, reckoned, on average over the ends of what varies."""
    works = [work_of(plan.made(0)).seconds]
    works += [work_of(scenario).seconds for _, _, scenario in plan.ends()]
    return max(sum(works) / len(works), 1e-4)


def ranges(plan: Plan, start: int) -> Iterator[Range]:
    """All runs from ``start`` on, in order."""
    size = max(1, min(_MOST_RUNS, round(RANGE_S / run_s(plan))))
    total = plan.total
    while start < total:
        stop = min(start + size, total)
        yield start, stop
        start = stop


def told(plan: Plan, workers: int, where: str, each_s: float | None = None) -> str:
    """What is going to happen, in one line. ``each_s``: how long a run takes, where it is not simulated."""
    several = f"{plan.combinations:,} combinations × {plan.runs:,} runs = " if plan.combinations > 1 else ""
    takes = duration((each_s or run_s(plan)) * plan.total / workers)
    return f"sweep: {several}{plan.total:,} run{'s' * (plan.total != 1)}, about {takes} {where}"


def allow(plans: Sequence[Plan], workers: int, yes: bool, each_s: float | None = None) -> None:
    """TooMuchWork for sweeps, one after the other, that are beyond the limits together, unless somebody said
    ``yes`` to it. ``each_s``: as above.
    """
    total = sum(plan.total for plan in plans)
    takes_s = sum((each_s or run_s(plan)) * plan.total for plan in plans) / workers
    plan = plans[0]
    several = f" ({plan.combinations:,} combinations × {plan.runs:,})" if plan.combinations > 1 else ""
    if len(plans) > 1:
        several = f" ({len(plans):,} sweeps × {plan.total:,})"
    what = f"this sweep has {total:,} runs{several}, about {duration(takes_s)}"
    if total > SWEEP_RUNS.most:
        raise TooMuchWork(
            f"{what}, more than the {SWEEP_RUNS} that a sweep may have - give fewer values, or --runs"
        )
    if takes_s > SWEEP_S.most and not yes:
        raise TooMuchWork(
            f"{what}, so nothing is begun - give fewer values, or --runs, or --yes to do it all the same"
        )
