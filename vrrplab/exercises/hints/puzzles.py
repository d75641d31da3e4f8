"""Hints for the puzzles, of all lessons."""

from __future__ import annotations

from functools import partial
from typing import Any

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_08 import BOUND
from vrrplab.exercises.lesson_11 import pair_of
from vrrplab.exercises.observe import IP1, IP2, S1, S2, became, gaps_in_words, holders_in_words, outage_s, run
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import AdvertReceivedEvent, GarpSentEvent, NotifyEvent


def _case(told: str, *actions: dict[str, Any], edit: dict[str, Any] | None = None, of: str = IP1) -> str:
    """What somebody does, what the clients of an address miss in that run, and who has it at the end."""
    trace = run(variant("article-steady", *actions, edit=edit, duration_s=40))
    gaps = [gap for gap in gaps_in_words(trace).split("; ") if gap.startswith(of)]
    missed = gaps[0] if gaps else f"nobody misses {of}"
    return f"{told}: {missed}, and {holders_in_words(trace, of, 39)}."


def _late_cut() -> str:
    trace = run(variant("article-steady", at(12.3, "power_off", server=S2), duration_s=40))
    heard = [e.t for e in trace.of(AdvertReceivedEvent, server=S1) if e.vrid == 2 and e.t < 12.3]
    taken = became(trace, "MASTER", S1, "proxy_ip2") or 0.0
    return (
        f"The power cut of {S2}, at 12.3 s, comes {12.3 - heard[-1]:.2f} s after its last advert for"
        f" {IP2}. {S1} is"
        f" MASTER at {taken:.2f} s, {taken - heard[-1]:.2f} s after that advert."
    )


def _late_garp() -> str:
    edit = {"priority ": "garp_master_delay 2\n    priority "}
    trace = run(variant("article-steady", at(12, "link_down", server=S2, interface="eth0"), edit=edit))
    sent = [e.t for e in trace.of(GarpSentEvent, server=S1, instance="proxy_ip2") if e.t > 12]
    told = " and ".join(f"{t:.2f} s" for t in dict.fromkeys(round(t, 2) for t in sent))
    return (
        f"The other way round, with garp_master_delay 2: {S2} loses its eth0, and {S1} announces {IP2} at"
        f" {told}. With 0 there is no second time."
    )


def _weights() -> str:
    edit = {"priority 255": "priority 120", "interval 3": "interval 3\n    weight -10"}
    dead = at(12, "service_kill", server=S1, service="squid")
    told = run(variant("article-steady", dead, edit=edit, duration_s=40))
    edit["interval 3"] = "interval 3\n    weight -30"
    more = run(variant("article-steady", dead, edit=edit, duration_s=40))
    return (
        f"With priorities 120 and 100, and weight -10, {holders_in_words(told, IP1, 39)} after Squid died;"
        f" with weight -30, {holders_in_words(more, IP1, 39)}."
    )


def _version_3() -> str:
    edit = {"priority ": "version 3\n    advert_int 0.5\n    priority "}
    trace = run(variant("article-steady", at(12, "power_off", server=S1), edit=edit))
    return (
        "With `version 3` and advert_int 0.5 in every instance of both files, a power cut costs"
        f" {outage_s(trace, IP1, 'icmp'):.2f} s."
    )


def _told_at_a_fault() -> str:
    edit = 'interface eth0 -> interface eth0\n    notify_fault "/usr/sbin/squid -k reconfigure"'
    trace = run(variant("article-drill-1-lan-nic", edit=edit, services=BOUND, duration_s=40))
    calls = len(trace.of(NotifyEvent))
    return (
        f"With notify_fault in both files instead, drill 1 runs {calls} scripts, and {IP1} serves no page for"
        f" {outage_s(trace, IP1, 'http'):.0f} s."
    )


def _one_sided() -> str:
    wrong = {S1: {"        192.168.2.252\n": "        192.168.2.253\n"}}
    trace = run(variant("unicast", edit=wrong, duration_s=11))
    return (
        f"With a wrong peer in the file of {S1} instead, {holders_in_words(trace, IP1, 10)}:"
        f" its adverts for {IP1} reach nobody."
    )


def _three_and_two() -> str:
    """The same with more between the priorities."""
    wide = ["priority 110 -> priority 120", "priority 107 -> priority 110"]
    ends = []
    for weight in (10, 11):
        pair = variant(pair_of("weight").scenario(), edit=[*wide, f"weight 2 -> weight {weight}"])
        dead = run(variant(pair, at(12, "check_fail", server="lb1"), duration_s=40))
        ends.append(f"with weight {weight}, {holders_in_words(dead, '10.0.4.100', 39)}")
    return f"With priorities 120 and 110, and HAProxy dead on lb1 from 12 s on: {'; '.join(ends)}."


def _another_list() -> str:
    edit = "proxy-serv02: 192.168.2.101 -> 192.168.2.111"
    trace = run(variant("article-steady", edit=edit, duration_s=16))
    return (
        f"The article's pair, with .111 in place of .101 in the file of {S2}: at 15 s"
        f" {' and '.join(trace.owners(IP1, 15))} has {IP1}, and"
        f" {' and '.join(trace.owners('192.168.2.111', 15))} has 192.168.2.111; both are MASTER."
    )


HINTS = {
    "00-vanish": Hint(
        "A server that fails has a spare. What in the picture is there only once, and is used by everybody?",
        f"An address is gone for clients when no question reaches a server that has it. While {S2} hears"
        f" nothing it takes {IP1}, so it is not enough to take {S1} away.",
        partial(_case, f"Cut the power of {S1}", at(12, "power_off", server=S1)),
    ),
    "00-quiet": Hint(
        f"Look for what stops {S2} from speaking, but not from answering clients.",
        "A BACKUP takes over when it hears no adverts. Clients ask the machine, not keepalived: as long as"
        " the old one answers until the new one has announced itself, nobody misses anything.",
        partial(_case, f"Stop keepalived on {S2} properly", at(12, "daemon_stop", server=S2), of=IP2),
    ),
    "02-alive": Hint(
        f"Between the mouth of {S1} and the ear of {S2} there are a cable, a switch and a firewall. Click on"
        " them.",
        "A BACKUP becomes MASTER when no advert reaches it for its master-down interval, for whatever"
        " reason.",
        partial(
            _case,
            f"Let {S1} hear nothing instead",
            at(12, "firewall_drop", server=S1, direction="in", protocol="vrrp"),
            of=IP2,
        ),
    ),
    "02-moment": Hint(
        f"Step from event to event with the arrow keys, and watch when {S1} sends its adverts.",
        "The BACKUP counts its 3.6 s from the last advert that it heard, not from the power cut.",
        _late_cut,
    ),
    "04-pages": Hint(
        "Ping is answered by the machine, pages come from Squid. What can be done to Squid, and how gently?",
        "The check asks whether there is a Squid process. Squid that is told to stop refuses clients at once,"
        " and its process lives on until the last connection has ended.",
        partial(_case, f"Kill Squid on {S1}", at(12, "service_kill", server=S1, service="squid")),
    ),
    "05-home": Hint(
        f"The address {IP1} comes home as soon as nobody else claims it. What can {S2} do, so that {S1}"
        " is told at once?",
        "A MASTER that leaves in good order says so with priority 0; one that vanishes is waited for, three"
        " adverts long.",
        partial(_case, f"In the usual cluster {S2} loses its power", at(12, "power_off", server=S2), of=IP2),
    ),
    "06-frame": Hint(
        f"Step to the moment at which {S2} becomes MASTER. Which of its frames tells office-pc?",
        "A client keeps the MAC address that it knows until somebody announces another one, or until it has"
        " asked in vain. With garp_master_delay 0 the announcement is made only once.",
        _late_garp,
    ),
    "07-both": Hint(
        "What do adverts need from the network that a ping and a page do not need?",
        "Adverts go to a group address, 224.0.0.18; pings and pages go to one machine.",
        partial(
            _case,
            f"Only {S2} is deaf",
            at(12, "firewall_drop", server=S2, direction="in", protocol="vrrp"),
        ),
    ),
    "03-typing": Hint(
        "One slip is marked beside its line. For the other one, compare the two numbers of"
        " virtual_router_id with"
        " those that the other server's adverts show.",
        "Two servers look after an address together if their instances have the same virtual_router_id, and"
        " keepalived passes over words that it does not know.",
        partial(
            _case,
            f"With the number of proxy_ip2 wrong on {S1}",
            edit={S1: {"virtual_router_id 2\n": "virtual_router_id 22\n"}},
            of=IP2,
        ),
    ),
    "05-weight": Hint(
        "While Squid is dead, which priority stands in the box of proxy_ip1 on each server?",
        "A penalty moves the address if it is larger than the distance of the priorities. Without a weight a"
        " failed check means FAULT, on every server that has it.",
        _weights,
    ),
    "08-told": Hint(
        f"When does {S2} run its script, and when does it get the address? Compare the files of both.",
        "A program that listens on a named address must be told when the address arrives: a notify script"
        " runs at the change of state that it is named after.",
        _told_at_a_fault,
    ),
    "09-fast": Hint(
        "Read what is said of the lines with advert_int. And click on an advert: which version is it?",
        "Version 2 has whole seconds only. Both servers, and every instance, must speak the same version.",
        _version_3,
    ),
    "11-weight": Hint(
        "While HAProxy is dead on lb1, which priority stands in the box of front on each server?",
        "A positive weight is added while the check is well. Take it away on one side, and the other must be"
        " higher: equal is not enough.",
        _three_and_two,
    ),
    "11-lists": Hint(
        "Who is MASTER before anything breaks? Lay virtual_ipaddress of both files side by side.",
        "A server drops an advert that lists other addresses than its own file: then it hears nobody.",
        _another_list,
    ),
    "11-cloud": Hint(
        f"To whom does {S2} send its adverts? Compare unicast_peer with the addresses in the picture.",
        "The word unicast_src_ip is followed by one's own address, unicast_peer by those of all the others.",
        _one_sided,
    ),
}
