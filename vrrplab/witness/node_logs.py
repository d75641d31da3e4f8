"""What the logs of nodes tell, beside what the wire does: states of their instances, on one clock.

A capture knows who was MASTER, by address; a log knows the node's own states, by name. Which address a node
has, and which virtual router an instance is, follows from who began to be MASTER at the same moments.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from vrrplab.pasted.log_words import word_of
from vrrplab.pasted.logs import Log, LogLine, in_year_of, words_of
from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.claims import claims
from vrrplab.witness.clocks import LATE_US, Alignment, Mark, align
from vrrplab.witness.masters import PRIORITY_0
from vrrplab.witness.timeline import Timeline

BEGAN, LEFT, ANNOUNCED = "began", "left", "announced"
_STATES = frozenset(("MASTER", "BACKUP", "FAULT", "STOP", "INIT"))
BURST_US = 2 * SECOND_US  # announcements of an address that follow each other sooner are one
_CANDIDATES = 16  # senders as whom a node is tried
_SAME_US = 150_000  # a node's line and the wire's frame of the same beginning, once clocks are aligned
_START_FAULTS = "start_fault"


class LogState(NamedTuple):
    """A state that an instance entered; ``line`` of the file that says so."""

    t_us: Micros
    instance: str
    before: str
    state: str
    line: int
    text: str


class SetBack(NamedTuple):
    """Times of a log that run backwards: at which line of the file first, and by how much there."""

    line: int
    by_us: Micros


@dataclass
class NodeStory:
    """One node: times are microseconds from the timeline's beginning. ``address``: the sender on the wire
    that it is; ``routers``: instance to the name of the virtual router that it is there; both as far as can
    be told.
    """

    node: str
    file: str
    alignment: Alignment
    states: list[LogState] = field(default_factory=list)
    lines: list[tuple[Micros, LogLine]] = field(default_factory=list)
    address: str = ""
    routers: dict[str, str] = field(default_factory=dict)
    has_zone: bool = True
    set_back: SetBack | None = None
    unsure: set[str] = field(default_factory=set)  # of ``routers``: instances that another fits as well
    held: dict[str, LogState] = field(default_factory=dict)  # of each instance, when what is told begins


@dataclass
class Stories:
    """All nodes. ``start_ns``: since 1970, of the timeline's beginning; ``end_us``: of the last line;
    ``from_us``: what came before is not told.
    """

    nodes: list[NodeStory]
    start_ns: int
    end_us: Micros
    reference: str  # whose clock it is
    from_us: Micros = 0


def stories_of(logs: list[Log], timeline: Timeline | None, wire_name: str = "the capture") -> Stories:
    """The nodes' states on the capture's clock; without a capture on that of the first log."""
    has_wire = timeline is not None and timeline.sightings.frames > 0
    if has_wire and timeline is not None:
        some_ns: int | None = timeline.sightings.start_ns
    else:
        some_ns = next((log.lines[0].t_ns for log in logs if log.has_year and log.lines), None)
    if some_ns is not None:
        logs = [log if log.has_year else in_year_of(log, some_ns) for log in logs]
    nodes = [(log, node, lines) for log in logs for node, lines in log.nodes.items()]
    if has_wire and timeline is not None:
        start_ns, reference = timeline.sightings.start_ns, wire_name
    else:
        first = min((line.t_ns for line in logs[0].lines), default=0)
        start_ns, reference = first, logs[0].name
    seen = _wire_marks(timeline) if has_wire and timeline is not None else {}
    heard: list[Mark] = []  # of logs that are aligned already
    found: list[NodeStory] = []
    for log, node, lines in nodes:
        marks = list(_log_marks(lines, start_ns))
        late_us = LATE_US + (SECOND_US if log.whole_seconds else 0)
        known = log.has_year and log.has_zone
        expected = 0 if known else None
        address = ""
        if seen:
            address, alignment = _as_somebody(marks, seen, late_us, expected)
        elif found and log.name != logs[0].name:
            crossed = [mark._replace(key=_crossed(mark.key)) for mark in marks]
            alignment = align(crossed, heard, late_us, expected)
            if not alignment.is_known:
                alignment = alignment._replace(marks=len(marks))
        else:
            alignment = Alignment(0, 0, 0, 0)
        offset = alignment.offset_us
        heard += [mark._replace(t_us=mark.t_us + offset) for mark in marks]
        story = NodeStory(node, log.name, alignment, address=address, has_zone=log.has_zone)
        story.lines = [(_us(line.t_ns - start_ns) + offset, line) for line in lines]
        story.set_back = _set_back(lines)
        story.states = list(_states(lines, start_ns, offset))
        found.append(story)
    if has_wire and timeline is not None:
        senders = Counter(story.address for story in found)
        for story in found:
            if senders[story.address] > 1:
                story.address = ""  # two nodes cannot be one sender
        _name_routers(found, timeline)
    end_us = max((t_us for story in found for t_us, _ in story.lines), default=0)
    return Stories(found, start_ns, max(end_us, timeline.end_us if timeline is not None else 0), reference)


def choose(
    stories: Stories, start_ns: int, bounds_ns: tuple[int, int] | None, vrid: int | None, timeline: Timeline
) -> list[str]:
    """Leave what was within ``bounds_ns`` and is of a virtual router of that VRID; times count from
    ``start_ns`` on. What comes back are instances of which nothing tells what they are: theirs is left.

    ``timeline``: of the whole wire, by which the stories were made.
    """
    vrids = {part.router.name: part.router.vrid for part in timeline.routers}
    named = defaultdict(
        set
    )  # instances of one name are one virtual router, as a node may never be its MASTER
    for story in stories.nodes:
        for instance, router in story.routers.items():
            if instance not in story.unsure:
                named[instance].add(router)
    later_us = _us(start_ns - stories.start_ns)
    since_us, until_us = (_us(ns - start_ns) for ns in bounds_ns or (start_ns, start_ns))
    stories.start_ns, stories.end_us = start_ns, stories.end_us - later_us
    if bounds_ns is not None:
        stories.from_us, stories.end_us = max(0, since_us), min(stories.end_us, until_us)
    unknown: list[str] = []
    for story in stories.nodes:

        def is_other(instance: str, story: NodeStory = story) -> bool:
            if vrid is None or not instance:
                return False
            if instance.startswith("VRID "):  # FRR's instances are called by it
                return instance != f"VRID {vrid}"
            sure = instance in story.routers and instance not in story.unsure
            routers = {story.routers[instance]} if sure else named[instance]
            if len(routers) == 1:
                return all(vrids.get(router) != vrid for router in routers)
            who = f"{instance} of {story.node}"
            if who not in unknown:
                unknown.append(who)
            return False

        states = [
            one._replace(t_us=one.t_us - later_us) for one in story.states if not is_other(one.instance)
        ]
        lines = [(t_us - later_us, line) for t_us, line in story.lines]
        if bounds_ns is not None:
            before = (one for one in states if one.t_us < since_us)
            story.held = {one.instance: one._replace(t_us=stories.from_us) for one in before}
            states = [one for one in states if since_us <= one.t_us <= until_us]
            lines = [(t_us, line) for t_us, line in lines if since_us <= t_us <= until_us]
        story.states = states
        story.lines = [
            (t_us, line)
            for t_us, line in lines
            if (word := word_of(line.text)) is None or not is_other(word.instance)
        ]
    return unknown


def _us(ns: int) -> Micros:
    return ns // 1000


def _set_back(lines: list[LogLine]) -> SetBack | None:
    """Some hundredths of a second are only the order in which a logger wrote."""
    for before, line in pairwise(lines):
        if before.t_ns - line.t_ns > SECOND_US * 1000:
            return SetBack(line.line, _us(before.t_ns - line.t_ns))
    return None


def _wire_marks(timeline: Timeline) -> dict[str, list[Mark]]:
    """By who was seen to do it; "" for an announcement of which nobody can tell."""
    marks: dict[str, list[Mark]] = defaultdict(list)
    for part in timeline.routers:
        for span in part.spans:
            if not span.began_before_capture:  # of a first sighting the log knows whether it was a beginning
                marks[span.speaker].append(Mark(span.from_us, (BEGAN,)))
            if span.end == PRIORITY_0 and span.to_us is not None:
                marks[span.speaker].append(Mark(span.to_us, (LEFT,)))
        bursts: dict[tuple[str, str], Micros] = {}
        for claim in claims(part.router, part.spans, timeline.end_us):
            one = claim.announcement
            before = bursts.get((claim.speaker, one.address))
            if before is None or one.t_us - before > BURST_US:
                marks[claim.speaker].append(Mark(one.t_us, (ANNOUNCED, one.address)))
            bursts[claim.speaker, one.address] = one.t_us
    return marks


def _as_somebody(
    marks: list[Mark], seen: dict[str, list[Mark]], late_us: Micros, expected_us: Micros | None
) -> tuple[str, Alignment]:
    """The sender as whom a node fits best, and how: what it did is what that one was seen to do, and what it
    heard is what others did. The sender is "" if another fits as well.
    """
    best: tuple[str, Alignment] | None = None
    tied = False
    ranked = sorted((name for name in seen if name), key=lambda name: -len(seen[name]))[:_CANDIDATES]
    for name in ranked:
        own = [mark._replace(key=("own", *mark.key)) for mark in (*seen[name], *seen.get("", ()))]
        others = [
            mark._replace(key=("heard", *mark.key)) for other in seen if other != name for mark in seen[other]
        ]
        found = align(list(map(_bare, marks)), own + others, late_us, expected_us)
        if not found.is_known:
            continue
        if best is None or found.agreeing > best[1].agreeing:
            best, tied = (name, found), False
        elif found.agreeing == best[1].agreeing:
            tied = True
            if abs(found.offset_us) < abs(best[1].offset_us):
                best = name, found
    if best is None:
        return "", Alignment(expected_us or 0, 0, 0, len(marks), False)
    return ("" if tied else best[0]), best[1]


def _log_marks(lines: list[LogLine], start_ns: int) -> Iterator[Mark]:
    """Of what the node did itself, and (with "heard" behind) of what it heard others do."""
    bursts: dict[str, Micros] = {}
    for line, key, instance, values in words_of(lines):
        t_us = _us(line.t_ns - start_ns)
        if key == "entering" and values.get("state") == "MASTER":
            yield Mark(t_us, (BEGAN, instance))
        elif key in ("higher", "same_higher_ip"):
            yield Mark(t_us, (BEGAN, instance, "heard"))
        elif key == "sent_zero":
            yield Mark(t_us, (LEFT, instance))
        elif key in ("backup_got_zero", "master_got_zero"):
            yield Mark(t_us, (LEFT, instance, "heard"))
        elif key in ("garp", "na"):
            address = values["address"]
            before = bursts.get(address)
            if before is None or t_us - before > BURST_US:
                yield Mark(t_us, (ANNOUNCED, address))
            bursts[address] = t_us


def _bare(mark: Mark) -> Mark:
    """As the wire has it: without names of instances."""
    if mark.key[0] == ANNOUNCED:
        return mark._replace(key=("own", *mark.key))
    return mark._replace(key=("heard" if len(mark.key) == 3 else "own", mark.key[0]))


def _crossed(key: tuple[str, ...]) -> tuple[str, ...]:
    """What one node does is what the other heard, and the other way round."""
    if key[0] == ANNOUNCED:
        return ("?", *key)
    return key[:2] if len(key) == 3 else (*key, "heard")


def _states(lines: list[LogLine], start_ns: int, offset_us: Micros) -> Iterator[LogState]:
    now: dict[str, str] = {}
    for line, key, instance, values in words_of(lines):
        t_us = _us(line.t_ns - start_ns) + offset_us
        if key == "starting":
            now.clear()
            continue
        if key == "stopping":
            for name, before in now.items():
                if before not in ("STOP", "INIT"):
                    yield LogState(t_us, name, before, "STOP", line.line, line.text)
                    now[name] = "STOP"
            continue
        state = ""
        if key == "entering":
            state = values["state"].upper()
        elif key == "backup_init":
            state = "BACKUP"
        elif key.startswith(_START_FAULTS):
            state = "FAULT"
        before = now.get(instance, "INIT")
        if state in _STATES and state != before:
            yield LogState(t_us, instance, before, state, line.line, line.text)
            now[instance] = state


def _name_routers(nodes: Iterable[NodeStory], timeline: Timeline) -> None:
    """Which sender and which virtual routers each node's instances are: those that began with them most
    often.
    """
    begun = sorted(
        (span.from_us, part.router.name, span.speaker) for part in timeline.routers for span in part.spans
    )
    routers: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    nodes = list(nodes)
    by_address = {address: part.router.name for part in timeline.routers for address in part.router.addresses}
    for number, story in enumerate(nodes):
        if not story.alignment.is_known:
            continue
        near_us = _SAME_US + story.alignment.within_us
        for state in story.states:
            if state.state != "MASTER":
                continue
            close = [one for one in begun if abs(one[0] - state.t_us) <= near_us]
            for _, router, speaker in close:
                if speaker == story.address or not story.address:
                    routers[number][state.instance][router] += 1
        announced: dict[str, str] = {}
        for _, line in story.lines:
            for _, key, instance, values in words_of([line]):
                if key in ("garp_queue", "na_queue"):
                    announced[values["address"]] = instance
        for address, instance in announced.items():
            if address in by_address:
                routers[number][instance][by_address[address]] += 100  # it says so itself
    for number, by_instance in routers.items():
        for instance, counts in by_instance.items():
            (best, most), *rest = counts.most_common(2)
            nodes[number].routers[instance] = best
            if rest and rest[0][1] == most:
                nodes[number].unsure.add(instance)


def master_times(stories: Stories) -> dict[str, list[tuple[Micros, Micros, str]]]:
    """By instance: from, to and node of each time as MASTER that the logs tell, in order."""
    found: dict[str, list[tuple[Micros, Micros, str]]] = {}
    for story in stories.nodes:
        since = {held.instance: held.t_us for held in story.held.values() if held.state == "MASTER"}
        for state in story.states:
            began = since.pop(state.instance, None)
            if began is not None:
                found.setdefault(state.instance, []).append((began, state.t_us, story.node))
            if state.state == "MASTER":
                since[state.instance] = state.t_us
        for instance, began in since.items():
            found.setdefault(instance, []).append((began, stories.end_us, story.node))
    return {instance: sorted(times) for instance, times in sorted(found.items())}
