"""On phones, with many servers, with long names: everything has its place, and the page can be scrolled."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from player_pages import PLAYER, TIDY, come_to_rest, moment, seek, simulated

from vrrplab.trace import Trace, make_event
from vrrplab.views.player import trace_text

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

PHONE = {"width": 390, "height": 844}
BOXES = """names => Object.fromEntries(names.map(n => {
    const b = document.querySelector(n).getBoundingClientRect();
    return [n, [b.left, b.top + scrollY, b.right, b.bottom + scrollY]]; }))"""


def retold(trace: Trace, change: Callable[[dict[str, Any]], None]) -> Trace:
    """The trace with another cast."""
    cast = json.loads(json.dumps(trace.events[0].fields))
    change(cast)
    return Trace([make_event(0, "scenario", cast), *trace.events[1:]])


LONG = "a-cluster-whose-name-tells-the-whole-story-of-its-making-and-of-its-many-owners"


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def with_servers(count: int) -> Trace:
    """Drill 1 with so many more servers beside its two, of which nothing is told."""

    def more(cast: dict[str, Any]) -> None:
        for n in range(3, count + 1):
            nic = {"segment": "lan", "addresses": [f"192.168.2.{n}/24"], "mac": f"02:00:00:00:09:{n:02x}"}
            cast["servers"][f"proxy-serv{n:02}"] = {"interfaces": {"eth0": nic}, "instances": {}}

    return retold(simulated(), more)


@pytest.mark.parametrize("width", [390, 760])
def test_narrow_pages_show_transport_cluster_and_lanes_first(
    file_page: Callable[..., Any], width: int
) -> None:
    page = file_page(simulated(), viewport={"width": width, "height": 2400})
    order = [".vl-top", ".vl-transport", ".vl-scene", ".vl-lane-panel", ".vl-log-panel"]
    order += [".vl-tables-panel", ".vl-frame-panel", ".vl-tools"]
    boxes = page.evaluate(BOXES, order)
    for above, below in pairwise(order):
        gap = boxes[below][1] - boxes[above][3]
        assert 3 <= gap <= 20, f"{gap} px between {above} and {below}"


def test_the_transport_stays_at_hand(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), viewport=PHONE)
    play = page.get_by_role("button", name="Play (space)")
    expect(play).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1240, "height": 500})
    expect(play).to_be_in_viewport(ratio=1)


def test_what_opens_is_in_view_on_a_phone(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", viewport=PHONE)
    bar = page.locator(".vl-transport").bounding_box()
    assert bar["height"] <= 130, "the transport leaves room for what it plays"
    seek(page, 7)
    page.locator(".vrrplab").focus()
    page.keyboard.press("w")
    why = page.locator(".vl-why")
    expect(why).to_be_in_viewport(ratio=1)
    expect(why).to_be_focused()
    bar, box = page.locator(".vl-transport").bounding_box(), why.bounding_box()
    assert box["y"] + box["height"] <= bar["y"] or box["y"] >= bar["y"] + bar["height"]
    page.keyboard.press("Escape")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Keys").click()
    expect(page.locator(".vl-menu")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    page.evaluate("scrollTo(0, 1e6)")
    page.locator(".vrrplab").evaluate("e => e.focus({ preventScroll: true })")
    page.keyboard.press("c")
    expect(page.locator(".vl-dialog")).to_be_in_viewport(ratio=1)


def test_six_servers_are_all_in_view(file_page: Callable[..., Any]) -> None:
    page = file_page(with_servers(6), viewport={"width": 1400, "height": 900})
    boxes = page.evaluate(BOXES, [".vl-stage", ".vl-svg", ".vl-scene", ".vl-lane-panel", ".vl-log-panel"])
    assert boxes[".vl-svg"][2] <= boxes[".vl-stage"][2] + 1
    assert boxes[".vl-lane-panel"][1] > boxes[".vl-scene"][3]
    assert boxes[".vl-log-panel"][0] > boxes[".vl-lane-panel"][2]
    assert page.locator('[data-thing^="server "]').count() == 6
    expect(page.locator(".vl-more")).to_be_hidden()
    assert sideways(page) <= 0
    page.set_viewport_size(PHONE)
    expect(page.locator(".vl-more")).to_have_text("more servers: scroll sideways →")
    # The cluster scrolls, not the page. A window gets narrow in steps; the page follows each a frame later.
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=5000)
    page.set_viewport_size({"width": 1400, "height": 900})
    expect(page.locator(".vl-more")).to_be_hidden()


def test_two_servers_stand_beside_the_lanes(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), viewport={"width": 1400, "height": 900})
    boxes = page.evaluate(BOXES, [".vl-scene", ".vl-lane-panel"])
    assert boxes[".vl-lane-panel"][1] == boxes[".vl-scene"][1]
    assert page.evaluate("document.documentElement.scrollHeight") <= 900


@pytest.mark.parametrize("width", [390, 1240])
def test_long_names_that_differ_at_their_end_are_told_apart(
    file_page: Callable[..., Any], width: int
) -> None:
    names = {f"proxy-serv0{n}": f"loadbalancer-production-frankfurt-0{n}.example.com" for n in (1, 2)}
    trace = retold(simulated(), lambda cast: cast.update(name=LONG))
    text = "".join(event.to_json() + "\n" for event in trace)
    for short, long in names.items():
        text = text.replace(short, long)
    page = file_page(simulated(), viewport={"width": width, "height": 900})
    page.evaluate(f"text => {PLAYER}.load(text)", text)
    titles = page.locator(".vl-server .vl-title").all_text_contents()
    assert len(titles) == len(set(titles)) == 2
    assert all("…" in title for title in titles)
    assert titles[0].endswith("1.example.com")
    assert sideways(page) <= 0
    expect(page.locator(".vl-tag").first).to_have_attribute("title", LONG)


def test_no_frame_passes_over_the_name_of_a_switch(file_page: Callable[..., Any]) -> None:
    def long(cast: dict[str, Any]) -> None:
        cast["segments"]["lan"]["subnet"] = "2001:db8:1234:5678::/64"

    page = file_page(retold(simulated(), long))
    seek(page, 6)
    cables = page.evaluate(
        "[...document.querySelectorAll('.vl-hot > .vl-cable')].map(c => c.getBoundingClientRect().x)"
    )
    left, right = min(cables), max(cables)
    texts = page.evaluate(
        "[...document.querySelectorAll('.vl-bar text')].map(x => x.getBoundingClientRect())"
        ".map(b => [b.left, b.right])"
    )
    assert len(texts) == 4
    assert all(to < left or begin > right for begin, to in texts), (texts, left, right)
    expect(page.locator('[data-thing="switch wan"]')).to_contain_text("203.0.113.0/24")


@pytest.mark.parametrize("width", [290, 310])
def test_two_servers_are_both_in_a_notebook_on_a_phone(file_page: Callable[..., Any], width: int) -> None:
    page = file_page(simulated(), viewport={"width": width, "height": 844})
    right = page.locator('[data-thing="server proxy-serv02"]').bounding_box()
    assert right["x"] + right["width"] <= width
    assert page.evaluate("document.querySelector('.vl-sideways')") is None
    assert page.evaluate(TIDY, trace_text(simulated())) == []


def test_nobody_has_stands_between_the_cables(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated("lesson-three-routers"))
    seek(page, 17)
    come_to_rest(page)
    covered = page.evaluate(
        "(() => { const b = document.querySelector('.vl-badge[data-state=nobody]').getBoundingClientRect();"
        " return [...document.querySelectorAll('.vl-hot > .vl-cable')].map(c => c.getBoundingClientRect().x)"
        ".filter(x => x > b.left - 60 && x < b.right); })()"
    )
    assert covered == []
    expect(page.get_by_text("The switch has forgotten all it had learned.")).to_be_visible()


@pytest.mark.parametrize("what", [".vl-log", ".vl-lanes", ".vl-stage", ".vl-frame"])
def test_the_wheel_goes_on_to_the_page(file_page: Callable[..., Any], what: str) -> None:
    page = file_page(simulated(), viewport={"width": 1240, "height": 500})
    seek(page, 31)
    at = page.evaluate(
        "w => { const e = document.querySelector(w); e.scrollTop = 1e6; const b = e.getBoundingClientRect();"
        " scrollTo(0, b.top - 200); return [b.left + 40, 210]; }",
        what,
    )
    page.evaluate("scrollTo(0, 0)")
    at[1] = page.evaluate("w => document.querySelector(w).getBoundingClientRect().top + 10", what)
    page.mouse.move(at[0], min(at[1], 440))
    page.mouse.wheel(0, 200)
    page.wait_for_function("scrollY > 0")


TOUCH = """([kind, dx, dy]) => { const e = document.querySelector(".vl-lanes"), b = e.getBoundingClientRect();
    (kind == "pointerdown" ? e : window).dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 7,
        pointerType: "touch", clientX: b.left + 200 + dx, clientY: b.top + 20 + dy })); }"""


def test_a_finger_that_scrolls_the_page_does_not_move_the_time(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated(), viewport=PHONE)
    seek(page, 3)
    for event in (["pointerdown", 0, 0], ["pointercancel", 0, 40], ["pointermove", 60, 0]):
        page.evaluate(TOUCH, event)
    assert moment(page) == 3
    for event in (["pointerdown", 0, 0], ["pointerup", 0, 0]):
        page.evaluate(TOUCH, event)
    tapped = moment(page)
    assert tapped > 3
    for event in (
        ["pointerdown", 0, 0],
        ["pointermove", 60, 0],
        ["pointerup", 60, 0],
        ["pointermove", 90, 0],
    ):
        page.evaluate(TOUCH, event)
    assert moment(page) > tapped
    assert page.evaluate("getComputedStyle(document.querySelector('.vl-lanes')).touchAction") == "pan-y"


def test_ipv6_speaks_of_neighbours(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated("lesson-ipv6"))
    expect(page.get_by_role("heading", name="Clients' neighbour caches")).to_be_visible()


def test_the_legend_tells_questions_from_answers(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated())
    expect(page.locator(".vl-scene .vl-legend")).to_contain_text("a client asks")
    expect(page.locator(".vl-scene .vl-legend")).to_contain_text("the answer")


TARGETS = """() => [...document.querySelectorAll(
    ".vrrplab :is(button, select, summary, input, textarea, [role=button], [role=slider])")].flatMap(e => {
        const box = e.getBoundingClientRect();
        const name = e.dataset.thing || e.getAttribute("aria-label") || e.textContent;
        if (!box.width || name.startsWith("cable ")) return [];
        const least = /^(nic|service|daemon|switch|server) /.test(e.dataset.thing || "") ? 44 : 24;
        const enough = box.width > least - 0.5 && box.height > least - 0.5;
        return enough ? [] : [`${name}: ${box.width} x ${box.height}`];
    })"""

# Of the points 20 pixels around the middle of a thing: those at which something else would get the touch.
MISSED = """name => {
    const e = document.querySelector(`[data-thing="${CSS.escape(name)}"]`);
    e.scrollIntoView({ block: "center" });
    const box = e.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
    return [[0, -20], [0, 20], [-20, 0], [20, 0], [0, 0]].filter(([dx, dy]) =>
        document.elementFromPoint(x + dx, y + dy)?.closest("[data-thing]") !== e); }"""


def test_on_a_phone_everything_is_large_enough_for_a_finger(live_page: Callable[..., Any]) -> None:
    """24 pixels for whatever is touched, 44 for what is broken; a cable reaches farther than it is drawn."""
    page = live_page("article-drill-1-lan-nic", viewport=PHONE)
    seek(page, 13)
    page.evaluate(f"{PLAYER}.explain({PLAYER}.model.changes[0])")
    come_to_rest(page)
    assert page.evaluate(TARGETS) == []
    for name in ("nic proxy-serv01 eth0", "nic proxy-serv02 eth1", "service proxy-serv01 squid"):
        assert page.evaluate(MISSED, name) == [], name
    assert page.evaluate(MISSED, "daemon proxy-serv02 keepalived") == []
    for x, y in ((8, 8), (8, 40), (46, 8), (46, 40)):  # the title of a card: its power
        hit = """([x, y]) => { const b = document.querySelector('[data-thing="server proxy-serv01"]')
            .getBoundingClientRect(); return document.elementFromPoint(b.left + x, b.top + y)
            ?.closest("[data-thing]")?.dataset.thing; }"""
        page.evaluate("document.querySelector('[data-thing=\"server proxy-serv01\"]').scrollIntoView()")
        page.evaluate("scrollBy(0, -200)")
        assert page.evaluate(hit, [x, y]) == "server proxy-serv01", (x, y)


def test_six_servers_on_one_screen_with_play(file_page: Callable[..., Any]) -> None:
    page = file_page(with_servers(6), first_view=True, viewport={"width": 1366, "height": 768})
    for what in (".vl-play", ".vl-svg"):
        expect(page.locator(what)).to_be_in_viewport(ratio=0.99)
