"""Judges of ``13_change_the_protocol``: a rule of the learner's in every order of failures, and its film.

Each exercise has its stories, the shortest first: a scenario in which the rule runs, and what is then wrong.
The first that is wrong is the film in which the rule breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from vrrplab import arguments
from vrrplab.exercises.answers import is_open
from vrrplab.exercises.lesson_12 import WITHIN_S, explored, web_pair
from vrrplab.exercises.messages import Message
from vrrplab.exercises.observe import IP1, IP2, S1, S2, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.exploring.faults import CLIENTS
from vrrplab.machine.policy import Announced
from vrrplab.notebook.variants import Action, at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.own_rules import Checked, rule_name
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, AdvertSentEvent, GarpSentEvent, StateEvent, UndecidedEvent
from vrrplab.units import SECOND_US, seconds

Look = Callable[[Trace], str]  # what is wrong in a run; "": nothing


class Story(NamedTuple):
    """A scenario with the rule in it, the moment from which it is worth looking, and who judges its run."""

    scenario: Scenario
    from_s: float
    look: Look


class Break(NamedTuple):
    """A story in which the rule breaks, and what is wrong then."""

    story: Story
    why: str


# -- skew: three routers, and whoever is MASTER fails -------------------------------------------------------

TRIO, GATEWAY = ("r1", "r2", "r3"), "192.168.2.100"
WRITTEN = (150, 100, 50)  # their priorities in the file
PRIORITIES = ((150, 120, 100), (100, 100, 100), (110, 150, 140), (200, 190, 200), (11, 1, 1))
SILENCE_S, FAREWELL_S = 3.3, 0.3  # allowed without an advert, and after a farewell
FAREWELL, SILENT = "daemon_stop", ("power_off", "daemon_kill", "daemon_freeze", "carrier_down")
NEAR_S = 0.0005
SINGLE_S = 0.001  # from the failure to its repair: hardly anything is mended so soon


def trio(priorities: tuple[int, ...], *actions: Action, **rules: Any) -> Scenario:
    """Three routers with these priorities, and nothing that fails but these."""
    edit = [
        f"{router}: priority {old} -> priority {new}"
        for router, old, new in zip(TRIO, WRITTEN, priorities, strict=True)
        if old != new
    ]
    quiet = variant("lesson-three-routers", edit=edit, **rules).changed(actions=(), expect=())
    return variant(quiet, *actions, duration_s=20 if len(actions) > 1 else 13)


def _skew_stories(rule: Any) -> Iterator[Story]:
    for cases in (1, 2):
        for priorities, how in product(PRIORITIES, ("power_off", "daemon_stop")):
            for step in range(5 if cases == 1 else 2):
                first_s = 7 + step / 5
                failing: list[Action] = []
                for n in range(cases):  # whoever is MASTER then
                    moment = first_s + 6 * n
                    trace = run(trio(priorities, *failing, skew_us=rule))
                    failing += [at(moment, how, server=name) for name in trace.owners(GATEWAY, moment - 0.1)]
                scenario = trio(priorities, *failing, skew_us=rule)
                yield Story(scenario, first_s - 1, partial(_takeovers, priorities))
    # and every single failure that leaves somebody to take over, at every moment that makes a difference
    for priorities in PRIORITIES:
        yield from _explored(trio(priorities, skew_us=rule), SINGLE_S, _in_order(priorities))


def _in_order(priorities: tuple[int, ...]) -> Callable[[Trace], str | None]:
    """A property for ``explore``: of runs in which nothing is mended."""

    def in_order(trace: Trace) -> str | None:
        """The best router that is left takes over, in time and alone."""
        acts = {str(action.fields["action"]) for action in trace.of(ActionEvent)}
        return _takeovers(priorities, trace) or None if acts <= {*SILENT, FAREWELL} else None

    return in_order


def _takeovers(priorities: tuple[int, ...], trace: Trace) -> str:
    worth = dict(zip(TRIO, priorities, strict=True))
    told = ", ".join(f"{router} {priority}" for router, priority in worth.items())
    for tie in trace.of(UndecidedEvent):
        return (
            f"With priorities {told}: at {tie.t:.3f} s {' and '.join(tie.candidates)} lose patience so near"
            " to each other that nothing decides who is first, and both may be MASTER."
        )
    alive = dict(worth)
    for action in trace.of(ActionEvent):
        failed, how = str(action.fields["server"]), str(action.fields["action"])
        before = [e.t for e in trace.of(AdvertSentEvent, server=failed) if e.t <= action.t and e.priority]
        alive.pop(failed)
        if not before or not alive or failed not in trace.owners(GATEWAY, action.t - NEAR_S):
            continue  # nobody has to take over from a BACKUP
        taking = [e for e in trace.of(StateEvent) if e.to == "MASTER" and action.t < e.t < action.t + 6]
        from_s, most_s = (action.t, FAREWELL_S) if how == FAREWELL else (before[-1], SILENCE_S)
        what = "the farewell" if how == FAREWELL else "the last advert"
        if not taking or taking[0].t - from_s > most_s:
            took = f"{taking[0].t - from_s:.3f} s" if taking else "more than 6 s"
            said = f"{took} after {what} of {failed} somebody takes over, not {most_s} s"
            return f"With priorities {told}: {said}."
        winner = taking[0].server
        if alive[winner] < max(alive.values()):
            best = max(alive, key=lambda router: alive[router])
            said = f"without {failed} {winner} takes over first, and {best} is better"
            return f"With priorities {told}: {said}."
        if len(taking) > 1:
            said = f"{winner} takes over at {taking[0].t:.3f} s, and then {taking[1].server}"
            return f"With priorities {told}: {said}."
    return ""


# -- every order of failures -------------------------------------------------------------------------------


def _explored(
    scenario: Scenario,
    within_s: float,
    *properties: Callable[[Trace], str | None],
    beside: str = "",
) -> Iterator[Story]:
    """What ``explore`` finds in it, the shortest stories first.

    ``beside``: a kind of failures, each with a client that is deaf for a time; "": every single one.
    """
    if beside:
        result = explored(scenario, within_s, *properties, faults=2, also=[CLIENTS], only=[beside])
    else:
        result = explored(scenario, within_s, *properties)
    for found in result.broken:
        from_s = seconds(found.scenario.actions[0].at_us) if found.scenario.actions else 0.0
        yield Story(found.scenario, max(0.0, from_s - 1), partial(_as_found, found.why))


def _as_found(why: str, _: Trace) -> str:
    return f"Among all failures at all moments: {why.rstrip('.')}."


# -- answer: a split that heals -----------------------------------------------------------------------------

FAR_ENOUGH = "weight -20 -> weight -60"  # so a failed check moves the address
STRANDED_S = 2.5
MOST_WORDS = 20  # adverts within a second of the repair, of all instances


def split(ways: list[list[str]], close_s: float, heal_s: float, **rules: Any) -> Scenario:
    """The article's cluster; between two moments these ways between its servers are cut."""
    cut = at(close_s, "segment_fault", segment="lan", between=ways)
    return variant(
        "article-steady", cut, at(heal_s, "segment_heal", segment="lan"), duration_s=heal_s + 6, **rules
    )


def _answer_stories(rule: Any) -> Iterator[Story]:
    yield Story(variant("power-off", answer=rule), 10, _is_taken)
    both = [[S1, S2], [S2, S1]]
    for ways, close, later in product((both, both[:1], both[1:]), range(2), range(10)):
        close_s = 7 + close / 2
        heal_s = round(close_s + 9 + later / 10, 1)
        yield Story(split(ways, close_s, heal_s, answer=rule), heal_s - 1, partial(_healed, heal_s))
    # and whatever else can fail, at every moment, on a pair that keeps its promises but for this one
    yield from _explored(variant(web_pair(FAR_ENOUGH), answer=rule), WITHIN_S)


def _is_taken(trace: Trace) -> str:
    if trace.owner(IP1, 20) != S2 or trace.owner(IP1, seconds(trace.end_us)) != S1:
        return f"{S1} loses power and gets it back: {IP1} does not go to {S2} and home again."
    return ""


def _healed(heal_s: float, trace: Trace) -> str:
    end_s = seconds(trace.end_us)
    for address in (IP1, IP2):
        holders = trace.owners(address, end_s)
        if len(holders) != 1:
            return f"Healed at {heal_s:g} s: at {end_s:g} s {len(holders)} servers have {address}."
        for out in trace.outages(address):
            to_s = end_s if out.to_s is None else out.to_s
            if to_s > heal_s and to_s - max(out.from_s, heal_s) > STRANDED_S:
                sent = [e for e in trace.of(GarpSentEvent) if e.t > heal_s and e.address == address]
                why = f"{sent[0].server} announces it then" if sent else "nobody announces it"
                return f"Healed at {heal_s:g} s: a client asks the wrong server for {address}, and {why}."
    words = [e for e in trace.of(AdvertSentEvent) if heal_s < e.t < heal_s + 1]
    if len(words) > MOST_WORDS:
        return f"Healed at {heal_s:g} s: {len(words)} adverts in the second after it. They answer each other."
    return ""


# -- announce again: a client that missed it ----------------------------------------------------------------

LOSSES_S = (0.2, 0.7, 1.5, 3.0, 6.0, 12.0)
DEAF_FROM_S = 14.5  # just before the takeover of drill 1
MOST_AN_HOUR = 60
# A loss within that time may last as long again and a second, and the pair is allowed 6.006 s to settle: so a
# rule that is good by its stories' measure is good by the promises' too.
DEAF_WITHIN_S = 5.0
STAYS = "web1: priority 150 -> priority 150\n    nopreempt"  # or its return would announce all anew


def deaf(length_s: float, **rules: Any) -> Scenario:
    """Drill 1, and from before the takeover on the client gets nothing of the new MASTER, so long."""
    way = [[S2, "office-pc"]]
    return variant(
        "article-steady",
        at(12, "link_down", server=S1, interface="eth0"),
        at(DEAF_FROM_S, "segment_fault", segment="lan", between=way),
        at(DEAF_FROM_S + length_s, "segment_heal", segment="lan"),
        duration_s=DEAF_FROM_S + 2 * length_s + 4,
        **rules,
    )


def _announce_stories(rule: Any) -> Iterator[Story]:
    for length_s in LOSSES_S:
        scenario = deaf(length_s, announce_again_us=rule)
        yield Story(scenario, DEAF_FROM_S - 1, partial(_found_again, length_s))
    # and every farewell, the quickest way to another MASTER, with a client deaf to whom it likes for a time
    pair = variant(web_pair(FAR_ENOUGH), edit=STAYS, announce_again_us=rule)
    yield from _explored(pair, DEAF_WITHIN_S, beside=FAREWELL)


def _found_again(length_s: float, trace: Trace) -> str:
    again_s = DEAF_FROM_S + length_s
    most_s = length_s + 1
    end_s = seconds(trace.end_us)
    late = [end_s if out.to_s is None else out.to_s for out in trace.outages(IP1)]
    if late and max(late) > again_s + most_s:
        return (
            f"The client hears nothing of {S2} for {length_s:g} s. {most_s:g} s after that it still asks"
            f" {S1}, which is down, for {IP1}."
        )
    return ""


def _an_hour(rule: Any) -> int:
    """How often a MASTER announces in its first hour."""
    asked, now_us, times = Checked("announce_again_us", rule), 0, 1
    while times <= 10 * MOST_AN_HOUR:
        wait_us = asked(Announced(times, SECOND_US))
        if wait_us is None or now_us + wait_us > 3600 * SECOND_US:
            break
        now_us, times = now_us + wait_us, times + 1
    return times


# -- checks and films ---------------------------------------------------------------------------------------

STORIES: dict[str, Callable[[Any], Iterator[Story]]] = {
    "13-skew": _skew_stories,
    "13-answer": _answer_stories,
    "13-announce": _announce_stories,
}


_judged: dict[str, tuple[Any, tuple[Break | None, int]]] = {}  # by ``check``, for the film of the next cell


def broken_by(name: str, rule: Any) -> tuple[Break | None, int]:
    """The shortest story of that exercise in which the rule breaks, and how many were run."""
    number = 0
    for number, story in enumerate(STORIES[name](rule), start=1):
        why = story.look(run(story.scenario))
        if why:
            return Break(story, why), number
    return None, number


def film(name: str, rule: Any) -> Any:
    """The shortest film in which a rule breaks, to be played and clicked; a sentence if there is none.

    ``name``: of an exercise. VrrplabError: the rule fails as it is asked.
    """
    arguments.known(name, "exercise", STORIES, "with films")
    if is_open(rule):
        return Message("open", "There is no rule yet, and so no film of it.", name)
    judged, known = _judged.pop(name, (None, (None, 0)))
    try:
        found, number = known if judged is rule else broken_by(name, _rule(rule))
    except NotUnderstood as what:
        return Message("unclear", str(what), name)
    if found is None:
        return Message(
            "note", f"{number} stories, and the rule breaks in none: there is no film of that.", name
        )
    from vrrplab.notebook.cluster import cluster

    print(found.why)
    played = found.story.scenario
    longer = played.changed(duration_us=played.duration_us + 35 * SECOND_US, description=found.why)
    return cluster(longer, at_s=found.story.from_s, tour=False)


def _rule(answer: Any) -> Any:
    if not callable(answer):
        raise NotUnderstood("The answer here is a function: its name, without brackets.")
    return answer


def _demand_whole(name: str, answer: Any) -> int:
    found, number = broken_by(name, _rule(answer))
    _judged[name] = answer, (found, number)
    if found is not None:
        raise Miss(found.why)
    return number


@exercise("13-skew", "a skew: quick, in order, never two at once")
def skew(answer: Any) -> str:
    number = _demand_whole("13-skew", answer)
    return (
        f"{number} stories, and every single failure at every moment: the best one left is MASTER within"
        f" {SILENCE_S} s, and always one alone."
    )


@exercise("13-answer", "whom to answer, so that a healed split strands nobody")
def answer(answer: Any) -> str:
    number = _demand_whole("13-answer", answer)
    return (
        f"{number} stories of splits, and every order of one failure and its repair: whoever speaks first"
        " afterwards, every client finds the right server."
    )


@exercise("13-announce", "when to announce again: soon enough, and not for ever")
def announce(answer: Any) -> str:
    often = _an_hour(_rule(answer))
    if often > MOST_AN_HOUR:
        raise Miss(
            f"In its first hour a MASTER announces more than {MOST_AN_HOUR} times by {rule_name(answer)}."
        )
    number = _demand_whole("13-announce", answer)
    return (
        f"{number} losses, each made good within its own length and a second, and every farewell with every"
        f" deafness of a client beside it; {often} times in an hour."
    )
