"""Exercises that are solved in the picture: a cluster, a goal above it, and a judge of every change.

puzzle("00-vanish")                                    the cluster, to be clicked on
puzzle("00-vanish", actions=[at(12, "power_off", …)])  the same where no widget runs, or typed
puzzle("05-weight", files={"proxy-serv01": "…"})       a puzzle whose files are edited
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from vrrplab.errors import VrrplabError
from vrrplab.exercises.goal import Goal
from vrrplab.exercises.learner import check
from vrrplab.exercises.messages import Message
from vrrplab.exercises.puzzles import Puzzle, find_puzzle
from vrrplab.exercises.repair import Repair
from vrrplab.notebook.cluster import runs_with_frames
from vrrplab.notebook.replacements import Edit
from vrrplab.views.cluster import StillCluster, show_cluster

if TYPE_CHECKING:
    from vrrplab.trace import Trace


def puzzle(
    name: str,
    *,
    actions: Sequence[dict[str, Any]] | None = None,
    files: Mapping[str, str] | Edit | None = None,
) -> Any:
    """A cluster with a goal above it. Break it, or mend it, until the goal says "reached".

    ``name``: as the notebook gives it. In a notebook the result shows itself, and what is reached counts as
    a passed exercise. Where no widget runs, or to type the answer:

    - ``actions``: what is to be done, each as ``at`` makes it;
    - ``files``: of a puzzle that has an editor: new keepalived.conf files by server, or what to replace in
      them, ``"proxy-serv01: weight -20 -> weight -60"``, several as a list.

    With one of them the answer is told in words, like that of ``check``. VrrplabError: there is no such
    puzzle, or it is solved in the other way.
    """
    wanted = find_puzzle(name)
    if actions is not None or files is not None:
        return _typed(wanted, actions, files)
    return _shown(wanted)


def _typed(
    wanted: Puzzle, actions: Sequence[dict[str, Any]] | None, files: Mapping[str, str] | Edit | None
) -> Message:
    if wanted.edits and actions is not None:
        raise VrrplabError(f"{wanted.name} is solved in its files: give files=, not actions=")
    if not wanted.edits and files is not None:
        raise VrrplabError(f"{wanted.name} is solved by what you do to it: give actions=, not files=")
    return check(wanted.name, files if wanted.edits else actions)


def _shown(puzzle: Puzzle) -> Any:
    """The widget; where none can run, a still picture with the goal and how to answer it."""
    base: Any = puzzle.make()
    run = runs_with_frames()
    trace = run(base)
    shown = show_cluster(trace, base, run, puzzle.at_s, [(Repair if puzzle.edits else Goal)(puzzle, base)])
    return StillPuzzle(trace, puzzle.at_s, puzzle) if isinstance(shown, StillCluster) else shown


class StillPuzzle(StillCluster):
    """A puzzle for a notebook without widgets, or a terminal: goal, picture, and how to answer."""

    def __init__(self, trace: Trace, at_s: float, puzzle: Puzzle) -> None:
        super().__init__(trace, at_s)
        self._puzzle = puzzle

    @property
    def _how(self) -> str:
        name = self._puzzle.name
        if self._puzzle.edits:
            return f'puzzle("{name}", files="{self._puzzle.edits[0]}: old words -> new words")'
        return f'puzzle("{name}", actions=[at(12, "…", server="…")])'

    def _repr_html_(self) -> str:
        goal = f"<p><b>Goal</b> {escape(self._puzzle.goal)}</p>"
        return f"{goal}{super()._repr_html_()}<p>Answer it as <code>{escape(self._how)}</code>.</p>"

    def __repr__(self) -> str:
        return f"Goal: {self._puzzle.goal}\n{super().__repr__()}\nAnswer it as {self._how}"
