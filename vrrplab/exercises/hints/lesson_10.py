"""Hints for ``10_real_packets``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_10 import BASE, silence_s
from vrrplab.exercises.observe import run
from vrrplab.notebook.variants import variant


def _two_fifths() -> str:
    return (
        "With advert_int 0.4: 3 × 0.4 s, and 156/256 of 0.4 s, 1.444 s together. In the simulation r2 follows"
        f" {silence_s(0.4):.3f} s after r1's last advert."
    )


def _lesser_master() -> str:
    told = []
    for priority in (119, 120, 130):
        edit = {"r1": {"priority 150": "priority 120"}, "r2": {"priority 100": f"priority {priority}"}}
        owner = run(variant(BASE, edit=edit, duration_s=20)).owner("192.168.2.1", 18)
        told.append(f"while r2 has {priority}, {owner} has the address")
    return f"If r1 had 120: {'; '.join(told)}. Where between the last two does it change?"


HINTS = {
    "10-interval": Hint(
        "The sentence under the answer to the first guess: 1.805 s is made of two parts. Both depend on the"
        " interval.",
        "In version 3 the silence is 3 × interval + 156/256 × interval, for r2's priority of 100.",
        _two_fifths,
    ),
    "10-stranger": Hint(
        "“Put it back”: whom did r2 obey, and how could it know him?",
        "A MASTER gives way to a higher priority. To a lower one, or to its own, it does not (of two equal"
        " ones that are MASTER the higher address wins, but a BACKUP is content with an equal one).",
        _lesser_master,
    ),
}
