"""The first view: what is seen at once, what opens when it is needed, and that nothing jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from player_pages import DRILL, PLAYER, choose, moment, reload, seek, simulated, thing

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

LOG, FRAME, TABLES = ".vl-log-panel", ".vl-frame-panel", ".vl-tables-panel"
PLACES = """() => [document.documentElement.scrollHeight, ...[...document.querySelectorAll(".vl-panel")]
    .map(e => JSON.stringify(e.getBoundingClientRect()))].join()"""


def folded(page: Any) -> list[bool]:
    return [
        page.locator(panel).evaluate("e => e.classList.contains('vl-folded')")
        for panel in (LOG, FRAME, TABLES)
    ]


@pytest.mark.parametrize("size", [(1366, 768), (1024, 700)])
def test_at_first_play_the_cluster_and_the_lanes_are_on_the_screen(
    file_page: Callable[..., Any], size: tuple[int, int]
) -> None:
    page = file_page(simulated(), first_view=True, viewport={"width": size[0], "height": size[1]})
    assert folded(page) == [True, True, True]
    assert moment(page) == 10, "shortly before the first action"
    for what in (".vl-play", ".vl-svg", ".vl-lanes"):
        expect(page.locator(what)).to_be_in_viewport(ratio=0.99)
    assert page.locator("[data-vip]").count() == 2


def test_panels_open_when_they_are_needed(live_page: Callable[..., Any]) -> None:
    page = live_page(DRILL, first_view=True, viewport={"width": 1366, "height": 900})
    seek(page, 11)
    assert folded(page) == [True, True, True]
    seek(page, 12.5)  # the client sends to one that has the address no more
    assert folded(page) == [True, True, False]
    page.locator(".vrrplab").focus()
    page.keyboard.press("w")
    assert folded(page) == [False, True, False]
    expect(page.locator(".vl-why")).to_be_visible()
    page.evaluate(f"{PLAYER}.pin({PLAYER}.model.flights[3])")
    assert folded(page) == [False, False, False]
    choose(page, "server proxy-serv02", "Cut its power")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    assert folded(page) == [False, False, False], "what was open stays open in another run"


def test_what_was_closed_by_hand_stays_closed_also_after_a_reload(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), first_view=True)
    tables = page.get_by_role("button", name="What switch and clients have learned")
    expect(tables).to_have_attribute("aria-expanded", "false")
    tables.click()
    expect(tables).to_have_attribute("aria-expanded", "true")
    tables.click()
    page.get_by_role("button", name="Log: what happened, and why").click()
    seek(page, 12.5)
    assert folded(page) == [False, True, True]
    reload(page)
    page.wait_for_function("document.getElementById('player').player")
    assert folded(page) == [False, True, True]


def test_a_page_without_a_store_works_as_well(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), first_view=True)
    page.evaluate("Object.defineProperty(window, 'localStorage', { get() { throw new Error('closed'); } })")
    page.get_by_role("button", name="Log: what happened, and why").click()
    assert folded(page)[0] is False


@pytest.mark.parametrize("width", [1366, 760])
def test_why_pushes_nothing_away(file_page: Callable[..., Any], width: int) -> None:
    page = file_page(simulated(), viewport={"width": width, "height": 900})
    seek(page, 16)
    before = page.evaluate(PLACES)
    top = page.evaluate("scrollY")
    page.locator(".vrrplab").focus()
    page.keyboard.press("w")
    expect(page.locator(".vl-why")).to_be_visible()
    page.evaluate("top => scrollTo(0, top)", top)
    assert page.evaluate(PLACES) == before
    assert page.locator(".vl-why").bounding_box()["height"] >= 80
    assert page.locator(".vl-log").bounding_box()["height"] >= 48, "and the row it is about stays in view"


def test_no_row_cuts_off_what_an_instance_became(file_page: Callable[..., Any]) -> None:
    from test_player_fits import retold

    trace = simulated()
    long = "an-instance-whose-name-is-longer-than-any-row-of-a-log-could-ever-be"

    def rename(cast: dict[str, Any]) -> None:
        for server in cast["servers"].values():
            server["instances"] = {long if k == "proxy_ip1" else k: v for k, v in server["instances"].items()}

    page = file_page(retold(trace, rename), viewport={"width": 1000, "height": 900})
    page.evaluate(
        f"name => {{ const p = {PLAYER}; for (const c of p.model.changes) c.e.instance = name;"
        " p.log.show('story'); }",
        long,
    )
    seek(page, 12)
    row = page.locator(".vl-row", has_text="MASTER → FAULT").first
    became, panel = row.locator(".vl-became").bounding_box(), page.locator(".vl-log").bounding_box()
    assert became["x"] + became["width"] < panel["x"] + panel["width"]
    assert row.locator(".vl-became").inner_text() == ": MASTER → FAULT"
    assert row.locator(".vl-became").evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_what_stands_still_wins_over_what_moves(live_page: Callable[..., Any]) -> None:
    """A frame in the middle of a switch: a click there means the switch. On the cable it means the frame."""
    page = live_page("article-steady", viewport={"width": 1366, "height": 900})
    seek(page, 6)
    advert = page.evaluate(f"{PLAYER}.model.flights.find(f => f.kind == 'advert' && f.t > 6)")
    seek(page, advert["t"])
    at = f"""t => {{ const p = {PLAYER}, b = p.packets.canvas.getBoundingClientRect();
        const d = p.packets.drawn.find(d => d.flight.t == t); return [d.x + b.left, d.y + b.top]; }}"""
    page.evaluate(f"{PLAYER}.ahead = 0.4; {PLAYER}.draw()")  # half way: in the switch
    page.mouse.click(*page.evaluate(at, advert["t"]))
    expect(page.locator(".vl-menu-title")).to_contain_text("switch of network lan")
    page.keyboard.press("Escape")
    seek(page, advert["t"])  # where a still shows it: on a cable
    page.mouse.click(*page.evaluate(at, advert["t"]))
    expect(page.locator(".vl-menu-title")).to_contain_text("advert of serv0")


def test_frames_pass_under_the_words_of_a_switch(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", viewport={"width": 1366, "height": 900})
    seek(page, 6)
    choose(page, "switch lan", "Delay every frame by 0.2 s")
    expect(thing(page, "switch lan")).to_contain_text("0.2 s late")
    ink = f"""() => {{ const p = {PLAYER}, c = p.packets.canvas.getContext("2d"), r = p.packets.ratio;
        const [x, y, w, h] = p.scene.words.get("lan")[0];
        let most = 0;
        for (let n = 0; n < 60; n++) {{ p.seek(6 + n * 0.05); p.ahead = 0; p.draw();
            const {{ data }} = c.getImageData(x * r, y * r, w * r, h * r);
            most = Math.max(most, data.reduce((a, b) => a + b, 0)); }}
        return [most, w]; }}"""
    most, width = page.evaluate(ink)
    assert width > 100
    assert most == 0, "something was drawn over the letters"
