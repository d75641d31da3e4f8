"""Rules about several files: members of one virtual router that do not agree, do not meet, or are missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations

from vrrplab.machine.acceptance import Receiver, receiver_of
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.effective import group_of, interfaces_that_matter
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.outlook import standings
from vrrplab.rules.teams import (
    about,
    addresses_of,
    by_value,
    camps,
    linked,
    listed,
    names,
    place,
    places,
    said_once,
    teams,
)
from vrrplab.rules.texts import tree_of
from vrrplab.scenario.address_checks import same_subnet
from vrrplab.scenario.infer_networks import own_address
from vrrplab.units import plain_seconds
from vrrplab.wire.addresses import is_link_local

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def _real(cluster: Cluster) -> list[VirtualRouter]:
    """Teams of two members or more."""
    return [team for team in teams(cluster) if len(team.members) > 1]


def _receivers(cluster: Cluster, team: VirtualRouter) -> list[Receiver]:
    profile: Profile = profile_named(cluster.profile)
    return [receiver_of(member.instance, profile) for member in team.members]


def _differs(values: Iterable[object]) -> bool:
    return len(set(values)) > 1


def _hear(cluster: Cluster, team: VirtualRouter) -> bool:
    """Do its members take each other's adverts?"""
    one, *others = _receivers(cluster, team)
    return all(
        (r.unicast, r.group, r.auth_type, r.password) == (one.unicast, one.group, one.auth_type, one.password)
        and set(r.addresses or ()) == set(one.addresses or ())
        and r.version == one.version
        and (r.version == 3 or r.interval_us == one.interval_us)
        for r in others
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
        for other in _real(cluster)
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
                f"VRID {router.vrid} on {router.network} is used by two clusters, "
                f"{listed([names(part) for part in parts])}: {comes}",
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
    for address, found in holders.items():
        for one, other in combinations(found, 2):
            if one.vrid == other.vrid or {m.node.name for m in one.members} & {
                m.node.name for m in other.members
            }:
                continue
            if (one.vrid, other.vrid) in told:
                continue
            told.add((one.vrid, other.vrid))
            members = (*one.members, *other.members)
            yield Finding(
                "V090",
                ERROR,
                f"{address} is held under VRID {by_value(members, [str(m.instance.vrid) for m in members])}: "
                "these are different virtual routers, each has a MASTER, and both have the address",
                places(members, "virtual_router_id"),
                "write the same virtual_router_id on all of them",
                about=f"VRID {one.vrid} and {other.vrid}",
                changes=_as_on_the_first(cluster, members, "virtual_router_id", str(one.vrid)),
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
    parts = linked(cluster)
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
    for team in _real(cluster):
        advertised = [frozenset(a.address for a in m.instance.virtual_addresses) for m in team.members]
        everything = [frozenset(addresses_of(m)) for m in team.members]
        if not _differs(everything) and not _differs(advertised):
            continue
        lists = advertised if _differs(advertised) else everything
        common = frozenset.intersection(*lists)
        odd = list(dict.fromkeys(address for mine in lists for address in sorted(mine - common)))
        holders = [names(m for m, mine in zip(team.members, lists, strict=True) if a in mine) for a in odd]
        groups = {
            who: [a for a, holder in zip(odd, holders, strict=True) if holder == who] for who in holders
        }
        said = [f"{_some(found)} only on {who}" for who, found in groups.items()]
        severity = ERROR
        if not _differs(advertised):
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
    for team in _real(cluster):
        if {r.version for r in _receivers(cluster, team)} != {2}:
            continue
        kinds = [
            m.instance.authentication.kind if m.instance.authentication else "none" for m in team.members
        ]
        if _differs(kinds):
            what = f"auth_type is {by_value(team.members, kinds)}"
        elif _differs(map(_password_of, team.members)):
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
    for team in _real(cluster):
        versions = {m.instance.version for m in team.members}
        intervals_us = [m.instance.advert_interval_us for m in team.members]
        if len(versions) > 1 or not _differs(intervals_us):
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
    for team in _real(cluster):
        versions = [m.instance.version for m in team.members]
        if _differs(versions):
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
    for team in _real(cluster):
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
    for team in _real(cluster):
        receivers = _receivers(cluster, team)
        ways = ["unicast" if r.unicast else f"multicast to {r.group}" for r in receivers]
        if _differs(ways):
            if _differs(r.unicast for r in receivers):
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


# -- unicast -----------------------------------------------------------------------------------------------


def _sources(cluster: Cluster, team: VirtualRouter) -> list[str]:
    """Where each member sends from, as far as the files tell; "": they do not."""
    configs = {node.name: node.config for node in cluster}
    return [own_address(m.node.name, m.instance, configs) for m in team.members]


def _peers(member: Member) -> set[str]:
    return {peer.address for peer in member.instance.unicast_peers}


@said_once
def peers_do_not_match(cluster: Cluster) -> Iterator[Finding]:
    for team in _real(cluster):
        if not all(m.instance.unicast for m in team.members):
            continue
        sources = _sources(cluster, team)
        if twins := list(_same_source(team, sources)):
            yield from twins
            continue
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


def _own_address(team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    lists = [_peers(m) for m in team.members]
    same = not _differs(map(frozenset, lists)) and len(lists[0]) == len(lists)
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
        higher = any(_priority(cluster, sender) > _priority(cluster, m) for m in left_out)
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


def _priority(cluster: Cluster, member: Member) -> int:
    known = standings(cluster)[member.node.name]
    return known.of(member.instance, known.rest).priority


def _strangers(team: VirtualRouter, sources: list[str]) -> Iterator[Finding]:
    if not all(sources):
        return
    strange = {m.node.name: sorted(_peers(m) - set(sources)) for m in team.members}
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
                f"VRID {team.vrid}: unicast_peer without unicast_src_ip on {names(without)}: it sends from "
                "the first address of its interface, whatever that is after the next change",
                places(without, "unicast_peer"),
                "write unicast_src_ip, as the others have it among their peers",
                about=about(team),
            )


@said_once
def other_subnet(cluster: Cluster) -> Iterator[Finding]:
    for team in _real(cluster):
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


# -- several instances of a node ---------------------------------------------------------------------------


def group_differs(cluster: Cluster) -> Iterator[Finding]:
    """What is one sync group on a node should be one on the others."""
    team_of = {(m.node.name, m.instance.name): t for t in teams(cluster) for m in t.members}
    told = set()
    for node in cluster:
        for group in node.config.sync_groups:
            routers = [team_of[node.name, name] for name in group.members if (node.name, name) in team_of]
            for other in cluster:
                if other is node:
                    continue
                theirs = [m for team in routers for m in team.members if m.node is other]
                groups = {g.name if (g := group_of(other.config, m.instance)) else "" for m in theirs}
                key = frozenset((m.node.name, m.instance.name) for m in theirs)
                if len(theirs) < 2 or (groups - {""} == groups and len(groups) == 1) or key in told:
                    continue
                told.add(key)
                out = [m for m in theirs if not group_of(other.config, m.instance)] or theirs
                yield Finding(
                    "V059",
                    WARNING,
                    f"{node.name} keeps {listed(list(group.members))} together in the sync group "
                    f"{group.name}; "
                    f"on {other.name} {listed([m.instance.name for m in out])} "
                    f"{'is' if len(out) == 1 else 'are'} not in one group with the rest",
                    (Place(node.name, group.source), *(Place(other.name, m.instance.source) for m in out)),
                    "name the same instances in the sync group of every node",
                    about=f"group {group.name}",
                )


def legs_move_alone(cluster: Cluster) -> Iterator[Finding]:
    """Virtual routers of the same nodes on different networks, with the same first node, and no group."""
    rows: dict[tuple[tuple[str, ...], str], list[VirtualRouter]] = {}
    for team in _real(cluster):
        if any(m.instance.track_scripts or m.instance.track_processes for m in team.members):
            continue  # the address of a service, which may be anywhere
        ranked = max(team.members, key=partial(_priority, cluster))
        if [_priority(cluster, m) for m in team.members].count(_priority(cluster, ranked)) == 1:
            nodes = tuple(m.node.name for m in team.members)
            rows.setdefault((nodes, ranked.node.name), []).append(team)
    for (nodes, first), found in rows.items():
        loose = [team for team in found if _moves_alone(team, found)]
        if len({team.network for team in loose}) < 2:
            continue
        members = [m for team in loose for m in team.members if m.node.name == first]
        yield Finding(
            "V052",
            WARNING if any(_is_gateway(m) for m in members) else INFO,
            f"{listed([m.instance.name for m in members])} are on different networks and in no sync "
            "group: when one "
            f"interface of {first} fails its instance moves and the others stay, so packets go in by one of "
            f"{listed(list(nodes))} and out by another",
            tuple(Place(m.node.name, m.instance.source) for team in loose for m in team.members),
            "name them in one vrrp_sync_group on every node, or track the other interfaces in each",
            certain=False,
            about=listed([about(team) for team in loose]),
            show=f"{shlex.quote(first)} interface {shlex.quote(members[-1].instance.interface)}",
        )


def _is_gateway(member: Member) -> bool:
    """Does it look like the way out for others: the first or last address of a network, or with routes?"""
    last = [a.address.replace(":", ".").rpartition(".")[2] for a in member.instance.virtual_addresses]
    return bool(member.instance.virtual_routes) or any(number in ("1", "254") for number in last)


def _moves_alone(team: VirtualRouter, others: list[VirtualRouter]) -> bool:
    """Is there a leg on another network whose interface does not take this one along?"""
    for other in others:
        if other.network == team.network:
            continue
        for mine, theirs in zip(team.members, other.members, strict=True):
            group = group_of(mine.node.config, mine.instance)
            together = group is not None and theirs.instance.name in group.members
            if not together and theirs.instance.interface not in interfaces_that_matter(
                mine.node.config, mine.instance
            ):
                return True
    return False


# -- the table ---------------------------------------------------------------------------------------------

_PASS = "authentication {{\n    auth_type PASS\n    auth_pass {}\n}}"
_UNICAST = "unicast_src_ip {}\nunicast_peer {{\n    {}\n}}"
_LEG = {"check": "", "track": "", "top": ""}


def _two_of(a: str, b: str) -> dict[str, str]:
    return {"a": a, "b": b}


def _legs(group: str = "") -> dict[str, str]:
    def of(priority: int) -> str:
        lan = conf(priority, name="LAN", top=group, check="", track="")
        wan = conf(
            priority, name="WAN", interface="eth1", vrid=52, vips="203.0.113.1/24", top="", check="", track=""
        )
        return lan + wan

    return _two_of(of(150), of(100))


def _group(*members: str) -> str:
    named = "\n".join(f"        {member}" for member in members)
    return f"vrrp_sync_group G {{\n    group {{\n{named}\n    }}\n}}\n"


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
        _two_of(conf(150), conf(100, vips="192.168.2.101/24")),
        _two_of(
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
        _two_of(conf(150, _PASS.format("secret1")), conf(100, _PASS.format("secret2"))),
        _two_of(conf(150, _PASS.format("verysecret")), conf(100, _PASS.format("verysecr"))),
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
        _two_of(conf(150, "advert_int 1"), conf(100, "advert_int 2")),
        _two_of(conf(150, "advert_int 1"), conf(100)),
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
        _two_of(conf(150, "version 3"), conf(100)),
        _two_of(conf(150, "version 3"), conf(100, "version 3")),
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
        _two_of(conf(150, "version 3\nv3_checksum_as_v2"), conf(100, "version 3")),
        _two_of(
            conf(150, "version 3\nv3_checksum_as_v2"), conf(100, "version 3\nv3_checksum_as_v2")
        ),
        checksums_differ,
        daemon="2.4.3",
    ),
    Rule(
        "V015",
        "unicast peers do not match",
        ERROR,
        "A node does not send to another one, sends to itself, or has another one's address as its source.",
        "A BACKUP that gets no adverts is MASTER after three intervals, beside the one there is. keepalived "
        "sends to the addresses in unicast_peer and to nobody else.",
        "On every node: its own address as unicast_src_ip, and all others' addresses in unicast_peer.",
        "P15; keepalived issue 2237; recording unicast_own_peer",
        _two_of(
            conf(150, _UNICAST.format("192.168.2.11", "192.168.2.13")),
            conf(100, _UNICAST.format("192.168.2.12", "192.168.2.11")),
        ),
        _two_of(
            conf(150, _UNICAST.format("192.168.2.11", "192.168.2.12")),
            conf(100, _UNICAST.format("192.168.2.12", "192.168.2.11")),
        ),
        peers_do_not_match,
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
        _two_of(conf(150, _UNICAST.format("192.168.2.11", "192.168.2.12")), conf(100)),
        _two_of(
            conf(150, _UNICAST.format("192.168.2.11", "192.168.2.12")),
            conf(100, _UNICAST.format("192.168.2.12", "192.168.2.11")),
        ),
        ways_differ,
    ),
    Rule(
        "V052",
        "legs fail over alone",
        WARNING,
        "A router's instances on several networks are in no sync group.",
        "Each instance elects its own MASTER. When one interface of the first node fails, that leg moves and "
        "the others stay: packets come in by one node and leave by the other, or nowhere.",
        "Name the instances in one vrrp_sync_group on every node, or let each track the others' interfaces.",
        "keepalived.conf(5): vrrp_sync_group; keepalived documentation, case of a router with NAT",
        _legs(),
        _legs(_group("LAN", "WAN")),
        legs_move_alone,
        "a eth1",
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
        _two_of(conf(150, "mcast_src_ip 192.168.2.11"), conf(100, "mcast_src_ip 192.168.3.12")),
        _two_of(conf(150, "mcast_src_ip 192.168.2.11"), conf(100, "mcast_src_ip 192.168.2.12")),
        other_subnet,
    ),
    Rule(
        "V059",
        "sync groups differ",
        WARNING,
        "Instances that are one sync group on a node are not on another one.",
        "There one of them may move alone. The first node's group then fights for what it cannot get: it is "
        "MASTER only when all of its members can be.",
        "Name the same instances in the sync group of every node.",
        "keepalived.conf(5): vrrp_sync_group",
        _two_of(_legs(_group("LAN", "WAN"))["a"], _legs()["b"]),
        _legs(_group("LAN", "WAN")),
        group_differs,
        "b eth1",
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
        _two_of(conf(150), conf(100, vrid=61, interface="eth3", vips="198.51.100.1/24")),
        _HOLD,
        different_clusters,
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
        _two_of(
            conf(150, "unicast_peer {\n    192.168.2.12\n}"), conf(100, "unicast_peer {\n    192.168.2.11\n}")
        ),
        _two_of(
            conf(150, _UNICAST.format("192.168.2.11", "192.168.2.12")),
            conf(100, _UNICAST.format("192.168.2.12", "192.168.2.11")),
        ),
        no_source,
    ),
    Rule(
        "V090",
        "one address, two VRIDs",
        ERROR,
        "Nodes hold the same virtual address under different virtual_router_ids.",
        "The VRID says which virtual router an advert is for. These nodes never listen to each "
        "other: each is "
        "MASTER of its own router, and both have the address.",
        "Write the same virtual_router_id on every node.",
        "RFC 9568 section 5.2.3",
        _two_of(conf(150), conf(100, vrid=52)),
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
        _two_of(
            conf(150) + conf(150, vrid=52, name="VI_2", vips="192.168.2.101/24", top="", check=""), conf(100)
        ),
        _HOLD,
        alone,
        "a power",
    ),
)  # fmt: skip
