"""Frames a second and opening times, as the benchmark measures them, against what was promised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.programs import program

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
