"""Who was MASTER when, as far as frames tell: one model for ``--timeline`` and for ``live watch``.

What makes it possible: a router that becomes MASTER sends an advert at once, and only a MASTER sends
anything, priority 0 included. So a router is MASTER from its first advert on. When it stops being one is
seen from what happens next:

    it sends priority 0                                     it left at that moment
    another sends a higher priority, and it falls silent    it yielded to that advert
    nothing, and its next advert is overdue                 it is gone, some time before that advert was due

A silence in the middle need not be an end. A MASTER that hears a rejected packet re-arms its advert timer
(keepalived, measured), so of two MASTERs that reject each other one can be mute for long. Signs that a
router stayed MASTER through its silence: it comes back sooner than a BACKUP could, or without announcing its
addresses; its next message is priority 0; it comes back within moments of a lower advert (a MASTER answers
it at once); or exactly one interval after somebody else's advert (the re-armed timer). Where adverts follow
each other in milliseconds, such a moment is soon met by chance, so less of one counts.

``Masters`` takes frames one at a time. What it says is decided as far as is known by then: a silent MASTER
has left when its advert is overdue and a higher one has come, or when nobody could be silent for so long;
if it comes back as only a MASTER does, it is said to have stayed. The timeline of a capture feeds it
everything and asks in the end, and then dates beginnings back to their announcements; the watcher tells each
``MasterChange`` when it is known.

Who is MASTER listens at once. What everybody else hears is written down once for all of them (``_Log``) and
read when it matters: mostly never, and if it does, in one go. So an advert costs no look at each router that
ever spoke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.wire.addresses import pack_address
from vrrplab.witness.differences import have_other_addresses, reject_always
from vrrplab.witness.sightings import LATE_US, Announcement, Sighting, VirtualRouter

# What keepalived and FRR were seen to need (recordings of real daemons)
ANSWER_US = 12_000
REARM_TOLERANCE_US = 8_000
# a coincidence in less than this part of an interval is taken for a reaction: 1 in 20 happens by chance
CHANCE = 20
# how soon a new MASTER announces its addresses on a loaded machine; usually it takes milliseconds
ANNOUNCES_US = 300_000
OVERDUE = 1.5  # intervals without an advert, and one is missing
YIELDS = 1.1  # intervals without an advert after a higher one, and it yielded to that
GONE = 4.05  # intervals: longer than the longest master-down interval, 3 and the largest skew
NEVER_US = 1 << 62
_REMEMBERED = 32  # higher adverts during one silence whose moments are kept

_LOG_LINES = 16  # of a watcher, which keeps little: then everybody reads the log, and it is emptied

_NOBODY: frozenset[str] = frozenset()  # one for all: an empty set takes 216 bytes, and few have rivals

# what ended a span
PRIORITY_0, YIELDED, SILENT, STILL = "priority 0", "yielded", "silent", "still MASTER"
# what a router is after it; the wire does not say if one that left on purpose was stopped
STATE_AFTER = {PRIORITY_0: "BACKUP", YIELDED: "BACKUP", SILENT: "FAULT"}
# what a MasterChange says
BEGAN, STAYED, ENDED, RIVALS = "began", "stayed", "ended", "rivals"

# signs of another MASTER beside it
_DID_NOT_YIELD = "it did not yield to a higher advert: it does not hear it, or rejects it"
_ANSWERED = "it answered a lower advert at once, as only a MASTER does"
_REARMED = "it came one interval after the other's advert: a MASTER whose timer the other re-arms"
BESIDE_ANOTHER = frozenset((_DID_NOT_YIELD, _ANSWERED, _REARMED))
_CARP_REARMS = "CARP with the same number re-arms its timer"
_MAY_BE = "so it may be MASTER still, without a word"


@dataclass(slots=True)
class MasterSpan:
    """One router's time as MASTER.

    Microseconds since the capture's first frame. ``to_us`` is None while it lasts, also when the capture
    ends; ``to_earliest_us``/``to_latest_us`` bound an end that nobody announced. ``first_frame`` and
    ``last_frame``: first and last advert of the span, ``end_frame`` the frame that ended it. ``mute``:
    silences it stayed MASTER through, with the reason to think so. ``first``: its first advert, None if all
    that was seen of it is priority 0.

    ``is_first_sighting``: nothing shows that it began here; it may have been MASTER before the capture did.
    ``undecided_us``: since when it may be MASTER no longer, where the capture ends before its next advert
    was due. ``yielded_to_equal``: what it yielded to was of equal priority, from a higher address.
    """

    speaker: str
    mac: str
    priority: int
    from_us: Micros
    first_frame: int
    last_frame: int
    last_us: Micros
    interval_us: Micros
    to_us: Micros | None = None
    to_earliest_us: Micros | None = None
    to_latest_us: Micros | None = None
    end: str = STILL
    end_frame: int | None = None
    began_by_announcement: bool = False
    began_before_capture: bool = False
    is_first_sighting: bool = False
    undecided_us: Micros | None = None
    yielded_to_equal: bool = False
    mute: list[tuple[Micros, Micros, int, str]] = field(default_factory=list)
    priorities: list[tuple[Micros, int, int]] = field(default_factory=list)
    first: Sighting | None = None

    def end_us(self, capture_end_us: Micros) -> Micros:
        """Where the span ends, or the capture does."""
        return capture_end_us if self.to_us is None else self.to_us

    def certain_end_us(self, capture_end_us: Micros) -> Micros:
        """Until when it was MASTER beyond doubt."""
        return self.end_us(capture_end_us) if self.undecided_us is None else self.undecided_us

    def _extend(self, sighting: Sighting) -> None:
        if sighting.priority != self.priority or not self.priorities:
            self.priorities.append((sighting.t_us, sighting.number, sighting.priority))
        self.priority = sighting.priority
        self.interval_us = sighting.interval_us
        self.last_us, self.last_frame = sighting.t_us, sighting.number
        self.first = self.first or sighting

    def _end(self, end: str, to_us: Micros | None, frame: int | None = None) -> None:
        self.end, self.to_us, self.end_frame = end, to_us, frame
        self.to_earliest_us = self.to_latest_us = self.undecided_us = None
        self.yielded_to_equal = False

    def _rejoin(self, other: MasterSpan) -> None:
        """``other`` was this one going on."""
        self.mute += other.mute
        same = bool(other.priorities) and other.priorities[0][2] == self.priority
        self.priorities += other.priorities[same:]
        for name in (
            "priority", "interval_us", "last_us", "last_frame", "to_us", "to_earliest_us", "to_latest_us",
            "end", "end_frame", "yielded_to_equal",
        ):  # fmt: skip
            setattr(self, name, getattr(other, name))


def skew_us(sighting: Sighting) -> Micros:
    """Skew time of the router that sent this (RFC 3768 section 6.1: seconds; RFC 9568: scaled with the
    interval).
    """
    unit = SECOND_US if sighting.version == 2 else sighting.interval_us
    return (256 - sighting.priority) * unit // 256


def down_interval_us(sighting: Sighting) -> Micros:
    """Master-down interval of the router that sent this."""
    return 3 * sighting.interval_us + skew_us(sighting)


class _Log:
    """Every advert since some moment, and if its sender ``rejects`` others' by then."""

    __slots__ = ("rejects", "said")

    def __init__(self) -> None:
        self.said: list[Sighting] = []
        self.rejects = bytearray()


@dataclass(slots=True)
class _Meanwhile:
    """What others said since a router's last advert. ``higher`` is what it would yield to if it took it."""

    last: Sighting
    first_higher: Sighting | None = None
    last_higher: Sighting | None = None
    highest: int = 0
    higher_us: tuple[Micros, ...] = ()  # the latest of them, ``_REMEMBERED`` at most
    yields_to: Sighting | None = None  # the first higher one that it has no known reason to reject


@dataclass(slots=True)
class _Doubt:
    """A new span that may yet prove to be the one before, after a silence from ``last`` to ``now``.

    ``is_burst``: it did if another advert follows at once; else, if no announcement comes in time.
    """

    last: Sighting
    now: Sighting
    is_burst: bool


@dataclass(slots=True)
class Speaker:
    """One router that sent adverts for a virtual router.

    ``span``: its time as MASTER, also a silent one's that may still prove to have gone on; ``missing``:
    adverts that did not come in the present run of gaps, ``missing_first`` in the first gap of it;
    ``rivals``: the other MASTERs, while it is one of several and neither gives way.
    """

    name: str
    mac: str
    last: Sighting  # its latest advert
    spans: list[MasterSpan] = field(default_factory=list)
    span: MasterSpan | None = None
    adverts: int = 0
    announcements: int = 0
    missed: int = 0
    missing: int = 0
    missing_first: int = 0
    rivals: frozenset[str] = _NOBODY
    rejects: bool = False  # it went on although a higher advert came, or began beside one
    _is_rearmed: bool = False  # it came when a timer ran out that another's advert had set
    _armed_us: Micros = 0  # when its advert timer was set last, as far as is known
    _announced_us: Micros = -1
    _meanwhile: _Meanwhile | None = None  # of the log up to ``_read``
    _read: int = 0  # the place in the log of what it has not heard yet
    _until: int = NEVER_US  # the place of what it does not hear any more
    _doubt: _Doubt | None = None

    @property
    def is_master(self) -> bool:
        return self.span is not None and self.span.to_us is None

    @property
    def state(self) -> str:
        """MASTER, BACKUP (it yielded, or left on purpose), FAULT (it fell silent), INIT before all that."""
        if self.is_master or not self.spans:
            return "MASTER" if self.spans else "INIT"
        return STATE_AFTER[self.spans[-1].end]

    @property
    def since_us(self) -> Micros:
        """When it came to be what it is."""
        last = self.spans[-1]
        return last.from_us if last.to_us is None else last.to_us

    @property
    def said_goodbye(self) -> bool:
        return self.spans[-1].end == PRIORITY_0

    def overdue(self, t_us: Micros) -> bool:
        """An advert is missing, and nothing that was seen explains why."""
        return t_us - self._armed_us > OVERDUE * self.last.interval_us

    def beats(self, other: Speaker) -> bool:
        """Must ``other`` yield to the last advert of this one? RFC 9568 section 6.4.3."""
        return self.beats_sighting(other.last)

    def beats_sighting(self, other: Sighting) -> bool:
        """The same of a single advert."""
        if self.last.priority != other.priority:
            return self.last.priority > other.priority
        return _is_higher(self.last, other)

    def _rearm(self, t_us: Micros) -> None:
        """Something came that sets its timer anew, if that has not run out before."""
        if t_us - self._armed_us <= self.last.interval_us + LATE_US:
            self._armed_us = t_us

    def _catch_up(self, log: _Log) -> None:
        """Hear what is in the log and was not heard yet."""
        said, at, until = log.said, self._read, len(log.said)
        if self._until < until:
            until = self._until
        if at >= until:
            return
        self._read = until
        if self.span is None:
            return
        last, spans = self.last, self.spans
        meanwhile = self._meanwhile
        if meanwhile is None:
            meanwhile = self._meanwhile = _Meanwhile(said[at])
        # that it rejects another list of addresses is a guess as long as it sent one advert only
        is_guess = last is spans[-1].first
        priority, patience_us = last.priority, last.interval_us + LATE_US
        higher_us: list[Micros] = []
        for place in range(at, until):
            now = said[place]
            t_us = now.t_us
            is_higher = now.priority > priority or (now.priority == priority and _is_higher(now, last))
            may_rearm = t_us - self._armed_us <= patience_us
            is_rejected = False
            if may_rearm or (is_higher and meanwhile.yields_to is None):
                always = reject_always(last, now)
                is_rejected = always or (
                    (self.rejects or log.rejects[place] == 1) and have_other_addresses(last, now)
                )
                if is_rejected and may_rearm:
                    self._armed_us = t_us
                if is_higher and now.priority and (not is_rejected or (is_guess and not always)):
                    meanwhile.yields_to = meanwhile.yields_to or now
            if is_higher:
                meanwhile.first_higher = meanwhile.first_higher or now
                meanwhile.last_higher = now
                meanwhile.highest = max(meanwhile.highest, now.priority)
                higher_us.append(t_us)
        meanwhile.last = said[until - 1]
        is_listening = self._until == NEVER_US
        meanwhile.higher_us = (*meanwhile.higher_us, *higher_us)[-_REMEMBERED:] if is_listening else ()

    def _is_only_rearmed(self, now: Sighting) -> bool:
        """Can an advert do no more than set its timer? Then it is not heard before something else is."""
        return (
            (now.version != self.last.version or now.priority < self.last.priority)
            and (self._meanwhile is None or self._meanwhile.yields_to is None)
            and not self.overdue(now.t_us)
        )

    def _hears_no_more(self, log: _Log) -> None:
        """Until it speaks again. The moments of higher adverts are not worth their room then."""
        self._until = len(log.said)
        if self._meanwhile is not None:
            self._meanwhile.higher_us = ()

    def _decided_at_us(self) -> Micros:
        """When its silence would say that it is no longer MASTER."""
        interval_us = self.last.interval_us
        if self._meanwhile is not None and self._meanwhile.yields_to is not None:
            return self.last.t_us + int((OVERDUE if self.rivals else YIELDS) * interval_us)
        return max(self._armed_us, self._announced_us) + int(GONE * interval_us)

    def _ends_silently(self) -> None:
        """It yielded to the next higher advert, or it was gone before."""
        span, last, meanwhile = self.span, self.last, self._meanwhile
        if span is None:
            return
        due_us = last.t_us + last.interval_us
        higher = meanwhile.first_higher if meanwhile is not None else None
        if higher is not None and higher.t_us <= due_us + last.interval_us // 4 + LATE_US:
            span._end(YIELDED, higher.t_us, higher.number)
            span.yielded_to_equal = higher.priority == last.priority
        else:
            span._end(SILENT, last.t_us + last.interval_us // 2)
            span.to_earliest_us, span.to_latest_us = last.t_us, due_us

    # -- did it stay? ----------------------------------------------------------------------------

    def _stayed(self, now: Sighting, carp_us: Micros) -> str | None:
        """Why it was MASTER from its last advert to this: "" if nothing is strange about it, None if it was
        not.
        """
        last, meanwhile = self.last, self._meanwhile
        gap_us = now.t_us - last.t_us
        if meanwhile is not None and meanwhile.first_higher is not None:
            return self._despite_higher(meanwhile, now)
        if _is_in_time(last, now):
            return ""
        other = meanwhile.last if meanwhile is not None else None
        if other is not None and _is_answer(other, now):
            return _ANSWERED
        if other is not None and _is_rearmed(other, now):
            self._is_rearmed = True
            return _REARMED
        too_soon_us = down_interval_us(now) - min(LATE_US, now.interval_us // 4)
        if gap_us <= now.interval_us * 3 // 2 and now.interval_us > last.interval_us:
            return ""  # it was told to send fewer
        if gap_us < too_soon_us and (now.priority < 255 or other is None):
            lost = round(gap_us / last.interval_us) - 1
            what = "adverts are" if lost > 1 else "an advert is"
            return f"{what} missing, but a BACKUP could not have come back so soon" if lost > 0 else ""
        if last.t_us < carp_us and abs(now.t_us - carp_us - now.interval_us) <= LATE_US:
            return f"{_CARP_REARMS}, as one interval after such an advert shows"
        return None

    def _despite_higher(self, meanwhile: _Meanwhile, now: Sighting) -> str | None:
        first, last_higher = meanwhile.first_higher, meanwhile.last_higher
        assert first is not None
        assert last_higher is not None
        gap_us = now.t_us - self.last.t_us
        if _is_in_time(self.last, now):
            if now.t_us - first.t_us < LATE_US:
                return ""  # two adverts that crossed on the wire
            if now.priority < 255 or now.t_us - last_higher.t_us < gap_us:
                self.rejects = True
                return _DID_NOT_YIELD
        # silent for longer: had it yielded, only a BACKUP's timers would bring it back, not an advert's
        # rhythm
        is_rearmed = _is_rearmed(meanwhile.last, now) or _is_rearmed_late(meanwhile, now)
        if is_rearmed and now.priority <= meanwhile.highest:
            self.rejects = self._is_rearmed = True
            return _REARMED
        return None


# Of a virtual router that more than these send adverts for, not all can be held against all: nobody has that
# many, and who forges them shall not make a capture unreadable.
CROWD = 16


_HEARD_ONCE = 4  # of those that spoke once, so many are looked at


class _Crowd:
    """Too many senders of one virtual router. Each is still MASTER from its first advert to its silence; but
    only the latest to speak are looked at when another speaks, those that did so more than once before all.
    """

    def __init__(self, speakers: Iterable[Speaker]) -> None:
        self.speakers = {speaker.name: speaker for speaker in speakers}
        self._times: list[tuple[Micros, str, Speaker]] = []  # when silence may decide something
        self._asked: set[str] = set()
        for speaker in self.speakers.values():
            self.ask(speaker, speaker.last.t_us)

    @property
    def next_us(self) -> Micros:
        return self._times[0][0] if self._times else NEVER_US

    def spoke(self, speaker: Speaker, log: _Log) -> None:
        """Now it is the latest; somebody else may be looked at no more."""
        self.speakers.pop(speaker.name, None)
        self.speakers[speaker.name] = speaker
        once = [one.name for one in self.speakers.values() if one.adverts <= 1]
        if len(once) > _HEARD_ONCE or len(self.speakers) > CROWD:
            gone = self.speakers.pop(once[0] if len(once) > 1 else next(iter(self.speakers)))
            gone._hears_no_more(log)
        if speaker.name not in self._asked:
            self.ask(speaker, speaker.last.t_us + int(YIELDS * speaker.last.interval_us))

    def ask(self, speaker: Speaker, at_us: Micros) -> None:
        """Not before then."""
        if at_us < NEVER_US:
            heappush(self._times, (at_us, speaker.name, speaker))
            self._asked.add(speaker.name)
        else:
            self._asked.discard(speaker.name)

    def due(self, t_us: Micros) -> list[Speaker]:
        """Those that must be asked by now, in order of time."""
        found = []
        while self._times and self._times[0][0] < t_us:
            found.append(heappop(self._times)[2])
        return found


class MasterChange(NamedTuple):
    """What was just decided about a speaker, which was ``before``, a state.

    ``what``: BEGAN to be MASTER; STAYED MASTER although its silence looked like an end, and ``why``; ENDED,
    perhaps because of ``other``, with ``was_rival``: neither had given way before; RIVALS: it and ``other``
    are MASTERs at once, and neither gives way.
    """

    speaker: Speaker
    what: str
    before: str
    why: str = ""
    other: Speaker | None = None
    was_rival: bool = False


class Masters(VirtualRouter):
    """Who is MASTER of one virtual router. Frames in, in order of time; decisions out.

    ``since_us``: from when on frames were seen; who is heard soon after may have been MASTER before.
    ``remembers``: how many spans of a speaker, and silences and priorities of a span, are kept; None: all.
    How many speakers there are is the caller's to bound (``forget``).
    """

    def __init__(
        self, vrid: int, ip_version: int, lan: str = "", remembers: int | None = None, since_us: Micros = 0
    ) -> None:
        super().__init__(vrid, ip_version, lan)
        self._since_us = since_us
        self.speakers: dict[str, Speaker] = {}
        self._crowd: _Crowd | None = None
        self._log = _Log()
        self._remembers = remembers
        self._carp_us: Micros = -1
        self._next_us: Micros = NEVER_US  # nothing can be decided by silence before

    @property
    def masters(self) -> list[Speaker]:
        """Everyone who is MASTER, as far as is known."""
        return [s for s in self.speakers.values() if s.is_master]

    def listings(self) -> Iterator[Sighting]:
        """The latest advert of each speaker."""
        return (speaker.last for speaker in self.speakers.values())

    @property
    def _present(self) -> Iterable[Speaker]:
        """All speakers; of a crowd those that are looked at."""
        return self.speakers.values() if self._crowd is None else self._crowd.speakers.values()

    def forget(self, name: str) -> None:
        """A speaker that nobody wants to know of any more."""
        del self.speakers[name]
        if self._crowd is not None:
            self._crowd.speakers.pop(name, None)

    # -- frames ----------------------------------------------------------------------------------

    def take(self, now: Sighting) -> list[MasterChange]:
        """An advert was seen."""
        changes = self.advance(now.t_us) if now.t_us > self._next_us else []
        speaker = self.speakers.get(now.speaker)
        if speaker is None:
            speaker = Speaker(now.speaker, now.mac, now)
            self.speakers[now.speaker] = speaker
            if self._crowd is None and len(self.speakers) > CROWD:
                self._crowd = _Crowd(self.speakers.values())
        log = self._log
        speaker._catch_up(log)
        last, meanwhile, span = speaker.last, speaker._meanwhile, speaker.span
        was_master = span is not None and span.to_us is None
        if now.priority == 0:
            changes += self._leave(speaker, now)
        elif span is None or meanwhile or speaker._doubt or not _is_in_time(last, now) or not was_master:
            changes += self._go_on(speaker, now)
        else:  # almost every advert
            span._extend(now)
            speaker.missing = 0
        speaker.last, speaker.mac, speaker._armed_us = now, now.mac, now.t_us
        speaker._meanwhile = None
        speaker.adverts += 1
        if self._crowd is not None:
            self._crowd.spoke(speaker, log)
        if len(self.speakers) > 1:
            self._write_down(speaker, [now])
            masters = [s for s in self._present if s.span is not None and s.span.to_us is None]
            began = not was_master and speaker.is_master
            is_watched = self._remembers is not None  # and asked at any time what it thinks
            for other in masters:
                if other is not speaker and (is_watched or not other._is_only_rearmed(now)):
                    changes += self._hear(other, speaker, began)
            if now.priority and len(masters) > 1:
                mute = span.mute if span is not None and span is speaker.span else None
                has_stayed = bool(mute and mute[-1][1] == now.t_us)
                changes += self._rivals(
                    speaker, masters, now.t_us, lambda other: has_stayed and other.beats(speaker)
                )
        if not was_master or now.interval_us < last.interval_us:
            self._wake(speaker._decided_at_us())
        if self._remembers is not None:
            for kept in (speaker.spans, speaker.spans[-1].mute, speaker.spans[-1].priorities):
                del kept[: -self._remembers]
        return changes

    def _write_down(self, speaker: Speaker, said: list[Sighting]) -> None:
        """For those who may want to know later; the speaker itself knows."""
        log = self._log
        if self._remembers is not None and len(log.said) >= _LOG_LINES:
            for one in self.speakers.values():
                one._catch_up(log)
                one._read, one._until = 0, NEVER_US if one._until == NEVER_US else 0
            log = self._log = _Log()
        log.said += said
        log.rejects += bytes((speaker.rejects,)) * len(said)
        speaker._read, speaker._until = len(log.said), NEVER_US

    def take_alike(self, sightings: list[Sighting], begin: int, end: int) -> int:
        """Take some of these, which say the same and between which nothing else was seen: one at least.
        Returns where to go on.

        A MASTER that goes on beside nobody is the same after each of its adverts. Of a day most are that.
        """
        first = sightings[begin]
        self.take(first)
        begin += 1
        if begin == end or self._crowd is not None or self._remembers is not None:
            return begin
        speaker = self.speakers[first.speaker]
        others = [other for other in self.speakers.values() if other is not speaker]
        is_alone = not any(
            other.is_master or (other._doubt is not None and not other._doubt.is_burst) for other in others
        )
        if not speaker.is_master or speaker._doubt is not None or not is_alone:
            return begin
        patience_us = first.interval_us * 3 // 2
        at, last_us = begin, first.t_us
        while at < end:
            t_us = sightings[at].t_us
            if t_us - last_us > patience_us:
                break
            last_us = t_us
            at += 1
        if at == begin:
            return begin
        last = sightings[at - 1]
        assert speaker.span is not None
        speaker.span._extend(last)
        speaker.missing = 0
        speaker.last, speaker._armed_us = last, last.t_us
        speaker.adverts += at - begin
        if others:
            self._write_down(speaker, sightings[begin:at])
        return at

    def announced(self, announcement: Announcement) -> tuple[list[MasterChange], list[Speaker]]:
        """Somebody announced an address of this virtual router; and who it can have been."""
        changes = self.advance(announcement.t_us)
        is_shared = announcement.mac == self.virtual_mac
        present = self._present
        found = [s for s in present if is_shared or s.mac == announcement.mac]
        for speaker in found:
            speaker._announced_us = announcement.t_us
            if not is_shared and speaker.span is not None and speaker.state == "FAULT":
                for one in present:
                    one._catch_up(self._log)
                speaker.span._end(STILL, None)
                changes.append(
                    MasterChange(speaker, STAYED, "FAULT", "it announces addresses, as only a MASTER does")
                )
                changes += self._rivals(speaker, present, announcement.t_us, lambda other: True)
                self._wake(speaker._decided_at_us())
            if speaker._doubt is not None and not speaker._doubt.is_burst:
                speaker._doubt = None
        return changes, found

    def carp(self, t_us: Micros) -> None:
        """CARP with the same number was seen: keepalived takes it for an advert that it rejects."""
        self._carp_us = t_us
        for speaker in self._present:
            if speaker.is_master:
                speaker._catch_up(self._log)
                speaker._rearm(t_us)

    # -- time ------------------------------------------------------------------------------------

    @property
    def next_us(self) -> Micros:
        """After which moment silence may decide something; asking too early does no harm."""
        return self._next_us

    def advance(self, t_us: Micros) -> list[MasterChange]:
        """It is this late, and nothing else was seen until now."""
        if t_us <= self._next_us:
            return []
        self._next_us = NEVER_US
        changes: list[MasterChange] = []
        if self._crowd is None:
            for speaker in self.speakers.values():
                if speaker._doubt is not None or speaker.is_master:
                    self._wake(self._decide(speaker, t_us, changes))
            return changes
        for speaker in self._crowd.due(t_us):
            if speaker.name in self.speakers:
                self._crowd.ask(speaker, self._decide(speaker, t_us, changes))
        self._next_us = self._crowd.next_us
        return changes

    def _decide(self, speaker: Speaker, t_us: Micros, changes: list[MasterChange]) -> Micros:
        """What the time alone decides; when it may decide something next."""
        next_us = NEVER_US
        doubt = speaker._doubt
        if doubt is not None and not doubt.is_burst:
            if t_us > doubt.now.t_us + ANNOUNCES_US:
                self._was_only_late(speaker)
            else:
                next_us = doubt.now.t_us + ANNOUNCES_US
        if speaker.is_master:
            speaker._catch_up(self._log)
            decided_us = speaker._decided_at_us()
            if t_us > decided_us:
                changes.append(self._fall_silent(speaker))
            else:
                next_us = min(next_us, decided_us)
        return next_us

    def finish(self, end_us: Micros) -> list[MasterSpan]:
        """Nothing more was seen until ``end_us``: every span that is remembered, in order of their
        beginnings.
        """
        for speaker in self.speakers.values():
            speaker._catch_up(self._log)
            if speaker._doubt is not None and not speaker._doubt.is_burst:
                self._was_only_late(speaker)
            if speaker.span is not None:
                self._end_of_capture(speaker, speaker.span, end_us)
        return sorted((n for s in self.speakers.values() for n in s.spans), key=lambda span: span.from_us)

    def _wake(self, at_us: Micros) -> None:
        self._next_us = min(self._next_us, at_us)

    # -- decisions -------------------------------------------------------------------------------

    def _begin(self, speaker: Speaker, now: Sighting) -> MasterSpan:
        speaker.span = MasterSpan(
            now.speaker, now.mac, now.priority, now.t_us, now.number, now.number, now.t_us, now.interval_us,
        )  # fmt: skip
        speaker.spans.append(speaker.span)
        return speaker.span

    def _leave(self, speaker: Speaker, goodbye: Sighting) -> list[MasterChange]:
        self._resolve_burst(speaker, goodbye)
        span, before = speaker.span, speaker.state
        if span is None:
            if speaker.adverts:
                return []  # a second copy, as keepalived sends on a fault
            span = self._begin(speaker, goodbye)
            span.from_us, span.began_before_capture = 0, True
        elif not _is_in_time(speaker.last, goodbye):
            why = "only a MASTER sends priority 0, so it was one all the time"
            span.mute.append((speaker.last.t_us, goodbye.t_us, goodbye.number, why))
        span._end(PRIORITY_0, goodbye.t_us, goodbye.number)
        span.last_frame = goodbye.number
        speaker.span = None
        return [self._ended(speaker, before)]

    def _go_on(self, speaker: Speaker, now: Sighting) -> list[MasterChange]:
        """An advert with a priority: it is MASTER, was it all the time?"""
        self._resolve_burst(speaker, now)
        span, last, before = speaker.span, speaker.last, speaker.state
        why: str | None = None
        if span is not None:
            why = speaker._stayed(now, self._carp_us)
            if why is None:
                speaker._ends_silently()
                self._may_prove_late(speaker, now)
            else:
                if why:
                    span.mute.append((last.t_us, now.t_us, now.number, why))
                span._end(STILL, None)
                self._count_missing(speaker, now)
        else:
            speaker._doubt = None
        if why is None:
            self._stop_counting(speaker)
            is_first_sighting = not speaker.adverts and self._may_have_begun_before(speaker, now)
            span = self._begin(speaker, now)
            span.is_first_sighting = is_first_sighting
            too_soon_us = down_interval_us(now) - LATE_US
            speaker.rejects = speaker.rejects or any(
                s.last.priority > now.priority and now.t_us - s.last.t_us < too_soon_us
                for s in self._present
                if s.is_master
            )
        assert span is not None
        span._extend(now)
        if before == "MASTER":
            return []
        return [MasterChange(speaker, BEGAN if why is None else STAYED, before, why or "")]

    def _may_have_begun_before(self, speaker: Speaker, now: Sighting) -> bool:
        """Can a router whose first advert this is have been MASTER before frames were seen at all?

        Not if it would have had to send one since; but one that rejects another's adverts can be mute for
        as long as these come.
        """
        silent_us = now.t_us - self._since_us
        if silent_us <= OVERDUE * now.interval_us + LATE_US:
            return True
        if self._carp_us >= 0:
            return True
        for other in self._present:
            if not other.is_master or other is speaker:
                continue
            if other.spans[0].is_first_sighting and _may_reject(now, other.last):
                return True
            is_settled = other.last is not other.spans[-1].first
            if is_settled and _is_answer(other.last, now) and not other.beats_sighting(now):
                return True  # one whose adverts did not arrive here: a MASTER answers a lower one at once
        return False

    def _count_missing(self, speaker: Speaker, now: Sighting) -> None:
        gap_us = now.t_us - speaker._armed_us
        if gap_us <= OVERDUE * now.interval_us:
            speaker.missing = 0
            return
        lost = max(1, round(gap_us / now.interval_us) - 1)
        if not speaker.missing:
            speaker.missing_first = lost
        speaker.missing += lost
        speaker.missed += lost

    def _hear(self, other: Speaker, speaker: Speaker, began: bool) -> list[MasterChange]:
        """What an advert of ``speaker`` means for another MASTER."""
        now = speaker.last
        other._catch_up(self._log)
        meanwhile = other._meanwhile
        assert meanwhile is not None
        if not now.priority:
            return []
        if other.overdue(now.t_us) and (began or meanwhile.yields_to is not None):
            return [self._fall_silent(other)]
        self._wake(other._decided_at_us())
        return []

    def _rivals(
        self,
        speaker: Speaker,
        others: Iterable[Speaker],
        t_us: Micros,
        is_shown: Callable[[Speaker], bool],
    ) -> list[MasterChange]:
        """Those beside which it is MASTER, and neither gives way: it just showed it, or they reject each
        other.
        """
        changes, mine = [], {speaker.name}
        for other in others:
            if other.span is None or other.span.to_us is not None or other is speaker:
                continue
            if other.name in speaker.rivals or other.overdue(t_us):
                continue
            if len(speaker.rivals) + len(other.rivals) > 2 * CROWD:
                continue
            if is_shown(other) or _reject(speaker, other):
                speaker.rivals |= {other.name}
                other.rivals |= mine
                changes.append(MasterChange(speaker, RIVALS, "MASTER", other=other))
        return changes

    def _fall_silent(self, speaker: Speaker) -> MasterChange:
        before = speaker.state
        speaker._ends_silently()
        return self._ended(speaker, before)

    def _ended(self, speaker: Speaker, before: str) -> MasterChange:
        meanwhile = speaker._meanwhile
        by = meanwhile.first_higher.speaker if meanwhile is not None and meanwhile.first_higher else ""
        was_rival = by in speaker.rivals
        self._stop_counting(speaker)
        return MasterChange(speaker, ENDED, before, other=self.speakers.get(by), was_rival=was_rival)

    def _stop_counting(self, speaker: Speaker) -> None:
        """With its time as MASTER end its split brains and its run of missing adverts."""
        for name in speaker.rivals:
            other = self.speakers[name]
            other.rivals = other.rivals - {speaker.name} or _NOBODY
        speaker.rivals = _NOBODY
        speaker.missing = 0

    # -- hindsight -------------------------------------------------------------------------------

    def _may_prove_late(self, speaker: Speaker, now: Sighting) -> None:
        """It was gone, it seems; what would show that it was not?"""
        meanwhile = speaker._meanwhile
        speaker._doubt = None
        if meanwhile is None:
            # a router that becomes MASTER announces its addresses at once; one that was held up does not
            announced_us = speaker._announced_us
            if 0 <= announced_us < now.t_us - now.interval_us - LATE_US:
                speaker._doubt = _Doubt(speaker.last, now, is_burst=False)
                self._wake(now.t_us + ANNOUNCES_US)
        elif meanwhile.first_higher is None:
            speaker._doubt = _Doubt(speaker.last, now, is_burst=True)

    def _resolve_burst(self, speaker: Speaker, now: Sighting) -> None:
        doubt = speaker._doubt
        if doubt is not None and doubt.is_burst:
            if now.t_us - doubt.now.t_us < 2 * ANSWER_US:
                why = "it answered several adverts at one moment, as a MASTER does that was paused"
                self._take_back(speaker, doubt, why)
            speaker._doubt = None

    def _was_only_late(self, speaker: Speaker) -> None:
        assert speaker._doubt is not None
        speaker._catch_up(self._log)  # as the one that it still was
        why = "it came back without announcing its addresses, so it was MASTER all the time, only late"
        self._take_back(speaker, speaker._doubt, why)
        speaker._doubt = None

    def _take_back(self, speaker: Speaker, doubt: _Doubt, why: str) -> None:
        """The speaker's last two spans were one."""
        newer = speaker.spans.pop()
        older = speaker.spans[-1]
        older.mute.append((doubt.last.t_us, doubt.now.t_us, doubt.now.number, why))
        older._rejoin(newer)
        if speaker.span is newer:
            speaker.span = older

    def _end_of_capture(self, speaker: Speaker, span: MasterSpan, end_us: Micros) -> None:
        last, meanwhile = speaker.last, speaker._meanwhile
        patience_us = last.interval_us * 3 // 2 + LATE_US
        yields_us = last.t_us + int(YIELDS * last.interval_us)
        is_overdue = end_us - last.t_us > patience_us
        first_higher = meanwhile.first_higher if meanwhile is not None else None
        span._end(STILL, None)
        text = ""
        if is_overdue and speaker.rejects and speaker._is_rearmed:
            text = f"it rejected higher adverts before, {_MAY_BE}"
        elif is_overdue and end_us - speaker._armed_us <= patience_us:
            carp = speaker._armed_us == self._carp_us
            text = f"{_CARP_REARMS if carp else 'adverts that it rejects re-arm its timer'}, {_MAY_BE}"
        if text:
            span.mute.append((last.t_us, end_us, last.number, text))
        elif first_higher is not None and (end_us <= yields_us or _may_reject(last, first_higher)):
            span.undecided_us, span.end_frame = first_higher.t_us, first_higher.number
        elif is_overdue or first_higher is not None:
            speaker._ends_silently()


def _reject(one: Speaker, other: Speaker) -> bool:
    """Do they reject each other's adverts, by what these say, or by what they did?"""
    a, b = one.last, other.last
    return reject_always(a, b) or ((one.rejects or other.rejects) and have_other_addresses(a, b))


def _may_reject(one: Sighting, other: Sighting) -> bool:
    """Do two adverts differ in something for which some daemon rejects them?"""
    return reject_always(one, other) or have_other_addresses(one, other)


def _is_higher(one: Sighting, other: Sighting) -> bool:
    """Of two equal priorities the higher address wins."""
    return pack_address(one.source) > pack_address(other.source)


def _is_in_time(last: Sighting, now: Sighting) -> bool:
    return now.t_us - last.t_us <= last.interval_us * 3 // 2


def _is_answer(other: Sighting, now: Sighting) -> bool:
    moment_us = min(ANSWER_US, other.interval_us // CHANCE)
    return now.t_us - other.t_us <= moment_us and other.priority > 0


def _is_rearmed(other: Sighting, now: Sighting) -> bool:
    tolerance_us = min(REARM_TOLERANCE_US, now.interval_us // CHANCE)
    return abs(now.t_us - other.t_us - now.interval_us) <= tolerance_us and other.priority > 0


def _is_rearmed_late(meanwhile: _Meanwhile, now: Sighting) -> bool:
    """The same on a loaded machine: later, but no BACKUP's timer that began at a higher advert fits."""
    other = meanwhile.last
    late_us = now.t_us - other.t_us - now.interval_us
    if not other.priority or not 0 <= late_us <= LATE_US:
        return False
    down_us = down_interval_us(now)
    return not any(-ANSWER_US <= now.t_us - t_us - down_us <= LATE_US for t_us in meanwhile.higher_us)


def describe_end(span: MasterSpan) -> str:
    """How a span ended, in words."""
    if span.end == PRIORITY_0:
        return "sent priority 0: it gave up on purpose (stopped, or a fault it noticed)"
    if span.end == YIELDED:
        if span.yielded_to_equal:
            return f"yielded to the advert in frame {span.end_frame}: equal priority, higher address"
        return f"yielded to the higher advert in frame {span.end_frame}"
    if span.end == SILENT and span.to_latest_us is not None:
        due = format_s(span.to_latest_us - span.last_us)
        return f"fell silent: the advert due {due} s after its last never came"
    if span.undecided_us is not None:
        return (
            f"yielded to the higher advert in frame {span.end_frame}, or is MASTER still: the capture ends"
            " before its next advert was due"
        )
    return "still MASTER when the capture ends"
