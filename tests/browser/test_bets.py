"""The bet in a real browser: by mouse, by keys alone, in a file without Python, and with Python behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.player_pages import DRILL, PLAYER, choose, moment, reload, seek, simulated, thing

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")
expect = sync_api.expect

VIP = "192.168.2.101"
# What the page shows or says to anybody: texts, labels, titles; not what is inside its scripts.
SEEN = """() => {
  const all = [document.querySelector(".vrrplab"), ...document.querySelectorAll(".vrrplab *")];
  const names = ["title", "aria-label", "aria-valuetext"];
  return all.flatMap((x) => names.map((name) => x.getAttribute(name)))
    .concat(document.querySelector(".vrrplab").textContent).filter(Boolean).join("\\n");
}"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


def panel(page: Any) -> Any:
    return page.get_by_label("Your bet", exact=True)


def mark(page: Any) -> Any:
    return page.get_by_role("slider", name="Until when will .101 be silent?")


def go_on(page: Any) -> None:
    page.get_by_role("button", name="Let it happen").click()


def watch(page: Any) -> None:
    """Until the truth has been seen, at ten times the speed."""
    page.evaluate(f"{PLAYER}.setSpeed(10)")
    expect(panel(page)).to_contain_text("You said", timeout=30_000)


@pytest.fixture
def film(file_page: Callable[..., Any]) -> Any:
    """The drill as a file, in the hands of who has asked for nothing."""
    return file_page(simulated(), asks=True)


@pytest.fixture
def lesson(live_page: Callable[..., Any]) -> Callable[..., Any]:
    """A bet with Python behind it."""

    def open_lesson(**options: Any) -> Any:
        from vrrplab.exercises import bet

        return live_page(bet("00-cable", DRILL), **options)

    return open_lesson


def test_by_mouse_the_film_stops_asks_and_goes_on_to_the_truth(film: Any) -> None:
    seek(film, 11.5)
    film.get_by_role("button", name="Play (space)").click()
    expect(panel(film)).to_contain_text("12.000 s: eth0 of serv01 is set down.")
    assert moment(film) == 12
    expect(thing(film, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")

    box = mark(film).bounding_box()
    film.mouse.click(box["x"] + 12 + (box["width"] - 24) * 5 / 20, box["y"] + box["height"] / 2)
    said = float(film.get_by_label("Seconds from now").input_value())
    assert 4.8 < said < 5.2
    go_on(film)
    expect(panel(film)).to_contain_text("And who will have it?")
    thing(film, "server proxy-serv02").click(position={"x": 40, "y": 20})
    expect(thing(film, "server proxy-serv02")).to_have_attribute("data-bet", "yes")
    expect(film.get_by_role("menu")).to_be_hidden()
    go_on(film)
    assert film.evaluate(f"{PLAYER}.playing")
    watch(film)
    expect(panel(film)).to_contain_text(
        f"You said {said:g} s. It took 2.66 s: three adverts that did not come, and the skew"
    )
    expect(panel(film)).to_contain_text("You said serv02, and so it is")
    expect(film.locator(".vl-lanes .vl-bet-sign")).to_have_count(1)
    expect(film.locator(".vl-lanes .vl-truth-sign")).to_have_count(1)
    expect(film.locator(".vl-slider .vl-truth-sign")).to_have_count(1)
    assert moment(film) > 12


def test_until_then_nothing_gives_the_future_away(film: Any) -> None:
    for act in ("seek(20)", "step(1)", "jump(1)", "seek(32)"):
        film.evaluate(f"{PLAYER}.{act}")
        assert moment(film) == 12, act
    for key in ("End", "ArrowRight", "Shift+ArrowRight", " "):
        film.keyboard.press(key)
    film.wait_for_timeout(300)
    assert moment(film) == 12
    for log in ("packets", "daemon", "story"):
        film.get_by_label("What the log shows").select_option(log)
        seen = film.evaluate(SEEN)
        for word in ("14.6", "2.66", "22.000", "goes down and comes back", "FAULT", "no answer", "lost 0"):
            assert word not in seen, word
    assert film.evaluate(f"{PLAYER}.model.changes.filter((c) => c.t >= 12).length") == 0
    expect(film.locator(".vl-slider .vl-tick")).to_have_count(1)
    expect(film.locator(".vl-lanes .vl-gap")).to_have_count(0)
    expect(film.locator(".vl-bet-veil")).to_have_count(1)


def test_no_tour_is_offered_while_a_question_is_open(film: Any) -> None:
    tour = film.get_by_role("button", name="Tour", exact=True)
    expect(tour).to_be_visible()
    seek(film, 20)
    expect(tour).to_be_hidden()
    film.get_by_role("button", name="Skip", exact=True).click()
    expect(tour).to_be_visible()


def test_until_then_the_log_ends_at_the_moment_that_is_shown(film: Any) -> None:
    film.get_by_label("What the log shows").select_option("packets")
    rows = film.locator(".vl-row:visible")
    for t in (5, 9, 3):
        seek(film, t)
        said = [float(when) for when in rows.locator(".vl-when").all_inner_texts()]
        assert said
        assert t - 1.1 < max(said) <= t
    seek(film, 12)
    expect(rows.filter(has_text="eth0 of serv01 is set down")).to_have_count(1)
    film.get_by_role("button", name="Skip", exact=True).click()
    film.evaluate(f"{PLAYER}.pause()")
    seek(film, 12)
    expect(film.locator(".vl-row.vl-later:visible")).not_to_have_count(0)


def test_the_lanes_and_the_slider_take_the_mark(film: Any) -> None:
    seek(film, 20)
    lanes = film.locator(".vl-lanes").bounding_box()
    x = film.evaluate(f"{PLAYER}.lanes.x(17)")
    film.mouse.click(lanes["x"] + x, lanes["y"] + 40)
    assert abs(float(film.get_by_label("Seconds from now").input_value()) - 5) < 0.2
    slider = film.locator(".vl-slider").bounding_box()
    x = film.evaluate(f"{PLAYER}.transport.x(14)")
    film.mouse.click(slider["x"] + x, slider["y"] + slider["height"] / 2)
    assert abs(float(film.get_by_label("Seconds from now").input_value()) - 2) < 0.2
    assert moment(film) == 12


def test_by_keys_alone(film: Any) -> None:
    film.keyboard.press("Home")
    for _ in range(40):
        if moment(film) == 12:
            break
        film.keyboard.press("Shift+ArrowRight")
    expect(mark(film)).to_be_focused()
    expect(film.locator(".vl-spoken")).to_contain_text("eth0 of serv01 is set down")
    for key in ("PageUp", "PageUp", "ArrowRight", "ArrowLeft", "ArrowUp"):
        film.keyboard.press(key)
    expect(mark(film)).to_have_attribute("aria-valuetext", "2.1 seconds, until 14.10 s")
    film.keyboard.press("Tab")
    expect(film.get_by_label("Seconds from now")).to_be_focused()
    film.keyboard.press("Control+A")
    film.keyboard.type("2,5")
    expect(mark(film)).to_have_attribute("aria-valuetext", "2.5 seconds, until 14.50 s")
    for _ in range(2):
        film.keyboard.press("Tab")
    expect(film.get_by_role("button", name="serv02", exact=True)).to_be_focused()
    film.keyboard.press("Enter")
    expect(film.get_by_role("button", name="serv02", exact=True)).to_have_attribute("aria-pressed", "true")
    for _ in range(3):
        film.keyboard.press("Tab")
    expect(film.get_by_role("button", name="Let it happen")).to_be_focused()
    film.keyboard.press("Enter")
    expect(film.locator(".vl-transport button").nth(3)).to_be_focused()
    watch(film)
    expect(panel(film)).to_contain_text("You said 2.5 s. It took 2.66 s")
    expect(film.locator(".vl-spoken")).to_contain_text("It took 2.66 s")


def test_skip_shows_all_and_goes_on(film: Any) -> None:
    seek(film, 20)
    film.get_by_role("button", name="Skip", exact=True).click()
    expect(panel(film)).to_be_hidden()
    assert film.evaluate(f"{PLAYER}.playing")
    film.evaluate(f"{PLAYER}.pause()")
    seek(film, 30)
    assert moment(film) == 30
    expect(film.locator(".vl-slider .vl-tick")).to_have_count(2)


def test_the_switch_is_kept(film: Any) -> None:
    switch = film.get_by_role("button", name="Ask me")
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(panel(film)).to_contain_text("What follows 12.000 s is hidden")
    film.get_by_role("button", name="Show everything").click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    seek(film, 20)
    assert moment(film) == 20
    reload(film)
    film.wait_for_function(PLAYER)
    expect(film.get_by_role("button", name="Ask me")).to_have_attribute("aria-pressed", "false")
    film.get_by_role("button", name="Ask me").click()
    expect(film.locator(".vl-bet-veil")).to_have_count(1)


def test_two_faults_are_two_questions(file_page: Callable[..., Any]) -> None:
    page = file_page(simulated("lesson-three-routers"), asks=True)
    seek(page, 25)
    assert moment(page) == 8
    expect(page.get_by_role("slider", name="Until when")).to_have_count(0)
    page.get_by_role("button", name="r2", exact=True).click()
    go_on(page)
    expect(panel(page)).to_contain_text("Go to the truth What follows 16.000 s is hidden")
    seek(page, 25)
    assert moment(page) == 16
    page.get_by_role("button", name="nobody", exact=True).click()
    go_on(page)
    watch(page)
    expect(panel(page)).to_contain_text("You said nobody. r3 has it")


def test_a_bet_with_python_is_kept_and_shown_again(lesson: Callable[..., Any], file: Path) -> None:
    page = lesson()
    assert moment(page) == 9
    expect(panel(page)).to_contain_text("Play: at the fault the film stops")
    seek(page, 20)
    page.get_by_label("Seconds from now").fill("1")
    page.get_by_role("button", name="serv01", exact=True).click()
    go_on(page)
    watch(page)
    expect(panel(page)).to_contain_text("You said 1 s. It took 2.66 s")
    kept = json.loads(file.read_text())["predictions"]
    assert (kept["00-cable"]["guess"], kept["00-cable-who"]["guess"]) == (1, "proxy-serv01")
    page.reload()
    page.wait_for_function(f"{PLAYER}?.model")
    expect(panel(page)).to_contain_text("Your bet: silent for 1 s, until 13.00 s, then serv01.")
    seek(page, 20)
    expect(panel(page)).to_contain_text("You said 1 s. It took 2.66 s")


def test_reloaded_in_the_middle_it_asks_again(lesson: Callable[..., Any], file: Path) -> None:
    page = lesson()
    seek(page, 20)
    page.get_by_label("Seconds from now").fill("1")
    page.reload()
    page.wait_for_function(f"{PLAYER}?.model")
    assert not file.exists()
    seek(page, 20)
    assert moment(page) == 12
    expect(page.get_by_label("Seconds from now")).to_have_value("")


def test_two_views_of_one_bet_agree(lesson: Callable[..., Any]) -> None:
    page = lesson()
    page.evaluate(
        "() => { const el = document.createElement('div'); document.body.append(el); window.second = el;"
        " window.vrrplabParts.render({ model: window.model, el }); }"
    )
    first, second = page.locator(".vrrplab").nth(0), page.locator(".vrrplab").nth(1)
    page.evaluate("() => window.second.player.seek(20)")
    seek(page, 20)
    expect(second.get_by_role("button", name="Let it happen")).to_be_visible()
    first.get_by_label("Seconds from now").fill("1")
    first.get_by_role("button", name="serv01", exact=True).click()
    first.get_by_role("button", name="Let it happen").click()
    expect(second.get_by_label("Your bet", exact=True)).to_contain_text("Your bet: silent for 1 s")
    second.get_by_role("button", name="Go to the truth").click()
    expect(second.get_by_label("Your bet", exact=True)).to_contain_text("You said 1 s. It took 2.66 s")


def test_a_fault_of_ones_own_while_the_film_runs_is_asked_about(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", asks=True)
    seek(page, 4)
    page.get_by_role("button", name="Play (space)").click()
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(panel(page)).to_contain_text("eth0 of serv01 is set down. What will come?")
    here = moment(page)
    expect(thing(page, "nic proxy-serv01 eth0")).to_have_attribute("data-state", "down")
    page.wait_for_timeout(300)
    assert moment(page) == here, "the film waits"
    page.get_by_label("Seconds from now").fill("3")
    page.get_by_role("button", name="serv02", exact=True).click()
    go_on(page)
    watch(page)
    expect(panel(page)).to_contain_text("You said 3 s. It took")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(0)
    expect(panel(page)).to_be_hidden()
    page.get_by_role("button", name="Do it again").click()
    expect(page.locator(".vl-tag-fork")).to_have_count(1)
    expect(panel(page)).to_contain_text("You said 3 s. It took")


def test_what_is_done_again_is_asked_again(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", asks=True)
    seek(page, 8)
    page.get_by_role("button", name="Play (space)").click()
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(panel(page)).to_contain_text("What will come?")
    page.keyboard.press("Control+z")
    expect(panel(page)).to_be_hidden()
    page.keyboard.press("Control+y")
    expect(panel(page)).to_contain_text("What will come?")


def test_who_stands_still_and_breaks_something_only_looks(live_page: Callable[..., Any]) -> None:
    page = live_page("article-steady", asks=True)
    seek(page, 4)
    choose(page, "nic proxy-serv01 eth0", "Set eth0 down")
    expect(page.locator(".vl-tag-fork")).to_be_visible()
    expect(panel(page)).to_be_hidden()
    seek(page, 12)
    assert moment(page) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_all_can_be_touched(file_page: Callable[..., Any], scheme: str) -> None:
    page = file_page(
        simulated(), asks=True, viewport={"width": 390, "height": 844}, has_touch=True, color_scheme=scheme
    )
    seek(page, 20)
    for target in page.locator(".vl-bet button, .vl-bet input, .vl-bet-strip").all():
        box = target.bounding_box()
        link = "vl-link" in (target.get_attribute("class") or "")
        assert min(box["width"], box["height"]) >= (24 if link else 44), target.inner_text()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
