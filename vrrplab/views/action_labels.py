"""Where the labels of actions go: in rows above a time axis, none over another. Arithmetic, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vrrplab.views.style import SMALL, elide, text_width_in

ROW_IN = 0.18
MAX_ROWS = 5
NUMBER_ROWS = 8  # before numbers are shared
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
    Actions at one moment share a label; those so close that even numbers would pile up share a number.
    """
    gap_s = 0.02 * (window[1] - window[0]) / width_in
    merged = _merged(actions, gap_s)
    rows = _pack([(group[0][0], ", ".join(text for _, text in group)) for group in merged], window, width_in)
    if rows is not None:
        return rows, []
    while True:
        numbered = [(group[0][0], str(number)) for number, group in enumerate(merged, 1)]
        rows = _pack(numbered, window, width_in, NUMBER_ROWS)
        if rows is not None:
            return rows, [f"{number}  {_meaning(group)}" for number, group in enumerate(merged, 1)]
        gap_s *= 2
        merged = _merged(actions, gap_s)


def _merged(actions: Sequence[tuple[float, str]], gap_s: float) -> list[list[tuple[float, str]]]:
    """The actions in order, in groups that each begin less than ``gap_s`` before their last."""
    merged: list[list[tuple[float, str]]] = []
    for at_s, text in sorted(actions, key=lambda action: action[0]):
        if merged and at_s - merged[-1][0][0] < gap_s:
            merged[-1].append((at_s, text))
        else:
            merged.append([(at_s, text)])
    return merged


def _meaning(group: Sequence[tuple[float, str]]) -> str:
    """What a number in the key stands for: one action, those of a moment, or many."""
    first_s, last_s = group[0][0], group[-1][0]
    if last_s - first_s < 0.0005:
        return f"{first_s:.3f} s  {', '.join(text for _, text in group)}"
    return f"{first_s:.3f} to {last_s:.3f} s  {len(group)} actions"


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
