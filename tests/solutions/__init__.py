"""Solutions of the lessons' exercises, and answers that miss: here, where learners do not come across them.

A ``lesson_NN`` module has SOLUTIONS (exercise to an expression that passes) and MISSES (exercise to pairs of
an expression and words that its observation must contain). Expressions may use what NAMES holds.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import vrrplab
from vrrplab.exercises import lesson_01
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

Misses = dict[str, list[tuple[str, str]]]

NAMES: dict[str, Any] = {
    "at": vrrplab.at,
    "variant": vrrplab.variant,
    "advert_frame": advert_frame,
    "Advertisement": Advertisement,
    "S1": "proxy-serv01",
    "S2": "proxy-serv02",
    "first_advert": lesson_01._first_advert,
}

_LESSONS = [
    import_module(f"{__name__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("lesson_*.py"))
]
SOLUTIONS: dict[str, str] = {name: text for lesson in _LESSONS for name, text in lesson.SOLUTIONS.items()}
MISSES: Misses = {name: pairs for lesson in _LESSONS for name, pairs in lesson.MISSES.items()}


def value(expression: str) -> Any:
    """What the expression stands for."""
    return eval(expression, dict(NAMES))
