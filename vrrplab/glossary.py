"""The words of VRRP: keepalived's, which vrrplab speaks, beside those of the RFCs, with what they mean.

One dialect everywhere: keepalived's, because configuration, logs and notify scripts say MASTER, as RFC 3768
and RFC 5798 did. RFC 9568 (2024) says Active Router for the same thing. Views and notebooks look words up
here; nothing else decides what a word means.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Term(NamedTuple):
    """One thing and its names. An empty name: that document has no word for it.

    ``word`` is keepalived's (and ours), ``code`` the name in vrrplab's source where it differs from the word,
    ``rfc9568`` and ``rfc5798`` what these documents say (RFC 3768 agrees with RFC 5798 unless the
    meaning says otherwise), ``meaning`` plain words for somebody who never heard of VRRP. ``seen``: how
    else it is written where a run is shown, in the picture, its log, or an answer to "why?", where each is
    explained on the spot; "nic", "script" and the like are what the picture calls its own parts. Capitals
    count: "fault" is no FAULT. An -s behind a word, or a hyphen for a space, makes no other word of it.
    """

    word: str
    rfc9568: str
    rfc5798: str
    meaning: str
    code: str = ""
    seen: tuple[str, ...] = ()


TERMS = (
    Term(
        "MASTER",
        "Active",
        "Master",
        "The state of the one machine that has the addresses clients use just now, and keeps saying so.",
    ),
    Term(
        "BACKUP",
        "Backup",
        "Backup",
        "The state of a machine that listens, ready to take over when the MASTER falls silent.",
    ),
    Term(
        "INIT",
        "Initialize",
        "Initialize",
        "The state before a machine takes part: just started, not yet listening.",
    ),
    Term(
        "FAULT",
        "",
        "",
        "keepalived's own state: something this machine watches, a cable or a check, failed. It stays out.",
    ),
    Term(
        "STOP",
        "",
        "",
        "keepalived's own word for a daemon that is shutting down and gives its addresses away.",
    ),
    Term(
        "advert",
        "VRRP Advertisement",
        "VRRP advertisement",
        "The small packet by which the MASTER tells everybody that it is alive, and with which priority.",
        "Advertisement",
        seen=("advertises", "advertisement", "VRRP advert"),
    ),
    Term(
        "virtual_router_id",
        "VRID",
        "VRID",
        "A number from 1 to 255 that says which adverts belong together; two clusters on one LAN need two.",
        "vrid",
        seen=("VRID", "virtual router ID", "virtual router"),
    ),
    Term(
        "virtual_ipaddress",
        "IPvX addresses",
        "IPvX addresses",
        "The addresses (VIPs) clients use. They belong to no machine for good: whoever is MASTER has them.",
        "virtual_addresses",
        seen=("VIP", "virtual address", "virtual IP", "vip"),
    ),
    Term(
        "virtual MAC",
        "Virtual Router MAC Address",
        "Virtual Router MAC Address",
        "A hardware address made from the VRID that moves along; keepalived uses it only with use_vmac.",
        "virtual_mac",
        seen=("vmac", "use_vmac"),
    ),
    Term(
        "address owner",
        "IPvX address owner",
        "IP address owner",
        "A machine whose own, real address is the virtual one. The RFCs give it priority 255.",
        "address_owner",
        seen=("owner",),
    ),
    Term(
        "priority",
        "Priority",
        "Priority",
        "Who should be MASTER: the highest among those alive. 255 means an address owner, 0 a farewell.",
        "base_priority",
        seen=("priorities",),
    ),
    Term(
        "effective priority",
        "Priority",
        "Priority",
        "The priority after the weights of checks and interfaces: the one that is sent and compared.",
        "effective_priority",
    ),
    Term(
        "advert_int",
        "Advertisement_Interval",
        "Advertisement_Interval",
        "How long from one advert to the next: 1 second unless configured.",
        "advert_interval_us",
        seen=("advertisement interval", "advert interval"),
    ),
    Term(
        "master advert interval",
        "Active_Adver_Interval",
        "Master_Adver_Interval",
        "Version 3: a BACKUP counts with the interval it reads in the MASTER's adverts. Not in RFC 3768.",
        "master_adver_interval_us",
    ),
    Term(
        "skew time",
        "Skew_Time",
        "Skew_Time",
        "Extra patience of a BACKUP, shorter the higher its priority, so that the best one speaks up first.",
        "skew_us",
        seen=("skew",),
    ),
    Term(
        "master down interval",
        "Active_Down_Interval",
        "Master_Down_Interval",
        "How long a BACKUP waits in silence before it takes over: three intervals and the skew time.",
        "master_down_interval_us",
    ),
    Term(
        "master down timer",
        "Active_Down_Timer",
        "Master_Down_Timer",
        "The moment at which the patience of a BACKUP ends; each advert that counts puts it off.",
        "master_down_at_us",
    ),
    Term(
        "advert timer",
        "Adver_Timer",
        "Adver_Timer",
        "The moment at which a MASTER sends its next advert.",
        "advert_at_us",
    ),
    Term(
        "preempt",
        "Preempt_Mode",
        "Preempt_Mode",
        "Whether a better machine that comes back takes over again; nopreempt leaves things as they are.",
        seen=("nopreempt", "preemption"),
    ),
    Term(
        "preempt_delay",
        "",
        "",
        "keepalived's own: how long a better machine that came back waits before it takes over.",
        "preempt_delay_us",
    ),
    Term(
        "gratuitous ARP",
        "gratuitous ARP message",
        "gratuitous ARP message",
        "ARP nobody asked for, from a new MASTER: neighbours learn who has the address, switches where.",
        "SendGratuitousArp",
        seen=("GARP", "garp"),
    ),
    Term(
        "unsolicited neighbour advertisement",
        "unsolicited ND Neighbor Advertisement",
        "unsolicited ND Neighbor Advertisement",
        "What gratuitous ARP is for IPv4, for IPv6: nobody asked for it. RFC 3768 knows IPv4 only.",
        seen=("neighbour advertisement", "neighbour advert"),
    ),
    Term(
        "vrrp_instance",
        "Virtual Router",
        "Virtual Router",
        "What shares one VRID and its addresses; each machine that takes part runs one instance of it.",
        "InstanceConfig",
        seen=("instance",),
    ),
    Term(
        "accept",
        "Accept_Mode",
        "Accept_Mode",
        "Whether a MASTER takes packets for an address it does not own: keepalived does. Not in RFC 3768.",
    ),
    Term(
        "farewell",
        "Priority 0",
        "Priority 0",
        "An advert of priority 0: its sender leaves, so the best BACKUP waits its skew time and no longer.",
        seen=("goodbye",),
    ),
    Term(
        "failover",
        "",
        "",
        "The way of an address from a machine that cannot serve it to another, and how long that takes.",
    ),
    Term(
        "split brain",
        "",
        "",
        "Two machines that are MASTER at once, as neither hears the other; both answer for the address.",
    ),
    Term(
        "track_script",
        "",
        "",
        "keepalived's own: a command that is run every few seconds; its success counts for an instance.",
        "track_scripts",
        seen=("vrrp_script", "script", "check"),
    ),
    Term(
        "track_interface",
        "",
        "",
        "keepalived's own: another interface whose cable counts for an instance, too.",
        "track_interfaces",
    ),
    Term(
        "weight",
        "",
        "",
        "keepalived's own: what a check or an interface adds to the priority; 0: its failure means FAULT.",
    ),
    Term(
        "vrrp_sync_group",
        "",
        "",
        "keepalived's own: instances of one machine that are MASTER together, or not at all.",
        "SyncGroupConfig",
        seen=("sync group",),
    ),
    Term(
        "unicast_peer",
        "",
        "",
        "keepalived's own: adverts go to these addresses, and not to the group 224.0.0.18 or ff02::12.",
        "unicast_peers",
        seen=("unicast",),
    ),
    Term(
        "VRRP",
        "VRRP",
        "VRRP",
        "Virtual Router Redundancy Protocol: by it machines agree which of them has an address just now.",
    ),
    Term(
        "keepalived",
        "",
        "",
        "The program that speaks VRRP on Linux: it watches, sends adverts, and moves the virtual addresses.",
    ),
    Term(
        "keepalived.conf",
        "",
        "",
        "The file that tells keepalived what to do; an answer to why? names the lines that decided.",
    ),
    Term(
        "notify",
        "",
        "",
        "keepalived's own: a script that is run when an instance changes its state.",
    ),
    Term(
        "fall and rise",
        "",
        "",
        "keepalived's own: how many times in a row a check has to fail, or to succeed, before it counts.",
        seen=("fall 1", "fall 2", "fall 3", "rise 1", "rise 2", "rise 3"),
    ),
    Term(
        "down_timer_adverts",
        "",
        "",
        "keepalived's own: how many adverts may be missing before a BACKUP takes over; 3 by default.",
    ),
    Term(
        "authentication",
        "",
        "",
        "A password in each advert (PASS), or a signature (AH): version 2 only, and no real protection.",
        seen=("auth_type", "AH"),
    ),
    Term(
        "BFD",
        "",
        "",
        "Another protocol: asks a neighbour many times a second whether it is there. keepalived can use it.",
    ),
    Term(
        "daemon",
        "",
        "",
        "A program that runs in the background all the time. Here: the one that speaks VRRP, keepalived.",
    ),
    Term(
        "service",
        "",
        "",
        "The program that clients want something of: a web server, or squid, which fetches web pages.",
        seen=("squid",),
    ),
    Term(
        "proxy",
        "",
        "",
        "A server that fetches web pages for others; squid is such a program.",
    ),
    Term(
        "outage",
        "",
        "",
        "The time in which a client got no answer: from the last good one before to the first one after.",
    ),
    Term(
        "ping",
        "",
        "",
        "The smallest question: are you there? Every machine answers it by itself. Its packets are ICMP.",
        seen=("icmp", "ICMP"),
    ),
    Term(
        "HTTP",
        "",
        "",
        "The language of web pages: a client asks a service for one.",
        seen=("http",),
    ),
    Term(
        "DNS",
        "",
        "",
        "Turns a name into addresses. Where a name has several, clients take turns: round robin.",
        seen=("dns", "round robin"),
    ),
    Term(
        "interface",
        "",
        "",
        "Where a machine is joined to a network: a card with a cable. eth0 is its first, eth1 its second.",
        seen=("nic", "cable", "eth0", "eth1", "eth2"),
    ),
    Term(
        "switch",
        "",
        "",
        "The box all cables of a network end in. It sends a frame to where it last saw its receiver's MAC.",
    ),
    Term(
        "LAN",
        "",
        "",
        "The network inside a house, with clients and servers; WAN: the one that leads out to the world.",
        seen=("WAN", "lan", "wan"),
    ),
    Term(
        "frame",
        "",
        "",
        "What goes over a cable in one piece: a packet, with the MAC addresses of sender and receiver.",
        seen=("packet",),
    ),
    Term(
        "MAC address",
        "",
        "",
        "The number of a network card, by which the machines of one network find each other.",
        seen=("MAC",),
    ),
    Term(
        "MAC table",
        "",
        "",
        "What a switch has learned: behind which of its ports each MAC address was seen last.",
        seen=("MAC tables",),
    ),
    Term(
        "ARP",
        "",
        "",
        "How a machine asks who has an IPv4 address; the answer, a MAC address, is kept for a while.",
        seen=("ARP cache", "neighbour cache"),
    ),
    Term(
        "multicast",
        "",
        "",
        "Sent once, for everybody who listens to a group: adverts go to 224.0.0.18, or to ff02::12 in IPv6.",
    ),
    Term(
        "IGMP snooping",
        "",
        "",
        "A switch listens who wants multicast, and gives it to nobody else: done wrongly, adverts are lost.",
        seen=("IGMP",),
    ),
    Term(
        "TTL",
        "Hop Limit",
        "TTL",
        "A number that each router on the way lowers. An advert must come with 255: then it is from here.",
        seen=("hop limit",),
    ),
    Term(
        "checksum",
        "Checksum",
        "Checksum",
        "A number worked out from all bytes of a packet; if one of them changed on the way, it does not fit.",
    ),
    Term(
        "firewall",
        "",
        "",
        "A machine's own rules of what it lets in and out; one that forgets VRRP lets no advert through.",
    ),
    Term(
        "reverse path filter",
        "",
        "",
        "Linux drops a packet if the way back to its sender leads out elsewhere than where it came in.",
        seen=("rp_filter",),
    ),
    Term(
        "macvlan",
        "",
        "",
        "A network card made of software, on top of a real one, with a MAC address of its own.",
    ),
    Term(
        "CARP",
        "",
        "",
        "What BSD systems use in the place of VRRP; both bear one number, so they are easily mixed up.",
    ),
    Term(
        "SIGTERM",
        "",
        "",
        "Linux asks a program to end: it has time to say goodbye.",
    ),
    Term(
        "SIGKILL",
        "",
        "",
        "Linux ends a program at once: it has no time for anything, so what it had set up stays as it was.",
    ),
    Term(
        "SIGHUP",
        "",
        "",
        "Linux tells a program to read its configuration again, without ending.",
    ),
    Term(
        "SIGSTOP",
        "",
        "",
        "Linux stops a program where it is, as if time stood still for it; SIGCONT lets it go on.",
        seen=("SIGCONT",),
    ),
    Term(
        "RFC",
        "",
        "",
        "A document that lays down a protocol of the Internet; VRRP is in 3768 (version 2), 5798, 9568 (3).",
    ),
    Term(
        "fork",
        "",
        "",
        "vrrplab's own: a run that was changed at one moment. What was before stays; a new future begins.",
    ),
    Term(
        "seed",
        "",
        "",
        "vrrplab's own: the number all chance of a run is drawn from. The same seed gives the same run.",
    ),
    Term(
        "scenario",
        "",
        "",
        "vrrplab's own: a small network with servers and clients, and what happens to them at which moment.",
    ),
    Term(
        "trace",
        "",
        "",
        "vrrplab's own: what happened, one event after the other; all that is told and drawn comes from it.",
    ),
    Term(
        "profile",
        "",
        "",
        "vrrplab's own: whose behaviour is simulated, a version of a daemon or an RFC taken by its word.",
    ),
    Term(
        "recording",
        "",
        "",
        "vrrplab's own: a run of real daemons, with packets and logs, which simulations are held against.",
    ),
)

_BY_NAME = {
    name.lower(): term
    for term in reversed(TERMS)  # where two terms share a name, the first of the table wins
    for name in (*term.seen, term.code, term.rfc5798, term.rfc9568, term.word)
    if name
}


def look_up(name: str) -> Term | None:
    """The term with this name in keepalived, an RFC or vrrplab's source, or None; case does not matter."""
    return _BY_NAME.get(name.lower())


def _pattern(spelling: str) -> str:
    """How a spelling is found in a text: in a sentence its first letter may be a capital."""
    words = re.escape(spelling).replace(r"\ ", "[ -]").replace(r"\-", "[ -]")
    many = "(?:es)?" if spelling.endswith(("s", "ch", "x")) else "s?"
    first = spelling[0]
    return (words if spelling != spelling.lower() else f"[{first.upper()}{first}]{words[1:]}") + many


_ENGLISH = {"accept"}  # a sentence says it without meaning the option
_SPELT = {spelling: term for term in reversed(TERMS) for spelling in (*term.seen, term.word)}
_SPELT = {spelling: term for spelling, term in _SPELT.items() if spelling not in _ENGLISH}
# Where two begin alike the longer one is meant: "skew time" is no skew.
PATTERN = (
    r"(?<![\w-])(?:"
    + "|".join(_pattern(spelling) for spelling in sorted(_SPELT, key=lambda x: (-len(x), x)))
    + r")(?![\w-])"
)
_FOLDED = {spelling.lower().replace("-", " "): term for spelling, term in _SPELT.items()}


class Found(NamedTuple):
    """A term in a text: where it stands, and what was written."""

    at: int
    text: str
    term: Term


def found_in(text: str) -> list[Found]:
    """Every special word of a text, in its order."""
    found = []
    for match in re.finditer(PATTERN, text):
        folded = match[0].lower().replace("-", " ")
        term = next(_FOLDED[key] for key in (folded, folded[:-1], folded[:-2]) if key in _FOLDED)
        found.append(Found(match.start(), match[0], term))
    return found


def as_markdown() -> str:
    """All terms as one Markdown table, for notebooks and documents."""
    rows = ["| keepalived, and here | RFC 9568 | RFC 3768, RFC 5798 | what it is |", "|---|---|---|---|"]
    rows += [f"| {t.word} | {t.rfc9568 or '–'} | {t.rfc5798 or '–'} | {t.meaning} |" for t in TERMS]
    return "\n".join(rows)
