"""A forecast as a page shows it: a row for each outcome, in words, with the failures that bring it about."""

from __future__ import annotations

from typing import Any

from vrrplab.forecast.predict import Forecast, Row, Section
from vrrplab.forecast.table import failures_in_words, head, notes, row_in_cells


def plain_table(found: Forecast) -> dict[str, Any]:
    """Values for JSON, the worst rows of each virtual router first."""
    return {
        "routers": [_section(section, found.simulated) for section in found.sections],
        "notes": notes(found),
        "simulated": found.simulated,
    }


def _section(section: Section, simulated: bool) -> dict[str, Any]:
    return {
        "title": " ".join(" ".join(head(section)).split()),
        "addresses": list(section.addresses),
        "rows": [_row(row, simulated) for row in section.rows],
    }


def _row(row: Row, simulated: bool) -> dict[str, Any]:
    when, goes_to, out, told, see = row_in_cells(row, simulated)
    return {
        "when": when,
        "first": failures_in_words(row.failures[:1]),
        "alike": len(row.failures) - 1,
        "goes_to": goes_to,
        "out": " / ".join(out.split()) if row.out_s and out[-1:].isdigit() else " ".join(out.split()),
        "simulated": told,
        "see": see.split(),
        "why": row.why,
        "calm": row.is_calm,
        "bad": row.badness[0] >= 4,  # nobody has it for ever, or two do
        "worst_s": row.out_s,
        "lines": list(row.lines),
    }
