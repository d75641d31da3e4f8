"""The teacher's key: an answer to every exercise that passes, and a sentence why. Not for learners' eyes.

    python -m vrrplab.exercises --key            all of it          --key 04       one lesson
    python -m vrrplab.exercises --key 04-worst   one exercise

``lesson_NN`` has those of one notebook. Nothing that a learner calls imports this, so nobody meets it by
accident; the tests hand every answer in.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.exercises.registry import EXERCISES, Exercise
from vrrplab.output.text_columns import wrap

WIDTH = 100  # columns of the sentences; answers stay as they are typed


class Solution(NamedTuple):
    """``answer``: what is typed in place of the dots, an expression of Python. ``why``: it is right.

    ``first``: imports that the answer needs and the notebook does not have.
    """

    answer: str
    why: str
    first: str = ""


def solution(name: str) -> Solution:
    """The answer to an exercise that there is."""
    found: Solution = import_module(f"{__name__}.lesson_{name[:2]}").SOLUTIONS[name]
    return found


def key_text(wanted: str = "") -> str:
    """The key as text: of one exercise, of a lesson ("04"), or of all. VrrplabError: there is no such."""
    chosen = [one for one in EXERCISES.values() if wanted in ("", one.name, one.lesson)]
    if not chosen:
        known = [*EXERCISES, *dict.fromkeys(one.lesson for one in EXERCISES.values())]
        hint = did_you_mean(wanted, known) or "lessons are called like their notebooks' numbers, as 04"
        raise VrrplabError(f"there is no exercise or lesson {wanted!r}: {hint}")
    return "\n\n".join(_entry(one) for one in chosen)


def _entry(exercise: Exercise) -> str:
    found = solution(exercise.name)
    lines = [*found.first.splitlines(), *found.answer.splitlines()]
    why = "\n".join(wrap(found.why, WIDTH, first="  ", more="  "))
    return "\n".join([f"{exercise.name}  {exercise.task}", *(f"    {line}" for line in lines), why])
