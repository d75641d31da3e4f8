"""Answers to the lessons' exercises: those of the key, and others that miss.

A ``lesson_…`` module has MISSES: exercise to pairs of an expression and words that its observation must
contain. Expressions may use what NAMES holds.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import vrrplab
from vrrplab.exercises.key import solution
from vrrplab.exercises.lesson_01 import first_advert
from vrrplab.exercises.lesson_12 import web_pair
from vrrplab.exercises.registry import EXERCISES

Misses = dict[str, list[tuple[str, str]]]

NAMES: dict[str, Any] = {
    "at": vrrplab.at,
    "variant": vrrplab.variant,
    "S1": "proxy-serv01",
    "S2": "proxy-serv02",
    "first_advert": first_advert,
    "web_pair": web_pair,
}

_LESSONS = [
    import_module(f"{__name__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("lesson_*.py"))
]
MISSES: Misses = {name: pairs for lesson in _LESSONS for name, pairs in lesson.MISSES.items()}
SOLUTIONS = {name: solution(name) for name in EXERCISES}


def value(expression: str) -> Any:
    """What the expression stands for."""
    return eval(expression, dict(NAMES))


def solved(name: str) -> Any:
    """The answer of the key, made as a teacher would who types it into the notebook."""
    names = {"at": vrrplab.at, "variant": vrrplab.variant}
    exec(SOLUTIONS[name].first, names)
    return eval(SOLUTIONS[name].answer, names)
