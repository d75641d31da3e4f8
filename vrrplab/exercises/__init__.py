"""Exercises that check themselves, guesses that are kept, and what lessons experiment with.

    predict("02-takeover", 3.5)      keep a guess          compare("02-takeover", 2.64)   beside what happened
    check("02-quick", answer)        run an answer through the simulator and hear what it did
    progress()   reset()             how far, and anew     class_results(files)           a whole class
    outage_s(trace, address)         how long a client got no answer
    variant(…)   at(…)   conf(…)     scenarios with something changed, faults, and the files to change

``desk`` is what learners call, ``store`` the file, ``lesson_NN`` the judges of each notebook. The solutions
are in the tests.
"""

from __future__ import annotations

from importlib import import_module

from vrrplab.exercises.learner import check, compare, predict, progress, reset
from vrrplab.exercises.observe import outage_s
from vrrplab.exercises.report import class_results
from vrrplab.exercises.sliders import sliders
from vrrplab.notebook import short_errors
from vrrplab.notebook.evidence import ip_a, logs, recorded, replayed, story, written
from vrrplab.notebook.own_cluster import complaints, own_cluster
from vrrplab.notebook.variants import at, conf, variant

__all__ = [
    "at",
    "check",
    "class_results",
    "compare",
    "complaints",
    "conf",
    "ip_a",
    "logs",
    "outage_s",
    "own_cluster",
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

LESSONS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")

for _number in LESSONS:  # each registers its exercises
    import_module(f"vrrplab.exercises.lesson_{_number}")
short_errors.install()
