"""Breaking things with the mouse: the past stays, the future is another one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from player_pages import DRILL, PLAYER, ask, badge, choose, frame_on_screen, moment, seek, simulated, thing

from vrrplab.scenario.reader import builtin_scenarios

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect


def test_a_click_breaks_something_now_and_the_past_stays(
    live_page: Callable[..., Any],
) -> None:
    page = live_page("article-steady")
    past = f"JSON.stringify({PLAYER}.model.events.filter(e => e.t < 7))"
    before = page.evaluate(past)
    seek(page, 7)
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(thing(page, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")
    assert moment(page) == 7
    assert json.loads(page.evaluate(past))[1:] == json.loads(before)[1:]
    expect(page.locator(".vl-tag-fork")).to_have_text("fork of “article-steady” at 7.000 s")
    seek(page, 12)
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv02")
    seek(page, 3)
    choose(page, "server proxy-serv02", "Cut its power")
    seek(page, 6)
    expect(badge(page, "192.168.2.102")).to_have_count(1)
    assert [a.as_dict()["at_s"] for a in page.forks.scenario.actions] == [3, 7]
    page.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(page.locator(".vl-tag-fork")).to_have_text("fork of “article-steady” at 7.000 s")
    page.keyboard.press("Control+z")
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    page.keyboard.press("Control+y")
    expect(page.locator(".vl-tag-fork")).to_have_text("fork of “article-steady” at 7.000 s")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(0)


EVERYTHING = [
    ("nic proxy-serv01 eth0", "Set eth0 down"),
    ("nic proxy-serv01 eth0", "Pull its cable"),
    ("nic proxy-serv01 eth1", "ifdown eth1"),
    ("cable proxy-serv01 eth0", "Pull the cable"),
    ("cable proxy-serv01 eth0", "Lose all it sends to other servers"),
    ("cable proxy-serv01 eth0", "Lose all others send to it"),
    ("service proxy-serv01 squid", "Stop squid"),
    ("service proxy-serv01 squid", "Kill squid"),
    ("script proxy-serv01 chk_squid_service", "Let the check fail"),
    ("script proxy-serv01 chk_squid_service", "Let the check hang"),
    ("daemon proxy-serv01 keepalived", "Stop keepalived"),
    ("daemon proxy-serv01 keepalived", "Kill it"),
    ("daemon proxy-serv01 keepalived", "Kill its VRRP child"),
    ("daemon proxy-serv01 keepalived", "Freeze it"),
    ("daemon proxy-serv01 keepalived", "Reload"),
    ("server proxy-serv01", "Cut its power"),
    ("server proxy-serv01", "Firewall: drop VRRP coming in"),
    ("server proxy-serv01", "Firewall: drop VRRP going out"),
    ("firewall proxy-serv01 firewall", "Drop VRRP coming in"),
    ("firewall proxy-serv01 firewall", "Drop VRRP going out"),
    ("switch lan", "Lose every frame"),
    ("switch lan", "Lose 30 % of all frames"),
    ("switch lan", "Carry no multicast"),
    ("switch lan", "Delay every frame by 0.2 s"),
]


def test_everything_clickable_breaks_and_can_be_repaired(
    live_page: Callable[..., Any],
) -> None:
    # What opens, and what glides, is other tests' business: here it would be waited for fifty times.
    page = live_page("article-steady", first_view=True, reduced_motion="reduce")
    for what, entry in EVERYTHING:
        seek(page, 6)
        choose(page, what, entry)
        expect(page.locator(".vl-tag-fork"), f"{what}: {entry}").to_have_count(1)
        expect(page.locator(".vl-notice")).to_be_hidden()
        seek(page, 6.5)
        ask(page, what)
        words = page.locator(".vl-menu button").all_inner_texts()
        assert words, f"after {entry} there is nothing to do with {what}"
        page.keyboard.press("Escape")
        page.keyboard.press("Control+z")
        expect(page.locator(".vl-tag-fork")).to_have_count(0)


# Presses `key` with Ctrl and does `then` as soon as the next trace is drawn, before the browser shows it.
_WHEN_DRAWN = f"""([then, key]) => new Promise((done) => {{
    const p = {PLAYER}, draw = p.load.bind(p);
    p.load = (raw) => {{ draw(raw); p.load = draw; done(Function("p", then)(p)); }};
    p.root.dispatchEvent(new KeyboardEvent("keydown", {{ key, ctrlKey: true, bubbles: true }}));
}})"""


def test_a_key_pressed_while_all_is_drawn_anew_is_not_lost(live_page: Callable[..., Any]) -> None:
    """Were the keyboard nowhere in the player for an instant, a key pressed then would be gone."""
    page = live_page("article-steady")
    seek(page, 6)
    fork = page.locator(".vl-tag-fork")
    choose(page, "switch lan", "Lose every frame")
    expect(fork).to_have_count(1)
    undo = page.get_by_role("button", name="Undo the last change (Ctrl+Z)")
    undo.focus()
    press = """document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key: "y", ctrlKey: true, bubbles: true }))"""
    page.evaluate(_WHEN_DRAWN, [press, "z"])
    expect(fork).to_have_text("fork of “article-steady” at 6.000 s")
    thing(page, "nic proxy-serv01 eth0").focus()
    page.evaluate(_WHEN_DRAWN, ["", "z"])
    expect(fork).to_have_count(0)
    expect(thing(page, "nic proxy-serv01 eth0")).to_be_focused()
    page.locator(".vl-slider").focus()
    page.evaluate(_WHEN_DRAWN, [press, "y"])
    expect(fork).to_have_count(1)
    expect(page.locator(".vl-slider")).to_be_focused()
    for name in ("Hide future", "Copy scenario"):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Control+z")
        expect(fork).to_have_count(0)
        expect(page.get_by_role("button", name=name)).to_be_focused()
        page.keyboard.press("Control+y")
        expect(fork).to_have_count(1)
        expect(page.get_by_role("button", name=name)).to_be_focused()


def test_a_hidden_future_stays_hidden_and_says_so(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    hide = page.get_by_role("button", name="Hide future")
    expect(hide).to_have_attribute("aria-pressed", "false")
    page.locator(".vrrplab").focus()
    page.keyboard.press("h")
    expect(hide).to_have_attribute("aria-pressed", "true")
    choose(page, "switch lan", "Lose every frame")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    assert page.evaluate(f"{PLAYER}.hide")
    expect(hide).to_have_attribute("aria-pressed", "true")
    hide.click()
    expect(hide).to_have_attribute("aria-pressed", "false")


# The answer to the next question never comes.
_SWALLOW = """() => { const { model } = window, send = model.send;
    model.send = async () => { model.send = send; }; }"""


def test_an_answer_that_was_lost_does_not_spoil_those_after_it(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    page.clock.install()
    python, fork, notice = f"{PLAYER}.python", page.locator(".vl-tag-fork"), page.locator(".vl-notice")
    cut = f"{PLAYER}.act({{ actions: [{{ action: 'power_off', server: 'proxy-serv01' }}] }})"
    page.evaluate(_SWALLOW)
    page.evaluate(cut)
    page.clock.run_for(1000)
    expect(notice).to_contain_text("Running it again")
    page.evaluate(cut)  # answered: so the one before never will be
    expect(fork).to_have_count(1)
    page.wait_for_function(f"{python}.waiting == 0")
    page.clock.run_for(10_000)
    expect(notice).to_be_hidden()
    page.evaluate(_SWALLOW)
    page.evaluate(f"{PLAYER}.ask('undo')")
    page.clock.run_for(6000)
    expect(notice).to_contain_text(re.compile(r"Undoing\. Still running, \d+ s so far\."))
    page.get_by_role("button", name="Stop waiting").click()
    expect(notice).to_be_hidden()
    assert page.evaluate(f"{python}.waiting") == 0
    page.evaluate(f"{PLAYER}.ask('undo')")
    expect(fork).to_have_count(0)
    expect(notice).to_be_hidden()
    page.clock.run_for(10_000)
    expect(notice).to_be_hidden()


def test_keys_faster_than_python_answers_are_not_lost(live_page: Callable[..., Any]) -> None:
    """Undo, undo, redo in one breath: what can be undone then, only Python knows."""
    page = live_page("article-steady")
    fork = page.locator(".vl-tag-fork")
    for t, server in ((5, "proxy-serv01"), (8, "proxy-serv02")):
        seek(page, t)
        choose(page, f"server {server}", "Cut its power")
        expect(fork).to_contain_text(f"at {t}.000 s")
    press = """keys => { for (const key of keys) document.querySelector(".vrrplab").dispatchEvent(
        new KeyboardEvent("keydown", { key, ctrlKey: true, bubbles: true })); }"""
    page.evaluate(press, ["z", "z", "y"])
    expect(fork).to_have_text("fork of “article-steady” at 5.000 s")
    page.wait_for_function(f"{PLAYER}.python.waiting == 0")
    page.evaluate(press, ["y", "z", "z", "z", "y", "y", "y"])
    expect(fork).to_have_text("fork of “article-steady” at 8.000 s, 2 changes")
    page.wait_for_function(f"{PLAYER}.python.waiting == 0")
    cut = "{ actions: [{ action: 'power_off', server: 'proxy-serv01' }] }"
    page.evaluate(f"{PLAYER}.ask('reset'); {PLAYER}.act({cut}); {PLAYER}.act({cut}); {PLAYER}.ask('undo')")
    expect(fork).to_have_text("fork of “article-steady” at 8.000 s")
    assert page.forks.can_redo
    expect(page.locator(".vl-notice")).to_be_hidden()


def test_a_menu_stays_open_while_all_is_drawn_anew(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    choose(page, "switch lan", "Lose every frame")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    ask(page, "switch lan")
    page.evaluate(_WHEN_DRAWN, ["", "z"])
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".vl-menu")).to_be_hidden()
    page.keyboard.press("Control+y")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    click = """document.querySelector('[data-thing="switch lan"]').dispatchEvent(
        new MouseEvent("click", { bubbles: true })); return p.menu.open"""
    assert page.evaluate(_WHEN_DRAWN, [click, "z"])
    expect(page.locator(".vl-menu")).to_be_visible()


def test_an_address_can_be_taken_away_and_a_frame_be_lost(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    badge(page, "192.168.2.101").click(force=True)
    page.get_by_role("menuitem", name="Take 192.168.2.101 away").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    badge(page, "192.168.2.101").click(force=True)
    page.get_by_role("menuitem", name="Give it to proxy-serv02 by hand").click()
    expect(page.locator(".vl-banner")).to_have_text("serv01 and serv02 both have .101")
    page.keyboard.press("Control+z")
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    advert = page.evaluate(
        f"{PLAYER}.model.flights.find(f => f.kind == 'advert' && f.t > 6 && f.server == 'proxy-serv01')"
    )
    seek(page, advert["t"])
    at = frame_on_screen(page, advert["t"])
    page.mouse.click(*at)
    page.get_by_role("menuitem", name="Lose this frame").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    fate = page.evaluate(
        f"(t => {PLAYER}.model.flights.find(f => f.t == t && f.server == 'proxy-serv01').fate)", advert["t"]
    )
    assert fate["proxy-serv02"]["what"] == "lost"


def test_the_firewall_shows_its_state_in_shape_letter_and_words(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    wall = thing(page, "firewall proxy-serv01 firewall")
    expect(wall).to_have_attribute("aria-label", "firewall of proxy-serv01: open")
    expect(wall.locator(".vl-tick-mark")).to_be_visible()
    for entry, letter, words in (
        ("Drop VRRP going out", "O", "drops VRRP going out"),
        ("Drop VRRP coming in", "X", "drops VRRP both ways"),
    ):
        choose(page, "firewall proxy-serv01 firewall", entry)
        expect(wall).to_have_attribute("aria-label", f"firewall of proxy-serv01: {words}")
        expect(wall.locator(".vl-letter-mark")).to_have_attribute("data-letter", letter)
        expect(wall.locator(".vl-tick-mark")).to_be_hidden()
    expect(thing(page, "firewall proxy-serv02 firewall")).to_have_attribute("data-state", "good")
    wall.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".vl-menu")).to_contain_text("It drops VRRP both ways.")
    expect(page.get_by_role("menuitem", name="Let VRRP through")).to_be_focused()
    page.keyboard.press("Enter")
    expect(wall).to_have_attribute("data-state", "good")


def test_after_a_power_cut_the_firewall_is_open(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    wall = thing(page, "firewall proxy-serv01 firewall")
    for t, what, entry, state in (
        (3, "firewall proxy-serv01 firewall", "Drop VRRP coming in", "bad"),
        (4, "server proxy-serv01", "Cut its power", "off"),
        (6, "server proxy-serv01", "Give it power", "good"),
    ):
        seek(page, t)
        choose(page, what, entry)
        expect(wall).to_have_attribute("data-state", state)


def test_why_answers_with_reason_facts_rule_and_line(live_page: Callable[..., Any]) -> None:
    page = live_page(DRILL)
    seek(page, 16)
    row = page.locator(".vl-row", has_text="serv02 proxy_ip1: BACKUP → MASTER")
    row.get_by_role("button", name="why?").click()
    why = page.locator(".vl-why")
    expect(why).to_contain_text("No advert from 192.168.2.251 for 3.609 s.")
    expect(why).to_contain_text("eth0 of serv01 is set down")
    expect(why).to_contain_text("Rule: RFC 9568")
    expect(why).to_contain_text("proxy-serv02.conf:")
    expect(why).to_contain_text("priority 100")
    assert "3.609" in page.locator(".vl-spoken").inner_text()
    why.get_by_role("button", name="12.000 s").click()
    assert moment(page) == 12
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()


WHYS = """() => { const p = document.getElementById("player").player;
    return p.model.changes.map((c) => { p.why.show(c); const [, answer, ...more] = p.why.element.children;
        return { to: c.e.to, server: c.e.server, answer: answer.textContent.trim(),
            more: more.map((x) => x.textContent).join(" | ") }; }); }"""


@pytest.mark.parametrize("name", builtin_scenarios())
def test_every_why_is_plain_and_whole(file_page: Callable[..., Any], name: str) -> None:
    from vrrplab.scenario.reader import load_scenario

    page = file_page(simulated(name), load_scenario(name))
    for told in page.evaluate(WHYS):
        answer, more = told["answer"], told["more"]
        assert not re.search(r"false|undefined|null|NaN|\(s\)", answer + more), told
        assert answer.count("(") == answer.count(")"), told
        sentences = re.findall(r"[.!](?=\s|$)", answer)
        assert 1 <= len(sentences) <= 2, told
        assert answer.endswith("."), told
        assert re.match(r"[A-Z0-9]|eth\d|fe80:", answer), told
        assert "Rule: " in more or told["to"] == "STOP", told
        if told["to"] == "MASTER" and "owner" not in answer:
            assert re.search(r"\d \.?x? ?\d|256", answer), told
            assert ".conf:" in more, told


def test_why_names_what_was_done_to_this_server(file_page: Callable[..., Any]) -> None:
    """Both firewalls close at one moment; each server's own is the cause of what it does."""
    page = file_page(simulated("firewall-closed"))
    told = [x for x in page.evaluate(WHYS) if x["to"] == "MASTER" and "no advert" in x["answer"]]
    assert [x["server"] for x in told] == ["proxy-serv01", "proxy-serv02"]
    for x in told:
        assert f"the firewall of {x['server'].removeprefix('proxy-')} drops VRRP coming in" in x["more"]


def test_nobody_rules_that_power_is_lost(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated("kill-9"))
    assert [x["more"].count("Rule") for x in page.evaluate(WHYS) if x["to"] == "STOP"] == [0, 0]
    page = file_page(simulated("graceful-stop"))
    assert [x["more"].count("Rule") for x in page.evaluate(WHYS) if x["to"] == "STOP"] == [1, 1]


def test_a_refusal_of_python_is_shown_and_nothing_is_lost(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    page.evaluate(
        f"{PLAYER}.act({{ actions: [{{ action: 'link_down', server: 'proxy-serv01', interface: 'eth9' }}] }})"
    )
    expect(page.locator(".vl-notice.vl-bad")).to_contain_text("eth9")
    assert moment(page) == 6
    expect(badge(page, "192.168.2.101")).to_have_attribute("data-holder", "proxy-serv01")


def test_the_scenario_can_be_taken_away_with_what_was_clicked(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady")
    seek(page, 6)
    choose(page, "server proxy-serv01", "Cut its power")
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    page.get_by_role("button", name="Copy scenario").click()
    expect(page.locator(".vl-dialog")).to_be_visible()
    assert "power_off" in page.locator(".vl-dialog textarea").input_value()
    page.keyboard.press("Escape")
    expect(page.locator(".vl-dialog")).to_be_hidden()
