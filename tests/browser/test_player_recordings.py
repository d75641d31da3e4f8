"""Every fifth recording of real daemons, and its simulation, at two widths: nothing over anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from player_pages import TIDY

from vrrplab.data_files import data_path
from vrrplab.trace import Trace
from vrrplab.views.player import trace_text

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make venv")


def test_recordings_and_their_simulations_look_tidy(file_page: Callable[..., Any]) -> None:
    from vrrplab.recording import read_recording
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.sim.play import run

    pages = {
        width: file_page(Trace([]), viewport={"width": width, "height": 900}, reduced_motion="reduce")
        for width in (600, 1240)
    }
    folders = sorted(path.parent for path in data_path("recordings").glob("*/observed.json"))[::5]
    assert len(folders) >= 20
    for folder in folders:
        recorded = read_recording(folder)
        simulated = run(load_scenario(folder / "scenario.yaml"), frames=True)
        for lines in map(trace_text, (recorded, simulated)):
            for width, page in pages.items():
                assert page.evaluate(TIDY, lines) == [], f"{folder.name}, {width} wide"
