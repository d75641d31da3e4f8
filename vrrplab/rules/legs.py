"""Rules about several instances of a node that must move together: sync groups, the legs of a router."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.effective import group_of, interfaces_that_matter
from vrrplab.rules.examples import conf, two_of
from vrrplab.rules.model import Finding, Place, Rule, Severity
from vrrplab.rules.outlook import priority_of
from vrrplab.rules.teams import (
    about,
    listed,
    real_teams,
    teams,
)

WARNING, INFO = Severity.WARNING, Severity.INFO


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
    for team in real_teams(cluster):
        if any(m.instance.track_scripts or m.instance.track_processes for m in team.members):
            continue  # the address of a service, which may be anywhere
        ranked = max(team.members, key=partial(priority_of, cluster))
        if [priority_of(cluster, m) for m in team.members].count(priority_of(cluster, ranked)) == 1:
            nodes = tuple(m.node.name for m in team.members)
            rows.setdefault((nodes, ranked.node.name), []).append(team)
    for (nodes, first), found in rows.items():
        loose = [team for team in found if _moves_alone(team, found, first)]
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


def _moves_alone(team: VirtualRouter, others: list[VirtualRouter], node: str) -> bool:
    """Is there a leg on another network whose interface does not take this one along, on that node?"""
    for other in others:
        if other.network == team.network:
            continue
        for mine, theirs in zip(team.members, other.members, strict=True):
            if mine.node.name != node:  # a group there and none here, or the reverse, is V059
                continue
            group = group_of(mine.node.config, mine.instance)
            together = group is not None and theirs.instance.name in group.members
            if not together and theirs.instance.interface not in interfaces_that_matter(
                mine.node.config, mine.instance
            ):
                return True
    return False


# -- the table ---------------------------------------------------------------------------------------------

_LEG = {"check": "", "track": "", "top": ""}


def _legs(group: str = "") -> dict[str, str]:
    def of(priority: int) -> str:
        lan = conf(priority, name="LAN", top=group, check="", track="")
        wan = conf(
            priority, name="WAN", interface="eth1", vrid=52, vips="203.0.113.1/24", top="", check="", track=""
        )
        return lan + wan

    return two_of(of(150), of(100))


def _group(*members: str) -> str:
    named = "\n".join(f"        {member}" for member in members)
    return f"vrrp_sync_group G {{\n    group {{\n{named}\n    }}\n}}\n"


RULES: tuple[Rule, ...] = (
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
        "V059",
        "sync groups differ",
        WARNING,
        "Instances that are one sync group on a node are not on another one.",
        "There one of them may move alone. The first node's group then fights for what it cannot get: it is "
        "MASTER only when all of its members can be.",
        "Name the same instances in the sync group of every node.",
        "keepalived.conf(5): vrrp_sync_group",
        two_of(_legs(_group("LAN", "WAN"))["a"], _legs()["b"]),
        _legs(_group("LAN", "WAN")),
        group_differs,
        "b eth1",
    ),
)
