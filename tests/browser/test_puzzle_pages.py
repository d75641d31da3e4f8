"""Puzzles on a page: goals that are reached by clicking, and files that are repaired by typing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe import violations
from player_pages import PLAYER, choose, seek

from vrrplab import puzzle

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect
Live = Callable[..., Any]


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """A progress file of its own, and what it has of a puzzle."""
    file = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(file))

    def kept(name: str) -> dict[str, Any]:
        found: dict[str, Any] = (
            json.loads(file.read_text())["exercises"].get(name, {}) if file.exists() else {}
        )
        return found

    return kept


def goal(page: Any) -> Any:
    return page.get_by_role("region", name="Goal")


def editor(page: Any, server: str = "proxy-serv02") -> Any:
    return page.get_by_role("textbox", name=f"keepalived.conf of {server}")


def findings(page: Any) -> Any:
    return page.locator(".vl-findings > li[data-kind]")


def test_a_goal_is_reached_by_a_click(live_page: Live, progress: Any) -> None:
    page = live_page(puzzle("00-vanish"))
    expect(goal(page)).to_contain_text("Make .101 vanish with one click")
    expect(goal(page)).to_have_attribute("data-state", "open")
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(goal(page)).to_contain_text(
        "Not yet: 192.168.2.101 was silent for 3.2 s, then proxy-serv02 answered"
    )
    expect(goal(page).get_by_role("status")).to_contain_text("Not yet:")
    assert progress("00-vanish")["tries"] == 1
    for _ in range(2):
        page.keyboard.press("Control+z")
        expect(goal(page)).to_have_attribute("data-state", "open")
        page.keyboard.press("Control+y")
        expect(goal(page)).to_have_attribute("data-state", "missed")
    page.keyboard.press("Control+z")
    assert progress("00-vanish")["tries"] == 1, "undo and redo are no tries"
    choose(page, "switch lan", "Lose every frame")
    expect(goal(page)).to_have_attribute("data-state", "reached")
    expect(goal(page)).to_contain_text("Reached: 192.168.2.101 was silent for 29.5 s")
    expect(goal(page).get_by_role("status")).to_contain_text("Reached:")
    kept = progress("00-vanish")
    assert (kept["passed"], kept["tries"]) == (True, 2)
    seek(page, 20)
    choose(page, "server proxy-serv02", "Cut its power")
    expect(goal(page)).to_contain_text("Reached before. This run: These are 2 changes")
    assert progress("00-vanish") == kept


def test_a_repair_is_live_and_bad_text_is_told_where_it_stands(live_page: Live, progress: Any) -> None:
    page = live_page(puzzle("03-typing"))
    expect(goal(page)).to_contain_text("As it is: With nothing broken, at 11.5 s")
    expect(findings(page).filter(has_text="unknown keyword 'prority'")).to_contain_text(
        "did you mean 'priority'?"
    )
    page.get_by_role("button", name="line 26").click()
    expect(editor(page)).to_be_focused()
    page.keyboard.type("    priority 255")
    expect(findings(page)).to_have_count(0)
    expect(goal(page)).to_contain_text("Not yet: With nothing broken")
    assert "tries" not in progress("03-typing"), "a pause in typing is no try"

    text = editor(page).input_value()
    editor(page).fill(text.replace("router_id 11", "router_id eleven"))
    expect(findings(page).filter(has_text="line 9")).to_have_count(1)
    expect(page.locator(".vl-summary")).to_contain_text("keepalived does not start with this: line 9")
    expect(page.locator(".vl-numbers [data-kind=stops]")).to_have_text("9")
    expect(editor(page)).to_have_value(text.replace("router_id 11", "router_id eleven"))
    editor(page).fill(text.replace("router_id 11", "router_id 12"))
    page.keyboard.press("Control+Enter")
    expect(findings(page)).to_have_count(0)
    expect(page.locator(".vl-notice")).to_be_hidden()
    assert progress("03-typing")["tries"] == 1

    editor(page).fill(text.replace("router_id 11", "router_id 1"))
    expect(goal(page)).to_have_attribute("data-state", "reached")
    assert (progress("03-typing")["passed"], progress("03-typing")["tries"]) == (True, 2)
    expect(editor(page)).to_be_focused()


def test_an_edit_is_a_change_like_a_click(live_page: Live) -> None:
    page = live_page(puzzle("03-typing"))
    first = editor(page).input_value()
    mended = first.replace("router_id 11", "router_id 1")
    editor(page).fill(mended.replace("prority", "prio"))
    expect(findings(page).filter(has_text="'prio'")).to_have_count(1)
    editor(page).fill(mended)
    page.keyboard.press("Control+Enter")
    expect(findings(page).filter(has_text="'prority'")).to_have_count(1)
    page.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(editor(page)).to_have_value(first)
    expect(goal(page)).to_have_attribute("data-state", "open")
    page.keyboard.press("Control+y")
    expect(editor(page)).to_have_value(mended)
    seek(page, 15)
    choose(page, "server proxy-serv02", "Cut its power")
    expect(editor(page)).to_have_value(mended)
    assert len(page.forks.scenario.actions) == 2
    page.get_by_role("button", name="Reset").click()
    expect(editor(page)).to_have_value(first)


def test_two_files_and_the_keyboard(live_page: Live, progress: Any) -> None:
    page = live_page(puzzle("05-weight"))
    area = editor(page, "proxy-serv01")
    area.fill(area.input_value().replace("-20", "-40"))
    area.press("Control+Enter")
    expect(goal(page)).to_have_attribute("data-state", "missed")
    page.get_by_role("button", name="serv02 keepalived.conf").click()
    expect(editor(page, "proxy-serv02")).to_have_value(page.forks.scenario.servers["proxy-serv02"].node.text)
    area = editor(page, "proxy-serv02")
    area.focus()
    before = area.input_value()
    for key in ("Space", "ArrowRight", "Home", "h"):
        page.keyboard.press(key)
    assert "h" in area.input_value()
    assert not page.evaluate("document.getElementById('player').player.hide"), "no key of the player's"
    page.keyboard.press("Tab")
    expect(area).not_to_be_focused()
    page.get_by_role("button", name="serv01 keepalived.conf").click()
    area = editor(page, "proxy-serv01")
    area.fill(area.input_value().replace("-40", "-60"))
    area.blur()
    page.get_by_role("button", name="serv02 keepalived.conf").click()
    editor(page, "proxy-serv02").fill(before)
    expect(goal(page)).to_have_attribute("data-state", "reached")
    page.get_by_role("button", name="serv01 keepalived.conf").click()
    page.get_by_role("button", name="As it was").click()
    expect(editor(page, "proxy-serv01")).to_have_value(page.widget.info["repair"]["first"]["proxy-serv01"])


def test_what_was_typed_survives_the_page_and_the_kernel(live_page: Live, progress: Any) -> None:
    page = live_page(puzzle("03-typing"))
    typed = editor(page).input_value().replace("router_id 11", "router_id eleven")
    editor(page).fill(typed)
    expect(findings(page).filter(has_text="line 9")).to_have_count(1)
    again = live_page(page.widget)
    expect(editor(again)).to_have_value(typed)
    fresh = live_page(puzzle("03-typing"))  # what a cell makes that is run after a restart
    expect(editor(fresh)).to_have_value(typed)
    expect(findings(fresh).filter(has_text="line 9")).to_have_count(1)


def test_the_editor_does_not_wait_for_a_slow_python(live_page: Live) -> None:
    page = live_page(puzzle("03-typing"))
    first = editor(page).input_value()
    page.evaluate(
        "() => { const m = window.model, send = m.send.bind(m);"
        " m.send = (x) => new Promise((done) => setTimeout(() => done(send(x)), 2500)); }"
    )
    editor(page).fill(first.replace("prority", "priority"))
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"{PLAYER}.python.waiting")
    mended = first.replace("prority", "priority").replace("router_id 11", "router_id 1")
    editor(page).fill(mended)
    expect(findings(page)).to_have_count(0)
    expect(editor(page)).to_have_value(mended)
    expect(goal(page)).to_have_attribute("data-state", "reached", timeout=20_000)
    expect(editor(page)).to_have_value(mended)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing_at_a_goal_and_in_an_editor(live_page: Live, scheme: str) -> None:
    found = {}
    page = live_page(puzzle("00-vanish"), color_scheme=scheme)
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(goal(page)).to_have_attribute("data-state", "missed")
    found["missed"] = violations(page)
    page.keyboard.press("Control+z")
    choose(page, "switch lan", "Lose every frame")
    expect(goal(page)).to_have_attribute("data-state", "reached")
    found["reached"] = violations(page)
    page = live_page(puzzle("03-typing"), color_scheme=scheme)
    found["findings"] = violations(page)
    editor(page).fill(editor(page).input_value().replace("router_id 11", "router_id eleven"))
    expect(findings(page).filter(has_text="line 9")).to_have_count(1)
    found["a file that stops it"] = violations(page)
    assert {what: sorted(all_) for what, all_ in found.items() if all_} == {}


@pytest.mark.parametrize("width", [1366, 1024, 390])
def test_the_editor_fits_beside_or_above_the_cluster(live_page: Live, width: int) -> None:
    page = live_page(puzzle("03-typing"), viewport={"width": width, "height": 768})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    edit, stage = editor(page).bounding_box(), page.locator(".vl-stage").bounding_box()
    beside = edit["x"] + edit["width"] <= stage["x"]
    assert beside == (width >= 900)
    assert beside or edit["y"] + edit["height"] <= stage["y"]
    for button in page.locator(".vl-repair button:visible").all():
        assert button.bounding_box()["height"] >= 24
