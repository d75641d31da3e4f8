"""Who is how far: a class's table, from the files of its learners."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.exercises.histogram import histogram
from vrrplab.exercises.registry import EXERCISES
from vrrplab.exercises.store import FILE, RESULTS_FILE, Progress, is_put_away, read_progress
from vrrplab.limits import CLASS_NAMES
from vrrplab.output.csv_text import csv_text
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import fitted, padded
from vrrplab.output.text_columns import width as columns_of

NAME_COLUMNS = 40  # of a learner's name, at most


class Learner(NamedTuple):
    """One file: ``passed`` by lesson number, all tries, and the progress itself."""

    name: str
    passed: dict[str, int]
    tries: int
    progress: Progress


@dataclass(slots=True, repr=False, eq=False)
class ClassResults:
    """A class's results; ``broken`` says, one line each, which files could not be used."""

    learners: list[Learner]
    broken: list[str]

    def __repr__(self) -> str:
        return "\n".join(
            [*self._learner_lines(), "", *self._exercise_lines(), *self._guess_lines(), *self._broken()]
        )

    def to_csv(self) -> str:
        """One line a learner and exercise: learner, exercise, passed (1 or 0), tries, hints.

        For spreadsheets: a name that one would take for a formula has an apostrophe before it.
        """
        rows: list[list[str | int]] = [["learner", "exercise", "passed", "tries", "hints"]]
        for learner in self.learners:
            for name in EXERCISES:
                entry = learner.progress.exercises.get(name, {})
                passed = int(entry.get("passed") is True)
                rows.append([learner.name, name, passed, entry.get("tries", 0), entry.get("hints", 0)])
        return csv_text(rows)

    def _learner_lines(self) -> list[str]:
        lessons = list(dict.fromkeys(e.lesson for e in EXERCISES.values()))
        total = {lesson: sum(e.lesson == lesson for e in EXERCISES.values()) for lesson in lessons}
        width = min(NAME_COLUMNS, max([7, *(columns_of(learner.name) for learner in self.learners)]))
        lines = [f"{'learner':<{width}}  " + "  ".join(f"{x:>4}" for x in lessons) + "   all  tries"]
        for learner in sorted(self.learners, key=lambda one: (-sum(one.passed.values()), one.name)):
            cells = [f"{learner.passed.get(x, 0)}/{total[x]}" for x in lessons]
            all_passed = f"{sum(learner.passed.values())}/{len(EXERCISES)}"
            row = f"{fitted(learner.name, width)}  " + "  ".join(f"{c:>4}" for c in cells)
            lines.append(f"{row} {all_passed:>5}  {learner.tries:>5}")
        return lines

    def _exercise_lines(self) -> list[str]:
        lines = [f"{'exercise':<22} {'tried':>5} {'passed':>6} {'tries (median)':>15} {'hints':>6}"]
        for name in EXERCISES:
            entries = [
                one.progress.exercises[name] for one in self.learners if name in one.progress.exercises
            ]
            if entries:
                passed = sum(e.get("passed") is True for e in entries)
                tries = median(e.get("tries", 0) for e in entries)
                hints = sum(e.get("hints", 0) for e in entries)
                lines.append(f"{padded(name, 22)} {len(entries):>5} {passed:>6} {tries:>15g} {hints:>6}")
        return lines if len(lines) > 1 else ["No exercise has been tried."]

    def _guess_lines(self) -> list[str]:
        names = dict.fromkeys(name for one in self.learners for name in one.progress.predictions)
        lines = []
        for name in sorted(names):
            told = [one.progress.predictions.get(name, {}) for one in self.learners]
            if bars := histogram(name, told):
                lines += ["", *bars]
        return lines

    def _broken(self) -> list[str]:
        return ["", *(printable(f"! {line}") for line in self.broken)] if self.broken else []


def class_results(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> ClassResults:
    """The results in this file or folder, or in several: of a folder, all ``*.json`` inside.

    They are what ``results()`` wrote, or progress files; where a folder has both, what was handed in counts.
    A learner is called as the file says, else like the file, or like its folder where all files have the same
    name. What a folder has of older files, put away by ``reset()`` or as broken, is nobody's. Files that are
    none are told of in ``broken``. VrrplabError: no file at all.
    """
    try:
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        if "" in given:
            raise VrrplabError("an empty name is no file's: name files, or a folder that has some")
        places = [Path(os.path.expanduser(path)) for path in given]
    except TypeError:
        raise VrrplabError('class_results() takes a file or a folder, like "collected", or a list') from None
    files = [file for place in places for file in (_inside(place) if place.is_dir() else [place])]
    if not files:
        raise VrrplabError("no progress file given: name files, or a folder that has some")
    learners, broken = [], []
    for file in dict.fromkeys(files):
        try:
            learners.append(_learner(file, read_progress(file)))
        except VrrplabError as error:
            broken.append(str(error))
    return ClassResults(learners, broken)


def _inside(folder: Path) -> list[Path]:
    """The learners' files in it; JupyterLab's own copies of what was edited are none."""
    found, names = [], 0
    for place, folders, files in os.walk(folder):
        names += len(folders) + len(files)
        if names > CLASS_NAMES.most:
            raise VrrplabError(f"{folder}: has more than {CLASS_NAMES}, the most for {CLASS_NAMES.what}")
        found += [Path(place, name) for name in files if name.endswith(".json")]
    found.sort()
    handed_in = {file.parent for file in found if file.name == RESULTS_FILE}
    found = [file for file in found if file.name != FILE or file.parent not in handed_in]
    return [file for file in found if not is_put_away(file) and ".ipynb_checkpoints" not in file.parts]


def _learner(file: Path, progress: Progress) -> Learner:
    everybody_has_one = file.name in (FILE, RESULTS_FILE)
    of_file = file.resolve().parent.name if everybody_has_one else file.name.removesuffix(".json")
    name = progress.name or of_file
    passed: dict[str, int] = {}
    for exercise in EXERCISES.values():
        if progress.exercises.get(exercise.name, {}).get("passed") is True:
            passed[exercise.lesson] = passed.get(exercise.lesson, 0) + 1
    tries = sum(entry.get("tries", 0) for entry in progress.exercises.values())
    return Learner(name, passed, tries, progress)
