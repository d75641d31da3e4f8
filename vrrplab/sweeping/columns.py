"""The table of a sweep: a row a run, and what stands in each column.

Times are whole microseconds in here, and seconds in a file and for Python (names end in ``_s``). None: it did
not happen.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.scenario.model import Scenario
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.values import Cell, Drawn, Listed, Values, cell

Row = tuple[Cell | None, ...]

WHOLE, SECONDS, NUMBER, TEXT = "whole number", "seconds", "number", "text"

# What is known of each target that clients ask for, and of each virtual address; {} is its name.
OF_TARGETS = (
    ("{}.outages", WHOLE, "how often clients were without answers from {}"),
    ("{}.out_s", SECONDS, "how long in all, the longest-hit probe counted"),
    ("{}.outage_s", SECONDS, "the longest outage; one that never ended counts up to the end of the run"),
    ("{}.outage_from_s", SECONDS, "its beginning: the last good answer before it"),
    ("{}.outage_to_s", SECONDS, "its end: the first good answer after it; empty: it never ended"),
    ("{}.gap_s", SECONDS, "the longest time without a single answer: what an outage is made of"),
    ("{}.lost", WHOLE, "questions without an answer in all outages, of all probes"),
)
OF_ADDRESSES = (
    (
        "{}.takeover_s",
        SECONDS,
        "from the first action until another server took the address; empty: none did",
    ),
    (
        "{}.return_s",
        SECONDS,
        "from the last action until the first server had the address again; empty: it never lost it, or had"
        " it back before, or not at all",
    ),
    ("{}.nobody_s", SECONDS, "how long no server had the address, once one had had it"),
    ("{}.several_s", SECONDS, "how long several servers had the address at once"),
    ("{}.holders", TEXT, "who had it at the end, + between them; empty: nobody"),
)
OF_RUNS = (
    (
        "calm_s",
        SECONDS,
        "from the start to the first action, or to the end of the run where there is none",
    ),
    (
        "false_failovers",
        WHOLE,
        "in that time: servers that became MASTER although there was one that they had no right to replace",
    ),
)


class Column(NamedTuple):
    """``kind``: whole number, seconds, number or text; ``meaning``: in words."""

    name: str
    kind: str
    meaning: str


def targets_of(scenario: Scenario) -> list[str]:
    """What clients ask for, in the order of the scenario."""
    return list(dict.fromkeys(p.target for client in scenario.clients.values() for p in client.probes))


def columns_of(plan: Plan) -> list[Column]:
    """Every column of the table, in order."""
    found = [Column("run", WHOLE, "its number, from 0"), Column("seed", WHOLE, "its seed, for simulate")]
    for one in plan.dimensions:
        found.append(Column(one.column, _kind_of(one.values), one.target.meaning))
    for names, table in (
        (targets_of(plan.scenario), OF_TARGETS),
        (plan.scenario.virtual_addresses(), OF_ADDRESSES),
        ([""], OF_RUNS),
    ):
        for name in names:
            found += [Column(c.format(name), kind, meaning.format(name)) for c, kind, meaning in table]
    return found


def _kind_of(values: Values) -> str:
    """A column is of one kind, whatever stands in it: all whole, or all numbers, or text."""
    if isinstance(values, Listed):
        cells = [cell(text) for text in values.texts]
        if all(isinstance(one, int) for one in cells):
            return WHOLE
        return TEXT if any(isinstance(one, str) for one in cells) else NUMBER
    if isinstance(values, Drawn):
        return NUMBER if values.decimals else WHOLE
    return WHOLE if all(isinstance(cell(end), int) for end in (*values.ends(), values.at(1))) else NUMBER


def written(value: Cell | None, kind: str) -> str:
    """A cell as text: the same for the same value, everywhere."""
    if value is None:
        return ""
    if kind == SECONDS:
        assert isinstance(value, int)
        return f"{value // 1_000_000}.{value % 1_000_000:06d}"
    return str(value) if isinstance(value, str | int) else repr(value)


def read(text: str, kind: str) -> Cell | None:
    """The cell that ``written`` wrote. ValueError: nothing that it writes."""
    if kind == TEXT:
        return text
    if not text:
        return None
    if kind == SECONDS:
        whole, _, rest = text.partition(".")
        if len(rest) != 6 or not (whole + rest).isdecimal():
            raise ValueError(text)
        return int(whole + rest)
    return int(text) if kind == WHOLE else float(text)
