"""Judges of ``06_the_address_moved_the_traffic_did_not``."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import mac_address, one_of, whole
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import (
    IP1,
    S1,
    S2,
    demand_normal,
    demand_taken,
    length_s,
    longest,
    run,
    taken_s,
)
from vrrplab.exercises.registry import Miss, exercise
from vrrplab.notebook.replacements import Edit
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace import Trace
from vrrplab.trace.events import GarpSentEvent, MacLearnedEvent, NeighbourEvent
from vrrplab.wire.dissect import decode

# The takeover at 14.6 s; in that moment nothing that the new MASTER sends reaches the client.
LOST_GARP = (
    at(12, "link_down", server=S1, interface="eth0"),
    at(14.5, "segment_fault", segment="lan", between=[[S2, "office-pc"]]),
    at(14.7, "segment_heal", segment="lan"),
)


def lost_garp(edit: Edit | None = None) -> Scenario:
    """Drill 1, with every frame from proxy-serv02 to office-pc lost from 14.5 s to 14.7 s."""
    return variant("article-steady", *LOST_GARP, edit=edit, duration_s=80, name="the first GARP is lost")


def drill() -> Trace:
    from vrrplab.notebook.simulate import simulate

    return simulate("article-drill-1-lan-nic", frames=True)


@exercise("06-op", "request or reply: the operation of a GARP")
def op(answer: Any) -> str:
    guess = whole(answer, 0, 65535, "3")
    sent = decode(bytes.fromhex(drill().of(GarpSentEvent)[0].frame)).arp
    if sent is None:
        raise AssertionError("a GARP is an ARP packet")
    if guess != sent.op:
        raise Miss("The frame's bytes 20 and 21 say something else. The diagram calls them operation.")
    return f"{sent.op}: a request, asked of everybody, for the sender's own address."


@exercise("06-count", "GARPs of a new MASTER within ten seconds")
def count(answer: Any) -> str:
    guess = whole(answer, 0, 1000, "3")
    trace = run(variant("article-steady", at(12, "link_down", server=S1, interface="eth0")))
    moments = [
        round(e.t, 1) for e in trace.of(GarpSentEvent, server=S2, instance="proxy_ip1") if 12 < e.t < 25
    ]
    if guess != len(moments):
        raise Miss(
            f"They leave at {', '.join(map(str, dict.fromkeys(moments)))} s, several in a row each time."
            " Count them."
        )
    return f"{len(moments)}: five at once, and five more 5 s later, in case the first were lost."


@exercise("06-mac", "what office-pc believes at 20 s of drill 1")
def mac(answer: Any) -> str:
    given = mac_address(answer, "02:00:00:00:00:01")
    trace = drill()
    believed = [e.mac for e in trace.of(NeighbourEvent) if e.ip == IP1 and e.t <= 20]
    if given != believed[-1]:
        whose = {e.mac: e.server for e in trace.of(GarpSentEvent)}
        raise Miss(
            f"{given} is {'a card of ' + whose[given] if given in whose else 'nobody here'}; who answers"
            f" for {IP1} at 20 s?"
        )
    return f"{given}, the card of {S2}."


@exercise("06-lost", "a lost GARP repaired within 8 s")
def lost(answer: Any) -> str:
    edit = edit_table(answer)
    bare = lost_garp({"priority ": "garp_master_delay 0\n    priority "})
    repaired = variant(bare, edit=edit)
    for name, server in repaired.servers.items():
        if any(instance.garp.delay_us for instance in server.node.instances):
            raise Miss(f"On {name} garp_master_delay is no longer 0; that line is to stay as it is.")
    trace = run(repaired)
    demand_normal(trace, 11)
    taken = taken_s(trace, IP1, S2, 12)
    if taken is not None and not 14.5 <= taken < 14.7:
        raise Miss(f"{S2} takes over at {taken:.2f} s now, when nothing is lost; keep the moment of 14.6 s.")
    gap = longest(trace, IP1)
    if gap is None:
        raise Miss("Nobody misses anything: then the drill itself is gone.")
    sent = [round(e.t, 1) for e in trace.of(GarpSentEvent, server=S2, instance="proxy_ip1") if e.t > 14]
    if length_s(trace, gap) >= 8:
        told = ", ".join(map(str, dict.fromkeys(sent))) or "never"
        raise Miss(
            f"{IP1} answers again after {length_s(trace, gap):.1f} s. {S2} announces it at {told} s; lost"
            f" until 14.7 s."
        )
    demand_taken(repaired)
    arrived = next((t for t in sent if t > 14.7), None)
    return f"{length_s(trace, gap):.1f} s: " + (
        f"the announcement at {arrived} s arrives." if arrived else "nobody waits for an announcement."
    )


@exercise("06-vmac", "what changes when the MAC address moves too")
def vmac(answer: Any) -> str:
    choice = one_of(answer, ["client", "switch", "both", "neither"], "whose table changes")
    edit = {"priority ": "use_vmac\n    priority "}
    trace = run(variant("article-steady", at(12, "link_down", server=S1, interface="eth0"), edit=edit))
    moved = {
        "client": any(e.ip == IP1 and e.t > 12 for e in trace.of(NeighbourEvent)),
        "switch": any(e.mac.startswith("00:00:5e") and e.t > 12.1 for e in trace.of(MacLearnedEvent)),
    }
    seen = "both" if all(moved.values()) else next((name for name, did in moved.items() if did), "neither")
    if choice != seen:
        name, did = next((n, d) for n, d in moved.items() if (choice in (n, "both")) != d)
        raise Miss(f"After 12 s the {name}'s table {'changes' if did else 'stays as it was'}.")
    return (
        "The clients keep their entry; only the switch learns that the same MAC address is behind"
        " another port."
    )
