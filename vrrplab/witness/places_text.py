"""How what another place saw was joined to a capture, in words and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vrrplab.output.text_columns import wrap
from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.node_logs_text import clock_text
from vrrplab.witness.places import Place

_WIDTH = 80
DAY_US = 86_400 * SECOND_US


def coloured_lines(places: list[Place], reference: str) -> Iterator[tuple[str, str]]:
    """For a terminal: each place's clock, and how many of its adverts were new."""
    if places:
        yield "", ""
        yield "What was seen elsewhere", ""
    for place in places:
        found = place.alignment
        if not place.is_dated:
            also_us = None if found.or_us is None else _of_day(found.or_us)
            found = found._replace(offset_us=_of_day(found.offset_us), or_us=also_us)
        undated = "" if place.is_dated else "its times have no date; "
        text = f"{place.name}: {undated}{clock_text(found, reference)}"
        text += f". {_adverts(place, reference)}"
        if place.both < place.adverts:
            text += f" Its packet 1 is frame {place.first_number} here."
        for line in wrap(text, _WIDTH - 1, "  ", "    "):
            yield line, "" if found.is_known and found.or_us is None else "yellow"


def _of_day(offset_us: Micros) -> Micros:
    """Of a clock without a date, whose times are of any day."""
    return (offset_us + DAY_US // 2) % DAY_US - DAY_US // 2


def _adverts(place: Place, reference: str) -> str:
    if not place.adverts:
        return "It has no advert."
    new = place.adverts - place.both
    if place.adverts == place.both:
        return f"All {place.adverts} adverts in it were seen in {reference} too."
    return f"Of {place.adverts} adverts in it {new} were seen only there."


def json_lines(places: list[Place], reference: str) -> Iterator[str]:
    """A ``clock`` row for each place, as for a node's log."""
    for place in places:
        found = place.alignment
        row: dict[str, Any] = {
            "event": "clock", "node": None, "file": place.name, "reference": reference,
            "offset_s": found.offset_us / 1e6, "within_s": found.within_us / 1e6, "is_known": found.is_known,
            "agreeing": found.agreeing, "marks": found.marks, "adverts": place.adverts, "both": place.both,
            "first_frame": place.first_number,
        }  # fmt: skip
        if found.or_us is not None:
            row["or_s"] = found.or_us / 1e6
        yield json.dumps(row, ensure_ascii=False)
