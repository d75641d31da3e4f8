"""The state diagram, drawn from the machine's own table of edges; with a trace, how often each was taken.

                INIT
              /      \\
        MASTER  <-->  BACKUP        numbers on the arrows, their reasons beside the picture
              \\      /
               FAULT      STOP
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.machine.states import EDGES, Edge
from vrrplab.trace import Trace, as_trace
from vrrplab.trace.events import StateEvent
from vrrplab.views import figure_arguments, naming, style
from vrrplab.views.plain import PlainRow, PlainTable
from vrrplab.views.style import SMALL, TEXT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN, LIST_IN, LINE_IN = 9.6, 4.5, 5.1, 0.25
# Middle of each state, in inches from the left and the top of the drawing.
PLACES = {
    "INIT": (2.65, 0.95),
    "MASTER": (1.15, 2.15),
    "BACKUP": (4.15, 2.15),
    "FAULT": (2.65, 3.2),
    "STOP": (2.65, 4.12),
}
BOX_IN = (0.95, 0.4)


class Arrow(NamedTuple):
    """An edge with its number in the list and how often a trace took it (None: no trace)."""

    number: int
    edge: Edge
    taken: int | None


class DiagramRows(NamedTuple):
    title: str
    note: str
    arrows: tuple[Arrow, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        told = [f"{a.edge.from_state} to {a.edge.to_state}: {a.edge.reason}" for a in self.arrows]
        return f"{self.title}. " + "; ".join(told) + "."

    def plain(self) -> PlainTable:
        """The figure as a table: a row an arrow."""
        found = tuple(
            PlainRow((*arrow.edge, "" if arrow.taken is None else f"{arrow.taken} ×"))
            for arrow in self.arrows
        )
        head = "from", "to", "why", "source", "taken"
        return PlainTable(self.title, self.note, "", self.summary(), head, found)


def rows(trace: Trace | None = None) -> DiagramRows:
    """All edges in the order of the table; changes of a trace that no edge allows do not occur."""
    title, note = "States of a VRRP instance", "RFC 9568 section 6.4, and keepalived's FAULT"
    taken: Counter[tuple[str, str]] = Counter()
    if trace is not None:
        title, note = naming.title_of(trace), f"{naming.origin_note(trace)} · how often each change happened"
        taken.update((e.from_ or "INIT", e.to) for e in trace.of(StateEvent))
    counts = [None if trace is None else taken[edge.from_state, edge.to_state] for edge in EDGES]
    return DiagramRows(title, note, tuple(map(Arrow, count(1), EDGES, counts)))


def figure(trace: Trace | None = None, *, theme: str = "light", width_in: float = WIDTH_IN) -> Figure:
    """The states and what leads from one to the other; with a trace, edges that were taken are bold and
    counted.

    ``theme``: "light" or "dark". ``width_in``: in inches. Source: RFC 9568 section 6.4,
    and keepalived's own FAULT and STOP. VrrplabError: not a trace.
    """
    if trace is not None:
        as_trace(trace, "state_diagram.figure()")
    return draw(rows(trace), theme=theme, width_in=figure_arguments.width(width_in))


@style.follows_page
def draw(table: DiagramRows, *, theme: str = "light", width_in: float = WIDTH_IN) -> Figure:
    """The figure of rows made before."""
    colours = style.theme_of(theme)
    with style.look(colours):
        height_in = max(HEIGHT_IN, 0.75 + LINE_IN * len(table.arrows) + 0.2)
        page = style.new_figure(width_in, height_in, colours, table.summary())
        style.head(page, colours, table.title, table.note)
        axes = style.bare_axes(page, (0, 0, width_in, height_in))
        for arrow in table.arrows:
            _draw_arrow(axes, colours, arrow, table.arrows)
        for state in PLACES:
            _draw_state(axes, colours, state)
        _draw_list(axes, colours, table.arrows, width_in)
    return page


def _draw_state(axes: Axes, theme: Theme, state: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    fill, border, ink = style.state_colours(state, theme)
    mark = style.STATE_MARKS[state]
    (x_in, y_in), (wide_in, tall_in) = PLACES[state], BOX_IN
    place = (x_in - wide_in / 2, y_in - tall_in / 2), wide_in, tall_in
    round_box = "round,pad=0,rounding_size=0.08"
    axes.add_patch(
        FancyBboxPatch(
            *place,
            boxstyle=round_box,
            facecolor=fill,
            edgecolor=theme.page if mark.hatch else border,
            hatch=mark.hatch or None,
            linewidth=1.2,
            zorder=4,
            linestyle=(0, (3, 2)) if mark.dashed else "solid",
        )
    )
    behind = fill if mark.hatch else None
    style.write(axes, x_in, y_in, state, ink, size=TEXT, align="center", bold=True, behind=behind, zorder=5)


Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]

# Curves from border to border, in inches, for the edges that would otherwise run through another state.
_ROUTES: dict[tuple[str, str], Curve] = {
    ("INIT", "STOP"): ((3.13, 0.95), (5.6, 0.95), (5.6, 4.15), (3.15, 4.15)),
    ("MASTER", "STOP"): ((0.95, 2.36), (0.95, 3.4), (1.4, 4.12), (2.15, 4.12)),
    ("BACKUP", "STOP"): ((4.35, 2.36), (4.35, 3.2), (4.0, 3.98), (3.15, 4.02)),
}
_BEND = 0.13  # of the distance, where there is an edge back


def _draw_arrow(axes: Axes, theme: Theme, arrow: Arrow, all_arrows: Sequence[Arrow]) -> None:
    """A curve from state to state with the edge's number on it; there and back bend apart."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    edge = arrow.edge
    route = _ROUTES.get((edge.from_state, edge.to_state))
    if route is None:
        back = any(a.edge[:2] == (edge.to_state, edge.from_state) for a in all_arrows)
        route = _curve(PLACES[edge.from_state], PLACES[edge.to_state], _BEND if back else 0.0)
    used = arrow.taken is None or arrow.taken > 0
    colour = theme.text if used else theme.line
    axes.add_patch(
        FancyArrowPatch(
            path=Path(route, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]),
            arrowstyle="-|>,head_length=5,head_width=2.6",
            color=colour,
            linewidth=1.8 if arrow.taken else 1.0,
            zorder=3,
        )
    )
    crossed = (edge.from_state, edge.to_state) == ("INIT", "FAULT")  # keeps its number off the crossing
    x_in, y_in = _on(route, 0.25 if crossed else 0.5)
    ring = {"boxstyle": "circle,pad=0.22", "facecolor": theme.page, "edgecolor": colour, "linewidth": 0.8}
    axes.text(
        x_in, y_in, str(arrow.number), size=SMALL, color=colour if used else theme.mute, ha="center",
        va="center_baseline", weight="bold" if used else "normal", zorder=3.5, bbox=ring,
    )  # fmt: skip


def _on(route: Curve, share: float) -> Point:
    """A point of a cubic curve."""
    weights = ((1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3)
    return (
        sum(w * x for w, (x, _) in zip(weights, route, strict=True)),
        sum(w * y for w, (_, y) in zip(weights, route, strict=True)),
    )


def _curve(begin: Point, end: Point, bend: float) -> Curve:
    """A curve between two boxes that leaves the straight line by ``bend`` of its length, to its right."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    middle = ((begin[0] + end[0]) / 2 - bend * dy, (begin[1] + end[1]) / 2 + bend * dx)
    a, b = _border(begin, middle), _border(end, middle)
    return a, _towards(a, middle), _towards(b, middle), b


def _towards(a: Point, b: Point) -> Point:
    return a[0] + (b[0] - a[0]) * 2 / 3, a[1] + (b[1] - a[1]) * 2 / 3


def _border(begin: Point, end: Point) -> Point:
    """Where the line from the middle of a box towards ``end`` leaves the box."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    half_x, half_y = BOX_IN[0] / 2 + 0.02, BOX_IN[1] / 2 + 0.02
    reach = min(half_x / max(abs(dx), 1e-9), half_y / max(abs(dy), 1e-9))
    return begin[0] + reach * dx, begin[1] + reach * dy


def _draw_list(axes: Axes, theme: Theme, arrows: Sequence[Arrow], width_in: float) -> None:
    """Number, change, reason, where it is laid down; and the count if a trace was given."""
    y_in = 0.75
    for arrow in arrows:
        used = arrow.taken is None or arrow.taken > 0
        colour = theme.text if used else theme.mute
        edge = arrow.edge
        style.write(axes, LIST_IN + 0.18, y_in, str(arrow.number), colour, align="right", bold=used)
        change = f"{edge.from_state} → {edge.to_state}"
        style.write(axes, LIST_IN + 0.28, y_in, change, colour, bold=used)
        if arrow.taken is not None:
            style.write(axes, LIST_IN + 1.75, y_in, f"{arrow.taken} ×", colour, align="right", bold=used)
        x_in = LIST_IN + (1.85 if arrow.taken is not None else 1.45)
        reason = style.elide(edge.reason, width_in - x_in - 0.15, SMALL)
        style.write(axes, x_in, y_in, reason, colour)
        source_in = x_in + style.text_width_in(reason, SMALL) + 0.12
        if source_in + style.text_width_in(edge.source, SMALL - 1) < width_in - 0.1:
            style.write(axes, source_in, y_in, edge.source, theme.mute, size=SMALL - 1)
        y_in += LINE_IN
