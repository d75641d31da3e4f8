"""What each keyword of keepalived.conf is for, in a sentence; the words of VRRP itself are the glossary's.

Only keywords that mean something here: what is known and not modelled has no sentence. Ranges and defaults
are the reader's, and stand nowhere else.
"""

from __future__ import annotations

from vrrplab.glossary import look_up

ROOT = ""
_ANNOUNCE = {
    "delay": "How long after a takeover the new MASTER announces its addresses a second time.",
    "repeat": "How many gratuitous ARP frames, or neighbour advertisements, each announcement has.",
    "refresh": "How often a MASTER announces its addresses again while all is well; 0: never.",
    "refresh_repeat": "How many frames each of the announcements of a refresh has.",
    "lower_delay": "How long after the advert of a lower MASTER the addresses are announced a second time.",
    "lower_repeat": "How many frames are sent because a lower MASTER was heard.",
}
_WHEN = "A script that is run when {}."
_NOTIFY = {
    "notify_master": _WHEN.format("it becomes MASTER"),
    "notify_backup": _WHEN.format("it becomes BACKUP"),
    "notify_fault": _WHEN.format("it goes to FAULT"),
    "notify_stop": _WHEN.format("the daemon stops"),
    "notify": "A script that is run at every change of state, with what changed as its arguments.",
    "smtp_alert": "Send a mail when the state changes.",
    "notify_priority_changes": "Run the notify script, or write to the FIFO, when the priority changes too.",
}
_TRACK = {
    "track_interface": "Other interfaces whose cables count: NAME, or NAME weight N; without weight: FAULT.",
    "track_script": "Checks that count, of the vrrp_script blocks above: NAME, or NAME weight N.",
    "track_file": "Files with a number in them that counts, of the track_file blocks above.",
    "track_process": "Processes that have to run, of the vrrp_track_process blocks above.",
    "track_bfd": "BFD sessions that have to be up, of the bfd_instance blocks above.",
}
_FILE = {
    "file": "The path of the file; the number in it is multiplied by the weight.",
    "weight": "By what the number in the file is multiplied before it is added; 0: FAULT unless it is 0.",
    "init_file": "What is written into the file at the start, if there is none, or with overwrite always.",
}

MEANINGS: dict[str, dict[str, str]] = {
    ROOT: {
        "global_defs": "What holds for the whole daemon, and for every instance that does not say otherwise.",
        "vrrp_script": "A command that is run every few seconds; it counts where track_script names it.",
        "track_file": "A file with a number in it, which an instance's track_file adds to the priority.",
        "vrrp_track_file": "The older name of track_file: a file with a number in it.",
        "vrrp_track_process": "A process that has to run, where track_process names it.",
        "bfd_instance": "A BFD session with a neighbour, which counts where track_bfd names it.",
        "garp_group": "Interfaces that share one pause between gratuitous ARP frames.",
        "static_ipaddress": "Addresses that the daemon sets at its start and keeps, whatever its state.",
        "static_routes": "Routes that the daemon sets at its start and keeps, whatever its state.",
        "static_rules": "Rules of routing that the daemon sets at its start and keeps, whatever its state.",
        "track_group": "Instances that static addresses, routes and rules follow.",
        "include": "Read another file, or all that a pattern fits, as if it stood here.",
        "virtual_server": "A service of the load balancer (LVS): it is read, and not simulated.",
        "virtual_server_group": "Addresses that a virtual_server of the load balancer has.",
        "SSL": "What SSL_GET checks of the load balancer use.",
        "linkbeat_interfaces": "Interfaces whose cable is asked for, where the kernel does not tell.",
        "interface_up_down_delays": "How long an interface has to be up, or down, before that counts.",
    },
    "global_defs": {
        "notification_email": "Who gets the daemon's mails.",
        "router_id": "A name of this machine, for mails and SNMP; no packet has it.",
        "vrrp_version": "The version of VRRP for instances that do not say: 2 or 3.",
        "vrrp_strict": "Keep to the RFC: no service on a virtual address, no unicast, no authentication.",
        "vrrp_skip_check_adv_addr": "Do not compare the addresses in an advert of the same MASTER again.",
        "vrrp_check_unicast_src": "Take unicast adverts only from the configured peers.",
        "vrrp_mcast_group4": "The group to which IPv4 adverts go.",
        "vrrp_mcast_group6": "The group to which IPv6 adverts go.",
        "vrrp_garp_master_delay": _ANNOUNCE["delay"],
        "vrrp_garp_master_repeat": _ANNOUNCE["repeat"],
        "vrrp_garp_master_refresh": _ANNOUNCE["refresh"],
        "vrrp_garp_master_refresh_repeat": _ANNOUNCE["refresh_repeat"],
        "vrrp_garp_lower_prio_delay": _ANNOUNCE["lower_delay"],
        "vrrp_garp_lower_prio_repeat": _ANNOUNCE["lower_repeat"],
        "vrrp_down_timer_adverts": "How many adverts may be missing before a BACKUP takes over.",
        "vrrp_garp_interval": "The pause between two gratuitous ARP frames on one interface.",
        "vrrp_gna_interval": "The pause between two unsolicited neighbour advertisements on one interface.",
        "vrrp_min_garp": "Send each gratuitous ARP once, and none again.",
        "vrrp_lower_prio_no_advert": "A MASTER that hears a lower one does not answer with an advert.",
        "vrrp_higher_prio_send_advert": "A MASTER that hears a higher one sends an advert, then gives way.",
        "vrrp_startup_delay": "How long the instances wait after the daemon's start before they take part.",
        "script_user": "As whom scripts are run: USER, or USER GROUP.",
        "enable_script_security": "Run no script as root that somebody else may write.",
        "notify_fifo_script": "A script that reads the FIFO of all notifications.",
        "vrrp_notify_fifo_script": "A script that reads the FIFO of VRRP's notifications.",
        "dynamic_interfaces": "An interface may be missing at the start, and come later.",
        "vrrp_iptables": "The iptables chains in which packets to addresses with no_accept are dropped.",
        "nftables": "The nftables table in which packets to addresses with no_accept are dropped.",
        "vmac_prefix": "How the names of interfaces begin that use_vmac makes.",
        "v3_checksum_as_v2": "Version 3 over IPv4: the checksum without the pseudo-header.",
        "vrrp_owner_ignore_adverts": "An address owner ignores the adverts of others.",
    },
    "vrrp_instance": {
        **_NOTIFY,
        **_TRACK,
        "notify_deleted": "A script that is run when a reload finds the instance gone.",
        "notify_master_rx_lower_pri": _WHEN.format("a MASTER hears the advert of a lower one"),
        "state": "In which state it starts; the priorities decide within seconds who is MASTER.",
        "interface": "The card on which its adverts are sent and heard; while it is down: FAULT.",
        "version": "The version of VRRP that it speaks: 2 or 3.",
        "native_ipv6": "It is an instance of IPv6, and so of version 3.",
        "virtual_ipaddress_excluded": "More virtual addresses, which stand in no advert: of any number.",
        "virtual_routes": "Routes that a MASTER sets, and takes away when it is MASTER no more.",
        "virtual_rules": "Rules of routing that a MASTER sets, and takes away when it is MASTER no more.",
        "nopreempt": "A higher machine that comes back leaves the lower MASTER in peace; with state BACKUP.",
        "dont_track_primary": "Its own interface may be down.",
        "strict_mode": "Keep to the RFC, as vrrp_strict of global_defs says for all.",
        "accept": "A MASTER takes packets for its virtual addresses.",
        "no_accept": "A MASTER drops packets for its virtual addresses, unless it owns them.",
        "debug": "How much the daemon writes; it has no effect in most builds.",
        "lvs_sync_daemon_interface": "Where the load balancer's connections are told; deprecated.",
        "mcast_src_ip": "The address from which its multicast adverts come.",
        "mcast_dst_ip": "The group to which its adverts go.",
        "unicast_src_ip": "The address from which its unicast adverts come.",
        "track_src_ip": "FAULT while the host does not have the address that adverts come from.",
        "unicast_fault_no_peer": "FAULT while there is no peer.",
        "check_unicast_src": "Take unicast adverts only from the configured peers.",
        "old_unicast_checksum": "The checksum of keepalived 1.3.6 and older, for version 3 and unicast.",
        "unicast_ttl": "The TTL, or hop limit, of its unicast adverts.",
        "use_vmac": "The addresses are on an interface of their own with the virtual MAC.",
        "use_vmac_addr": "Also addresses with a dev get an interface with the virtual MAC.",
        "vmac_xmit_base": "Adverts leave from the card, not from the interface with the virtual MAC.",
        "use_ipvlan": "The addresses are on an ipvlan interface, which has the card's MAC.",
        "promote_secondaries": "An address stays when the first one of its subnet is taken away.",
        "garp_master_delay": _ANNOUNCE["delay"],
        "garp_master_repeat": _ANNOUNCE["repeat"],
        "garp_master_refresh": _ANNOUNCE["refresh"],
        "garp_master_refresh_repeat": _ANNOUNCE["refresh_repeat"],
        "garp_lower_prio_delay": _ANNOUNCE["lower_delay"],
        "garp_lower_prio_repeat": _ANNOUNCE["lower_repeat"],
        "lower_prio_no_advert": "A MASTER that hears a lower one does not answer with an advert.",
        "higher_prio_send_advert": "A MASTER that hears a higher one sends an advert, then gives way.",
        "skip_check_adv_addr": "Do not compare the addresses in an advert of the same MASTER again.",
        "no_virtual_ipaddress": "It is meant to have no virtual address.",
        "owner_ignore_adverts": "An address owner ignores the adverts of others.",
        "v3_checksum_as_v2": "Version 3 over IPv4: the checksum without the pseudo-header.",
    },
    "authentication": {
        "auth_type": "PASS: the password stands in every advert; AH: adverts are signed. Version 2 only.",
        "auth_pass": "The password, the same on all machines; its first 8 bytes count.",
    },
    "vrrp_script": {
        "script": "The command, in quotes; no shell reads it. It succeeds if it exits with 0.",
        "interval": "How long from one run to the next, in seconds.",
        "timeout": "After how many seconds a run that has not ended is a failure.",
        "rise": "How many successes in a row it takes to count as well.",
        "fall": "How many failures in a row it takes to count as failed.",
        "user": "As whom it is run: USER, or USER GROUP.",
        "init_fail": "It counts as failed until it has succeeded.",
    },
    "vrrp_sync_group": {
        **_NOTIFY,
        **_TRACK,
        "group": "The instances that are in it, by their names.",
        "sync_group_tracking_weight": "Weights of its members' checks may differ and count all the same.",
        "global_tracking": "The older name of sync_group_tracking_weight; deprecated.",
    },
    "garp_group": {
        "garp_interval": "The pause between two gratuitous ARP frames on these interfaces together.",
        "gna_interval": "The pause between two neighbour advertisements on these interfaces together.",
        "interface": "The interface, where it is one.",
        "interfaces": "The interfaces that share the pause.",
    },
    "track_file": _FILE,
    "vrrp_track_file": _FILE,
    "vrrp_track_process": {
        "process": "The program's name, and the parameters that are asked for.",
        "param_match": "Which command lines are meant: exact, initial or partial.",
        "full_command": "The program is compared with the first word of the command line, path and all.",
        "quorum": "How many such processes have to run.",
        "quorum_max": "How many such processes may run.",
        "delay": "How long both a start and an end have to last before they count.",
        "terminate_delay": "How long a process may be missing before that counts.",
        "fork_delay": "How long a new process has to run before it counts.",
    },
    "bfd_instance": {
        "source_ip": "The address from which its packets come.",
        "neighbor_ip": "The neighbour's address.",
        "neighbour_ip": "The neighbour's address.",
        "min_rx": "How often this side is ready to receive, in milliseconds.",
        "min_tx": "How often this side wants to send, in milliseconds.",
        "idle_tx": "How often this side sends while the session is down, in milliseconds.",
        "multiplier": "How many packets may be missing before the session is down.",
        "passive": "Wait until the neighbour begins.",
        "ttl": "The TTL of its packets.",
        "hoplimit": "The hop limit of its packets.",
        "max_hops": "How many routers may lie between the two.",
        "vrrp": "It is for VRRP only.",
        "checker": "It is for the load balancer only.",
    },
    "track_group": {"group": "The instances that are in it, by their names."},
}


def meaning_of(block: str, keyword: str) -> str:
    """What a keyword is for in a block (``ROOT``: outside all blocks); "": nothing that matters here."""
    meaning = MEANINGS.get(block, {}).get(keyword, "")
    if not meaning and block in MEANINGS:
        term = look_up(keyword)
        meaning = term.meaning if term is not None and term.word == keyword else ""
    return meaning
