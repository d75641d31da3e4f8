"""What an exploration found, as text of 80 columns, as a page for a notebook, and as scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from vrrplab.exploring.story import Story
from vrrplab.output.page_text import in_columns
from vrrplab.output.text_columns import cut, padded
from vrrplab.scenario.model import Scenario
from vrrplab.tell.words import wrap
from vrrplab.trace.events import ActionEvent, StateEvent
from vrrplab.trace.vocabulary import sentence
from vrrplab.units import seconds

WIDTH = 80
NAME_WIDTH = 48


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one fault as the first: at how many moments it was tried, and how what followed ended."""

    fault: str
    moments: int
    well: int
    broken: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Exploration:
    """What ``explore`` found.

    - ``broken``: a ``Story`` for each way to break a promise, those with the fewest faults first;
    - ``stories``: their scenarios, which ``simulate`` and ``cluster`` play;
    - ``coverage``: for each fault the moments tried, and how what followed ended;
    - ``states``, ``forks``: how much was looked at; ``why_partial``: why not all was, "" when it was.
    """

    scenario: Scenario = field(repr=False)
    faults: int
    within_s: float
    broken: tuple[Story, ...]
    coverage: tuple[Coverage, ...] = field(repr=False)
    states: int
    forks: int
    moments: int
    promises: tuple[tuple[str, str], ...] = field(repr=False)
    patience: str = field(repr=False)
    took_s: float = field(repr=False, compare=False)
    why_partial: str = ""

    @property
    def raised(self) -> tuple[Story, ...]:
        """Stories at which a property of the user's raised an error of its own."""
        return tuple(story for story in self.broken if story.raised)

    @property
    def stories(self) -> list[Scenario]:
        """The shortest way to break each promise, as scenarios."""
        return [story.scenario for story in self.broken]

    @property
    def whole(self) -> bool:
        """Was everything gone through?"""
        return not self.why_partial

    def __str__(self) -> str:
        return "\n".join(lines(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(c.fault)}</td><td>{c.moments}</td><td>{c.well:,}</td><td>{c.broken:,}</td></tr>"
            for c in self.coverage
        )
        told = "".join(in_columns("\n".join(story_lines(s, n))) for n, s in enumerate(self.broken, 1))
        return (
            f"<div><p>{escape(verdict(self))}</p>{told}"
            "<details><summary>coverage</summary><table><tr><th>first fault</th><th>moments</th>"
            f"<th>end well</th><th>end broken</th></tr>{rows}</table></details></div>"
        )


def verdict(found: Exploration) -> str:
    """What came of it, in a sentence or two."""
    faults = "one fault" if found.faults == 1 else f"up to {found.faults} faults"
    what = f"{found.scenario.name}, {faults} within {found.within_s:.1f} s: {found.states:,} states"
    if found.broken:
        count = len({story.promise for story in found.broken})
        end = f"{count} of {len(found.promises)} promises {'is' if count == 1 else 'are'} broken"
    else:
        end = "no promise is broken"
    part = f" - in part only: {found.why_partial}" if found.why_partial else ""
    return f"{what}, {end}{part}."


def lines(found: Exploration) -> Iterator[str]:
    """All of it, for a terminal."""
    yield from wrap(verdict(found), WIDTH)
    yield ""
    yield "Promises, with the time that this cluster's own intervals allow:"
    kept = {story.promise for story in found.broken}
    for name, words in found.promises:
        state = "broken" if name in kept else "kept" if found.whole else "kept so far"
        yield from _hanging(f"  {padded(state, 12)}", words)
    for number, story in enumerate(found.broken, 1):
        yield ""
        yield from story_lines(story, number)
    yield ""
    yield f"{padded('first fault', NAME_WIDTH)}{'moments':>8}{'end well':>11}{'broken':>9}"
    for row in found.coverage:
        part = "" if row.whole or not row.moments else " …"
        name = padded(cut(row.fault, NAME_WIDTH - 1), NAME_WIDTH)
        yield f"{name}{row.moments:>8}{row.well:>11,}{row.broken:>9,}{part}"


def story_lines(story: Story, number: int) -> Iterator[str]:
    """One story: what is done, who becomes what, who gets no answer."""
    yield from wrap(f"{number}. Broken: {story.sentence}", WIDTH, "   ")
    moments = [action.at_us for action in story.scenario.actions]  # none: it is broken though nothing fails
    first_us, last_us = (moments[0], moments[-1]) if moments else (0, 0)
    trace = story.play()
    rows: list[tuple[int, str]] = []
    for event in trace:
        if event.t_us < first_us:
            continue
        if isinstance(event, ActionEvent):
            rows.append((event.t_us, sentence(event.content)))
        elif isinstance(event, StateEvent) and event.t_us <= max(story.at_us, last_us + 1):
            rows.append((event.t_us, f"{event.server} {event.instance} {event.from_} → {event.to}"))
    for t_us, words in rows:
        yield from _hanging(f"   {seconds(t_us):9.3f} s  ", words)
    yield from _hanging(f"   {seconds(story.at_us):9.3f} s  ", story.why)
    if story.out_us:
        yield f"               {seconds(story.out_us):.1f} s without an answer"
    if story.also:
        yield f"   {story.also:,} more like it, by the same kind of fault"
    if not story.confirmed:
        yield "   (as the search has it; it was not run again)"


def _hanging(before: str, words: str) -> Iterator[str]:
    """Words in a column of their own, behind what stands before them."""
    first, *more = wrap(words, WIDTH - len(before))
    yield f"{before}{first}"
    yield from (" " * len(before) + line for line in more)
