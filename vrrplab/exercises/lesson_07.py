"""Judges of ``07_two_masters``."""

from __future__ import annotations

from itertools import product
from typing import Any

from vrrplab.exercises.answers import number, whole, words
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import (
    IP1,
    IP2,
    S1,
    S2,
    demand_normal,
    demand_taken,
    holders_in_words,
    length_s,
    longest,
    outage_s,
    run,
)
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent, LogEvent


def password(word: str) -> dict[str, str]:
    """The edit that writes an authentication block with this password."""
    block = f"authentication {{\n        auth_type PASS\n        auth_pass {word}\n    }}\n    priority "
    return {"priority ": block}


ACCIDENTS: dict[str, Scenario] = {}


def accidents() -> dict[str, Scenario]:
    """Five ways to two masters, each as a scenario of 20 s; made when first asked for."""
    if not ACCIDENTS:
        deaf = [at(0, "firewall_drop", server=s, direction="in", protocol="vrrp") for s in (S1, S2)]
        no_multicast = at(0, "segment_fault", segment="lan", multicast=False)
        number_11 = {S2: {"virtual_router_id 1": "virtual_router_id 11"}}
        ACCIDENTS.update(
            firewall=variant("article-steady", *deaf, duration_s=20),
            multicast=variant("article-steady", no_multicast, duration_s=20),
            vrid=variant("article-steady", edit=number_11),
            password=variant("article-steady", edit={S1: password("alpha"), S2: password("beta")}),
            interval=variant("article-steady", edit={S2: {"priority 100": "advert_int 2\n    priority 100"}}),
        )
    return ACCIDENTS


def complaints(trace: Trace) -> list[str]:
    """Log lines in which a daemon says that something is wrong with an advert."""
    signs = ("mismatch", "invalid", "wrong", "incorrect", "not present", "expected")
    lines = [str(e.line) for e in trace.of(LogEvent)]
    return [line for line in dict.fromkeys(lines) if any(sign in line for sign in signs)]


@exercise("07-silent", "accidents that no log complains about")
def silent(answer: Any) -> str:
    given = words(answer, accidents(), "accidents")
    quiet = []
    for name, scenario in accidents().items():
        said = complaints(run(scenario))
        if name in given and said:
            raise Miss(f"{name}: the log says {said[0]!r}.")
        if not said:
            quiet.append(name)
    missing = [name for name in quiet if name not in given]
    if missing:
        raise Miss(
            f"What you named is right. {len(missing)} more of the five"
            f" {'is' if len(missing) == 1 else 'are'} silent."
        )
    return f"{', '.join(quiet)}: two MASTERs, and every line in the log is a friendly one."


@exercise("07-eight", "MASTERs with passwords that differ late")
def eight(answer: Any) -> str:
    guess = whole(answer, 0, 2, "1")
    trace = run(variant("article-steady", edit={S1: password("password1"), S2: password("password2")}))
    masters = len(trace.owners(IP1, 15))
    if guess != masters:
        raise Miss(f"In the run, {holders_in_words(trace, IP1, 15)}.")
    return "One: only the first eight characters are sent, and these are the same."


def split(heal_s: float, edit: Edit | None = None, duration_s: float = 80, close_s: float = 7) -> Trace:
    actions = [at(close_s, "firewall_drop", server=s, direction="in", protocol="vrrp") for s in (S1, S2)]
    actions += [at(heal_s, "firewall_clear", server=s) for s in (S1, S2)]
    return run(variant("article-steady", *actions, edit=edit, duration_s=duration_s))


@exercise("07-heal", "a moment at which healing costs nothing")
def heal(answer: Any) -> str:
    moment = number(answer, "15.7")
    if not 15 <= moment <= 16:
        raise NotUnderstood("The answer here is a moment from 15 to 16, in seconds.")
    trace = split(moment)
    for address in (IP1, IP2):
        gap = longest(trace, address)
        if gap:
            adverts = (e for e in trace.of(AdvertSentEvent) if e.t > moment and e.addresses == [address])
            last = next(adverts)
            raise Miss(
                f"Healed at {moment:g} s, the first advert for {address} to get through is that of"
                f" {last.server}"
                f" (priority {last.priority}), and then {address} is out for"
                f" {length_s(trace, gap):.1f} s."
            )
    return (
        f"Healed at {moment:g} s: the weaker MASTER speaks first, is answered with GARP, and nobody is"
        f" left behind."
    )


@exercise("07-cure", "files that bound the damage, whenever it heals")
def cure(answer: Any) -> str:
    edit = edit_table(answer)
    worst, said = 0.0, ""
    # Opened just after the weaker MASTER has spoken. How long ago the other one's last announcement was
    # depends on both moments.
    for close_s, later_s in product(range(7, 12), (6.8, 7.8, 8.8, 9.8)):
        heal_s = close_s + later_s
        trace = split(heal_s, edit, 60, close_s)
        demand_normal(trace, close_s - 0.1)
        if len(trace.owners(IP1, heal_s - 0.1)) != 2:
            raise Miss(
                f"The split itself has gone. The firewalls were to stay closed until {heal_s:g} s; repair the"
                " time after."
            )
        out_s = max(outage_s(trace, address) for address in (IP1, IP2))
        if out_s > worst:
            worst, said = out_s, f"Closed at {close_s} s and opened at {heal_s:g} s"
    if worst > 2.5:
        raise Miss(f"{said}, somebody is still out for {worst:.1f} s.")
    demand_taken(variant("article-steady", edit=edit))
    return f"{worst:.1f} s at worst, over twenty splits."
