"""Hints for ``02_who_becomes_master``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_02 import OFF
from vrrplab.exercises.observe import S1, S2, run
from vrrplab.notebook.measures import silence_s
from vrrplab.notebook.variants import at, variant


def _silence_s(priority: int) -> float:
    pair = {"priority 255": "priority 254", "priority 100": f"priority {priority}"}
    return silence_s(run(variant("article-steady", OFF, edit=pair)), S2, "proxy_ip1")


def _patience() -> str:
    return (
        "With priority 200: 3 × 1 s, and (256 − 200)/256 = 0.219 s more. In the run it is"
        f" {_silence_s(200):.3f} s."
    )


def _half_a_second() -> str:
    return (
        "For at most 3.5 s the skew may be 0.5 s, so that 256 − priority is at most 128, and the priority at"
        f" least 128. In the run 128 takes {_silence_s(128):.3f} s, and 127 takes {_silence_s(127):.3f} s."
    )


def _both_words() -> str:
    edit = {"state BACKUP": "state MASTER", "priority 255": "priority 120", "priority 100": "priority 90"}
    trace = run(variant("article-steady", edit=edit))
    owner = trace.owner("192.168.2.101", 15)
    return (
        f"Write state MASTER into both files, with priorities 120 on {S1} and 90 on the other: at 15 s"
        f" {owner} has 192.168.2.101, and the other one is BACKUP, whatever its file says."
    )


def _half_interval() -> str:
    head = "version 3\n    advert_int 0.5\n    "
    edit = {"priority 255": f"{head}priority 250", "priority 100": f"{head}priority 200"}
    trace = run(variant("article-steady", at(14.6, "power_off", server=S1), edit=edit))
    silence = silence_s(trace, S2, "proxy_ip1")
    return (
        "Version 3, advert_int 0.5, priority 200: 3 × 0.5 s, and 56/256 of 0.5 s, which is 0.109 s. In the"
        f" run it is {silence:.3f} s."
    )


def _later() -> str:
    trace = run(variant("lesson-three-routers"))
    return (
        f"At 6 s all three are there, and {trace.owner('192.168.2.100', 6)} has the address. At 20 s two have"
        f" lost their power, and {trace.owner('192.168.2.100', 20)} has it."
    )


HINTS = {
    "02-patience": Hint(
        "“Where the number comes from” has both formulas. Which number in them is another one here?",
        "Three intervals, and the skew time: (256 − priority)/256 of a second.",
        _patience,
    ),
    "02-quick": Hint(
        "Of the 3.1 s three are the intervals. What is left is the skew: below the three routers is a cell"
        " that takes any priority.",
        "The skew is (256 − priority)/256 s: the higher, the sooner. But who has a higher priority, or the"
        " same and is MASTER already, does not give the address back.",
        _half_a_second,
    ),
    "02-word": Hint(
        "“Where the number comes from” ends with the start of both servers: what did they do, although both"
        " files say MASTER for one of the addresses?",
        "Whoever is no owner (255) listens first, whatever the file says. Then the adverts decide, and in an"
        " advert there is a priority and no word.",
        _both_words,
    ),
    "02-version-3": Hint(
        "The two sentences under the sliders: what does version 3 do with the skew?",
        "In version 3 the skew is (256 − priority)/256 of the interval, not of a second.",
        _half_interval,
    ),
    "02-three": Hint(
        "In the figure of the three routers draw a line at 14 s. Who has no power there?",
        "Of those who live, the one with the highest priority has the shortest skew, speaks first, and"
        " silences the others.",
        _later,
    ),
}
