"""Frames a second and opening times, as the benchmark measures them, against what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.programs import program
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.views.player import trace_text, write_html

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "player.py"


@pytest.fixture(scope="module")
def benchmark() -> Any:
    return program("benchmarks/player.py")


@pytest.mark.alone
@pytest.mark.parametrize(("in_flight", "at_least"), [(500, 57), (2000, 45)])
def test_frames_a_second(
    benchmark: Any, browser: Any, tmp_path: Path, in_flight: int, at_least: float
) -> None:
    page = browser.new_page(viewport={"width": 1240, "height": 860})
    file = tmp_path / "busy.html"
    benchmark.write_html(benchmark.busy_trace(in_flight), file)
    # Another program's turn at the processor is not the player's doing: some try has to be undisturbed.
    tries: list[dict[str, float]] = []
    while len(tries) < 6 and not any(t["frames/s"] >= at_least for t in tries):
        tries.append(benchmark.frames_a_second(page, file))
    page.close()
    assert all(t["in flight"] > 0.9 * in_flight for t in tries)
    assert max(t["frames/s"] for t in tries) >= at_least, tries


@pytest.mark.alone
def test_a_trace_of_20000_events_opens_within_a_second(benchmark: Any, browser: Any, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1240, "height": 860})
    file = tmp_path / "long.html"
    benchmark.write_html(benchmark.long_trace(20_000), file)
    assert min(benchmark.opening_ms(page, file) for _ in range(3)) < 1000
    page.close()


SLOWED = 4
PLAY = """async () => { const p = document.getElementById("player").player; p.seek(10); p.toggle();
    await new Promise((done) => setTimeout(done, 4000)); p.pause(); }"""
REDRAW = """async () => { const p = document.getElementById("player").player; p.seek(7);
    for (let n = 0; n < 7; n++) {
        await new Promise((done) => requestAnimationFrame(() => { p.load(window.lines); done(); }));
        await new Promise((done) => setTimeout(done, 700)); } }"""


@pytest.mark.alone
def test_what_a_frame_and_a_redraw_cost_on_a_slow_machine(
    benchmark: Any, browser: Any, tmp_path: Path
) -> None:
    """Script, style and layout, from the trace of the page's main thread; the processor slowed four times.

    Promised are 25 ms a frame with 500 packets, and 300 ms from a click to the redrawn future, of which
    this is the page's part. The bounds are wider than what is measured.
    """
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    file = tmp_path / "busy.html"
    benchmark.write_html(benchmark.busy_trace(500), file)
    page.goto(file.as_uri())
    page.wait_for_function("document.getElementById('player').player")
    frames = sorted(benchmark.main_thread_ms(browser, page, PLAY, SLOWED))
    middle, most = frames[len(frames) // 2], frames[len(frames) * 19 // 20]
    print(f"a frame: median {middle:.1f} ms, 95 % {most:.1f} ms of {len(frames)}")
    scenario = load_scenario("article-steady").changed(duration_us=60_000_000)
    write_html(run(scenario, frames=True), file, scenario)
    down = {"at_s": 7, "action": "link_down", "server": "proxy-serv01", "interface": "eth0"}
    page.goto(file.as_uri())
    page.wait_for_function("document.getElementById('player').player")
    changed = trace_text(run(scenario.with_actions([down]), frames=True))
    page.evaluate("lines => { window.lines = lines; }", changed)
    redraws = sorted(benchmark.main_thread_ms(browser, page, REDRAW, SLOWED))[-7:]
    print(f"a redraw: {', '.join(f'{ms:.0f}' for ms in redraws)} ms")
    page.close()
    assert len(frames) > 20
    assert middle < 25
    assert redraws[3] < 300
