"""Where the labels of actions go: in rows above a time axis, none over another. Arithmetic, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vrrplab.views.style import SMALL, elide, text_width_in

ROW_IN = 0.18
MAX_ROWS = 5
_GAP_IN = 0.09  # between the mark and its text


class Flag(NamedTuple):
    """A label at ``at_s``; its text begins at ``text_s``, its row is ``y_in`` from the top."""

    at_s: float
    text_s: float
    y_in: float
    text: str


def flag_height_in(flags: Sequence[Flag]) -> float:
    """What the rows of labels need."""
    return max((flag.y_in for flag in flags), default=-ROW_IN / 2 - 0.02) + ROW_IN / 2 + 0.02


def place_flags(
    actions: Sequence[tuple[float, str]], window: tuple[float, float], width_in: float
) -> tuple[list[Flag], list[str]]:
    """Rows for (seconds, text) labels, and the key.

    Labels that would need more than five rows become numbers; the key then says what each means.
    Actions at one moment share a label.
    """
    merged: list[tuple[float, str]] = []
    for at_s, text in sorted(actions, key=lambda action: action[0]):
        if merged and abs(merged[-1][0] - at_s) * width_in / (window[1] - window[0]) < 0.02:
            merged[-1] = (merged[-1][0], f"{merged[-1][1]}, {text}")
        else:
            merged.append((at_s, text))
    rows = _pack(merged, window, width_in)
    if rows is not None:
        return rows, []
    numbered = [(at_s, str(number)) for number, (at_s, _) in enumerate(merged, 1)]
    key = [f"{number}  {at_s:.3f} s  {text}" for number, (at_s, text) in enumerate(merged, 1)]
    return _pack(numbered, window, width_in, rows=99) or [], key


def _pack(
    actions: Sequence[tuple[float, str]], window: tuple[float, float], width_in: float, rows: int = MAX_ROWS
) -> list[Flag] | None:
    in_per_s = width_in / (window[1] - window[0])
    ends: list[float] = []  # where each row is free again, in inches
    placed: list[tuple[float, float, int, str]] = []
    for at_s, text in actions:
        text = elide(text, width_in * 0.6, SMALL)
        at_in = (at_s - window[0]) * in_per_s
        wide_in = text_width_in(text, SMALL) + _GAP_IN
        begin_in = at_in + _GAP_IN
        left_in = at_in - 0.05
        if begin_in + wide_in > width_in:  # no room to the right: to the left of its mark
            begin_in = at_in - wide_in
            left_in = begin_in
        row = next((r for r, end_in in enumerate(ends) if end_in <= left_in), len(ends))
        if row >= rows:
            return None
        ends[row:] = [max(at_in + 0.06, begin_in + wide_in), *ends[row + 1 :]]
        placed.append((at_s, window[0] + begin_in / in_per_s, row, text))
    return [Flag(at_s, text_s, ROW_IN * (row + 0.5), text) for at_s, text_s, row, text in placed]
