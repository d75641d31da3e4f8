"""The state timeline: a lane an instance, who had which address, what clients missed, and what was done.

    r1   |MMMMMMMMMM|FFFFFFFFFFF|BBB|MMMMM|       one group a virtual router
    r2   |BBBBBBBBBBBBB|MMMMMMMMMMMM|BBBBB|
    VIP  |===r1=====|  |===r2=======|=r1==|
    pc   -----------|2.86 s|---------------       one lane a client that probes

Rows come from ``timeline_rows.rows``. Simulations and recordings go through the same code, so
``figure([simulated, recorded])`` sets them one above the other on one time axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from vrrplab.trace import Trace
from vrrplab.units import seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, style
from vrrplab.views.lanes import LANE_IN, MIDDLE_IN, draw_outages, draw_owners, draw_states
from vrrplab.views.timeline_rows import Lane, TimelineRows, rows

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

__all__ = ["draw", "figure", "rows", "save"]


def figure(
    trace: Trace | Sequence[Trace],
    *,
    theme: str = "light",
    from_s: float | None = None,
    to_s: float | None = None,
    width_in: float = figure_layout.WIDTH_IN,
) -> Figure:
    """Who was in which state, had which address and missed what: of a trace, or of several on one time axis.

    ``from_s``, ``to_s``: the window shown, in seconds (default: all). ``theme``: "light" or "dark".
    ``width_in``: in inches. VrrplabError: not a trace, or an option that does not fit.

    >>> vrrplab.views.timeline.figure(vrrplab.simulate("lesson-two-routers"), to_s=10)
    <Figure size 960x...
    """
    traces = figure_arguments.traces_of(trace, "timeline.figure()")
    return draw(
        [rows(one, from_s, to_s) for one in traces], theme=theme, width_in=figure_arguments.width(width_in)
    )


def save(trace: Trace | Sequence[Trace], path: str | Path, *, theme: str = "light") -> None:
    """Draw and write to ``path``: .svg, .png or .pdf."""
    style.save(figure(trace, theme=theme), path)


@style.follows_page
def draw(
    tables: Sequence[TimelineRows], *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN
) -> Figure:
    """The figure of rows made before."""
    from_us = min((table.from_us for table in tables), default=0)
    to_us = max((table.to_us for table in tables), default=0)
    brief_us = (to_us - from_us) // 600  # less than a pixel needs no explanation
    signs = glyphs.signs_of([lane for table in tables for lane in table.lanes], brief_us)
    acted = any(from_us <= action.t_us <= to_us for table in tables for action in table.actions)
    signs |= {"action"} if acted else set()
    return figure_layout.draw(
        [_panel(table) for table in tables],
        (seconds(from_us), seconds(to_us)),
        glyphs.legend(signs, width_in),
        style.theme_of(theme),
        width_in,
    ).figure


def _panel(table: TimelineRows) -> figure_layout.Panel:
    blocks = [_block(lane, table) for lane in table.lanes]
    empty = "Nothing to draw: this trace has no states, addresses or probes."
    return figure_layout.Panel(
        table.title, table.note, table.more, table.actions, blocks, table.summary(), empty
    )


def _block(lane: Lane, table: TimelineRows) -> figure_layout.Block:
    draws = {
        "state": partial(draw_states, lane=lane),
        "address": partial(draw_owners, lane=lane, short=table.servers),
        "client": partial(draw_outages, lane=lane),
    }
    height_in, middle_in = LANE_IN[lane.kind], MIDDLE_IN[lane.kind]
    return figure_layout.Block(lane.group, lane.label, lane.detail, height_in, middle_in, draws[lane.kind])
