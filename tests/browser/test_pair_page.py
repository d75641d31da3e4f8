"""The page of ``reconstruct --html``: a capture above its simulation, at the same moment, on any screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.player_pages import simulated
from vrrplab.views.pair import write_html

pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")

TIMES = "['upper', 'lower'].map((id) => document.getElementById(id).player.t)"


@pytest.mark.parametrize(("width", "scheme"), [(1240, "light"), (390, "dark")])
def test_who_moves_one_moves_the_other(
    width: int, scheme: str, new_page: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "pair.html"
    trace = simulated()
    write_html(trace, trace, file, "What happened", "Both are the same here.")
    page = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(file.as_uri())
    page.wait_for_function("['upper', 'lower'].every((id) => document.getElementById(id).player?.model)")
    for moved, t in (("upper", 16), ("lower", 9.5)):
        page.evaluate("([id, t]) => document.getElementById(id).player.seek(t)", [moved, t])
        page.wait_for_function(f"t => {TIMES}.every((one) => Math.abs(one - t) < 1e-6)", arg=t)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
