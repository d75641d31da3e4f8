"""Puzzles where learners meet them: solved by a click, and by typing, in a real JupyterLab."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import notebook, thing  # noqa: F401  a fixture

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = [pytest.mark.long, pytest.mark.jupyterlab]


def test_a_goal_is_reached_by_a_click_and_a_file_repaired_by_typing(
    notebook: Callable[..., Any],  # noqa: F811
    jupyterlab: tuple[str, Path],
) -> None:
    cells = [
        "import vrrplab",
        'vrrplab.puzzle("00-vanish")',
        'vrrplab.puzzle("03-typing")',
        "vrrplab.progress()",
    ]
    page = notebook("puzzles.ipynb", cells, clusters=2, viewport={"width": 1366, "height": 768})
    file = jupyterlab[1] / ".vrrplab-progress.json"
    first, second = page.locator(".vrrplab").first, page.locator(".vrrplab").nth(1)

    goal = first.get_by_role("region", name="Goal")
    thing(first, "nic proxy-serv01 eth0").click(force=True)
    first.get_by_role("menuitem", name="Set eth0 down").click()
    expect(goal).to_contain_text("Not yet: 192.168.2.101 was silent for")
    first.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    expect(goal).to_have_attribute("data-state", "open")
    thing(first, "switch lan").click(force=True, position={"x": 12, "y": 8})
    first.get_by_role("menuitem", name="Lose every frame").click()
    expect(goal).to_have_attribute("data-state", "reached")
    kept = json.loads(file.read_text())["exercises"]["00-vanish"]
    assert (kept["passed"], kept["tries"]) == (True, 2)

    goal = second.get_by_role("region", name="Goal")
    area = second.get_by_role("textbox", name="keepalived.conf of proxy-serv02")
    cells_before = page.locator(".jp-Notebook .jp-Cell").count()
    second.get_by_role("button", name="line 26").click()
    expect(area).to_be_focused()
    page.keyboard.type("    priority 255  # dd aa")  # what deletes and adds cells elsewhere
    page.keyboard.press("Control+Enter")
    expect(goal).to_contain_text("Not yet: With nothing broken")
    text = area.input_value()
    assert "priority 255  # dd aa" in text
    expect(area).to_be_focused()
    area.press("Control+Home")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    expect(goal).to_have_attribute("data-state", "reached")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells_before

    area.press("Control+End")
    page.keyboard.type("}")
    expect(second.locator(".vl-findings > li[data-kind]")).not_to_have_count(0)
    typed = area.input_value()
    kept = {"proxy-serv02": typed}
    for _ in range(600):  # it is kept a moment after the last key
        if json.loads(json.loads(file.read_text())["exercises"]["03-typing"].get("typed", "{}")) == kept:
            break
        page.wait_for_timeout(100)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    second = page.locator(".vrrplab").nth(1)
    area = second.get_by_role("textbox", name="keepalived.conf of proxy-serv02")
    for _ in range(3):  # JupyterLab asks a kernel for its widgets once, and a busy one may not answer in time
        page.reload()
        with contextlib.suppress(sync_api.TimeoutError):
            area.wait_for(timeout=20_000)
            break
    expect(area).to_have_value(typed, timeout=60_000)
    expect(second.get_by_role("region", name="Goal")).to_contain_text(
        "Reached before. This run: That works. But"
    )
