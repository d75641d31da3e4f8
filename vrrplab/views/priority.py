"""Effective priority over time: who would win the election, and which tracked thing changed that.

VRID 51   150 ━━━━━━━┓ chk fails                one chart a virtual router; thick where MASTER,
          100 ───────┃━━━━━━━━━━ r2             broken where the instance cannot take part
           90        └──────────── r1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.trace import Trace
from vrrplab.trace.events import (
    AdvertSentEvent,
    InterfaceEvent,
    PriorityEvent,
    ScriptEvent,
)
from vrrplab.trace.routers import virtual_routers
from vrrplab.units import Micros, seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, naming, style
from vrrplab.views.plain import Bar, PlainRow, PlainTable
from vrrplab.views.style import SMALL
from vrrplab.views.timeline_rows import Span, state_spans

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHART_IN, FLAT_IN, _TOP_IN, _BOTTOM_IN = 1.25, 0.55, 0.2, 0.2
SHAPE_IN = 0.1  # what a server's shape takes before its name
_DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (4, 1.2, 1, 1.2)))
_WORDS = {
    "line": "MASTER thick, BACKUP thin",
    "FAULT": "FAULT: takes no part",
    "bad": "tracked thing failed",
    "good": "tracked thing is back",
    "action": "action",
}


class PriorityStep(NamedTuple):
    """A stretch with one effective priority and one state."""

    from_us: Micros
    to_us: Micros
    priority: int
    state: str


class Line(NamedTuple):
    server: str
    instance: str
    steps: tuple[PriorityStep, ...]


class PriorityChange(NamedTuple):
    """A tracked script or interface that changed, at the moment it counted."""

    t_us: Micros
    server: str
    text: str
    good: bool


class Chart(NamedTuple):
    """One virtual router."""

    name: str
    lines: tuple[Line, ...]
    changes: tuple[PriorityChange, ...]


class PriorityRows(NamedTuple):
    title: str
    note: str
    more: str
    from_us: Micros
    to_us: Micros
    charts: tuple[Chart, ...]
    actions: tuple[naming.ActionMark, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        steps = sum(
            a.priority != b.priority
            for chart in self.charts
            for line in chart.lines
            for a, b in zip(line.steps, line.steps[1:], strict=False)
        )
        return f"Effective priorities in {self.title}: {len(self.charts)} virtual routers, {steps} changes."

    def plain(self) -> PlainTable:
        """The figure as a table: a row an instance."""
        found = [
            PlainRow(
                (chart.name, line.server),
                tuple(
                    Bar(step.from_us, step.to_us, f"{step.priority} {step.state}", step.state)
                    for step in line.steps
                ),
            )
            for chart in self.charts
            for line in chart.lines
        ]
        changes = {
            (change.t_us, f"{change.server} {change.text}")
            for chart in self.charts
            for change in chart.changes
        }
        about = self.title, self.note, self.more, self.summary()
        moments = tuple(sorted(changes | {(action.t_us, action.text) for action in self.actions}))
        head = "virtual router", "server"
        return PlainTable(*about, head, tuple(found), (self.from_us, self.to_us), moments)


def rows(trace: Trace, from_s: float | None = None, to_s: float | None = None) -> PriorityRows:
    """Priorities as configured, changed by ``priority`` events and by what the adverts say.

    Adverts count because a reload, or two owners that find each other, changes a priority without an
    event of its own in a recording.
    """
    silent = naming.alive_until(trace)
    heard = _priorities(trace)
    charts = []
    for router in virtual_routers(trace):
        lines = []
        for server, instance in router.members:
            spans = state_spans(trace, server, instance, silent.get(server, []))
            steps = _steps(spans, heard.get((server, instance), []))
            if steps:
                lines.append(Line(server, instance, tuple(steps)))
        if lines:
            members = {line.server for line in lines}
            changes = tuple(change for change in _changes(trace) if change.server in members)
            charts.append(Chart(router.title, tuple(lines), changes))
    return PriorityRows(
        *naming.head_of(trace),
        *figure_arguments.window_us(trace, from_s, to_s),
        tuple(charts),
        naming.action_marks(trace),
    )


def _priorities(trace: Trace) -> dict[tuple[str, str], list[tuple[Micros, int]]]:
    """(server, instance) -> (moment, priority), beginning with the configured one at 0."""
    found: dict[tuple[str, str], list[tuple[Micros, int]]] = {}
    for server, about in (trace.scenario.get("servers") or {}).items():
        for instance, config in (about.get("instances") or {}).items():
            if isinstance(config.get("priority"), int):
                found[server, instance] = [(0, config["priority"])]
    told: list[PriorityEvent | AdvertSentEvent] = trace.of(PriorityEvent, AdvertSentEvent)
    for event in told:
        priority = event.to if isinstance(event, PriorityEvent) else event.priority
        own = found.setdefault((event.server, event.instance), [])
        if priority and (not own or own[-1][1] != priority):
            own.append((event.t_us if own else 0, priority))
    return found


def _steps(spans: Sequence[Span], heard: Sequence[tuple[Micros, int]]) -> list[PriorityStep]:
    steps: list[PriorityStep] = []
    for span in spans:
        cuts = [t for t, _ in heard if span.from_us < t < span.to_us]
        for from_us, to_us in zip([span.from_us, *cuts], [*cuts, span.to_us], strict=True):
            before = [priority for t, priority in heard if t <= from_us]
            if before:
                steps.append(PriorityStep(from_us, to_us, before[-1], span.what))
    return steps


def _changes(trace: Trace) -> list[PriorityChange]:
    found = []
    told: list[ScriptEvent | InterfaceEvent] = trace.of(ScriptEvent, InterfaceEvent)
    for event in told:
        if isinstance(event, InterfaceEvent) or event.changed:
            found.append(_change(event))
    seen: set[str] = set()
    kept = []
    for change in found:  # the first success of a script after a start is no news
        name = f"{change.server} {change.text.split()[0]}"
        if not change.good or name in seen:
            kept.append(change)
        seen.add(name)
    return kept


def _change(event: ScriptEvent | InterfaceEvent) -> PriorityChange:
    if isinstance(event, InterfaceEvent):
        words = f"{event.interface} {'up' if event.up else 'down'}"
        return PriorityChange(event.t_us, event.server, words, event.up)
    passed = event.result == "pass"
    verb = "passes" if passed else "times out" if event.exit == "timeout" else "fails"
    return PriorityChange(event.t_us, event.server, f"{event.script} {verb}", passed)


def figure(
    trace: Trace | Sequence[Trace],
    *,
    theme: str = "light",
    from_s: float | None = None,
    to_s: float | None = None,
    width_in: float = figure_layout.WIDTH_IN,
) -> Figure:
    """Effective priorities over time, and the checks and interfaces that change them: of a trace, or of
    several.

    ``from_s``, ``to_s``: the window shown, in seconds (default: all). ``theme``: "light" or "dark".
    ``width_in``: in inches. VrrplabError: not a trace, or an option that does not fit.
    """
    traces = figure_arguments.traces_of(trace, "priority.figure()")
    return draw(
        [rows(one, from_s, to_s) for one in traces], theme=theme, width_in=figure_arguments.width(width_in)
    )


@style.follows_page
def draw(
    tables: Sequence[PriorityRows], *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN
) -> Figure:
    """The figure of rows made before."""
    window = figure_layout.window_s(tables)
    charts = [chart for table in tables for chart in table.charts]
    signs = {"line"} if charts else set()
    steps = [step for chart in charts for line in chart.lines for step in line.steps]
    signs |= {"FAULT"} if any(step.state == "FAULT" for step in steps) else set()
    signs |= {"good" if change.good else "bad" for chart in charts for change in chart.changes}
    signs |= {"action"} if any(table.actions for table in tables) else set()
    panels = [_panel(table) for table in tables]
    legend = glyphs.legend(signs, width_in, _WORDS)
    return figure_layout.draw(panels, window, legend, style.theme_of(theme), width_in).figure


def _panel(table: PriorityRows) -> figure_layout.Panel:
    blocks = []
    servers = list(dict.fromkeys(line.server for chart in table.charts for line in chart.lines))
    for chart in table.charts:
        widest_in = max(style.text_width_in(line.server, SMALL, bold=True) for line in chart.lines)
        right_in = min(widest_in, 1.5) + 0.1 + SHAPE_IN
        draw_it = partial(_draw_chart, chart=chart, servers=servers, room_in=right_in)
        blocks.append(figure_layout.Block(chart.name, "", "", _height_in(chart), 0, draw_it, right_in))
    empty = "Nothing to draw: no instance of this trace has a known priority."
    actions = table.actions
    return figure_layout.Panel(table.title, table.note, table.more, actions, blocks, table.summary(), empty)


def _height_in(chart: Chart) -> float:
    """A chart in which nothing ever changes needs less room."""
    values = {step.priority for line in chart.lines for step in line.steps}
    return CHART_IN if len(values) > 1 else FLAT_IN


def _draw_chart(
    paper: figure_layout.Paper, top_in: float, chart: Chart, servers: Sequence[str], room_in: float
) -> None:
    theme, axes = paper.theme, paper.axes
    values = sorted({step.priority for line in chart.lines for step in line.steps})
    low, high, height_in = values[0], values[-1], _height_in(chart)

    def y_of(priority: float, shift_in: float = 0.0) -> float:
        share = (priority - low) / (high - low) if high > low else 0.5
        return top_in + height_in - _BOTTOM_IN - share * (height_in - _TOP_IN - _BOTTOM_IN) + shift_in

    for value in values:
        axes.plot(paper.window, [y_of(value)] * 2, color=theme.line, linewidth=0.6, zorder=0.6)
    last_in = 1e9
    for value in _lasting(paper, chart):
        y_in = min(y_of(value), last_in - 0.13)
        if y_of(value) - y_in < 0.1:  # moved further, it would name another line
            left_s = paper.window[0] - 0.07 / paper.in_per_s
            style.write(axes, left_s, y_in, str(value), theme.mute, align="right")
            last_in = y_in
    ends = []
    shared = len({(line.server, s.priority) for line in chart.lines for s in line.steps}) > len(values)
    for number, line in enumerate(chart.lines):
        shift_in = (number - (len(chart.lines) - 1) / 2) * 0.08 if shared else 0.0
        server = servers.index(line.server)
        end_in = _draw_line(paper, line, partial(y_of, shift_in=shift_in), server)
        ends.append((end_in, line.server, server))
    _draw_names(paper, ends, room_in)
    _draw_changes(paper, chart, y_of)


def _lasting(paper: figure_layout.Paper, chart: Chart) -> list[int]:
    """The priorities that are to be seen for a while, the lowest first; all of them where none is."""
    held_s: dict[int, float] = {}
    for line in chart.lines:
        for step in line.steps:
            seen = paper.visible(step.from_us, step.to_us) or (0.0, 0.0)
            held_s[step.priority] = held_s.get(step.priority, 0.0) + seen[1] - seen[0]
    long_s = (paper.window[1] - paper.window[0]) / 50
    return sorted(value for value, held in held_s.items() if held >= long_s) or sorted(held_s)


def _draw_line(paper: figure_layout.Paper, line: Line, y_of: Callable[[float], float], number: int) -> float:
    """The steps of one instance; returns where its line ends. Dashes and shape tell the server."""
    theme = paper.theme
    dashes = _DASHES[number % len(_DASHES)]
    before: PriorityStep | None = None
    y_in = 0.0
    for step in line.steps:
        seen = paper.visible(step.from_us, step.to_us)
        y_in = y_of(step.priority)
        if seen is not None and step.state not in ("off", "STOP"):
            if step.state == "FAULT":
                fault = theme.vermillion
                paper.axes.plot(seen, [y_in, y_in], color=fault, linewidth=0.9, linestyle=(0, (1, 3)))
                paper.label(["F"], seen, y_in, fault, bold=True, behind=theme.page)
            else:
                master = step.state == "MASTER"
                wide, dash = (4.0, "solid") if master else (1.6, dashes)
                paper.axes.plot(
                    seen, [y_in, y_in], color=theme.blue if master else theme.mute, linewidth=wide,
                    linestyle=dash, zorder=2 + wide / 10,
                    solid_capstyle="butt", dash_capstyle="butt",
                )  # fmt: skip
            if before is not None and before.to_us == step.from_us and before.priority != step.priority:
                rise = [y_of(before.priority), y_in]
                paper.axes.plot([seen[0]] * 2, rise, color=theme.mute, linewidth=1.0, zorder=2)
            if before is None or before.priority != step.priority or before.state in ("off", "STOP", "FAULT"):
                glyphs.shape(paper.axes, theme, seen[0], y_in, number)
        before = step
    return y_in


def _draw_names(paper: figure_layout.Paper, ends: Sequence[tuple[float, str, int]], room_in: float) -> None:
    """Names at the right ends, moved apart where lines end together."""
    last_in = -1.0
    x_s = paper.window[1] + 0.07 / paper.in_per_s
    short = naming.short_names([name for _, name, _ in ends])
    for y_in, name, number in sorted(ends):
        y_in = max(y_in, last_in + 0.14)
        if style.text_width_in(name, SMALL, bold=True) > room_in - 0.08 - SHAPE_IN:
            name = style.elide(short[name], room_in - 0.08 - SHAPE_IN, SMALL, bold=True)
        glyphs.shape(paper.axes, paper.theme, x_s, y_in, number)
        style.write(paper.axes, x_s + SHAPE_IN / paper.in_per_s, y_in, name, paper.theme.text, bold=True)
        last_in = y_in


def _draw_changes(paper: figure_layout.Paper, chart: Chart, y_of: Callable[[float], float]) -> None:
    """A cross or a ring on the line at the moment it counted, with its words where there is room."""
    steps = {line.server: line.steps for line in chart.lines}
    values = {step.priority for line in chart.lines for step in line.steps}
    taken: list[tuple[float, float, float]] = []  # from, to, y
    for change in chart.changes:
        at_s = seconds(change.t_us)
        if not paper.window[0] <= at_s <= paper.window[1]:
            continue
        now = [s for s in steps[change.server] if s.from_us <= change.t_us] or list(steps[change.server][:1])
        y_in = y_of(now[-1].priority)
        colour = paper.theme.green if change.good else paper.theme.vermillion
        glyphs.change(paper.axes, paper.theme, at_s, y_in, change.good)
        wide_s = (style.text_width_in(change.text, SMALL) + 0.1) / paper.in_per_s
        begin_s = at_s + 0.07 / paper.in_per_s
        if begin_s + wide_s > paper.window[1]:
            begin_s = at_s - wide_s
        others = [y_of(value) for value in values if abs(y_of(value) - y_in) > 0.01]
        y_text_in = y_in - 0.13  # above its line, or below it where another line is in the way
        if any(abs(other - y_text_in) < 0.09 for other in others):
            y_text_in = y_in + 0.13
        if any(a < begin_s + wide_s and begin_s < b and abs(y - y_text_in) < 0.12 for a, b, y in taken):
            continue
        taken.append((begin_s, begin_s + wide_s, y_text_in))
        style.write(paper.axes, begin_s, y_text_in, change.text, colour, behind=paper.theme.page, zorder=4.5)
