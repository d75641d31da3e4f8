"""Three hints an exercise: where to look, the rule, and a case nearby that is worked out.

``lesson_NN`` has those of one notebook, ``puzzles`` those of what is solved in the picture. The case is
never the exercise itself: other numbers, or the other address. What it says of a run, it has from that run:
``case`` is a function that simulates and tells.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

STAGES = ("where to look", "the rule", "a case nearby")


class Hint(NamedTuple):
    """``where`` and ``rule`` are sentences; ``case`` runs the case nearby and says what it did."""

    where: str
    rule: str
    case: Callable[[], str]

    def stage(self, number: int) -> str:
        """The text of stage 0, 1 or 2."""
        return (self.where, self.rule, "")[number] or self.case()


def hints_of(name: str) -> Hint:
    """The hints of an exercise that there is."""
    puzzles: dict[str, Hint] = import_module(f"{__name__}.puzzles").HINTS
    found: Hint = puzzles.get(name) or import_module(f"{__name__}.lesson_{name[:2]}").HINTS[name]
    return found
