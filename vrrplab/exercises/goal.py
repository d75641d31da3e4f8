"""Python's side of a puzzle in the picture: every change of the learner is judged from its trace.

A change that is new is a try, and is kept in the progress file; what is undone and done again was judged
before. The other side, which shows what is said here, is ``views/static/goal.js``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from vrrplab.exercises.attempt import Attempt
from vrrplab.exercises.learner import keep_result
from vrrplab.exercises.puzzles import Puzzle, files_of
from vrrplab.exercises.registry import Miss
from vrrplab.exercises.store import store

if TYPE_CHECKING:
    from vrrplab.scenario.model import Scenario
    from vrrplab.trace import Trace
    from vrrplab.views.forks import Forks

Verdict = tuple[str, str]  # open, missed, reached, unclear; what was seen


class Goal:
    """A Companion (``views.conversation``): the goal above the picture."""

    def __init__(self, puzzle: Puzzle, base: Scenario) -> None:
        self.puzzle = puzzle
        self.base = base
        self._seen: WeakKeyDictionary[Trace, Verdict] = WeakKeyDictionary()

    def told(self, forks: Forks) -> dict[str, Any]:
        """The goal, and what the run that is shown says to it."""
        state, said = self._verdict(forks)
        entry = store().read().exercises.get(self.puzzle.name, {})
        return {
            "tour": False,
            "goal": {
                "name": self.puzzle.name,
                "text": self.puzzle.goal,
                "state": state,
                "said": said,
                "passed": entry.get("passed") is True,
                "tries": entry.get("tries", 0),
            },
        }

    def answer(self, forks: Forks, message: dict[str, Any]) -> dict[str, Any] | None:
        """Nothing is asked of a goal: it looks at what was done."""
        return None

    def _verdict(self, forks: Forks) -> Verdict:
        if not forks.changes:
            return "open", self._as_it_is(forks)
        if forks.trace not in self._seen:
            self._seen[forks.trace] = self._judged(self._attempt(forks))
            if self._counts(forks, self._seen[forks.trace]):
                self._count(forks)
        return self._seen[forks.trace]

    def _as_it_is(self, forks: Forks) -> str:
        """What is to be said before anything was changed."""
        return ""

    def _attempt(self, forks: Forks) -> Attempt:
        return Attempt(self.base, forks.scenario, forks.trace, forks.changes)

    def _counts(self, forks: Forks, verdict: Verdict) -> bool:
        """Is the run that is shown a try?"""
        return True

    def _count(self, forks: Forks) -> None:
        """Keep the run that is shown as a try."""
        state, said = self._seen.get(forks.trace, ("unclear", ""))
        if state in ("missed", "reached"):
            kind = "passed" if state == "reached" else "missed"
            done: Any = [action.as_dict() for action in self._attempt(forks).added]
            answer = done or files_of(forks.scenario, self.puzzle.edits)
            self._seen[forks.trace] = state, keep_result(self.puzzle.name, kind, answer, said)

    def _judged(self, attempt: Attempt) -> Verdict:
        try:
            return "reached", self.puzzle.verdict(attempt)
        except Miss as miss:
            return "missed", str(miss)
        except Exception as error:  # the judge did not think of this: our mistake, not the learner's
            return "unclear", f"This run cannot be judged ({type(error).__name__}): go back with undo."
