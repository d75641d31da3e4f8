"""Judges of ``02_who_becomes_master``."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import number, one_of, whole
from vrrplab.exercises.observe import S1, S2, became, run
from vrrplab.exercises.registry import Miss, exercise
from vrrplab.notebook.measures import silence_s
from vrrplab.notebook.variants import at, variant

NEAR_S = 0.005
OFF = at(12.5, "power_off", server=S1)


def _said(guess: float, happened: float) -> str:
    state = "still BACKUP" if happened > guess else "MASTER already"
    return f"In the run, after {guess:g} s of silence, {S2} is {state}."


@exercise("02-patience", "master-down interval of priority 50")
def patience(answer: Any) -> str:
    guess = number(answer, "3.609")
    pair = {"priority 255": "priority 150", "priority 100": "priority 50"}
    silence = silence_s(run(variant("article-steady", OFF, edit=pair)), S2, "proxy_ip1")
    if abs(guess - silence) > NEAR_S:
        raise Miss(_said(guess, silence))
    return f"{silence:.3f} s of silence in the run."


@exercise("02-quick", "a priority that takes over within 3.1 s")
def quick(answer: Any) -> str:
    priority = whole(answer, 1, 254, "100")
    edit = {"priority 255": "priority 254", "priority 100": f"priority {priority}"}
    trace = run(variant("article-steady", OFF, edit=edit))
    before = trace.owners("192.168.2.101", 12)
    silence = (
        silence_s(trace, S2, "proxy_ip1") if became(trace, "MASTER", S1, "proxy_ip1") is not None else 0.0
    )
    if before != (S1,):
        raise Miss(
            f"With {priority} the normal case has changed: at 12 s 192.168.2.101 is on"
            f" {' and '.join(before)}."
        )
    away = (at(12.5, "power_off", server=S1), at(20, "power_on", server=S1))
    home = run(variant("article-steady", *away, edit=edit)).owners("192.168.2.101", 35)
    if home != (S1,):
        raise Miss(
            f"With {priority} it stays away: {S1} is back at 20 s, and at 35 s the address is on"
            f" {' and '.join(home)}."
        )
    if silence > 3.1:
        raise Miss(f"With {priority} the silence lasts {silence:.3f} s.")
    return f"With {priority} it lasts {silence:.3f} s. Less than three intervals it cannot be."


@exercise("02-word", "what the word MASTER in the file decides")
def word(answer: Any) -> str:
    choice = one_of(answer, [S1, S2], "a server's name in quotes")
    edit = {
        S1: {"state MASTER": "state BACKUP", "priority 255": "priority 150"},
        S2: {"state BACKUP": "state MASTER", "priority 255": "priority 150"},
    }
    trace = run(variant("article-steady", edit=edit))
    owner = trace.owner("192.168.2.101", 15)
    if choice != owner:
        raise Miss(f"At 15 s proxy_ip1 on {choice} is {trace.state_at(15, choice, 'proxy_ip1')}.")
    return f"{owner} it is. The word in the file decides nothing here; the priority does."


@exercise("02-version-3", "priority 100, advert_int 2, VRRP version 3")
def version_3(answer: Any) -> str:
    guess = number(answer, "3.609")
    head = "version 3\n    advert_int 2\n    "
    edit = {"priority 255": f"{head}priority 150", "priority 100": f"{head}priority 100"}
    run_of_3 = run(variant("article-steady", at(14.5, "power_off", server=S1), edit=edit))
    silence = silence_s(run_of_3, S2, "proxy_ip1")
    if abs(guess - silence) > NEAR_S:
        raise Miss(_said(guess, silence))
    return f"{silence:.3f} s: in version 3 the skew grows with the interval."


@exercise("02-three", "which of three routers takes over")
def three(answer: Any) -> str:
    choice = one_of(answer, ["r1", "r2", "r3"], "a router's name in quotes")
    trace = run(variant("lesson-three-routers"))
    owner = trace.owner("192.168.2.100", 14)
    if choice != owner:
        raise Miss(
            f"At 14 s {choice} is {'without power' if choice == 'r1' else trace.state_at(14, choice, 'V1')}."
        )
    return f"{owner} is {trace.why(14, 'r2', 'V1')}."
