"""Rules about how an address comes and goes on the network: ARP, virtual MACs, masks, and who keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.machine.profiles import profile_named
from vrrplab.rules.cluster import Cluster, Member
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Finding, Place, Rule, Severity
from vrrplab.rules.teams import about, by_value, names, places, said_once, teams

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@said_once
def announced_too_little(cluster: Cluster) -> Iterator[Finding]:
    """keepalived 2.2.7 loses gratuitous ARP frames where it should pause between them."""
    if profile_named(cluster.profile).garp_interval_keeps_all:
        return
    for team in teams(cluster):
        found = [
            m
            for m in team.members
            if m.instance.family == 4
            and m.instance.garp.interval_us
            and sum(":" not in a.address for a in m.instance.all_addresses) > 1
        ]
        if found:
            yield Finding(
                "V042",
                WARNING,
                f"VRID {team.vrid}: a pause between ARP frames on {names(found)}: this keepalived loses "
                "most of them then (3 of 10 were sent, measured), and who misses them keeps the old MAC",
                places(found, "garp_interval", "virtual_ipaddress"),
                "leave garp_interval and vrrp_garp_interval out, or use keepalived 2.4",
                about=about(team),
            )


def foreign_mac(cluster: Cluster) -> Iterator[Finding]:
    found = [m for team in teams(cluster) for m in team.members if m.instance.use_vmac]
    if found:
        yield Finding(
            "V044",
            INFO,
            f"use_vmac on {names(found)}: on virtual machines the hypervisor or the cloud drops "
            "frames from a "
            "MAC that is not the card's, unless it is told to let them pass",
            places(found, "use_vmac"),
            "allow forged transmits and MAC changes for these cards, or leave use_vmac out",
            certain=False,
        )


@said_once
def macvlan_is_deaf(cluster: Cluster) -> Iterator[Finding]:
    """A macvlan keeps what comes from its own MAC: a standby that sends from its base hears nobody's VMAC."""
    for team in teams(cluster):
        vmacs = [m for m in team.members if m.instance.use_vmac]
        deaf = [m for m in vmacs if m.instance.vmac_xmit_base]
        loud = [m for m in vmacs if not m.instance.vmac_xmit_base]
        if deaf and loud:
            yield Finding(
                "V093",
                ERROR,
                f"VRID {team.vrid}: {names(loud)} sends from its VMAC, and {names(deaf)} with "
                "vmac_xmit_base never "
                f"hears that: Linux gives a frame from a VMAC's own address to that VMAC only. While "
                f"{names(loud)} is MASTER, {names(deaf)} is too",
                (*places(loud, "use_vmac"), *places(deaf, "vmac_xmit_base")),
                "write vmac_xmit_base on every node, or on none",
                about=about(team),
            )


@said_once
def masks_differ(cluster: Cluster) -> Iterator[Finding]:
    for team in teams(cluster):
        lengths: dict[str, list[tuple[int, Member, Place]]] = {}
        for m in team.members:
            for one in m.instance.all_addresses:
                lengths.setdefault(one.address, []).append((one.prefix, m, Place(m.node.name, one.source)))
        different = [a for a, found in lengths.items() if len({length for length, *_ in found}) > 1]
        if different:
            address = different[0]
            holders = [m for _, m, _ in lengths[address]]  # one that has it twice, too
            more = f", and {len(different) - 1} more" if len(different) > 1 else ""
            yield Finding(
                "V046",
                INFO,
                f"VRID {team.vrid}: {address} is "
                f"{by_value(holders, [f'/{n}' for n, *_ in lengths[address]])}{more}: "
                "the adverts do not tell the length, but each node gets other routes with the address",
                tuple(where for address in different for *_, where in lengths[address]),
                "write the same length on every node",
                about=about(team),
            )


_GLOBALS = "global_defs {{\n    enable_script_security\n    script_user root\n{}}}\n"
_PAUSE = _GLOBALS.format("    vrrp_garp_interval 0.1\n")
_TWO = "192.168.2.100/24\n192.168.2.101/24"

RULES: tuple[Rule, ...] = (
    Rule(
        "V042",
        "announced too little",
        WARNING,
        "A pause between ARP frames is configured, and this keepalived loses frames by it.",
        "With vrrp_garp_interval and several addresses 2.2.7 sends 3 of 10 gratuitous ARP frames, "
        "and forgets "
        "the rest. A client or switch that missed them sends to the old node until its entry ages. 2.4.3 "
        "sends them all.",
        "Leave the pause out, or use keepalived 2.4.",
        "P42; keepalived 2.2.7 measured: recordings garp_interval_*",
        {"a": conf(150, top=_PAUSE, vips=_TWO), "b": conf(100, top=_PAUSE, vips=_TWO)},
        {"a": conf(150, vips=_TWO), "b": conf(100, vips=_TWO)},
        announced_too_little,
    ),
    Rule(
        "V044",
        "a MAC of its own",
        INFO,
        "use_vmac has frames leave from a MAC that is not the card's.",
        "Hypervisors and clouds drop such frames by default (ESXi: forged transmits; OpenStack: allowed "
        "address pairs; AWS and Azure always). Then adverts or answers are lost, and everything else "
        "is well.",
        "Tell the hypervisor to let them pass, or leave use_vmac out.",
        "P44; keepalived issues 2145 and 1040",
        {"a": conf(150, "use_vmac"), "b": conf(100, "use_vmac")},
        {"a": conf(150), "b": conf(100)},
        foreign_mac,
    ),
    Rule(
        "V046",
        "lengths differ",
        INFO,
        "Nodes have the same virtual address with different prefix lengths.",
        "An advert carries addresses without their lengths, so nobody notices: each node gets another route "
        "with the address. An address stays behind, too, where keepalived is killed: nothing removes "
        "it there, "
        "and both nodes have it.",
        "Write the same length on every node.",
        "P46; keepalived issue 1268; RFC 9568 section 5.2.9",
        {"a": conf(150), "b": conf(100, vips="192.168.2.100/32")},
        {"a": conf(150), "b": conf(100)},
        masks_differ,
        "a kill",
    ),
    Rule(
        "V093",
        "vmac_xmit_base on some nodes",
        ERROR,
        "Of the nodes with use_vmac only some have vmac_xmit_base.",
        "All of them have a macvlan with the router's MAC. Linux hands a frame with that source "
        "address to the "
        "macvlan only; a node with vmac_xmit_base listens on the card below it, hears nothing of a "
        "MASTER that "
        "sends from its VMAC, and is MASTER too.",
        "Write vmac_xmit_base on every node, or on none.",
        "P47; keepalived measured: recording vmac_mixed_xmit",
        {"a": conf(150, "use_vmac"), "b": conf(100, "use_vmac\nvmac_xmit_base")},
        {"a": conf(150, "use_vmac"), "b": conf(100, "use_vmac")},
        macvlan_is_deaf,
    ),
)
