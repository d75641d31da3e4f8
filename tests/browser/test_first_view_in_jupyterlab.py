"""What a learner sees first in JupyterLab, and what is left to see when the kernel is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import SLOW_MS, notebook, thing  # noqa: F401  a fixture

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = [pytest.mark.long, pytest.mark.jupyterlab]

# Parts of the player that are not wholly inside the notebook's own window.
HIDDEN = """names => {
  const view = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer")
    .getBoundingClientRect();
  return names.flatMap(name => [...document.querySelectorAll(`.vrrplab ${name}`)].filter(e => {
    const box = e.getBoundingClientRect();
    const within = box.top >= view.top - 1 && box.bottom <= view.bottom + 1;
    return !within || box.left < view.left || box.right > view.right;
  }).map(e => `${name} ${JSON.stringify(e.dataset)} ${JSON.stringify(e.getBoundingClientRect())}`));
}"""
FIRST = [
    ".vl-play",
    '[data-thing^="server "]',
    "[data-vip]",
    '[data-thing^="nic "]',
    '[data-thing^="switch "]',
]


@pytest.mark.parametrize("size", [(1366, 768), (1024, 700)])
@pytest.mark.parametrize("name", ["article-steady", "article-drill-1-lan-nic"])
def test_after_shift_enter_the_cluster_and_play_are_on_the_screen(
    notebook: Callable[..., Any],  # noqa: F811
    size: tuple[int, int],
    name: str,
) -> None:
    cells = ["import vrrplab", "# a cell\n" * 14, f'vrrplab.cluster("{name}")', "# what comes next\n" * 20]
    page = notebook("first.ipynb", cells, viewport={"width": size[0], "height": size[1]})
    old = page.locator(".vrrplab").element_handle()
    page.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("old => !old.isConnected && document.querySelector('.vrrplab')", arg=old)
    page.wait_for_function(f"names => !({HIDDEN})(names).length", arg=FIRST)
    assert page.locator(".vrrplab [data-vip]").count() == 2, "who has what is seen at once"
    folded = page.locator(".vrrplab .vl-folded")
    expect(folded).to_have_count(3)
    assert page.evaluate(
        "document.querySelector('.jp-Cell.jp-mod-active').previousElementSibling"
        " === document.querySelector('.vrrplab').closest('.jp-Cell')"
    )


def test_when_the_kernel_is_gone_the_picture_in_the_file_is_seen(
    notebook: Callable[..., Any],  # noqa: F811
    jupyterlab: tuple[str, Path],
) -> None:
    address, work = jupyterlab
    cells = ["import vrrplab", 'vrrplab.cluster("article-drill-1-lan-nic", at_s=13)', "1 + 1"]
    page = notebook("again.ipynb", cells)
    still, live = page.locator(".vrrplab-kept"), page.locator(".vrrplab")
    expect(live).to_be_visible()
    expect(still).to_be_hidden()
    page.evaluate(
        "async () => { const app = window.jupyterapp; await app.commands.execute('docmanager:save');"
        " await app.shell.currentWidget.sessionContext.shutdown(); }"
    )
    saved = json.loads((work / "again.ipynb").read_text(encoding="utf-8"))
    assert "widgets" not in saved["metadata"], (
        "nothing that JupyterLab itself would bring the widget back with"
    )
    page.goto(f"{address}/lab/tree/again.ipynb?reset")
    expect(still).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(2000)
    expect(still).to_be_visible()
    words = still.get_by_role("img")  # what a reader of the screen is told: one picture, not one a theme
    expect(words).to_have_accessible_name(re.compile("proxy-serv01 .*eth0 down since 12.000 s"))
    expect(still).to_contain_text("as it was at 13.000 s. Run the cell again")
    expect(page.get_by_text("model not found")).to_be_hidden()
    assert live.count() == 0
    page.locator(".jp-Cell").nth(0).locator(".cm-content").click()
    for _ in range(2):
        page.keyboard.press("Shift+Enter")
    expect(live).to_be_visible(timeout=SLOW_MS)
    expect(still).to_be_hidden()
