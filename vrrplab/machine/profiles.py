"""In which points daemons and RFCs differ: a small table of named behaviours, each with its source.

The machine asks a profile "what does a lower advert get?", never "which profile are you?". Figures and
rules come from recordings of the daemons and from the RFCs; ``SOURCES`` names the one behind each field.
A new daemon is a new row; a wrong model, for a test, is ``dataclasses.replace(profile, …)``. Three fields are
rules, functions that ``policy`` describes: any other function may stand in their place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vrrplab.errors import VrrplabError
from vrrplab.machine.policy import (
    AnnounceAgain,
    Answer,
    Skew,
    answer_worse,
    answer_worse_and_announce,
    by_version,
    in_centiseconds,
    no_answer,
)
from vrrplab.units import SECOND_US, Micros


@dataclass(frozen=True, slots=True)
class Profile:
    """One behaviour a field; the defaults are keepalived 2.2.7's, the best measured one."""

    name: str
    wording: str = "2.2.7"  # whose log lines (log_lines.py)
    daemon: str = "keepalived"  # what people call the process
    rfc: str = ""  # the document, of a profile that is one
    versions: tuple[int, ...] = (2, 3)  # of VRRP, that it knows

    # Receiving: what it looks at, in its order (acceptance.py has the checks)
    checks: str = (
        "kernel-checksum vrid ah-header addressed exact-length ttl version hmac auth-type password ah-value"
        " replay interval type ipv4-checksum owner peer list"
    )
    unicast_ttl: bool = True  # unicast adverts have a TTL of their own; False: 255 like all
    list_mismatch: str = "drop"  # "drop" | "drop-unless-owner" | "warn": another list of virtual addresses
    rejected_advert_rearms: bool = True  # a MASTER restarts its advert timer on a packet it rejects
    lower_advert_rearms: bool = True  # a MASTER restarts its advert timer on a lower advert
    answer: Answer = answer_worse_and_announce  # what a MASTER sends back to another one's advert
    reject_lines: str = "each"  # "each" | "once": log a kind of rejection every time or once a MASTER
    logs_master_change: bool = False  # "master set to …" lines
    learns_interval: bool = True  # VRRPv3 BACKUP adopts the MASTER's interval
    v3_interval_line: bool = False  # says once that the intervals differ
    owner_listens: bool = True  # an address owner takes part in elections; False: it drops every advert
    authenticates: bool = True  # knows the authentication of RFC 2338; False: type 0 only

    # Election
    two_owners: str = "hearer-yields"  # "hearer-yields" | "lower-address-yields" | "by-address"
    owner_needs_state_master: bool = True  # priority 255 is MASTER at start only with state MASTER
    owner_returns_at_once: bool = False  # after FAULT an owner is MASTER without waiting
    priority_zero_on_fault: int = 2  # farewell adverts when a MASTER fails
    skew_us: Skew = by_version

    # Start
    delay_covers_owners: bool = False  # startup_delay also holds an owner that waits for a script
    removes_addresses_at_start: int = 1  # how often it tidies up (and says so)
    binds_unicast_source: bool = True  # a unicast source that no interface has at the start: FAULT for good
    late_address_for_vmac: bool = False  # an IPv6 VMAC works when its interface has no address at the start

    # Becoming MASTER
    line_us: int = 1_100  # a log line written meanwhile puts off the advert timer by that; 0: no work

    # Announcing
    garp_from_config: bool = True  # repeat, delay and refresh options; False: one per address, once
    announce_again_us: AnnounceAgain | None = None  # in place of those options; None: as they say
    garp_target_broadcast: bool = True  # target hardware address ff:ff:ff:ff:ff:ff
    garp_interval_keeps_all: bool = False  # a pause between ARP frames loses none
    refresh_with_adverts: bool = True  # garp_master_refresh is looked at when an advert is sent
    announces_own_address: bool = True  # with unicast peers, when it comes back as BACKUP
    na_router_flag: bool = False
    virtual_mac: bool = False  # always the virtual router MAC address, not only with use_vmac
    checksum_form: str = "pseudo-header"  # VRRPv3 over IPv4
    accept_mode: bool = True  # packets to a virtual address are accepted by default
    checksum_option_takes_any: bool = True  # v3_checksum_as_v2 takes either form; False: its own only

    # The host
    watches_addresses: bool = True  # FAULT without an own address, a MASTER gives up without a virtual one
    over_macvlan: bool = False  # speaks from a macvlan: mute without carrier, or without an address to bind
    stop_takes_us: Micros = SECOND_US  # from SIGTERM to the end of the process

    # Scripts
    reruns_running_script: bool = True  # starts a check although the last one has not ended

    @property
    def is_frr(self) -> bool:
        """Runs what FRR's own configuration says, and no keepalived.conf."""
        return self.daemon == "FRR"


KEEPALIVED_227 = Profile("keepalived-2.2.7")

KEEPALIVED_243 = replace(
    KEEPALIVED_227,
    name="keepalived-2.4.3",
    wording="2.4.3",
    line_us=1_300,
    checks=KEEPALIVED_227.checks.replace("exact-length", "length-or-padding"),
    list_mismatch="warn",
    reject_lines="once",
    logs_master_change=True,
    v3_interval_line=True,
    two_owners="lower-address-yields",
    delay_covers_owners=True,
    removes_addresses_at_start=2,
    binds_unicast_source=False,
    garp_interval_keeps_all=True,
    refresh_with_adverts=False,
    reruns_running_script=False,
)

RFC9568 = replace(
    KEEPALIVED_227,
    name="rfc9568",
    rfc="RFC 9568",
    versions=(3,),
    line_us=0,
    checks=(
        "ttl version type complete checksum vrid addressed auth-type interval interval-not-zero any-address"
        " first-link-local owner peer list"
    ),
    unicast_ttl=False,
    list_mismatch="warn",
    rejected_advert_rearms=False,
    lower_advert_rearms=False,
    answer=answer_worse,
    authenticates=False,
    two_owners="by-address",
    owner_needs_state_master=False,
    owner_returns_at_once=True,
    priority_zero_on_fault=1,
    delay_covers_owners=True,
    garp_from_config=False,
    garp_target_broadcast=False,
    garp_interval_keeps_all=True,
    announces_own_address=False,
    binds_unicast_source=False,
    late_address_for_vmac=True,
    na_router_flag=True,
    virtual_mac=True,
    checksum_form="message",
    accept_mode=False,
    reruns_running_script=False,
)

RFC5798 = replace(
    RFC9568,
    name="rfc5798",
    rfc="RFC 5798",
    checks=(
        "ttl version type complete checksum vrid addressed auth-type interval any-address owner peer list"
    ),
    answer=no_answer,
    owner_listens=False,
    checksum_form="pseudo-header",
)

RFC3768 = replace(
    RFC5798,
    name="rfc3768",
    rfc="RFC 3768",
    versions=(2,),
    checks="ttl version type complete checksum vrid addressed auth-type interval owner peer list",
    list_mismatch="drop-unless-owner",
    learns_interval=False,
)

FRR_844 = replace(
    RFC5798,
    name="frr-8.4.4",
    wording="frr",
    daemon="FRR",
    rfc="",
    versions=(2, 3),
    checks="ttl version type complete auth-type checksum martian vrid addressed interval",
    owner_listens=True,
    skew_us=in_centiseconds,
    garp_target_broadcast=True,
    accept_mode=True,
    checksum_option_takes_any=False,
    watches_addresses=False,
    over_macvlan=True,
    stop_takes_us=15_000,
)

FRR_103 = replace(FRR_844, name="frr-10.3")

PROFILES: dict[str, Profile] = {
    p.name: p for p in (KEEPALIVED_227, KEEPALIVED_243, RFC3768, RFC5798, RFC9568, FRR_844, FRR_103)
}

SOURCES: dict[str, str] = {
    "rfc": "the profile's name",
    "daemon": "the name of the program",
    "versions": "RFC 3768 §5.3.1, RFC 5798 and 9568 §5.2.1; keepalived.conf(5): vrrp_version",
    "checks": "§7.1 of each RFC, RFC 9568 errata 8299, 8300 and 8301; keepalived's source has none of those",
    "unicast_ttl": "keepalived.conf(5): unicast_ttl; RFC 9568 §5.1.1.3 wants 255 of every advert",
    "list_mismatch": "2.2.7 two masters, 2.4.3 one (recordings vip_list_*); RFC 3768 §7.1, 9568 §7.1",
    "rejected_advert_rearms": "recordings advert_int_mismatch_*, auth_mismatch_*; RFC 9568 §6.4.3 (f)",
    "lower_advert_rearms": "keepalived: as after any packet; RFC 9568 §6.4.3 names no restart there",
    "answer": "recordings garp_lower_*; RFC 3768 and 5798 §6.4.3 discard, 9568 §6.4.3 answers",
    "reject_lines": "logs of recordings auth_mismatch_*: each in 2.2.7, once in 2.4.3",
    "logs_master_change": "logs of the 2.4.3 recordings",
    "learns_interval": "recordings advert_int_mismatch_*; RFC 9568 §6.4.2; RFC 3768 has no learning",
    "v3_interval_line": "logs of keepalived 2.4.3; RFC 9568 §7.1",
    "owner_listens": "recordings prio255_*; RFC 3768 and 5798 §7.1 (9568 erratum 8298: only a log line)",
    "authenticates": "recordings auth_*; RFC 3768 §5.3.6 and §10: types 1 and 2 are gone",
    "two_owners": "recordings prio255_* (2.2.7: who hears last wins), 2.4.3 measured; RFC 9568 §6.4.3",
    "owner_needs_state_master": "recordings prio255_*; RFC 9568 §6.4.1",
    "owner_returns_at_once": "recordings article_drill*: 3.004 s after FAULT; RFC 9568 §6.4.1",
    "priority_zero_on_fault": "recordings article_drill2*, article_drill3*: two copies; RFC 9568 §6.4.3",
    "skew_us": "recordings takeover_*, prio0_*; RFC 3768 §6.1, 9568 §6.1; FRR measured: 0.60, not 0.609 s",
    "delay_covers_owners": "recordings startup_delay_*; 2.2.7 measured: owner MASTER at once",
    "removes_addresses_at_start": "logs of the recordings: one line an instance in 2.2.7, two in 2.4.3",
    "binds_unicast_source": "recording unicast_start_no_address; 2.4.3 measured: it starts",
    "late_address_for_vmac": "2.2.7 measured: FAULT for good, though the address comes; no RFC has FAULT",
    "line_us": "first interval of 292 and 65 transitions (2.2.7, 2.4.3) in all captures: median of what it is"
    " longer by, divided by the lines written meanwhile (two, and six for each address with five GARP); each"
    " line went to a console, there was no syslog (with one, measured, an address costs 0.1 ms); RFCs: none",
    "garp_from_config": "recordings garp_*; RFC 9568 §6.4.2: one for each address",
    "announce_again_us": "no RFC and no daemon has such a rule: it is for experiments",
    "garp_target_broadcast": "frames of the recordings; RFC 9568 §6.4.2",
    "garp_interval_keeps_all": "recordings garp_interval_*; 2.2.7 measured: 3 of 10 leave",
    "refresh_with_adverts": "recordings garp_ref*, article_split_brain_* (2.2.7)",
    "announces_own_address": "recordings unicast*; no RFC has unicast peers",
    "na_router_flag": "frames of the recordings: R=0; RFC 9568 §6.4.2: R=1",
    "virtual_mac": "frames of the recordings; RFC 9568 §7.2",
    "checksum_form": "frames of the recordings; RFC 9568 §5.2.8; RFC 5798 §5.2.8",
    "accept_mode": "keepalived option accept; RFC 9568 §6.1 Accept_Mode",
    "checksum_option_takes_any": "keepalived's source; FRR 10.3 measured: pseudo-header or not, never both",
    "watches_addresses": "recordings ifdown_*, addr_*; FRR measured: it goes on as MASTER, and is silent",
    "over_macvlan": "FRR measured: no error without a carrier; over IPv6 the first advert is lost",
    "stop_takes_us": "keepalived measured: 1.02 s, until its IGMP leave is out; FRR 8.4.4: 15 ms",
    "reruns_running_script": "logs of recordings track_script_timeout_* (2.2.7)",
}


def profile_named(name: str) -> Profile:
    """The profile of that name; VrrplabError listing all of them if there is none."""
    try:
        return PROFILES[name]
    except (KeyError, TypeError):  # TypeError: no name at all, a list for instance
        raise VrrplabError(f"unknown profile {name!r} - one of: {', '.join(PROFILES)}") from None


def nearest_profile(version: str) -> Profile:
    """The keepalived profile of this version ("2.2.7"), or that of the nearest version there is one for.

    A version that cannot be read counts as the best measured one, 2.2.7.
    """

    def number(text: str) -> int:
        parts = [int(part) for part in text.split(".") if part.isdecimal()][:3]
        return sum(part * 100**place for place, part in enumerate(reversed([*parts, 0, 0, 0][:3])))

    measured = [p for p in PROFILES.values() if p.name == f"keepalived-{p.wording}"]
    wanted = number(version) or number(KEEPALIVED_227.wording)
    return min(measured, key=lambda p: abs(number(p.wording) - wanted))
