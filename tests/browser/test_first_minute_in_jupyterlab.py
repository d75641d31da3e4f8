"""The first minute in a real JupyterLab: the tour, something broken while it plays, a bet, its truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import moment, notebook, seek, thing  # noqa: F401  a fixture

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = pytest.mark.long

PLAYER = "document.querySelector('.vrrplab').parentElement.player"
NIC = "nic proxy-serv01 eth0"


def asked(page: Any) -> Any:
    return page.get_by_label("Your bet", exact=True)


def truth_is_seen(page: Any, said: str) -> None:
    """The film went on by itself; it comes to the truth, which then stands beside the mark."""
    page.wait_for_function(f"{PLAYER}.playing")
    page.evaluate(f"{PLAYER}.setSpeed(10)")
    expect(asked(page)).to_contain_text(f"You said {said} s. It took")
    page.evaluate(f"{PLAYER}.pause(); {PLAYER}.setSpeed(1)")
    for sign in (".vl-bet-sign", ".vl-truth-sign"):
        expect(page.locator(f".vl-lanes {sign}")).to_have_count(1)


@pytest.mark.parametrize(
    ("theme", "width", "height"), [("JupyterLab Light", 1366, 768), ("JupyterLab Dark", 1024, 700)]
)
def test_tour_break_bet_truth_undo_and_a_reload_in_the_middle(
    notebook: Callable[..., Any],  # noqa: F811
    theme: str,
    width: int,
    height: int,
) -> None:
    page = notebook(
        "minute.ipynb",
        ["import vrrplab", 'vrrplab.cluster("article-steady", at_s=4)'],
        first_time=True,
        asks=True,
        viewport={"width": width, "height": height},
    )
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    step = page.locator(".vl-tour .vl-mute")
    for number in (1, 2):
        expect(step).to_have_text(f"Tour · {number} of 5")
        page.locator(".vl-tour-next").click()

    # By mouse: broken while it plays; the film stops, asks, and goes on.
    page.get_by_role("button", name="Play (space)").click()
    thing(page, NIC).click(force=True)
    page.get_by_role("menuitem", name="Set eth0 down").click()
    expect(step).to_have_text("Tour · 4 of 5")
    expect(step).to_be_hidden()  # the question comes first
    expect(asked(page)).to_contain_text("eth0 of serv01 is set down. What will come?")
    expect(thing(page, NIC)).to_have_attribute("data-state", "down")
    broken_s = moment(page)
    mark = page.get_by_role("slider", name="Until when will .101 be silent?")
    box = mark.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    said = page.get_by_label("Seconds from now").input_value()
    assert float(said) > 1
    thing(page, "server proxy-serv02").click(position={"x": 40, "y": 20})
    assert moment(page) == broken_s, "the film waits"
    page.get_by_role("button", name="Let it happen").click()
    page.get_by_role("button", name="Leave the tour").click()
    truth_is_seen(page, said)
    page.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    expect(thing(page, NIC)).to_have_attribute("data-state", "up")

    # By keys alone, at another moment.
    seek(page, broken_s + 3)
    thing(page, NIC).focus()
    page.keyboard.press("Space")
    page.wait_for_function(f"{PLAYER}.playing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Set eth0 down")).to_be_focused()
    page.keyboard.press("Enter")
    expect(mark).to_be_focused()
    again_s = moment(page)
    for key in ("PageUp", "PageUp", "ArrowRight"):
        page.keyboard.press(key)

    # A page that is loaded again in the middle asks again; nothing of the future is on it.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    expect(asked(page)).to_contain_text("What will come?")
    assert moment(page) == again_s
    assert page.evaluate(f"{PLAYER}.model.changes.every((c) => c.t <= {again_s})")
    mark.focus()
    for key in ("PageUp", "PageUp", "ArrowRight", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="serv02", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Let it happen").focus()
    page.keyboard.press("Enter")
    truth_is_seen(page, "2.1")
    page.errors[:] = [e for e in page.errors if "vrrplab" in e or "widget" in e.lower()]
