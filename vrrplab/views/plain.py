"""A figure as a table, for where matplotlib is missing: in a page of a browser, or in a small environment.

What a figure shows is in its rows already; here they are set as HTML for a notebook and as text for a
terminal. Stretches of time are bars in the table's last column, so that what happens at the same moment
stands one above the other, as it does in the figure. Everything that is drawn is a word as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from vrrplab.installing import how_to_install
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import wrap
from vrrplab.units import Micros, seconds

COLUMNS = 80


class Bar(NamedTuple):
    """A stretch of time. ``look``: a state, or "off", "owner", "several", "outage", "part" or "stale"."""

    from_us: Micros
    to_us: Micros
    text: str
    look: str
    more: str = ""  # heard and seen by who points at it


class PlainRow(NamedTuple):
    cells: tuple[str, ...]
    bars: tuple[Bar, ...] = ()


class PlainTable(NamedTuple):
    """What a figure shows. ``window``: of the bars, or None: there are none. ``moments``: when, and what."""

    title: str
    note: str
    more: str
    summary: str
    head: tuple[str, ...]
    rows: tuple[PlainRow, ...]
    window: tuple[Micros, Micros] | None = None
    moments: tuple[tuple[Micros, str], ...] = ()


class PlainFigure:
    """Takes a figure's place: shows itself in a notebook, and as text elsewhere."""

    def __init__(self, tables: Sequence[PlainTable], variables: Callable[[str], str]) -> None:
        """``variables``: the rules that give a selector the colours of the page's theme."""
        self.tables = tuple(tables)
        self._variables = variables

    @property
    def alt(self) -> str:
        """What it shows, in a sentence or two."""
        return printable(" ".join(table.summary for table in self.tables))

    def __repr__(self) -> str:
        return "\n".join([line for table in self.tables for line in _lines(table)] + [sentence()])

    def _repr_html_(self) -> str:
        tables = "".join(map(_html, self.tables))
        rules = f"{self._variables('.vrrplab-plain')}\n{_STYLE}"
        return f'<div class="vrrplab-plain"><style>{rules}</style>{tables}<p>{escape(sentence())}</p></div>'


def sentence() -> str:
    """Why there is a table, and what would bring the figure."""
    return f"This is the figure as a table: to draw it needs matplotlib ({how_to_install('matplotlib')})."


# -- text ----------------------------------------------------------------------------------------------


def _lines(table: PlainTable) -> list[str]:
    lines = wrap(f"{table.title} ({table.note})" if table.note else table.title, COLUMNS)
    lines += wrap(table.more, COLUMNS)
    lines += [f"  {seconds(t_us):.3f} s  {text}" for t_us, text in table.moments]
    for row in table.rows:
        lines += wrap(" | ".join(filter(None, row.cells)), COLUMNS, "  ", "      ")
        told = ", ".join(_told(bar) for bar in _seen(table, row))
        lines += wrap(told, COLUMNS, "      ", "      ")
    return lines if table.rows else [*lines, "  Nothing to show."]


def _told(bar: Bar) -> str:
    return f"{bar.text} {seconds(bar.from_us):.3f}-{seconds(bar.to_us):.3f} s"


def _seen(table: PlainTable, row: PlainRow) -> list[Bar]:
    """The bars of a row that reach into the window, cut at its ends."""
    from_us, to_us = table.window or (0, 0)
    return [
        bar._replace(from_us=max(bar.from_us, from_us), to_us=min(bar.to_us, to_us))
        for bar in row.bars
        if bar.from_us < to_us and bar.to_us > from_us
    ]


# -- HTML ----------------------------------------------------------------------------------------------

_STYLE = """
.vrrplab-plain { color: var(--vl-fg); background: var(--vl-bg); padding: 0.4em 0.6em; font-size: 0.86em; }
.vrrplab-plain p { margin: 0.2em 0; color: var(--vl-mute); }
.vrrplab-plain .vl-wide { overflow-x: auto; }
.vrrplab-plain table { border-collapse: collapse; width: 100%; margin: 0.3em 0; color: inherit; }
.vrrplab-plain th, .vrrplab-plain td { border: 0; border-bottom: 1px solid var(--vl-line); text-align: left;
  padding: 0.15em 0.7em 0.15em 0; vertical-align: middle; background: none; color: inherit;
  white-space: nowrap; }
.vrrplab-plain td.vl-long { white-space: normal; min-width: 14em; }
.vrrplab-plain td.vl-time { width: 70%; min-width: 22em; padding-right: 0; }
.vrrplab-plain .vl-strip { position: relative; height: 1.5em; }
.vrrplab-plain .vl-strip > * { position: absolute; top: 0.1em; bottom: 0.1em; overflow: hidden;
  white-space: nowrap; line-height: 1.3em; padding: 0 0.25em; box-sizing: border-box; font-size: 0.92em;
  border: 1px solid var(--vl-line); background: var(--vl-bg); }
.vrrplab-plain .vl-strip > .vl-moment { padding: 0; border: 0; border-left: 1px dashed var(--vl-fault);
  width: 0; top: 0; bottom: 0; background: none; }
.vrrplab-plain .vl-strip > .vl-MASTER { background: var(--vl-master); color: var(--vl-on); }
.vrrplab-plain .vl-strip > .vl-FAULT { background: var(--vl-fault); color: var(--vl-on); }
.vrrplab-plain .vl-strip > .vl-BACKUP { border-color: var(--vl-mute); }
.vrrplab-plain .vl-strip > .vl-off { border-style: dotted; color: var(--vl-mute); }
.vrrplab-plain .vl-strip > .vl-outage { border: 1px dashed var(--vl-fault); color: var(--vl-fault); }
.vrrplab-plain .vl-strip > .vl-several { border: 2px solid var(--vl-fault); }
.vrrplab-plain .vl-strip > .vl-stale { border: 2px solid var(--vl-fault); background: none; }
.vrrplab-plain .vl-strip > .vl-owner, .vrrplab-plain .vl-strip > .vl-part { background: var(--vl-soft); }
"""
_LONG = 36  # characters of a cell that may be broken into lines


def _html(table: PlainTable) -> str:
    title = f"<p><b>{_safe(table.title)}</b> {_safe(table.note)}</p>"
    if table.more:
        title += f"<p>{_safe(table.more)}</p>"
    title += "".join(f"<p>{seconds(t_us):.3f} s: {_safe(text)}</p>" for t_us, text in table.moments)
    head = "".join(f'<th scope="col">{_safe(cell)}</th>' for cell in table.head)
    if table.window:
        head += f'<th scope="col">{seconds(table.window[0]):g} to {seconds(table.window[1]):g} s</th>'
    body = "".join(
        f"<tr>{''.join(map(_cell, row.cells))}{_strip(table, row) if table.window else ''}</tr>"
        for row in table.rows
    )
    body = body or "<tr><td>Nothing to show.</td></tr>"
    label = escape(printable(table.summary), quote=True)
    return (
        f'{title}<div class="vl-wide" role="region" tabindex="0" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _safe(text: str) -> str:
    return escape(printable(text))


def _cell(text: str) -> str:
    start = '<td class="vl-long">' if len(text) > _LONG else "<td>"
    return f"{start}{_safe(text)}</td>"


def _strip(table: PlainTable, row: PlainRow) -> str:
    from_us, to_us = table.window or (0, 0)
    share = 100 / max(to_us - from_us, 1)
    parts = []
    for bar in _seen(table, row):
        left, wide = (bar.from_us - from_us) * share, (bar.to_us - bar.from_us) * share
        title = escape(printable(f"{_told(bar)} {bar.more}".strip()), quote=True)
        place = f"left: {left:.2f}%; width: {wide:.2f}%"
        parts.append(
            f'<span class="vl-{bar.look}" title="{title}" style="{place}">{_safe(_told(bar))}</span>'
        )
    parts += [
        f'<span class="vl-moment" style="left: {(t_us - from_us) * share:.2f}%"></span>'
        for t_us, _ in table.moments
        if from_us < t_us < to_us
    ]
    return f'<td class="vl-time"><div class="vl-strip">{"".join(parts)}</div></td>'
