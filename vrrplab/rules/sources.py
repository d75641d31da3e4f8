"""Rules about where members send from and to: unicast peers, source addresses, subnets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.examples import UNICAST, conf, two_of, two_peers
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.outlook import priority_of
from vrrplab.rules.teams import (
    about,
    addresses_of,
    by_value,
    differs,
    listed,
    names,
    place,
    places,
    real_teams,
    said_once,
    sources_of,
    teams,
)
from vrrplab.scenario.address_checks import same_subnet

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def _peers(member: Member) -> set[str]:
    return {peer.address for peer in member.instance.unicast_peers}


@said_once
def peers_do_not_match(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        if not all(m.instance.unicast for m in team.members):
            continue
        sources = sources_of(cluster, team)
        if twins := list(_same_source(team, sources)):
            yield from twins
            continue
        yield from _virtual_peers(team)
        yield from _own_address(team, sources)
        yield from _not_sent_to(cluster, team, sources)
        yield from _strangers(team, sources)


def _same_source(team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    for source in dict.fromkeys(s for s in sources if s and sources.count(s) > 1):
        twins = [m for m, s in zip(team.members, sources, strict=True) if s == source]
        yield Finding(
            "V015",
            ERROR,
            f"VRID {team.vrid}: {names(twins)} send from the same address, {source}: only one of them can "
            "have it, and nobody sends to the others",
            places(twins, "unicast_src_ip"),
            "write each node's own address as its unicast_src_ip, and those of the others as its peers",
            about=about(team),
        )


def _virtual(team: VirtualRouter) -> set[str]:
    return set().union(*(addresses_of(member) for member in team.members))


def _virtual_peers(team: VirtualRouter) -> Iterator[Finding]:
    found = {m.node.name: sorted(_peers(m) & _virtual(team)) for m in team.members}
    if not any(found.values()):
        return
    asked = sorted(set().union(*found.values()))
    yield Finding(
        "V015",
        WARNING,
        f"VRID {team.vrid}: the unicast peer{'s' * (len(asked) > 1)} {listed(asked)} "
        f"{'are virtual addresses' if len(asked) > 1 else 'is a virtual address'} of it: whoever has "
        f"{'them' if len(asked) > 1 else 'it'} sends its adverts to itself",
        tuple(_peer_place(m, found[m.node.name][0]) for m in team.members if found[m.node.name]),
        "name the other nodes' own addresses in unicast_peer",
        about=f"{about(team)} virtual",
    )


def _own_address(team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    lists = [_peers(m) - _virtual(team) for m in team.members]
    same = not differs(map(frozenset, lists)) and len(lists[0]) == len(lists)
    own = [
        m
        for m, source, peers in zip(team.members, sources, lists, strict=True)
        if source in peers or (same and not source)
    ]
    if own:
        yield Finding(
            "V015",
            WARNING,
            f"VRID {team.vrid}: the unicast peers of {names(own)} include the node's own address; it sends "
            "each advert to itself, and logs that each time",
            tuple(_peer_place(m, s) for m, s in zip(team.members, sources, strict=True) if m in own),
            "name only the other nodes in unicast_peer",
            about=f"{about(team)} own",
            changes=tuple(
                Change(_peer_place(m, source), source)
                for m, source in zip(team.members, sources, strict=True)
                if m in own and source
            ),
        )


def _peer_place(member: Member, address: str) -> Place:
    line = next((p.source for p in member.instance.unicast_peers if p.address == address), None)
    return Place(member.node.name, line) if line else place(member, "unicast_peer")


def _not_sent_to(cluster: Cluster, team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    for sender in team.members:
        others = [(m, s) for m, s in zip(team.members, sources, strict=True) if m is not sender]
        own = sources[team.members.index(sender)]
        left_out = [m for m, s in others if s and s not in _peers(sender) and s != own]
        if not left_out:
            spare = _peers(sender) - {s for _, s in others if s} - {own}
            nameless = [m for m, s in others if not s]
            if len(nameless) <= len(spare):
                continue
            left_out = nameless
            what = f"{sender.node.name} has {len(_peers(sender))} unicast peers for {len(others)} other nodes"
        else:
            what = f"{sender.node.name} does not send to {names(left_out)}"
        higher = any(priority_of(cluster, sender) > priority_of(cluster, m) for m in left_out)
        comes = (
            f"while {sender.node.name} is MASTER, who does not hear it is MASTER too"
            if higher
            else f"should {sender.node.name} be MASTER, who does not hear it is MASTER too"
        )
        yield Finding(
            "V015",
            ERROR if higher else WARNING,
            f"VRID {team.vrid}: {what}: {comes}",
            (place(sender, "unicast_peer"), *places(left_out, "unicast_src_ip", "unicast_peer")),
            "name every other node's unicast_src_ip in unicast_peer",
            about=f"{about(team)} {sender.node.name}",
        )


def _strangers(team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    if not all(sources):
        return
    strange = {m.node.name: sorted(_peers(m) - set(sources) - _virtual(team)) for m in team.members}
    if any(strange.values()):
        asked = sorted({address for found in strange.values() for address in found})
        yield Finding(
            "V015",
            INFO,
            f"VRID {team.vrid}: the unicast peer{'s' * (len(asked) > 1)} {listed(asked)} "
            f"{'are' if len(asked) > 1 else 'is'} none of the nodes whose files are here",
            tuple(_peer_place(m, strange[m.node.name][0]) for m in team.members if strange[m.node.name]),
            "hand over that node's file too, or correct the address",
            certain=False,
            about=f"{about(team)} strangers",
        )


@said_once
def no_source(cluster: Cluster) -> Iterator[Finding]:
    for team in teams(cluster):
        without = [m for m in team.members if m.instance.unicast and not m.instance.unicast_source]
        if without:
            yield Finding(
                "V063",
                INFO,
                f"VRID {team.vrid}: unicast_peer without unicast_src_ip on {names(without)}: adverts leave "
                "from the first address of the interface, whatever that is after the next change",
                places(without, "unicast_peer"),
                "write unicast_src_ip, as the others have it among their peers",
                about=about(team),
            )


@said_once
def other_subnet(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        written = [
            (m, m.instance.unicast_source or m.instance.multicast_source)
            for m in team.members
            if m.instance.unicast_source or m.instance.multicast_source
        ]
        prefixes = {_prefix_of(m, source) for m, source in written}
        length = min((p for p in prefixes if p), default=0) or (24 if team.family == 4 else 64)
        if not any(not same_subnet(a, b, length) for (_, a), (_, b) in combinations(written, 2)):
            continue
        unicast = all(m.instance.unicast for m, _ in written)
        comes = (
            "a router between them may carry the adverts, but a virtual address belongs to one network only"
            if unicast
            else "on one network their adverts come from a foreign subnet, which looks like a slip of the pen"
        )
        yield Finding(
            "V058",
            INFO if unicast and not any(prefixes) else WARNING,
            f"VRID {team.vrid}: the nodes send from different subnets: "
            f"{by_value([m for m, _ in written], [s for _, s in written])} (/{length}); {comes}",
            places([m for m, _ in written], "unicast_src_ip", "mcast_src_ip"),
            "use the addresses of the network that the virtual address is in",
            certain=bool(prefixes - {0}),
            about=about(team),
        )


def _prefix_of(member: Member, source: str) -> int:
    """The length of a source's network: as the host has it, or as a virtual address near it; 0: unknown."""
    for address in (member.node.addresses or {}).get(member.instance.interface, ()):
        host, _, length = address.partition("/")
        if host == source and length:
            return int(length)
    whole = 32 if member.instance.family == 4 else 128
    for virtual in member.instance.all_addresses:
        if virtual.prefix < whole - 1 and same_subnet(virtual.address, source, virtual.prefix):
            return virtual.prefix
    return 0


# -- the table ---------------------------------------------------------------------------------------------

RULES: tuple[Rule, ...] = (
    Rule(
        "V015",
        "unicast peers do not match",
        ERROR,
        "A node does not send to another one, sends to itself, or has another one's address as its source.",
        "A BACKUP that gets no adverts is MASTER after three intervals, beside the one there is. keepalived "
        "sends to the addresses in unicast_peer and to nobody else.",
        "On every node: its own address as unicast_src_ip, and all others' addresses in unicast_peer.",
        "P15; keepalived issue 2237; recording unicast_own_peer",
        two_of(
            conf(150, UNICAST.format("192.168.2.11", "192.168.2.13")),
            conf(100, UNICAST.format("192.168.2.12", "192.168.2.11")),
        ),
        two_peers(),
        peers_do_not_match,
    ),
    Rule(
        "V058",
        "sources in different subnets",
        WARNING,
        "The members of a virtual router send from addresses of different subnets.",
        "They should share the network that the virtual address is in. Over multicast it is a slip of the "
        "pen; over unicast a router may carry the adverts, but the address works on one of the "
        "networks only.",
        "Use each node's address in the network of the virtual address.",
        "reported pairs; RFC 9568 section 1.2: routers on one LAN",
        two_of(conf(150, "mcast_src_ip 192.168.2.11"), conf(100, "mcast_src_ip 192.168.3.12")),
        two_of(conf(150, "mcast_src_ip 192.168.2.11"), conf(100, "mcast_src_ip 192.168.2.12")),
        other_subnet,
    ),
    Rule(
        "V063",
        "peers without a source",
        INFO,
        "unicast_peer is written, and unicast_src_ip is not.",
        "Adverts leave from the first address of the interface. When that changes, the others hear "
        "adverts of "
        "somebody they do not send to.",
        "Write unicast_src_ip.",
        "P15; keepalived.conf(5): unicast_src_ip",
        two_of(
            conf(150, "unicast_peer {\n    192.168.2.12\n}"), conf(100, "unicast_peer {\n    192.168.2.11\n}")
        ),
        two_peers(),
        no_source,
    ),
)
