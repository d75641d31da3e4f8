"""Hints for ``06_the_address_moved_the_traffic_did_not``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_06 import drill, lost_garp
from vrrplab.exercises.observe import IP1, S1, S2, outage_s, run
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import GarpSentEvent, MacLearnedEvent, NeighbourEvent
from vrrplab.wire.arp import REPLY
from vrrplab.wire.dissect import decode


def _reply() -> str:
    frame = decode(bytes.fromhex(drill().of(GarpSentEvent)[0].frame))
    to = frame.eth.destination if frame.eth else ""
    return (
        f"Whoever is asked “who has {IP1}?” answers with operation {REPLY}, to the one who asked. The GARP of"
        f" the drill goes to {to}, to everybody, as questions do."
    )


def _three_at_once() -> str:
    edit = {"priority ": "garp_master_repeat 3\n    priority "}
    trace = run(variant("article-steady", at(12, "link_down", server=S1, interface="eth0"), edit=edit))
    sent = [e.t for e in trace.of(GarpSentEvent, server=S2, instance="proxy_ip1") if 12 < e.t < 25]
    first = sum(t < sent[0] + 1 for t in sent)
    return (
        f"With garp_master_repeat 3 there are {len(sent)} in the run: {first} at {sent[0]:.1f} s, and"
        f" {len(sent) - first} at {sent[-1]:.1f} s."
    )


def _before() -> str:
    believed = [e.mac for e in drill().of(NeighbourEvent) if e.ip == IP1 and e.t <= 10][-1]
    return (
        f"At 10 s, before anything is broken, office-pc holds {believed}: the card of {S1}, which has {IP1}"
        " then. Who has it at 20 s, and what is the last byte of that server's card?"
    )


def _without_vmac() -> str:
    trace = run(variant("article-steady", at(12, "link_down", server=S1, interface="eth0")))
    client = any(e.ip == IP1 and e.t > 12 for e in trace.of(NeighbourEvent))
    moved = [e.mac for e in trace.of(MacLearnedEvent) if e.t > 12.1]
    return (
        f"Without use_vmac the client's entry for {IP1} {'changes' if client else 'stays'} at the takeover,"
        f" and the switch learns {'new places' if moved else 'nothing'}: each card's MAC address is behind"
        " the same port as before. With use_vmac the MAC address itself moves."
    )


def _every_ten() -> str:
    edit = {"priority ": "garp_master_delay 0\n    garp_master_refresh 10\n    priority "}
    trace = run(lost_garp(edit))
    sent = sorted(
        {round(e.t, 1) for e in trace.of(GarpSentEvent, server=S2, instance="proxy_ip1") if e.t > 14}
    )
    return (
        f"With garp_master_refresh 10 it is {outage_s(trace, IP1):.1f} s: announcements leave {S2} at"
        f" {', '.join(f'{t:g}' for t in sent[:3])} s, and the first one that is not lost ends it."
    )


HINTS = {
    "06-op": Hint(
        "In the figure of the announcement, bytes 20 and 21 of the frame.",
        "ARP knows a question and an answer: a request is 1, a reply is 2. The text below the figure says"
        " which of them keepalived sends.",
        _reply,
    ),
    "06-count": Hint(
        "The list under “What ended it?” has the moments of all of them.",
        "At once as many as garp_master_repeat says, five unless written otherwise; and as many again after"
        " garp_master_delay, 5 s.",
        _three_at_once,
    ),
    "06-mac": Hint(
        "The first figure of this notebook: the lane of office-pc for .101, at 20 s.",
        "The entry follows the last announcement: it is the card of the server that has the address then.",
        _before,
    ),
    "06-vmac": Hint(
        "The figure under “A MAC address that moves too”: which of the two tables has another entry after 12"
        " s?",
        "A client's table says which MAC address belongs to an IP address; a switch's, behind which port a"
        " MAC address is. Here the MAC address moves along with the IP address.",
        _without_vmac,
    ),
    "06-lost": Hint(
        "At which moments does proxy-serv02 announce itself? What is lost is lost until 14.7 s.",
        "More of them at the same moment (garp_master_repeat) are lost as well. Announcing again and again,"
        " every so many seconds, is garp_master_refresh.",
        _every_ten,
    ),
}
