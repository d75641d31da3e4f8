"""Figures as tables, where matplotlib is missing: what they say, that it fits, and that names stay names."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from vrrplab import recorded, simulate, variant, views
from vrrplab.trace import Trace
from vrrplab.views import style
from vrrplab.views.plain import PlainFigure
from vrrplab.views.style import LIGHT, THEMES

OF_A_TRACE = ("timeline", "ladder", "priority", "anatomy", "tables", "state_diagram")


@pytest.fixture(autouse=True)
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "has_matplotlib", lambda: False)


@pytest.fixture(scope="module")
def drill() -> Trace:
    return simulate("article-drill-1-lan-nic", frames=True)


def plain(view: str, *given: Any, **options: Any) -> PlainFigure:
    shown = getattr(views, view).figure(*given, **options)
    assert isinstance(shown, PlainFigure)
    return shown


class Page(HTMLParser):
    """The words of a page and the kinds of its elements; every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.kinds.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1] != "style":
            self.words.append(data)


@pytest.mark.parametrize("view", OF_A_TRACE)
def test_it_fits_a_terminal_and_is_a_page(view: str, drill: Trace) -> None:
    shown = plain(view, drill)
    lines = repr(shown).splitlines()
    assert max(map(len, lines)) <= 80
    page = Page(shown._repr_html_())
    assert "table" in page.kinds
    assert page.words[-1] == lines[-1]
    assert shown.alt


def test_what_the_drill_was_is_in_the_words(drill: Trace) -> None:
    told = repr(plain("timeline", drill, from_s=9, to_s=18))
    assert "12.000 s  proxy-serv01 eth0 down" in told
    assert "BACKUP 9.000-14.626 s, MASTER 14.626-18.000 s" in told
    assert "2.66 s 11.980-14.640 s" in told
    assert re.search(
        r"14\.626 s \| proxy-serv02 \| proxy_ip1 MASTER \| no advert", repr(plain("ladder", drill))
    )
    assert "detection 0.000-2.036 s, election 2.036-2.646 s" in repr(plain("anatomy", drill))
    assert "255 FAULT 12.000-22.000 s" in repr(plain("priority", drill))
    assert "leads astray 12.000-14.626 s" in repr(plain("tables", drill))
    assert "BACKUP | MASTER | no advert for the master-down interval" in repr(plain("state_diagram", drill))


def test_a_frame_has_a_row_a_field_and_all_its_bytes(drill: Trace) -> None:
    advert = drill.of("advert_sent")[0]
    (table,) = plain("packet", advert).tables
    assert "".join(row.cells[2] for row in table.rows).replace(" ", "") == advert.fields["frame"]
    told = {row.cells[3]: row.cells[4] for row in table.rows}
    assert told["priority"] == "255"
    damaged = bytes.fromhex(advert.fields["frame"]).replace(b"\xff\x70", b"\xfe\x70")
    assert "dropped: " in repr(plain("packet", damaged))


def test_how_long_failovers_take_has_figures_and_blocks() -> None:
    told = repr(plain("distribution", {"fast": [1.0, 1.0, 1.0, 2.0], "none": []}))
    assert "fast | 4 | 1.000 s | 1.000 s" in told
    assert "█" in told
    assert "▃" in told


def test_two_are_compared_one_above_the_other(drill: Trace) -> None:
    both = views.compare(drill, recorded("article_drill1_eth0_down_up"))
    assert isinstance(both, PlainFigure)
    assert len(both.tables) == 2


def test_its_colours_are_the_figures_own_and_follow_the_page(drill: Trace) -> None:
    page = plain("timeline", drill)._repr_html_()
    for theme in THEMES.values():
        assert style.as_variables(theme) in page
    assert set(re.findall(r"#[0-9a-f]{6}", page)) <= set(re.findall(r"#[0-9a-f]{6}", repr(THEMES)))
    assert style.as_variables(LIGHT) not in plain("timeline", drill, theme="dark")._repr_html_()


def test_a_name_is_never_markup() -> None:
    evil = variant("lesson-two-routers", name="<script>alert(1)</script>\x1b[31m", description='"><b>')
    shown = plain("timeline", simulate(evil))
    page = Page(shown._repr_html_())
    assert not page.kinds & {"script"}
    assert "\x1b" not in shown._repr_html_() + repr(shown)


def test_what_sliders_change_is_in_the_table_too() -> None:
    from vrrplab.exercises.sliders import PANELS
    from vrrplab.views.panels import Control, LivePanel

    run, rows = PANELS["timers"]
    panel = LivePanel(run, [Control(*row) for row in rows])
    before = panel.html
    panel.set(priority=1)
    assert panel.html != before
    assert panel.png == b""
    assert "to draw it needs matplotlib" in panel.html
