"""The tour: once by itself, five steps, never over what it speaks of, left and called back at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from player_pages import choose, reload, seek, simulated

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

SIZES = [(1366, 768), (1024, 700), (390, 844)]
# By how many pixels the card lies over what is lit, and how much of the card is outside the window.
COVERED = """() => {
    const box = (q) => document.querySelector(q).getBoundingClientRect();
    const card = box(".vl-tour"), lit = box(".vl-tour-ring");
    const wide = Math.min(card.right, lit.right) - Math.max(card.left, lit.left);
    const high = Math.min(card.bottom, lit.bottom) - Math.max(card.top, lit.top);
    const out = [-card.left, -card.top, card.right - innerWidth, card.bottom - innerHeight];
    return [Math.max(0, Math.min(wide, high)), Math.max(0, ...out)]; }"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".vl-tour button")].filter(b => !b.hidden)
    .flatMap(b => [b.offsetWidth, b.offsetHeight]))"""


def card(page: Any) -> Any:
    return page.get_by_role("dialog", name="Tour")


def come_to_rest(page: Any) -> None:
    """Until the light, which glides, is where it is to be."""
    page.wait_for_function("document.querySelector('.vl-tour-ring').getAnimations().length === 0")


def lit(page: Any, selector: str) -> bool:
    """Whether the light comes to rest around that and nothing much larger."""
    come_to_rest(page)
    return bool(
        page.evaluate(
            "q => { const a = document.querySelector('.vl-tour-ring').getBoundingClientRect();"
            " const b = document.querySelector(q).getBoundingClientRect();"
            " return a.left < b.left && a.right > b.right && a.top < b.top && a.bottom > b.bottom"
            " && a.width < b.width + 40 && a.height < b.height + 40; }",
            selector,
        )
    )


def test_it_begins_by_itself_once_and_takes_no_key(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", first_time=True)
    expect(card(page)).to_be_visible()
    assert page.evaluate("document.activeElement == document.body"), "who types elsewhere goes on typing"
    expect(page.locator(".vl-spoken")).to_contain_text("A tour of five steps")
    reload(page)
    page.wait_for_function("document.getElementById('player').player?.model")
    expect(page.locator(".vl-clock")).to_be_visible()
    expect(card(page)).to_be_hidden()


def test_it_begins_once_in_a_page_that_may_keep_nothing(file_page: Callable[..., Any]) -> None:
    closed = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('closed'); } })"
    page = file_page(simulated(), first_time=True, script=closed)
    expect(card(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    again = "const p = document.getElementById('player').player; new p.constructor(document.body, p.outside)"
    page.evaluate(f"() => {{ {again}; }}")
    expect(page.locator(".vl-tour:visible")).to_have_count(0)


def test_who_shows_a_cluster_can_leave_it_out(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), first_time=True, tour=False)
    expect(page.locator(".vl-clock")).to_be_visible()
    expect(card(page)).to_be_hidden()
    page.get_by_role("button", name="Tour", exact=True).click()
    expect(card(page)).to_be_visible()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_five_steps_that_cover_nothing_they_speak_of(
    live_page: Callable[..., Any], width: int, height: int
) -> None:
    page = live_page("article-steady", first_time=True, viewport={"width": width, "height": height})
    seek(page, 5)
    words = []
    for step in range(5):
        expect(page.locator(".vl-tour .vl-mute")).to_have_text(f"Tour · {step + 1} of 5")
        come_to_rest(page)
        covered, outside = page.evaluate(COVERED)
        assert covered == 0, f"step {step + 1} covers {covered} px of what is lit"
        assert outside <= 1, f"step {step + 1} is {outside} px outside"
        assert page.evaluate(SMALLEST) >= 24
        words.append(page.locator(".vl-tour p").inner_text())
        page.locator(".vl-tour-next").click()
    expect(card(page)).to_be_hidden()
    assert len(set(words)) == 5
    assert all(text.count(". ") == 0 and text.endswith(".") for text in words), "one sentence each"


def test_by_keyboard_alone_and_left_with_escape(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 5)
    button = page.get_by_role("button", name="Tour", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tour-next")).to_be_focused()
    assert lit(page, '[data-thing="server proxy-serv01"]')
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tour p")).to_contain_text("MASTER")
    assert lit(page, '[data-thing="instance proxy-serv01 proxy_ip1"]')
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tour .vl-mute")).to_have_text("Tour · 1 of 5")
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Leave the tour").click()
    expect(card(page)).to_be_hidden()
    expect(button).to_be_focused()


def test_who_breaks_something_is_led_on(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", first_time=True)
    seek(page, 5)
    for _ in range(2):
        page.locator(".vl-tour-next").click()
    assert lit(page, '[data-thing="nic proxy-serv01 eth0"]')
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(page.locator(".vl-tour .vl-mute")).to_have_text("Tour · 4 of 5")
    expect(page.locator(".vl-tour p")).to_contain_text("why?")


def test_a_finished_run_is_not_to_be_broken(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), first_time=True)
    for _ in range(2):
        page.locator(".vl-tour-next").click()
    expect(page.locator(".vl-tour p")).to_contain_text("only be looked at")
    assert lit(page, ".vl-slider")


def test_the_light_does_not_glide_where_motion_is_unwanted(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", first_time=True, reduced_motion="reduce")
    expect(card(page)).to_be_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.vl-tour-ring')).transitionDuration") == "0s"
    )
