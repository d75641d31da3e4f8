"""Where the seconds of an outage go: until it is noticed, until somebody takes over, until it is announced,
until the client's traffic arrives.

    client ping .101   |///// detection 2.46 s /////|:: election 0.41 s ::|#|=|   2.88 s
    serv01 eth0 down at 12.001 s; serv02 took over at 14.854 s, announced it at 14.862 s

The moments are the trace's own: nothing is computed from a formula, so a recording is told as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from vrrplab import arguments
from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import ActionEvent, AdvertSentEvent, AnnouncementEvent, StateEvent, TraceEvent
from vrrplab.trace.routers import RouterGroup, virtual_routers
from vrrplab.units import Micros, micros, seconds
from vrrplab.views import figure_arguments, figure_layout, glyphs, naming, style
from vrrplab.views.plain import Bar, PlainRow, PlainTable
from vrrplab.views.style import SMALL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BAR_IN, LANE_IN = 0.24, 0.5
PARTS = ("detection", "election", "announcement", "cache", "other")
_WORDS = {
    "detection": "detection: nobody knows yet",
    "election": "election: the best backup waits its turn",
    "announcement": "announcement: address and first gratuitous ARP or NA",
    "cache": "cache: until the client's traffic arrives",
    "other": "not a takeover",
}


Routers = list[RouterGroup]


class Part(NamedTuple):
    """A piece of an outage; ``kind`` is one of PARTS."""

    kind: str
    from_us: Micros
    to_us: Micros

    @property
    def duration_us(self) -> Micros:
        return self.to_us - self.from_us


class Anatomy(NamedTuple):
    """One outage: who missed what, its parts without gaps from last to first good answer, and the story."""

    label: str
    detail: str
    from_us: Micros
    to_us: Micros
    ended: bool
    parts: tuple[Part, ...]
    story: str
    gaps: int  # more than one: answers came in between,
    percent: int | None  # and so many of the questions were lost

    @property
    def duration_us(self) -> Micros:
        return self.to_us - self.from_us


class AnatomyRows(NamedTuple):
    title: str
    note: str
    more: str
    outages: tuple[Anatomy, ...]

    def summary(self) -> str:
        """The figure in one sentence."""
        longest = max((seconds(o.duration_us) for o in self.outages), default=0.0)
        return f"Outages of {self.title}: {len(self.outages)}, the longest {longest:.2f} s."

    def plain(self) -> PlainTable:
        """The figure as a table: a row an outage, in seconds since the last good answer."""
        found = []
        for one in self.outages:
            bars = tuple(
                Bar(
                    part.from_us - one.from_us, part.to_us - one.from_us, part.kind, "part", _WORDS[part.kind]
                )
                for part in one.parts
            )
            found.append(PlainRow((one.label, one.detail, _total(one), one.story), bars))
        longest_us = max((one.duration_us for one in self.outages), default=1)
        head = "client", "asked", "without an answer", "what happened"
        about = self.title, self.note, self.more, self.summary()
        return PlainTable(*about, head, tuple(found), (0, longest_us))


def rows(trace: Trace, target: str = "", at_least_s: float = 0.1, most: int = 12) -> AnatomyRows:
    """The outages of a trace, each in parts: the ``most`` longest, in order of time.

    Shorter ones than ``at_least_s`` are left out. Probes of one client that failed together and for the same
    target are told once.
    """
    short = naming.short_addresses(trace.addresses)
    routers = virtual_routers(trace)
    together: list[tuple[Outage, list[str]]] = []
    for outage in trace.disturbances(target):
        if outage.duration_us(trace.end_us) < micros(at_least_s):
            continue
        for known, kinds in together:
            same = (known.client, known.target) == (outage.client, outage.target)
            if same and naming.near(known.from_us, outage.from_us) and outage.kind not in kinds:
                kinds.append(outage.kind)
                break
        else:
            together.append((outage, [outage.kind]))
    longest = sorted(together, key=lambda one: -one[0].duration_us(trace.end_us))[:most]
    found = tuple(
        _anatomy(trace, routers, outage, kinds, short)
        for outage, kinds in together
        if any(outage is one[0] for one in longest)
    )
    title, note, more = naming.head_of(trace)
    if len(together) > most:
        note += f" · the {most} longest of {len(together)} outages"
    return AnatomyRows(title, note, more, found)


def _anatomy(
    trace: Trace, routers: Routers, outage: Outage, kinds: list[str], short: dict[str, str]
) -> Anatomy:
    to_us = trace.end_us if outage.to_us is None else outage.to_us
    words = "+".join({"icmp": "ping"}.get(kind, kind) for kind in kinds)
    detail = f"{words} {short.get(outage.target, outage.target)}"
    taken = _take_over(trace, routers, outage, to_us)
    cause = _cause(trace, outage)
    told = [f"{naming.action_text(cause, trace)} at {cause.t:.3f} s"] if cause else []
    parts: list[Part] = []
    if taken is None:
        parts.append(Part("other", outage.from_us, to_us))
        told.append("nobody took over" if outage.to_us is None else "no takeover in this time")
    else:
        address, master = taken
        heard_us = _heard(trace, routers, master, outage.from_us)
        first = _announced(trace, address, master)
        told.append(f"{master.server} took over at {master.t:.3f} s")
        if first is not None:
            told.append(f"announced it at {first.t:.3f} s")
        edges = [
            ("detection", heard_us),
            ("election", master.t_us),
            ("announcement", first.t_us if first is not None else master.t_us),
            ("cache", to_us),
        ]
        since_us = outage.from_us
        for kind, until_us in edges:
            until_us = min(max(until_us, since_us), to_us)
            if until_us > since_us:
                parts.append(Part(kind, since_us, until_us))
            since_us = until_us
    ended = outage.to_us is not None
    brief = [f"{p.kind} {p.duration_us // 1000} ms" for p in parts if p.duration_us < 100_000]
    told += [", ".join(brief)] if brief else []
    story = "; ".join(told) + ("" if ended else "; still out when the trace ends")
    shares = outage.gaps, outage.percent
    return Anatomy(outage.client, detail, outage.from_us, to_us, ended, tuple(parts), story, *shares)


def _take_over(
    trace: Trace, routers: Routers, outage: Outage, to_us: Micros
) -> tuple[str, TraceEvent] | None:
    """(address, the change to MASTER that ended the outage): the last one for the target before the end."""
    addresses = (trace.scenario.get("dns") or {}).get(outage.target) or [outage.target]
    of = {a: router.members for router in routers for a in router.addresses}
    found = None
    for address in addresses:
        for event in trace.of(StateEvent):
            inside = outage.from_us - naming.NEAR_US <= event.t_us <= to_us
            if inside and event.to == "MASTER" and (event.server, event.instance) in of.get(address, ()):
                found = address, event
    return found


def _cause(trace: Trace, outage: Outage) -> ActionEvent | None:
    """The last action before the outage could be noticed."""
    before = [e for e in trace.of(ActionEvent) if e.t_us <= outage.from_us + naming.NEAR_US]
    return before[-1] if before else None


def _heard(trace: Trace, routers: Routers, master: TraceEvent, from_us: Micros) -> Micros:
    """When the new MASTER could know: the old one's priority 0, else the third advert that did not come."""
    rivals = {
        pair
        for router in routers
        if (master.server, master.instance) in router.members
        for pair in router.members
        if pair[0] != master.server
    }
    others = [
        event
        for event in trace.of(AdvertSentEvent)
        if (event.server, event.instance) in rivals and event.t_us < master.t_us
    ]
    told = [e.t_us for e in others if e.priority == 0 and e.t_us >= from_us - naming.NEAR_US]
    if told:
        return told[0]
    steady = [e for e in others if e.priority != 0]
    if not steady:
        return master.t_us
    return steady[-1].t_us + 3 * micros(steady[-1].interval_s or 0)


def _announced(trace: Trace, address: str, master: TraceEvent) -> TraceEvent | None:
    """The first gratuitous ARP or neighbour advertisement of the new MASTER."""
    for event in trace.of(AnnouncementEvent, server=master.server):
        if event.t_us >= master.t_us and str(event.address).split("/")[0] == address:
            return event
    return None


def figure(
    trace: Trace | Sequence[Trace],
    *,
    target: str = "",
    at_least_s: float = 0.1,
    theme: str = "light",
    width_in: float = figure_layout.WIDTH_IN,
) -> Figure:
    """The outages of a trace, or of several, as stacked bars: what each of their seconds was spent on.

    ``target``: of one address or name only. ``at_least_s``: leave out shorter ones, in seconds.
    ``theme``: "light" or "dark". ``width_in``: in inches. VrrplabError: not a trace, or
    an option that does not fit.
    """
    traces = figure_arguments.traces_of(trace, "anatomy.figure()")
    at_least_s = arguments.number(at_least_s, "at_least_s", 0)
    tables = [rows(one, target, at_least_s) for one in traces]
    return draw(tables, theme=theme, width_in=figure_arguments.width(width_in))


@style.follows_page
def draw(
    tables: Sequence[AnatomyRows], *, theme: str = "light", width_in: float = figure_layout.WIDTH_IN
) -> Figure:
    """The figure of rows made before. Time counts from the last good answer."""
    outages = [outage for table in tables for outage in table.outages]
    longest_s = max((seconds(o.duration_us) for o in outages), default=1.0)
    signs = {part.kind for outage in outages for part in outage.parts}
    panels = [_panel(table) for table in tables]
    legend = glyphs.legend(signs, width_in, _WORDS)
    return figure_layout.draw(
        panels, (0.0, longest_s * 1.001), legend, style.theme_of(theme), width_in
    ).figure


def _panel(table: AnatomyRows) -> figure_layout.Panel:
    blocks = []
    for outage in table.outages:
        group = "seconds since the last good answer"
        right_in = style.text_width_in(_total(outage), style.TEXT, bold=True) + 0.1
        draw_it = partial(_draw_outage, outage=outage)
        blocks.append(
            figure_layout.Block(
                group, outage.label, outage.detail, LANE_IN, BAR_IN / 2 + 0.02, draw_it, right_in
            )
        )
    empty = "No client was without an answer for long enough to be shown."
    return figure_layout.Panel(table.title, table.note, table.more, (), blocks, table.summary(), empty)


def _total(outage: Anatomy) -> str:
    words = f", {outage.percent} % lost" if outage.percent else " on and off" if outage.gaps > 1 else ""
    return f"{seconds(outage.duration_us):.2f} s{words}" + ("" if outage.ended else " …")


def _draw_outage(paper: figure_layout.Paper, top_in: float, outage: Anatomy) -> None:
    theme, y_in = paper.theme, top_in + BAR_IN / 2 + 0.02
    for part in outage.parts:
        seen = (seconds(part.from_us - outage.from_us), seconds(part.to_us - outage.from_us))
        glyphs.part(paper.axes, theme, part.kind, seen, y_in, BAR_IN)
        length = f"{seconds(part.duration_us):.2f} s"
        behind = theme.page
        paper.label([f"{part.kind} {length}", length], seen, y_in, theme.text, bold=True, behind=behind)
    end_s = seconds(outage.duration_us)
    total_s = end_s + 0.08 / paper.in_per_s
    style.write(paper.axes, total_s, y_in, _total(outage), theme.text, size=style.TEXT, bold=True)
    total_in = style.text_width_in(_total(outage), style.TEXT, bold=True)
    room_in = (paper.window[1] - paper.window[0]) * paper.in_per_s + total_in
    story = style.elide(outage.story, room_in, SMALL)
    style.write(paper.axes, 0.0, y_in + BAR_IN / 2 + 0.1, story, theme.mute, behind=theme.page)
