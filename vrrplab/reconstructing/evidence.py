"""What a capture, and logs of the servers, show: a picture of the cluster, and who was alive when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from vrrplab.capture.reader import CapturedFrame, Passed
from vrrplab.errors import CaptureError, VrrplabError, did_you_mean
from vrrplab.pasted.log_words import word_of
from vrrplab.pasted.logs import Log
from vrrplab.reconstructing.numbers import Numbered, counts
from vrrplab.reconstructing.numbers import told as told_by_numbers
from vrrplab.reconstructing.picture import LATE_US, Picture, Sketch
from vrrplab.reconstructing.who import Who, who_is_who
from vrrplab.scenario.nodes import Node
from vrrplab.trace.events import LogEvent
from vrrplab.units import SECOND_US, Micros
from vrrplab.verify.lines import told
from vrrplab.wire.addresses import ZERO_MAC
from vrrplab.wire.arp import REQUEST
from vrrplab.wire.ip import IPv4Header
from vrrplab.witness.masters import ANNOUNCES_US, MasterSpan
from vrrplab.witness.node_logs import Stories, stories_of
from vrrplab.witness.timeline import RouterTimeline, Timeline, timeline_of

_ASKS = 3  # Linux asks for an address so often before it gives up
_ANSWERS_US = LATE_US  # a host answers at once
RAN_BEFORE = 2  # intervals: who is heard within so many was MASTER before the first frame

Frames = Iterable[CapturedFrame | Passed]


@dataclass(slots=True)
class Window:
    """From when to when a log tells of a server."""

    from_us: Micros
    to_us: Micros


@dataclass
class Evidence:
    """Times are microseconds from the first frame. ``picture``: what is seen from ``begin_us`` to ``end_us``.

    ``watched``: server and instance of which adverts are seen; ``numbered``: those whose IPv4 numbers tell
    something. ``running_at_start``: who was MASTER before the capture began. ``logged``: servers
    with a log.
    """

    timeline: Timeline
    who: Who
    stories: Stories | None
    begin_us: Micros
    end_us: Micros
    picture: Picture = field(init=False)
    watched: frozenset[tuple[str, str]] = frozenset()
    numbered: frozenset[tuple[str, str]] = frozenset()
    announces: bool = False
    announced_from_us: Micros = 0  # earlier announcements may follow from what was before the capture
    addresses: frozenset[str] = frozenset()
    running_at_start: frozenset[str] = frozenset()
    logged: dict[str, Window] = field(default_factory=dict)
    macs: dict[str, str] = field(default_factory=dict)  # server to the MAC address that it sends from
    sources: dict[str, dict[str, str]] = field(default_factory=dict)  # server, instance: source address
    frames_us: dict[str, list[Micros]] = field(default_factory=dict)  # when a server sent anything
    last_adverts_us: dict[tuple[str, str], list[Micros]] = field(default_factory=dict)
    # server, address, from when to when it was asked for, and did not answer
    unanswered: list[tuple[str, str, Micros, Micros]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def sent_between(self, server: str, from_us: Micros, to_us: Micros) -> Micros | None:
        """When anything came from that server's card in that time; None: nothing did."""
        times = self.frames_us.get(server, [])
        place = bisect_left(times, from_us + LATE_US)
        return times[place] if place < len(times) and times[place] < to_us - LATE_US else None

    def answered_between(self, server: str, from_us: Micros, to_us: Micros) -> bool:
        """Did its card send anything but adverts then?"""
        times = self.frames_us.get(server, [])
        place = bisect_left(times, from_us)
        return place < len(times) and times[place] < to_us

    def finished(self, sketch: Sketch) -> Picture:
        """What is sketched, as far as it is in the capture and does not follow from what was before it."""
        return sketch.finished(self.begin_us, self.announced_from_us, self.end_us)

    def interval_us(self, server: str, instance: str) -> Micros:
        """The advert interval of an instance, as it is seen or else a second."""
        widths = [
            width
            for thing, width in self.picture.widths_us.items()
            if thing.server == server and thing.name == instance
        ]
        return min(widths, default=SECOND_US)


def gather(
    frames: Frames,
    cluster: Sequence[Node],
    logs: Sequence[Log] = (),
    *,
    name: str = "the capture",
    until_us: Micros | None = None,
) -> Evidence:
    """Everything that is seen, by server. ``until_us``: what comes later is not looked at.

    CaptureError for a capture without VRRP; VrrplabError where the configurations, or a log, are of others.
    """
    noted = _Noted()
    timeline = timeline_of(noted.all_of(frames, until_us))
    heard = [part for part in timeline.routers if part.router.sightings]
    if not heard:
        raise CaptureError(name, 0, "has no VRRP advert", _cure(timeline))
    stories = stories_of(list(logs), timeline, name) if logs else None
    if stories is not None:
        _name_nodes(stories, [node.name for node in cluster])
    who = who_is_who(cluster, timeline, stories, name)
    ours = [part for part in heard if any(router == part.router.name for _, router in who.instance_of)]
    end_us = timeline.end_us if until_us is None else min(timeline.end_us, until_us)
    evidence = Evidence(timeline, who, stories, 0, end_us)
    again_us = max((i.garp.delay_us for n in cluster for i in n.config.instances), default=0)
    _look(evidence, ours, noted, again_us)
    _remark(evidence, cluster, heard, ours)
    return evidence


class _Noted:
    """What frames tell beside what a timeline keeps of them.

    ``numbers``: those of IPv4, by frame. ``alive_ns``: by MAC address, when a card sent ARP or a neighbour
    advertisement, which shows that it is not dead. ``asked_ns``: by address and who asks, when ARP asked for
    it. ``answering``: MAC addresses of which is seen what they send to one host alone, as answers are.
    """

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.alive_ns: dict[str, list[int]] = {}
        self.asked_ns: dict[tuple[str, str], list[int]] = {}
        self.answering: set[str] = set()

    def all_of(self, frames: Frames, until_us: Micros | None) -> Iterator[CapturedFrame | Passed]:
        """The same frames."""
        first_ns: int | None = None
        for captured in frames:
            if first_ns is None:
                first_ns = captured.t_ns
            if until_us is not None and captured.t_ns - first_ns > until_us * 1000:
                continue
            if isinstance(captured, CapturedFrame) and captured.frame.kind in ("vrrp", "arp", "na"):
                self._note(captured)
            yield captured

    def _note(self, captured: CapturedFrame) -> None:
        frame = captured.frame
        if frame.kind == "vrrp" and isinstance(frame.ip, IPv4Header) and frame.ip.identification:
            self.numbers[captured.number] = frame.ip.identification
        if frame.eth is None or not frame.eth.source:
            return
        source, to = frame.eth.source, frame.eth.destination
        if to and to != ZERO_MAC and not int(to[:2], 16) & 1:  # that bit is a group's
            self.answering.add(source)
        if frame.kind != "vrrp":
            self.alive_ns.setdefault(source, []).append(captured.t_ns)
        if frame.arp is not None and frame.arp.op == REQUEST and not frame.arp.gratuitous:
            self.asked_ns.setdefault((frame.arp.target_ip, source), []).append(captured.t_ns)


def _cure(timeline: Timeline) -> str:
    others = sorted({f"{protocol.upper()}" for protocol, _, _ in timeline.sightings.others})
    if others:
        return f"but {', '.join(others)}: vrrplab decode tells what it says"
    if timeline.sightings.sealed:
        return "what could not be opened is told by vrrplab decode"
    return "capture with tcpdump -i any 'vrrp or arp' where the routers are"


def _name_nodes(stories: Stories, names: Sequence[str]) -> None:
    """Logs by the servers' names: as they say, or as their file is called. VrrplabError: of somebody else."""
    for story in stories.nodes:
        file = story.file.rpartition("/")[2].partition(".")[0]
        short = {name.partition(".")[0]: name for name in names}
        known = next((short[n] for n in (story.node, story.node.partition(".")[0], file) if n in short), None)
        if story.node in names:
            known = story.node
        if known is None:
            cure = did_you_mean(story.node, names) or f"the nodes are {', '.join(names)}"
            raise VrrplabError(
                f"{story.file}: no node is called {story.node} - {cure}; --node NAME=FILE names one"
            )
        story.node = known


def _look(evidence: Evidence, ours: Sequence[RouterTimeline], noted: _Noted, again_us: Micros) -> None:
    """Draw the picture. ``again_us``: how long after a MASTER began it announces its addresses again."""
    timeline, who = evidence.timeline, evidence.who
    sketch = Sketch()
    watched, addresses, unclear, running = set(), set(), set(), set()
    macs: dict[str, set[str]] = {}
    numbers: dict[tuple[str, str], list[Numbered]] = {}
    begin_us = 0
    for part in ours:
        router = part.router
        for sighting in router.sightings:
            server = who.server_of.get(sighting.source)
            instance = who.instance_of.get((server or "", router.name))
            if server is None or instance is None or sighting.t_us > evidence.end_us:
                continue
            sketch.advert(server, instance.name, sighting.priority, sighting.t_us, sighting.interval_us)
            if not sighting.priority:
                sketch.farewell(server, instance.name, sighting.destination, sighting.t_us)
            if sighting.number in noted.numbers:
                numbers.setdefault((server, instance.name), []).append(
                    Numbered(sighting.t_us, noted.numbers[sighting.number], sighting.interval_us)
                )
            evidence.last_adverts_us.setdefault((server, instance.name), []).append(sighting.t_us)
            evidence.sources.setdefault(server, {})[instance.name] = sighting.source
            if sighting.mac and sighting.mac != router.virtual_mac:
                macs.setdefault(server, set()).add(sighting.mac)
        watched |= {(server, i.name) for (server, name), i in who.instance_of.items() if name == router.name}
        addresses |= set(router.addresses)
        for span in part.spans:
            server = who.server_of.get(span.speaker.partition(" ")[0])
            if server and _ran_before(span, part):
                running.add(server)
                begin_us = max(begin_us, span.last_us if span.first is None else span.first.t_us)
        for claim in part.claims:
            server = who.server_of.get(claim.speaker.partition(" ")[0])
            if server is None:
                unclear.add(claim.announcement.address)
        for claim in part.claims:
            address, server = claim.announcement.address, who.server_of.get(claim.speaker.partition(" ")[0])
            if server is not None and address not in unclear and claim.announcement.t_us <= evidence.end_us:
                sketch.announcement(server, address, claim.announcement.t_us)
    evidence.begin_us = begin_us
    evidence.announced_from_us = begin_us + again_us + 2 * SECOND_US if running else begin_us
    evidence.watched, evidence.running_at_start = frozenset(watched), frozenset(running)
    evidence.announces = timeline.sightings.neighbour_frames > 0
    evidence.addresses = frozenset(addresses - unclear)
    evidence.macs = {server: next(iter(its)) for server, its in macs.items() if len(its) == 1}
    start_ns = timeline.sightings.start_ns
    for server, mac in evidence.macs.items():
        evidence.frames_us[server] = sorted((t_ns - start_ns) // 1000 for t_ns in noted.alive_ns.get(mac, ()))
    _of_questions(evidence, noted, sketch)
    for (server, name), adverts in numbers.items():
        if counts(adverts):
            evidence.numbered |= {(server, name)}
            for t_us, says in told_by_numbers(adverts):
                sketch.number(server, name, says, t_us)
    _of_logs(evidence, sketch)
    evidence.picture = evidence.finished(sketch)


def _of_questions(evidence: Evidence, noted: _Noted, sketch: Sketch) -> None:
    """Who is asked for, by its own address, as often as a kernel asks, and never answers, has no link or no
    power: a host answers whatever its daemon does. It counts only where a capture would have the answer.
    """
    start_ns = evidence.timeline.sightings.start_ns
    for (address, _), times in noted.asked_ns.items():
        server = evidence.who.server_of.get(address)
        if server is None or evidence.macs.get(server) not in noted.answering:
            continue
        open_us: list[Micros] = []
        for t_us in sorted((t_ns - start_ns) // 1000 for t_ns in times):
            if t_us > evidence.end_us - _ANSWERS_US:
                break
            if evidence.answered_between(server, t_us, t_us + _ANSWERS_US):
                open_us = []
                continue
            open_us.append(t_us)
            if len(open_us) == _ASKS:
                span = server, address, open_us[0], t_us
                evidence.unanswered.append(span)
                sketch.unanswered(*span)
                open_us = []


def _ran_before(span: MasterSpan, part: RouterTimeline) -> bool:
    """Was it MASTER before the capture began? A new one announces its addresses, or was waited for."""
    if span.began_before_capture:
        return True
    if not span.is_first_sighting or span.from_us > RAN_BEFORE * span.interval_us:
        return False
    return not any(
        claim.speaker == span.speaker and abs(claim.announcement.t_us - span.from_us) <= ANNOUNCES_US
        for claim in part.claims
    )


def _of_logs(evidence: Evidence, sketch: Sketch) -> None:
    """What the logs say goes into the picture, too."""
    for story in evidence.stories.nodes if evidence.stories is not None else ():
        lines = [(t_us, line.text) for t_us, line in story.lines if t_us <= evidence.end_us]
        if not lines:
            continue
        if not story.alignment.is_known:
            evidence.notes.append(f"nothing in {story.file} says how its clock is set, so it is left out")
            continue
        evidence.logged[story.node] = Window(lines[0][0], evidence.end_us)
        for t_us, text in lines:
            said = said_by(text)
            if said:
                sketch.line(story.node, said, t_us)


@lru_cache(maxsize=4096)
def said_by(line: str) -> str:
    """What a log line says, in whatever words its version of keepalived says it; "" if it does not count."""
    if not told(LogEvent(0, line=line)):
        return ""
    word = word_of(line)
    if word is None:
        return line
    values = " ".join(f"{name}={value}" for name, value in word.values.items())
    return f"{word.key} {values}"


def _remark(
    evidence: Evidence,
    cluster: Sequence[Node],
    heard: Sequence[RouterTimeline],
    ours: Sequence[RouterTimeline],
) -> None:
    """What is left out, and what was taken for granted."""
    who, notes = evidence.who, evidence.notes
    others = [part.router.name for part in heard if part not in ours]
    if others:
        notes.append(f"{', '.join(others)} is in no configuration, and left out")
    if who.strangers:
        strangers = ", ".join(who.strangers)
        notes.append(f"{strangers} is none of the servers, and left out; name its keepalived.conf too")
    if not who.is_sure:
        told_as = ", ".join(f"{source} is {server}" for source, server in who.server_of.items())
        notes.append(f"nothing tells who is who; taken for granted: {told_as} (--addresses says it)")
    unseen = [
        f"VRID {instance.vrid} of {node.name}"
        for node in cluster
        for instance in node.config.instances
        if (node.name, instance.name) not in evidence.watched
    ]
    if unseen:
        notes.append(f"not in the capture, as if on another network: {', '.join(unseen)}")
    if evidence.running_at_start:
        masters = ", ".join(sorted(evidence.running_at_start))
        notes.append(f"the capture begins in the middle: {masters} was MASTER before")
    if not evidence.announces:
        notes.append("the capture has no ARP and no neighbour advertisements, which tell more")
