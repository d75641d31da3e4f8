"""Rules about priorities: who is MASTER, whether a failed check moves the address, and after how long."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from vrrplab.config.model import NodeConfig, Source
from vrrplab.machine.weights import FILES, PROCESSES, SCRIPTS, both, least_weight, with_weight
from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.effective import Thing, group_of, interfaces_that_matter, watched
from vrrplab.rules.examples import conf
from vrrplab.rules.model import Change, Finding, Place, Rule, Severity
from vrrplab.rules.outlook import (
    SLOW_US,
    AfterFailure,
    Contender,
    Outlook,
    detection_us,
    outlooks,
    silent_takeover_us,
    usual_takeover_us,
)
from vrrplab.rules.teams import about, listed, names, place, places, said_once, teams
from vrrplab.rules.texts import statement_in, tree_of
from vrrplab.units import format_s, plain_seconds

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
KIND_WORDS = {"script": "the check {}", "process": "the process {}", "bfd": "the BFD session {}"}


def _outlooks(cluster: Cluster) -> list[Outlook]:
    """Of virtual routers with two members or more."""
    return outlooks(cluster, [team for team in teams(cluster) if len(team.members) > 1])


def _vrids(found: list[VirtualRouter]) -> str:
    return f"VRID {listed([str(team.vrid) for team in found])}"


def _numbers(seats: list[Contender] | tuple[Contender, ...]) -> str:
    """ "b has 107 and c 102"."""
    said = [f"{seat.name} {seat.priority if seat.works else 'is in FAULT'}" for seat in seats]
    first = said[0].replace(" ", " has ", 1) if seats[0].works else said[0]
    return listed([first, *said[1:]])


def _what(thing: Thing) -> str:
    return KIND_WORDS.get(thing.kind, f"{thing.kind} {{}}").format(thing.name)


def failure_of(member: Member, thing: Thing) -> str:
    """That it fails there, in the one line of ``simulate --fail``."""
    return f"{shlex.quote(member.node.name)} {thing.kind} {shlex.quote(thing.name)}"


def _place_of(case: AfterFailure) -> Place:
    return Place(case.before.name, case.watched.source)


# -- a failed check and the priorities ---------------------------------------------------------------------


def _stuck(cluster: Cluster) -> Iterator[tuple[Outlook, AfterFailure]]:
    """The MASTER falls by a weight, and nobody takes over although somebody could."""
    for outlook in _outlooks(cluster):
        for seat in outlook.first:
            for case in outlook.failures(seat):
                falls = case.after.works and case.after.priority < seat.priority
                if falls and not case.heirs and any(other.works for other in case.others):
                    yield outlook, case


def _by_numbers(
    found: list[tuple[Outlook, AfterFailure]],
) -> list[tuple[list[VirtualRouter], Outlook, AfterFailure]]:
    """The same numbers in several virtual routers are one finding."""
    rows: dict[object, tuple[list[VirtualRouter], Outlook, AfterFailure]] = {}
    for outlook, case in found:
        seats = (case.before, case.after, *case.others)
        key = case.watched.thing, tuple((seat.name, seat.priority, seat.works) for seat in seats)
        rows.setdefault(key, ([], outlook, case))[0].append(outlook.team)
    return list(rows.values())


def weight_too_small(cluster: Cluster) -> Iterator[Finding]:
    stuck = [(outlook, case) for outlook, case in _stuck(cluster) if not case.higher]
    for found, outlook, case in _by_numbers(stuck):
        seat, thing = case.before, case.watched.thing
        weights = [one.watched for one in outlook.failures(seat) if one.after.works and one.watched.step < 0]
        together = len(weights) > 1 and bool(outlook.after(seat, *weights).heirs)
        even = [other for other in case.others if other.works and other.priority == case.after.priority]
        why = "nobody takes over" if not even else "equal is not enough to take over"
        least, cure = _enough(outlook, case)
        yield Finding(
            "V020",
            WARNING if together else ERROR,
            f"{_vrids(found)}: when {_what(thing)} fails, {seat.name} falls from {seat.priority} to "
            f"{case.after.priority}; {_numbers(case.others)}: {why}, and the address stays on {seat.name}"
            + (", unless other checks fail too" if together else ""),
            (_place_of(case), *places([other.member for other in case.others], "priority")),
            cure,
            about=f"{_vrids(found)} {thing}",
            changes=_to_weight(cluster, outlook, thing, least),
            show=failure_of(seat.member, thing),
        )


def _enough(outlook: Outlook, case: AfterFailure) -> tuple[int, str]:
    """The least weight that moves the address, tried, and the cure; 0: no weight does."""
    one, best = case.watched, max(seat.priority for seat in case.others if seat.works)
    least = least_weight(one.weight, case.after.priority, best)
    if _moves(outlook, case, least):
        return least, f"weight {least} is the least that moves it (now {one.weight})"
    drop = least_weight(0, case.after.priority, best)
    if one.weight > 0 and _moves(outlook, case, drop):
        how = f"a weight of {drop} in place of {one.weight} is the least that moves it"
        return drop, f"{how}: it counts on failure"
    near = f"write priorities that are nearer to each other than the weight of {one.thing.name}"
    return 0, f"{near}, {one.weight}"


def _to_weight(cluster: Cluster, outlook: Outlook, thing: Thing, weight: int) -> tuple[Change, ...]:
    """The words to be replaced, wherever the thing is tracked; none if one of them cannot be found."""
    changes = [
        _weight_at(cluster, member, one.source, thing, weight)
        for member in outlook.team.members
        for one in watched(member.node.config, member.instance)
        if one.thing == thing and weight
    ]
    return () if None in changes else tuple(change for change in changes if change)


def _weight_at(cluster: Cluster, member: Member, entry: Source, thing: Thing, weight: int) -> Change | None:
    """Where its weight stands: where it is tracked, or else in its own block."""
    for statement in tree_of(cluster, entry.file).at_line(entry.line):
        if statement.keyword == thing.name and "weight" in statement.values[:-1]:
            word = statement.words[[w.value for w in statement.words].index("weight") + 1]
            return Change(Place(member.node.name, Source(entry.file, word.line)), word.text, str(weight))
    if thing.kind != "script":
        return None
    block = Place(member.node.name, member.node.config.script(thing.name).source)
    found = statement_in(cluster, block, "weight")
    if found is None or len(found.words) < 2:
        return None
    word = found.words[1]
    return Change(Place(member.node.name, Source(block.source.file, word.line)), word.text, str(weight))


def _moves(outlook: Outlook, case: AfterFailure, weight: int) -> bool:
    """With that weight wherever the thing is tracked: is the first node the same, and does one follow?"""
    if not -254 < weight < 254:
        return False
    thing = case.watched.thing
    members = []
    for member in outlook.team.members:
        config = _with_weight(member.node.config, thing, weight)
        node = replace(member.node, config=config)
        members.append(Member(node, config.instance(member.instance.name)))
    changed = outlook.of(tuple(members))
    first = [seat for seat in changed.first if seat.name == case.before.name]
    if len(changed.first) != 1 or not first:
        return False
    return any(after.watched.thing == thing and after.heirs for after in changed.failures(first[0]))


def _with_weight(config: NodeConfig, thing: Thing, weight: int) -> NodeConfig:
    """The same configuration, with another weight wherever the thing is tracked."""
    return replace(
        config,
        instances=tuple(with_weight(i, *thing, weight) for i in config.instances),
        sync_groups=tuple(with_weight(g, *thing, weight) for g in config.sync_groups),
    )


def _without_nopreempt(seats: list[Contender]) -> tuple[Change, ...]:
    written = [s.member for s in seats if "nopreempt" in s.member.instance.lines]
    return tuple(Change(place(member, "nopreempt"), "nopreempt") for member in written)


def weight_with_nopreempt(cluster: Cluster) -> Iterator[Finding]:
    stuck = [(outlook, case) for outlook, case in _stuck(cluster) if case.higher]
    for found, _, case in _by_numbers(stuck):
        seat, thing = case.before, case.watched.thing
        yield Finding(
            "V024",
            ERROR,
            f"{_vrids(found)}: when {_what(thing)} fails, {seat.name} falls from {seat.priority} to "
            f"{case.after.priority}; {_numbers(case.higher)}, but nopreempt keeps "
            f"{'it' if len(case.higher) == 1 else 'them'} from taking over: the address stays on {seat.name}",
            (_place_of(case), *places([other.member for other in case.higher], "nopreempt")),
            f"weight 0 for {thing.name} (its failure is FAULT then, and anybody takes over), or no nopreempt",
            about=f"{_vrids(found)} {thing}",
            changes=_without_nopreempt(case.higher),
            show=failure_of(seat.member, thing),
        )


@said_once
def weight_lifts_another(cluster: Cluster) -> Iterator[Finding]:
    """A positive weight was meant as a penalty, and makes another node the first one."""
    for outlook in _outlooks(cluster):
        configured = max(seat.member.instance.base_priority for seat in outlook.seats)
        meant = [s for s in outlook.seats if s.member.instance.base_priority == configured]
        first = outlook.first
        if len(first) != 1 or len(meant) != 1 or first[0].name == meant[0].name:
            continue
        winner, loser = first[0], meant[0]
        lifts = [
            one
            for one in watched(winner.member.node.config, winner.member.instance)
            if one.weight > 0 and not one.reverse
        ]
        # who writes state MASTER on the winner means it so: it falls below the other one by its check
        if not _written_master(loser.member) or _written_master(winner.member):
            continue
        if not lifts or not loser.works or winner.standing.total <= winner.member.instance.base_priority:
            continue
        yield Finding(
            "V021",
            WARNING,
            f"VRID {outlook.team.vrid}: {loser.name} has the higher priority "
            f"({loser.member.instance.base_priority} against {winner.member.instance.base_priority}), and "
            f"{winner.name} is MASTER while all is well: {_what(lifts[0].thing)} adds "
            f"{lifts[0].weight} there "
            f"as long as it succeeds ({_numbers([winner, loser])})",
            (Place(winner.name, lifts[0].source), place(loser.member, "priority")),
            f"track {lifts[0].thing.name} on every node, or write a negative weight: that counts on failure",
            about=about(outlook.team),
        )


@said_once
def total_is_cut(cluster: Cluster) -> Iterator[Finding]:
    for outlook in outlooks(cluster, teams(cluster)):
        cut = [s for s in outlook.seats if s.standing.total != s.priority]
        if not cut:
            continue
        harmful = any(
            (a.priority > b.priority) != (a.standing.total > b.standing.total)
            or (a.priority == b.priority) != (a.standing.total == b.standing.total)
            for a, b in combinations(outlook.seats, 2)
            if not (a.member.instance.address_owner or b.member.instance.address_owner)
        )
        said = listed([f"{s.name} would have {s.standing.total} and has {s.priority}" for s in cut])
        yield Finding(
            "V022",
            WARNING if harmful else INFO,
            f"VRID {outlook.team.vrid}: with its weights {said}, for a priority is 1 to 254"
            + ("; so the order of the nodes is another one" if harmful else ""),
            places([s.member for s in cut], "priority"),
            "write priorities that leave room for the weights",
            about=about(outlook.team),
        )


# -- who is MASTER -----------------------------------------------------------------------------------------


@said_once
def nopreempt_on_the_wrong_node(cluster: Cluster) -> Iterator[Finding]:
    for outlook in _outlooks(cluster):
        first = outlook.first
        waiting = [seat for seat in outlook.seats if not seat.preempts]
        if len(first) != 1 or not first[0].preempts or not waiting:
            continue
        if "nopreempt" in first[0].member.instance.lines:
            continue  # written there, and cleared: that is V025
        yield Finding(
            "V026",
            WARNING,
            f"VRID {outlook.team.vrid}: nopreempt is written on {names(s.member for s in waiting)} only; "
            f"{first[0].name}, with {first[0].priority} the highest, takes the address back whenever "
            "it returns",
            (place(first[0].member, "priority"), *places([s.member for s in waiting], "nopreempt")),
            f"write nopreempt, with state BACKUP, on {first[0].name}: the node that must not take back",
            about=about(outlook.team),
        )


@said_once
def equal_priorities(cluster: Cluster) -> Iterator[Finding]:
    for outlook in _outlooks(cluster):
        able = [seat for seat in outlook.seats if seat.works]
        best = max((seat.priority for seat in able), default=0)
        for priority in sorted({seat.priority for seat in able}, reverse=True):
            tied = [seat for seat in able if seat.priority == priority]
            if len(tied) < 2 or priority == 255:
                continue
            top = priority == best
            role = _asks_for_a_role([seat.member for seat in tied])
            shown = names(seat.member for seat in tied)
            configured = {seat.member.instance.base_priority for seat in tied} == {priority}
            effective = "" if configured else " with their weights"
            comes = (
                "which of them is MASTER is chance, and stays so until one fails"
                if top
                else "which of them takes over is chance"
            )
            comes += f", unless {role} is well on one of them only" if role else ""
            yield Finding(
                "V028",
                WARNING if top and any(seat.preempts for seat in tied) and not role else INFO,
                f"VRID {outlook.team.vrid}: {shown} have the same priority{effective}, {priority}: {comes}",
                places([seat.member for seat in tied], "priority"),
                "give each node another priority",
                certain=not role,
                about=f"{about(outlook.team)} {priority}",
            )


_ROLE = re.compile(r"(?i)leader|primary|standby|replica|patroni|repmgr|(?:is|check|chk)[-_]?master")


def _asks_for_a_role(members: list[Member]) -> str:
    """A check that is meant to be well on one node only, by its name or command: which database leads."""
    for member in members:
        for name in _checks(member):
            script = next((s for s in member.node.config.scripts if s.name == name), None)
            if script and _ROLE.search(" ".join([script.name, *script.command])):
                return name
    return ""


@said_once
def two_owners(cluster: Cluster) -> Iterator[Finding]:
    for team in teams(cluster):
        owners = [m for m in team.members if m.instance.address_owner]
        if len(owners) > 1:
            yield Finding(
                "V030",
                ERROR,
                f"VRID {team.vrid}: {names(owners)} have priority 255, and only one can own the addresses: "
                "both are MASTER until one hears the other, and who yields is chance",
                places(owners, "priority", "state"),
                "write 255 on no more than one node, and different priorities below it",
                about=about(team),
            )


def _written_master(member: Member) -> bool:
    """``state MASTER`` stands in the file, even if keepalived clears it."""
    if member.instance.state == "MASTER":
        return True
    line = member.instance.lines.get("state")
    return line is not None and any(
        w.source == line and "state master" in w.log.lower() for w in member.node.config.warnings
    )


@said_once
def several_masters(cluster: Cluster) -> Iterator[Finding]:
    for team in teams(cluster):
        masters = [m for m in team.members if _written_master(m)]
        if len(masters) > 1 and not all(m.instance.address_owner for m in masters):
            yield Finding(
                "V065",
                INFO,
                f"VRID {team.vrid}: state MASTER on {names(masters)}: it decides nothing, the priority does",
                places(masters, "state"),
                "write state BACKUP everywhere, or MASTER on the node with the highest priority only",
                about=about(team),
                changes=tuple(
                    Change(place(m, "state"), "MASTER", "BACKUP")
                    for m in masters
                    if m.instance.base_priority < max(one.instance.base_priority for one in masters)
                ),
            )


@said_once
def master_on_the_lower(cluster: Cluster) -> Iterator[Finding]:
    for outlook in _outlooks(cluster):
        masters = [seat for seat in outlook.seats if _written_master(seat.member)]
        highest = max(seat.member.instance.base_priority for seat in outlook.seats)
        if len(masters) != 1 or masters[0].member.instance.base_priority == highest:
            continue
        over = [seat for seat in outlook.seats if seat.member.instance.base_priority == highest]
        first = outlook.first
        if masters[0] in first:
            continue
        yield Finding(
            "V092",
            WARNING,
            f"VRID {outlook.team.vrid}: state MASTER is written on {masters[0].name}, with priority "
            f"{masters[0].member.instance.base_priority}, and {names(s.member for s in over)} "
            f"{'has' if len(over) == 1 else 'have'} {highest}: the state decides nothing, and "
            f"{masters[0].name} is MASTER only as long as the other is not there",
            (place(masters[0].member, "state"), *places([s.member for s in over], "priority")),
            f"give {masters[0].name} the highest priority, or write its state as BACKUP",
            about=about(outlook.team),
        )


# -- is there a check at all, and how fast is it -----------------------------------------------------------


def _checks(member: Member) -> list[str]:
    """What asks for the service: scripts, processes and files that the instance or its group tracks."""
    config = member.node.config
    group = group_of(config, member.instance)
    lists = [both(member.instance, group, kind) for kind in (SCRIPTS, PROCESSES, FILES)]
    return [one.name for own, of_group in lists for one in (*own, *of_group)]


def _has_check(member: Member) -> bool:
    """Also one that keepalived takes off (weights of an owner, a script that it does not know): that is told
    by rules of its own.
    """
    if _checks(member):
        return True
    name = member.instance.name
    return any(
        (w.taken_off is not None and w.taken_off.instance == name)
        or (w.kind == "track-unknown" and f"({name})" in w.log)
        for w in member.node.config.warnings
    )


def sibling_unchecked(cluster: Cluster) -> Iterator[Finding]:
    """Instances of one node, of which some have a check and some have none and no group with those."""
    rows: dict[frozenset[str], list[Place]] = {}
    said: dict[frozenset[str], tuple[list[Member], list[Member]]] = {}
    for node in cluster:
        own = [Member(node, instance) for instance in node.config.instances]
        checked = [m for m in own if _has_check(m)]
        bare = [
            m
            for m in own
            if not _has_check(m)
            and not (
                (group := group_of(node.config, m.instance))
                and any(c.instance.name in group.members for c in checked)
            )
        ]
        if checked and bare:
            key = frozenset(f"{m.instance.vrid}/{m.instance.family}" for m in bare)
            rows.setdefault(key, []).extend(
                [*places(bare[:1], "virtual_router_id"), *places(checked[:1], "track_script")]
            )
            said.setdefault(key, (checked, bare))
    for key, (checked, bare) in said.items():
        which = listed([f"{m.instance.name} (VRID {m.instance.vrid})" for m in bare])
        yield Finding(
            "V053",
            WARNING,
            f"{listed([m.instance.name for m in checked])} {'has' if len(checked) == 1 else 'have'} a check, "
            f"{which} on the same node {'has' if len(bare) == 1 else 'have'} none: its address stays where "
            "the service is dead",
            tuple(rows[key]),
            "track the same checks in each instance, or put them in one sync group",
            show=next((failure_of(checked[0], Thing("script", name)) for name in _checks(checked[0])), ""),
            about=f"VRID {listed([str(m.instance.vrid) for m in bare])}",
        )


@said_once
def checked_on_one_node(cluster: Cluster) -> Iterator[Finding]:
    for team in teams(cluster):
        bare = [m for m in team.members if not _has_check(m)]
        checked = [m for m in team.members if _checks(m)]
        if not bare or not checked:
            continue
        watched_there = listed(list(dict.fromkeys(name for m in checked for name in _checks(m))))
        yield Finding(
            "V054",
            WARNING,
            f"VRID {team.vrid}: {names(checked)} {'tracks' if len(checked) == 1 else 'track'} "
            f"{watched_there}, {names(bare)} {'has' if len(bare) == 1 else 'have'} no check: "
            f"once {'it has' if len(bare) == 1 else 'one has'} the address it keeps it with a dead service",
            (*places(checked, "track_script"), *places(bare, "virtual_router_id")),
            "track the same checks on every node",
            about=about(team),
        )


@said_once
def interface_on_one_node(cluster: Cluster) -> Iterator[Finding]:
    """Of members some feel the loss of another interface, and some of none but their own."""
    for team in teams(cluster):
        felt = [
            set(interfaces_that_matter(m.node.config, m.instance)) - {m.instance.interface}
            for m in team.members
        ]
        tracked = [
            {t.name for t in m.instance.track_interfaces} & f for m, f in zip(team.members, felt, strict=True)
        ]
        bare = [m for m, found in zip(team.members, felt, strict=True) if not found]
        watching = [m for m, found in zip(team.members, tracked, strict=True) if found]
        if not bare or not watching:
            continue
        there = sorted(set().union(*tracked))
        yield Finding(
            "V054",
            WARNING,
            f"VRID {team.vrid}: {names(watching)} {'tracks' if len(watching) == 1 else 'track'} "
            f"{listed(there)}, {names(bare)} no interface besides its own: "
            f"once {'it has' if len(bare) == 1 else 'one has'} the address it keeps it when it is cut off "
            "there",
            (*places(watching, "track_interface"), *places(bare, "interface")),
            "track the interface to the same network on every node",
            about=about(team),
        )


def no_check(cluster: Cluster) -> Iterator[Finding]:
    members = [Member(node, instance) for node in cluster for instance in node.config.instances]
    if not members or any(_has_check(m) or m.instance.track_interfaces for m in members):
        return
    if any(
        group.track_interfaces or group.track_scripts for node in cluster for group in node.config.sync_groups
    ):
        return
    yield Finding(
        "V055",
        INFO,
        "no instance has a check: the service may be dead, and the address stays as long as keepalived runs",
        tuple(
            place(Member(node, i), "virtual_router_id") for node in cluster for i in node.config.instances[:1]
        ),
        "add a vrrp_script, and name it in track_script on every node",
    )


def slow_takeover(cluster: Cluster) -> Iterator[Finding]:
    rows: dict[str, tuple[list[VirtualRouter], tuple[Place, ...], str, str]] = {}
    for outlook in _outlooks(cluster):
        if len(outlook.first) != 1:
            continue
        instances = [seat.member.instance for seat in outlook.seats]
        if (
            len({(one.version, one.advert_interval_us) for one in instances}) > 1
            and instances[0].version == 2
        ):
            continue  # they do not hear each other: nobody takes over from anybody
        silent_us = silent_takeover_us(outlook)
        if silent_us >= SLOW_US:
            seat = outlook.first[0]
            what = f"when {seat.name} loses its power, nobody has the address for about {_about(silent_us)}"
            cure = "a smaller advert_int, the same on every node"
            where = places([s.member for s in outlook.seats], "advert_int", "down_timer_adverts")
            show = f"{shlex.quote(seat.name)} power"
            rows.setdefault(what, ([], where, cure, show))[0].append(outlook.team)
            continue
        for case in outlook.failures(outlook.first[0]):
            if not case.heirs or usual_takeover_us(case) < SLOW_US:
                continue
            thing = case.watched.thing
            what = (
                f"when {_what(thing)} fails on {case.before.name} it takes about "
                f"{_about(usual_takeover_us(case))} until somebody takes over"
            )
            place_of_check, cure = _place_of(case), "a shorter preempt_delay"
            if thing.kind == "script":
                script = case.before.member.node.config.script(thing.name)
                what += f" (fall {script.fall}, interval {plain_seconds(script.interval_us)} s)"
                place_of_check = Place(case.before.name, script.source)
                if detection_us(case) >= SLOW_US // 2:
                    cure = "a smaller fall or interval"
            show = failure_of(case.before.member, thing)
            rows.setdefault(what, ([], (place_of_check,), cure, show))[0].append(outlook.team)
    for what, (found, where, cure, show) in rows.items():
        yield Finding(
            "V056", WARNING, f"{_vrids(found)}: {what}", where, cure, about=_vrids(found), show=show
        )


def _about(duration_us: int) -> str:
    return f"{format_s(duration_us, 0)} s"


# -- the table ---------------------------------------------------------------------------------------------

_GLOBALS = "global_defs {\n    enable_script_security\n    script_user root\n}\n"


def _check(weight: int | None = None, more: str = "") -> str:
    lines = ['script "/usr/bin/pidof squid"', "interval 2"]
    lines += [f"weight {weight}"] if weight is not None else []
    lines += more.split("\n") if more else []
    body = "".join(f"    {line}\n" for line in lines)
    return f"vrrp_script chk_squid {{\n{body}}}\n"


def _pair(
    a: int = 150,
    b: int = 100,
    lines_a: str = "",
    lines_b: str = "",
    weight: int | None = None,
    more: str = "",
) -> dict[str, str]:
    check = _check(weight, more)
    return {"a": conf(a, lines_a, check=check), "b": conf(b, lines_b, check=check)}


def _bare(priority: int, state: str = "BACKUP") -> str:
    return conf(priority, state=state, check="", track="")


_SECOND = {"name": "VI_2", "vrid": 52, "vips": "192.168.2.101/24", "top": "", "check": ""}


def _siblings(track: str) -> dict[str, str]:
    second = {
        p: conf(p, name="VI_2", vrid=52, vips="192.168.2.101/24", top="", check="", track=track)
        for p in (150, 100)
    }
    return {"a": conf(150) + second[150], "b": conf(100) + second[100]}


RULES: tuple[Rule, ...] = (
    Rule(
        "V020",
        "weight too small",
        ERROR,
        "A check fails, and its weight does not bring the node below another one.",
        "A check with a weight moves the priority and nothing else. The address moves only when another node "
        "has a higher priority then: equal is not enough, for an advert of at least the own priority keeps a "
        "BACKUP down. A negative weight counts while the check fails, a positive one while it succeeds, on "
        "every node that tracks it.",
        "Make the weight greater than the distance between the priorities, or 0: then failure means FAULT.",
        "P20; keepalived issue 2599; recordings track_script_weight_*",
        _pair(150, 100, weight=-20),
        _pair(110, 100, weight=-20),
        weight_too_small,
        "a squid",
    ),
    Rule(
        "V021",
        "positive weight lifts another node",
        WARNING,
        "A positive weight makes a node MASTER whose configured priority is the lower one.",
        "A positive weight is no penalty: it is added while the check succeeds. Where only the lower node "
        "tracks the check, that node is the higher one as long as all is well.",
        "Track the check on every node, or write a negative weight.",
        "P21; keepalived issue 2108; recordings track_script_weight_*",
        {"a": _bare(100, "MASTER"), "b": conf(90, check=_check(20))},
        {"a": conf(100, state="MASTER", check=_check(20)), "b": conf(90, check=_check(20))},
        weight_lifts_another,
    ),
    Rule(
        "V022",
        "total of weights is cut",
        WARNING,
        "Priority and weights add up to more than 254 or less than 1.",
        "255 is an owner's and 0 is a farewell, so the total is cut to 1..254; two nodes may be "
        "equal by that.",
        "Write priorities that leave room for the weights.",
        "P22; RFC 9568 section 5.2.4; keepalived.conf(5): priority",
        _pair(250, 240, weight=30),
        _pair(200, 190, weight=30),
        total_is_cut,
    ),
    Rule(
        "V024",
        "weight with nopreempt",
        ERROR,
        "A check lowers the MASTER below another node, which has nopreempt.",
        "nopreempt means: accept any MASTER that is alive, however low its priority. A weight leaves the "
        "MASTER alive, so the address stays where the service is dead.",
        "Write weight 0 for the check, so that its failure means FAULT; or leave nopreempt out.",
        "P24; keepalived issues 2599 and 2379",
        _pair(110, 100, "nopreempt", "nopreempt", -20),
        _pair(110, 100, "nopreempt", "nopreempt"),
        weight_with_nopreempt,
        "a squid",
    ),
    Rule(
        "V026",
        "nopreempt on the wrong node",
        WARNING,
        "nopreempt is written on the lower nodes only.",
        "It keeps a node from taking the address away from a lower one. The highest node has it not, and "
        "takes the address back whenever it returns.",
        "Write nopreempt, with state BACKUP, on the node with the highest priority.",
        "P26; keepalived issue 346",
        _pair(150, 100, "", "nopreempt"),
        _pair(150, 100, "nopreempt", "nopreempt"),
        nopreempt_on_the_wrong_node,
    ),
    Rule(
        "V028",
        "equal priorities",
        WARNING,
        "Nodes have the same effective priority.",
        "A BACKUP accepts adverts of its own priority, so the first one to be MASTER stays it; the address "
        "decides only where two are MASTER at once. Which node has the virtual addresses is chance.",
        "Give each node another priority; count the weights that apply while all is well.",
        "P28; recordings equal_priority_*; RFC 9568 section 6.4.3",
        _pair(100, 100),
        _pair(101, 100),
        equal_priorities,
    ),
    Rule(
        "V030",
        "two owners",
        ERROR,
        "Several nodes have priority 255.",
        "255 says that the router owns the addresses, and only one can. Both are MASTER at their start; "
        "keepalived 2.2.7 has the one that hears the other go down to 254, 2.4.3 the lower address.",
        "Write 255 on no more than one node.",
        "P30; recordings prio255_*; RFC 9568 section 8.3.2",
        {"a": conf(255, state="MASTER"), "b": conf(255, state="MASTER")},
        {"a": conf(255, state="MASTER"), "b": conf(254)},
        two_owners,
    ),
    Rule(
        "V053",
        "sibling without a check",
        WARNING,
        "One instance of a node has a check, another one has none.",
        "When the service dies the one address moves and the other stays.",
        "Track the same checks in each instance, or put the instances in one sync group.",
        "keepalived.conf(5): track_script, vrrp_sync_group",
        _siblings(""),
        _siblings("chk_squid"),
        sibling_unchecked,
        "a squid",
    ),
    Rule(
        "V054",
        "check on one node only",
        WARNING,
        "Some members of a virtual router have a check, or track another interface, others have none.",
        "A node without a check takes the address over with a dead service, and keeps it.",
        "Track the same checks on every node.",
        "keepalived.conf(5): track_script",
        {"a": conf(150), "b": _bare(100)},
        {"a": conf(150), "b": conf(100)},
        lambda cluster: [*checked_on_one_node(cluster), *interface_on_one_node(cluster)],
    ),
    Rule(
        "V055",
        "no check",
        INFO,
        "No instance has a check.",
        "The address moves when a node or its interface fails, and not when the service does.",
        "Add a vrrp_script and name it in track_script.",
        "keepalived.conf(5): vrrp_script",
        {"a": _bare(150), "b": _bare(100)},
        {"a": conf(150), "b": conf(100)},
        no_check,
    ),
    Rule(
        "V056",
        "slow takeover",
        WARNING,
        "It takes ten seconds or more until somebody takes over.",
        "A check counts after fall times interval; then a lower priority has the others wait for the rest of "
        "three advertisement intervals and the skew time, FAULT for the skew time only.",
        "A smaller fall, interval or advert_int.",
        "keepalived.conf(5): vrrp_script; recordings track_script_*; RFC 9568 section 6.1",
        _pair(110, 100, weight=-20, more="fall 10"),
        _pair(110, 100, weight=-20, more="fall 2"),
        slow_takeover,
        "a squid",
    ),
    Rule(
        "V065",
        "several state MASTER",
        INFO,
        "state MASTER is written on several nodes.",
        "It decides nothing: every node starts as BACKUP, unless its priority is 255.",
        "Write state BACKUP everywhere, or MASTER on the highest node only.",
        "keepalived measured: state MASTER has no effect below priority 255",
        {"a": conf(150, state="MASTER"), "b": conf(100, state="MASTER")},
        {"a": conf(150, state="MASTER"), "b": conf(100)},
        several_masters,
    ),
    Rule(
        "V092",
        "state MASTER on the lower node",
        WARNING,
        "The node with state MASTER has not the highest priority.",
        "The priority decides. The node is MASTER only as long as the higher one is not there.",
        "Give the node that should be MASTER the highest priority.",
        "keepalived measured: state MASTER has no effect below priority 255",
        {"a": conf(100, state="MASTER"), "b": conf(150)},
        {"a": conf(150, state="MASTER"), "b": conf(100)},
        master_on_the_lower,
    ),
)
