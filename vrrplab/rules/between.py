"""Rules about several files: members of one virtual router that do not agree, do not meet, or are missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations, product

from vrrplab.machine.acceptance import Receiver, receiver_of
from vrrplab.machine.hearing import objection
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.effective import group_of
from vrrplab.rules.examples import UNICAST, conf, two_of, two_peers
from vrrplab.rules.model import Change, Finding, Rule, Severity
from vrrplab.rules.teams import (
    about,
    addresses_of,
    by_value,
    camps,
    differs,
    linked,
    listed,
    names,
    place,
    places,
    real_teams,
    said_once,
    sources_of,
    teams,
)
from vrrplab.rules.texts import tree_of
from vrrplab.units import plain_seconds
from vrrplab.wire.addresses import is_link_local

UNKNOWN_SOURCE = {4: "192.0.2.1", 6: "fe80::1"}  # for documentation; in multicast nothing depends on it
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def _receivers(cluster: Cluster, team: VirtualRouter) -> list[Receiver]:
    profile: Profile = profile_named(cluster.profile)
    return [receiver_of(member.instance, profile) for member in team.members]


def _hear(cluster: Cluster, team: VirtualRouter) -> bool:
    """Do its members take each other's adverts, if addresses that no file tells are as they must be?"""
    profile = profile_named(cluster.profile)
    return all(
        objection(
            sender.instance,
            source or UNKNOWN_SOURCE[sender.instance.family],
            receiver.instance,
            frozenset([own] if own else [peer.address for peer in sender.instance.unicast_peers]),
            profile,
        )
        is None
        for (sender, source), (receiver, own) in permutations(
            zip(team.members, sources_of(cluster, team), strict=True), 2
        )
    )


def _split(
    cluster: Cluster,
    team: VirtualRouter,
    values: Sequence[object],
    how: str = "each drops the other's adverts",
) -> tuple[Severity, str]:
    """What comes of members that do not take each other's adverts where these differ.

    A member of a sync group is MASTER only where the others of its group want it too: one that hears its
    MASTER keeps them all down (random clusters, simulated; 2.2.7).
    """
    held = _held_down(cluster, team)
    if held:
        return WARNING, (
            f"{how}, and only because of {listed(held)} in the same sync group there are not two MASTERs"
        )
    number = len(set(values))
    several = "both are" if number == len(values) == 2 else f"{number} of them are"
    return ERROR, f"{how}, and {several} MASTER for ever"


def _held_down(cluster: Cluster, team: VirtualRouter) -> list[str]:
    """Instances that keep members of this team down where they hear their MASTER, on all nodes but one."""
    hears = {
        (m.node.name, m.instance.name)
        for other in real_teams(cluster)
        if other is not team and _hear(cluster, other)
        for m in other.members
    }
    keepers: list[str] = []
    free = 0
    for member in team.members:
        group = group_of(member.node.config, member.instance)
        found = [n for n in (group.members if group else ()) if (member.node.name, n) in hears]
        keepers += found
        free += not found
    return list(dict.fromkeys(keepers)) if free < 2 else []


def _as_on_the_first(
    cluster: Cluster, members: Sequence[Member], option: str, value: str
) -> tuple[Change, ...]:
    """The option's word on every node where another one stands; none where it would have to be added."""
    changes = []
    for member in members[1:]:
        where = place(member, option)
        said = [
            s for s in tree_of(cluster, where.source.file).at_line(where.source.line) if s.keyword == option
        ]
        if not said or len(said[0].words) < 2:
            if getattr(member.instance, _FIELD[option]) != getattr(members[0].instance, _FIELD[option]):
                return ()
            continue
        word = said[0].words[-1]
        if word.value != value:
            changes.append(Change(where, word.text, value))
    return tuple(changes)


_FIELD = {"advert_int": "advert_interval_us", "virtual_router_id": "vrid"}


# -- who is one cluster ------------------------------------------------------------------------------------


@said_once
def vrid_reused(cluster: Cluster) -> Iterator[Finding]:
    for router in cluster.routers:
        parts = camps(router)
        if len(parts) > 1:
            drops = profile_named(cluster.profile).list_mismatch == "drop"
            comes = (
                "each hears the other's adverts, logs them and drops them"
                if drops
                else "the higher one silences the other, whose addresses nobody has then"
            )
            yield Finding(
                "V005",
                WARNING if drops else ERROR,
                f"VRID {router.vrid} on {router.network} is used by {len(parts)} clusters, "
                f"{listed([f'one of {names(part)}' for part in parts])}: {comes}",
                places(router.members, "virtual_router_id"),
                "give one of the clusters another virtual_router_id",
                about=about(router),
            )


def other_vrid(cluster: Cluster) -> Iterator[Finding]:
    """One address under several VRIDs: no member of the one hears the other."""
    told = set()
    holders: dict[str, list[VirtualRouter]] = {}
    for team in teams(cluster):
        for address in sorted(set().union(*(addresses_of(member) for member in team.members))):
            if not is_link_local(address):
                holders.setdefault(address, []).append(team)
    shared: dict[tuple[tuple[int, ...], tuple[Member, ...]], list[str]] = {}
    for address, found in holders.items():
        by_nodes: dict[tuple[str, ...], list[VirtualRouter]] = {}
        for team in found:
            by_nodes.setdefault(tuple(m.node.name for m in team.members), []).append(team)
        if alike := _several_of_a_node(by_nodes):
            shared.setdefault(alike, []).append(address)
        for (mine, some), (theirs, others) in combinations(by_nodes.items(), 2):
            if not set(mine).isdisjoint(theirs):
                continue
            for one, other in product(some, others):
                if one.vrid == other.vrid or (one.vrid, other.vrid) in told:
                    continue
                told.add((one.vrid, other.vrid))
                members = (*one.members, *other.members)
                yield Finding(
                    "V090",
                    ERROR,
                    f"{address} is held under VRID "
                    f"{by_value(members, [str(m.instance.vrid) for m in members])}: these are different "
                    "virtual routers, each has a MASTER, and both have the address",
                    places(members, "virtual_router_id"),
                    "write the same virtual_router_id on all of them",
                    about=f"VRID {one.vrid} and {other.vrid}",
                    changes=_as_on_the_first(cluster, members, "virtual_router_id", str(one.vrid)),
                )
    for (vrids, members_there), addresses in shared.items():
        yield _shared_addresses(vrids, members_there, addresses)


def _several_of_a_node(
    by_nodes: Mapping[tuple[str, ...], Sequence[VirtualRouter]],
) -> tuple[tuple[int, ...], tuple[Member, ...]] | None:
    """The VRIDs of which one node has several, and their members there, of those that have an address."""
    vrids: dict[str, set[int]] = {}
    for nodes, found in by_nodes.items():
        for node in nodes:
            vrids.setdefault(node, set()).update(team.vrid for team in found)
    several = {node for node, own in vrids.items() if len(own) > 1}
    if not several:
        return None
    teams_there = [team for found in by_nodes.values() for team in found]
    members = tuple(m for team in teams_there for m in team.members if m.node.name in several)
    return tuple(sorted({m.instance.vrid for m in members})), members


def _shared_addresses(vrids: Sequence[int], members: Sequence[Member], addresses: list[str]) -> Finding:
    """Virtual routers of one node put them there and take them off without asking each other."""
    numbers = _some([str(vrid) for vrid in vrids])
    them, stand = ("it", "stands") if len(addresses) == 1 else ("them", "stand")
    nodes = listed(list(dict.fromkeys(m.node.name for m in members)))
    return Finding(
        "V090",
        WARNING,
        f"{_some(addresses)} {stand} under VRID {numbers} on {nodes}: two nodes have {them} when each is "
        f"MASTER of one, and whichever goes BACKUP takes {them} off the other",
        places(members, "virtual_ipaddress"),
        "name each address in one virtual router only",
        about=f"VRID {numbers}",
    )


@said_once
def alone(cluster: Cluster) -> Iterator[Finding]:
    """A virtual router that only one of several nodes speaks for."""
    elsewhere = {finding.places for finding in other_vrid(cluster)}
    parts = linked(cluster)
    for team in teams(cluster):
        if len(team.members) != 1:
            continue
        member = team.members[0]
        part = next(part for part in parts if member.node.name in part)
        if len(part) < 2 or any(place(member, "virtual_router_id") in found for found in elsewhere):
            continue
        others = listed([name for name in part if name != member.node.name], "nor")
        yield Finding(
            "V091",
            WARNING,
            f"VRID {team.vrid} is on {member.node.name} only, and not on {others}: without "
            f"{member.node.name} nobody has its addresses",
            places(team.members, "virtual_router_id"),
            f"add the instance {member.instance.name} to the other nodes",
            about=about(team),
            show=f"{shlex.quote(member.node.name)} power",
        )


def different_clusters(cluster: Cluster) -> Iterator[Finding]:
    speaking = {node.name for node in cluster if node.config.instances}  # of the others V074 tells
    parts = [part for part in linked(cluster) if speaking.intersection(part)]
    if len(parts) > 1:
        yield Finding(
            "V062",
            WARNING,
            f"these files are of different clusters: {listed([listed(part) for part in parts])} share no "
            "virtual router, no virtual address and no unicast peer",
            tuple(
                place(Member(node, instance), "virtual_router_id")
                for node in cluster
                for instance in node.config.instances[:1]
            ),
            "hand over the files of one cluster at a time; if they are meant to be one, give them the same "
            "virtual_router_id and virtual_ipaddress",
        )


# -- what keeps members from hearing each other ------------------------------------------------------------


@said_once
def addresses_differ(cluster: Cluster) -> Iterator[Finding]:
    drops = profile_named(cluster.profile).list_mismatch == "drop"
    for team in real_teams(cluster):
        advertised = [frozenset(a.address for a in m.instance.virtual_addresses) for m in team.members]
        everything = [frozenset(addresses_of(m)) for m in team.members]
        if not differs(everything) and not differs(advertised):
            continue
        lists = advertised if differs(advertised) else everything
        common = frozenset.intersection(*lists)
        odd = list(dict.fromkeys(address for mine in lists for address in sorted(mine - common)))
        holders = [names(m for m, mine in zip(team.members, lists, strict=True) if a in mine) for a in odd]
        groups = {
            who: [a for a, holder in zip(odd, holders, strict=True) if holder == who] for who in holders
        }
        said = [f"{_some(found)} only on {who}" for who, found in groups.items()]
        severity = ERROR
        if not differs(advertised):
            comes = "whoever of the others takes over does not have it"
        elif drops:
            severity, comes = _split(cluster, team, advertised)
        else:
            comes = "what the MASTER has not in its list nobody has"
        yield Finding(
            "V006",
            severity,
            f"VRID {team.vrid}: the virtual addresses differ: {listed(said)}; {comes}",
            places(team.members, "virtual_ipaddress"),
            "write the same virtual_ipaddress on every node, or another virtual_router_id for each cluster",
            about=about(team),
        )


def _some(addresses: list[str]) -> str:
    """The first ones, and how many more."""
    more = [f"{len(addresses) - 3} more"] if len(addresses) > 4 else []
    return listed([*addresses[:3], *more] if more else addresses)


def _password_of(member: Member) -> str:
    one = member.instance.authentication
    return "" if one is None else one.password.decode("utf-8", "replace")


@said_once
def authentication_differs(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        if {r.version for r in _receivers(cluster, team)} != {2}:
            continue
        kinds = [
            m.instance.authentication.kind if m.instance.authentication else "none" for m in team.members
        ]
        if differs(kinds):
            what = f"auth_type is {by_value(team.members, kinds)}"
        elif differs(map(_password_of, team.members)):
            kinds = [_password_of(m) for m in team.members]
            alike = [
                names(m for m in team.members if _password_of(m) == word) for word in dict.fromkeys(kinds)
            ]
            what = f"auth_pass is another one on {' than on '.join(alike)} (its first 8 characters count)"
        else:
            continue
        severity, comes = _split(cluster, team, kinds)
        yield Finding(
            "V007",
            severity,
            f"VRID {team.vrid}: {what}; {comes}",
            places(team.members, "auth_pass", "auth_type"),
            "write the same auth_type and auth_pass on every node",
            about=about(team),
        )


@said_once
def intervals_differ(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        versions = {m.instance.version for m in team.members}
        intervals_us = [m.instance.advert_interval_us for m in team.members]
        if len(versions) > 1 or not differs(intervals_us):
            continue
        what = f"advert_int is {by_value(team.members, [f'{plain_seconds(i)} s' for i in intervals_us])}"
        severity, comes = INFO, "in version 3 a BACKUP learns the MASTER's, so times change with it"
        if versions == {2}:
            severity, comes = _split(cluster, team, intervals_us)
        yield Finding(
            "V010",
            severity,
            f"VRID {team.vrid}: {what}; {comes}",
            places(team.members, "advert_int"),
            "write the same advert_int on every node",
            about=about(team),
            changes=_as_on_the_first(
                cluster, team.members, "advert_int", f"{plain_seconds(intervals_us[0])}"
            ),
        )


@said_once
def versions_differ(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        versions = [m.instance.version for m in team.members]
        if differs(versions):
            severity, comes = _split(cluster, team, versions)
            yield Finding(
                "V012",
                severity,
                f"VRID {team.vrid}: VRRP version {by_value(team.members, map(str, versions))}; {comes}",
                places(team.members, "version"),
                "write the same version (or vrrp_version) on every node",
                about=about(team),
            )


@said_once
def checksums_differ(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        if team.family != 4 or {m.instance.version for m in team.members} != {3}:
            continue
        old = [m for m in team.members if m.instance.v3_checksum_as_v2]
        if old and len(old) < len(team.members):
            deaf = [m for m in team.members if m not in old]
            yield Finding(
                "V013",
                ERROR,
                f"VRID {team.vrid}: {names(old)} computes the checksum as version 2 does, and {names(deaf)} "
                f"drops such adverts: with {names(old)} as MASTER there are two",
                places(team.members, "version"),
                "write v3_checksum_as_v2 on every node, or on none",
                about=about(team),
            )


@said_once
def ways_differ(cluster: Cluster) -> Iterator[Finding]:
    for team in real_teams(cluster):
        receivers = _receivers(cluster, team)
        ways = ["unicast" if r.unicast else f"multicast to {r.group}" for r in receivers]
        if differs(ways):
            if differs(r.unicast for r in receivers):
                ways = ["unicast" if r.unicast else "multicast" for r in receivers]
            how = "the kernel gives neither the other's adverts, without a word in the log"
            severity, comes = _split(cluster, team, ways, how)
            yield Finding(
                "V016",
                severity,
                f"VRID {team.vrid}: {by_value(team.members, ways)}; {comes}",
                places(team.members, "unicast_peer", "mcast_dst_ip"),
                "write unicast_peer on every node, or on none, and one multicast group",
                about=about(team),
            )


# -- the table ---------------------------------------------------------------------------------------------

_PASS = "authentication {{\n    auth_type PASS\n    auth_pass {}\n}}"


_HOLD = {"a": conf(150), "b": conf(100)}

RULES: tuple[Rule, ...] = (
    Rule(
        "V005",
        "VRID of two clusters",
        WARNING,
        "Two clusters on one network use the same virtual_router_id.",
        "keepalived 2.2.7 drops the other cluster's adverts, because their addresses are not its own, and "
        "logs each of them. From 2.3.3 on it only logs, and believes them: the lower cluster gives its "
        "addresses up, and nobody has them.",
        "Give each cluster of a network a virtual_router_id of its own.",
        "P05; keepalived issue 2444; RFC 9568 section 5.2.3",
        {
            "a": conf(150),
            "b": conf(100),
            "c": conf(150, vips="192.168.2.200/24", name="VI_9"),
            "d": conf(100, vips="192.168.2.200/24", name="VI_9"),
        },
        {
            "a": conf(150),
            "b": conf(100),
            "c": conf(150, vips="192.168.2.200/24", name="VI_9", vrid=61),
            "d": conf(100, vips="192.168.2.200/24", name="VI_9", vrid=61),
        },
        vrid_reused,
    ),
    Rule(
        "V006",
        "virtual addresses differ",
        ERROR,
        "Members of one virtual router have different virtual addresses.",
        "keepalived 2.2.7 compares the addresses in an advert with its own and drops the advert where they "
        "differ: both nodes become MASTER. 2.4.3 only logs it: what the MASTER has not in its list, nobody "
        "has. The order does not matter.",
        "Write the same virtual_ipaddress (and virtual_ipaddress_excluded) on every node.",
        "P06; recordings vip_list_*; RFC 9568 section 7.1",
        two_of(conf(150), conf(100, vips="192.168.2.101/24")),
        two_of(
            conf(150, vips="192.168.2.100/24\n192.168.2.101/24"),
            conf(100, vips="192.168.2.101/24\n192.168.2.100/24"),
        ),
        addresses_differ,
    ),
    Rule(
        "V007",
        "authentication differs",
        ERROR,
        "Members of one virtual router have another auth_type or auth_pass.",
        "An advert with another password is dropped (received an invalid passwd), and both nodes become "
        "MASTER. The first 8 characters count; VRRP version 3 has no authentication.",
        "Write the same auth_type and auth_pass on every node.",
        "P07, P08; recordings auth_mismatch_*",
        two_of(conf(150, _PASS.format("secret1")), conf(100, _PASS.format("secret2"))),
        two_of(conf(150, _PASS.format("verysecret")), conf(100, _PASS.format("verysecr"))),
        authentication_differs,
    ),
    Rule(
        "V010",
        "advert_int differs",
        ERROR,
        "Members of one virtual router advertise at different intervals.",
        "Version 2 drops an advert whose interval is not its own: both nodes become MASTER. In version 3 a "
        "BACKUP learns the MASTER's interval, so how long a takeover takes depends on who was MASTER.",
        "Write the same advert_int on every node.",
        "P10; recordings advert_int_mismatch_*; RFC 9568 section 7.1",
        two_of(conf(150, "advert_int 1"), conf(100, "advert_int 2")),
        two_of(conf(150, "advert_int 1"), conf(100)),
        intervals_differ,
    ),
    Rule(
        "V012",
        "versions differ",
        ERROR,
        "Members of one virtual router speak different versions of VRRP.",
        "An advert of another version is dropped, and both nodes become MASTER.",
        "Write the same version, or vrrp_version in global_defs, on every node.",
        "P12; recordings version_mismatch*",
        two_of(conf(150, "version 3"), conf(100)),
        two_of(conf(150, "version 3"), conf(100, "version 3")),
        versions_differ,
    ),
    Rule(
        "V013",
        "checksums differ",
        ERROR,
        "Of the members of a version 3 router over IPv4 only some have v3_checksum_as_v2.",
        "With the option a node leaves the pseudo-header out of the checksum and takes both forms; "
        "without it "
        "a node drops such adverts (Invalid VRRPv3 checksum). With the first as MASTER the second is MASTER "
        "too.",
        "Write v3_checksum_as_v2 on every node, or on none.",
        "P13; keepalived.conf(5): v3_checksum_as_v2; RFC 9568 section 5.2.8",
        two_of(conf(150, "version 3\nv3_checksum_as_v2"), conf(100, "version 3")),
        two_of(
            conf(150, "version 3\nv3_checksum_as_v2"), conf(100, "version 3\nv3_checksum_as_v2")
        ),
        checksums_differ,
        daemon="2.4.3",
    ),
    Rule(
        "V016",
        "unicast beside multicast",
        ERROR,
        "One member of a virtual router uses unicast_peer and another one multicast, or another group.",
        "The daemon has one socket for unicast and one for multicast; the other's adverts never "
        "reach it, and "
        "2.2.7 logs nothing. Both nodes become MASTER.",
        "Write unicast_peer on every node, or on none; the same mcast_dst_ip where there is one.",
        "P16; keepalived measured: unicast against multicast is dropped silently",
        two_of(conf(150, UNICAST.format("192.168.2.11", "192.168.2.12")), conf(100)),
        two_peers(),
        ways_differ,
    ),
    Rule(
        "V062",
        "different clusters",
        WARNING,
        "The files have nothing to do with each other.",
        "They share no virtual router, no virtual address and no unicast peer: what is said of their nodes "
        "together means nothing.",
        "Hand over the files of one cluster at a time.",
        "keepalived.conf(5): virtual_router_id",
        two_of(conf(150), conf(100, vrid=61, interface="eth3", vips="198.51.100.1/24")),
        _HOLD,
        different_clusters,
    ),
    Rule(
        "V090",
        "one address, two VRIDs",
        ERROR,
        "The same virtual address stands under different virtual_router_ids.",
        "The VRID says which virtual router an advert is for. Nodes with different ones never listen to each "
        "other: each is MASTER of its own router, and both have the address. Two of one node put the address "
        "there and take it off without asking each other.",
        "Write the same virtual_router_id on every node.",
        "RFC 9568 section 5.2.3",
        two_of(conf(150), conf(100, vrid=52)),
        _HOLD,
        other_vrid,
    ),
    Rule(
        "V091",
        "nobody else",
        WARNING,
        "A virtual router is on one node only, beside others that the nodes share.",
        "When that node fails nobody takes its addresses over.",
        "Add the instance to another node.",
        "RFC 9568 section 1.2",
        two_of(
            conf(150) + conf(150, vrid=52, name="VI_2", vips="192.168.2.101/24", top="", check=""), conf(100)
        ),
        _HOLD,
        alone,
        "a power",
    ),
)  # fmt: skip
