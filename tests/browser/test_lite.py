"""JupyterLite as it is built: lessons run in the browser alone, to their end, and a cluster breaks.

Two lessons; ``VRRPLAB_LESSONS=all pytest tests/browser/test_lite.py`` drives all of them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.site_server import SiteServer
from tests.lessons import NOTEBOOKS

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = [pytest.mark.long, pytest.mark.jupyterlab, pytest.mark.needs("npm")]

ROOT = Path(__file__).resolve().parents[2]
SLOW_MS = 180_000  # Python starts in a page of a busy machine
DRIVEN = [
    path.stem
    for path in NOTEBOOKS
    if os.environ.get("VRRPLAB_LESSONS") == "all" or path.stem[:2] in ("00", "03")
]

# Whether the notebook that is open has a kernel that answers: "Run All" before that asks which one to take.
READY = """() => {
  const session = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  return Boolean(session?.isReady && session.session?.kernel);
}"""
STATUS = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status ?? 'no kernel'"

# Of the notebook that is open: each code cell that is not empty, as [was it run, its outputs].
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code" && cell.model.sharedModel.source.trim())
  .map((cell) => [Boolean(cell.model.executionCount), cell.model.outputs.toJSON()])"""


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteServer]:
    """JupyterLite, built as ``make site-lite`` does, behind a server."""
    sys.path.insert(0, str(ROOT / "tools"))
    import site_lite
    from site_runtime import Missing

    folder = tmp_path_factory.mktemp("lite")
    try:
        site_lite.build(folder)
    except Missing as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(f"needs JupyterLite: {error}")
    server = SiteServer(folder)
    yield server
    server.stop()


@pytest.mark.parametrize("lesson", DRIVEN)
def test_run_all_reaches_the_end(new_page: Callable[..., Any], lite: SiteServer, lesson: str) -> None:
    page = new_page()
    page.goto(f"{lite.address}notebooks/index.html?path={lesson}.ipynb")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=SLOW_MS)
    page.wait_for_function(READY, timeout=SLOW_MS)
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
    try:
        page.wait_for_function(f"({CELLS})().every(([ran]) => ran)", timeout=SLOW_MS)
    except sync_api.TimeoutError:
        cells = page.evaluate(CELLS)
        ran = sum(ran for ran, _ in cells)
        shown = page.locator(".jp-Dialog").all_inner_texts()
        last = [out for _, shown in cells for out in shown][-1:]
        pytest.fail(
            f"{ran} of {len(cells)} cells ran; kernel {page.evaluate(STATUS)}; dialogs {shown}; {last}"
        )
    outputs = [out for _, shown in page.evaluate(CELLS) for out in shown]
    assert [out for out in outputs if out["output_type"] == "error"] == []
    printed = "".join("".join(out["text"]) for out in outputs if out["output_type"] == "stream")
    if lesson.startswith("03"):
        assert "add virtual_router_id with a number from 1 to 255" in printed
    if lesson.startswith("10"):
        assert "a page of a browser has none" in printed
    if lesson.startswith("00"):
        breaks_a_cluster(page)


def breaks_a_cluster(page: Any) -> None:
    """A cable fails: the future is simulated anew, in the page, and the address moves."""
    cluster = page.locator(".vrrplab").first
    cluster.wait_for(timeout=SLOW_MS)
    vip = cluster.locator('[data-vip="192.168.2.101"]')
    seek = "(element, at_s) => element.parentElement.player.seek(at_s)"
    cluster.evaluate(seek, 5)
    expect(vip).to_have_attribute("data-holder", "proxy-serv01")
    cable = cluster.locator('[data-thing="nic proxy-serv01 eth0"]')
    cable.focus()  # after "Run All" the notebook moves for a while, and a click may miss
    cable.press("Enter")
    cluster.get_by_role("menuitem", name="Set eth0 down").press("Enter")
    expect(cluster.locator(".vl-tag-fork")).to_contain_text("at 5.000 s", timeout=SLOW_MS)
    cluster.evaluate(seek, 9)
    expect(vip).to_have_attribute("data-holder", "proxy-serv02")
