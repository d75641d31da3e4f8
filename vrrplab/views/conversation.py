"""What a player asks of Python, and what it is answered: one behaviour wherever Python is behind a page.

A notebook's widget (``cluster``) and the worker of a page (``vrrplab.page``) both hold a Conversation. It
knows the runs so far (``forks``) and who sits beside the picture, and no widget, browser or simulator.

A question is a table: ``do`` says what is wanted.

    break       at_s, actions: [{at_s, action, …}, …]      done to the run that is shown
    undo, redo, reset                                      steps between the runs
    scenario                                               -> scenario: the shown one as YAML
    html        at_s                                       -> name, and a page that plays the shown run
    bet, edit …                                            what somebody beside the picture understands

Each may have a ``number``; the answer has it as ``answers``, and ``note`` or ``error``, a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.units import seconds
from vrrplab.views.explain import explanations
from vrrplab.views.forks import Forks
from vrrplab.views.player import html_text, trace_text

LONGEST_S = 366 * 86_400.0  # no run is longer than a year
INTERRUPTED = "Python was interrupted before this was done. Ask again."


class Companion(Protocol):
    """Python's side of somebody beside the picture: a bet, a goal (its other side: ``static/``)."""

    def told(self, forks: Forks) -> dict[str, Any]:
        """What the page is to know with the run that is shown: goes into ``info``."""

    def answer(self, forks: Forks, message: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to what the page asked; None: this is for somebody else."""


@dataclass(slots=True)
class Reply:
    """``content`` is the answer; ``page`` an HTML file that goes with it. ``info``, ``lines``: what is told
    of the run, or its trace, may be another now.
    """

    content: dict[str, Any]
    page: str = ""
    info: bool = False
    lines: bool = False


class Conversation:
    """``tour``: who never saw a cluster in this browser is shown around."""

    def __init__(self, forks: Forks, companions: Sequence[Companion] = (), tour: bool = True) -> None:
        self.forks = forks
        self._companions = companions
        self._tour = tour

    def lines(self) -> str:
        """The trace of the shown run, as the player reads it."""
        return trace_text(self.forks.trace)

    def told(self) -> dict[str, Any]:
        """What the player is to know beside the trace: its ``info``."""
        forks, at_us = self.forks, self.forks.last_at_us
        told = {
            "can_fork": forks.can_fork,
            "can_undo": forks.can_undo,
            "can_redo": forks.can_redo,
            "can_share": True,
            "fork": forks.title(),
            "fork_at_s": None if at_us is None else seconds(at_us),
            "explain": explanations(forks.scenario),
            "took_s": round(forks.took_s, 3),
            "tour": self._tour,
        }
        return told | self._beside()

    def _beside(self) -> dict[str, Any]:
        return {key: value for one in self._companions for key, value in one.told(self.forks).items()}

    def reply(self, message: Any) -> Reply:
        """The answer to a question of the page. Whatever is wrong with it, the answer is a sentence."""
        return answered(message, self.answer)

    def answer(self, message: Any) -> Reply:
        """The same; VrrplabError for a question that is none, or that cannot be answered."""
        do = message.get("do") if isinstance(message, dict) else None
        if do == "break":
            self.forks.break_it(_actions(message), _moment_s(message))
            return Reply({"note": ""}, info=True, lines=True)
        if do in ("undo", "redo", "reset"):
            getattr(self.forks, do)()
            return Reply({"note": ""}, info=True, lines=True)
        if do == "scenario":
            if self.forks.scenario is None:
                raise VrrplabError("a recording or a capture has no scenario: it was not simulated")
            return Reply({"scenario": self.forks.scenario.to_yaml()})
        if do == "html":
            forks = self.forks
            page = html_text(forks.trace, forks.scenario, _moment_s(message), self._beside())
            return Reply({"name": f"{forks.trace.name or 'trace'}.html"}, page)
        if isinstance(message, dict):
            before = self.forks.trace
            for companion in self._companions:
                if (content := companion.answer(self.forks, message)) is not None:
                    return Reply(content, info=True, lines=self.forks.trace is not before)
        raise VrrplabError(f"the page asked for something unknown: {do!r}")


def answered(message: Any, answer: Callable[[Any], Reply]) -> Reply:
    """What ``answer`` replies, with the question's number; a sentence where it could not."""
    try:
        reply = answer(message)
    except VrrplabError as error:
        reply = Reply({"error": str(error)})
        if isinstance(error, PlacedError) and error.file:
            reply.content |= {"file": error.file, "line": error.line}
    except KeyboardInterrupt:  # without an answer the page would wait for one
        reply = Reply({"error": INTERRUPTED}, info=True, lines=True)
    except Exception as error:  # the page shows it; a traceback would go where nobody looks
        reply = Reply({"error": f"This did not work, and should have: {type(error).__name__}: {error}"})
    if isinstance(message, dict) and "number" in message:
        reply.content["answers"] = message["number"]
    return reply


def _moment_s(message: dict[str, Any]) -> float:
    """The moment that a message of the page is about; none: the beginning."""
    at_s = message.get("at_s")
    try:
        # A second that no run reaches is none (nan is below nothing), nor is what only looks like a number.
        if isinstance(at_s, str | bytes | bool) or not abs(moment_s := float(at_s or 0.0)) < LONGEST_S:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise VrrplabError("the page named a moment that is no number of seconds of a run") from None
    return moment_s


def _actions(message: dict[str, Any]) -> list[Any]:
    actions = message.get("actions") or []
    if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
        raise VrrplabError("what is to be done needs a moment (at_s) and a name (action), in a list")
    return actions
