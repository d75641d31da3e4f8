"""Hints for ``05_tracking_and_weights``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_05 import DEAD, DEAD_TOO
from vrrplab.exercises.observe import IP1, S1, S2, holders_in_words, page_outages, run
from vrrplab.notebook.variants import at, variant


def _with(weight: int, first: int, second: int, both: bool = False) -> str:
    """Who has .101 at the end, with these priorities and this weight, after one dead Squid or two."""
    edit = {
        "interval 3": f"interval 3\n    weight {weight}",
        "priority 255": f"priority {first}",
        "priority 100": f"priority {second}",
    }
    dead = (DEAD, DEAD_TOO) if both else (DEAD,)
    return run(variant("article-steady", *dead, edit=edit, duration_s=40)).owner(IP1, 39) or "nobody"


def _eighty() -> str:
    return (
        "With 200 and 120 the distance is 80. In the run, weight -80 leaves the address on"
        f" {_with(-80, 200, 120)}, for 120 is as good as 120; weight -81 brings it to {_with(-81, 200, 120)}."
    )


def _one_check() -> str:
    trace = run(variant("article-steady", DEAD, duration_s=40))
    return (
        f"When only the Squid of {S1} is dead, {S1} is {trace.state_at(35, S1, 'proxy_ip1')} at 35 s, and"
        f" {S2} is {trace.state_at(35, S2, 'proxy_ip1')}. What becomes of {S2} when its own check fails, too?"
    )


def _narrow_pair() -> str:
    return (
        "200 and 180, with weight -30. One Squid dead: 170 against 180, and the address is on"
        f" {_with(-30, 200, 180)}. Both dead: 170 against 150, and it is on"
        f" {_with(-30, 200, 180, both=True)}."
    )


def _every_two() -> str:
    found = page_outages([12 + step / 10 for step in range(20)], {"interval 3": "interval 2"})
    return (
        f"With interval 2 a crash costs {min(found.values()):.2f} to {max(found.values()):.2f} s, over twenty"
        " moments: up to two seconds until the check, and 0.6 s for farewell and skew."
    )


def _four_in_a_row() -> str:
    edit = {"interval 3": "interval 3\n    fall 4"}
    bad = (at(12.0, "check_fail", server=S1), at(16.0, "check_pass", server=S1))
    calm = run(variant("article-steady", *bad, edit=edit, duration_s=40))
    late = max(page_outages([12 + step * 1.3 for step in range(8)], edit, 60).values())
    return (
        f"With fall 4 the check may fail from 12 to 16 s, and {holders_in_words(calm, IP1, 30)}. But a Squid"
        f" that is really dead costs up to {late:.1f} s: four checks, three seconds apart."
    )


HINTS = {
    "05-smallest": Hint(
        "The table under “One subtraction for every check”, middle column; and the cell below it, at its"
        " edge.",
        "What is left of the first priority must be less than the second one. As good is not less.",
        _eighty,
    ),
    "05-nobody": Hint(
        "“A weight instead of FAULT” begins with what a failed check has meant so far, without a weight.",
        "Without a weight a failed check means FAULT, and a server in FAULT carries nothing, however alone it"
        " is.",
        _one_check,
    ),
    "05-repair": Hint(
        "Exercise 1 has the penalty. “An owner has no weights” says what else has to go from the article's"
        " files.",
        "No 255; a penalty that is larger than the distance of the priorities; and when both checks fail,"
        " both lose the same, so that their order stays.",
        _narrow_pair,
    ),
    "05-quick": Hint(
        "How often does the check run? It stands in the block `vrrp_script`.",
        "At worst a crash comes just after a check: then it costs one whole interval, and 0.6 s for farewell"
        " and skew.",
        _every_two,
    ),
    "05-glitch": Hint(
        "The table under “fall, rise, interval, timeout”: which option counts failures in a row?",
        "With fall n the check must fail n times in a row. That forgives a single failure, and makes a real"
        " one cost n − 1 intervals more: keep the sum under 10 s.",
        _four_in_a_row,
    ),
}
