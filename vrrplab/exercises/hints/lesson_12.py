"""Hints for ``12_every_order_of_failure``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_11 import VIP
from vrrplab.exercises.lesson_12 import web_pair
from vrrplab.exercises.observe import outage_s, run
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.variants import at, variant
from vrrplab.trace import Trace

BOTH_WAYS = [["web1", "web2"], ["web2", "web1"]]


def _forty() -> str:
    failed = at(12.3, "check_fail", server="web1", script="chk_web")
    trace = run(variant(web_pair("weight -20 -> weight -40"), failed))
    return (
        f"With weight -40 web1 advertises 150 - 40 = 110 after its check has failed, and at 30 s {VIP} is"
        f" with {trace.owner(VIP, 30)}: 110 is still more than the 100 of web2."
    )


def _split(heal_s: float, edit: Edit | None = None) -> Trace:
    cut = at(12.3, "segment_fault", segment="eth0", between=BOTH_WAYS)
    healed = at(heal_s, "segment_heal", segment="eth0")
    return run(variant(web_pair(edit), cut, healed, duration_s=80))


def _too_late() -> str:
    late, early = outage_s(_split(20.5), VIP), outage_s(_split(15.05), VIP)
    return (
        f"Cut at 12.3 s and healed at 15.05 s: {early:.1f} s without an answer. Healed at 20.5 s:"
        f" {late:.1f} s, because web2's advert came first and was answered. Between these two there are"
        " moments at which it is web1's turn to speak."
    )


def _refreshed() -> str:
    edit = ["interface eth0 -> interface eth0\n    garp_master_refresh 20"]
    return (
        "With garp_master_refresh 20 the client of the second story is without an answer for"
        f" {outage_s(_split(15.05, edit), VIP):.1f} s. The promise allows 6 s after the last repair."
    )


HINTS = {
    "12-weight": Hint(
        "“The first story”: the subtraction of notebook 05, with 150 and 100.",
        "After the failed check web1 must advertise less than web2 does, and equal is not less.",
        _forty,
    ),
    "12-stranded": Hint(
        "“The second story” is one already, but a short one: look at its actions, in the cell above yours.",
        "A client trusts an answer for half a minute. It asks again five seconds after a GARP; if web2"
        " answers that, and then web1 is the first to speak after the repair, nobody tells the client.",
        _too_late,
    ),
    "12-whole": Hint(
        "Two promises are broken, by two causes: “The first story” has one, “The second story” the other.",
        "The weight must be larger than the distance of the priorities. And whoever is MASTER must say so"
        " again although nothing has changed for it, soon enough.",
        _refreshed,
    ),
}
