"""Tables for spreadsheets, as CSV: what a stranger wrote stays text there.

A spreadsheet runs a cell that begins like a formula, and a formula can fetch, send or start things. Text that
begins so gets an apostrophe before it, which spreadsheets take for "this is text". Numbers are no text: they
are written as they are, a negative one with its sign, because only vrrplab makes them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from vrrplab.output.printable import printable

# Wide forms too: where Japanese is written, spreadsheets take them for the same.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def csv_text(rows: Iterable[Iterable[str | int | float]]) -> str:
    """The rows as lines; nothing in them steers a terminal, either."""
    import csv

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([_harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def _harmless(text: str) -> str:
    is_formula = text.lstrip(" \xa0\u3000").startswith(FORMULA)  # some trim a cell before they look at it
    return "'" * is_formula + printable(text)


def as_written(cell: str) -> str:
    """The text that ``csv_text`` made this cell of; what steers a terminal stays an escape."""
    return cell[1:] if cell.startswith("'") and _harmless(cell[1:]) == cell else cell
