"""Every fifth recording of real daemons, and its simulation, at two widths: nothing over anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from player_pages import PLAYER

from vrrplab.data_files import data_path
from vrrplab.trace import Trace
from vrrplab.views.player import trace_text

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'vrrplab[dev]'")

# Texts that leave their picture, or lie over another text of it, at any of seven moments.
_LOOK = f"""
(lines) => {{
  const player = {PLAYER}, bad = new Set();
  player.load(lines);
  for (const share of [0, 0.1, 0.3, 0.45, 0.6, 0.8, 1]) {{
    player.seek(player.model.end * share);
    const texts = [...document.querySelectorAll(".vl-svg text, .vl-lanes text")].filter((x) => x.textContent);
    const boxes = texts.map((x) => [x, x.getBoundingClientRect(), x.ownerSVGElement.getBoundingClientRect()]);
    boxes.forEach(([x, a, b], n) => {{
      const beside = a.left < b.left - 1 || a.right > b.right + 1;
      if (beside || a.top < b.top - 1 || a.bottom > b.bottom + 1) bad.add(`outside: ${{x.textContent}}`);
      for (const [y, c] of boxes.slice(n + 1)) {{
        const wide = Math.min(a.right, c.right) - Math.max(a.left, c.left);
        const high = Math.min(a.bottom, c.bottom) - Math.max(a.top, c.top);
        if (x.ownerSVGElement === y.ownerSVGElement && wide > 2 && high > 4) {{
          bad.add(`over each other: ${{x.textContent}}, ${{y.textContent}}`);
        }}
      }}
    }});
  }}
  player.step(1);
  player.jump(-1);
  return [...bad];
}}
"""


@pytest.mark.parametrize("width", [600, 1240])
def test_recordings_and_their_simulations_look_tidy(file_page: Callable[..., Any], width: int) -> None:
    from vrrplab.recording import read_recording
    from vrrplab.scenario.reader import load_scenario
    from vrrplab.sim.world import run

    viewport = {"width": width, "height": 900}
    page = file_page(Trace([]), viewport=viewport, reduced_motion="reduce")
    folders = sorted(path.parent for path in data_path("recordings").glob("*/observed.json"))[::5]
    assert len(folders) >= 20
    for folder in folders:
        recorded = read_recording(folder)
        simulated = run(load_scenario(folder / "scenario.yaml"), frames=True)
        for trace in (recorded, simulated):
            assert page.evaluate(_LOOK, trace_text(trace)) == [], folder.name
