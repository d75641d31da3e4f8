"""What a learner is shown besides the cluster, in a real JupyterLab: sliders, map, files to hand in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import notebook  # noqa: F401  a fixture
from vrrplab.exercises.course import course_of
from vrrplab.exercises.guesses import GUESSES, WHO
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.results_page import page_html
from vrrplab.exercises.store import Progress

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = [pytest.mark.long, pytest.mark.jupyterlab]

# Of the panel's own elements, those with a scroll bar: what they hold is larger than they are.
BARS = """(root) => [root, ...root.querySelectorAll("*")].filter((e) => {
  const style = getComputedStyle(e);
  const across = /auto|scroll/.test(style.overflowX) && e.scrollWidth > e.clientWidth;
  const down = /auto|scroll/.test(style.overflowY) && e.scrollHeight > e.clientHeight;
  return across || down;
}).map((e) => `${e.className}: ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`)"""


STILL = """from vrrplab.views.cluster import StillCluster
StillCluster(vrrplab.simulate("article-drill-1-lan-nic"), 13.0)"""  # as it is without anywidget


def test_no_slider_has_a_scroll_bar_and_pictures_have_words(notebook: Callable[..., Any]) -> None:  # noqa: F811
    cells = ["import vrrplab", 'vrrplab.sliders("timers")', STILL]
    page = notebook("sliders.ipynb", cells, clusters=0, viewport={"width": 1366, "height": 768})
    panel = page.locator(".jp-OutputArea-output:has(.widget-slider)").first
    for width in (1366, 1024, 700):
        page.set_viewport_size({"width": width, "height": 768})
        panel.locator(".widget-slider").nth(3).wait_for()
        panel.locator("img").wait_for()
        page.wait_for_function(f"panel => !({BARS})(panel).length", arg=panel.element_handle())
    picture = panel.get_by_role("img")
    first = picture.get_attribute("src")
    expect(picture).to_have_accessible_name(re.compile("State timeline of .* instances, .* state changes"))
    panel.get_by_role("slider").nth(2).press("ArrowRight")
    expect(picture).not_to_have_attribute("src", first)
    expect(picture).to_have_accessible_name(re.compile("State timeline of"))
    still = page.locator(".jp-OutputArea-output .vrrplab-figure").get_by_role("img")
    expect(still).to_have_count(1)
    expect(still).to_have_accessible_name(re.compile("proxy-serv01 .*FAULT .*eth0 down since 12.000 s"))


SHOTS = os.environ.get("VRRPLAB_SHOTS", "")  # a folder: pictures to look at
LESSON = """from vrrplab import check, hint, predict, progress, results
check("02-quick", 240), hint("02-patience"), predict("02-silence", 3);"""


def test_results_are_downloaded_and_the_map_follows_the_theme(
    notebook: Callable[..., Any],  # noqa: F811
    jupyterlab: tuple[str, Path],
    tmp_path: Path,
) -> None:
    cells = [LESSON, "progress()", 'results("Ann Example")']
    page = notebook("results.ipynb", cells, clusters=0, viewport={"width": 1024, "height": 700})
    links = page.locator("a[download]")
    links.nth(1).wait_for()
    for number, name in enumerate(("vrrplab-results.json", "vrrplab-results.html")):
        with page.expect_download() as download:
            links.nth(number).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes() == (jupyterlab[1] / name).read_bytes()
    handed_in = json.loads((tmp_path / "vrrplab-results.json").read_text(encoding="utf-8"))
    assert handed_in["name"] == "Ann Example"
    assert handed_in["exercises"]["02-quick"]["passed"] is True

    picture = page.locator(".vrrplab-course svg")
    assert "1 of " in picture.get_attribute("aria-label")
    colours = {}
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        colours[theme] = picture.locator("text.n").first.evaluate("(e) => getComputedStyle(e).fill")
        if SHOTS:
            picture.scroll_into_view_if_needed()
            page.wait_for_timeout(500)
            page.screenshot(path=f"{SHOTS}/{theme[-4:]}.png")
    assert len(set(colours.values())) == 2


def all_done(also_who: bool) -> Progress:
    progress = Progress()
    for name in EXERCISES:
        progress.exercises[name] = {"passed": True, "tries": 12, "hints": 3}
    for name, kind in GUESSES.items():
        value = kind.names[0] if kind.names else 3.25
        entry = {"guess": value, "outcome": value, "unit": kind.unit or "", "close": True}
        progress.predictions[name] = dict(entry)
        if also_who and kind.unit == "s":
            progress.predictions[name + WHO] = {
                "guess": "proxy-serv02",
                "outcome": "proxy-serv01",
                "close": False,
            }
    return progress


@pytest.mark.parametrize("also_who", [False, True])
def test_a_course_that_is_done_is_one_sheet_of_paper(
    new_page: Callable[..., Any], tmp_path: Path, also_who: bool
) -> None:
    file = tmp_path / "page.html"
    file.write_text(page_html(course_of(all_done(also_who)), "Ann Example", "2026-01-31T12:00:00"), "utf-8")
    page = new_page(viewport={"width": 760, "height": 900})
    page.goto(file.as_uri())
    paper = page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 1
    assert b"/Count 1" in paper
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
