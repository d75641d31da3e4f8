"""Hints for ``03_two_squids``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.observe import IP1, IP2, S2, run
from vrrplab.notebook.variants import variant
from vrrplab.trace.events import AdvertSentEvent


def _by_address() -> str:
    trace = run(variant("article-drill-1-lan-nic"))
    dark = next(outage for outage in trace.disturbances(IP1) if outage.kind == "http")
    lost = len(trace.disturbances(IP2))
    return (
        f"Those who ask for {IP1} itself lose {dark.lost} of {dark.sent or dark.lost} requests in that time."
        f" Those who ask for {IP2} itself lose {lost or 'none'}. Whoever asks for the name gets the two in"
        " turn."
    )


def _small_pair() -> str:
    lines = (
        "r1: interface eth0 -> interface eth0\n    unicast_src_ip {}\n    unicast_peer {{\n        {}\n    }}"
    )
    one, other = "192.168.2.2", "192.168.2.3"
    edit = [lines.format(one, other), lines.replace("r1:", "r2:").format(other, one)]
    trace = run(variant("lesson-two-routers", edit=edit, duration_s=10))
    sent = {str(event.destination) for event in trace.of(AdvertSentEvent, server="r1")}
    told = edit[0].replace("\n", "\\n")
    return (
        f'The two routers of notebook 09, r1 with {one} and r2 with {other}. For r1: "{told}", for r2 the'
        f" other way round. In the run r1 is MASTER, and sends to {' and '.join(sent)} only."
    )


def _prefixes() -> str:
    to = {event.destination for event in run(variant("article-steady", duration_s=5)).of(AdvertSentEvent)}
    return (
        f"224.0.0.0/24 fixes 24 of the 32 bits: it matches {' and '.join(sorted(to))}, where the adverts go,"
        f" and {2**8 - 1} other addresses. With every bit more that is fixed it is half as many."
    )


def _its_own() -> str:
    trace = run(variant("article-steady", edit={IP1: "192.168.2.252"}, duration_s=30))
    why = trace.why(20, S2, "proxy_ip1").partition(": ")[2] or "it lost its own address"
    return (
        f"192.168.2.252 is the address of {S2} itself. In the run proxy_ip1 on {S2} is"
        f" {trace.state_at(20, S2, 'proxy_ip1')} at 20 s: {why}. An address with no such owner is wanted."
    )


HINTS = {
    "03-share": Hint(
        "The figure with the lanes: what does the lowest one say of those who ask for the name?",
        "The name stands for two addresses in turn. A request fails if it gets the one that is dark.",
        _by_address,
    ),
    "03-unicast": Hint(
        "“Multicast is forbidden here” shows what is new in the file of proxy-serv01. What must the other"
        " file say?",
        "Each server names itself in unicast_src_ip and the other one in unicast_peer, in each instance. So"
        " the two files get different lines; `interface eth0` stands in every instance, and they can follow"
        " it.",
        _small_pair,
    ),
    "03-group": Hint(
        "To which address does every advert go? The frame of notebook 01 says it, and so does `trace.of"
        '("advert_sent")`.',
        "The number behind the slash says how many of the 32 bits are fixed. The narrowest network is a"
        " single address.",
        _prefixes,
    ),
    "03-third": Hint(
        "Make a list of what is taken: the servers' own addresses, those of clients, the virtual ones.",
        "A VIP is an address of the clients' network that belongs to nobody; the first (.0) and the last"
        " (.255) are the network's own.",
        _its_own,
    ),
}
