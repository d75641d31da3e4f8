"""The course as one learner has walked it: lessons, their exercises and guesses, and what became of each.

Whoever shows progress asks here: the map in a notebook, the list in a terminal, the page for the printer.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple

from vrrplab.data_files import lessons_root
from vrrplab.errors import VrrplabError
from vrrplab.exercises.guesses import GUESSES, WHO, in_words
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.store import Entry, Progress

# What can have become of an exercise or a guess. ``DONE``: passed, or seen what happened.
OPEN, TRIED, DONE = "open", "tried", "done"


class Mark(NamedTuple):
    """An exercise or a guess: its name, what it is about, its state, and the rest of it in words.

    ``tries`` and ``hints`` of an exercise; ``close`` of a guess: it was near what happened.
    """

    name: str
    about: str
    state: str
    told: str
    tries: int = 0
    hints: int = 0
    close: bool = False


class Lesson(NamedTuple):
    """A notebook: its number, its name in words, and what is in it."""

    number: str
    title: str
    exercises: list[Mark]
    guesses: list[Mark]


class Course(NamedTuple):
    """All of it."""

    lessons: list[Lesson]
    others: list[Mark]  # guesses of names that no lesson has

    @property
    def exercises(self) -> list[Mark]:
        return [mark for lesson in self.lessons for mark in lesson.exercises]

    @property
    def guesses(self) -> list[Mark]:
        return [mark for lesson in self.lessons for mark in lesson.guesses]

    def summary(self) -> str:
        """How far, in a line: what is passed, and what was guessed."""
        passed = sum(mark.state == DONE for mark in self.exercises)
        line = f"{passed} of {len(self.exercises)} exercises passed"
        made = [mark for mark in [*self.guesses, *self.others] if mark.state != OPEN]
        seen = [mark for mark in made if mark.state == DONE]
        if not made:
            return line
        close = sum(mark.close for mark in seen)
        guesses = "1 guess" if len(made) == 1 else f"{len(made)} guesses"
        return f"{line}; {guesses}, {len(seen)} compared, {close} of them close"

    def next(self) -> Mark | None:
        """The exercise to go on with: one that was tried, else the first open one; None: all are passed."""
        left = [mark for mark in self.exercises if mark.state != DONE]
        return next((mark for mark in left if mark.state == TRIED), left[0] if left else None)


def course_of(progress: Progress) -> Course:
    """The course with what is known of this learner."""
    lessons = {number: Lesson(number, title, [], []) for number, title in titles().items()}
    for exercise in EXERCISES.values():
        entry = progress.exercises.get(exercise.name, {})
        lessons[exercise.lesson].exercises.append(_exercise(exercise.name, exercise.task, entry))
    known = set(GUESSES) | {name + WHO for name in GUESSES}
    for name in GUESSES:
        lessons[name[:2]].guesses.append(_guess(name, progress.predictions.get(name, {})))
        if progress.predictions.get(name + WHO):
            lessons[name[:2]].guesses.append(_guess(name + WHO, progress.predictions[name + WHO]))
    others = [
        _guess(name, entry)
        for name, entry in progress.predictions.items()
        if name not in known and "guess" in entry
    ]
    return Course([one for one in lessons.values() if one.exercises or one.guesses], others)


@cache
def titles() -> dict[str, str]:
    """Lesson number to the name of its notebook, in words; only the numbers where there are no notebooks."""
    found = {exercise.lesson: "" for exercise in EXERCISES.values()}
    try:
        names = sorted(os.listdir(lessons_root()))
    except (OSError, VrrplabError):  # the package was copied without them
        names = []
    for name in names:
        number, _, words = name.removesuffix(".ipynb").partition("_")
        if name.endswith(".ipynb") and number in found:
            found[number] = words.replace("_", " ")
    return dict(sorted(found.items()))


def _exercise(name: str, task: str, entry: Entry) -> Mark:
    passed, tries, hints = entry.get("passed") is True, entry.get("tries", 0), entry.get("hints", 0)
    state = DONE if passed else TRIED if tries else OPEN
    told = [("passed" if passed else "not yet" if tries else "open")]
    told += [f"{tries} {'try' if tries == 1 else 'tries'}"] if tries else []
    told += [f"{hints} {'hint' if hints == 1 else 'hints'}"] if hints else []
    return Mark(name, task, state, ", ".join(told), tries, hints)


def _guess(name: str, entry: Entry) -> Mark:
    unit = entry.get("unit", "") or ""
    said = f"guessed {in_words(entry['guess'], unit)}" if "guess" in entry else "no guess"
    if "outcome" in entry:
        told = f"{said}, it was {in_words(entry['outcome'], unit)}"
        return Mark(name, "", DONE if "guess" in entry else OPEN, told, close=entry.get("close") is True)
    return Mark(name, "", TRIED if "guess" in entry else OPEN, said)
