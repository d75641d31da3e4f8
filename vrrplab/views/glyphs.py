"""Bars, ticks, diamonds, and the legend that explains them: the small drawings the figures share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from vrrplab.units import Micros
from vrrplab.views.figure_layout import Legend, Paper
from vrrplab.views.style import SMALL, STATE_MARKS, Theme, bare_axes, state_colours, text_width_in, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vrrplab.views.timeline_rows import Lane

_GAP_IN, _SWATCH_IN, _ROW_IN = 0.17, 0.26, 0.2
_SHAPES = ("o", "s", "^", "D", "P", "*", "v", "p")
FAULT_HATCH = "////"


def bar(
    axes: Axes,
    theme: Theme,
    span_s: tuple[float, float],
    middle_in: float,
    height_in: float,
    fill: str,
    border: str,
    hatch: str,
    dashed: bool,
    zorder: float = 2,
) -> None:
    """A rectangle over a stretch of time; a fault's hatch is in the page's colour, others in the border's."""
    from matplotlib.patches import Rectangle

    box = (span_s[0], middle_in - height_in / 2), span_s[1] - span_s[0], height_in
    fault = hatch == FAULT_HATCH
    axes.add_patch(
        Rectangle(
            *box,
            facecolor=fill,
            edgecolor=theme.page if fault else border,
            hatch=hatch or None,
            linewidth=0.0 if fault else 0.9,
            linestyle=(0, (2, 1.5)) if dashed else "solid",
            zorder=zorder,
        )
    )
    if fault:
        axes.add_patch(Rectangle(*box, fill=False, edgecolor=border, linewidth=1.0, zorder=zorder + 0.1))


def advert_ticks(paper: Paper, ticks: Sequence[Micros], zeros: Sequence[Micros], y_in: float) -> None:
    """A tick below ``y_in`` for each advert, a triangle for priority 0; a band where they are dense."""
    from matplotlib.collections import LineCollection

    lines = tick_lines(paper, ticks, y_in)
    paper.axes.add_collection(
        LineCollection(lines, colors=paper.theme.text, linewidths=0.9, zorder=3), autolim=False
    )
    _points(paper.axes, paper.theme, paper.moments(zeros), y_in + 0.035, "v", 4.6, paper.theme.blue)


def tick_lines(paper: Paper, ticks: Sequence[Micros], y_in: float) -> list[list[tuple[float, float]]]:
    """From where to where each tick goes; those closer than a pixel are one."""
    return [[(t, y_in + 0.012), (t, y_in + 0.058)] for t in paper.moments(ticks, gap_in=0.011)]


def diamonds(axes: Axes, theme: Theme, moments_s: Sequence[float], y_in: float, colour: str) -> None:
    """Announcements: gratuitous ARP and unsolicited neighbour advertisements."""
    _points(axes, theme, moments_s, y_in, "D", 4.2, colour)


def change(axes: Axes, theme: Theme, at_s: float, y_in: float, good: bool) -> None:
    """A tracked thing: a cross where it failed, a ring where it came back."""
    if good:
        axes.plot(
            [at_s], [y_in], marker="o", markersize=6, markerfacecolor=theme.page, markeredgecolor=theme.green,
            markeredgewidth=1.6, zorder=6,
        )  # fmt: skip
    else:
        axes.plot([at_s], [y_in], marker="X", markersize=7.5, color=theme.vermillion,
                  markeredgecolor=theme.page, markeredgewidth=0.8, zorder=6)  # fmt: skip


def shape(axes: Axes, theme: Theme, at_s: float, y_in: float, number: int) -> None:
    """By what the server of that number is known: a shape, in a colour that means nothing."""
    axes.plot(
        [at_s], [y_in], marker=_SHAPES[number % len(_SHAPES)], markersize=5, color=theme.text,
        markeredgecolor=theme.page, markeredgewidth=0.8, zorder=5, clip_on=False,
    )  # fmt: skip


def message(theme: Theme, kind: str) -> tuple[str, str]:
    """(marker, colour) of a kind of frame."""
    known = {"advert": ("o", theme.blue), "zero": ("v", theme.blue)}
    return known.get(kind, ("D", theme.strong[0]))


def arrow(
    axes: Axes, theme: Theme, from_in: float, to_in: float, y_in: float, colour: str, fate: str
) -> None:
    """Solid to who heard it, dashed to who may have, a cross where it was dropped."""
    side = 1 if to_in > from_in else -1
    dashes = (0, (4, 2)) if fate == "maybe" else "solid"
    axes.plot([from_in, to_in], [y_in, y_in], color=colour, linewidth=1.2, linestyle=dashes, zorder=3)
    if fate not in ("heard", "maybe"):
        axes.plot([to_in - side * 0.05], [y_in], marker="X", markersize=7, color=theme.vermillion, zorder=6)
        return
    face = colour if fate == "heard" else theme.page
    axes.plot(
        [to_in], [y_in], marker=">" if side > 0 else "<", markersize=6, markerfacecolor=face,
        markeredgecolor=colour, zorder=6,
    )  # fmt: skip


def part(
    axes: Axes, theme: Theme, kind: str, span_s: tuple[float, float], middle_in: float, height_in: float
) -> None:
    """A piece of an outage: each kind with a colour and a hatch of its own."""
    from matplotlib.patches import Rectangle

    fill, edge, hatch = {
        "detection": (theme.pale[2], theme.strong[2], "////"),
        "election": (theme.pale[1], theme.strong[1], "...."),
        "announcement": (theme.pale[0], theme.strong[0], ""),
        "cache": (theme.pale[4], theme.strong[4], "\\\\\\\\"),
    }.get(kind, (theme.soft, theme.mute, "xx"))
    box = (span_s[0], middle_in - height_in / 2), span_s[1] - span_s[0], height_in
    axes.add_patch(
        Rectangle(*box, facecolor=fill, edgecolor=edge, hatch=hatch or None, linewidth=1.0, zorder=2)
    )


def quantile(axes: Axes, theme: Theme, at_s: float, base_in: float, tall_in: float, kind: str) -> None:
    """A line through a distribution: its median, where its tail begins, or what was expected."""
    colour, dashes, wide = {
        "median": (theme.text, "solid", 1.8),
        "tail": (theme.text, (0, (1.5, 1.2)), 1.4),
        "bound": (theme.strong[1], (0, (4, 1.5)), 1.6),
    }[kind]
    line = [at_s, at_s], [base_in + 0.04, base_in - tall_in]
    axes.plot(*line, color=colour, linestyle=dashes, linewidth=wide, zorder=4)


def _points(
    axes: Axes, theme: Theme, xs: Sequence[float], y: float, marker: str, size: float, colour: str
) -> None:
    axes.plot(
        xs, [y] * len(xs), linestyle="none", marker=marker, markersize=size, color=colour,
        markeredgecolor=theme.page, markeredgewidth=0.8, zorder=5,
    )  # fmt: skip


WORDS = {
    "MASTER": "MASTER",
    "BACKUP": "BACKUP",
    "FAULT": "FAULT",
    "INIT": "INIT",
    "STOP": "stopped",
    "tick": "advert sent",
    "zero": "priority 0",
    "owner": "has the address",
    "several": "several have it",
    "diamond": "announced (GARP, NA)",
    "outage": "no answer",
    "action": "action",
}


def signs_of(lanes: Sequence[Lane], brief_us: Micros = 0) -> set[str]:
    """What these lanes show, spans longer than ``brief_us`` only."""
    signs = {s.what for lane in lanes for s in lane.spans if s.to_us - s.from_us > brief_us}
    signs |= {"tick"} if any(lane.ticks for lane in lanes) else set()
    signs |= {"zero"} if any(lane.zeros for lane in lanes) else set()
    signs |= {"diamond"} if any(lane.diamonds for lane in lanes) else set()
    return signs


def legend(signs: Collection[str], page_width_in: float, words: Mapping[str, str] = WORDS) -> Legend:
    """A legend of these signs in the order of ``words``; nothing that is not there is explained."""
    entries = [(sign, text) for sign, text in words.items() if sign in signs]
    if not entries:
        return Legend(0.0, lambda page, theme, height_in: None)
    rows = _rows(entries, page_width_in - 0.4)
    return Legend(0.08 + _ROW_IN * len(rows), partial(_draw_legend, rows=rows))


def _rows(entries: Sequence[tuple[str, str]], width_in: float) -> list[list[tuple[float, str, str]]]:
    rows: list[list[tuple[float, str, str]]] = [[]]
    x_in = 0.0
    for sign, text in entries:
        wide_in = _SWATCH_IN + 0.07 + text_width_in(text, SMALL)
        if x_in + wide_in > width_in and rows[-1]:
            rows.append([])
            x_in = 0.0
        rows[-1].append((x_in, sign, text))
        x_in += wide_in + _GAP_IN
    return rows


def _draw_legend(
    page: Figure, theme: Theme, height_in: float, rows: Sequence[Sequence[tuple[float, str, str]]]
) -> None:
    page_width_in, page_height_in = page.get_size_inches()
    box_in = 0.2, page_height_in - 0.04 - height_in, page_width_in - 0.4, height_in
    axes = bare_axes(page, box_in)
    for row, items in enumerate(rows):
        y_in = 0.06 + _ROW_IN * (row + 0.5)
        for x_in, sign, text in items:
            _swatch(axes, theme, sign, x_in, y_in)
            write(axes, x_in + _SWATCH_IN + 0.07, y_in, text, theme.mute)


def _swatch(axes: Axes, theme: Theme, sign: str, x_in: float, y_in: float) -> None:
    box = (x_in, x_in + _SWATCH_IN)
    middle_in = x_in + _SWATCH_IN / 2
    if sign in STATE_MARKS:
        fill, border, ink = state_colours(sign, theme)
        mark = STATE_MARKS[sign]
        bar(axes, theme, box, y_in, 0.12, fill, border, mark.hatch, mark.dashed)
        behind = fill if mark.hatch else None
        write(axes, middle_in, y_in, mark.letter, ink, size=6.5, align="center", bold=True, behind=behind)
    elif sign == "tick":
        for k in range(3):
            x = x_in + 0.05 + 0.08 * k
            axes.plot([x, x], [y_in - 0.03, y_in + 0.03], color=theme.text, linewidth=0.9)
    elif sign == "owner":
        bar(axes, theme, box, y_in, 0.11, theme.pale[0], theme.strong[0], "", False)
    elif sign == "several":
        bar(axes, theme, box, y_in, 0.11, theme.pale[0], theme.vermillion, "xxxx", False)
    elif sign == "diamond":
        diamonds(axes, theme, [middle_in], y_in, theme.strong[0])
    elif sign in ("detection", "election", "announcement", "cache", "other"):
        part(axes, theme, sign, box, y_in, 0.12)
    elif sign in ("advert", "zero", "garp", "na"):
        marker, colour = message(theme, sign)
        _points(axes, theme, [middle_in], y_in, marker, 5, colour)
    elif sign in ("heard", "maybe", "dropped"):
        arrow(axes, theme, x_in, box[1] - 0.04, y_in, theme.blue, sign)
    elif sign == "dot":
        axes.plot([middle_in], [y_in], marker="o", markersize=3.6, color=theme.mute)
    elif sign in ("median", "tail", "bound"):
        quantile(axes, theme, middle_in, y_in + 0.05, 0.13, sign)
    elif sign == "change":
        diamonds(axes, theme, [middle_in], y_in, theme.text)
    elif sign == "outage":
        bar(axes, theme, box, y_in, 0.11, theme.page, theme.vermillion, "", True)
    elif sign in ("good", "bad"):
        change(axes, theme, middle_in, y_in, sign == "good")
    elif sign == "line":
        for x, wide, colour in ((x_in, 4.0, theme.blue), (middle_in, 1.6, theme.mute)):
            axes.plot([x, x + _SWATCH_IN / 2], [y_in, y_in], color=colour, linewidth=wide,
                      solid_capstyle="butt")  # fmt: skip
    elif sign == "action":
        line = [middle_in, middle_in], [y_in - 0.08, y_in + 0.08]
        axes.plot(*line, color=theme.vermillion, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.plot([middle_in], [y_in - 0.06], marker="v", markersize=4, color=theme.vermillion)
