"""The page as axe sees it, in both themes and with everything that opens; sizes for fingers; contrast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe import violations
from player_pages import PLAYER, seek, simulated
from test_player_for_all import contrast

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

OPENED = {"the first view": "", "why?": "w", "the keys": "?", "the words": "g"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(file_page: Callable[..., Any], scheme: str) -> None:
    page = file_page(simulated(), color_scheme=scheme)
    seek(page, 16)
    found = {}
    for what, key in OPENED.items():
        page.locator(".vrrplab").focus()
        if key:
            page.keyboard.press(key)
        found[what] = sorted(violations(page))
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Tour", exact=True).click()
    found["the tour"] = sorted(violations(page))
    page.keyboard.press("Escape")
    page.locator('[data-thing="nic proxy-serv02 eth0"]').focus()
    page.keyboard.press("Enter")
    found["a menu"] = sorted(violations(page))
    assert {what: all_ for what, all_ in found.items() if all_} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing_while_a_bet_is_open(file_page: Callable[..., Any], scheme: str) -> None:
    page = file_page(simulated(), color_scheme=scheme, asks=True)
    seek(page, 11.9)
    page.locator(".vrrplab").focus()
    page.keyboard.press("Space")
    expect(page.locator(".vl-bet")).to_be_visible()
    assert sorted(violations(page)) == []


TEXTS = """() => {
    const parts = (x) => x.match(/[\\d.]+/g)?.map(Number) || [];
    const solid = (x) => parts(x).length == 3 || parts(x)[3] == 1;
    const found = new Set(), left = "svg, :disabled, .vl-spoken";
    const walker = document.createTreeWalker(document.querySelector(".vrrplab"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement, look = getComputedStyle(e);
        if (!walker.currentNode.data.trim() || !e.getClientRects().length || e.closest(left)) continue;
        let paper = e;
        while (paper && !solid(getComputedStyle(paper).backgroundColor)) paper = paper.parentElement;
        found.add(JSON.stringify([look.color, getComputedStyle(paper).backgroundColor, e.className]));
    }
    return [...found].map(JSON.parse); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(file_page: Callable[..., Any], scheme: str) -> None:
    page = file_page(simulated(), color_scheme=scheme)
    seek(page, 16)
    page.evaluate(f"{PLAYER}.explain({PLAYER}.model.lastChange(16))")
    measured = sorted((contrast(text, paper), where) for text, paper, where in page.evaluate(TEXTS))
    print(f"{scheme}: of {len(measured)} pairs of colours the weakest has {measured[0][0]:.2f} : 1")
    assert [(round(ratio, 2), where) for ratio, where in measured if ratio < 4.5] == []
