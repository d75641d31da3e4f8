"""A sweep that runs: chunks of rows in order of run numbers, into a file and to whoever counts them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from vrrplab.sweeping.columns import Row
from vrrplab.sweeping.executors import Executor, in_order
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.ranges import ranges
from vrrplab.sweeping.table_file import TableFile

_ROWS = 5_000  # of those that are in a file already, at a time


def chunks(
    plan: Plan, executor: Executor, table: TableFile | None = None, start: int = 0
) -> Generator[list[Row], None, None]:
    """All rows, in order: those that ``table`` has already, then new ones, which are written there first.

    ``start``: without a table, the run to begin with.
    """
    done = start
    if table is not None:
        chunk: list[Row] = []
        for row in table.rows():
            chunk.append(row)
            if len(chunk) == _ROWS:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
        done = table.done
    with closing(executor.run(plan, ranges(plan, done))) as found:
        for rows in in_order(found, done):
            if table is not None:
                table.write(rows)
            yield rows
    if table is not None:
        table.finish()
