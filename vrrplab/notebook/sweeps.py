"""``sweep``: a scenario many times, and what came of it while it still grows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vrrplab.errors import VrrplabError
from vrrplab.notebook.variants import scenario_of
from vrrplab.output.page_text import in_columns
from vrrplab.output.progress import Progress
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping.columns import SECONDS, Row, columns_of
from vrrplab.sweeping.engines import ENGINES
from vrrplab.sweeping.plan import Plan, plan_of
from vrrplab.sweeping.run import chunks
from vrrplab.sweeping.summary import Summary
from vrrplab.sweeping.summary_text import text_of
from vrrplab.units import seconds

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from vrrplab.sweeping.executors import Executor
    from vrrplab.sweeping.values import Cell
    from vrrplab.views.distribution import DistributionRows
    from vrrplab.views.trade_off import TradeOffRows

RUNS = 200  # of each combination, in a notebook


class Sweep:
    """Many runs of one scenario: a row a run, which come when somebody looks.

    Iterating gives the sweep itself after every chunk of rows, so that what is drawn of it grows; whatever is
    asked without that (``columns``, ``to_dataframe``, ``plot``, ``print``) waits for all rows first. What was
    interrupted keeps its rows, and shows them; ``run()``, or iterating again, goes on with them.

    >>> result = vrrplab.sweep("power-off", vary={"fault": [12, 12.5]}, runs=1)
    >>> result.columns["192.168.2.101.outage_s"]
    [2.66, 3.16]
    """

    def __init__(self, plan: Plan, jobs: int | None = 1, engine: str = "auto") -> None:
        self.plan = plan
        self._jobs = jobs
        self._engine = engine
        self._names = columns_of(plan)
        self._rows: list[Row] = []
        self._summary = Summary(plan)
        self._chunks: Iterator[list[Row]] | None = None
        self._is_begun = False

    def __len__(self) -> int:
        """Rows so far."""
        return len(self._rows)

    @property
    def total(self) -> int:
        """Rows in the end."""
        return self.plan.total

    def __iter__(self) -> Iterator[Sweep]:
        while self._more():
            yield self

    def _more(self) -> bool:
        if len(self) >= self.total:
            return False
        if self._chunks is None:
            self._is_begun = True
            executor = _executor(self.plan, self._jobs, self._engine)
            self._chunks = chunks(self.plan, executor, start=len(self))
        try:
            rows = next(self._chunks, None)
        except BaseException:
            self._chunks = None  # it is at its end; the next one goes on behind the rows that are here
            raise
        if rows is None:
            return False
        self._rows += rows
        self._summary.add(rows)
        return True

    def run(self) -> Sweep:
        """All rows; where that takes long, a line says how far it is."""
        if len(self) < self.total:
            with Progress("sweep") as progress:
                for _ in self:
                    progress.at(len(self) / self.total, f"{len(self):,} of {self.total:,} runs")
        return self

    def _looked_at(self) -> Sweep:
        """Who is growing it sees what is there; anybody else all of it."""
        return self if self._is_begun else self.run()

    @property
    def summary(self) -> Summary:
        """What the rows come to: iterating gives what came of each combination of the grid."""
        return self._looked_at()._summary

    @property
    def columns(self) -> dict[str, list[Cell | None]]:
        """Each column by its name; what each means stands in docs/cluster.md. Times are seconds."""
        rows = self._looked_at()._rows
        return {
            column.name: [_seconds(row[place], column.kind) for row in rows]
            for place, column in enumerate(self._names)
        }

    def scenario(self, run: int) -> Scenario:
        """The scenario of one run, to be simulated, played or saved by itself. VrrplabError: no such run."""
        from vrrplab import arguments

        return self.plan.made(arguments.whole(run, "run", 0, self.total - 1))

    def to_dataframe(self) -> pandas.DataFrame:
        """The columns as a table of pandas. VrrplabError: pandas is not there."""
        try:
            import pandas
        except ImportError:
            from vrrplab.installing import how_to_install

            raise VrrplabError(f"to_dataframe needs pandas: {how_to_install('pandas')}") from None
        return pandas.DataFrame(self.columns)

    def plot(self, target: str = "", *, theme: str = "light") -> Figure:
        """How long clients were without ``target`` (the first that was out): a histogram a combination.

        Where nobody was without anything, how long a virtual address took to move. ``theme``: light or dark.
        VrrplabError: nobody asks for that target.
        """
        from vrrplab.views import distribution

        return distribution.draw(outage_rows(self.summary, target), theme=theme)

    def __str__(self) -> str:
        return text_of(self.summary)

    def __repr__(self) -> str:
        return f"<Sweep of {self.plan.scenario.name or 'a scenario'}: {len(self):,} of {self.total:,} runs>"

    def trade_off(self, *, theme: str = "light") -> Figure:
        """False failovers a day against the time until a real one: a point a combination of the grid.

        ``theme``: light or dark.
        """
        from vrrplab.views import trade_off

        return trade_off.draw(trade_off_rows(self.summary), theme=theme)

    def _repr_html_(self) -> str:
        figure = self.trade_off() if shows_trade_off(self.summary) else self.plot()
        return f"{figure._repr_html_() or ''}{in_columns(str(self))}"


def sweep(
    source: Scenario | str | os.PathLike[str],
    vary: Mapping[str, Any] | Iterable[str] = (),
    *,
    runs: int | None = None,
    seed: int = 0,
    jobs: int | None = 1,
    engine: str = "auto",
) -> Sweep:
    """A scenario many times, with what varies between the runs: a ``Sweep``, which runs as it is looked at.

    - ``source``: a Scenario, a scenario file, or the name of a built-in one.
    - ``vary``: names to values, ``{"advert_int": [1, 2], "fault": "12..15"}``: a list is a grid, a range as
      text is drawn from for each run; or lines as behind ``--vary`` of ``vrrplab sweep SCENARIO``. Without
      any the moment of the first action is drawn.
    - ``runs``: of each combination (default: 200). ``seed``: of all that is drawn.
    - ``jobs``: processes; None: one a processor.
    - ``engine``: "events" simulates each run; "vectorised" reckons one fault of a pair and its repair by
      formulas, the same rows; "auto" does where that holds.

    VrrplabError: a name that means nothing in the scenario, a value that cannot be, an empty range.

    >>> result = vrrplab.sweep("power-off", {"advert_int": [1, 2]}, runs=1)
    >>> [(group.name, group.outages["192.168.2.101"].at(0.5)) for group in result.summary]
    [('1', 2.66), ('2', 4.66)]
    """
    from vrrplab import arguments
    from vrrplab.sweeping.executors import MOST_JOBS
    from vrrplab.sweeping.ranges import allow
    from vrrplab.sweeping.reckoned import chosen

    arguments.known(engine, "engine", ENGINES)
    if jobs is not None:
        jobs = arguments.whole(jobs, "jobs", 1, MOST_JOBS)
    plan = plan_of(scenario_of(source), vary, RUNS if runs is None else runs, seed)
    allow([plan], 1, yes=True)
    if engine == "vectorised":
        chosen(plan, engine)
    return Sweep(plan, jobs, engine)


def outage_rows(summary: Summary, target: str = "") -> DistributionRows:
    """The histogram of a target, a row a combination. VrrplabError: there is no such target.

    Without one it is the first that was out; where none ever was, the first virtual address that moved.
    """
    from vrrplab import arguments
    from vrrplab.views import distribution

    if target:
        arguments.known(target, "target", summary.targets, "that clients ask for")
    out = [t for t in summary.targets if any(g.outages[t].runs or g.outages[t].never for g in summary)]
    moved = [a for a in summary.addresses if any(g.takeovers[a].runs for g in summary)]
    if not target and not out and moved:
        taken = {summary.called(g): (g.takeovers[moved[0]].lengths_s(), 0) for g in summary}
        return distribution.counted_rows(taken, title=f"{moved[0]}: how long until another server had it")
    target = target or next(iter([*out, *summary.targets]), "")
    what = "the longest time without any answer" if summary.lossy else "how long clients were without it"
    counted = {
        summary.called(g): (g.outages[target].lengths_s(), g.outages[target].never) if target else ([], 0)
        for g in summary
    }
    return distribution.counted_rows(counted, title=f"{target}: {what}" if target else "Nobody asks")


def shows_trade_off(summary: Summary) -> bool:
    """Is there something to choose between? False failovers came in one combination at least, of several."""
    found = list(summary)
    known = [group for group in found if group.detection_s()]
    return len(known) > 1 and any(group.false_failovers for group in found)


def trade_off_rows(summary: Summary) -> TradeOffRows:
    """Each combination of which a takeover was seen as a point; those that differ in what was named first
    alone are on one curve.
    """
    from vrrplab.views import trade_off

    points = [
        trade_off.Point(
            summary.called(g),
            g.detection_s() or 0,
            g.false_a_day,
            g.false_a_day_at_most,
            g.runs,
            summary.called(g, range(1, len(summary.words))),
        )
        for g in summary
    ]
    return trade_off.rows(points, note=f"{summary.runs:,} of {summary.plan.total:,} runs")


def _executor(plan: Plan, jobs: int | None, engine: str) -> Executor:
    from vrrplab.sweeping.executors import local
    from vrrplab.sweeping.reckoned import chosen

    return chosen(plan, engine) or local(jobs, plan)


def _seconds(value: Cell | None, kind: str) -> Cell | None:
    return seconds(value) if kind == SECONDS and isinstance(value, int) else value
