"""The puzzles that are solved by a click: their clusters, and what is seen when the goal is not reached."""

from __future__ import annotations

from vrrplab.exercises.attempt import Attempt
from vrrplab.exercises.observe import IP1, IP2, S1, S2, gaps_in_words, longest
from vrrplab.exercises.puzzles import is_puzzle
from vrrplab.exercises.registry import Miss
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace.events import AdvertReceivedEvent, StateEvent
from vrrplab.units import seconds

LONG_S = 10.0  # nobody calls this a hiccup


def steady() -> Scenario:
    """The article's cluster, nothing broken, long enough for what a click brings about."""
    return variant("article-steady", duration_s=40)


@is_puzzle(
    "00-vanish",
    "make .101 vanish with one click",
    f"Make .101 vanish with one click: for more than 10 s nothing must answer at {IP1}.",
    steady,
)
def vanish(attempt: Attempt) -> str:
    attempt.demand_one_change()
    silent = attempt.longest_s(IP1, "icmp", "http")
    if silent > LONG_S:
        holders = attempt.trace.owners(IP1, seconds(attempt.trace.end_us))
        if not holders:
            return f"{IP1} was silent for {silent:.1f} s, and nobody has it."
        have = "Both servers have it" if len(holders) > 1 else f"{holders[0]} has it"
        return (
            f"{IP1} was silent for {silent:.1f} s. {have}, and nobody can reach it: a spare server is no help"
            " when what all share is gone."
        )
    found = [o for o in attempt.trace.disturbances(IP1) if o.duration_us(attempt.trace.end_us) > 500_000]
    if silent >= 0.1:
        raise Miss(f"{IP1} was silent for {silent:.1f} s, then {attempt.shared_out(IP1)} answered.")
    pages = attempt.longest_s(IP1, "http")
    if pages > 1:
        raise Miss(f"{IP1} served no page for {pages:.1f} s, but it answered every ping: it is still there.")
    if found:
        told = max(found, key=lambda o: o.lost)
        raise Miss(f"Questions to {IP1} got lost, {told.lost_in_words}, but never all of them for long.")
    raise Miss(f"Nobody missed {IP1}. When the run ends, {attempt.shared_out(IP1)} had it.")


@is_puzzle(
    "00-quiet",
    "let .102 move without a client noticing",
    "Let .102 move: office-pc is to be served by proxy-serv01, and must not miss one answer on the way.",
    steady,
)
def quiet(attempt: Attempt) -> str:
    moved = attempt.asked_at(IP2, S1)
    gaps = gaps_in_words(attempt.trace)
    if gaps and moved is None:
        raise Miss(f"{gaps}, and .102 did not move: office-pc never asked {S1} for it.")
    if gaps:
        raise Miss(f".102 moved at {moved:.1f} s, and it was noticed: {gaps}.")
    if moved is None:
        if S1 in attempt.trace.owners(IP2, seconds(attempt.trace.end_us)):
            raise Miss(f"{S1} has {IP2} now, but office-pc goes on asking {S2}: nobody told it.")
        raise Miss(f"Nobody noticed, but nothing moved: {S2} still serves {IP2}.")
    still = S2 in attempt.trace.owners(IP2, seconds(attempt.trace.end_us))
    end = (
        f" {S2} has it too and does not know that it lost its clients: the price is two servers with one"
        " address."
        if still
        else ""
    )
    return f"From {moved:.2f} s on {S1} serves {IP2}, and no answer was missed.{end}"


@is_puzzle(
    "02-alive",
    "serv02 takes over although serv01 is well",
    "Make proxy-serv02 MASTER of proxy_ip1 with one click, without touching proxy-serv01, which is to stay"
    " MASTER.",
    steady,
)
def alive(attempt: Attempt) -> str:
    attempt.demand_one_change()
    taken = attempt.became_master_s(S2, "proxy_ip1")
    if attempt.touched(S1):
        what = f"and {S2} is MASTER at {taken:.1f} s" if taken else f"and {S2} stays what it was"
        raise Miss(f"Something was done to {S1}, {what}. Leave that server alone.")
    left = attempt.left_master(S1, "proxy_ip1")
    if left is not None:
        raise Miss(f"proxy_ip1 on {S1} is {left.to} at {left.t:.2f} s; it was to stay MASTER.")
    if taken is None:
        heard = [e.t for e in attempt.trace.of(AdvertReceivedEvent, server=S2) if e.vrid == 1]
        raise Miss(
            f"{S2} goes on hearing {S1}: an advert for proxy_ip1 arrived as late as {heard[-1]:.1f} s, and a"
            " BACKUP that hears one stays BACKUP."
            if heard and heard[-1] > attempt.first_s + 5
            else f"{S2} never becomes MASTER of proxy_ip1."
        )
    return (
        f"{S2} is MASTER at {taken:.2f} s, and {S1} is MASTER too, alive and well. A BACKUP knows nothing of"
        " the other server but what it hears: silence is all it takes."
    )


@is_puzzle(
    "02-moment",
    "the best moment for a power cut",
    f"Cut the power of proxy-serv01 at the best moment: {IP1} must be silent for less than 2.8 s.",
    steady,
)
def moment(attempt: Attempt) -> str:
    added = attempt.added
    if [(a.kind, a.keys.get("server")) for a in added] != [("power_off", S1)]:
        raise Miss(
            f"One power cut, of {S1}, and nothing else: that is the only change here. Undo and try again."
        )
    cut = attempt.first_s
    if attempt.trace.owners(IP1, max(0.0, cut - 0.001)) != (S1,):
        raise Miss(f"At {cut:.2f} s {S1} does not serve {IP1} yet. Wait until it does.")
    gap = longest(attempt.trace, IP1, "icmp")
    if gap is None:
        raise Miss(f"Nobody missed {IP1}.")
    silent = attempt.longest_s(IP1, "icmp")
    heard = [
        e.t for e in attempt.trace.of(AdvertReceivedEvent, server=S2) if e.vrid == 1 and e.t <= cut + 0.001
    ]
    taken = attempt.became_master_s(S2, "proxy_ip1")
    if not heard or taken is None:
        raise Miss(f"{IP1} was silent for {silent:.2f} s.")
    story = (
        f"{S2} heard the last advert at {heard[-1]:.2f} s and waited {taken - heard[-1]:.2f} s, as always;"
        f" the power was cut {cut - heard[-1]:.2f} s after that advert"
    )
    if silent >= 2.8:
        raise Miss(f"{IP1} was silent for {silent:.2f} s. {story}.")
    return f"{IP1} was silent for {silent:.2f} s only: {story}."


@is_puzzle(
    "04-pages",
    ".101 answers pings and serves no page",
    f"With one click: {IP1} answers every ping but those of one second, and serves no page for more than 20"
    " s.",
    steady,
)
def pages(attempt: Attempt) -> str:
    attempt.demand_one_change()
    ping, page = attempt.longest_s(IP1, "icmp"), attempt.longest_s(IP1, "http")
    if ping > 1:
        raise Miss(f"A ping to {IP1} got no answer for {ping:.1f} s: that is an address that is gone.")
    if page <= 20:
        missed = (
            f"Pages of {IP1} were missing for {page:.1f} s only" if page else f"No page of {IP1} was missed"
        )
        raise Miss(f"{missed}, and who pinged it missed {'as much' if page and ping else 'nothing'}.")
    stopped = [e.t for e in attempt.trace.of(StateEvent, server=S1, instance="proxy_ip1") if e.to == "FAULT"]
    pinged = f"every ping but those of {ping:.1f} s was answered" if ping else "every ping was answered"
    late = f" keepalived noticed at {stopped[0]:.1f} s:" if stopped else " keepalived noticed nothing:"
    return (
        f"No page for {page:.1f} s, and {pinged}.{late} its check asks"
        " whether a process is there, not whether a page comes."
    )


def _home() -> Scenario:
    """proxy-serv01 was away from 5 s to 8 s, is back, and may not preempt."""
    edit = {S1: {"state MASTER": "nopreempt\n    state BACKUP", "priority 255": "priority 150"}}
    away = (at(5, "power_off", server=S1), at(8, "power_on", server=S1))
    return variant(
        "article-steady", *away, edit=edit, duration_s=50, description=f"{S1} is back, and has nopreempt"
    )


@is_puzzle(
    "05-home",
    "bring .101 home without touching serv01",
    f"{S1} is well again, but nopreempt keeps {IP1} away from it. Bring it home without touching {S1};"
    " nobody may miss it for more than 1 s.",
    _home,
    at_s=19.5,
)
def home(attempt: Attempt) -> str:
    if attempt.touched(S1):
        raise Miss(f"Something was done to {S1}. Leave that server alone.")
    end_s = seconds(attempt.trace.end_us)
    if attempt.trace.owners(IP1, end_s) != (S1,):
        raise Miss(f"At the end {attempt.shared_out(IP1)} has {IP1}; it is to be {S1} alone.")
    gap_s = max(
        (
            seconds((attempt.trace.end_us if o.to_us is None else o.to_us) - o.from_us)
            for o in attempt.trace.outages(IP1)
            if o.from_s > attempt.first_s - 0.5
        ),
        default=0.0,
    )
    if gap_s > 1:
        raise Miss(
            f"{IP1} is at home again, but it was silent for {gap_s:.1f} s: {S1} had to find out by itself"
            f" that {S2} is gone."
        )
    return f"{S1} has {IP1} again after {gap_s:.2f} s of silence: somebody told it that {S2} gives up."


def _announced() -> Scenario:
    """Drill 1 with garp_master_delay 0: the address is announced once, at the takeover."""
    edit = {"priority ": "garp_master_delay 0\n    priority "}
    down = at(12, "link_down", server=S1, interface="eth0")
    told = "eth0 of proxy-serv01 is set down at 12 s; garp_master_delay 0"
    return variant("article-steady", down, edit=edit, duration_s=60, description=told)


@is_puzzle(
    "06-frame",
    "one lost frame, and .101 is gone for long",
    f"At 12 s proxy-serv01 loses its eth0, and proxy-serv02 takes over. Lose one frame, and nothing else,"
    f" so that office-pc misses {IP1} for more than 10 s.",
    _announced,
    at_s=13.5,
)
def frame(attempt: Attempt) -> str:
    attempt.demand_one_change()
    added = attempt.added
    lost_s = seconds(max(a.at_us for a in added) - min(a.at_us for a in added)) if added else 0.0
    if {a.kind for a in added} != {"segment_fault", "segment_heal"} or lost_s > 0.001:
        raise Miss("That was more than a lost frame: click on a frame that is on its way, and lose that one.")
    silent = attempt.longest_s(IP1, "icmp")
    if S2 not in attempt.trace.owners(IP1, seconds(attempt.trace.end_us)):
        raise Miss(f"At the end {attempt.shared_out(IP1)} has {IP1}; it was to be {S2}.")
    if silent <= LONG_S:
        raise Miss(
            f"The frame of {attempt.first_s:.2f} s is lost, and {IP1} was silent for {silent:.1f} s, hardly"
            " more than without you."
        )
    return (
        f"{IP1} was silent for {silent:.1f} s, and {S2} had it nearly all the time. But office-pc had not"
        f" been told, and went on asking the card of {S1} until it gave up."
    )


@is_puzzle(
    "07-both",
    "two MASTERs twice, and everybody is served",
    "With one click: each address is on both servers at once, and no client misses an answer.",
    steady,
)
def both(attempt: Attempt) -> str:
    attempt.demand_one_change()
    end_s = seconds(attempt.trace.end_us)
    single = [ip for ip in (IP1, IP2) if len(attempt.trace.owners(ip, end_s)) < 2]
    if single:
        raise Miss(
            f"{attempt.shared_out(single[0])} alone has {single[0]} when the run ends."
            if attempt.shared_out(single[0]) != "nobody"
            else f"Nobody has {single[0]} when the run ends."
        )
    gaps = gaps_in_words(attempt.trace)
    if gaps:
        raise Miss(f"Both addresses are on both servers, but somebody noticed: {gaps}.")
    return (
        "Both servers have both addresses, and nobody complains: pings and pages travel without multicast,"
        " adverts do not. Such a fault can last for weeks."
    )
