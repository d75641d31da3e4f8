"""By keyboard alone, calmly, in the dark, on narrow pages, and with odd traces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from player_pages import PLAYER, badge, moment, seek, simulated

from vrrplab.trace import Trace, make_event

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect


@pytest.fixture
def drill(file_page: Callable[..., Any]) -> Any:
    """The article's first drill as a file of its own."""
    return file_page(simulated())


def test_without_a_mouse(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    page.locator(".vl-slider").focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    t = moment(page)
    assert t > 0
    reached = []
    page.locator(".vrrplab").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement?.dataset?.thing || ''")
        reached.append(name)
        if name == "nic proxy-serv01 eth0":
            break
    assert reached[-1] == "nic proxy-serv01 eth0", reached
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Set eth0 down")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Pull its cable")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.thing") == "nic proxy-serv01 eth0"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    page.wait_for_function("document.activeElement?.dataset?.thing == 'nic proxy-serv01 eth0'")
    page.keyboard.press("Shift+ArrowRight")
    assert moment(page) > t
    page.keyboard.press("w")
    expect(page.locator(".vl-why")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".vl-menu")).to_contain_text("step by event")


def walk_to(page: Any, words: str, key: str) -> None:
    """Presses an arrow key in the log until the marked row says ``words``."""
    for _ in range(30):
        if words in page.locator(".vl-now").text_content():
            return
        page.keyboard.press(key)
    raise AssertionError(f"no row says {words!r}")


def test_the_log_is_walked_row_by_row(drill: Any) -> None:
    """Also where several rows share a moment: each can be marked, is said, and answers to Enter."""
    seek(drill, 12)
    drill.locator(".vl-log").focus()
    expect(drill.locator(".vl-now")).to_contain_text("serv01 proxy_ip2: BACKUP → FAULT")
    drill.keyboard.press("ArrowUp")
    expect(drill.locator(".vl-now")).to_contain_text("serv01 proxy_ip1: MASTER → FAULT")
    expect(drill.locator(".vl-spoken")).to_have_text("12.000 s: serv01 proxy_ip1: MASTER → FAULT")
    assert moment(drill) == 12
    drill.keyboard.press("Enter")
    expect(drill.locator(".vl-why")).to_contain_text("serv01 proxy_ip1: MASTER → FAULT")
    drill.keyboard.press("Escape")
    expect(drill.locator(".vl-log")).to_be_focused()
    walk_to(drill, "serv02 proxy_ip1: BACKUP → MASTER", "ArrowDown")
    takeover = moment(drill)
    drill.keyboard.press("Enter")
    expect(drill.locator(".vl-why")).to_contain_text("No advert from 192.168.2.251")
    drill.keyboard.press("Escape")
    walk_to(drill, "gratuitous ARP", "ArrowDown")
    assert moment(drill) == takeover
    drill.keyboard.press("Enter")
    expect(drill.locator(".vl-menu-title")).to_contain_text("gratuitous ARP of serv02")
    expect(drill.locator(".vl-menu")).to_contain_text("Open it in a notebook to break things.")
    drill.keyboard.press("Escape")
    expect(drill.locator(".vl-log")).to_be_focused()


def test_a_frame_is_lost_by_keyboard(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    page.locator(".vl-log-panel select").select_option("packets")
    seek(page, 6)
    page.locator(".vl-log").focus()
    walk_to(page, "serv01 proxy_ip1 sends an advert", "ArrowDown")
    t = moment(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Lose this frame")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    fate = page.evaluate(
        f"(t => {PLAYER}.model.flights.find(f => f.t == t && f.server == 'proxy-serv01').fate)", t
    )
    assert fate["proxy-serv02"]["what"] == "lost"
    page.wait_for_function("document.activeElement?.classList.contains('vl-log')")


def test_an_advert_that_was_heard_opens_the_menu_of_its_frame(drill: Any) -> None:
    drill.locator(".vl-log-panel select").select_option("packets")
    seek(drill, 6)
    drill.locator(".vl-log").focus()
    walk_to(drill, "serv02 proxy_ip1 hears serv01", "ArrowDown")
    drill.keyboard.press("Enter")
    expect(drill.locator(".vl-menu-title")).to_contain_text("advert of serv01")


def test_the_bytes_of_a_frame_are_walked_by_keyboard(drill: Any) -> None:
    seek(drill, 6)
    drill.locator(".vl-hex").focus()
    for _ in range(2):
        drill.keyboard.press("ArrowRight")
    expect(drill.locator(".vl-hex .vl-lit")).to_have_attribute("data-n", "1")
    expect(drill.locator("li.vl-lit")).to_be_in_viewport()
    expect(drill.locator(".vl-hex .vl-lit")).to_be_in_viewport()
    drill.keyboard.press("ArrowLeft")
    expect(drill.locator(".vl-hex .vl-lit")).to_have_attribute("data-n", "0")
    assert moment(drill) == 6


def test_everything_clickable_has_a_role_and_a_name(drill: Any) -> None:
    seek(drill, 13)
    for node in drill.locator("[data-thing]").all():
        assert node.get_attribute("role") == "button"
        assert node.get_attribute("tabindex") == "0"
        assert len(node.get_attribute("aria-label")) > 5
    unnamed = drill.evaluate(
        "[...document.querySelectorAll('.vrrplab button')].filter(b => !b.hidden && !b.innerText.trim()"
        " && !b.getAttribute('aria-label')).length"
    )
    assert unnamed == 0


def test_what_happens_is_told_to_a_screen_reader(drill: Any) -> None:
    drill.locator(".vrrplab").focus()
    seek(drill, 11.9)
    drill.keyboard.press("Shift+ArrowRight")
    live = drill.locator(".vl-spoken")
    expect(live).to_have_attribute("aria-live", "polite")
    expect(live).to_contain_text("serv01 proxy_ip2: BACKUP → FAULT")
    # an <output> would be read aloud sixty times a second
    expect(drill.locator(".vl-clock")).to_have_attribute("aria-live", "off")


def test_reduced_motion_is_respected(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", reduced_motion="reduce")
    seek(page, 5)
    assert page.evaluate("getComputedStyle(document.querySelector('.vl-badge')).transitionDuration") == "0s"
    page.locator(".vrrplab").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{PLAYER}.goal") is None


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours written as rgb(r, g, b)."""

    def light(colour: str) -> float:
        parts = [int(x) / 255 for x in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart_from_the_page(file_page: Callable[..., Any], scheme: str) -> None:
    page = file_page(simulated(), color_scheme=scheme)
    names = [
        "bg",
        "fg",
        "mute",
        "master",
        "fault",
        "good",
        "on",
        "v0",
        "v1",
        "v2",
        "v3",
        "v4",
        "v5",
        "card",
        "soft",
    ]
    colours = page.evaluate(
        "names => { const e = document.createElement('i'); document.querySelector('.vrrplab').append(e);"
        " return Object.fromEntries(names.map(n => { e.style.color = `var(--vl-${n})`;"
        " return [n, getComputedStyle(e).color]; })); }",
        names,
    )
    for paper in ("bg", "card", "soft"):
        for text in ("fg", "mute", "fault"):
            assert contrast(colours[text], colours[paper]) >= 4.5, (text, paper)
        for mark in ("master", "fault", "good", "v0", "v1", "v2", "v3", "v4", "v5"):
            assert contrast(colours[mark], colours[paper]) >= 3, (mark, paper)
    for area in ("master", "fault", "v0", "v1", "v2", "v3", "v4", "v5"):
        assert contrast(colours["on"], colours[area]) >= 4.5, area


@pytest.mark.parametrize("width", [360, 700, 900, 1240, 1800])
def test_nothing_sticks_out_at_any_width(file_page: Callable[..., Any], width: int) -> None:
    page = file_page(simulated(), viewport={"width": width, "height": 900})
    for t in (0, 5, 13, 16, 32):
        seek(page, t)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"at {t} s the page is {wide} px wide"
        out = page.evaluate(
            "[...document.querySelectorAll('.vl-svg text, .vl-lanes text')].filter(x => {"
            " const a = x.getBoundingClientRect(), b = x.ownerSVGElement.getBoundingClientRect();"
            " const beside = a.left < b.left - 1 || a.right > b.right + 1;"
            " return x.textContent && (beside || a.top < b.top - 1 || a.bottom > b.bottom + 1);"
            " }).map(x => x.textContent)"
        )
        assert out == [], f"at {t} s"


@pytest.mark.parametrize("width", [360, 700, 1240])
def test_a_card_holds_all_its_services(file_page: Callable[..., Any], width: int) -> None:
    trace = simulated()
    cast = json.loads(json.dumps(trace.events[0].fields))
    for about in cast["servers"].values():
        names = ["squid", "a-service-with-a-very-long-name-indeed", "nginx", "bind", "postfix", "ntp"]
        about["services"] = {name: {"port": 3128 + n} for n, name in enumerate(names)}
    trace = Trace([make_event(0, "scenario", cast), *trace.events[1:]])
    page = file_page(trace, viewport={"width": width, "height": 900})
    out = page.evaluate(
        "[...document.querySelectorAll('.vl-chip')].filter(x => {"
        " const a = x.getBoundingClientRect(), [, server] = x.dataset.thing.split(' ');"
        ' const card = document.querySelector(`[data-thing="server ${server}"] .vl-card`);'
        " const b = card.getBoundingClientRect();"
        " return a.left < b.left || a.right > b.right || a.top < b.top || a.bottom > b.bottom;"
        " }).map(x => x.dataset.thing)"
    )
    assert page.locator(".vl-chip").count() == 18
    assert out == []


def test_an_empty_trace_is_a_page_and_a_sentence(file_page: Callable[..., Any]) -> None:
    page = file_page(Trace([]))
    expect(page.get_by_text("Nothing happened in this trace.")).to_be_visible()
    expect(page.get_by_text("No server is in this trace.")).to_be_visible()
    expect(page.get_by_text("No state, address or client is in this trace.")).to_be_visible()
    expect(page.locator(".vl-scene .vl-legend")).to_have_text("more servers: scroll sideways →")
    expect(page.locator(".vl-more")).to_be_hidden()
    for key in ("Space", "ArrowRight", "ArrowLeft", "Shift+ArrowRight", "End", "w"):
        page.locator(".vrrplab").focus()
        page.keyboard.press(key)


def test_a_trace_that_tells_no_cast(file_page: Callable[..., Any]) -> None:
    page = file_page(Trace(simulated().events[1:]))
    seek(page, 16)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv02")


def test_a_broken_trace_is_a_sentence(file_page: Callable[..., Any]) -> None:
    page = file_page(Trace([]))
    page.evaluate(f'{PLAYER}.load(\'{{"t": 0, "event"\')')
    expect(page.get_by_role("alert")).to_contain_text("This trace cannot be read")


def busy(count: int) -> Trace:
    events = simulated().events
    adverts = [e for e in events if e.event == "advert_sent"]
    more = [
        make_event(n * 30_000_000 // count, "advert_sent", adverts[n % len(adverts)].fields)
        for n in range(count - len(events))
    ]
    return Trace(sorted([*events, *more], key=lambda e: (e.t_us, e.event != "scenario")))


@pytest.mark.parametrize("count", [20_000, 100_000])
def test_long_traces_open_and_move(file_page: Callable[..., Any], count: int) -> None:
    trace = busy(count)
    page = file_page(trace)
    joined = len(trace.of("outage")) - len(trace.disturbances())
    assert page.evaluate(f"{PLAYER}.model.events.length") == count - joined
    seek(page, 16)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv02")
    page.locator(".vl-log-panel select").select_option("packets")
    assert page.locator(".vl-row").count() < 60
    page.keyboard.press("Escape")


def test_two_players_on_one_page_do_not_disturb_each_other(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    page.evaluate(
        "() => { const el = document.createElement('div'); el.id = 'second'; document.body.append(el);"
        " window.vrrplabParts.render({ model: window.model, el }); }"
    )
    page.wait_for_function("document.getElementById('second').player?.model")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(x => x.id)")
    assert len(ids) == len(set(ids))
    seek(page, 6)
    page.evaluate(f"{PLAYER}.act({{ actions: [{{ action: 'power_off', server: 'proxy-serv01' }}] }})")
    for player in ("player", "second"):
        expect(page.locator(f"#{player} .vl-tag-fork")).to_have_count(1)
    page.evaluate("window.close_player()")
    assert page.locator(".vrrplab").count() == 1
    page.evaluate("document.getElementById('second').player.seek(9)")
    expect(page.locator('#second [data-vip="192.168.2.101"]')).to_have_attribute(
        "data-holder", "proxy-serv02"
    )


def test_the_file_shows_a_still_picture_without_scripts(new_page: Callable[..., Any], tmp_path: Path) -> None:
    from vrrplab.views.player import write_html

    write_html(simulated(), tmp_path / "p.html")
    page = new_page(java_script_enabled=False)
    page.goto((tmp_path / "p.html").as_uri())
    expect(page.locator("svg.vrrplab-still")).to_be_visible()
