"""Ready-made panels of sliders for the lessons: what each one changes, and the scenario it changes.

Without ipywidgets the first picture is shown as a still figure; every lesson also has the same as cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vrrplab import arguments
from vrrplab.exercises.observe import S1
from vrrplab.notebook.simulate import simulate
from vrrplab.notebook.variants import at, variant
from vrrplab.trace import Trace

Values = Mapping[str, float]
ABOUT = "as the sliders say"


def _timers(v: Values) -> Trace:
    interval = f"advert_int {v['advert_int']:g}\n    " if v["version"] == 2 else ""
    interval = interval or f"version 3\n    advert_int {v['advert_int']:g}\n    "
    edit = {
        "priority 255": f"{interval}priority 150",
        "priority 100": f"{interval}priority {v['priority']:.0f}",
    }
    return simulate(
        variant("article-steady", at(v["at_s"], "power_off", server=S1), edit=edit, duration_s=34)
    )


def _weights(v: Values) -> Trace:
    check = f"interval {v['interval']:g}\n    fall {v['fall']:.0f}"
    weight = f"\n    weight {v['weight']:.0f}" if v["weight"] else ""
    edit = {"interval 3": check + weight, "priority 255": f"priority {v['priority']:.0f}"}
    stop = at(12, "service_kill", server=S1, service="squid")
    return simulate(variant("article-steady", stop, edit=edit, duration_s=40, description=ABOUT))


def _loss(v: Values) -> Trace:
    edit = {"advert_int 1": f"advert_int {v['advert_int']:g}"}
    bad = at(10, "segment_fault", segment="lan", loss=v["loss"])
    chosen: dict[str, Any] = {"duration_s": 25, "seed": int(v["seed"]), "description": ABOUT}
    return simulate(variant("lesson-two-routers", bad, edit=edit, **chosen))


# name: what a run is, and (key, label, lowest, highest, step, first value, unit) of each slider
PANELS: dict[str, tuple[Callable[[Values], Trace], list[tuple[Any, ...]]]] = {
    "timers": (
        _timers,
        [
            ("priority", "priority of proxy-serv02", 1, 149, 1, 100),
            ("advert_int", "advert_int", 1, 4, 1, 1, "s"),
            ("version", "VRRP version", 2, 3, 1, 2),
            ("at_s", "power off at", 16, 18, 0.05, 16.5, "s"),  # with the longest interval MASTER at 12.4 s
        ],
    ),
    "weights": (
        _weights,
        [
            ("priority", "priority of the first", 1, 254, 1, 150),
            ("weight", "weight of the check", -100, 100, 1, -20),
            ("interval", "interval", 1, 6, 1, 3, "s"),
            ("fall", "fall", 1, 4, 1, 1),
        ],
    ),
    "loss": (
        _loss,
        [
            ("loss", "packets lost, share", 0.0, 0.6, 0.02, 0.3),
            ("advert_int", "advert_int", 0.05, 1.0, 0.05, 0.1, "s"),
            ("seed", "another random seed", 0, 50, 1, 0),
        ],
    ),
}


def sliders(name: str) -> Any:
    """A panel of the lessons, "timers", "weights" or "loss": move a slider, and the run is made and drawn
    again.

    Without matplotlib the figure is a table; without ipywidgets it stands still. VrrplabError: there is no
    such panel.
    """
    arguments.known(name, "panel", PANELS)
    from vrrplab.views import panels

    run, rows = PANELS[name]
    return panels.show(run, [panels.Control(*row) for row in rows])
