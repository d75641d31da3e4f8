"""How much a scenario will be to simulate, reckoned from the scenario alone, before anything runs.

Counted are adverts, sent and received, from intervals and who hears whom; gratuitous ARP; checks; questions
of clients; starts. Where a draw decides, the worst one is taken.

A start storm. Routers whose waits end before they can have heard the first of them are all MASTER at once,
M of them, g of them with the highest priority. Each sends an advert. Whoever beats its sender answers at
once (RFC 9568 section 6.4.3), and among equals the higher address beats: g (g-1) / 2 answers among the
highest, and one to each of the M-g others. The one that stays MASTER answers each of the former once more.
Together M + (M-g) + g (g-1) adverts, each heard by everybody: of 100 equal ones 10,000, heard 990,000 times,
which is N cubed.

Routers of one moment that hear each other within ``RACE_US`` are no storm: there ``toss`` draws who is first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from vrrplab.config.model import OWNER_PRIORITY, InstanceConfig, NodeConfig
from vrrplab.machine.intervals import RACE_US
from vrrplab.machine.policy import Waiting, by_version, no_answer
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Segment, Server
from vrrplab.trace.vocabulary import Act
from vrrplab.units import SECOND_US, Micros
from vrrplab.work import ANNOUNCEMENT, CHECK, QUESTION, RECEPTION, SENT, START, Cost, Work

FEWER = "end it sooner (--until), or make intervals longer and the cluster smaller"
_NEW_ARP_US = 5 * SECOND_US  # how often a client asks anew where its target is, about
_CHANGES = 20  # in the network, of which a client takes notice, with every change of MASTER and every action
_ENDLESS = 10**9
_CALM = {Act.FILE_WRITE, Act.PROCESS_COUNT, Act.SERVICE_START, Act.CHECK_PASS}  # nobody falls silent of these


class _Member(NamedTuple):
    """``later``: it comes with a reload, if it comes at all."""

    server: Server
    instance: InstanceConfig
    profile: Profile
    later: bool = False

    @property
    def speaks_at_us(self) -> Micros:
        """When it is MASTER if it hears nobody."""
        one = self.instance
        if one.address_owner and one.state == "MASTER":
            return self.server.start_at_us
        skew_us = by_version(Waiting(one.version, one.base_priority, one.advert_interval_us))
        return self.server.start_at_us + one.down_timer_adverts * one.advert_interval_us + skew_us

    def speech(self) -> tuple[object, ...]:
        """Who speaks otherwise is not understood, and both are MASTER."""
        one = self.instance
        addresses = tuple(a.address for a in one.virtual_addresses)
        kept = addresses if self.profile.list_mismatch == "drop" else ()
        interval_us = one.advert_interval_us if one.version == 2 else 0
        password = one.authentication and one.authentication.password
        return one.version, password, interval_us, one.multicast_group, kept


def work_of(scenario: Scenario) -> Work:
    """What a simulation of it will take."""
    counts: Counter[Cost] = Counter()
    nodes = _nodes(scenario)
    counts[START] = sum(len(node.instances) for found in nodes.values() for node in found)
    storms_of_all = 0
    dark_us: dict[str, Micros] = {}
    disturbed, cuts = _disturbed(scenario), _cuts(scenario)
    for group in _groups(scenario, nodes):
        times = _count_group(scenario, group, disturbed, cuts, counts)
        storms_of_all += times
        down_us = max(m.speaks_at_us - m.server.start_at_us for m in group)
        silent_us = min(m.speaks_at_us for m in group) + (times - 1) * down_us
        for member in group:
            for vip in member.instance.all_addresses:
                dark_us[vip.address] = min(silent_us, dark_us.get(vip.address, silent_us))
    for server in scenario.servers.values():
        lives_us = max(0, scenario.duration_us - server.start_at_us)
        counts[CHECK] += max(
            sum(lives_us // max(1, s.interval_us) for s in node.scripts) for node in nodes[server.name]
        )
    counts[QUESTION] = _questions(scenario, storms_of_all, dark_us)
    return Work(tuple(counts.items()), FEWER)


def events_of(work: Work) -> int:
    """How many events its trace will have, about."""
    most, each = dict(work.parts), {RECEPTION: 1, SENT: 1, ANNOUNCEMENT: 3, CHECK: 1, START: 8}
    return sum(most.get(cost, 0) * events for cost, events in each.items())


def frames_of(work: Work) -> int:
    """How many frames a capture of it will have, about."""
    most = dict(work.parts)
    return most.get(SENT, 0) + most.get(ANNOUNCEMENT, 0)


def _nodes(scenario: Scenario) -> dict[str, list[NodeConfig]]:
    """Each server's configurations: the one that it starts with, and those that reloads bring."""
    found = {name: [server.node] for name, server in scenario.servers.items()}
    for action in scenario.actions:
        if action.node is not None:
            found[action.keys["server"]].append(action.node)
    return found


def _groups(scenario: Scenario, nodes: dict[str, list[NodeConfig]]) -> Iterator[list[_Member]]:
    """The routers of each virtual router: those of one VRID that can meet."""
    segment_of = {
        address.split("/")[0]: card.segment
        for server in scenario.servers.values()
        for card in server.interfaces.values()
        for address in card.addresses
    }
    found: dict[object, list[_Member]] = defaultdict(list)
    for server in scenario.servers.values():
        profile = profile_named(scenario.profile_of(server.name))
        seen: set[InstanceConfig] = set()
        for turn, node in enumerate(nodes[server.name]):
            for one in node.instances:
                if turn and one in seen:
                    continue  # this reload leaves it as it was
                seen.add(one)
                card = server.interfaces.get(one.interface)
                places = {segment_of.get(p.address, "") for p in one.unicast_peers}
                places.add(card.segment if card else "")
                found[frozenset(places), one.vrid, one.family].append(_Member(server, one, profile, turn > 0))
    yield from found.values()


def _disturbed(scenario: Scenario) -> Counter[str]:
    """How many actions may cost a MASTER its role: by server, and those of networks under ""."""
    disturbing = (a for a in scenario.actions if a.kind not in _CALM)
    return Counter("" if "segment" in a.keys else str(a.keys.get("server")) for a in disturbing)


class _Cuts(NamedTuple):
    """Who will not hear whom, by the actions: ``pairs`` of sender and receiver; the ``deaf`` hear nobody,
    nobody hears the ``mute``.
    """

    pairs: set[tuple[str, str]]
    deaf: set[str]
    mute: set[str]

    def hears(self, receiver: str, sender: str) -> bool:
        return not (receiver in self.deaf or sender in self.mute or (sender, receiver) in self.pairs)


def _cuts(scenario: Scenario) -> _Cuts:
    cuts = _Cuts(set(), set(), set())
    for action in scenario.actions:
        keys = action.keys
        if action.kind == Act.FIREWALL_DROP:
            (cuts.mute if keys.get("direction") == "out" else cuts.deaf).add(keys["server"])
        elif action.kind == Act.SEGMENT_FAULT and (
            keys.get("loss") or not any(k in keys for k in ("latency_s", "jitter_s"))
        ):
            cuts.pairs.update((sender, receiver) for sender, receiver in keys.get("between") or ())
    return cuts


def _divided(group: list[_Member], cuts: _Cuts) -> tuple[int, int]:
    """Of routers that do not all hear each other: how many are MASTER, and how many adverts each interval has
    beyond one of each MASTER.

    A MASTER answers the advert of a lower one, and that answer may be heard by one who is higher still: a row
    of routers each of which hears only those below it answers 2^N times.
    """
    masters: list[str] = []
    answers: list[int] = []  # to one advert of each, with the answers to these
    for member in sorted(group, key=lambda m: -m.instance.base_priority):
        name = member.server.name
        if name not in masters and not any(cuts.hears(name, other) for other in masters):
            heard_by = (1 + n for n, other in zip(answers, masters, strict=True) if cuts.hears(other, name))
            answers.append(min(_ENDLESS, sum(heard_by)))
            masters.append(name)
    return len(masters), sum(answers)


def _count_group(
    scenario: Scenario,
    group: list[_Member],
    disturbed: Counter[str],
    cuts: _Cuts,
    counts: Counter[Cost],
) -> int:
    """Its adverts and announcements are added to ``counts``; how often its MASTER may be lost."""
    storming, loss = _storming(scenario, group)
    one = storming[0].instance
    ours = {member.server.name for member in group}
    losses = sum(disturbed[name] for name in ours) + disturbed[""]
    interval_us = max(1, min(m.instance.advert_interval_us for m in group))
    time_us = max(0, scenario.duration_us - min(m.speaks_at_us for m in group))
    # three adverts in a row lost on the way to one of them, and it speaks too
    losses += int(loss**3 * len(group) * time_us // (3 * interval_us))
    apart, answered = _divided(group, cuts) if any(cuts) else (1, 0)
    heard = one.unicast or all(s.multicast for s in _segments(scenario, group))
    servers = len(ours)
    masters = min(servers, len({m.speech() for m in group}) + apart - 1) if heard else servers

    equals = sum(m.instance.base_priority == one.base_priority for m in storming)
    others = len(storming) - equals
    answers = 0
    answering = storming[0].profile.answer is not no_answer and one.base_priority < OWNER_PRIORITY
    if answering:
        answers = equals * (equals - 1) // 2 + others
    begun = len(storming) + others + 2 * (answers - others)
    times = 1 + losses
    adverts = masters * (time_us // interval_us + 1) + times * begun
    answered *= answering * (time_us // interval_us + 1)
    adverts += answered
    destinations = max(1, len(one.unicast_peers))
    counts[SENT] += adverts * destinations
    if one.unicast:
        counts[RECEPTION] += adverts * destinations
    elif heard:
        counts[RECEPTION] += adverts * (_listeners(scenario, group) - 1)

    garp = one.garp
    addresses = max(len(m.instance.all_addresses) for m in group)
    batches = times * (len(storming) + masters)
    if storming[0].profile.garp_from_config:
        frames = batches * garp.repeat + garp.lower_prio_repeat * (times * 3 * answers + 2 * answered)
        if garp.refresh_us:
            frames += masters * garp.refresh_repeat * (time_us // garp.refresh_us)
    else:
        frames = batches
    counts[ANNOUNCEMENT] += frames * addresses
    return times


def _storming(scenario: Scenario, group: list[_Member]) -> tuple[list[_Member], float]:
    """Those that are MASTER before they can have heard the first, best first; what share is lost there."""
    segments = _segments(scenario, group)
    faults = [a.keys for a in scenario.actions if a.kind == Act.SEGMENT_FAULT]
    spread_us = max(s.latency_us + s.jitter_us for s in segments) if segments else 0
    for fault in faults:
        late_s = float(fault.get("latency_s") or 0) + float(fault.get("jitter_s") or 0)
        spread_us = max(spread_us, round(late_s * SECOND_US))
    loss = max([s.loss for s in segments] + [float(fault.get("loss") or 0) for fault in faults], default=0.0)
    group = [member for member in group if not member.later] or group
    first_us = min(member.speaks_at_us for member in group)
    if spread_us <= RACE_US:
        storming = [m for m in group if m.speaks_at_us == first_us and m.instance.address_owner] or [
            min(group, key=lambda m: m.speaks_at_us)
        ]
    else:
        storming = [m for m in group if m.speaks_at_us <= first_us + spread_us + RACE_US]
    return sorted(storming, key=lambda m: -m.instance.base_priority), loss


def _segments(scenario: Scenario, group: list[_Member]) -> list[Segment]:
    cards = [m.server.interfaces.get(m.instance.interface) for m in group]
    return [scenario.segments[name] for name in sorted({card.segment for card in cards if card})]


def _listeners(scenario: Scenario, group: list[_Member]) -> int:
    """Cards of servers in its network: each hears all adverts there, whatever VRID its instances have."""
    places = {segment.name for segment in _segments(scenario, group)}
    cards = (card for server in scenario.servers.values() for card in server.interfaces.values())
    return max(1, sum(card.segment in places for card in cards))


def _questions(scenario: Scenario, changes: int, dark_us: dict[str, Micros]) -> int:
    """Where nothing is left to chance, a client asks again only when something has changed (``clients``).

    While nobody has an address (so long, of virtual ones, in ``dark_us``) no question is answered, and each
    is asked.
    """
    standing = {
        address.split("/")[0]
        for server in scenario.servers.values()
        for card in server.interfaces.values()
        for address in card.addresses
    }
    standing |= {a.split("/")[0] for client in scenario.clients.values() for a in client.addresses}
    gateways = (given for router in scenario.routers.values() for given in router.interfaces.values())
    standing |= {a.split("/")[0] for given in gateways for a in given}
    random = {s.name for s in scenario.segments.values() if s.jitter_us or 0 < s.loss < 1}
    for action in scenario.actions:
        if action.kind == Act.SEGMENT_FAULT and any(k in action.keys for k in ("loss", "jitter_s")):
            random.add(action.keys["segment"])
    total = 0
    for client in scenario.clients.values():
        for probe in client.probes:
            every = scenario.duration_us // max(1, probe.every_us)
            names = scenario.dns.get(probe.target, (probe.target,))
            silent_us = max(dark_us.get(n, 0 if n in standing else scenario.duration_us) for n in names)
            silent = min(every, silent_us // max(1, probe.every_us))
            targets = len(names)
            often = scenario.duration_us // _NEW_ARP_US + _CHANGES * (changes + len(scenario.actions) + 1)
            seldom = targets * often
            asked = client.segment in random or (random and scenario.routers)
            total += every if asked else min(every, seldom + silent)
    return total
