"""The members of one virtual router that are meant to be one: what the rules about several files look at.

Members that speak for one VRID on one network are one team, unless their virtual addresses part them into
camps with nothing in common and two nodes or more in each: then two clusters use one VRID (V005).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.model import Finding, Place
from vrrplab.scenario.infer_networks import own_address
from vrrplab.wire.addresses import is_link_local


def teams(cluster: Cluster) -> list[VirtualRouter]:
    """The virtual routers, those of two clusters taken apart."""
    found = []
    for router in cluster.routers:
        parts = camps(router)
        found += [VirtualRouter(router.network, router.vrid, router.family, tuple(part)) for part in parts]
    return found


def real_teams(cluster: Cluster) -> list[VirtualRouter]:
    """Those of two members or more."""
    return [team for team in teams(cluster) if len(team.members) > 1]


def sources_of(cluster: Cluster, team: VirtualRouter) -> list[str]:
    """Where each member sends from, as far as the files tell; "": they do not."""
    configs = {node.name: node.config for node in cluster}
    return [own_address(m.node.name, m.instance, configs) for m in team.members]


def differs(values: Iterable[object]) -> bool:
    """Are there two of them that are not the same?"""
    return len(set(values)) > 1


def camps(router: VirtualRouter) -> list[list[Member]]:
    """Two lists or more where the router is used by several clusters; otherwise all members in one."""
    parts: list[list[Member]] = []
    for member in router.members:
        own = addresses_of(member)
        near = [part for part in parts if any(own & addresses_of(other) for other in part)]
        parts = [part for part in parts if part not in near] + [[*(m for part in near for m in part), member]]
    if len(parts) < 2 or min(len(part) for part in parts) < 2:
        return [list(router.members)]
    return parts


def addresses_of(member: Member) -> set[str]:
    """Its virtual addresses, the excluded ones too."""
    return {address.address for address in member.instance.all_addresses}


def place(member: Member, *options: str) -> Place:
    """Where the first of these options stands that is written in the instance; else where it begins."""
    lines = member.instance.lines
    return Place(member.node.name, next((lines[o] for o in options if o in lines), member.instance.source))


def places(members: Iterable[Member], *options: str) -> tuple[Place, ...]:
    return tuple(place(member, *options) for member in members)


def names(members: Iterable[Member]) -> str:
    """Their nodes: "a", "a and b", "a, b and c"."""
    return listed(list(dict.fromkeys(member.node.name for member in members)))


def listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def about(router: VirtualRouter) -> str:
    """How a finding is found again."""
    return f"VRID {router.vrid}"


def by_value(members: Iterable[Member], values: Iterable[str]) -> str:
    """ "1 s on a and b, 2 s on c": who has which."""
    groups: dict[str, list[Member]] = {}
    for member, value in zip(members, values, strict=True):
        groups.setdefault(value, []).append(member)
    return ", ".join(f"{value} on {names(group)}" for value, group in groups.items())


def linked(cluster: Cluster) -> list[list[str]]:
    """Names of nodes that have to do with each other: a virtual router, a virtual address, a unicast peer.

    More than one list: the files are of several clusters.
    """
    ties: list[set[str]] = [{m.node.name for m in router.members} for router in cluster.routers]
    holders: dict[str, set[str]] = {}
    for node in cluster:
        for instance in node.config.instances:
            speaks = {peer.address for peer in instance.unicast_peers} | {instance.unicast_source}
            shared = {a.address for a in instance.all_addresses if not is_link_local(a.address)}
            for address in (speaks | shared) - {""}:
                holders.setdefault(address, set()).add(node.name)
    ties += holders.values()
    parts: list[set[str]] = [{node.name} for node in cluster]
    for tie in ties:
        near = [part for part in parts if part & tie]
        parts = [part for part in parts if part not in near] + ([set().union(*near)] if near else [])
    order = [node.name for node in cluster]
    return sorted(([n for n in order if n in part] for part in parts), key=lambda part: order.index(part[0]))


def said_once(
    found: Callable[[Cluster], Iterable[Finding]],
) -> Callable[[Cluster], list[Finding]]:
    """A rule that says the same of several virtual routers says it once, with all their VRIDs."""

    def merged(cluster: Cluster) -> list[Finding]:
        rows: dict[object, list[Finding]] = {}
        for finding in found(cluster):
            head, colon, rest = finding.message.partition(": ")
            same = rest if colon and _VRID.fullmatch(head) else finding.message
            key = finding.rule, finding.severity, finding.certain, finding.cure, same
            rows.setdefault(key, []).append(finding)
        return [_as_one(findings) for findings in rows.values()]

    return merged


_VRID = re.compile(r"VRID (\d+)")


def _as_one(findings: list[Finding]) -> Finding:
    first = findings[0]
    if len(findings) == 1:
        return first
    head, _, rest = first.message.partition(": ")
    vrids = dict.fromkeys(f.message.partition(": ")[0].removeprefix("VRID ") for f in findings)
    every = tuple(dict.fromkeys(place for finding in findings for place in finding.places))
    message = f"VRID {listed(list(vrids))}: {rest}" if _VRID.fullmatch(head) else first.message
    changes = tuple(dict.fromkeys(change for finding in findings for change in finding.changes))
    vrid = f"VRID {listed(list(vrids))}"
    return replace(first, message=message, places=every, about=vrid, changes=changes)
