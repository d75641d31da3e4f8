"""The two tables that explain lost traffic, over time: which port a switch sends a MAC to, and which MAC
a client sends an address to.

    clients' caches
      office-pc .101  |serv01 eth0=====<>serv02 eth0==|     a diamond where an entry changed
    switch lan
      virtual MAC …   |serv01==========<>serv02=======|
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab.trace import Trace
from vrrplab.trace.events import MacLearnedEvent, NeighbourEvent
from vrrplab.units import Micros, micros, seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, naming, style
from vrrplab.views.plain import Bar, PlainRow, PlainTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LANE_IN, BAR_IN = 0.25, 0.16
_WORDS = {
    "owner": "entry",
    "several": "leads to a server that does not have the address",
    "change": "entry changed",
    "action": "action",
}


class Entry(NamedTuple):
    """What one table row said for a while; ``value`` in words, ``device`` numbers the colours."""

    from_us: Micros
    to_us: Micros
    value: str
    device: int


class TableLane(NamedTuple):
    """The history of one row of a table: of ``group``, for ``key`` (an address or a MAC).

    ``stale``: (from, to) times in which the entry led to a server that did not have the address.
    """

    group: str
    owner: str
    key: str
    entries: tuple[Entry, ...]
    stale: tuple[tuple[Micros, Micros], ...] = ()


class TableRows(NamedTuple):
    title: str
    note: str
    more: str
    from_us: Micros
    to_us: Micros
    lanes: tuple[TableLane, ...]
    actions: tuple[naming.ActionMark, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        changes = sum(max(0, len(lane.entries) - 1) for lane in self.lanes)
        return f"Tables of {self.title}: {len(self.lanes)} entries, {changes} changes."

    def plain(self) -> PlainTable:
        """The figure as a table: a row an entry; what led astray is marked."""
        found = []
        for lane in self.lanes:
            bars = [Bar(entry.from_us, entry.to_us, entry.value, "owner") for entry in lane.entries]
            bars += [Bar(a, b, "leads astray", "stale", _WORDS["several"]) for a, b in lane.stale]
            found.append(PlainRow((lane.group, lane.owner, lane.key), tuple(bars)))
        about = self.title, self.note, self.more, self.summary()
        window = self.from_us, self.to_us
        return PlainTable(*about, ("table of", "entry", ""), tuple(found), window, self.actions)


def rows(
    trace: Trace, from_s: float | None = None, to_s: float | None = None, *, moved_only: bool = False
) -> TableRows:
    """Neighbour (ARP and ND) caches of the clients, then MAC tables of the switches.

    ``moved_only`` leaves out entries that never changed.
    """
    macs = naming.mac_owners(trace)
    places = {server: number for number, server in enumerate(trace.servers)}
    neighbours: dict[tuple[str, str], list[NeighbourEvent]] = {}
    learned: dict[tuple[str, str], list[MacLearnedEvent]] = {}
    for event in trace.of(NeighbourEvent):
        neighbours.setdefault((event.client or event.server, event.ip), []).append(event)
    for entry in trace.of(MacLearnedEvent):
        learned.setdefault((entry.segment, entry.mac.lower()), []).append(entry)
    short = naming.short_addresses([ip for _, ip in neighbours])
    lanes = []
    order = {address: number for number, address in enumerate(trace.addresses)}
    sorted_keys = sorted(neighbours, key=lambda key: (key[0], order.get(key[1], len(order))))
    for client, ip in sorted_keys:
        named = [(e.t_us, naming.mac_text(e.mac or "", macs)) for e in neighbours[client, ip]]
        entries = _entries(named, places, trace.end_us)
        stale = _stale(trace, ip, entries)
        lanes.append(TableLane("neighbour caches", client, short[ip], entries, stale))
    for (segment, mac), events in learned.items():
        named = [(e.t_us, (e.port or "").replace(":", " ", 1)) for e in events]
        name = naming.mac_text(mac, macs)
        lanes.append(TableLane(f"switch {segment}", name, "", _entries(named, places, trace.end_us)))
    return TableRows(
        *naming.head_of(trace),
        *figure_arguments.window_us(trace, from_s, to_s),
        tuple(lane for lane in lanes if len(lane.entries) > 1 or not moved_only),
        naming.action_marks(trace),
    )


def _entries(
    named: Sequence[tuple[Micros, str]], places: Mapping[str, int], end_us: Micros
) -> tuple[Entry, ...]:
    """Spans between changes; a renewal of the same value is no change, an empty value is no entry."""
    changes: list[tuple[Micros, str]] = []
    for t_us, value in named:
        if not changes or changes[-1][1] != value:
            changes.append((t_us, value))
    ends = [t_us for t_us, _ in changes[1:]] + [end_us]
    return tuple(
        Entry(t_us, to_us, value, places.get(value.rpartition(" ")[0], places.get(value, -1)))
        for (t_us, value), to_us in zip(changes, ends, strict=True)
        if value
    )


def _stale(trace: Trace, ip: str, entries: Sequence[Entry]) -> tuple[tuple[Micros, Micros], ...]:
    """When an entry led to a server that did not have the address; only for addresses that are ever held."""
    servers = trace.servers
    holders = trace.holders(ip)
    if not any(span.servers for span in holders):
        return ()
    found: list[tuple[Micros, Micros]] = []
    for entry in entries:
        if entry.device < 0:
            continue
        for span in holders:
            from_us, to_us = max(entry.from_us, span.from_us), min(entry.to_us, span.to_us)
            if from_us < to_us and servers[entry.device] not in span.servers:
                found.append((from_us, to_us))
    return tuple(found)


def figure(
    trace: Trace | Sequence[Trace],
    *,
    theme: str = "light",
    from_s: float | None = None,
    to_s: float | None = None,
    width_in: float = figure_layout.WIDTH_IN,
    moved_only: bool = False,
) -> Figure:
    """MAC tables and neighbour caches over time: where switches and clients send what is meant for an
    address.

    ``moved_only``: leave out entries that never changed. ``from_s``, ``to_s``: the window shown, in
    seconds (default: all). ``theme``: "light" or "dark". ``width_in``: in inches.
    VrrplabError: not a trace, or an option that does not fit.
    """
    traces = figure_arguments.traces_of(trace, "tables.figure()")
    tables = [rows(one, from_s, to_s, moved_only=moved_only) for one in traces]
    return draw(tables, theme=theme, width_in=figure_arguments.width(width_in))


@style.follows_page
def draw(
    tables: Sequence[TableRows], *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN
) -> Figure:
    """The figure of rows made before."""
    window = figure_layout.window_s(tables)
    lanes = [lane for table in tables for lane in table.lanes]
    signs = {"owner"} if lanes else set()
    brief_us = micros(window[1] - window[0]) // 600  # less than a pixel needs no explanation
    signs |= {"several"} if any(b - a > brief_us for lane in lanes for a, b in lane.stale) else set()
    signs |= {"change"} if any(len(lane.entries) > 1 for lane in lanes) else set()
    signs |= {"action"} if any(table.actions for table in tables) else set()
    panels = [_panel(table) for table in tables]
    return figure_layout.draw(
        panels, window, glyphs.legend(signs, width_in, _WORDS), style.theme_of(theme), width_in
    ).figure


def _panel(table: TableRows) -> figure_layout.Panel:
    blocks = [
        figure_layout.Block(
            lane.group, lane.owner, lane.key, LANE_IN, LANE_IN / 2, partial(_draw_lane, lane=lane)
        )
        for lane in table.lanes
    ]
    empty = "Nothing to draw: nobody's MAC table or neighbour cache is in this trace."
    actions = table.actions
    return figure_layout.Panel(table.title, table.note, table.more, actions, blocks, table.summary(), empty)


def _draw_lane(paper: figure_layout.Paper, top_in: float, lane: TableLane) -> None:
    theme, y_in = paper.theme, top_in + LANE_IN / 2
    paper.axes.plot(paper.window, [y_in, y_in], color=theme.line, linewidth=0.8, zorder=1)
    changes = paper.moments([entry.from_us for entry in lane.entries[1:]])
    for entry in lane.entries:
        seen = paper.visible(entry.from_us, entry.to_us)
        if seen is None:
            continue
        pale, edge = theme.soft, theme.mute
        if entry.device >= 0:
            pale, edge = theme.pale[entry.device % 6], theme.strong[entry.device % 6]
        glyphs.bar(paper.axes, theme, seen, y_in, BAR_IN, pale, edge, "", False)
        texts = [entry.value, entry.value.rpartition(" ")[0] or entry.value]
        stale_s = min(
            (seconds(a) for a, b in lane.stale if a < entry.to_us and b > entry.from_us), default=1e9
        )
        clear = (seen[0], min(stale_s, seen[1]))  # on the quiet part, if there is room
        wide_enough = (clear[1] - clear[0]) * paper.in_per_s > style.text_width_in(
            texts[-1], style.SMALL
        ) + 0.1
        place = clear if wide_enough else seen
        paper.label(texts, place, y_in, theme.text, behind=pale, also_busy=changes)
    for from_us, to_us in lane.stale:
        seen = paper.visible(from_us, to_us)
        if seen is not None:
            glyphs.bar(paper.axes, theme, seen, y_in, BAR_IN, "none", theme.vermillion, "xxxx", False, 2.2)
    glyphs.diamonds(paper.axes, theme, changes, y_in, theme.text)
