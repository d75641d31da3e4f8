"""Click, and it happens: an action takes place at the moment shown, and the picture has it at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from player_pages import PLAYER, choose, seek, thing

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

# Generous: a test's machine has other things to do. What the learner waits for is printed.
WHOLE_MS = 2500

# Where on the screen a thing can be hit: a point at which nothing else lies over it.
_POINT = """name => {
    const element = document.querySelector(`[data-thing="${CSS.escape(name)}"]`);
    const box = element.getBoundingClientRect();
    for (let n = 0; n < 400; n++) {
        const x = box.left + 1 + (box.width - 2) * ((n * 0.618 + 0.05) % 1);
        const y = box.top + 1 + (box.height - 2) * ((n * 0.381 + 0.31) % 1);
        if (document.elementFromPoint(x, y)?.closest("[data-thing]") === element) return [x, y];
    }
    return null; }"""

# Writes down when the entry was clicked, when the trace came and was drawn, and what looks otherwise then.
_WATCH = f"""() => {{
    const p = {PLAYER}, look = () => Object.fromEntries([...document.querySelectorAll(".vl-svg [data-thing]")]
        .map(e => [e.dataset.thing, [e.dataset.state, e.getAttribute("aria-label"), e.textContent].join()]));
    const before = look(), seen = window.seen = {{ playing: p.playing || p.held, past: p.t }};
    document.querySelector(".vl-menu").addEventListener("click", () => {{
        seen.clicked = performance.now();
        requestAnimationFrame(() => setTimeout(() => {{ seen.marked = performance.now(); }}));
    }}, {{ capture: true, once: true }});
    const load = p.load.bind(p);
    p.load = (raw) => {{
        seen.came = performance.now();
        load(raw);
        p.load = load;
        seen.drawn = performance.now();
        const after = look(), done = p.model.actions.filter(a => a.t <= p.t && p.t < a.t + 1e-5);
        Object.assign(seen, {{ t: p.t, ticks: done.length,
            changed: Object.keys(after).filter(n => after[n] !== before[n]),
            struck: [...document.querySelectorAll(".vl-struck")].map(e => e.dataset.thing) }});
        requestAnimationFrame(() => setTimeout(() => {{ seen.painted = performance.now(); }}));
    }}; }}"""

# What these do is seen at their moment in the thing itself; the others are marked, and seen a little later.
_AT_ONCE = ("nic ", "cable ", "service ", "daemon ", "server ", "firewall ", "switch ")
_LATER = ("Reload", "Kill its VRRP child", "Let the check", "Write ", "End every", "Run ", "BFD ")


def _click(page: Any, name: str, dice: random.Random) -> str:
    """Opens the thing's menu with the mouse and clicks one of what can be done to it; its words."""
    page.mouse.click(*page.evaluate(_POINT, name))
    entries = page.locator(".vl-menu button")
    entries.first.wait_for()
    words = page.locator(".vl-menu button > span").all_inner_texts()
    n = dice.choice([k for k, text in enumerate(words) if not text.startswith(("Why", "Go to"))])
    page.evaluate(_WATCH)
    entries.nth(n).click()
    return str(words[n])


@pytest.mark.alone
@pytest.mark.parametrize("clicks", [20, pytest.param(200, marks=pytest.mark.long)])
def test_every_click_is_seen_at_once(live_page: Callable[..., Any], clicks: int) -> None:
    """Real clicks at random moments of playing and paused films: after the answer none looks healthy."""
    page = live_page("article-steady", viewport={"width": 1366, "height": 900})
    dice = random.Random(15)
    names = page.evaluate(
        "[...document.querySelectorAll('.vl-svg [data-thing]')].map(e => e.dataset.thing)"
        ".filter(n => !n.startsWith('instance '))"
    )
    took: dict[str, list[float]] = {"marked": [], "python": [], "page": [], "whole": []}
    for n in range(clicks):
        if n % 4 == 0:
            page.evaluate(f"{PLAYER}.pause(); {PLAYER}.ask('reset')")
            page.wait_for_function(f"!{PLAYER}.python.waiting && !{PLAYER}.info.can_undo")
        page.evaluate(f"s => {PLAYER}.setSpeed(s)", dice.choice((0.2, 1, 2, 5, 10)))
        seek(page, dice.uniform(0.5, 12))
        plays = dice.random() < 0.6
        if plays != page.evaluate(f"{PLAYER}.playing"):
            page.locator("button[aria-label^=Play], button[aria-label^=Pause]").click()
        page.wait_for_timeout(dice.uniform(20, 150))
        name = dice.choice(names)
        words = _click(page, name, dice)
        page.wait_for_function("window.seen.painted", timeout=10_000)
        page.wait_for_function(f"!{PLAYER}.python.waiting")
        seen = page.evaluate("window.seen")
        told = (n, name, words, seen)
        assert seen["playing"] == plays, told
        assert seen["t"] == seen["past"] or words == "Lose this frame", f"the film stands: {told}"
        assert seen["ticks"] >= 1, f"the action lies beyond the moment shown: {told}"
        assert seen["struck"], told
        if name.startswith(_AT_ONCE) and not words.startswith(_LATER):
            assert set(seen["changed"]) & set(seen["struck"]), f"it looks as before: {told}"
        assert page.evaluate(f"{PLAYER}.playing") == plays, f"the film goes on as it did: {told}"
        took["marked"].append(seen["marked"] - seen["clicked"])
        took["python"].append(seen["came"] - seen["clicked"])
        took["page"].append(seen["painted"] - seen["came"])
        took["whole"].append(seen["painted"] - seen["clicked"])
    for what, ms in took.items():
        ms.sort()
        most = f"95 % {ms[clicks * 19 // 20]:.0f} ms, at most {ms[-1]:.0f} ms"
        print(f"{what}: median {ms[clicks // 2]:.0f} ms, {most}")
    assert took["whole"][clicks // 2] < WHOLE_MS


def test_a_film_that_ran_goes_on_when_the_menu_closes(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", viewport={"width": 1366, "height": 900})
    menu, play = page.locator(".vl-menu"), page.get_by_role("button", name="Play (space)")
    pause = page.get_by_role("button", name="Pause (space)")

    def opened() -> float:
        page.evaluate(f"{PLAYER}.seek(3)")
        if play.count():
            play.click()
        thing(page, "switch lan").click(position={"x": 60, "y": 10})
        expect(menu).to_be_visible()
        expect(pause).to_be_visible()  # it only waits
        at = page.evaluate(f"{PLAYER}.t")
        page.wait_for_timeout(120)
        assert page.evaluate(f"{PLAYER}.t") == at == round(at, 6), "the film stands while the menu is open"
        return float(at)

    for close in ("Escape", "elsewhere", "another menu"):
        at = opened()
        if close == "Escape":
            page.keyboard.press("Escape")
        elif close == "elsewhere":
            page.locator(".vl-title-line").click(position={"x": 2, "y": 2})
        else:
            thing(page, "server proxy-serv01").click(position={"x": 40, "y": 20})
            expect(menu).to_contain_text("Cut its power")
            page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        page.wait_for_function(f"{PLAYER}.playing && {PLAYER}.t > {at}")
    opened()
    page.get_by_role("menuitem", name="Carry no multicast").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    page.wait_for_function(f"{PLAYER}.playing")
    pause.click()
    assert not page.evaluate(f"{PLAYER}.playing || {PLAYER}.held")
    choose(page, "switch lan", "Repair it")
    expect(thing(page, "switch lan")).to_have_attribute("data-state", "up")
    assert not page.evaluate(f"{PLAYER}.playing"), "one that stood stands"
    opened()
    pause.click()  # who presses pause wants it to stand
    expect(play).to_be_visible()
    assert not page.evaluate(f"{PLAYER}.playing")


def test_a_changed_run_says_in_its_title_what_was_changed(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    title = page.locator(".vl-title-line strong")
    expect(title).to_have_text("both proxies start, and each takes its own address")
    seek(page, 6)
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(title).to_have_text("Changed: eth0 of proxy-serv01 is set down at 6.000 s")
    page.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(title).to_have_text("both proxies start, and each takes its own address")
