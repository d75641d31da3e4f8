"""Exercises that check themselves, guesses that are kept, and what lessons experiment with.

    predict("02-takeover", 3.5)      keep a guess          compare("02-takeover", 2.64)   beside what happened
    check("02-skew", answer)         run an answer through the simulator and hear what it did
    progress()   reset()             how far, and anew     class_results(files)           a whole class
    variant(…)   at(…)   conf(…)     scenarios with something changed, faults, and the files to change

``desk`` is what learners call, ``store`` the file, ``lesson_NN`` the judges of each notebook. The solutions
are in the tests.
"""

from __future__ import annotations

from vrrplab.exercises import lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_05, lesson_06, lesson_07, lesson_08, lesson_09, manners  # noqa: F401
from vrrplab.exercises.desk import check, compare, predict, progress, reset
from vrrplab.exercises.evidence import ip_a, logs, recorded, replayed, story, written
from vrrplab.exercises.report import class_results
from vrrplab.exercises.sliders import sliders
from vrrplab.exercises.variants import at, conf, variant

__all__ = [
    "at",
    "check",
    "class_results",
    "compare",
    "conf",
    "ip_a",
    "logs",
    "predict",
    "progress",
    "recorded",
    "replayed",
    "reset",
    "sliders",
    "story",
    "variant",
    "written",
]

manners.install()
