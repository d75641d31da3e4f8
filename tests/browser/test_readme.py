"""README as a browser shows it, on a desk and on a phone, and the moving picture in it at several moments."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mistune
import pytest

from tests.papers import ROOT, text_of
from tools.moving_picture import PILL_H, ROW_Y, STRIP, Clock, facts
from tools.pictures import pulled_cable

pytestmark = pytest.mark.long

STYLE = """
body { margin: 0; font: 16px/1.5 sans-serif } article { max-width: 1012px; margin: 0 auto; padding: 32px }
@media (max-width: 767px) { article { padding: 16px } }
article { overflow-wrap: break-word }
img { max-width: 100% } pre { overflow: auto } h1 { font-size: 2em; margin: 0 0 16px; padding-bottom: .3em }
p, table, pre { margin: 0 0 16px } table { display: block; overflow: auto; border-collapse: collapse }
td, th { padding: 6px 13px; border: 1px solid } code { font-size: 85% }
"""
PICTURES = """() => [...document.images].map(i => {
    const b = i.getBoundingClientRect();
    const name = i.currentSrc.split("/").pop();
    return [name, i.naturalWidth, b.top + scrollY, b.bottom + scrollY, b.right]; })"""


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    """README as HTML, its pictures beside it; without those of other sites."""
    draw = mistune.create_markdown(escape=False, plugins=["table"])
    body = re.sub(r'<img src="https:[^>]*>', "", str(draw(text_of("README.md"))))
    page = tmp_path / "README.html"
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    page.write_text(
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style><article>{body}</article>",
        encoding="utf-8",
    )
    return page


@pytest.mark.parametrize(
    ("options", "picture"),
    [
        ({"color_scheme": "light"}, "cable-pulled-light.svg"),
        ({"color_scheme": "dark"}, "cable-pulled-dark.svg"),
        ({"color_scheme": "light", "reduced_motion": "reduce"}, "cable-pulled-still-light.svg"),
        ({"color_scheme": "dark", "reduced_motion": "reduce"}, "cable-pulled-still-dark.svg"),
    ],
)
def test_the_moving_picture_is_on_the_first_screen(
    readme: Path, new_page: Callable[..., Any], options: dict[str, str], picture: str
) -> None:
    page = new_page(viewport={"width": 1000, "height": 700}, **options)
    page.goto(readme.as_uri())
    shown = {name: places for name, *places in page.evaluate(PICTURES)}
    assert picture in shown
    # Above it, and behind it: the page where the same can be done.
    links = page.locator("a[href='https://vrrplab.github.io/vrrplab/']")
    assert links.nth(0).bounding_box()["y"] < shown[picture][1]
    assert links.nth(1).locator("img").count() == 1
    natural_px, top_px, bottom_px, _ = shown[picture]
    assert natural_px == 840
    assert top_px > 100
    assert bottom_px < 700


def test_on_a_phone_nothing_is_wider_than_the_screen(readme: Path, new_page: Callable[..., Any]) -> None:
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(readme.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    pictures = page.evaluate(PICTURES)
    assert [name for name, natural_px, *_, right_px in pictures if not natural_px or right_px > 390] == []
    assert next(bottom for name, _, _, bottom, _ in pictures if name.startswith("cable-pulled")) < 844


def test_it_tells_the_story_in_order(new_page: Callable[..., Any]) -> None:
    fact = facts(pulled_cable())
    clock = Clock(fact)
    page = new_page(viewport={"width": 840, "height": 444})
    page.goto((ROOT / "docs" / "pictures" / "cable-pulled-light.svg").as_uri())

    def at(second: float) -> dict[str, float]:
        """What is seen of each part at a second of the picture; ``pill``, ``strip``: moved by pixels."""
        seen: dict[str, float] = page.evaluate(
            """second => {
                for (const one of document.getAnimations()) { one.pause(); one.currentTime = second * 1000; }
                const of = name => getComputedStyle(document.querySelector("." + name));
                const moved = name => new DOMMatrix(of(name).transform).f;
                const names = ["good", "dark", "hold", "fault", "wait", "take", "ghost", "solid", "sum"];
                return Object.fromEntries([...names.map(name => [name, Number(of(name).opacity)]),
                    ["pill", moved("pillmove")], ["strip", moved("strip")]]); }""",
            second,
        )
        return seen

    home = ROW_Y["holder"] - ROW_Y["other"]
    calm = at(clock(fact.pulled_s) - 0.1)
    assert (calm["good"], calm["hold"], calm["wait"], calm["solid"], calm["sum"]) == (1, 1, 1, 1, 0)
    assert calm["pill"] == pytest.approx(home, abs=1)
    silent = at(clock(fact.pulled_s) + 2)
    assert (silent["dark"], silent["fault"], silent["wait"], silent["ghost"], silent["solid"]) == (
        1,
        1,
        1,
        1,
        0,
    )
    assert home + PILL_H < silent["pill"] < -PILL_H
    counted_s = -silent["strip"] / STRIP / 10
    assert counted_s == pytest.approx(fact.pulled_s + 2 - fact.heard_s[-1], abs=0.11)
    over = at(clock(fact.answered_s) + 1)
    assert (over["good"], over["fault"], over["take"], over["solid"], over["sum"]) == (1, 1, 1, 1, 1)
    assert over["pill"] == pytest.approx(0, abs=1)
