"""The advert ladder: time runs down, a line a participant, an arrow a message, a box where a state changes.

         serv01            serv02        office-pc
11.239     |---- 255 ------->|
12.001  ---v serv01 eth0 down -------------------
12.011    [F]                |                      proxy_ip1 FAULT: eth0 is down
14.854     |                [M]                     proxy_ip1 MASTER: no advert for 3.61 s
14.862     |                 |-- 5 × .101 ->|
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrplab.trace import Trace, as_trace
from vrrplab.units import Micros, seconds
from vrrplab.views import figure_arguments, glyphs, style
from vrrplab.views.ladder_rows import KINDS, Deed, Fold, LadderRows, Message, Row, Turn, rows
from vrrplab.views.style import SMALL, TEXT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "figure", "rows"]

WIDTH_IN = 9.6
ROW_IN, HEAD_IN, NAMES_IN, TIME_IN, LINE_IN = 0.25, 0.62, 0.42, 0.85, 0.125
NOTES_MIN_IN, NOTES_MAX_IN = 1.2, 3.4
BAR_IN, BAR_GAP_IN = 0.085, 0.035


_WORDS = {
    **KINDS,
    "heard": "heard",
    "maybe": "sent to; who heard it is not known",
    "dropped": "dropped",
}


class _Plan(NamedTuple):
    """Where everything goes, in inches from the left and from the top of the rows."""

    axes: Axes
    theme: Theme
    x_in: dict[str, float]
    notes_in: float
    width_in: float
    edges_in: list[float]  # where rows begin and end

    def middle_in(self, number: int) -> float:
        return (self.edges_in[number] + self.edges_in[number + 1]) / 2


def figure(
    trace: Trace,
    *,
    theme: str = "light",
    from_s: float | None = None,
    to_s: float | None = None,
    instance: str = "",
    width_in: float = WIDTH_IN,
) -> Figure:
    """Who sent what to whom, as a ladder between two moments.

    ``from_s``, ``to_s``: in seconds (default: from shortly before the first action until somebody is
    MASTER). ``instance``: of one only. ``theme``: "light" or "dark". ``width_in``: in inches.
    VrrplabError: not a trace, or an option that does not fit.
    """
    trace = as_trace(trace, "ladder.figure()")
    if instance:
        trace.names.instance(instance)
    return draw(rows(trace, from_s, to_s, instance), theme=theme, width_in=figure_arguments.width(width_in))


@style.follows_page
def draw(table: LadderRows, *, theme: str = "light", width_in: float = WIDTH_IN) -> Figure:
    """The figure of rows made before."""
    colours = style.theme_of(theme)
    with style.look(colours):
        notes_in = width_in - _notes_width_in(table)
        legend = glyphs.legend(_signs(table), width_in, _WORDS)
        edges_in = _edges_in(table, width_in - notes_in - 0.15)
        body_in = max(edges_in[-1], NAMES_IN + 3 * ROW_IN) + 0.2
        height_in = HEAD_IN + body_in + (0.22 if table.left_out else 0.0) + legend.height_in + 0.08
        page = style.new_figure(width_in, height_in, colours, table.summary())
        style.head(page, colours, table.title, table.note, table.more)
        axes = style.bare_axes(page, (0, HEAD_IN, width_in, body_in))
        if not table.participants or not table.rows:
            style.nothing_to_draw(axes, colours, "Nothing to draw: nobody sends or changes here.")
            return page
        plan = _Plan(axes, colours, _columns(table, notes_in), notes_in, width_in, edges_in)
        _draw_names(plan, table)
        _draw_lifelines(plan, table)
        for number, row in enumerate(table.rows):
            _draw_row(plan, table, row, plan.middle_in(number))
        if table.left_out:
            text = f"{table.left_out} more rows are not shown: choose a window with from_s and to_s"
            style.write(page, 0.2 / width_in, (legend.height_in + 0.19) / height_in, text, colours.mute)
        legend.draw(page, colours, legend.height_in)
    return page


def _edges_in(table: LadderRows, room_in: float) -> list[float]:
    """Where rows begin and end: a row is as tall as its note needs."""
    edges_in = [NAMES_IN]
    for row in table.rows:
        lines = len(style.wrap(_note(row), room_in, bold=isinstance(row, Deed)))
        edges_in.append(edges_in[-1] + max(ROW_IN, LINE_IN * lines + 0.08))
    return edges_in


def _signs(table: LadderRows) -> set[str]:
    messages = [row for row in table.rows if isinstance(row, Message)]
    fates = {fate for message in messages for _, fate in message.receivers}
    signs = {message.kind for message in messages} | (fates & {"heard", "maybe"})
    return signs | ({"dropped"} if fates - {"heard", "maybe"} else set())


def _note(row: Row) -> str:
    """The words to the right of a row."""
    if isinstance(row, Deed):
        return row.text
    if isinstance(row, Turn):
        word = style.STATE_MARKS[row.to].word if row.to in style.STATE_MARKS else row.to
        return f"{row.instance} {word}" + (f": {row.reason}" if row.reason else "")
    if isinstance(row, Message):
        dropped = [f"{name}: {fate}" for name, fate in row.receivers if fate not in ("heard", "maybe")]
        return "; ".join(dropped)
    return ""


def _notes_width_in(table: LadderRows) -> float:
    widest_in = max((style.text_width_in(_note(row), SMALL, bold=True) for row in table.rows), default=0.0)
    return min(max(widest_in + 0.25, NOTES_MIN_IN), NOTES_MAX_IN)


def _columns(table: LadderRows, notes_in: float) -> dict[str, float]:
    room_in = notes_in - TIME_IN
    step_in = room_in / len(table.participants)
    return {name: TIME_IN + step_in * (n + 0.5) for n, name in enumerate(table.participants)}


def _draw_names(plan: _Plan, table: LadderRows) -> None:
    step_in = (plan.notes_in - TIME_IN) / len(plan.x_in)
    for name, x_in in plan.x_in.items():
        shown = style.elide(name, step_in - 0.1, TEXT, bold=True)
        style.write(plan.axes, x_in, 0.1, shown, plan.theme.text, size=TEXT, align="center", bold=True)
        own = " | ".join(table.instances.get(name, ()))
        shown = style.elide(own, step_in - 0.1, SMALL)
        style.write(plan.axes, x_in, 0.26, shown, plan.theme.mute, align="center")


def _bar_x_in(plan: _Plan, table: LadderRows, server: str, instance: str) -> float:
    """Instances of a server have a bar each, side by side."""
    own = table.instances.get(server, ())
    place = own.index(instance) if instance in own else 0
    return plan.x_in[server] + (place - (len(own) - 1) / 2) * (BAR_IN + BAR_GAP_IN)


def _draw_lifelines(plan: _Plan, table: LadderRows) -> None:
    bottom_in = plan.edges_in[-1] + 0.08
    for name, x_in in plan.x_in.items():
        if not table.instances.get(name):
            line = [x_in, x_in], [NAMES_IN - 0.03, bottom_in]
            plan.axes.plot(*line, color=plan.theme.mute, linewidth=1.0, zorder=1)
    for (server, instance), state in table.before.items():
        x_in = _bar_x_in(plan, table, server, instance)
        top_in, now = NAMES_IN - 0.03, state
        for number, row in enumerate(table.rows):
            turned = isinstance(row, Turn) and (row.server, row.instance) == (server, instance)
            if turned or (isinstance(row, Deed) and row.silences == server):
                y_in = plan.middle_in(number)
                _lifeline(plan, x_in, top_in, y_in, now)
                top_in, now = y_in, row.to if isinstance(row, Turn) else "off"
        _lifeline(plan, x_in, top_in, bottom_in, now)


def _lifeline(plan: _Plan, x_in: float, top_in: float, bottom_in: float, state: str) -> None:
    from matplotlib.patches import Rectangle

    if state == "off":
        line = [x_in, x_in], [top_in, bottom_in]
        plan.axes.plot(*line, color=plan.theme.mute, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        return
    fill, border, _ = style.state_colours(state, plan.theme)
    mark = style.STATE_MARKS.get(state, style.STATE_MARKS["INIT"])
    box = (x_in - BAR_IN / 2, top_in), BAR_IN, bottom_in - top_in
    plan.axes.add_patch(
        Rectangle(
            *box,
            facecolor=fill,
            edgecolor=plan.theme.page if mark.hatch else border,
            hatch=mark.hatch or None,
            linewidth=0.0 if mark.hatch else 0.8,
            linestyle=(0, (2, 1.5)) if mark.dashed else "solid",
            zorder=2,
        )
    )


def _draw_row(plan: _Plan, table: LadderRows, row: Row, y_in: float) -> None:
    theme = plan.theme
    if isinstance(row, Fold):
        style.write(plan.axes, TIME_IN - 0.15, y_in, f"⋮ {row.adverts} more", theme.mute, align="right")
        return
    _write_time(plan, row.t_us, y_in)
    if isinstance(row, Deed):
        line = [TIME_IN - 0.05, plan.notes_in - 0.1], [y_in, y_in]
        plan.axes.plot(*line, color=theme.vermillion, linewidth=1.0, linestyle=(0, (3, 2)), zorder=2.5)
        _write_note(plan, row, y_in, theme.vermillion, bold=True)
    elif isinstance(row, Turn):
        _draw_turn(plan, row, y_in, table)
        _write_note(plan, row, y_in, theme.text)
    else:
        _draw_message(plan, row, y_in, table)
        _write_note(plan, row, y_in, theme.vermillion)


def _write_time(plan: _Plan, t_us: Micros, y_in: float) -> None:
    style.write(plan.axes, TIME_IN - 0.15, y_in, f"{seconds(t_us):.3f} s", plan.theme.mute, align="right")


def _write_note(plan: _Plan, row: Row, y_in: float, colour: str, *, bold: bool = False) -> None:
    lines = style.wrap(_note(row), plan.width_in - plan.notes_in - 0.15, bold=bold)
    for number, line in enumerate(lines):
        line_in = y_in + LINE_IN * (number - (len(lines) - 1) / 2)
        style.write(plan.axes, plan.notes_in, line_in, line, colour, bold=bold)


def _draw_turn(plan: _Plan, row: Turn, y_in: float, table: LadderRows) -> None:
    if row.server not in plan.x_in:
        return
    fill, border, ink = style.state_colours(row.to, plan.theme)
    mark = style.STATE_MARKS.get(row.to, style.STATE_MARKS["INIT"])
    plan.axes.text(
        _bar_x_in(plan, table, row.server, row.instance), y_in, mark.letter, size=SMALL, weight="bold",
        color=ink, ha="center", va="center_baseline", zorder=6,
        bbox={"boxstyle": "round,pad=0.3", "facecolor": fill, "edgecolor": border, "linewidth": 1.0},
    )  # fmt: skip


def _draw_message(plan: _Plan, row: Message, y_in: float, table: LadderRows) -> None:
    if row.sender not in plan.x_in:
        return
    theme = plan.theme
    marker, colour = glyphs.message(theme, row.kind)
    x_in = _bar_x_in(plan, table, row.sender, row.instance)
    known = [(plan.x_in[name], fate) for name, fate in row.receivers if name in plan.x_in]
    for to_in, fate in known:
        end_in = to_in - (0.13 if to_in > x_in else -0.13)
        glyphs.arrow(plan.axes, theme, x_in, end_in, y_in, colour, fate)
    plan.axes.plot(
        [x_in], [y_in], marker=marker, markersize=5, color=colour, markeredgecolor=theme.page, zorder=6
    )
    if not known:
        clear_in = plan.x_in[row.sender] + 0.2
        next_in = min((other for other in plan.x_in.values() if other > clear_in), default=plan.notes_in)
        text = _shortened(row.text, next_in - clear_in - 0.1)
        style.write(plan.axes, clear_in, y_in, text, colour, behind=theme.page, zorder=5)
        return
    nearest_in = min((to_in for to_in, _ in known), key=lambda to_in: abs(to_in - x_in))
    text = _shortened(row.text, abs(nearest_in - x_in) - 0.5)
    style.write(
        plan.axes, (x_in + nearest_in) / 2, y_in, text, colour, align="center", behind=theme.page, zorder=5
    )


def _shortened(text: str, room_in: float) -> str:
    """The text cut to fit; what counts is kept: of "proxy_ip1: 255" the number, of "5 × .101" the 5."""
    name, colon, number = text.rpartition(": ")
    if colon:
        left_in = room_in - style.text_width_in(f": {number}", SMALL)
        short = style.elide(name, left_in, SMALL)
        return f"{short}: {number}" if len(short) > 3 or short == name else number
    count, _, addresses = text.partition(" × ")
    left_in = room_in - style.text_width_in(f"{count} × ", SMALL)
    short = style.elide(addresses, left_in, SMALL)
    return f"{count} × {short}" if len(short) > 3 or short == addresses else f"{count} ×"
