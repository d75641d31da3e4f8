"""What quick detection costs: false failovers a day against the time until a real one is seen.

    a day |  o 0.05
          |      o 0.1
          |                 o 0.3          hollow: none was seen; it is at most so many (95 % certain)
          +------------------------- s

Takes counts, not traces, so that it can be drawn again while they grow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.output.printable import printable
from vrrplab.views import figure_layout, fonts, style
from vrrplab.views.plain import PlainRow, PlainTable
from vrrplab.views.style import SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT_IN, LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN = 4.0, 0.9, 1.0, 0.75, 0.62
_LINE_IN = 0.19  # from one label to the next
_BESIDE_IN = 0.125  # from a point to a label beside it
_AWAY_IN = 0.3  # from the axes to labels in a column: room for the lines that lead there
_LABELS_MAX = 40  # more of them nobody reads; the table has them all


class Point(NamedTuple):
    """A choice: the time until somebody took over, and how often that happened without need.

    ``a_day_at_most``: where none was seen, what is still possible; then ``a_day`` is None. Points of one
    ``curve`` are joined by a line: they differ in one thing alone.
    """

    name: str
    detection_s: float
    a_day: float | None
    a_day_at_most: float
    runs: int
    curve: str = ""

    @property
    def height(self) -> float:
        return self.a_day_at_most if self.a_day is None else self.a_day

    @property
    def told(self) -> str:
        return f"at most {self.height:,.0f}" if self.a_day is None else f"{self.height:,.0f}"


class TradeOffRows(NamedTuple):
    title: str
    note: str
    points: tuple[Point, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        told = [f"{p.name}: {p.detection_s:.2f} s, {p.told} a day" for p in self.points]
        return f"{self.title}. " + "; ".join(told) + "."

    def plain(self) -> PlainTable:
        """The figure as a table: a row a choice."""
        found = tuple(PlainRow((p.name, f"{p.detection_s:.3f} s", p.told, str(p.runs))) for p in self.points)
        head = "", "until taken over", "false failovers a day", "runs"
        return PlainTable(self.title, self.note, "", self.summary(), head, found)


def rows(points: Iterable[Point], title: str = "What quick detection costs", note: str = "") -> TradeOffRows:
    """The points, the quickest first; one that has seen no takeover yet is left out."""
    known = sorted((p for p in points if p.detection_s > 0 and p.height > 0), key=lambda p: p.detection_s)
    return TradeOffRows(title, note, tuple(known))


@style.follows_page
def draw(table: TradeOffRows, *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN) -> Figure:
    """The figure of rows made before."""
    colours = style.theme_of(theme)
    with style.look(colours):
        from matplotlib.ticker import FuncFormatter

        points = table.points
        labels = [printable(f"{p.name}   {p.told}") for p in points] if len(points) <= _LABELS_MAX else []
        scale = _scale_of(points)
        inner_in = width_in - LEFT_IN - RIGHT_IN
        tall_in = HEIGHT_IN - TOP_IN - BOTTOM_IN
        beside = _fit_beside([scale.place(p, inner_in, tall_in) for p in points], labels, inner_in + RIGHT_IN)
        if not beside:
            widest_in = max((style.text_width_in(text, SMALL) for text in labels), default=0.0)
            column_in = min(widest_in, 0.45 * width_in)
            inner_in = width_in - LEFT_IN - _AWAY_IN - column_in - 0.15
            tall_in = max(tall_in, _LINE_IN * len(labels))
        height_in = tall_in + TOP_IN + BOTTOM_IN
        page = style.new_figure(width_in, height_in, colours, table.summary())
        style.head(page, colours, table.title, table.note)
        box = LEFT_IN / width_in, BOTTOM_IN / height_in, inner_in / width_in, tall_in / height_in
        axes = page.add_axes(box)
        axes.set_facecolor(colours.page)
        axes.set_yscale("log")
        axes.set_ylim(10.0**scale.low, 10.0**scale.high)
        axes.set_xlim(0, scale.right_s)
        for curve in dict.fromkeys(p.curve for p in points):
            joined = [(p.detection_s, p.height) for p in points if p.curve == curve]
            axes.plot(*zip(*joined, strict=True), color=colours.line, linewidth=1.2, zorder=2)
        for point in points:
            seen = point.a_day is not None
            face = colours.blue if seen else colours.page
            marker = "o" if seen else "v"
            axes.plot(
                [point.detection_s], [point.height], marker=marker, markersize=8,
                markerfacecolor=face, markeredgecolor=colours.blue, markeredgewidth=1.4, zorder=3,
            )  # fmt: skip
        if labels and beside:
            for point, text in zip(points, labels, strict=True):
                axes.annotate(
                    text, (point.detection_s, point.height), xytext=(72 * _BESIDE_IN, 5),
                    textcoords="offset points", color=colours.text, fontsize=SMALL, zorder=4,
                    parse_math=False, fontfamily=fonts.families(text),
                )  # fmt: skip
        elif labels:
            wanted_in = [scale.place(p, inner_in, tall_in)[1] for p in points]
            for point, text, label_in in zip(points, labels, _apart(wanted_in, tall_in), strict=True):
                axes.annotate(
                    style.elide(text, column_in, SMALL), (point.detection_s, point.height),
                    xytext=(1 + _AWAY_IN / inner_in, label_in / tall_in), textcoords="axes fraction",
                    va="center", color=colours.text, fontsize=SMALL, zorder=4,
                    parse_math=False, fontfamily=fonts.families(text),
                    arrowprops={
                        "arrowstyle": "-", "color": colours.mute, "linewidth": 0.4,
                        "relpos": (0, 0.5), "shrinkB": 5,
                    },
                )  # fmt: skip
        for side, spine in axes.spines.items():
            spine.set_color(colours.line)
            spine.set_visible(side in ("left", "bottom"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
        axes.tick_params(colors=colours.mute, labelsize=SMALL)
        axes.grid(True, which="major", axis="y", color=colours.line, linewidth=0.5)
        axes.set_xlabel("seconds until somebody took over (median)", color=colours.mute, fontsize=TEXT)
        axes.set_ylabel("false failovers a day", color=colours.mute, fontsize=TEXT)
    return page


class _Scale(NamedTuple):
    """What the axes show: from 0 to ``right_s``, and from ten to the power of ``low`` to that of ``high``."""

    right_s: float
    low: int
    high: int

    def place(self, point: Point, wide_in: float, tall_in: float) -> tuple[float, float]:
        """Where a point is, in inches from the axes' corner."""
        up = (math.log10(point.height) - self.low) / (self.high - self.low)
        return wide_in * point.detection_s / self.right_s, tall_in * up


def _scale_of(points: Iterable[Point]) -> _Scale:
    heights = [p.height for p in points] or [1.0, 1000.0]
    low, high = math.floor(math.log10(min(heights)) - 0.1), math.ceil(math.log10(max(heights)) + 0.1)
    return _Scale(max([p.detection_s for p in points], default=1.0) * 1.12, low, high)


def _fit_beside(places: list[tuple[float, float]], labels: list[str], room_in: float) -> bool:
    """Whether each label has room beside its point, with no other label or point in its way."""
    spans = [
        (x_in, y_in, x_in + _BESIDE_IN + style.text_width_in(text, SMALL))
        for (x_in, y_in), text in zip(places, labels, strict=False)
    ]
    return all(span[2] <= room_in for span in spans) and not any(
        abs(one[1] - two[1]) < _LINE_IN and one[0] <= two[2] and two[0] <= one[2]
        for n, one in enumerate(spans)
        for two in spans[n + 1 :]
    )


def _apart(wanted_in: list[float], tall_in: float) -> list[float]:
    """Where labels go that want to be at these heights: each a line from the next, from 0 to ``tall_in``."""
    order = sorted(range(len(wanted_in)), key=lambda n: wanted_in[n])
    groups: list[tuple[float, list[int]]] = []  # the lowest label's height, and the labels above one another
    for n in order:
        groups.append((wanted_in[n], [n]))
        while len(groups) > 1 and groups[-2][0] + _LINE_IN * len(groups[-2][1]) > groups[-1][0]:
            together = groups[-2][1] + groups[-1][1]
            del groups[-2:]
            middle_in = sum(wanted_in[m] for m in together) / len(together)
            half_in = _LINE_IN * (len(together) - 1) / 2
            lowest_in = min(max(middle_in - half_in, 0.0), tall_in - 2 * half_in)
            groups.append((lowest_in, together))
    return [
        lowest_in + _LINE_IN * place
        for n in range(len(wanted_in))
        for lowest_in, together in groups
        for place, m in enumerate(together)
        if m == n
    ]
