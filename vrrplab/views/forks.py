"""What a learner did to a scenario: changes one after the other, undone and done again.

Holds scenarios and their traces and knows how to have a changed scenario run (``rerun`` is handed in).
The past stays: a change is an action at a moment, and the same seed gives the same trace up to it.
No widget here; ``cluster`` shows what this remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from vrrplab.errors import VrrplabError
from vrrplab.units import SECOND_US, Micros, micros, seconds

if TYPE_CHECKING:
    from vrrplab.trace import Trace

# After a change there should be something to see: at least so much time follows it.
AFTERMATH_US = 20 * SECOND_US
KEPT = 50  # changes that can be undone
NO_CHANGES = "only a simulated run can be changed: this trace is a recording or a capture"


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
    is_edit: bool = False  # the change was made in a file


class Forks:
    """The runs so far. Without ``scenario`` or ``rerun`` there is one, and it can only be looked at."""

    def __init__(self, trace: Trace, scenario: Forkable | None = None, rerun: Rerun | None = None) -> None:
        self._runs = [_Run(scenario, trace, None)]
        self._place = 0
        self._rerun = rerun
        self.last_at_us: Micros | None = (
            None  # where the shown run begins to differ from the one shown before
        )

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
        changed = scenario.with_actions([_checked(action) for action in actions])
        at_us = micros(at_s)
        if changed.duration_us < at_us + AFTERMATH_US:
            changed = changed.changed(duration_us=at_us + AFTERMATH_US)
        self._change(changed, at_us)

    def rewrite(self, changed: Forkable, instead: bool = False) -> None:
        """Run a scenario that differs in its files, from its beginning on, and show that run as a change.

        ``instead``: in the place of the last change, which was not meant to stay. VrrplabError: this trace
        cannot be changed.
        """
        self._change(changed, 0, instead and self.can_undo, is_edit=True)

    def _change(self, changed: Forkable, at_us: Micros, instead: bool = False, is_edit: bool = False) -> None:
        if self._rerun is None:
            raise VrrplabError(NO_CHANGES)
        trace = self._rerun(changed)
        del self._runs[self._place + (0 if instead else 1) :]
        self._runs.append(_Run(changed, trace, at_us, is_edit))
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
        if run.is_edit:
            return f"keepalived.conf edited{more}"
        return f"fork of “{name}” at {seconds(run.fork_at_us or 0):.3f} s{more}"


def _checked(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action as it came from a browser, times rounded to whole microseconds."""
    try:
        at_us = micros(float(action["at_s"]))
        if not isinstance(action["action"], str):
            raise TypeError
    except (KeyError, TypeError, ValueError, OverflowError):
        raise VrrplabError("an action needs a moment (at_s) and a name (action)") from None
    return {**action, "at_s": seconds(max(0, at_us))}
