"""Special words: explained on hover, on focus, at a touch, all of them in a list, and gone with Escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from player_pages import PLAYER, seek, simulated

from vrrplab.glossary import TERMS, found_in, look_up

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def drill(file_page: Callable[..., Any]) -> Any:
    page = file_page(simulated())
    seek(page, 16)
    return page


def tip(page: Any) -> Any:
    return page.get_by_role("tooltip")


def meaning(word: str) -> str:
    term = look_up(word)
    assert term
    return term.meaning


def test_a_word_in_a_text_is_explained_where_the_pointer_rests(drill: Any) -> None:
    word = drill.locator(".vl-legend .vl-term", has_text="gratuitous ARP")
    word.hover()
    expect(tip(drill)).to_contain_text(meaning("gratuitous ARP"))
    described = word.get_attribute("aria-describedby")
    assert described == tip(drill).get_attribute("id")
    # The explanation may be read with the pointer on it, lies not on its word, and goes with Escape.
    a, b = word.bounding_box(), tip(drill).bounding_box()
    assert a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
    tip(drill).hover()
    drill.wait_for_timeout(500)
    expect(tip(drill)).to_be_visible()
    drill.keyboard.press("Escape")
    expect(tip(drill)).to_be_hidden()
    assert word.get_attribute("aria-describedby") is None


def test_who_passes_by_asks_nothing(drill: Any) -> None:
    drill.locator(".vl-legend .vl-term").first.hover()
    drill.mouse.move(5, 5)
    drill.wait_for_timeout(600)
    expect(tip(drill)).to_be_hidden()


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ('[data-thing="instance proxy-serv01 proxy_ip1"] .vl-letter', "FAULT"),
        ('[data-thing="instance proxy-serv02 proxy_ip1"] .vl-letter', "MASTER"),
        ('[data-thing="instance proxy-serv02 proxy_ip1"] .vl-small', "priority"),
        ('[data-thing="nic proxy-serv02 eth0"] text', "interface"),
        ('[data-thing="daemon proxy-serv02 keepalived"] text', "keepalived"),
        ('[data-thing="script proxy-serv02 chk_squid_service"] text', "track_script"),
        ('[data-vip="192.168.2.101"] text', "VIP"),
        ('[data-thing="switch lan"] text', "switch"),
    ],
)
def test_what_stands_in_the_picture_is_explained(drill: Any, place: str, word: str) -> None:
    found = next(t for t in TERMS if t.word == word or word in t.seen)
    drill.locator(place).first.hover()  # when it has come to rest: an address glides to its server
    expect(tip(drill)).to_contain_text(found.meaning)


def test_the_words_of_a_log_row_are_explained_and_it_stays_one_tab_stop(drill: Any) -> None:
    row = drill.locator(".vl-row .vl-term", has_text="gratuitous ARPs").first
    row.hover()
    expect(tip(drill)).to_contain_text(meaning("gratuitous ARP"))
    assert drill.locator(".vl-log [tabindex='0']").count() == 0
    drill.locator(".vl-log").focus()
    for _ in range(20):
        if "gratuitous ARP" in drill.locator(".vl-now").inner_text():
            break
        drill.keyboard.press("ArrowUp")
    drill.keyboard.press("g")
    words = drill.get_by_role("dialog", name="Words")
    expect(words).to_contain_text(meaning("gratuitous ARP"))
    expect(words.locator("dt")).to_have_count(1)
    drill.keyboard.press("Escape")
    expect(words).to_be_hidden()
    expect(drill.locator(".vl-log")).to_be_focused()


def test_in_an_answer_each_word_is_reached_with_tab_once(drill: Any) -> None:
    drill.locator(".vrrplab").focus()
    drill.keyboard.press("w")
    reached = []
    for _ in range(30):
        drill.keyboard.press("Tab")
        now = drill.evaluate(
            "document.activeElement.closest('.vl-why') && document.activeElement.dataset.term"
        )
        if now:
            reached.append(now)
            expect(tip(drill)).to_contain_text(meaning(now))
    assert len(reached) == len(set(reached))
    text = drill.locator(".vl-why").inner_text()
    assert {"skew time", "master down timer"} <= set(reached)
    assert set(reached) == {f.term.word for f in found_in(text)}


def test_a_thing_that_has_the_keyboard_for_a_while_is_explained(drill: Any) -> None:
    drill.locator('[data-thing="server proxy-serv02"]').focus()
    drill.keyboard.press("Tab")
    expect(tip(drill)).to_contain_text(meaning("MASTER"))
    drill.keyboard.press("Escape")
    expect(tip(drill)).to_be_hidden()
    assert drill.evaluate("document.activeElement.dataset.thing") == "instance proxy-serv02 proxy_ip1"


def test_a_finger_asks_too(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), viewport=PHONE, has_touch=True)
    seek(page, 16)
    page.locator(".vl-legend .vl-term").first.tap()
    expect(tip(page)).to_contain_text(meaning("advert"))
    box = tip(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Keys").tap()
    page.get_by_role("menuitem", name="What the special words mean").tap()
    words = page.get_by_role("dialog", name="Words")
    expect(words).to_be_in_viewport(ratio=1)
    for word in ("MASTER", "FAULT", "VIP", "advert", "interface"):
        expect(words).to_contain_text(meaning(word))
    page.get_by_role("button", name="Close the list of words").tap()
    expect(words).to_be_hidden()


UNMARKED = """() => {
    const left = [], view = document.querySelector(".vl-view");
    const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement: e } = walker.currentNode;
        if (!e.closest("svg, .vl-term, .vl-button, select, .vl-hex, .vl-clock")) left.push(data);
    }
    return left; }"""


@pytest.mark.parametrize("scenario", ["article-drill-1-lan-nic", "firewall-closed", "lesson-ipv6"])
def test_no_special_word_stands_unexplained(file_page: Callable[..., Any], scenario: str) -> None:
    """Whatever is on the page at any moment: each word of the glossary in it can be asked for."""
    page = file_page(simulated(scenario))
    end = page.evaluate(f"{PLAYER}.model.end")
    for what in ("story", "packets"):
        page.evaluate(f"what => {PLAYER}.log.show(what)", what)
        for share in (0, 0.3, 0.6, 1):
            seek(page, end * share)
            page.evaluate(f"{PLAYER}.explain({PLAYER}.model.lastChange({PLAYER}.t))")
            page.evaluate("() => new Promise(requestAnimationFrame)")
            left = [found for text in page.evaluate(UNMARKED) for found in found_in(text)]
            assert left == []
