"""The words of VRRP: keepalived's, which vrrplab speaks, beside those of the RFCs, with what they mean.

One dialect everywhere: keepalived's, because configuration, logs and notify scripts say MASTER, as RFC 3768
and RFC 5798 did. RFC 9568 (2024) says Active Router for the same thing. Views and notebooks look words up
here; nothing else decides what a word means.
"""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """One thing and its names. An empty name: that document has no word for it.

    ``word`` is keepalived's (and ours), ``code`` the name in vrrplab's source where it differs from the word,
    ``rfc9568`` and ``rfc5798`` what these documents say (RFC 3768 agrees with RFC 5798 unless the
    meaning says otherwise), ``meaning`` plain words for somebody who never heard of VRRP.
    """

    word: str
    rfc9568: str
    rfc5798: str
    meaning: str
    code: str = ""


TERMS = (
    Term(
        "MASTER",
        "Active",
        "Master",
        "The state of the one router that holds the virtual addresses just now, and keeps saying so.",
    ),
    Term(
        "BACKUP",
        "Backup",
        "Backup",
        "The state of a router that listens, ready to take over when the MASTER falls silent.",
    ),
    Term(
        "INIT",
        "Initialize",
        "Initialize",
        "The state before a router takes part: just started, not yet listening.",
    ),
    Term(
        "FAULT",
        "",
        "",
        "keepalived's own state: something this router watches, a cable or a check, failed. It stays out.",
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
    ),
    Term(
        "virtual_router_id",
        "VRID",
        "VRID",
        "A number from 1 to 255 that says which adverts belong together; two clusters on one LAN need two.",
        "vrid",
    ),
    Term(
        "virtual_ipaddress",
        "IPvX addresses",
        "IPvX addresses",
        "The addresses (VIPs) clients use. They belong to no machine for good: whoever is MASTER has them.",
        "virtual_addresses",
    ),
    Term(
        "virtual MAC",
        "Virtual Router MAC Address",
        "Virtual Router MAC Address",
        "A hardware address made from the VRID that moves along; keepalived uses it only with use_vmac.",
        "virtual_mac",
    ),
    Term(
        "address owner",
        "IPvX address owner",
        "IP address owner",
        "A router whose own, real address is the virtual one. The RFCs give it priority 255.",
        "address_owner",
    ),
    Term(
        "priority",
        "Priority",
        "Priority",
        "Who should be MASTER: the highest among those alive. 255 means an address owner, 0 a farewell.",
        "base_priority",
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
        "skew_time_us",
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
        "Whether a better router that comes back takes over again; nopreempt leaves things as they are.",
    ),
    Term(
        "preempt_delay",
        "",
        "",
        "keepalived's own: how long a better router that came back waits before it takes over.",
        "preempt_delay_us",
    ),
    Term(
        "gratuitous ARP",
        "gratuitous ARP message",
        "gratuitous ARP message",
        "ARP nobody asked for, from a new MASTER: neighbours learn who has the address, switches where.",
        "SendGratuitousArp",
    ),
    Term(
        "unsolicited neighbour advertisement",
        "unsolicited ND Neighbor Advertisement",
        "unsolicited ND Neighbor Advertisement",
        "What gratuitous ARP is for IPv4, for IPv6: nobody asked for it. RFC 3768 knows IPv4 only.",
    ),
    Term(
        "vrrp_instance",
        "Virtual Router",
        "Virtual Router",
        "What shares one VRID and its addresses; each machine that takes part runs one instance of it.",
        "InstanceConfig",
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
    ),
    Term(
        "failover",
        "",
        "",
        "The way of an address from a router that cannot serve it to another, and how long that takes.",
    ),
    Term(
        "split brain",
        "",
        "",
        "Two routers that are MASTER at once because neither hears the other; both answer for the address.",
    ),
    Term(
        "track_script",
        "",
        "",
        "keepalived's own: a command that is run every few seconds; its success counts for an instance.",
        "track_scripts",
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
    ),
    Term(
        "unicast_peer",
        "",
        "",
        "keepalived's own: adverts go to these addresses, and not to the group 224.0.0.18 or ff02::12.",
        "unicast_peers",
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
    for name in (term.code, term.rfc5798, term.rfc9568, term.word)
    if name
}


def look_up(name: str) -> Term | None:
    """The term with this name in keepalived, an RFC or vrrplab's source, or None; case does not matter."""
    return _BY_NAME.get(name.lower())


def as_markdown() -> str:
    """All terms as one Markdown table, for notebooks and documents."""
    rows = ["| keepalived, and here | RFC 9568 | RFC 3768, RFC 5798 | what it is |", "|---|---|---|---|"]
    rows += [f"| {t.word} | {t.rfc9568 or '–'} | {t.rfc5798 or '–'} | {t.meaning} |" for t in TERMS]
    return "\n".join(rows)
