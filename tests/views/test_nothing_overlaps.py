"""Every figure, light and dark: no text over another, none over the edge, and the file formats."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from drawn import NAMES, cast, crowd, event, every_script, recording, state, trace, troubles
from matplotlib.figure import Figure

from vrrplab import at, own_cluster, simulate, variant, views
from vrrplab.errors import VrrplabError
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent
from vrrplab.views import fonts, style
from vrrplab.views.assets import player_style

OF_A_TRACE = ("timeline", "priority", "tables", "anatomy", "ladder", "state_diagram")
TRACES = {
    "drill": lambda: recording("article_drill1_eth0_down_up"),
    "split brain": lambda: recording("article_split_brain_garp_refresh"),
    "crowd": crowd,
    "every script": lambda: every_script(NAMES[:6]),
    "every other": lambda: every_script(NAMES[6:]),
    "empty": lambda: Trace([]),
    "without its scenario": lambda: without_scenario(recording("track_interface_weight_neg")),
    "long names": lambda: office("very-long-name-of-a-proxy-server-in-the-office", "12"),
    "six servers": lambda: office("router", "123456", instance="a_rather_long_name_for_the_office_lan"),
    "long addresses": lambda: office("r", "12", f"fe80::1234:5678:9abc:def0/64\n{LONG_ADDRESS}/64"),
    "a hundred actions in a second": lambda: flapping(100),
    "formulas": lambda: trace(event(0, "scenario", **cast(name="$x_{}^2$")), state(1, "$x_1^2$", "MASTER")),
}


LONG_ADDRESS = "2001:db8:1234:5678:9abc:def0:1234:5678"


def office(stem: str, marks: str, addresses: str = "10.0.0.100/24", instance: str = "office") -> Trace:
    """Servers of falling priority; the first one's power goes, and comes back."""
    files = {
        f"{stem}-{mark}": f"vrrp_instance {instance} {{\n interface eth0\n virtual_router_id 5\n"
        f" priority {200 - 20 * place}\n virtual_ipaddress {{\n{addresses}\n}}\n}}\n"
        for place, mark in enumerate(marks)
    }
    first = next(iter(files))
    faults = (at(20, "power_off", server=first), at(30, "power_on", server=first))
    return simulate(variant(own_cluster(**files), *faults, duration_s=45))


def flapping(times: int) -> Trace:
    card = {"server": "proxy-serv01", "interface": "eth0"}
    flaps = [at(12 + n / 100, ("link_down", "link_up")[n % 2], **card) for n in range(times)]
    return simulate(variant("article-steady", *flaps, duration_s=30))


def without_scenario(whole: Trace) -> Trace:
    return Trace([one for one in whole if one.event != "scenario"])


@pytest.mark.parametrize("view", OF_A_TRACE)
@pytest.mark.parametrize("name", TRACES)
def test_nothing_overlaps(view: str, name: str) -> None:
    assert troubles(getattr(views, view).figure(TRACES[name]())) == []


@pytest.mark.parametrize("view", ["timeline", "priority", "tables", "anatomy"])
def test_nothing_overlaps_in_a_comparison_in_the_dark(view: str) -> None:
    two = recording("article_drill1_eth0_down_up"), recording("article_drill1_cable")
    assert troubles(views.compare(*two, view, theme="dark")) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("view", OF_A_TRACE)
@pytest.mark.parametrize(
    "ending",
    ["svg", *(pytest.param(e, marks=(pytest.mark.long, pytest.mark.computes)) for e in ("png", "pdf"))],
)
def test_names_in_every_script_are_drawn_without_a_word(
    tmp_path: Path, view: str, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"figure.{ending}"
    views.save(getattr(views, view).figure(every_script(), theme="dark"), path)
    assert caplog.records == []
    if ending == "svg":
        ElementTree.parse(path)


def test_names_are_no_formulas_and_hide_nothing() -> None:
    figure = views.timeline.figure(every_script())
    written = [text.get_text() for text in [*figure.texts, *figure.axes[0].texts]]
    assert "$x_1^2$ \\frac{a}{b}" in written
    assert "a\\u202eb\\u0007\\u2028c\\n" in written
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)


def test_what_stands_together_is_not_parted() -> None:
    family = "👨\u200d👩\u200d👧"
    for width_in in (0.2, 0.4, 0.6, 0.8, 1.0):
        cut = style.elide(family * 8, width_in)
        assert cut.replace(family, "") == "…"
    assert style.elide("e\u0301" * 99, 0.5).replace("e\u0301", "") == "…"


def test_letters_that_dejavu_lacks_come_from_a_font_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A font with one letter of twice the usual width: the text is drawn and measured with it."""
    from matplotlib.font_manager import fontManager

    assert fonts.families("r1 é ü") == ("DejaVu Sans",)
    own = [entry for entry in fontManager.ttflist if entry.name == "DejaVu Sans"]
    monkeypatch.setattr(fontManager, "ttflist", own)
    fontManager.addfont(font_with_one_letter(tmp_path / "one.ttf", LETTER))
    forget_fonts()
    try:
        assert fonts.families(f"a{LETTER}") == ("DejaVu Sans", "Vrrplab One Letter")
        assert fonts.width_of(LETTER * 3, bold=False) == pytest.approx(6.0, abs=0.3)
        figure = style.new_figure(4, 1, style.LIGHT, "")
        text: Any = style.write(figure, 0.1, 0.5, LETTER * 3, "black", size=9)
        box = text.get_window_extent(figure.canvas.get_renderer())
        assert box.width / style.DPI == pytest.approx(style.text_width_in(LETTER * 3, 9), abs=0.02)
    finally:
        forget_fonts()


LETTER = "服"


def forget_fonts() -> None:
    for kept in (fonts.families, fonts.width_of, fonts._is_simple, fonts._font_of, fonts._others):
        kept.cache_clear()
    fonts._letters_of.cache_clear()


def font_with_one_letter(path: Path, letter: str) -> Path:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    for move, point in ((pen.moveTo, (0, 0)), (pen.lineTo, (2000, 0)), (pen.lineTo, (2000, 700))):
        move(point)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "one"])
    font.setupCharacterMap({ord(letter): "one"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "one": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (500, 0), "one": (2000, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Vrrplab One Letter", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    font.setupPost()
    font.save(path)
    return path


def test_this_test_sees_what_overlaps() -> None:
    figure = style.new_figure(2, 1, style.LIGHT, "")
    figure.text(0.5, 0.5, "one")
    figure.text(0.52, 0.5, "other")
    figure.text(0.9, 0.9, "too far to the right")
    assert len(troubles(figure)) == 2


def test_among_many_servers_an_advert_still_says_its_priority() -> None:
    figure = views.ladder.figure(TRACES["six servers"](), from_s=18, to_s=28)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert {"200", "180", "5 ×"} <= set(written)


def test_two_long_addresses_are_not_shortened_into_one() -> None:
    figure = views.timeline.figure(TRACES["long addresses"]())
    written = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in written if text.endswith("and 1 more")]


def test_actions_that_pile_up_share_a_number() -> None:
    figure = views.timeline.figure(TRACES["a hundred actions in a second"]())
    numbers = [text.get_text() for text in figure.axes[0].texts if text.get_text().isdigit()]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7"]
    assert [text.get_text() for text in figure.texts if "actions" in text.get_text()][:1] == [
        "1  12.000 to 12.150 s  16 actions"
    ]


def test_where_nothing_is_known_actions_do_not_hide_it() -> None:
    figure = views.tables.figure(recording("many_vips_20"))
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "Nothing to draw: nobody's MAC table or neighbour cache is in this trace."
    ]


def test_two_traces_share_the_time_axis() -> None:
    two = recording("article_drill1_eth0_down_up"), recording("article_steady")
    first, second = views.compare(*two).axes[:2]
    assert first.get_xlim() == second.get_xlim()
    assert first.get_position().y0 > second.get_position().y1


def test_traces_of_two_scenarios_have_no_name_in_common() -> None:
    one, other = recording("article_drill1_eth0_down_up"), recording("article_steady")
    for two, head in ((one, other), "2 runs"), ((one, one), one.name):
        written = [text.get_text() for text in views.compare(*two).texts]
        assert written[0] == head
        assert any(text.startswith("a ") and text.endswith(one.name) for text in written) == (
            head == "2 runs"
        )


def test_the_priorities_that_last_have_numbers() -> None:
    """100 and 150 hold for 8 ms, until the first check has passed; then a weight of 60 counts."""
    dead = at(12, "service_kill", server="proxy-serv01", service="squid")
    edit = {"priority 255": "priority 150", "interval 3": "interval 3\n    weight 60"}
    figure = views.priority.figure(simulate(variant("article-steady", dead, edit=edit)))
    numbers = [text.get_text() for text in figure.axes[0].texts if text.get_text().isdigit()]
    assert numbers == ["150", "160", "210", "100", "160", "210"]
    assert troubles(figure) == []


def test_a_view_that_cannot_be_compared() -> None:
    with pytest.raises(VrrplabError, match="'ladder' cannot be compared: choose timeline, priority"):
        views.compare(Trace([]), Trace([]), "ladder")


def test_an_unknown_view_or_theme() -> None:
    with pytest.raises(AttributeError, match="there are timeline, priority"):
        views.__getattr__("timelime")
    with pytest.raises(VrrplabError, match="no theme 'blue': there are light and dark"):
        views.timeline.figure(Trace([]), theme="blue")
    assert "timeline" in dir(views)


def test_more_than_a_page_can_hold_is_counted() -> None:
    """Two hundred virtual routers and two thousand outages: drawn in seconds, on a page of sane height."""
    lost = {"client": "pc", "kind": "icmp", "target": "10.0.1.1", "lost": 1}
    outages = [event(n / 40, "outage", **lost, from_s=n / 40 - 0.02, to_s=n / 40) for n in range(1, 2000)]
    many = trace(
        event(0, "scenario", **cast(instances=200)),
        *(state(1, server, "MASTER", f"V{n}") for n in range(1, 201) for server in ("r1", "r2")),
        *outages,
        end_s=60,
    )
    figure = views.timeline.figure(many)
    assert 50 < figure.get_size_inches()[1] < 65
    told = [text.get_text() for text in figure.texts]
    assert any("more rows that are not shown" in text for text in told)
    assert views.anatomy.figure(many, at_least_s=0.01).get_size_inches()[1] < 65


class TestFiles:
    def drawing(self) -> Figure:
        figure: Figure = views.timeline.figure(recording("article_steady"))
        return figure

    @pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
    def test_formats(self, tmp_path: Path, ending: str, magic: bytes) -> None:
        path = tmp_path / f"figure.{ending}"
        views.timeline.save(recording("article_steady"), path)
        assert path.read_bytes().startswith(magic)

    def test_the_same_trace_gives_the_same_file(self, tmp_path: Path) -> None:
        for name in ("a.svg", "b.svg"):
            views.save(self.drawing(), tmp_path / name)
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()

    def test_another_ending(self, tmp_path: Path) -> None:
        with pytest.raises(VrrplabError, match=r"figure.xls: a figure is written as .svg, .png or .pdf"):
            views.save(self.drawing(), tmp_path / "figure.xls")

    def test_no_access(self, tmp_path: Path) -> None:
        with pytest.raises(VrrplabError, match="cannot be written"):
            views.save(self.drawing(), tmp_path / "nowhere" / "figure.svg")

    def test_a_notebook_shows_it_with_words_for_those_who_cannot_see(self) -> None:
        figure: Any = self.drawing()
        data, about = figure._repr_png_()
        assert data.startswith(b"\x89PNG")
        assert about["alt"].startswith("State timeline of article_steady: 4 instances")
        assert about["width"] == 960
        assert style.alt_text(figure) == about["alt"]


def test_without_matplotlib_a_table_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for view in (*OF_A_TRACE, "distribution", "packet"):
        given: Any = {"distribution": [1.0], "packet": b"\x00" * 20}.get(view, Trace([]))
        shown = getattr(views, view).figure(given)
        assert repr(shown).endswith("This is the figure as a table: to draw it needs matplotlib (make lab).")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", style.THEMES.values(), ids=style.THEMES)
def test_contrast(theme: style.Theme) -> None:
    """Text 4.5 to 1 (WCAG 2 AA); all but hairlines are letters somewhere."""
    assert min(contrast(theme.text, ground) for ground in (theme.page, theme.soft, *theme.pale)) >= 4.5
    inks = (theme.text, theme.mute, theme.blue, theme.vermillion, theme.green, theme.guess, *theme.strong)
    grounds = (theme.page, theme.card, theme.soft)
    assert min((contrast(ink, ground), ink, ground) for ink in inks for ground in grounds) >= (4.5,)
    areas = (theme.blue, theme.vermillion, theme.green, *theme.strong)
    assert min((contrast(theme.on_colour, area), area) for area in areas) >= (4.5,)


def test_every_text_of_every_figure_has_contrast() -> None:
    """As drawn: the letters of each figure against what is said to be behind them."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    drill = simulate("article-drill-1-lan-nic", frames=True)
    frame = next(event for event in drill.of(AdvertSentEvent) if event.fields.get("frame"))
    weak = set()
    for name, theme in style.THEMES.items():
        figures = {
            "timeline": views.timeline.figure(drill, theme=name),
            "priority": views.priority.figure(drill, theme=name),
            "ladder": views.ladder.figure(drill, theme=name, from_s=11, to_s=15),
            "anatomy": views.anatomy.figure(drill, theme=name),
            "tables": views.tables.figure(drill, theme=name),
            "packet": views.packet.figure(frame, theme=name),
            "state_diagram": views.state_diagram.figure(drill, theme=name),
            "distribution": views.distribution.figure({"a": [1.0, 2.0]}, bounds_s=3, theme=name),
        }
        for what, figure in figures.items():
            for text in figure.findobj(Text):
                box = text.get_bbox_patch()
                paper = to_hex(box.get_facecolor()) if box else theme.page
                ink = to_hex(text.get_color())
                if text.get_text().strip() and ink != theme.on_colour and contrast(ink, paper) < 4.5:
                    weak.add((what, name, text.get_text(), ink, paper))
    assert weak == set()


def test_a_colour_means_one_thing_everywhere() -> None:
    """Blue is a MASTER and what it sends, vermillion a fault: nothing else takes them, or makes its own."""
    for theme in style.THEMES.values():
        assert {theme.blue, theme.vermillion}.isdisjoint([*theme.strong, *theme.pale])
        assert style.state_colours("MASTER", theme)[0] == theme.blue
        assert style.state_colours("FAULT", theme)[0] == theme.vermillion
    package = Path(style.__file__).parents[1]
    own = re.compile(r"""["' :]#(?:[0-9a-fA-F]{3}){1,2}\b""")
    makes = {
        f"{file.relative_to(package)}: {found}"
        for file in package.rglob("*")
        if file.suffix in (".py", ".js", ".css") and file != Path(style.__file__)
        for found in own.findall(file.read_text(encoding="utf-8"))
    }
    assert makes == set()
    assert player_style().startswith(f".vrrplab {{ --vl-bg: {style.LIGHT.page};")
    servers = views.priority.figure(simulate("lesson-three-routers"))
    axes = servers.axes[0]
    named = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    assert len({line.get_marker() for line in named if line.get_color() == style.LIGHT.text}) == 3
    wide = {line.get_color() for line in axes.lines if line.get_linewidth() == 4.0}
    assert wide == {style.LIGHT.blue}, "a MASTER, whoever it is"


def test_states_differ_without_colour() -> None:
    marks = {(m.letter, m.hatch, m.dashed) for m in style.STATE_MARKS.values()}
    assert len({letter for letter, _, _ in marks}) == len(style.STATE_MARKS)
    assert style.STATE_MARKS["FAULT"].hatch
    assert style.state_colours("MASTER", style.LIGHT)[0] != style.state_colours("BACKUP", style.LIGHT)[0]


def test_long_texts_lose_their_middle() -> None:
    long = "proxy-serv01.frankfurt.example.net"
    short = style.elide(long, 1.0)
    assert style.text_width_in(short) <= 1.0
    assert short.startswith("prox")
    assert short.endswith("net")
    assert "…" in short
    assert style.elide("serv01", 1.0) == "serv01"
    lines = style.wrap("no advert for the master-down interval", 1.0)
    assert " ".join(lines) == "no advert for the master-down interval"
    assert max(style.text_width_in(line, style.SMALL) for line in lines) <= 1.0


def test_a_number_stays_with_its_seconds() -> None:
    text = "the timer of (3 x 1.000 s + skew 0.609 s) is 3 sums: 3.609 s"
    widest_in = style.text_width_in("3.609 s", style.SMALL) + style.text_width_in("sums:", style.SMALL)
    for tenths in range(40):
        lines = style.wrap(text, widest_in + tenths / 10)  # narrower ones have no room for whole words
        assert " ".join(lines).split() == text.split()
        assert not any(line == "s" or line.startswith(("s ", "s)")) for line in lines)


def test_a_letter_that_the_font_lacks_is_as_wide_as_its_box() -> None:
    assert 0 < style.text_width_in("\u65e5\u672c") == style.text_width_in("\u8a9e\U0001f418")
