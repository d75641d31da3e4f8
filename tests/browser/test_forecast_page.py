"""The page of ``config predict --html``: three films among tables, each as high as it is, on any screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vrrplab.commands.config_predict_page import page as forecast_page
from vrrplab.forecast.predict import forecast
from vrrplab.rules.examples import conf
from vrrplab.scenario.nodes import read_nodes

pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")

GAP = """frame => {
    const inside = frame.contentDocument, end = inside.body.getBoundingClientRect().bottom;
    return inside.querySelector('.vrrplab') ? frame.clientHeight - end : -1; }"""


@pytest.mark.parametrize("width", [1240, 390])
def test_no_film_is_cut_or_scrolls_by_itself(
    width: int, new_page: Callable[..., Any], tmp_path: Path
) -> None:
    for name, priority in (("a", 150), ("b", 100)):
        (tmp_path / f"{name}.conf").write_text(conf(priority), encoding="utf-8")
    file = tmp_path / "forecast.html"
    found = forecast(read_nodes([tmp_path / "a.conf", tmp_path / "b.conf"]), simulate=False)
    file.write_text(forecast_page(found), encoding="utf-8")
    page = new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.locator("iframe").count() == 3
    for number in range(3):
        film = page.locator("iframe").nth(number)
        film.scroll_into_view_if_needed()
        page.wait_for_function(f"n => {{ const gap = ({GAP})(document.querySelectorAll('iframe')[n]);"
                               " return 0 <= gap && gap < 30; }", arg=number)  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
