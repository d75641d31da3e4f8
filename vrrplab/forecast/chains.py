"""The chain of one case: which line, which packet, which law made it come out so, and what would alter it.

``why`` asks here for every case. Each outcome has its own questions: of an address that stays, what was to
take it away and who was to take it; of two masters, why one does not hear the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vrrplab.config.edits import with_option
from vrrplab.config.model import (
    ConfigWarning,
    InstanceConfig,
    Source,
    SyncGroupConfig,
    TrackedObject,
    VirtualAddress,
)
from vrrplab.errors import DropReason
from vrrplab.forecast import laws
from vrrplab.forecast.cases import Case, Chain, Ending, Member, Step, members
from vrrplab.forecast.laws import Law
from vrrplab.forecast.wishes import Block, Wish, instance, script
from vrrplab.machine.weights import LISTS, least_weight
from vrrplab.rules.model import Place
from vrrplab.scenario.parts import TimedAction
from vrrplab.trace.events import AdvertDroppedEvent, PriorityEvent, StateEvent
from vrrplab.trace.vocabulary import ACTIONS, DAEMON, LINK_LOST, Act
from vrrplab.trace.why import CURES
from vrrplab.units import SECOND_US, Micros, format_s, plain_seconds

_LEFT_BEHIND = (
    "A daemon that is killed or frozen takes nothing off: its kernel keeps the addresses and answers."
)


def chain(case: Case) -> Chain:
    """Line, packet, law and what is worth a try, for one case."""
    match case.outcome:
        case Ending.STAYS:
            return _stays(case)
        case Ending.SEVERAL:
            return _several(case)
        case Ending.NOBODY:
            return _nobody(case)
        case Ending.MOVES:
            return _moves(case)
    return _keeps(case)


def _law(law: Law) -> Step:
    return Step("law", law.text, id=law.id)


def _line(text: str, *places: Place | None) -> Step:
    return Step("line", text, tuple(p for p in places if p is not None))


def _place(member: Member, *options: str) -> Place:
    """Where the first of these options of an instance is written; else where the instance begins."""
    lines = member.instance.lines
    return Place(member.server, next((lines[o] for o in options if o in lines), member.instance.source))


# -- what failed, and what of it is watched ------------------------------------------------------------------


def _things(case: Case, server: str) -> Iterator[tuple[str, str]]:
    """What failed on a server: kind and name; nothing for what concerns the whole of it."""
    for action in case.actions:
        if action.keys.get("server") == server and ACTIONS[action.kind].breaks:
            yield from _things_of(case, action, server)


def _things_of(case: Case, action: TimedAction, server: str) -> Iterator[tuple[str, str]]:
    keys = action.keys
    match action.kind:
        case Act.CHECK_FAIL | Act.CHECK_HANG:
            names = [keys["script"]] if "script" in keys else [s.name for s in _node(case, server).scripts]
            yield from (("script", name) for name in names)
        case Act.SERVICE_STOP | Act.SERVICE_KILL:
            host = case.scenario.servers[server]
            for one in _node(case, server).scripts:
                if host.followed(one.name, " ".join(one.command)) == keys["service"]:
                    yield "script", one.name
        case Act.FILE_WRITE:
            yield "file", keys["file"]
        case Act.PROCESS_COUNT:
            named = [
                p.name for p in _node(case, server).processes if keys["process"] in (p.name, p.command[0])
            ]
            yield from (("process", name) for name in named)
        case Act.BFD_DOWN:
            yield "bfd", keys["bfd"]
        case _ if action.kind in LINK_LOST:
            yield "interface", keys["interface"]


def _node(case: Case, server: str) -> Any:
    return next(m.node for m in members(case.scenario, case.judged_us) if m.server == server)


def _entries(member: Member, kind: str, name: str) -> Iterator[tuple[Block, TrackedObject]]:
    """Where an instance, or its sync group, tracks something, and how."""
    holders: list[tuple[Block, InstanceConfig | SyncGroupConfig]] = [
        (instance(member.instance.name), member.instance)
    ]
    for group in member.node.sync_groups:
        if member.instance.name in group.members:
            holders.append(((("vrrp_sync_group", group.name),), group))
    for block, holder in holders:
        for entry in getattr(holder, LISTS[kind]):
            if entry.name == name:
                yield block, entry


class _Weight:
    """A weight that a failure was to move the priority by, and where it is written."""

    def __init__(self, member: Member, kind: str, block: Block, entry: TrackedObject) -> None:
        self._member, self._kind, self._block, self._entry = member, kind, block, entry
        self.value = entry.weight or entry.kept_weight
        self.name = entry.name
        self._in_script: Source | None = None
        if kind == "script":
            one = member.node.script(entry.name)
            text = member.node.text or ""
            change = with_option(text, script(entry.name), "weight", "0", member.server)
            if change is not None and change.before and one.weight == self.value:
                is_whole = "include" not in text
                self._in_script = Source(member.node.file, change.line) if is_whole else one.source

    @property
    def place(self) -> Place:
        return Place(self._member.server, self._in_script or self._entry.source)

    def as_wish(self, value: int) -> Wish:
        """The same entry with another weight."""
        if self._in_script is not None:
            return Wish(self._member.server, script(self.name), "set", "weight", str(value))
        words = f"{self.name} weight {value}"
        return Wish(self._member.server, self._block, "entry", f"track_{self._kind}", words)


# -- it stays where it is ------------------------------------------------------------------------------------


def _stays(case: Case) -> Chain:
    owner = case.member(case.after[0])
    headline = f"did not fail over: it stays on {case.after[0]}"
    if owner is None:
        return Chain(headline)
    if not case.rivals(owner.server):
        return _alone(case, owner, headline)
    if _is_silent(case, owner):
        rest = [_line(f"{m.server}: {case.why(m)}", _place(m)) for m in case.rivals(owner.server)]
        return _left_behind(case, [owner], headline, rest)
    things = list(_things(case, owner.server))
    watched = [(kind, block, entry) for kind, name in things for block, entry in _entries(owner, kind, name)]
    if not watched:
        return _unwatched(case, owner, things, headline)
    kind, block, entry = watched[0]
    if ignored := case.scene.without_effect(owner.pair):
        return _ignored(case, owner, _Weight(owner, kind, block, entry), headline, ignored)
    moved = [
        e
        for e in case.trace.of(PriorityEvent, server=owner.server, instance=owner.instance.name)
        if case.at_us <= e.t_us <= case.judged_us
    ]
    if not moved:
        rule = "V050" if case.scene.is_bad(owner.server, entry.name) else ""  # it failed before, too
        return Chain(headline, [_line(case.why(owner), Place(owner.server, entry.source))], rule)
    return _outweighed(case, owner, _Weight(owner, kind, block, entry), moved, headline)


def _alone(case: Case, owner: Member, headline: str) -> Chain:
    """No other node is configured with the addresses."""
    names = ", ".join(case.addresses)
    steps = [
        _line(f"{m.server} has no {names}", _place(m, "virtual_ipaddress")) for m in case.others(owner.server)
    ]
    text = f"no other node has {names}" if not steps else f"only {owner.server} has {names}"
    steps.insert(0, _line(text, _place(owner, "virtual_ipaddress")))
    rule, wishes = ("V006", _lists(case.members)[1]) if steps[1:] else ("", [])
    return Chain(f"{headline}: no other node has it", steps, rule, wishes, f"{names} on another node, too")


def _unwatched(case: Case, owner: Member, things: list[tuple[str, str]], headline: str) -> Chain:
    """Nothing of the instance depends on what failed."""
    name = owner.instance.name
    wishes = []
    for kind, thing in things:
        option = f"track_{kind}"
        wishes.append([Wish(owner.server, instance(name), "entry", option, thing)])
        if kind == "script" and owner.node.script(thing).weight:
            # a check with a weight may be too weak for the gap; without one it is FAULT
            wishes.append([Wish(owner.server, instance(name), "entry", option, f"{thing} weight 0")])
    what = " and ".join(f"{kind} {thing}" for kind, thing in things) or "what failed"
    told = _line(f"{name} tracks nothing of this: {what} may fail and it does not notice", _place(owner))
    dropped = _taken_off(owner, things)
    if dropped:
        law = _law(laws.OWNER if owner.instance.address_owner else laws.WEIGHTS)
        rule = "V029" if owner.instance.address_owner else "V034"
        said = dropped.message.removeprefix(f"{name}: ")
        steps = [_line(f"{name}: {said}", Place(owner.server, dropped.source)), *_advert(case, owner), law]
        return Chain(headline, steps, rule, wishes[::-1])
    unused = [thing for kind, thing in things if kind == "script"]
    rule = "V023" if unused and not any(_used(owner, thing) for thing in unused) else ""
    legs = {i.interface for i in owner.node.instances if i is not owner.instance}
    rule = "V052" if any(kind == "interface" and thing in legs for kind, thing in things) else rule
    advice = "" if things else f"a check of it: a vrrp_script, and track_script in {name}"
    return Chain(headline, [told, *_advert(case, owner)], rule, wishes, advice)


def _taken_off(member: Member, things: list[tuple[str, str]]) -> ConfigWarning | None:
    """What was said when keepalived took one of these from the instance's list."""
    for warning in member.node.warnings:
        off = warning.taken_off
        if off and off.instance == member.instance.name and (off.kind, off.name) in things:
            return warning
    return None


def _used(member: Member, name: str) -> bool:
    holders: list[InstanceConfig | SyncGroupConfig] = [*member.node.instances, *member.node.sync_groups]
    return any(t.name == name for holder in holders for t in holder.track_scripts)


def _ignored(case: Case, owner: Member, weight: _Weight, headline: str, told: list[str]) -> Chain:
    """The daemon took the weight off."""
    is_owner = owner.instance.address_owner
    steps = [
        _line(f"weight {weight.value} of {weight.name}: {'; '.join(told)}", weight.place),
        *_advert(case, owner),
        _law(laws.OWNER if is_owner else laws.WEIGHTS),
    ]
    wishes = [[weight.as_wish(0)]]
    for group in owner.node.sync_groups:
        if owner.instance.name in group.members and not group.tracking_weight:
            wishes.append(
                [Wish(owner.server, (("vrrp_sync_group", group.name),), "set", "sync_group_tracking_weight")]
            )
    return Chain(headline, steps, "V029" if is_owner else "V034", wishes)


def _outweighed(
    case: Case, owner: Member, weight: _Weight, moved: Sequence[PriorityEvent], headline: str
) -> Chain:
    """Its priority moved, and nobody takes over."""
    had, has = moved[0].from_, moved[-1].to
    rivals = case.rivals(owner.server)
    able = [m for m in rivals if case.scene.state(m.pair) == "BACKUP"]
    ranks = {m.pair: case.scene.priority(m.pair) or m.instance.base_priority for m in able}
    fell = f"weight {weight.value}: {owner.server} falls from {had} to {has}"
    if not able:
        rest = [_line(f"{m.server} cannot take over: {case.why(m)}", _place(m)) for m in rivals]
        steps = [_line(fell, weight.place), *rest, *_advert(case, owner)]
        return _nobody_else(case, f"{headline}: nobody else is there", steps)
    best = max(able, key=lambda m: ranks[m.pair])
    have = ", ".join(f"{m.server} has {ranks[m.pair]}" for m in able)
    places = [weight.place, *(_place(m, "priority") for m in able)]
    whole = had if weight.value < 0 else has  # without the weight
    least = least_weight(0, whole, ranks[best.pair])
    if has >= ranks[best.pair]:
        more = "as much as" if has == ranks[best.pair] else "more than"
        steps = [
            _line(f"{fell}, {more} the others: {have}", *places),
            *_advert(case, owner, best, moved[-1].t_us),
            _law(laws.KEEPS),
        ]
        wishes = [[weight.as_wish(value)] for value in (least + 1, least) if -254 < value < 0]
        if weight.value > 0 and any(_entries(best, "script", weight.name)):
            wishes += _raised(case, weight, has, ranks[best.pair])
        return Chain(headline, steps, "V020", [*wishes, [weight.as_wish(0)]])
    steps = [_line(f"{fell}; {have}", *places)]
    stubborn = [m for m in able if not m.instance.preempt and ranks[m.pair] > has]
    if stubborn:
        names = " and ".join(m.server for m in stubborn)
        told = f"nopreempt: {names} leaves a MASTER alone that still advertises, however low"
        steps.append(_line(told, *(_place(m, "nopreempt") for m in stubborn)))
        dropped = [Wish(m.server, instance(m.instance.name), "drop", "nopreempt") for m in stubborn]
        wishes = [[weight.as_wish(0)], *([one] for one in dropped), *([dropped] if dropped[1:] else [])]
        steps += [*_advert(case, owner, stubborn[0], moved[-1].t_us), _law(laws.KEEPS)]
        return Chain(headline, steps, "V024", wishes)
    steps += [_line(case.why(best), _place(best)), *_advert(case, owner, best, moved[-1].t_us)]
    return Chain(headline, steps, "", [[weight.as_wish(0)]])


def _raised(case: Case, weight: _Weight, has: int, best: int) -> list[list[Wish]]:
    """A weight that is added while all is well, larger on every node."""
    value = least_weight(weight.value, has, best)
    wishes = []
    for member in case.members:
        for block, entry in _entries(member, "script", weight.name):
            wishes.append(_Weight(member, "script", block, entry).as_wish(value))
    return [wishes] if wishes and value < 254 else []


def _advert(case: Case, speaker: Member, listener: Member | None = None, since_us: Micros = 0) -> list[Step]:
    """The first advert of an instance since the case began, or later, and what another one makes of it."""
    sent = case.sent(speaker)
    if not sent:
        return [Step("packet", f"{speaker.server} sent no advert at all")]
    one = next((e for e in sent if e.t_us >= max(since_us, case.at_us)), None)
    if one is None:
        return [Step("packet", f"the last advert of {speaker.server} left at {sent[-1].t:.3f} s")]
    text = f"at {one.t:.3f} s {speaker.server} advertises priority {one.priority}"
    if listener is not None:
        heard = any(e.source == one.source and e.t_us >= one.t_us for e in case.heard(listener))
        text += f", and {listener.server} hears it" if heard else f"; {listener.server} hears nothing of it"
    return [Step("packet", text)]


# -- two at once ---------------------------------------------------------------------------------------------


def _several(case: Case) -> Chain:
    names = " and ".join(case.after)
    before = len(case.before) > 1
    headline = f"is on {names} at once" + (" already before anything fails" if before else "")
    holding = [
        m
        for server in case.after
        for m in members(case.scenario, case.judged_us)
        if m.server == server and any(a.address in case.addresses for a in m.instance.all_addresses)
    ]
    if left := [m for m in holding if _is_silent(case, m)]:
        return _left_behind(case, left, headline)
    for member in holding:
        for drop in case.trace.of(AdvertDroppedEvent, server=member.server, instance=member.instance.name):
            if (before or case.at_us <= drop.t_us) and drop.t_us <= case.judged_us:
                return _not_taken(case, holding, member, drop, headline)
    vrids = {m.instance.vrid for m in holding}
    if len(vrids) > 1:
        return _two_routers(holding, headline)
    steps = [_line(f"{m.server}: {case.scene.unheard(m.pair) or case.why(m)}", _place(m)) for m in holding]
    for m in holding:
        steps += _advert(case, m, next((o for o in holding if o is not m), None))
    shut = [a.keys["direction"] for a in case.actions if a.kind == Act.FIREWALL_DROP]
    advice = f"let IP protocol 112 {' and '.join(dict.fromkeys(shut))} again" if shut else ""
    return Chain(headline, [*steps, _law(laws.SILENCE)], advice=advice)


def _is_silent(case: Case, member: Member) -> bool:
    """Is its daemon killed or frozen, so that it leaves behind what it had?"""
    part = case.scene.part_of(DAEMON, member.server)
    return part is not None and part.act in (Act.DAEMON_KILL, Act.DAEMON_FREEZE)


def _left_behind(case: Case, left: list[Member], headline: str, rest: Sequence[Step] = ()) -> Chain:
    steps = list(rest)
    for member in left:
        part = case.scene.part_of(DAEMON, member.server)
        how = "killed" if part and part.act is Act.DAEMON_KILL else "frozen"
        since = format_s(part.t_us) if part else "?"
        text = f"keepalived of {member.server} is {how} at {since} s: no farewell, and no advert since"
        steps.append(Step("packet", text))
    steps += [_law(laws.SILENCE), Step("law", _LEFT_BEHIND)]
    advice = "no line of these files; a supervisor that starts keepalived again, or takes the addresses off"
    return Chain(headline, steps, "V046", advice=advice)


def _not_taken(
    case: Case, holding: list[Member], member: Member, drop: AdvertDroppedEvent, headline: str
) -> Chain:
    """One turns away what the other sends."""
    reason = DropReason.__members__.get(drop.reason)
    said = reason.value if reason else drop.reason
    sender = case.scene.name_of(drop.source)
    packet = Step("packet", f"at {drop.t:.3f} s {member.server} drops the advert of {sender}: {said}")
    law, rule = laws.OF_DROPS.get(reason, (laws.DISCARDED, "")) if reason else (laws.DISCARDED, "")
    law = law if reason is not DropReason.FIREWALL else laws.SILENCE
    family = [m for m in case.members if m in holding] or holding
    lines, wishes = _differing(case, family, reason)
    advice = CURES.get(reason, "") if reason else ""
    return Chain(headline, [*lines, packet, _law(law)], rule, wishes, advice)


_OPTIONS: dict[DropReason, tuple[str, Callable[[InstanceConfig], Any]]] = {
    DropReason.BAD_VERSION: ("version", lambda i: i.version),
    DropReason.BAD_INTERVAL: ("advert_int", lambda i: plain_seconds(i.advert_interval_us)),
}
_LISTS = (DropReason.BAD_COUNT, DropReason.ADDRESS_LIST_MISMATCH)
_PASSWORDS = (DropReason.AUTH_MISMATCH, DropReason.BAD_AUTH_TYPE)
_PEERS = (DropReason.UNICAST_MISMATCH, DropReason.NOT_A_PEER)


def _differing(
    case: Case, family: list[Member], reason: DropReason | None
) -> tuple[list[Step], list[list[Wish]]]:
    """The lines in which the files do not fit, and changes that make them fit."""
    if reason in _LISTS:
        return _lists(family)
    if reason in _PASSWORDS:
        return _passwords(family)
    if reason in _PEERS:
        return _peers(case, family)
    if reason in _OPTIONS:
        option, value_of = _OPTIONS[reason]
        return _aligned(family, option, value_of)
    return [], []


def _aligned(
    family: list[Member], option: str, value_of: Callable[[InstanceConfig], Any]
) -> tuple[list[Step], list[list[Wish]]]:
    """One option with several values: those of the fewest as those of the most."""
    values = [value_of(m.instance) for m in family]
    told = ", ".join(f"{m.server} {value}" for m, value in zip(family, values, strict=True))
    line = _line(f"{option}: {told}", *(_place(m, option) for m in family))
    wishes = []
    for common, _ in Counter(values).most_common():
        wishes.append(
            [
                Wish(m.server, instance(m.instance.name), "set", option, str(common))
                for m, value in zip(family, values, strict=True)
                if value != common
            ]
        )
    return [line], wishes


def _lists(family: list[Member]) -> tuple[list[Step], list[list[Wish]]]:
    """Other virtual addresses: what one lacks is added, or what the others lack is taken out."""
    every: dict[str, VirtualAddress] = {}
    for member in family:
        for address in member.instance.virtual_addresses:
            every.setdefault(address.address, address)
    have = {m.pair: [a.address for a in m.instance.virtual_addresses] for m in family}
    common = set.intersection(*(set(found) for found in have.values()))
    told, added, dropped = [], [], []
    for member in family:
        lacking = [a for name, a in every.items() if name not in have[member.pair]]
        if lacking:
            told.append(f"{member.server} lacks {', '.join(a.address for a in lacking)}")
        block = instance(member.instance.name)
        added += [Wish(member.server, block, "entry", "virtual_ipaddress", a.with_prefix) for a in lacking]
        for a in member.instance.virtual_addresses:
            if a.address not in common:
                word = a.with_prefix if a.with_prefix in (member.node.text or "") else a.address
                dropped.append(Wish(member.server, (*block, ("virtual_ipaddress",)), "drop", word))
    line = _line(f"virtual_ipaddress: {'; '.join(told)}", *(_place(m, "virtual_ipaddress") for m in family))
    return [line], sorted((w for w in (added, dropped) if w), key=len)


def _passwords(family: list[Member]) -> tuple[list[Step], list[list[Wish]]]:
    """Other passwords, or one that has none."""
    kinds = [m.instance.authentication for m in family]
    told = ", ".join(
        f"{m.server} {one.kind if one else 'none'}" for m, one in zip(family, kinds, strict=True)
    )
    line = _line(
        f"authentication, of one kind with one password: {told}",
        *(_place(m, "authentication", "auth_type", "auth_pass") for m in family),
    )
    wishes = []
    for model in dict.fromkeys(one for one in kinds if one is not None):
        password = model.password.decode("ascii", "replace")
        wish = []
        for member, one in zip(family, kinds, strict=True):
            block = instance(member.instance.name)
            if one is None or one.kind != model.kind:
                wish.append(Wish(member.server, block, "entry", "authentication", f"auth_type {model.kind}"))
            if one is None or one.password != model.password:
                wish.append(Wish(member.server, block, "entry", "authentication", f"auth_pass {password}"))
        wishes.append(wish)
    return [line], sorted((w for w in wishes if w), key=len)


def _peers(case: Case, family: list[Member]) -> tuple[list[Step], list[list[Wish]]]:
    """unicast_peer lists that do not name everybody, or only some that have one."""
    told, wish = [], []
    for member in family:
        known = {peer.address for peer in member.instance.unicast_peers}
        for other in family:
            address = _own_address(case, other)
            if other is not member and address and address not in known:
                told.append(f"{member.server} does not name {other.server} ({address})")
                wish.append(
                    Wish(member.server, instance(member.instance.name), "entry", "unicast_peer", address)
                )
    line = _line(f"unicast_peer: {'; '.join(told)}", *(_place(m, "unicast_peer") for m in family))
    return [line], [wish] if wish else []


def _own_address(case: Case, member: Member) -> str:
    """What it sends from."""
    if member.instance.unicast_source:
        return member.instance.unicast_source
    card = case.scenario.servers[member.server].interfaces.get(member.instance.interface)
    own = [a.partition("/")[0] for a in card.addresses] if card else []
    return next((a for a in own if (":" in a) == (member.instance.family == 6)), "")


def _two_routers(holding: list[Member], headline: str) -> Chain:
    """The same address for two VRIDs."""
    lines, wishes = _aligned(holding, "virtual_router_id", lambda i: i.vrid)
    return Chain(headline, [*lines, _law(laws.SILENCE)], "", wishes, CURES.get(DropReason.BAD_VRID, ""))


# -- nobody, another one, the same ---------------------------------------------------------------------------


def _nobody(case: Case) -> Chain:
    having = [m for m in case.members if case.is_configured(m)]
    steps = [_line(f"{m.server}: {case.why(m)}", _place(m)) for m in having]
    states = {case.scene.state(m.pair) for m in having}
    if states == {"FAULT"}:
        steps.append(_law(laws.FAULT))
    return _nobody_else(case, "is on nobody", steps)


def _nobody_else(case: Case, headline: str, steps: list[Step]) -> Chain:
    """Nobody who has the addresses in its file can take them; is there one who lacks them there?"""
    well = [m for m in case.members if case.scene.state(m.pair) in ("BACKUP", "MASTER")]
    if all(case.is_configured(m) for m in well):
        return Chain(headline, steps, advice="another server that works")
    lines, wishes = _lists(case.members)
    return Chain(headline, [*steps, *lines], "V006", wishes)


def _moves(case: Case) -> Chain:
    new, old = case.after[0], " and ".join(case.before) or "nobody"
    headline = f"moves from {old} to {new}, {format_s(case.moved_us or 0)} s later"
    steps = []
    if new in case.before:
        headline = f"is on {new} alone again, {format_s(case.moved_us or 0)} s later"
        yielding = [m for server in case.before if server != new and (m := case.member(server))]
        return Chain(headline, [*_yields(case, yielding), _law(laws.YIELDS)])
    for server in case.before:
        if (member := case.member(server)) is not None:
            steps += _gave_up(case, member)
    if (member := case.member(new)) is None:
        return Chain(headline, steps)
    changes = [
        e
        for e in case.trace.of(StateEvent, server=new, instance=member.instance.name)
        if e.to == "MASTER" and case.at_us <= e.t_us <= case.judged_us
    ]
    if not changes:
        return Chain(headline, steps)
    took = changes[-1]
    heard = [e for e in case.heard(member) if e.t_us <= took.t_us]
    reason = case.trace.why_changed(took)
    law = laws.SILENCE
    packet = f"{new} heard no advert before"
    if heard:
        last = heard[-1]
        who = case.scene.name_of(last.source)
        packet = f"the last advert of {who} comes at {last.t:.3f} s with priority {last.priority}"
        if last.priority == 0:
            law = laws.FAREWELL
        elif took.t_us - last.t_us <= case.scene.patience_us(member.pair, last.interval_s) // 4:
            law = laws.PREEMPTS
    steps += [Step("packet", f"{packet}; {new} is MASTER at {took.t:.3f} s: {reason}"), _law(law)]
    is_slow = law is laws.SILENCE and bool(case.hit) and (case.moved_us or 0) > SECOND_US
    return Chain(headline, steps, wishes=_faster(case) if is_slow else ())


def _faster(case: Case) -> list[list[Wish]]:
    """A shorter interval on every node: silence is noticed after three of it.

    Less than a second needs version 3, which knows no authentication: where there is one, nobody gives it up
    in passing for a second.
    """
    longest_us = max(m.instance.advert_interval_us for m in case.members)
    wish = []
    for member in case.members:
        block = instance(member.instance.name)
        if longest_us > SECOND_US:
            wish.append(Wish(member.server, block, "set", "advert_int", "1"))
            continue
        if member.instance.version == 2:
            if member.instance.authentication is not None:
                return []
            wish.append(Wish(member.server, block, "set", "version", "3"))
        wish.append(Wish(member.server, block, "set", "advert_int", "0.3"))
    return [wish]


def _yields(case: Case, yielding: list[Member]) -> list[Step]:
    """When those that had the addresses besides gave them up, and why."""
    steps = []
    for member in yielding:
        for change in case.trace.of(StateEvent, server=member.server, instance=member.instance.name):
            if change.from_ == "MASTER" and case.at_us <= change.t_us <= case.judged_us:
                reason = case.trace.why_changed(change)
                steps.append(Step("packet", f"at {change.t:.3f} s {member.server} is {change.to}: {reason}"))
                break
    return steps


def _gave_up(case: Case, member: Member) -> list[Step]:
    """Which line made it give the addresses up."""
    for kind, name in _things(case, member.server):
        for block, entry in _entries(member, kind, name):
            weight = _Weight(member, kind, block, entry)
            means = f"weight {weight.value}" if weight.value else "no weight: its failing means FAULT"
            return [_line(f"{member.instance.name} of {member.server} tracks {name}, {means}", weight.place)]
        if kind == "interface" and name == member.instance.interface:
            return [
                _line(f"{member.server} speaks on {name}; without it, FAULT", _place(member, "interface"))
            ]
    return []


def _keeps(case: Case) -> Chain:
    has = case.after[0]
    member = case.member(has)
    steps = [] if member is None else _advert(case, member)
    touched = dict.fromkeys(str(a.keys["server"]) for a in case.actions if "server" in a.keys)
    law = None
    for server in touched:
        other = case.member(server)
        if other is not None and server != has:
            told = case.why(other).split(". ")[0]  # what it is; what led to that is the run's
            steps.append(_line(f"{server}: {told}", _place(other, "priority")))
            law = laws.KEEPS if case.scene.state(other.pair) == "BACKUP" else None
    return Chain(f"stays on {has}: nothing had to move", [*steps, *([_law(law)] if law else [])])
