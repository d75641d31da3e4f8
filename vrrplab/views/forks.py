"""What a learner did to a scenario: changes one after the other, undone and done again.

Holds scenarios and their traces and knows how to have a changed scenario run (``rerun`` is handed in).
The past stays: a change is an action at a moment, and the same seed gives the same trace up to it.
No widget here; ``cluster`` shows what this remembers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from vrrplab.errors import VrrplabError
from vrrplab.trace.events import as_table
from vrrplab.trace.vocabulary import Act, sentence
from vrrplab.units import SECOND_US, Micros, micros, seconds

if TYPE_CHECKING:
    from vrrplab.trace import Trace

# After a change there should be something to see: at least so much time follows it.
AFTERMATH_US = 20 * SECOND_US
KEPT = 50  # changes that can be undone
NO_CHANGES = "only a simulated run can be changed: this trace is a recording or a capture"
TOLD = 3  # changes that a description names; those before are counted
_INSTANT_US = 10  # a network that is whole again after so long lost one frame


class Forkable(Protocol):
    """A scenario, as far as changing it needs: immutable, every change gives a new one."""

    @property
    def name(self) -> str: ...
    @property
    def duration_us(self) -> Micros: ...
    def with_actions(self, actions: Sequence[Mapping[str, Any]]) -> Self: ...
    def changed(self, **changes: Any) -> Self: ...
    def to_yaml(self) -> str: ...


Rerun = Callable[[Any], "Trace"]


class _Run(NamedTuple):
    scenario: Forkable | None
    trace: Trace
    fork_at_us: Micros | None  # the moment of the change that led here; None: the scenario as it was
    changes: tuple[str, ...] = ()  # what was changed, in words, the last one at the end


class Forks:
    """The runs so far. Without ``scenario`` or ``rerun`` there is one, and it can only be looked at."""

    def __init__(
        self,
        trace: Trace,
        scenario: Forkable | None = None,
        rerun: Rerun | None = None,
        took_s: float = 0.0,
    ) -> None:
        self._runs = [_Run(scenario, trace, None)]
        self._place = 0
        self._rerun = rerun
        self.took_s = took_s  # how long the last run took: what to expect of the next
        # Where the shown run begins to differ from the one shown before; None: nothing was changed yet.
        self.last_at_us: Micros | None = None

    @property
    def trace(self) -> Trace:
        """The run that is shown."""
        return self._runs[self._place].trace

    @property
    def scenario(self) -> Any:
        """The scenario of the shown run, all changes included; None for a recording or a capture."""
        return self._runs[self._place].scenario

    @property
    def can_fork(self) -> bool:
        return self._rerun is not None and self._runs[0].scenario is not None

    @property
    def can_undo(self) -> bool:
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        return self._place + 1 < len(self._runs)

    @property
    def changes(self) -> int:
        """How many changes led to the shown run."""
        return self._place

    def break_it(self, actions: Sequence[Mapping[str, Any]], at_s: float) -> None:
        """Run the shown scenario again with these actions (each with ``at_s``) and show that run.

        VrrplabError: this trace cannot be changed, or an action is not possible in this scenario.
        """
        scenario = self.scenario
        if scenario is None:
            raise VrrplabError(NO_CHANGES)
        checked = [_checked(action) for action in actions]
        changed = scenario.with_actions(checked)
        at_us = micros(at_s)
        if changed.duration_us < at_us + AFTERMATH_US:
            changed = changed.changed(duration_us=at_us + AFTERMATH_US)
        self._change(changed, at_us, _change_in_words(checked, self.trace))

    def rewrite(self, changed: Forkable, words: str, instead: bool = False) -> None:
        """Run a scenario that differs in its files, from its beginning on, and show that run as a change.

        ``words``: the change, for descriptions. ``instead``: it takes the place of the last change, which
        was not meant to stay. VrrplabError: this trace cannot be changed.
        """
        if instead and self.can_undo:
            self._place -= 1
            try:
                self._change(changed, 0, words)
            except BaseException:
                self._place += 1
                raise
        else:
            self._change(changed, 0, words)

    def _change(self, changed: Forkable, at_us: Micros, words: str) -> None:
        if self._rerun is None:
            raise VrrplabError(NO_CHANGES)
        told = (*self._runs[self._place].changes, words)
        changed = changed.changed(description=_description(told))
        began_s = time.perf_counter()
        trace = self._rerun(changed)
        self.took_s = time.perf_counter() - began_s
        del self._runs[self._place + 1 :]
        self._runs.append(_Run(changed, trace, at_us, told))
        if len(self._runs) > KEPT + 1:
            del self._runs[1]
        self._place = len(self._runs) - 1
        self.last_at_us = at_us

    def undo(self) -> None:
        """Back to the run before the last change; nothing happens at the first one."""
        if self.can_undo:
            self.last_at_us = self._runs[self._place].fork_at_us
            self._place -= 1

    def redo(self) -> None:
        """Forward to the run that was undone."""
        if self.can_redo:
            self._place += 1
            self.last_at_us = self._runs[self._place].fork_at_us

    def reset(self) -> None:
        """Show the scenario as it was; the changes can still be done again."""
        if self.can_undo:
            moments = [run.fork_at_us for run in self._runs[1 : self._place + 1]]
            self.last_at_us = min(moment for moment in moments if moment is not None)
            self._place = 0

    def title(self) -> str:
        """What the shown run is a fork of, or ""."""
        if not self.can_undo:
            return ""
        first, run = self._runs[0].scenario, self._runs[self._place]
        name = first.name if first is not None else ""
        more = f", {self._place} changes" if self._place > 1 else ""
        if not run.fork_at_us:
            return f"changed from the start{more}"
        return f"fork of “{name}” at {seconds(run.fork_at_us):.3f} s{more}"


def _description(changes: Sequence[str]) -> str:
    """What a changed run is about: its changes; what the scenario said of itself may no longer be true."""
    more = len(changes) - TOLD
    before = f"{more} more before, " if more > 0 else ""
    return f"Changed: {before}{', '.join(changes[-TOLD:])}"


def _change_in_words(actions: Sequence[Mapping[str, Any]], trace: Trace) -> str:
    """e.g. "eth0 of r1 is set down at 3.000 s"."""
    if _loses_a_frame(actions):
        return f"what network {actions[0].get('segment')} carries at {actions[0]['at_s']:.3f} s is lost"
    servers = as_table(trace.scenario.get("servers"))
    said = [
        f"{sentence(action, str(as_table(servers.get(str(action.get('server')))).get('daemon') or ''))}"
        f" at {action['at_s']:.3f} s"
        for action in actions
    ]
    return ", ".join(said)


def _loses_a_frame(actions: Sequence[Mapping[str, Any]]) -> bool:
    if [action["action"] for action in actions] != [Act.SEGMENT_FAULT, Act.SEGMENT_HEAL]:
        return False
    return micros(actions[1]["at_s"]) - micros(actions[0]["at_s"]) <= _INSTANT_US


def _checked(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action as it came from a browser, times rounded to whole microseconds."""
    try:
        at_us = micros(float(action["at_s"]))
        if not isinstance(action["action"], str):
            raise TypeError
    except (KeyError, TypeError, ValueError, OverflowError):
        raise VrrplabError("an action needs a moment (at_s) and a name (action)") from None
    return {**action, "at_s": seconds(max(0, at_us))}
