"""The sheet that everything over time is drawn on: title, actions, blocks one below the other, axis, legend.

    title  note                                        a block is a lane or a small chart; a caption
    description                                        begins a group of them
             v serv01 eth0 down                        one panel a trace: two panels share the time axis,
    caption  |                                         so a simulation stands above its recording
    label [##|block##########]
    label [##|block##########]
          0 s    5 s    10 s
    legend

The sheet knows inches and seconds; what a block shows it leaves to the block's own ``draw``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from vrrplab.units import Micros, seconds
from vrrplab.views import style
from vrrplab.views.action_labels import Flag, flag_height_in, place_flags
from vrrplab.views.style import SMALL, TEXT, Theme

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 9.6
CAPTION_IN, GAP_IN = 0.21, 0.1
HEAD_IN, MORE_IN, PANEL_HEAD_IN, AXIS_IN, RIGHT_IN = 0.42, 0.16, 0.4, 0.25, 0.22
LABEL_MAX_IN = 2.3
KEY_IN, KEY_COLUMNS, KEY_MAX = 0.15, 3, 30
TALLEST_IN = 60.0  # of a panel: what is left out is counted in the key
PIXEL_IN = 0.005


class _Timed(Protocol):
    """Anything that lasts."""

    @property
    def from_us(self) -> Micros: ...
    @property
    def to_us(self) -> Micros: ...


AnySpan = TypeVar("AnySpan", bound=_Timed)


def window_s(tables: Sequence[_Timed]) -> tuple[float, float]:
    """From the earliest beginning to the latest end, in seconds: panels share one time axis."""
    return (
        seconds(min((t.from_us for t in tables), default=0)),
        seconds(max((t.to_us for t in tables), default=0)),
    )


class Block(NamedTuple):
    """A lane or a chart. ``label`` may be shortened, ``detail`` follows it and may not.

    ``draw(paper, top_in)`` draws it; ``label_in`` is where its label stands, from its top. A block
    with ``right_in`` wants that much room on the right for labels of its own.
    """

    group: str
    label: str
    detail: str
    height_in: float
    label_in: float
    draw: Callable[[Paper, float], None]
    right_in: float = 0.0


class Panel(NamedTuple):
    """One trace's part of the sheet."""

    title: str
    note: str
    more: str
    actions: Sequence[tuple[Micros, str]]
    blocks: Sequence[Block]
    alt: str
    empty: str  # the sentence to show when there is no block


class Legend(NamedTuple):
    """What stands below: its height, and how to draw it."""

    height_in: float
    draw: Callable[[Figure, Theme, float], None]


class Paper(NamedTuple):
    """What blocks are drawn on: x in seconds, y in inches from the panel's top, downwards.

    ``busy_s`` are moments that labels keep clear of.
    """

    axes: Axes
    theme: Theme
    window: tuple[float, float]
    in_per_s: float
    busy_s: Sequence[float]

    def visible(self, from_us: Micros, to_us: Micros) -> tuple[float, float] | None:
        """The part of a span inside the window, in seconds."""
        from_s, to_s = max(seconds(from_us), self.window[0]), min(seconds(to_us), self.window[1])
        return (from_s, to_s) if to_s > from_s else None

    def spans(self, spans: Sequence[AnySpan]) -> Iterator[tuple[AnySpan, tuple[float, float]]]:
        """The spans inside the window with their visible part; of those within one pixel only the first."""
        last_s = -1e9
        for span in spans:
            seen = self.visible(span.from_us, span.to_us)
            if seen is not None and (seen[1] - last_s) * self.in_per_s >= PIXEL_IN:
                last_s = seen[1]
                yield span, seen

    def moments(self, times_us: Sequence[Micros], gap_in: float = 0.0) -> list[float]:
        """The moments inside the window, in seconds; those nearer than ``gap_in`` to the last are one."""
        shown: list[float] = []
        for t in times_us:
            at_s = seconds(t)
            inside = self.window[0] <= at_s <= self.window[1]
            if inside and (not shown or (at_s - shown[-1]) * self.in_per_s >= gap_in):
                shown.append(at_s)
        return shown

    def label(
        self,
        texts: Sequence[str],
        seen: tuple[float, float],
        y_in: float,
        colour: str,
        *,
        bold: bool = False,
        behind: str | None = None,
        also_busy: Sequence[float] = (),
    ) -> None:
        """The first of these texts that fits into the span, where nothing crosses it if that can be."""
        for text in texts:
            wide_s = (style.text_width_in(text, SMALL, bold=bold) + 0.08) / self.in_per_s
            spare_s = seen[1] - seen[0] - wide_s
            if not text or spare_s < 0:
                continue
            shares = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.0, 1.0)
            places = [seen[0] + spare_s * share for share in shares]
            busy = [*self.busy_s, *also_busy]
            clear = (p for p in places if not any(p < moment < p + wide_s for moment in busy))
            x = next(clear, places[0]) + wide_s / 2
            style.write(self.axes, x, y_in, text, colour, align="center", bold=bold, behind=behind, clip=True)
            return


class _Laid(NamedTuple):
    """A panel laid out: everything in inches from its own top."""

    panel: Panel
    captions: Sequence[tuple[str, float]]
    blocks: Sequence[tuple[Block, float]]
    flags: Sequence[Flag]
    key: Sequence[str]
    top_in: float  # where the actions' labels end and the lanes begin
    height_in: float
    key_in: float


class Drawn(NamedTuple):
    """A figure, and what on it is told of one run only: the head, the labels of the actions."""

    figure: Figure
    words: list[Artist]


def draw(
    panels: Sequence[Panel],
    window: tuple[float, float],
    legend: Legend,
    theme: Theme,
    width_in: float = WIDTH_IN,
) -> Drawn:
    """The figure of these panels. ``window`` is the time shown, in seconds."""
    window = window if window[1] > window[0] else (window[0], window[0] + 1)
    with style.look(theme):
        left_in = _left_in(panels)
        right_in = max((b.right_in for p in panels for b in p.blocks), default=0.0) + RIGHT_IN
        inner_in = width_in - left_in - right_in
        laid = [_lay_out(panel, inner_in, window) for panel in panels]
        several = len(panels) > 1
        if not any(panel.blocks for panel in panels):
            legend = Legend(0.0, lambda page, theme, height_in: None)
        alike = len({panel.title for panel in panels}) == 1
        title = panels[0].title if alike else f"{len(panels)} runs"
        more = panels[0].more if alike else ""
        top_in = HEAD_IN + (MORE_IN if more else 0.0)
        body_in = sum(one.height_in + one.key_in + (PANEL_HEAD_IN if several else 0.0) for one in laid)
        height_in = top_in + body_in + AXIS_IN + legend.height_in + 0.08
        alt = " ".join(panel.alt for panel in panels) or "An empty figure."
        page = style.new_figure(width_in, height_in, theme, alt)
        words: list[Artist] = []
        if panels:
            words = style.head(page, theme, title, "" if several else panels[0].note, more)
        for number, one in enumerate(laid):
            if several:
                _panel_head(page, theme, one.panel, top_in, number, title)
                top_in += PANEL_HEAD_IN
            bottom = 1 - (top_in + one.height_in) / height_in
            box = (left_in / width_in, bottom, inner_in / width_in, one.height_in / height_in)
            last = number == len(laid) - 1
            words += _draw_panel(page.add_axes(box), theme, one, window, left_in, inner_in, last)
            top_in += one.height_in
            _draw_key(page, theme, one.key, top_in + (AXIS_IN if last else 0.0))
            top_in += one.key_in
        legend.draw(page, theme, legend.height_in)
    return Drawn(page, words)


def _left_in(panels: Sequence[Panel]) -> float:
    names = (f"{block.label} {block.detail}".strip() for panel in panels for block in panel.blocks)
    widest_in = max((style.text_width_in(name, TEXT) for name in names), default=0.0)
    return min(LABEL_MAX_IN, max(widest_in, 0.6)) + 0.32


def flags_of(
    actions: Sequence[tuple[Micros, str]], window: tuple[float, float], inner_in: float
) -> tuple[list[Flag], list[str]]:
    """The labels of the actions inside the window, and the key to those that are numbers."""
    shown = [(seconds(t), text) for t, text in actions if window[0] <= seconds(t) <= window[1]]
    return place_flags(shown, window, inner_in)


def _lay_out(panel: Panel, inner_in: float, window: tuple[float, float]) -> _Laid:
    flags, key = flags_of(panel.actions, window, inner_in)
    if len(key) > KEY_MAX:
        key = [*key[: KEY_MAX - 1], f"… and {len(key) - KEY_MAX + 1} more actions"]
    top_in = flag_height_in(flags)
    captions: list[tuple[str, float]] = []
    placed: list[tuple[Block, float]] = []
    y_in, group = top_in, None
    for number, block in enumerate(panel.blocks):
        if y_in + block.height_in > TALLEST_IN:
            key = [*key, f"… and {len(panel.blocks) - number} more rows that are not shown"]
            break
        if block.group != group and block.group:
            y_in += GAP_IN if group is not None else 0.0
            captions.append((block.group, y_in + CAPTION_IN * 0.55))
            y_in += CAPTION_IN
            group = block.group
        placed.append((block, y_in))
        y_in += block.height_in
    y_in += 0.08 + (0.0 if panel.blocks else 0.7)
    if not panel.blocks:
        flags, key = [], []  # with nothing below them, actions would only hide that there is nothing
    key_in = KEY_IN * -(-len(key) // KEY_COLUMNS) + (0.06 if key else 0.0)
    return _Laid(panel, captions, placed, flags, key, top_in, y_in, key_in)


def _panel_head(page: Figure, theme: Theme, panel: Panel, top_in: float, number: int, title: str) -> None:
    """Which trace this is; its own title only if it is another one."""
    width_in, height_in = page.get_size_inches()
    text = f"{'abcdefgh'[number % 8]}  {panel.note}"
    if panel.title != title:
        text += f" · {panel.title}"
    text = style.elide(text, width_in - 0.4, TEXT, bold=True)
    style.write(page, 0.2 / width_in, 1 - (top_in + 0.24) / height_in, text, theme.mute, size=TEXT, bold=True)


def _draw_key(page: Figure, theme: Theme, key: Sequence[str], top_in: float) -> None:
    """What the numbers above the lanes mean, in columns."""
    width_in, height_in = page.get_size_inches()
    column_in = (width_in - 0.4) / KEY_COLUMNS
    per_column = -(-len(key) // KEY_COLUMNS)
    for number, text in enumerate(key):
        x_in = 0.2 + column_in * (number // per_column)
        y_in = top_in + KEY_IN * (number % per_column + 0.5)
        text = style.elide(text, column_in - 0.15, SMALL)
        style.write(page, x_in / width_in, 1 - y_in / height_in, text, theme.mute)


def _draw_panel(
    axes: Axes,
    theme: Theme,
    laid: _Laid,
    window: tuple[float, float],
    left_in: float,
    inner_in: float,
    last: bool,
) -> list[Artist]:
    if not laid.blocks:
        style.nothing_to_draw(axes, theme, laid.panel.empty)
        return []
    style.time_axis(axes, theme, *window, labels=last)
    axes.set_ylim(laid.height_in, 0)
    axes.set_yticks([])
    for x in axes.get_xticks():
        if window[0] <= x <= window[1]:
            axes.plot([x, x], [laid.top_in, laid.height_in], color=theme.line, linewidth=0.6, zorder=0.5)
    for text, y_in in laid.captions:
        name = style.elide(text, left_in + inner_in * 0.5, SMALL, bold=True)
        place = -(left_in - 0.2) / inner_in, y_in, name
        style.write(axes, *place, theme.mute, bold=True, beside=True, behind=theme.page)
    paper = Paper(axes, theme, window, inner_in / (window[1] - window[0]), [f.at_s for f in laid.flags])
    for block, top_in in laid.blocks:
        name = _name(block, left_in - 0.3)
        y_in = top_in + block.label_in
        style.write(axes, -0.1 / inner_in, y_in, name, theme.text, size=TEXT, align="right", beside=True)
        block.draw(paper, top_in)
    return draw_flags(axes, theme, laid.flags)


def _name(block: Block, room_in: float) -> str:
    """Label and detail; where they are too long together, the label gives way first."""
    detail = style.elide(block.detail, room_in, TEXT)
    left_in = room_in - style.text_width_in(" " + detail, TEXT) if detail else room_in
    label = style.elide(block.label, left_in, TEXT) if left_in > 0.15 else ""
    return f"{label} {detail}".strip()


def draw_flags(axes: Axes, theme: Theme, flags: Sequence[Flag]) -> list[Artist]:
    """A label for each action, and a line from it down to the bottom."""
    red, bottom_in = theme.vermillion, axes.get_ylim()[0]
    written: list[Artist] = []
    for flag in flags:
        line = [flag.at_s] * 2, [flag.y_in, bottom_in]
        written += axes.plot(*line, color=red, linewidth=1.0, linestyle=(0, (3, 2)), zorder=3.5)
        point = [flag.at_s], [flag.y_in]
        written += axes.plot(*point, marker="v", markersize=5, color=red, zorder=6, clip_on=False)
        text = flag.text_s, flag.y_in, flag.text
        written.append(style.write(axes, *text, theme.text, behind=theme.page, zorder=5))
    return written
