"""The puzzles by name: a cluster, a goal, and the verdict on what a learner made of it.

A puzzle is an exercise like any other: ``progress()`` counts it, and ``check(name, answer)`` takes the same
actions or files that are clicked or typed. Those that are clicked are in ``click_puzzles``, those with an
editor in ``repair_puzzles``; ``goal`` is what stands above the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.exercises.attempt import Attempt
from vrrplab.exercises.lesson_00 import actions as as_actions
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import run
from vrrplab.exercises.registry import NotUnderstood, exercise
from vrrplab.notebook.variants import conf, edited_texts
from vrrplab.scenario.edited import with_files
from vrrplab.scenario.model import Scenario
from vrrplab.views.forks import AFTERMATH_US

Verdict = Callable[[Attempt], str]


@dataclass(frozen=True)
class Puzzle:
    """``goal``: what is to be reached, one sentence. ``at_s``: the moment that is shown first.

    ``verdict`` returns what was seen where the goal is reached, or raises Miss with the observation that
    contradicts it. ``edits``: the servers whose files may be rewritten; none: this one is clicked.
    ``rules``: under the editor stands what ``configs(…).check()`` finds within and between the files, too.
    """

    name: str
    task: str
    goal: str
    make: Callable[[], Scenario]
    at_s: float
    verdict: Verdict
    edits: tuple[str, ...] = ()
    rules: bool = False

    def answered(self, answer: Any) -> str:
        """The judge of ``check``: the answer is a list of actions, or new files by server."""
        base = self.make()
        if self.edits:
            changed = self._edited(base, answer)
            return self.verdict(Attempt(base, changed, run(changed), 1))
        given = as_actions(answer, 'at(12, "power_off", server="proxy-serv01")')
        changed = with_aftermath(base.with_actions(given))
        return self.verdict(Attempt(base, changed, run(changed), _clicks(given)))

    def _edited(self, base: Scenario, answer: Any) -> Scenario:
        """Whole files by server, or what to replace in them. Neither opens another file."""
        files = dict(answer) if isinstance(answer, Mapping) else {}
        whole = bool(files) and set(files) <= set(base.servers)
        if not whole or not all(isinstance(text, str) for text in files.values()):
            files = edited_texts(base, edit_table(answer))
        wrong = sorted(set(files) - set(self.edits))
        if wrong:
            raise NotUnderstood(
                f"The file of {wrong[0]} is in order; the goal is reached in that of"
                f" {' or '.join(self.edits)}."
            )
        return with_files(base, files, alone=True)


PUZZLES: dict[str, Puzzle] = {}


def is_puzzle(
    name: str,
    task: str,
    goal: str,
    make: Callable[[], Scenario],
    at_s: float = 10.5,
    edits: Sequence[str] = (),
    rules: bool = False,
) -> Callable[[Verdict], Verdict]:
    """Registers the decorated function as the verdict of a puzzle, and the puzzle as an exercise."""

    def register(verdict: Verdict) -> Verdict:
        one = Puzzle(name, task, goal, make, at_s, verdict, tuple(edits), rules)
        exercise(name, task)(one.answered)
        PUZZLES[name] = one
        return verdict

    return register


def find_puzzle(name: object) -> Puzzle:
    """The puzzle of that name; VrrplabError names the nearest one."""
    if isinstance(name, str) and name in PUZZLES:
        return PUZZLES[name]
    if not isinstance(name, str):
        raise VrrplabError('puzzle() takes the name of a puzzle, like puzzle("00-vanish")')
    told = arguments.short_repr(name)
    hint = did_you_mean(name, PUZZLES) or f"there are {', '.join(PUZZLES)}"
    raise VrrplabError(f"there is no puzzle {told}: {hint}")


def files_of(scenario: Scenario, servers: Sequence[str]) -> dict[str, str]:
    """The text of these servers' files."""
    return {server: conf(server, scenario) for server in servers}


def with_aftermath(scenario: Scenario) -> Scenario:
    """The scenario, long enough for its last action to have an effect: as the picture does it."""
    last_us = max((action.at_us for action in scenario.actions), default=0)
    return scenario.changed(duration_us=max(scenario.duration_us, last_us + AFTERMATH_US))


def _clicks(given: list[dict[str, Any]]) -> int:
    """How many clicks these actions are. A frame that is lost is a fault and its healing, in one click."""
    moments = [float(a["at_s"]) for a in given if isinstance(a.get("at_s"), int | float)]
    healed = [a for a in given if a["action"] == "segment_heal"]
    short = bool(moments) and max(moments) - min(moments) < 0.001
    return len(given) - (len(healed) if short and len(given) == 2 else 0)
