"""The pictures of README: `make pictures` draws them anew, from simulations and recordings.

python tools/pictures.py            draws all of them
python tools/pictures.py --check    exit code 1 if one of those that are quickly drawn is stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.badges import badges  # noqa: E402
from tools.moving_picture import alt_text, picture  # noqa: E402
from vrrplab.recording import read_recording  # noqa: E402
from vrrplab.scenario.reader import load_scenario, scenario_from_text  # noqa: E402
from vrrplab.sim.play import run  # noqa: E402
from vrrplab.trace import Trace  # noqa: E402
from vrrplab.views import timeline  # noqa: E402
from vrrplab.views.style import THEMES  # noqa: E402

README, FOLDER = ROOT / "README.md", ROOT / "docs" / "pictures"


def pulled_cable() -> Trace:
    """What the moving picture shows: the scenario that README gives as its example, simulated."""
    example = re.search(
        r"^```yaml\n(name: cable-pulled\n.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S
    )
    if example is None:
        raise SystemExit("README.md has no scenario 'cable-pulled': the moving picture is drawn from it")
    return run(scenario_from_text(example[1], name="README.md"))


def texts() -> dict[str, str]:
    """Name to text of each picture that this file's neighbours write."""
    trace = pulled_cable()
    pulled = {
        f"cable-pulled-{'still-' if still else ''}{name}.svg": picture(trace, theme, still=still)
        for name, theme in THEMES.items()
        for still in (False, True)
    }
    return pulled | badges()


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        stale = [
            name for name, text in texts().items() if (FOLDER / name).read_text(encoding="utf-8") != text
        ]
        print(*(f"stale: docs/pictures/{name}; make pictures" for name in stale), sep="\n", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"In README, as what the moving picture shows:\n{alt_text(pulled_cable())}")
    recording = ROOT / "data" / "recordings" / "article_drill1_eth0_down_up"
    real, simulated = read_recording(recording), run(load_scenario(recording / "scenario.yaml"))
    for name in THEMES:
        timeline.save(
            [real, simulated],
            str(FOLDER / f"drill-1-real-and-simulated{'' if name == 'light' else '-dark'}.svg"),
            theme=name,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
