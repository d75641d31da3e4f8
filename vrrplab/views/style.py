"""One look for every figure: colours, state marks, text sizes, and the paper they are drawn on.

Nobody needs to see colour: a state is a letter, a fill pattern and a border as well, so a figure
survives a grey printer. The colours are Okabe and Ito's blue, vermillion, green and purple; where letters
in them, or on them, would be too weak (contrast under 4.5 to 1) a darker or lighter step is used. The
player and the pages take theirs from here, too, so that a colour means one thing everywhere: blue a MASTER
and what it sends, vermillion a fault and what breaks, green what is well. Here people
speak of colours, inches and points; what a figure says is decided in the other modules.
matplotlib is imported only when something is drawn.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from vrrplab.errors import VrrplabError
from vrrplab.installing import how_to_install
from vrrplab.output.files import replaced
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import clusters
from vrrplab.views import fonts, plain
from vrrplab.views.writing import isolated

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
COLOURS = 160  # of a figure's picture in a notebook: its own, and the steps at the edges of its letters
TITLE, TEXT, SMALL = 12.0, 9.0, 7.5  # points


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one background. ``mute`` is for text that matters less, ``line`` for hairlines.

    ``card`` and ``soft``: areas that stand out from ``page``, a little and more.
    """

    name: str
    page: str
    text: str
    mute: str
    line: str
    card: str
    soft: str
    blue: str
    vermillion: str
    green: str
    guess: str  # what a learner said would come
    on_colour: str  # text on a filled area
    # One for each virtual address, none of them blue or orange: light enough for ``text`` on it, and the same
    # hue for lines, marks and letters.
    pale: tuple[str, ...]
    strong: tuple[str, ...]


LIGHT = Theme(
    "light", "#ffffff", "#1d2733", "#5b6878", "#c9d2dc", "#f6f8fa", "#eef2f6", "#0072b2", "#b84d00",
    "#00785a", "#8a2f8f", "#ffffff",
    ("#bfe6da", "#e3cbdc", "#e4e0b8", "#ded0f2", "#bfe3e8", "#d5d9de"),
    ("#00785a", "#9a4f84", "#6b6500", "#7b4fb8", "#00707d", "#4d5865"),
)  # fmt: skip
DARK = Theme(
    "dark", "#14181d", "#e6ebf0", "#9caab8", "#3a4653", "#1c232b", "#222b34", "#4da3dd", "#ff8a3d",
    "#35c79a", "#e08be4", "#0b0f14",
    ("#1d4a3d", "#50354a", "#4a4719", "#42326b", "#164a52", "#3a434d"),
    ("#35c79a", "#d58fc0", "#cbc34f", "#b99af0", "#52c4d2", "#aab5c0"),
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True, slots=True)
class StateMark:
    """How a state looks: filled or outlined, with a hatch and a letter."""

    letter: str
    word: str
    hatch: str
    dashed: bool = False


STATE_MARKS = {
    "MASTER": StateMark("M", "MASTER", ""),
    "BACKUP": StateMark("B", "BACKUP", ""),
    "FAULT": StateMark("F", "FAULT", "////"),
    "INIT": StateMark("I", "INIT", "", dashed=True),
    "STOP": StateMark("S", "stopped", "", dashed=True),
}


def theme_of(name: str) -> Theme:
    """The theme of that name; VrrplabError names the ones there are."""
    if not isinstance(name, str) or name not in THEMES:
        raise VrrplabError(f"no theme {name!r}: there are {' and '.join(THEMES)}")
    return THEMES[name]


def as_variables(theme: Theme) -> str:
    """The colours for a style sheet: ``--vl-master: #0072b2; …``."""
    names = {
        "bg": theme.page, "fg": theme.text, "mute": theme.mute, "line": theme.line, "card": theme.card,
        "soft": theme.soft, "master": theme.blue, "fault": theme.vermillion, "good": theme.green,
        "bet": theme.guess, "on": theme.on_colour,
    }  # fmt: skip
    names |= {f"v{n}": colour for n, colour in enumerate(theme.strong)}
    return " ".join(f"--vl-{name}: {colour};" for name, colour in names.items())


def state_colours(state: str, theme: Theme) -> tuple[str, str, str]:
    """(fill, border, text) of a state."""
    if state == "MASTER":
        return theme.blue, theme.blue, theme.on_colour
    if state == "FAULT":
        return theme.vermillion, theme.vermillion, theme.on_colour
    if state == "BACKUP":
        return theme.page, theme.mute, theme.text
    return theme.page, theme.line, theme.mute


def has_matplotlib() -> bool:
    """Whether matplotlib is there, with what it needs itself.

    Whoever draws asks this first, before anything of matplotlib or NumPy is imported.

    What it says of its caches and of fonts is nothing a user can do something about.
    """
    import logging

    if logging.getLogger("matplotlib").level == logging.NOTSET:
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def require_matplotlib() -> None:
    """VrrplabError with the cure where there is no matplotlib: for who cannot do with a table."""
    if not has_matplotlib():
        raise VrrplabError(f"figures need matplotlib: {how_to_install('matplotlib')}")


def as_plain(rows: Any, theme: str = "light") -> plain.PlainFigure:
    """What stands in a figure's place where it cannot be drawn. ``rows``: of one trace, or of several."""
    colours = theme_of(theme)
    several = rows if isinstance(rows, list) else [rows]

    def variables(selector: str) -> str:
        rules = f"{selector} {{ {as_variables(colours)} }}"
        if colours is not LIGHT:
            return rules
        return f"{rules} {on_dark_pages(lambda at: f'{at}{selector} {{ {as_variables(DARK)} }}')}"

    return plain.PlainFigure([one.plain() for one in several], variables)


@contextmanager
def look(theme: Theme) -> Iterator[None]:
    """matplotlib settings while a figure is drawn or saved; nothing outside is changed."""
    require_matplotlib()
    import matplotlib

    settings: Any = {
        "font.family": fonts.SANS,
        "font.size": TEXT,
        "text.color": theme.text,
        "axes.edgecolor": theme.line,
        "axes.labelcolor": theme.mute,
        "axes.facecolor": theme.page,
        "axes.linewidth": 0.8,
        "xtick.color": theme.mute,
        "ytick.color": theme.mute,
        "figure.facecolor": theme.page,
        "savefig.facecolor": theme.page,
        "hatch.linewidth": 0.7,
        "svg.hashsalt": "vrrplab",  # the same trace gives the same bytes
        "svg.fonttype": "path",
        "path.simplify": True,
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the reader sees a box
        yield


def new_figure(width_in: float, height_in: float, theme: Theme, alt: str) -> Figure:
    """An empty figure that notebooks can show, with ``alt`` for those who cannot see it.

    It belongs to no pyplot window: nothing has to be closed, and no backend is chosen for the user.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    alt = printable(alt)
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor=theme.page)
    FigureCanvasAgg(figure)
    size = {"width": round(width_in * DPI), "height": round(height_in * DPI)}
    pictures: dict[str, bytes] = {}  # by theme, drawn once

    def picture(name: str) -> bytes:
        if name not in pictures:
            again = getattr(figure, "_vrrplab_again", None)
            drawn = figure if name == theme.name or again is None else again(name)
            pictures[name] = _small_png(drawn, THEMES[name])
        return pictures[name]

    def png() -> tuple[bytes, dict[str, Any]]:
        return picture(theme.name), {**size, "alt": alt}

    def html() -> str:
        both = theme is LIGHT and hasattr(figure, "_vrrplab_again")
        shown = {name: picture(name) for name in (THEMES if both else [theme.name])}
        return pictures_html(shown, alt, size)

    figure._repr_png_ = png  # type: ignore[attr-defined]
    figure._repr_html_ = html  # type: ignore[method-assign]
    figure._vrrplab = (theme, alt)  # type: ignore[attr-defined]
    return figure


Draw = TypeVar("Draw", bound="Callable[..., Figure]")


def follows_page(draw: Draw) -> Draw:
    """For what draws a figure of rows: a light one can be drawn again for a dark page that shows it.

    Without matplotlib the rows are shown as a table (``plain``) in its place.
    """

    @wraps(draw)
    def drawn(*table: Any, theme: str = "light", **options: Any) -> Any:
        if not has_matplotlib():
            return as_plain(table[0], theme)
        figure = draw(*table, theme=theme, **options)
        figure._vrrplab_again = lambda name: draw(*table, theme=name, **options)  # type: ignore[attr-defined]
        return figure

    return drawn  # type: ignore[return-value]


# Which of two pictures a page shows: JupyterLab and VS Code say their theme, elsewhere the system does.
_DARK_PAGE = (
    '[data-jp-theme-light="false"] ',
    '[data-vscode-theme-kind*="dark"] ',
    '[data-vscode-theme-kind="vscode-high-contrast"] ',
)


def on_dark_pages(rules: Callable[[str], str]) -> str:
    """Rules that hold on a dark page only; ``rules`` writes them, with what its selectors begin with."""
    system = "body:not([data-jp-theme-light], [data-vscode-theme-kind]) "
    return f"{' '.join(map(rules, _DARK_PAGE))} @media (prefers-color-scheme: dark) {{ {rules(system)} }}"


def pictures_html(pictures: dict[str, bytes], alt: str, size: dict[str, int], kind: str = "image/png") -> str:
    """Pictures by theme as HTML: that of the page's theme is seen, and its words are heard.

    ``size``: width and height, pixels. JupyterLab drops the alternative text of a PNG; that of an HTML image
    it keeps. Where it does not trust a notebook the rules are dropped, too: then the light one is seen, on
    its own paper.
    """
    from base64 import b64encode
    from html import escape

    def image(name: str, style: str) -> str:
        source = f"data:{kind};base64,{b64encode(pictures[name]).decode()}"
        shape = f'width="{size["width"]}" height="{size["height"]}"'
        return f'<img class="vrrplab-{name}" {shape} style="{style}" alt="{escape(alt)}" src="{source}">'

    first, *others = pictures
    fits = "max-width: 100%; height: auto"
    images = image(first, fits) + "".join(image(name, f"display: none; {fits}") for name in others)
    if not others:
        return images
    light, dark = ".vrrplab-figure > .vrrplab-light", ".vrrplab-figure > .vrrplab-dark"

    def swap(at: str) -> str:
        return f"{at}{light} {{ display: none !important; }} {at}{dark} {{ display: inline !important; }}"

    rules = on_dark_pages(swap)
    return f'<div class="vrrplab-figure"><style>{rules}</style>{images}</div>'


def _small_png(figure: Figure, theme: Theme) -> bytes:
    """The figure for a notebook: sharp on a fine screen, and small, since a figure has few colours."""
    from io import BytesIO

    import numpy
    from PIL import Image

    canvas: Any = figure.canvas
    with look(theme):
        figure.set_dpi(2 * DPI)
        try:
            canvas.draw()
            image = Image.fromarray(numpy.asarray(canvas.buffer_rgba())[..., :3].copy())
        finally:
            figure.set_dpi(DPI)
    buffer = BytesIO()
    image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(buffer, format="PNG")
    return buffer.getvalue()


def alt_text(figure: Figure) -> str:
    """What the figure shows, in one sentence."""
    return str(getattr(figure, "_vrrplab", (LIGHT, ""))[1])


def render_png(figure: Figure, theme: Theme, dpi: float) -> bytes:
    """The figure as the bytes of a PNG file."""
    from io import BytesIO

    buffer = BytesIO()
    with look(theme):
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure; its ending says how: svg, png or pdf. VrrplabError: another one, or no access."""
    name = str(path)
    kind = name.rpartition(".")[2].lower() if "." in name else ""
    if kind not in ("svg", "png", "pdf"):
        raise VrrplabError(f"{name}: a figure is written as .svg, .png or .pdf")
    theme, alt = getattr(figure, "_vrrplab", (LIGHT, ""))
    metadata = {
        "svg": {"Date": None, "Title": alt},
        "png": {"Software": None, "Description": alt},
        "pdf": {"CreationDate": None, "Subject": alt},
    }[kind]
    with replaced(name) as file, look(theme):
        figure.savefig(file, format=kind, dpi=2 * DPI, metadata=metadata)


def text_width_in(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Width of a line of text in inches, so that labels can be laid out before anything is drawn."""
    require_matplotlib()
    return fonts.width_of(printable(text), bold) * size / 72


def elide(text: str, width_in: float, size: float = TEXT, *, bold: bool = False) -> str:
    """The text, with "…" in its middle where it would be wider than ``width_in``.

    What stands together, as a letter and its accents or a family of emoji, is not parted.
    """
    text = printable(text)
    if text_width_in(text, size, bold=bold) <= width_in:
        return text
    signs = [sign for sign, _ in clusters(text)]
    shortest, longest = 0, len(signs) - 1  # signs kept
    while shortest < longest:
        keep = (shortest + longest + 1) // 2
        if text_width_in(_without_middle(signs, keep), size, bold=bold) <= width_in:
            shortest = keep
        else:
            longest = keep - 1
    return _without_middle(signs, shortest)


def _without_middle(signs: list[str], keep: int) -> str:
    return "".join([*signs[: (keep + 1) // 2], "…", *signs[len(signs) - keep // 2 :]])


def wrap(
    text: str, room_in: float, size: float = SMALL, *, bold: bool = False, first_in: float | None = None
) -> list[str]:
    """The text in lines of at most ``room_in``, the first of at most ``first_in``; never empty.

    A number is not parted from its seconds.
    """
    lines: list[str] = []
    line, left_in = "", room_in if first_in is None else first_in
    for word in re.findall(r"\S*\d m?s\b\S*|\S+", printable(text)):
        word = elide(word, room_in, size, bold=bold)  # a name may be longer than a line
        longer = f"{line} {word}".strip()
        if text_width_in(longer, size, bold=bold) > left_in and (line or not lines):
            lines.append(line)
            longer, left_in = word, room_in
        line = longer
    return [*lines, line]


def write(
    where: Axes | Figure,
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: float = SMALL,
    align: str = "left",
    bold: bool = False,
    behind: str | None = None,
    zorder: float = 4,
    beside: bool = False,
    clip: bool = False,
    mono: bool = False,
) -> Artist:
    """One line of text, centred on ``y``; names of users are never taken for formulas.

    ``behind``: a colour that keeps what lies below away from the letters. ``beside``: ``x`` counts in
    shares of the axes, so that a label can stand to the left of its lane.
    """
    options: dict[str, Any] = {"transform": where.get_yaxis_transform()} if beside else {}  # type: ignore[union-attr]
    if behind:
        options["bbox"] = {"facecolor": behind, "edgecolor": "none", "pad": 0.7}
    text = printable(text)
    options["family"] = fonts.MONO if mono else fonts.families(text)
    weight = "bold" if bold else "normal"
    drawn = isolated(text) if fonts.lays_out() else text
    return where.text(
        x, y, drawn, size=size, color=colour, ha=align, va="center_baseline", weight=weight, zorder=zorder,
        clip_on=clip, parse_math=False, **options,
    )  # fmt: skip


def head(page: Figure, theme: Theme, title: str, note: str, more: str = "") -> list[Artist]:
    """Title in bold, a note in small print behind it and a second line below, all kept inside the page."""
    width_in, height_in = page.get_size_inches()
    room_in = width_in - 0.4
    title = elide(title, room_in, TITLE, bold=True)
    y = 1 - 0.24 / height_in
    written = [write(page, 0.2 / width_in, y, title, theme.text, size=TITLE, bold=True)]
    used_in = text_width_in(title, TITLE, bold=True) + 0.15
    if room_in - used_in > 0.5:
        note = elide(note, room_in - used_in, SMALL)
        written.append(write(page, (0.2 + used_in) / width_in, y, note, theme.mute))
    if more:
        more = elide(more, room_in, SMALL)
        written.append(write(page, 0.2 / width_in, 1 - 0.43 / height_in, more, theme.mute))
    return written


def bare_axes(page: Figure, box_in: tuple[float, float, float, float]) -> Axes:
    """A part of the page (left, top, width, height) that counts in inches, y downwards; nothing is on it."""
    page_width_in, page_height_in = page.get_size_inches()
    left_in, top_in, width_in, height_in = box_in
    bottom = 1 - (top_in + height_in) / page_height_in
    axes = page.add_axes(
        (left_in / page_width_in, bottom, width_in / page_width_in, height_in / page_height_in)
    )
    axes.set_axis_off()
    axes.set_xlim(0, width_in)
    axes.set_ylim(height_in, 0)
    return axes


def time_axis(axes: Axes, theme: Theme, from_s: float, to_s: float, *, labels: bool = True) -> None:
    """Seconds along the bottom; the grid is the caller's."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(from_s, to_s if to_s > from_s else from_s + 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.10g} s"))
    axes.tick_params(axis="x", length=0, labelsize=SMALL, pad=4, labelbottom=labels)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)


def nothing_to_draw(axes: Axes, theme: Theme, text: str) -> None:
    """The sentence in place of an empty figure."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=theme.mute)
