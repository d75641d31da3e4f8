"""Judges of ``12_every_order_of_failure``, and the pair that its cells and exercises explore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from vrrplab.exercises.answers import scenario, whole
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.lesson_11 import VIP, pair_of
from vrrplab.exercises.observe import VISIBLE_S, demand_taken, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.variants import variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace.events import ActionEvent
from vrrplab.units import seconds

if TYPE_CHECKING:
    from vrrplab.exploring.result import Exploration

LONGEST_S = 50.0  # for one exploration: this pair takes a tenth of it
# From a failure to its repair. What is not mended at all is judged as well, however short this is.
AT_ONCE_S, WITHIN_S = 1.0, 3.5
STRANDED_S = 20.0


def web_pair(edit: Edit | None = None) -> Scenario:
    """The pair of notebook 11, web1 and web2 with a check that has a weight, and a client that asks."""
    return variant(pair_of("web").scenario(), edit=edit)


def explored(
    chosen: Scenario,
    within_s: float,
    *properties: Callable[[Any], str | None],
    faults: int = 1,
    also: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Exploration:
    """So many failures of it, each repaired or not until ``within_s`` after the first. ``also``, ``only``: as
    ``explore`` takes them.
    """
    from vrrplab.notebook.explorations import explore

    found = explore(
        chosen,
        faults=faults,
        within_s=within_s,
        properties=properties,
        also=also,
        only=only,
        at_most_s=LONGEST_S,
    )
    if not found.whole and not found.broken:
        raise NotUnderstood(f"{LONGEST_S:g} s were not enough for every order: run the cell once more.")
    return found


def _demand_kept(found: Exploration, *promises: str) -> None:
    """Miss with the shortest story that breaks one of these promises; without any: one of all."""
    for story in found.broken:
        if story.promise in promises or not promises:
            actions = story.scenario.actions
            began_s = seconds(actions[0].at_us) if actions else 0.0
            failed = " and ".join(story.faults) or "nothing at all"
            raise Miss(
                f"{found.states:,} states, and one story still breaks a promise: {failed}, from"
                f" {began_s:.1f} s on. {story.why[:1].upper()}{story.why[1:]}."
            )


@exercise("12-weight", "a penalty with which no failed check goes unnoticed")
def weight(answer: Any) -> str:
    penalty = whole(answer, 1, 253, "20")
    found = explored(web_pair(f"weight -20 -> weight -{penalty}"), AT_ONCE_S)
    _demand_kept(found, "somebody serves")
    if penalty > 51:
        raise Miss(f"With {penalty} no failed check goes unanswered. It is not the smallest of that sort.")
    return f"{penalty}: 150 - {penalty} is less than 100, and {found.states:,} states hold the promise."


@exercise("12-stranded", "a story after which everything is well, but not for the client")
def stranded(answer: Any) -> str:
    story = scenario(answer)
    trace = run(story)
    actions = trace.of(ActionEvent)
    if not actions:
        raise NotUnderstood(
            "Nothing fails in it: hand in a variant of web_pair() with a failure and its repair."
        )
    end_s, last_s = seconds(trace.end_us), actions[-1].t
    owners = trace.owners(VIP, end_s) if VIP in trace.addresses else ()
    if owners != ("web1",):
        who = " and ".join(owners) or "nobody"
        raise Miss(f"At the end {who} has {VIP}; all is to be well again, with web1.")
    out_s = 0.0
    for outage in trace.disturbances(VIP):
        to_s = end_s if outage.to_s is None else outage.to_s
        if to_s - outage.from_s >= VISIBLE_S:
            out_s = max(out_s, to_s - max(outage.from_s, last_s))
    if out_s < STRANDED_S:
        raise Miss(f"After the last action, at {last_s:g} s, the client has no answer for {out_s:.1f} s.")
    return f"{out_s:.1f} s without an answer, though one server has the address and all is mended."


@exercise("12-whole", "files after which every promise is kept")
def all_kept(answer: Any) -> str:
    mended = web_pair(edit_table(answer))
    trace = run(mended)
    if trace.owners(VIP, 40) != ("web1",):
        owners = " and ".join(trace.owners(VIP, 40)) or "nobody"
        raise Miss(f"With nothing broken, {owners} has {VIP}; it should be web1.")
    for within_s in (AT_ONCE_S, WITHIN_S):
        found = explored(mended, within_s)
        _demand_kept(found)
    demand_taken(mended)
    return f"{found.states:,} states, every single failure and every repair of it, and no promise is broken."
