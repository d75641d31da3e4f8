"""Hints for ``11_your_own_cluster``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_05 import DEAD
from vrrplab.exercises.lesson_11 import VIP, pair_of
from vrrplab.exercises.observe import IP1, IP2, S1, S2, holders_in_words, run
from vrrplab.notebook.variants import at, variant
from vrrplab.units import seconds


def _another_pair() -> str:
    weak = {"priority 255": "priority 150", "interval 3": "interval 3\n    weight -20"}
    one = run(variant("article-steady", DEAD, edit=weak, duration_s=40))
    interval = run(variant("article-steady", edit={S2: {"priority 100": "advert_int 2\n    priority 100"}}))
    return (
        f"The article's pair, with two faults of this kind. Weight -20 for 150 and 100: Squid dies on {S1},"
        f" and {holders_in_words(one, IP1, 39)}, for 130 is more than 100. advert_int 2 on {S2} only, nothing"
        f" broken: {holders_in_words(interval, IP1, 15)}."
    )


def _the_other_address() -> str:
    gone = (
        at(8, "link_down", server=S2, interface="eth0"),
        at(14, "link_up", server=S2, interface="eth0"),
    )
    moves = [span.servers for span in run(variant("article-steady", *gone)).holders(IP2) if span.servers]
    route = [servers for n, servers in enumerate(moves) if n == 0 or moves[n - 1] != servers]
    return (
        f'For {IP2}: the office cable of {S2} is pulled at 8 s (at(8, "link_down", …)) and put in again at'
        " 14 s (link_up). In the run it is with"
        f" {', then '.join(' and '.join(servers) for servers in route)}."
    )


def _a_cut_cable() -> str:
    trace = run(pair_of("web").scenario("web1 eth0 at 10"))
    taken_s = next(seconds(span.from_us) for span in trace.holders(VIP) if span.servers == ("web2",))
    return (
        f"“web1 eth0 at 10”: that line pulls a cable, and web2 has {VIP} from {taken_s:.1f} s on."
        " web1 saw its cable go, and gave the address up. What takes only its voice away?"
    )


HINTS = {
    "11-line": Hint(
        "In which row of `pair.predict()` does the address go to two servers?",
        "A line is SERVER THING at S: the words of the table, each as one of kill, freeze, firewall in,"
        " firewall out, power, daemon, or the name of a card or a script.",
        _a_cut_cable,
    ),
    "11-repair": Hint(
        "`theirs.check()` tells which lines. Three faults lie between the files: what must be alike on both?"
        " And one of them is a subtraction.",
        "Alike on both: VRID, advert_int, and the list of addresses. Words that keepalived does not know do"
        " nothing. And a penalty must be larger than the distance of the priorities, on both servers.",
        _another_pair,
    ),
    "11-twice": Hint(
        "Notebook 00 has a drill with two actions: what is broken at 12 s is repaired at 22 s.",
        "An address goes home when the better server is well again, after its master-down interval. What"
        " takes it away must really take it away: a frozen server keeps its address.",
        _the_other_address,
    ),
}
