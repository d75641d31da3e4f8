"""The clickable cluster in a notebook that is not Jupyter's: marimo shows it as it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.notebook_server import free_port, serving

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

ROOT = Path(__file__).resolve().parents[2]
SLOW_MS = 60_000  # Python and a page start on a busy machine

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import vrrplab

    cluster = vrrplab.cluster("article-steady")
    cluster
    return cluster, vrrplab


@app.cell
def _(vrrplab):
    vrrplab.views.timeline.figure(vrrplab.simulate("article-drill-1-lan-nic"))
    return


@app.cell
def _(vrrplab):
    vrrplab.sliders("timers")
    return
"""


pytestmark = pytest.mark.long


@pytest.fixture
def marimo(tmp_path: Path) -> Iterator[str]:
    """The address of ``marimo run`` with the notebook, on this machine only."""
    pytest.importorskip("marimo", reason="needs marimo: make venv")
    (tmp_path / "lesson.py").write_text(NOTEBOOK, encoding="utf-8")
    port = free_port()
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(tmp_path / "home") for name in homes}}
    command = [sys.executable, "-m", "marimo", "-q", "-y", "run", "lesson.py"]
    command += ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
    address = f"http://127.0.0.1:{port}/"
    with serving(command, f"{address}health", tmp_path, environment):
        yield address


def test_pull_a_cable_and_see_the_address_move(marimo: str, new_page: Callable[..., Any]) -> None:
    # The page comes last, so it is closed first: one whose server has gone complains.
    page = new_page()
    page.set_default_timeout(SLOW_MS)
    page.goto(marimo)
    lab = page.locator(".vrrplab")
    lab.wait_for()
    seek = "(e, t) => e.parentElement.player.seek(t)"
    vip = lab.locator('[data-vip="192.168.2.101"]')

    lab.evaluate(seek, 5)
    expect(vip).to_have_attribute("data-holder", "proxy-serv01")
    lab.locator('[data-thing="nic proxy-serv01 eth0"]').click(force=True)
    lab.get_by_role("menuitem", name="Set eth0 down").click()
    expect(lab.locator(".vl-tag-fork")).to_have_text("fork of “article-steady” at 5.000 s", timeout=SLOW_MS)
    lab.evaluate(seek, 9)
    expect(vip).to_have_attribute("data-holder", "proxy-serv02")
    lab.get_by_role("button", name="Reset").click()
    expect(lab.locator(".vl-tag-fork")).to_have_count(0)

    # The file to share comes back through marimo, whole.
    with page.expect_download() as download:
        lab.get_by_role("button", name="HTML").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("<!doctype html>")

    # Sliders are Jupyter's alone; here they are the picture that they begin with.
    expect(page.locator("img[src^='data:image/png'], .output img, .output svg").first).to_be_visible()
    expect(page.get_by_text("Jupyter widgets are not supported")).to_have_count(0)
