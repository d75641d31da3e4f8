"""The state timeline many times a second: the paper is drawn once, only what changes is drawn again.

Axes, names and legend cost nine tenths of a matplotlib figure, so they are kept as pixels; so are the head
and the labels of the actions, on top of them, because a slider may change what they say. Bars, ticks and
labels are a few collections whose data are replaced. A picture takes some ten milliseconds, against some
hundreds for ``timeline.figure``, and looks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.trace import Trace
from vrrplab.units import seconds
from vrrplab.views import figure_layout, glyphs, style
from vrrplab.views.action_labels import Flag, flag_height_in
from vrrplab.views.lanes import BAR_IN, LANE_IN, MIDDLE_IN, owner_texts
from vrrplab.views.raster import Stamp, Stamps, png
from vrrplab.views.style import SMALL, Theme
from vrrplab.views.timeline_rows import Lane, Span, TimelineRows, rows

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Corners = list[tuple[float, float]]


class _Place(NamedTuple):
    """A lane on the paper: where its middle is, and what it is drawn on."""

    paper: figure_layout.Paper
    middle_in: float


class LiveTimeline:
    """A timeline that is drawn again for every new trace of the same cast.

    ``png(trace)`` is the picture. ``to_s`` fixes the window; otherwise it is the first trace's. A trace with
    other lanes than the last, or more rows of actions, gets new paper, which takes as long as a whole figure.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        theme: str = "light",
        to_s: float | None = None,
        width_in: float = figure_layout.WIDTH_IN,
        dpi: float = 120,
    ) -> None:
        self.theme = style.theme_of(theme)
        self.to_s = seconds(trace.end_us) if to_s is None else to_s
        self.width_in = width_in
        self.dpi = dpi
        self.alt = ""  # the last picture in a sentence
        self._shape: object = None
        self._told: object = None
        self._places: list[_Place] = []
        self._words: list[Artist] = []
        self._canvas: Any = None
        self._paper: Any = None  # what every run shares
        self._background: Any = None  # with the words of this one

    @property
    def size(self) -> tuple[int, int]:
        """Pixels of the last picture."""
        width, height = self._canvas.get_width_height()
        return int(width), int(height)

    def png(self, trace: Trace) -> bytes:
        """The timeline of this trace, as the bytes of a PNG file."""
        style.require_matplotlib()
        import numpy

        table = rows(trace, 0.0, self.to_s, stable=True)
        self.alt = table.summary()
        told = table.title, table.note, table.more, table.actions
        with style.look(self.theme):
            if self._shape is None or self._shape_of(table) != self._shape:
                self._new_paper(table)
            elif told != self._told:
                self._new_words(table)
            self._told = told
            self._canvas.restore_region(self._background)
            if self._places:
                self._ink.draw(table, self._places)
            return png(numpy.asarray(self._canvas.buffer_rgba()))

    def _flags(self, table: TimelineRows) -> tuple[list[Flag], list[str]]:
        paper = self._places[0].paper
        return figure_layout.flags_of(
            table.actions, paper.window, paper.in_per_s * (paper.window[1] - paper.window[0])
        )

    def _shape_of(self, table: TimelineRows) -> object:
        """What decides where things are; while it stays the same, so does the paper."""
        lanes = tuple((lane.group, lane.label, lane.detail) for lane in table.lanes)
        if not self._places:
            return lanes, table.title, table.note, table.more, table.actions
        flags, key = self._flags(table)
        return lanes, bool(table.more), flag_height_in(flags), key

    def _new_paper(self, table: TimelineRows) -> None:
        """Everything that stays: drawn once, kept as pixels."""
        self._places = []
        blocks = [self._block(lane) for lane in table.lanes]
        empty = "Nothing to draw: this trace has no states, addresses or probes."
        panel = figure_layout.Panel(table.title, table.note, table.more, table.actions, blocks, "", empty)
        signs = set(glyphs.WORDS)
        legend = glyphs.legend(signs, self.width_in)
        figure, words = figure_layout.draw([panel], (0.0, self.to_s), legend, self.theme, self.width_in)
        figure.set_dpi(self.dpi)
        for artist in words:
            artist.set_animated(True)  # not on the paper
        self._canvas = figure.canvas
        self._canvas.draw()
        self._paper = self._canvas.copy_from_bbox(figure.bbox)
        self._write(words)
        self._shape = self._shape_of(table)
        if self._places:
            self._ink = _Ink(self._places[0].paper.axes, self.theme, table.servers, Stamps(self.dpi))

    def _new_words(self, table: TimelineRows) -> None:
        """Another head and other actions on the same paper."""
        for artist in self._words:
            artist.remove()
        axes = self._places[0].paper.axes
        words = style.head(self._canvas.figure, self.theme, table.title, table.note, table.more)
        self._canvas.restore_region(self._paper)
        self._write(words + figure_layout.draw_flags(axes, self.theme, self._flags(table)[0]))

    def _write(self, words: list[Artist]) -> None:
        self._words = words
        figure = self._canvas.figure
        for artist in sorted(words, key=lambda artist: artist.zorder):
            figure.draw_artist(artist)
        self._background = self._canvas.copy_from_bbox(figure.bbox)

    def _block(self, lane: Lane) -> figure_layout.Block:
        kind = lane.kind

        def keep(paper: figure_layout.Paper, top_in: float) -> None:
            middle_in = top_in + MIDDLE_IN[kind]
            self._places.append(_Place(paper, middle_in))
            if kind == "address":
                line = paper.window, [middle_in] * 2
                paper.axes.plot(*line, color=paper.theme.line, linewidth=0.9, zorder=1)

        return figure_layout.Block(lane.group, lane.label, lane.detail, LANE_IN[kind], MIDDLE_IN[kind], keep)


class _Stamped(NamedTuple):
    """A text to be stamped: where (seconds, inches from the top), and what."""

    x: float
    y: float
    stamp: Stamp
    align: str


class _Ink:
    """What changes: a collection for each kind of bar, lines for the marks, and a stock of texts."""

    def __init__(self, axes: Axes, theme: Theme, short: dict[str, str], stamps: Stamps) -> None:
        from matplotlib.collections import LineCollection, PolyCollection

        self.axes = axes
        self.theme = theme
        self.short = short
        self.bars: dict[str, Any] = {}
        for kind, options in _bar_looks(theme).items():
            self.bars[kind] = axes.add_collection(PolyCollection([], zorder=2, **options), autolim=False)
        self.silence: Any = LineCollection([], colors=theme.mute, linewidths=0.9, linestyles=(0, (1, 2)))
        self.ticks: Any = LineCollection([], colors=theme.text, linewidths=0.9, zorder=3)
        self.served: Any = LineCollection([], colors=theme.mute, linewidths=0.9, zorder=1)
        for lines in (self.silence, self.ticks, self.served):
            axes.add_collection(lines, autolim=False)
        sent = theme.blue
        self.zeros = axes.plot([], [], linestyle="none", marker="v", markersize=4.6, color=sent, zorder=5)[0]
        self.zeros.set_markeredgecolor(theme.page)
        self.diamonds = [
            axes.plot([], [], linestyle="none", marker="D", markersize=4.2, color=colour, zorder=5)[0]
            for colour in theme.strong
        ]
        for line in self.diamonds:
            line.set_markeredgecolor(theme.page)
        self.stamps = stamps
        self.texts: list[_Stamped] = []
        self.next_s = 0.0  # where the next span of the lane begins
        self.free_s = 0.0  # where the lane being drawn has room for a label again

    def draw(self, table: TimelineRows, places: Sequence[_Place]) -> None:
        """Replace all data and put the ink on the restored paper."""
        bars: dict[str, list[Corners]] = {kind: [] for kind in self.bars}
        silence: list[Corners] = []
        served: list[Corners] = []
        ticks: list[Corners] = []
        points: dict[int, Corners] = {}
        zeros: Corners = []
        self.texts = []
        for lane, place in zip(table.lanes, places, strict=True):
            paper, y_in = place
            half_in = BAR_IN[lane.kind] / 2
            if lane.kind == "client":
                served.append([(max(paper.window[0], seconds(lane.from_us)), y_in), (paper.window[1], y_in)])
            self.free_s = 0.0
            shown = list(paper.spans(lane.spans))
            following = [seen[0] for _, seen in shown[1:]] + [1e9]
            for (span, seen), self.next_s in zip(shown, following, strict=False):
                if span.what == "off":
                    silence.append([(seen[0], y_in), (seen[1], y_in)])
                else:
                    (a, b), (top, bottom) = seen, (y_in - half_in, y_in + half_in)
                    bars[_kind(lane, span)].append([(a, top), (b, top), (b, bottom), (a, bottom)])
                self._label(paper, lane, span, seen, y_in)
            base_in = y_in + half_in
            ticks += glyphs.tick_lines(paper, lane.ticks, base_in)
            zeros += [(t, base_in + 0.035) for t in paper.moments(lane.zeros)]
            hue = lane.hue % len(self.diamonds)
            points.setdefault(hue, []).extend((t, base_in) for t in paper.moments(lane.diamonds))
        for kind, collection in self.bars.items():
            collection.set_verts(bars[kind])
        self.served.set_segments(served)
        self.silence.set_segments(silence)
        self.ticks.set_segments(ticks)
        self.zeros.set_data([x for x, _ in zeros], [y for _, y in zeros])
        for hue, line in enumerate(self.diamonds):
            line.set_data([x for x, _ in points.get(hue, [])], [y for _, y in points.get(hue, [])])
        artists = [self.served, *self.bars.values(), self.silence, self.ticks, self.zeros, *self.diamonds]
        marks = [points.get(hue) for hue in range(len(self.diamonds))]
        for artist, data in zip(
            artists, [served, *bars.values(), silence, ticks, zeros, *marks], strict=True
        ):
            if data:
                self.axes.draw_artist(artist)
        self._stamp()

    def _label(
        self, paper: figure_layout.Paper, lane: Lane, span: Span, seen: tuple[float, float], y_in: float
    ) -> None:
        """The longest text that fits, from the stock."""
        theme = self.theme
        room_in = (seen[1] - seen[0]) * paper.in_per_s - 0.06
        bold, behind, colour = False, None, theme.text
        if lane.kind == "state" and span.what != "off":
            mark = style.STATE_MARKS.get(span.what, style.STATE_MARKS["INIT"])
            texts = [mark.word if room_in > 0.85 else "", mark.letter]
            fill, _, colour = style.state_colours(span.what, theme)
            bold, behind = True, fill if mark.hatch else None
        elif lane.kind == "address":
            texts, bold = owner_texts(span, self.short), span.what == "several"
            behind = theme.pale[lane.hue % len(theme.pale)] if bold else None
        else:
            texts, colour = [span.text], theme.vermillion if lane.kind == "client" else theme.mute
            behind = theme.page
        for text in texts:
            if text and style.text_width_in(text, SMALL, bold=bold) <= room_in:
                self._write((seen[0] + seen[1]) / 2, y_in, text, colour, bold, behind, "center")
                return
        if lane.kind == "client":  # too short for its label: beside it, if nothing is there
            beside_s = seen[1] + 0.06 / paper.in_per_s
            end_s = beside_s + style.text_width_in(span.text, SMALL) / paper.in_per_s
            if seen[0] >= self.free_s and end_s < self.next_s:
                self._write(beside_s, y_in, span.text, colour, bold, behind, "left")
                self.free_s = end_s

    def _write(
        self, x: float, y: float, text: str, colour: str, bold: bool, behind: str | None, align: str
    ) -> None:
        self.texts.append(_Stamped(x, y, self.stamps.get(text, colour, bold, behind), align))

    def _stamp(self) -> None:
        """Put all texts on the canvas, each on whole pixels."""
        if not self.texts:
            return
        canvas: Any = self.axes.figure.canvas
        renderer = canvas.get_renderer()
        context = renderer.new_gc()
        context.set_clip_rectangle(self.axes.bbox)
        places = self.axes.transData.transform([(text.x, text.y) for text in self.texts])
        for text, (x, y) in zip(self.texts, places, strict=True):
            left = x - (text.stamp.middle[0] if text.align == "center" else 0.0)
            renderer.draw_image(context, round(left), round(y - text.stamp.middle[1]), text.stamp.pixels)


def _kind(lane: Lane, span: Span) -> str:
    if lane.kind == "address" and span.what != "several":
        return f"owner{lane.hue % 6}"
    if lane.kind == "address":
        return f"several{lane.hue % 6}"
    return span.what


def _bar_looks(theme: Theme) -> dict[str, dict[str, Any]]:
    """Kind of bar -> how its collection is drawn."""
    dashed = {"linestyles": [(0, (2, 1.5))]}
    looks: dict[str, dict[str, Any]] = {}
    for state, mark in style.STATE_MARKS.items():
        fill, border, _ = style.state_colours(state, theme)
        looks[state] = {"facecolors": fill, "edgecolors": theme.page if mark.hatch else border}
        looks[state] |= {"hatch": mark.hatch or None, "linewidths": 0.9}
        looks[state] |= dashed if mark.dashed else {}
    for hue, (pale, strong) in enumerate(zip(theme.pale, theme.strong, strict=True)):
        looks[f"owner{hue}"] = {"facecolors": pale, "edgecolors": strong, "linewidths": 0.9}
        red = {"edgecolors": theme.vermillion, "hatch": "xxxx", "linewidths": 0.9}
        looks[f"several{hue}"] = {"facecolors": pale, **red}
    looks["outage"] = {"facecolors": theme.page, "edgecolors": theme.vermillion, "linewidths": 0.9, **dashed}
    return looks
