"""Rules about what hosts and daemons say of themselves: what runs, and who has the addresses now."""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Finding, Place, Rule, Severity
from vrrplab.rules.teams import about, listed, names, places, teams
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.running import Difference, differences, facts_of

ERROR, WARNING = Severity.ERROR, Severity.WARNING
_ALIKE = ("version", "virtual_router_id", "advert_int", "auth_type", "auth_pass")
"""What nodes of one virtual router must have alike, or they do not hear each other."""
_ADDRESSES = ("virtual_ipaddress", "virtual_ipaddress_excluded")


def runs_otherwise(cluster: Cluster) -> Iterator[Finding]:
    """Each difference between a file and what its daemon runs."""
    for node in cluster:
        for one in differences(node.config, node.running) if node.running else ():
            harm = _harm(cluster, node, one)
            what = f"{one.about}: {one}" if one.option else str(one)
            yield Finding(
                "V085",
                ERROR if harm else WARNING,
                f"on {node.name}, {what}" + (f"; {harm}" if harm else ""),
                (Place(node.name, one.source),),
                f"reload keepalived on {node.name} and see in its log whether it took the file, or write what"
                " runs",
                about=f"{node.name} {one.about} {one.option}".rstrip(),
            )


def _harm(cluster: Cluster, node: Node, one: Difference) -> str:
    """Why an address is lost or doubled by it; "": it need not be."""
    kind, _, name = one.about.partition(" ")
    if kind != "vrrp_instance" or node.running is None:
        return ""
    if not one.option:
        return "" if one.runs else "so this node takes no part, whatever fails elsewhere"
    now = node.running.instances.get(name)
    if now is None:
        return ""
    if one.option in _ADDRESSES:
        bare = one.written.partition("/")[0]
        runs = {entry.partition("/")[0] for option in _ADDRESSES for entry in now.facts.get(option, ())}
        return "so nobody has it while this node is MASTER" if bare and bare not in runs else ""
    if one.option not in _ALIKE:
        return ""
    runs_here = now.facts.get(one.option)
    others = [m for m in _teammates(cluster, node, name) if _now(m, one.option, runs_here) != runs_here]
    return f"{names(others)} has another one, so they do not hear each other" if others else ""


def _teammates(cluster: Cluster, node: Node, name: str) -> list[Member]:
    """The same virtual router on other nodes, by the files."""
    for team in teams(cluster):
        if any(m.node is node and m.instance.name == name for m in team.members):
            return [m for m in team.members if m.node is not node]
    return []


def _now(member: Member, option: str, otherwise: object) -> object:
    """What a member runs with; what its file says where its daemon said nothing."""
    running = member.node.running
    now = running.instances.get(member.instance.name) if running else None
    return now.facts.get(option, otherwise) if now else facts_of(member.instance).get(option, otherwise)


def held_wrongly(cluster: Cluster) -> Iterator[Finding]:
    """Addresses on two hosts, on a host that is not MASTER, or not on the one that is."""
    for team in teams(cluster):
        virtual = dict.fromkeys(a.address for m in team.members for a in m.instance.all_addresses)
        on = {one: [m for m in team.members if one in m.node.held] for one in virtual}
        doubled = [one for one in virtual if len(on[one]) > 1]
        masters = [m for m in team.members if _state(m) == "MASTER"]
        if doubled:
            who = on[doubled[0]]
            yield _wrong(team, f"{listed(doubled)} is on {names(who)} at once", who)
        elif len(masters) > 1:
            yield _wrong(team, f"{names(masters)} are MASTER at once", masters)
        for member in team.members:
            state, node = _state(member), member.node
            if not state or node.addresses is None:
                continue
            own = {a.partition("/")[0] for some in node.addresses.values() for a in some} | set(node.held)
            has = [a.address for a in member.instance.all_addresses if a.address in own]
            lacks = [a.address for a in member.instance.all_addresses if a.address not in own]
            if state == "MASTER" and lacks:
                yield _wrong(team, f"{node.name} is MASTER and has no {listed(lacks, 'or')}", [member])
            elif state != "MASTER" and has and not doubled:
                yield _wrong(team, f"{node.name} is {state} and has {listed(has)}", [member])


def _state(member: Member) -> str:
    """What its daemon says that it is; "": nobody asked it."""
    running = member.node.running
    now = running.instances.get(member.instance.name) if running else None
    return now.state if now else ""


def _wrong(team: VirtualRouter, what: str, members: list[Member]) -> Finding:
    return Finding(
        "V086",
        ERROR,
        f"VRID {team.vrid}: {what}, if all were asked at one moment",
        places(members, "virtual_ipaddress"),
        "ask again, all at once; then look in keepalived's log since when that is so, and restart it there",
        certain=False,
        about=about(team),
    )


_DUMP = """\
------< VRRP Topology >------
 VRRP Instance = VI_1
   VRRP Version = 2
   State = MASTER
   Interface = eth0
   Virtual Router ID = 51
   Priority = 150
   Effective priority = 150
   Advert interval = 1 sec
   Preempt = enabled
   Virtual IP (1):
     192.168.2.100/24 dev eth0 scope global set
"""


def _plain(priority: int) -> str:
    return conf(priority, top="", check="", track="")


RULES: tuple[Rule, ...] = (
    Rule(
        "V085",
        "runs otherwise than written",
        WARNING,
        "A daemon runs with another value than its file has now (`--running`).",
        "keepalived reads its file at the start and at a reload. A file that was changed since, or that a "
        "reload refused, looks right and is not what runs; the next restart brings it in, at a moment that "
        "nobody chose. It is an error where nodes do not hear each other by it, or an address is missing.",
        "Reload, and look in the log whether it was taken; or write into the file what shall run.",
        "keepalived 2.2.7 and 2.4.3, measured: the file of kill -USR1",
        {"a": _plain(160), "b": _plain(100)},
        {"a": _plain(150), "b": _plain(100)},
        runs_otherwise,
        dumps={"a": _DUMP},
    ),
    Rule(
        "V086",
        "address where it should not be",
        ERROR,
        "A virtual address is on two hosts, on one that is not MASTER, or not on the one that is "
        "(`--addresses`, `--running`).",
        "Two hosts with it: clients reach now the one, now the other. A MASTER without it, as after somebody "
        "removed it by hand: nobody answers, and keepalived does not look. One that is no MASTER and has it "
        "was left with it when its daemon was killed.",
        "Find out since when, in the logs of both; restart the daemon that has it wrongly.",
        "keepalived 2.2.7, measured: recordings sigkill and vip_removed_by_hand",
        {"a": _plain(150), "b": _plain(100)},
        {"a": _plain(150)},
        held_wrongly,
        hosts={
            "a": {"eth0": ("192.168.2.251/24", "192.168.2.100/24")},
            "b": {"eth0": ("192.168.2.252/24", "192.168.2.100/24")},
        },
        dumps={"a": _DUMP},
    ),
)
