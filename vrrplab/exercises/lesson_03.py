"""Judges of ``03_two_squids``."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.exercises.answers import number, text
from vrrplab.exercises.observe import (
    IP1,
    IP2,
    S1,
    S2,
    demand_normal,
    demand_taken,
    gaps_in_words,
    holders_in_words,
    run,
)
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.replacements import Edit, replacements
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import AdvertSentEvent


def edit_table(answer: Any) -> Edit:
    """What ``variant(edit=…)`` takes: "old words -> new words", one or several, or a table of exact text."""
    try:
        replacements(answer, (S1, S2))
    except VrrplabError as error:
        raise NotUnderstood(f"The answer here is what to replace in the files. {error}") from None
    return answer  # type: ignore[no-any-return]


@exercise("03-share", "what share of requests by name fails in drill 1")
def share(answer: Any) -> str:
    guess = number(answer, "0.25")
    if not 0 <= guess <= 1:
        raise NotUnderstood("A share is a number from 0 (nobody) to 1 (everybody).")
    trace = run(variant("article-drill-1-lan-nic"))
    (outage,) = trace.disturbances("proxy-serv")
    lost, asked = outage.lost, outage.sent or 0
    if abs(guess - lost / asked) > 0.06:
        side = "more" if lost > guess * asked else "fewer"
        raise Miss(
            f"office-pc asked {asked} times. By your share {guess * asked:.0f} requests would have failed;"
            f" {side} did."
        )
    return f"{lost} of {asked} requests: every second name lookup gives the address that is dark."


@exercise("03-unicast", "a cluster that needs no multicast")
def unicast(answer: Any) -> str:
    edit = edit_table(answer)
    quiet = at(0, "segment_fault", segment="lan", multicast=False)
    trace = run(variant("article-steady", quiet, at(20, "power_off", server=S1), edit=edit, duration_s=40))
    for address in (IP1, IP2):
        if len(trace.owners(address, 15)) > 1:
            raise Miss(f"On a network without multicast, {holders_in_words(trace, address, 15)}.")
    demand_normal(trace, 15)
    if trace.owner(IP1, 35) != S2:
        raise Miss(f"{S1} lost its power at 20 s, and {holders_in_words(trace, IP1, 35)}.")
    to = sorted({str(e.destination) for e in trace.of(AdvertSentEvent)})
    group = next((address for address in to if ip_address(address).is_multicast), "")
    if group:
        raise Miss(f"Some adverts still go to {group}, which is a multicast group.")
    demand_taken(variant("article-steady", edit=edit))
    return f"No multicast is needed: adverts go to {' and '.join(to)} only."


@exercise("03-group", "the narrowest destination for the firewall rule")
def group(answer: Any) -> str:
    given = text(answer, "a network like '10.0.0.0/8'").strip()
    found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/(\d{1,2}))?", given)
    if not found or any(int(part) > 255 for part in found.groups()[:4]) or int(found[5] or 32) > 32:
        raise NotUnderstood("The answer here is a network with its prefix, like '10.0.0.0/8'.")
    bits = int(found[5] or 32)
    address = int.from_bytes(bytes(int(part) for part in found.groups()[:4]), "big")
    sent = {e.destination for e in run(variant("article-steady", duration_s=5)).of(AdvertSentEvent)}
    packed = [int.from_bytes(bytes(int(p) for p in to.split(".")), "big") for to in sent]
    if any(bits and (to ^ address) >> (32 - bits) for to in packed):
        raise Miss(
            f"An advert goes to {', '.join(sorted(sent))}, and {given} does not match that: two MASTERs."
        )
    if bits < 32:
        raise Miss(
            f"Adverts get in, and so does everything sent to {2 ** (32 - bits) - 1:,} other addresses."
        )
    return f"{given}: adverts, and nothing else of multicast."


@exercise("03-third", "which address may be a third VIP")
def third(answer: Any) -> str:
    given = text(answer, "an address like '192.168.2.1'").strip()
    if not re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", given) or any(int(p) > 255 for p in given.split(".")):
        raise NotUnderstood("The answer here is one IPv4 address, without a prefix.")
    moved = variant("article-steady", edit={IP1: given}, duration_s=30)
    trace = run(moved)
    for server in (S1, S2):
        for instance in ("proxy_ip1", "proxy_ip2"):
            if trace.state_at(20, server, instance) == "FAULT":
                why = trace.why(20, server, instance).partition(": ")[2]
                raise Miss(f"{instance} on {server} is in FAULT at 20 s: {why or 'it lost its own address'}.")
    for name, client in moved.clients.items():
        if given in [a.split("/")[0] for a in client.addresses]:
            raise Miss(f"{name} already has {given}: two machines answer for one address.")
    if given in (IP1, IP2):
        raise Miss(f"{given} is a virtual address already: {holders_in_words(trace, given, 20)}.")
    if not given.startswith("192.168.2.") or given.endswith((".0", ".255")):
        raise Miss(f"{S1} takes {given}, but office-pc has no way to ask for it on 192.168.2.0/24.")
    gaps = gaps_in_words(trace)
    return f"{holders_in_words(trace, given, 20)}, and nothing is disturbed{': ' + gaps if gaps else ''}."
