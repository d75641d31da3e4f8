"""A learner's first minute: the first lesson in a real JupyterLab, from Shift+Enter to the truth.

With ``VRRPLAB_SHOTS=FOLDER`` each step leaves a picture to look at.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_cluster_in_jupyterlab import SLOW_MS, moment, notebook, thing  # noqa: F401  a fixture
from tests.browser.test_first_view_in_jupyterlab import FIRST, HIDDEN

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

pytestmark = [pytest.mark.long, pytest.mark.jupyterlab]

LESSON = "00_start_here.ipynb"
TO_THE_CLUSTER = 4  # cells, from the top
SHOTS = os.environ.get("VRRPLAB_SHOTS", "")
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PLAYER = "e => e.parentElement.player"


class Lesson:
    """The first lesson on a screen, and what a learner does with it."""

    def __init__(self, page: Any, name: str) -> None:
        self.page, self.name, self.step = page, name, 0

    @property
    def lab(self) -> Any:
        return self.page.locator(".vrrplab").first

    @property
    def asked(self) -> Any:
        return self.lab.get_by_label("Your bet", exact=True)

    @property
    def mark(self) -> Any:
        return self.lab.get_by_role("slider", name="Until when will .101 be silent?")

    @property
    def tour(self) -> Any:
        return self.lab.get_by_role("dialog", name="Tour")

    def shot(self, what: str) -> None:
        self.step += 1
        if SHOTS:
            self.page.evaluate(
                "() => Promise.all([...document.querySelectorAll('.vl-tour-ring')]"
                ".flatMap(e => e.getAnimations().map(a => a.finished)))"
            )  # the tour's light glides
            self.page.screenshot(path=f"{SHOTS}/{self.name}-{self.step:02}-{what}.png")

    def run_first_cells(self, cells: int = TO_THE_CLUSTER) -> None:
        """By keys: JupyterLab gives the keyboard to the notebook that it opens; else by a click first."""
        has_keys = "document.querySelector('.jp-Notebook')?.contains(document.activeElement)"
        try:
            self.page.wait_for_function(has_keys, timeout=SLOW_MS / 2)
        except sync_api.TimeoutError:
            self.page.locator(".jp-Notebook .jp-Cell").first.click()
            self.page.wait_for_function(has_keys)
        for _ in range(cells):
            self.page.keyboard.press("Shift+Enter")
        self.lab.wait_for()
        expect(self.lab.locator(".vl-clock")).to_have_text("10.500 s", timeout=SLOW_MS)

    def all_is_seen(self) -> None:
        """Play, the cluster and its badges; JupyterLab takes a while until it scrolls no more."""
        self.page.wait_for_function(f"names => ({HIDDEN})(names).length === 0", arg=FIRST)

    def is_playing(self, whether: bool = True) -> None:
        self.page.wait_for_function(
            "yes => document.querySelector('.vrrplab').parentElement.player.playing === yes", arg=whether
        )

    def plays_past(self, t: float) -> None:
        self.page.wait_for_function(
            "t => document.querySelector('.vrrplab').parentElement.player.t > t", arg=t
        )

    def seconds_said(self) -> float:
        return float(self.lab.get_by_label("Seconds from now").input_value())

    def is_asked(self) -> float:
        """The film stands still at what was broken, and asks; its moment."""
        expect(self.asked).to_contain_text("eth0 of serv01 is set down. What will come?", timeout=SLOW_MS)
        expect(self.mark).to_be_in_viewport(ratio=1)
        expect(self.lab.get_by_role("button", name="Let it happen")).to_be_in_viewport(ratio=1)
        expect(thing(self.lab, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")
        expect(self.lab.locator(".vl-lanes .vl-bet-veil")).to_have_count(1)
        self.is_playing(False)
        return moment(self.page)

    def truth_is_told(self, said: float, broken_at: float) -> None:
        """The film went on by itself, and the truth stands beside the mark."""
        expect(self.asked).to_contain_text(f"You said {said:g} s. It took", timeout=SLOW_MS)
        expect(self.asked).to_contain_text("You said serv02, and so it is")
        for where in (".vl-lanes", ".vl-slider"):
            for sign in (".vl-bet-sign", ".vl-truth-sign"):
                expect(self.lab.locator(f"{where} {sign}")).to_have_count(1)
        expect(self.lab.locator('[data-vip="192.168.2.101"]')).to_have_attribute(
            "data-holder", "proxy-serv02"
        )
        assert moment(self.page) > broken_at + 2

    def is_whole_again(self) -> None:
        expect(self.lab.locator(".vl-tag-fork")).to_have_count(0, timeout=SLOW_MS)
        expect(self.asked).to_be_hidden()
        expect(thing(self.lab, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "up")


@pytest.fixture
def first_lesson(
    notebook: Callable[..., Any],  # noqa: F811
    jupyterlab: tuple[str, Path],
) -> Iterator[Callable[..., Lesson]]:
    """Opens the first lesson as somebody who never saw it; nothing has been run, nothing is kept."""
    kept = jupyterlab[1] / ".vrrplab-progress.json"
    kept.unlink(missing_ok=True)
    pages = []

    def change_theme(page: Any, theme: str) -> None:
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme]
        )
        page.locator(f"body[data-jp-theme-name='{THEMES[theme]}']").wait_for(state="attached")

    def open_lesson(name: str, width: int, height: int, theme: str = "light") -> Lesson:
        page = notebook(
            LESSON,
            None,
            run=False,
            first_time=True,
            asks=True,
            viewport={"width": width, "height": height},
            has_touch=width < 500,
        )
        pages.append(page)
        page.on("dialog", lambda dialog: dialog.accept())  # "leave this page?": what is not saved may go
        change_theme(page, theme)
        if width < 500:  # the list of files would leave no room for anything
            page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        return Lesson(page, name)

    yield open_lesson
    for page in pages:
        change_theme(page, "light")  # JupyterLab keeps it for whoever comes next
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    kept.unlink(missing_ok=True)


def walk_the_tour(lesson: Lesson, next_step: Callable[[], None]) -> None:
    for step in range(1, 6):
        expect(lesson.tour.locator(".vl-mute")).to_have_text(f"Tour · {step} of 5")
        expect(lesson.tour.locator(".vl-tour-next")).to_be_in_viewport(ratio=1)
        lesson.shot(f"tour-{step}")
        next_step()
    expect(lesson.tour).to_be_hidden()


def drag_the_mark(lesson: Lesson, to_s: float) -> None:
    page, box = lesson.page, lesson.mark.bounding_box()
    most = float(lesson.mark.get_attribute("aria-valuemax"))
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 12, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, y, steps=3)
    page.mouse.move(box["x"] + 12 + (box["width"] - 24) * to_s / most, y, steps=5)
    page.mouse.up()
    assert abs(lesson.seconds_said() - to_s) < 0.3


def test_by_mouse(first_lesson: Callable[..., Lesson]) -> None:
    lesson = first_lesson("mouse", 1366, 768)
    lab = lesson.lab
    lesson.run_first_cells()
    expect(lesson.tour).to_be_visible(timeout=SLOW_MS)
    lesson.all_is_seen()
    walk_the_tour(lesson, lambda: lesson.tour.locator(".vl-tour-next").click())

    lab.get_by_role("button", name="Play (space)").click()
    lesson.plays_past(11)
    lesson.shot("playing")
    thing(lab, "nic proxy-serv01 eth0").click(force=True)
    expect(lab.get_by_role("menuitem").last).to_be_in_viewport(ratio=1)
    lesson.shot("menu")
    lab.get_by_role("menuitem", name="Set eth0 down").click()
    broken_at = lesson.is_asked()
    lesson.shot("asked")
    drag_the_mark(lesson, 5)
    said = lesson.seconds_said()
    thing(lab, "server proxy-serv02").click(position={"x": 40, "y": 20})
    expect(thing(lab, "server proxy-serv02")).to_have_attribute("data-bet", "yes")
    expect(lab.get_by_role("menu")).to_be_hidden()
    lesson.shot("guessed")
    lab.get_by_role("button", name="Let it happen").click()
    lesson.is_playing()
    lesson.truth_is_told(said, broken_at)
    lesson.shot("truth")
    lab.get_by_role("button", name="Undo the last change (Ctrl+Z)").click()
    lesson.is_whole_again()
    lesson.shot("undone")


@pytest.mark.parametrize(("width", "height", "theme"), [(1024, 700, "dark"), (390, 844, "light")])
def test_in_short_on_other_screens(
    first_lesson: Callable[..., Lesson], width: int, height: int, theme: str
) -> None:
    lesson = first_lesson(f"{width}-{theme}", width, height, theme)
    lab = lesson.lab
    lesson.run_first_cells()
    expect(lesson.tour).to_be_visible(timeout=SLOW_MS)
    lesson.shot("first")
    if width > 500:
        lesson.all_is_seen()
    walk_the_tour(lesson, lambda: lesson.tour.locator(".vl-tour-next").click())
    lab.get_by_role("button", name="Play (space)").click()
    lesson.plays_past(10.7)
    thing(lab, "nic proxy-serv01 eth0").click(force=True)
    lab.get_by_role("menuitem", name="Set eth0 down").click()
    broken_at = lesson.is_asked()
    lesson.shot("asked")
    drag_the_mark(lesson, 2)
    said = lesson.seconds_said()
    lab.get_by_role("button", name="serv02", exact=True).click()
    lesson.shot("guessed")
    lab.get_by_role("button", name="Let it happen").click()
    lesson.truth_is_told(said, broken_at)
    lesson.shot("truth")


def walk_to(page: Any, key: str, there: Any, most: int = 60) -> None:
    """Presses Tab, or Shift+Tab, until that has the keyboard."""
    for _ in range(most):
        page.keyboard.press(key)
        if there.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"{most} times {key}, and {there} has not the keyboard")


def test_by_keyboard_alone(first_lesson: Callable[..., Lesson]) -> None:
    lesson = first_lesson("keys", 1366, 768)
    page, lab = lesson.page, lesson.lab
    lesson.run_first_cells()
    expect(lesson.tour).to_be_visible(timeout=SLOW_MS)
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    tour_next = lesson.tour.locator(".vl-tour-next")
    walk_to(page, "Shift+Tab", tour_next)
    walk_the_tour(lesson, lambda: page.keyboard.press("Enter"))

    eth0 = thing(lab, "nic proxy-serv01 eth0")
    walk_to(page, "Shift+Tab", eth0)
    lesson.shot("at-eth0")
    page.keyboard.press("Space")
    lesson.plays_past(11)
    page.keyboard.press("Enter")
    expect(lab.get_by_role("menuitem", name="Set eth0 down")).to_be_focused()
    lesson.shot("menu")
    page.keyboard.press("Enter")
    broken_at = lesson.is_asked()
    expect(lesson.mark).to_be_focused()
    lesson.shot("asked")
    for key in ("PageUp", "PageUp", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    assert lesson.seconds_said() == 3.1
    walk_to(page, "Tab", lab.get_by_role("button", name="serv02", exact=True), 5)
    page.keyboard.press("Space")
    expect(thing(lab, "server proxy-serv02")).to_have_attribute("data-bet", "yes")
    lesson.shot("guessed")
    walk_to(page, "Tab", lab.get_by_role("button", name="Let it happen"), 5)
    page.keyboard.press("Enter")
    lesson.truth_is_told(3.1, broken_at)
    expect(lab.locator(".vl-spoken")).to_contain_text("You said 3.1 s. It took")
    lesson.shot("truth")
    page.keyboard.press("Control+z")
    lesson.is_whole_again()
    assert lab.evaluate("e => e.contains(document.activeElement)"), "the keyboard stays in the picture"
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells, "no key of JupyterLab's own was pressed"
    lesson.shot("undone")


@pytest.mark.parametrize("saved", [False, True])
def test_reloaded_in_the_middle_of_a_bet(
    first_lesson: Callable[..., Lesson], jupyterlab: tuple[str, Path], saved: bool
) -> None:
    """The kernel goes on; the picture may be there again or not. The cell brings it, and it asks again."""
    kept = jupyterlab[1] / ".vrrplab-progress.json"
    lesson = first_lesson(f"reload-{'saved' if saved else 'unsaved'}", 1366, 768)
    page = lesson.page
    bet_cell = page.locator(".jp-Notebook .jp-Cell").nth(5)

    def answer() -> Any:
        return bet_cell.get_by_label("Your bet", exact=True)

    def play_until_it_asks() -> None:
        bet_cell.get_by_role("button", name="Play (space)").click()
        expect(answer()).to_contain_text("12.000 s: eth0 of serv01 is set down.", timeout=SLOW_MS)

    lesson.run_first_cells(6)
    bet_cell.locator(".vl-clock").wait_for()
    if lesson.tour.is_visible():
        page.get_by_role("button", name="Leave the tour").click()
    play_until_it_asks()
    bet_cell.get_by_label("Seconds from now").fill("1")
    if saved:
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert "00-cable" not in predictions(kept)

    page.reload()
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    bet_cell.locator(".cm-content").scroll_into_view_if_needed()
    if saved:  # the kernel still knows the picture, and it has nothing of the guess that was not made
        asks = re.compile("What will come|Play: at the fault the film stops")
        expect(answer()).to_contain_text(asks, timeout=SLOW_MS)
    else:
        expect(bet_cell.locator(".vrrplab")).to_have_count(0)
    lesson.shot("again")
    for wrong in ("model not found", "Error"):
        expect(bet_cell.locator(".jp-OutputArea", has_text=wrong)).to_have_count(0)
    bet_cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(answer()).to_contain_text("Play: at the fault the film stops", timeout=SLOW_MS)
    lesson.shot("run-again")
    play_until_it_asks()
    expect(bet_cell.get_by_label("Seconds from now")).to_have_value("")
    bet_cell.get_by_label("Seconds from now").fill("1.5")
    bet_cell.get_by_role("button", name="Let it happen").click()
    expect(answer()).to_contain_text("You said 1.5 s. It took 2.66 s", timeout=SLOW_MS)
    lesson.shot("truth")
    entry = predictions(kept)["00-cable"]
    assert (entry["guess"], entry["outcome"]) == (1.5, 2.66)

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    bet_cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(answer()).to_contain_text("Your bet: silent for 1.5 s, until 13.50 s.", timeout=SLOW_MS)
    assert predictions(kept)["00-cable"] == entry


def predictions(kept: Path) -> dict[str, Any]:
    """The guesses that the progress file keeps, by name."""
    if not kept.exists():
        return {}
    return dict(json.loads(kept.read_text(encoding="utf-8")).get("predictions", {}))
