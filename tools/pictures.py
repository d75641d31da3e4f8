"""The pictures of README: `make pictures` draws them anew from simulation and recordings."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from vrrplab.recording import read_recording  # noqa: E402
from vrrplab.scenario.reader import load_scenario  # noqa: E402
from vrrplab.sim.play import run  # noqa: E402
from vrrplab.views import timeline  # noqa: E402


def main() -> None:
    recording = ROOT / "data" / "recordings" / "article_drill1_eth0_down_up"
    real, simulated = read_recording(recording), run(load_scenario(recording / "scenario.yaml"))
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    timeline.save([real, simulated], str(folder / "drill-1-real-and-simulated.svg"))


if __name__ == "__main__":
    main()
