"""The exercises by name, and what a judge may say.

A judge is an ordinary function: it gets the learner's answer, runs it through the simulator, and

* returns a sentence on what happened: the answer passes, or
* raises ``Miss`` with the observation that contradicts it (never with the solution), or
* raises ``NotUnderstood``: the answer is of another kind than what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from vrrplab.errors import VrrplabError, did_you_mean

Judge = Callable[[Any], str]


class Miss(Exception):
    """What the simulation showed, against the answer."""


class NotUnderstood(Exception):
    """What was expected in place of the answer, in one sentence."""


class Exercise(NamedTuple):
    """``name`` begins with its notebook's number; ``task`` in a few words, for the list of progress."""

    name: str
    task: str
    judge: Judge

    @property
    def lesson(self) -> str:
        """The number of the notebook, e.g. ``"04"``."""
        return self.name[:2]


EXERCISES: dict[str, Exercise] = {}


def exercise(name: str, task: str) -> Callable[[Judge], Judge]:
    """Registers the decorated function as the judge of ``name``."""

    def register(judge: Judge) -> Judge:
        if name in EXERCISES:
            raise AssertionError(f"two exercises are called {name}")
        EXERCISES[name] = Exercise(name, task, judge)
        return judge

    return register


def find_exercise(name: object, asked: str = 'check("02-quick", 240)') -> Exercise:
    """The exercise of that name; VrrplabError names the nearest one. ``asked``: a call that is right."""
    if isinstance(name, str) and name in EXERCISES:
        return EXERCISES[name]
    if not isinstance(name, str):
        call = asked.partition("(")[0]
        raise VrrplabError(f"{call}() takes the name of an exercise first, like {asked}")
    hint = did_you_mean(name, EXERCISES) or "progress() lists them"
    raise VrrplabError(f"there is no exercise {name!r}: {hint}")


def in_order() -> None:
    """Put the exercises of a lesson together, whoever registered them."""
    together = sorted(EXERCISES.values(), key=lambda one: one.lesson)
    EXERCISES.clear()
    EXERCISES.update({one.name: one for one in together})
