"""The puzzles that are solved in keepalived.conf: what is wrong in which file, and what is seen of it."""

from __future__ import annotations

from vrrplab.exercises.attempt import Attempt
from vrrplab.exercises.lesson_08 import BOUND
from vrrplab.exercises.lesson_11 import pair_of
from vrrplab.exercises.observe import (
    IP1,
    IP2,
    S1,
    S2,
    demand_normal,
    demand_taken,
    holders_in_words,
    run,
    taken_s,
)
from vrrplab.exercises.puzzles import is_puzzle
from vrrplab.exercises.registry import Miss
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.units import seconds

BEFORE_S = 11.5  # the moment just before what the scenario does
POWER_CUT = at(12, "power_off", server=S1)


def _demand_takeover(attempt: Attempt, within_s: float) -> float:
    """Seconds without an answer from .101 after the power cut of the first server; Miss if it is too long."""
    end_s = seconds(attempt.trace.end_us)
    if attempt.trace.owners(IP1, end_s) != (S2,):
        raise Miss(f"{S1} loses its power at 12 s, and {holders_in_words(attempt.trace, IP1, end_s)}.")
    silent = attempt.longest_s(IP1, "icmp")
    if silent > within_s:
        raise Miss(f"{S1} loses its power at 12 s, and {IP1} gives no answer for {silent:.2f} s.")
    return silent


def _typing_errors() -> Scenario:
    wrong = {"virtual_router_id 1\n": "virtual_router_id 11\n", "priority 255": "prority 255"}
    told = f"two slips of the keyboard in the file of {S2}; {S1} loses its power at 12 s"
    return variant("article-steady", POWER_CUT, edit={S2: wrong}, duration_s=32, description=told)


@is_puzzle(
    "03-typing",
    "two slips of the keyboard in one file",
    f"Repair the file of {S2}: each address on its own server, and when {S1} loses its power at 12 s, {S2}"
    " serves both within 4 s. Every line is to count.",
    _typing_errors,
    at_s=9.5,
    edits=[S2],
)
def typing(attempt: Attempt) -> str:
    demand_normal(attempt.trace, BEFORE_S)
    silent = _demand_takeover(attempt, 4)
    if len(attempt.trace.owners(IP2, seconds(attempt.trace.end_us))) != 1:
        raise Miss(f"{S1} loses its power at 12 s, and nobody has {IP2}.")
    ignored = [w for w in attempt.scenario.servers[S2].node.warnings if w.kind == "unknown-keyword"]
    if ignored:
        raise Miss(f"That works. But line {ignored[0].source.line} does nothing: {ignored[0].message}.")
    return (
        f"Each address is on its own server, and {IP1} is back after {silent:.2f} s. keepalived tells of"
        " the word that it does not know; a wrong virtual_router_id it cannot see."
    )


def _light_penalty() -> Scenario:
    edit = {"priority 255": "priority 150", "interval 3": "interval 3\n    weight -20"}
    dies = at(12, "service_kill", server=S1, service="squid")
    told = f"Squid on {S1} dies at 12 s; priorities 150 and 100"
    return variant("article-steady", dies, edit=edit, duration_s=40, description=told)


@is_puzzle(
    "05-weight",
    "a check that counts, and loses nothing",
    f"Repair the files: Squid on {S1} dies at 12 s, and {IP1} must serve pages again within 5 s. With both"
    " Squids dead, somebody must still have the address.",
    _light_penalty,
    edits=[S1, S2],
)
def weight(attempt: Attempt) -> str:
    demand_normal(attempt.trace, BEFORE_S)
    end_s = seconds(attempt.trace.end_us)
    if attempt.trace.owners(IP1, end_s) != (S2,):
        raise Miss(f"Squid on {S1} is dead from 12 s on, and {holders_in_words(attempt.trace, IP1, end_s)}.")
    dark = attempt.longest_s(IP1, "http")
    if dark > 5:
        raise Miss(f"Squid on {S1} dies at 12 s, and {IP1} serves no page for {dark:.1f} s.")
    both = run(variant(attempt.scenario, at(12, "service_kill", server=S2, service="squid")))
    if len(both.owners(IP1, end_s)) != 1:
        raise Miss(f"That works. But with both Squids dead, {holders_in_words(both, IP1, end_s)}.")
    return (
        f"Pages are back after {dark:.1f} s, and with both Squids dead {both.owners(IP1, end_s)[0]} still has"
        f" {IP1}: the check weighs more than the distance of the priorities, and takes nothing away."
    )


def _half_a_second() -> Scenario:
    edit = {
        "priority 255": "advert_int 0.2\n    priority 150",
        "priority 100": "advert_int 0.2\n    priority 100",
    }
    told = f"{S1} loses its power at 12 s; advert_int 0.2 in both files"
    return variant("article-steady", POWER_CUT, edit=edit, duration_s=32, description=told)


@is_puzzle(
    "09-fast",
    "an advert_int that counts",
    f"Repair the files: both say advert_int 0.2, and yet the power cut at 12 s costs three seconds. {IP1}"
    " must be silent for less than 1 s.",
    _half_a_second,
    edits=[S1, S2],
)
def fast(attempt: Attempt) -> str:
    demand_normal(attempt.trace, BEFORE_S)
    silent = _demand_takeover(attempt, 1)
    return f"{IP1} was silent for {silent:.2f} s: three adverts of a fraction of a second, and the skew."


def _cloud() -> Scenario:
    """A network without multicast; the second server's adverts for .102 go to itself."""
    wrong = {S2: {"        192.168.2.251\n": "        192.168.2.252\n"}}
    cloud = at(0, "segment_fault", segment="lan", multicast=False)
    told = f"a cloud: no multicast; {S1} loses its power at 12 s"
    return variant("unicast", cloud, edit=wrong, duration_s=40, description=told)


@is_puzzle(
    "11-cloud",
    "two MASTERs in a cloud",
    "Repair the file in a network that carries no multicast: each address on one server, and also while"
    f" {S1} is cut off from 12 s to 22 s.",
    _cloud,
    at_s=9.5,
    edits=[S2],
)
def cloud(attempt: Attempt) -> str:
    demand_normal(attempt.trace, BEFORE_S)
    for moment_s, when in ((18.0, "while it is cut off"), (seconds(attempt.trace.end_us), "at the end")):
        for address in (IP1, IP2):
            if len(attempt.trace.owners(address, moment_s)) != 1:
                raise Miss(f"{when.capitalize()}, {holders_in_words(attempt.trace, address, moment_s)}.")
    silent = attempt.longest_s(IP1, "icmp")
    if silent > 4:
        raise Miss(f"{IP1} gave no answer for {silent:.1f} s.")
    return (
        f"One server an address, all the time, and {IP1} was silent for {silent:.2f} s: each peer names the"
        " other."
    )


def _demand_at_home(attempt: Attempt, address: str, server: str) -> None:
    """Miss unless, before anything breaks, that server alone has the address."""
    if attempt.trace.owners(address, BEFORE_S) != (server,):
        told = holders_in_words(attempt.trace, address, BEFORE_S)
        raise Miss(f"With nothing broken, {told}; it should be {server}.")


LB_VIP = "10.0.4.100"
STORES = ("10.2.0.50", "10.2.0.51", "10.2.0.52")


def _small_weight() -> Scenario:
    dies = at(12, "check_fail", server="lb1")
    told = "HAProxy on lb1 is dead from 12 s on; its check is worth 2, and 3 lie between the priorities"
    return variant(pair_of("weight").scenario(), dies, duration_s=40, description=told)


@is_puzzle(
    "11-weight",
    "a check that counts, and too little",
    f"Repair the files: lb1 has {LB_VIP}; HAProxy dies on it at 12 s, and lb2 must have it within 8 s. With"
    " HAProxy dead on both, one of them must still have it.",
    _small_weight,
    edits=["lb1", "lb2"],
    rules=True,
)
def small_weight(attempt: Attempt) -> str:
    end_s = seconds(attempt.trace.end_us)
    _demand_at_home(attempt, LB_VIP, "lb1")
    if attempt.trace.owners(LB_VIP, end_s) != ("lb2",):
        raise Miss(
            f"HAProxy on lb1 is dead from 12 s on, and {holders_in_words(attempt.trace, LB_VIP, end_s)}."
        )
    moved_s = taken_s(attempt.trace, LB_VIP, "lb2", 12)
    if moved_s is None or moved_s > 20:
        raise Miss(
            f"HAProxy on lb1 is dead from 12 s on, and lb2 has {LB_VIP} at {moved_s or end_s:.1f} s only."
        )
    both = run(variant(attempt.scenario, at(12, "check_fail", server="lb2")))
    if len(both.owners(LB_VIP, end_s)) != 1:
        raise Miss(f"That works. But with HAProxy dead on both, {holders_in_words(both, LB_VIP, end_s)}.")
    demand_taken(attempt.scenario)
    return (
        f"lb2 has {LB_VIP} {moved_s - 12:.1f} s after HAProxy died, and with both dead"
        f" {both.owners(LB_VIP, end_s)[0]} has it: the check weighs more than the distance of the priorities."
    )


def _two_lists() -> Scenario:
    told = "db1 loses its power at 12 s; the lists of addresses differ"
    off = at(12, "power_off", server="db1")
    return variant(pair_of("lists").scenario(), off, duration_s=32, description=told)


@is_puzzle(
    "11-lists",
    "two lists of addresses",
    f"Repair the files: {STORES[0]}, .51 and .52 are on db1 alone, and when it loses its power at 12 s, db2"
    " serves all three within 4 s.",
    _two_lists,
    at_s=9.5,
    edits=["db1", "db2"],
    rules=True,
)
def two_lists(attempt: Attempt) -> str:
    end_s = seconds(attempt.trace.end_us)
    for address in STORES:
        _demand_at_home(attempt, address, "db1")
    for address in STORES:
        silent = attempt.longest_s(address, "icmp")
        if attempt.trace.owners(address, end_s) != ("db2",) or silent > 4:
            raise Miss(
                f"db1 loses its power at 12 s, and {holders_in_words(attempt.trace, address, end_s)};"
                f" it gave no answer for {silent:.1f} s."
            )
    demand_taken(attempt.scenario)
    silent = max(attempt.longest_s(address, "icmp") for address in STORES)
    return (
        f"One server an address, and all three are back after {silent:.2f} s: an advert whose list is another"
        " one counts for nothing."
    )


def _untold() -> Scenario:
    """Both Squids listen on the virtual addresses only; one of them is told at the wrong change."""
    notify = '    notify_{} "/usr/sbin/squid -k reconfigure"'
    edit = {
        S1: f"interface eth0 -> interface eth0\n{notify.format('master')}",
        S2: f"interface eth0 -> interface eth0\n{notify.format('backup')}",
    }
    told = f"Squid listens on the virtual addresses only; {S1} loses its power at 12 s"
    return variant("article-steady", POWER_CUT, edit=edit, services=BOUND, duration_s=40, description=told)


@is_puzzle(
    "08-told",
    "pings are answered, and no page comes",
    f"Both Squids listen on the virtual addresses only. Repair the file of {S2}: it is to serve pages of"
    f" {IP2} from the start, and when {S1} loses its power at 12 s those of {IP1} within 4 s.",
    _untold,
    edits=[S2],
)
def told(attempt: Attempt) -> str:
    demand_normal(attempt.trace, BEFORE_S)
    _demand_takeover(attempt, 4)
    for address, since in ((IP2, "from the start"), (IP1, "from 12 s on")):
        ping, page = attempt.longest_s(address, "icmp"), attempt.longest_s(address, "http")
        if page > 4:
            pinged = f"pings are missed for {ping:.1f} s only" if ping else "every ping is answered"
            raise Miss(
                f"{address} serves no page for {page:.1f} s {since}, and {pinged}: the address is there, and"
                " Squid does not know."
            )
    return (
        f"Pages of {IP1} are back after {attempt.longest_s(IP1, 'http'):.2f} s: whoever becomes MASTER tells"
        " Squid that there is an address."
    )
