"""Exercises that check themselves, and guesses that are kept.

    predict("02-takeover", 3.5)      keep a guess          compare("02-takeover", 2.64)   beside what happened
    bet("00-cable", scenario)        the film asks at its fault
    check("02-quick", answer)        run an answer through the simulator and hear what it did
    hint("02-quick")                 help, a step at a time
    results()                        what is handed in
    progress()   reset()             how far, and anew     class_results(files)           a whole class
    puzzle("00-vanish")              a cluster with a goal above it
    sliders("timers")                a panel               outage_s(trace, address)       how long it was dark

``learner`` is what learners call, ``store`` the file, ``lesson_NN`` the judges of each notebook, ``hints``
what helps. The teacher's answers are in ``key``. What lessons experiment with is in ``vrrplab.notebook``.
"""

from __future__ import annotations

import sys
from importlib import import_module

from vrrplab import interrupts

if sys.argv[:1] == ["-m"]:  # ``python -m vrrplab.exercises`` begins: what is imported here takes its time
    interrupts.install()

from vrrplab.exercises.bets import bet
from vrrplab.exercises.learner import check, compare, hint, predict, progress, reset
from vrrplab.exercises.observe import outage_s
from vrrplab.exercises.puzzle import puzzle
from vrrplab.exercises.registry import in_order
from vrrplab.exercises.report import class_results
from vrrplab.exercises.results import results
from vrrplab.exercises.sliders import sliders

__all__ = [
    "bet",
    "check",
    "class_results",
    "compare",
    "hint",
    "outage_s",
    "predict",
    "progress",
    "puzzle",
    "reset",
    "results",
    "sliders",
]

LESSONS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13")

for _number in LESSONS:  # each registers its exercises
    import_module(f"vrrplab.exercises.lesson_{_number}")
for _kind in ("click_puzzles", "repair_puzzles"):
    import_module(f"vrrplab.exercises.{_kind}")
in_order()
