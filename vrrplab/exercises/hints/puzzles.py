"""Hints for the puzzles: what is solved in the picture. The case nearby is another click on the same"
" cluster."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.observe import IP1, IP2, S1, S2, gaps_in_words, holders_in_words, outage_s, run
from vrrplab.exercises.puzzles import PUZZLES, with_aftermath
from vrrplab.notebook.variants import at
from vrrplab.trace import Trace


def _after(name: str, *actions: dict[str, Any]) -> Trace:
    """The puzzle's cluster with these actions: what the picture shows after such a click."""
    return run(with_aftermath(PUZZLES[name].make().with_actions(actions)))


def _one_cable() -> str:
    trace = _after("00-vanish", at(12, "link_down", server=S1, interface="eth0"))
    after = holders_in_words(trace, IP1, 30)
    return f"With eth0 of {S1} taken down at 12 s: {gaps_in_words(trace)}, and {after}."


def _told_to_stop() -> str:
    trace = _after("00-quiet", at(12, "daemon_stop", server=S2))
    return (
        f"With keepalived on {S2} stopped at 12 s: {gaps_in_words(trace)}, and"
        f" {holders_in_words(trace, IP2, 30)}."
        " It had time to tidy up; the address was gone before the other one had it."
    )


def _mute() -> str:
    trace = _after("02-alive", at(12, "firewall_drop", server=S2, direction="out", protocol="vrrp"))
    state = trace.state_at(30, S2, "proxy_ip1")
    return f"Let {S2} be mute from 12 s on, no advert gets out: at 30 s its proxy_ip1 is {state}."


def _in_the_middle() -> str:
    lost = outage_s(_after("02-moment", at(12.5, "power_off", server=S1)), IP1, "icmp")
    return f"Cut at 12.5 s, in the middle between two adverts, {IP1} is silent for {lost:.2f} s."


def _crash() -> str:
    trace = _after("04-pages", at(13, "service_kill", server=S1, service="squid"))
    return (
        f"Squid on {S1} crashes at 13 s: pages of {IP1} are missing for {outage_s(trace, IP1, 'http'):.2f}"
        " s, and"
        f" {holders_in_words(trace, IP1, 30)}. A crash leaves no process behind, so the check sees it."
    )


def _without_a_word() -> str:
    lost = outage_s(_after("05-home", at(20, "power_off", server=S2)), IP1)
    return (
        f"Cut the power of {S2} at 20 s: {IP1} comes home, after {lost:.1f} s, because nobody said goodbye."
    )


def _too_late() -> str:
    fault = at(15, "segment_fault", segment="lan", loss=1)
    lost = outage_s(_after("06-frame", fault, at(15.000004, "segment_heal", segment="lan")), IP1)
    return f"A frame that is lost at 15 s, when all have been told already: {IP1} is silent for {lost:.1f} s."


def _one_deaf() -> str:
    trace = _after("07-both", at(12, "firewall_drop", server=S1, direction="in", protocol="vrrp"))
    return (
        f"The firewall of {S1} closed at 12 s: {holders_in_words(trace, IP1, 30)}, and"
        f" {holders_in_words(trace, IP2, 30)}. One deaf server makes two MASTERs of one address only."
    )


HINTS = {
    "00-vanish": Hint(
        "Look at what lies between the servers and office-pc: not only servers can be broken.",
        "A spare server helps when a server is gone. It does not help when something is gone that both need.",
        _one_cable,
    ),
    "00-quiet": Hint(
        "Click on the keepalived of the server that carries .102, and read how many ways there are to end"
        " it.",
        "Clients ask the machine. While its card and its Squid are well and the address is on it, they get"
        " answers; the other server takes over because it hears nothing more.",
        _told_to_stop,
    ),
    "02-alive": Hint(
        "Open the menu of proxy-serv02 itself: what could keep an advert from being heard there?",
        "A BACKUP takes over when it hears no advert, whatever the reason. Nothing has to be wrong with the"
        " MASTER for that.",
        _mute,
    ),
    "02-moment": Hint(
        "Look at the adverts of proxy-serv01 on the ladder or in the log: when is the next one due?",
        "The BACKUP waits 3.609 s from the last advert that it heard. What has gone by when the power is cut,"
        " nobody has to wait for any more.",
        _in_the_middle,
    ),
    "04-pages": Hint(
        "A Squid can end in more than one way: compare what its menu offers.",
        "The check asks for a process. A Squid that is told to stop refuses clients at once, and its process"
        " stays for half a minute.",
        _crash,
    ),
    "05-home": Hint(
        "Who has the address now, and what would make that server say goodbye?",
        "It is forbidden by nopreempt to push a MASTER away. It is not forbidden to follow one that leaves:"
        " priority 0"
        " says"
        " so, and then only the skew is waited for.",
        _without_a_word,
    ),
    "06-frame": Hint(
        "Pause at 14.62 s and go on slowly: what does proxy-serv02 send in its first moment as MASTER?",
        "The client believes its ARP entry until somebody announces another one. Here there is one"
        " announcement,"
        " at the takeover, and no second round.",
        _too_late,
    ),
    "07-both": Hint(
        "What do adverts need from the network that pings and pages do not?",
        "Pings and pages go to one address. Adverts go to the group 224.0.0.18, to whoever listens:"
        " multicast.",
        _one_deaf,
    ),
}
