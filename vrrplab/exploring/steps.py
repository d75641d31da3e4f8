"""A story as the search keeps it: what fails and is mended when, and which promise that breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from vrrplab.exploring.faults import Deed, Fault
from vrrplab.units import Micros

MOST_OF_A_SORT = 256  # stories that are kept of one sort, to choose from


class Step(NamedTuple):
    """A fault, by its number, begins, or is mended."""

    at_us: Micros
    fault: int
    mends: bool

    def deed(self, faults: Sequence[Fault]) -> Deed:
        """The action that it is."""
        fault = faults[self.fault]
        deed = fault.mend if self.mends else fault.breaks
        assert deed is not None
        return deed


Steps = tuple[Step, ...]
Sort = tuple[str, tuple[tuple[int, bool], ...], str]


class Found(NamedTuple):
    """A story that breaks a promise, by its name. ``who``: of whom; ``draws``: how its races ended."""

    promise: str
    who: str
    why: str
    steps: Steps
    at_us: Micros
    draws: tuple[float, ...]

    @property
    def sort(self) -> Sort:
        """Stories of one sort break the same promise of the same, by the same faults and repairs in order."""
        return self.promise, tuple((step.fault, step.mends) for step in self.steps), self.who

    @property
    def length(self) -> tuple[int, int, Micros]:
        """Fewest faults, then fewest actions, then the shortest time."""
        broken = sum(not step.mends for step in self.steps)
        return broken, len(self.steps), self.steps[-1].at_us - self.steps[0].at_us if self.steps else 0


@dataclass(slots=True)
class Harvest:
    """What was found with one first fault."""

    fault: int
    moments: int = 0
    states: int = 0
    forks: int = 0
    endings: int = 0
    broken: int = 0
    found: dict[Sort, list[Found]] = field(default_factory=dict)
    counts: dict[Sort, int] = field(default_factory=dict)
    whole: bool = False  # gone through to the end

    def add(self, story: Found) -> None:
        sort = story.sort
        self.counts[sort] = self.counts.get(sort, 0) + 1
        kept = self.found.setdefault(sort, [])
        if len(kept) < MOST_OF_A_SORT:
            kept.append(story)
