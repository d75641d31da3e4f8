"""A visitor's own files on the site's page, with the real simulator in its worker, on a phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe import violations

from tests.browser.site_server import SiteServer

pytestmark = [pytest.mark.long, pytest.mark.site]

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

DATA = Path(__file__).resolve().parents[2] / "data"
CONFIGS = [DATA / "configs" / "article" / f"proxy-serv0{number}.conf" for number in (1, 2)]
CAPTURE = DATA / "recordings" / "advert_int_mismatch_v2" / "capture.pcap"
PATIENCE_MS = 60_000  # to the worst failure, in a browser that never saw the page


def test_the_worst_failure_is_read_shown_and_edited(
    new_page: Callable[..., Any], served_site: SiteServer
) -> None:
    page = new_page(viewport={"width": 390, "height": 780}, color_scheme="dark", bypass_csp=True)
    begun = time.monotonic()
    page.goto(served_site.address)
    picker = page.locator("#own input[type=file]")
    picker.set_input_files(CONFIGS)
    told = page.locator("#own .told")
    expect(told).to_contain_text("The worst failure: proxy-serv01 keepalived killed", timeout=PATIENCE_MS)
    assert time.monotonic() - begun < PATIENCE_MS / 1000
    page.get_by_role("button", name="proxy-serv01 eth0 cable or power").click()
    expect(told).to_contain_text("Shown above: proxy-serv01 eth0 cable")
    # The film goes on where it happens, and what is typed is read in the same run.
    acts = "el.player.model.events.filter((e) => e.event === 'action').map((e) => e.action)"
    assert page.evaluate(f"(() => {{ const el = document.getElementById('player'); return {acts}; }})()") == [
        "carrier_down"
    ]
    editor = page.get_by_role("textbox", name="proxy-serv01.conf")
    text = editor.input_value()
    editor.fill(text.replace("router_id 1", "router_id 300"))
    expect(page.locator("#own .stop")).to_contain_text("proxy-serv01.conf:9: ")
    assert violations(page) == set()
    editor.fill(text)
    expect(page.locator("#own .stop")).to_be_hidden()
    page.get_by_role("button", name="Ask the simulator, too").click()
    expect(page.locator("#own")).to_contain_text("both say the same", timeout=PATIENCE_MS)
    assert violations(page) == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picker.set_input_files(CAPTURE)
    expect(told).to_contain_text("capture.pcap is shown above")
    expect(page.locator("#own .captured")).to_contain_text("Who was MASTER when")
    assert violations(page) == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
