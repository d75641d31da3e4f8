"""Who was MASTER when, as far as adverts tell: the reasoning of ``--timeline``.

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
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from vrrplab.units import SECOND_US, Micros, format_s
from vrrplab.witness.sightings import LATE_US, Sighting, VirtualRouter

# What keepalived and FRR were seen to need (recordings of real daemons)
ANSWER_US = 12_000
REARM_TOLERANCE_US = 8_000
# a coincidence in less than this part of an interval is taken for a reaction: 1 in 20 happens by chance
CHANCE = 20
# how soon a new MASTER announces its addresses on a loaded machine; usually it takes milliseconds
ANNOUNCES_US = 300_000
# garp_master_delay of keepalived is 5 s: the second batch of announcements (measured)
SECOND_BATCH_US = 6 * SECOND_US

# what ended a span
_CARP_REARMS = "CARP with the same number re-arms its timer"
PRIORITY_0, YIELDED, SILENT, STILL = "priority 0", "yielded", "silent", "still MASTER"


@dataclass(slots=True)
class MasterSpan:
    """One router's time as MASTER.

    Microseconds since the capture's first frame. ``to_us`` is None while it lasts when the capture ends;
    ``to_earliest_us``/``to_latest_us`` bound an end that nobody announced. ``frames``: first and last
    advert of the span, and the frame that ended it. ``mute``: silences it stayed MASTER through, with the
    reason to think so. ``first``: its first advert, None if all that was seen of it is priority 0.
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
    rejects: bool = False
    mute: list[tuple[Micros, Micros, int, str]] = field(default_factory=list)
    priorities: list[tuple[Micros, int, int]] = field(default_factory=list)
    first: Sighting | None = None
    adverts: int = 0

    def end_us(self, capture_end_us: Micros) -> Micros:
        """Where the span ends, or the capture does."""
        return capture_end_us if self.to_us is None else self.to_us


def skew_us(sighting: Sighting) -> Micros:
    """Skew time of the router that sent this (RFC 3768 section 6.1: seconds; RFC 9568: scaled with the
    interval).
    """
    unit = SECOND_US if sighting.version == 2 else sighting.interval_us
    return (256 - sighting.priority) * unit // 256


def down_interval_us(sighting: Sighting) -> Micros:
    """Master-down interval of the router that sent this."""
    return 3 * sighting.interval_us + skew_us(sighting)


def master_spans(router: VirtualRouter, capture_end_us: Micros) -> list[MasterSpan]:
    """Every time anybody was MASTER of this virtual router, in order of their beginnings."""
    spans = []
    for speaker in router.speakers:
        spans += _Speaker(router, speaker, capture_end_us).spans()
    _date_back(router, spans)
    return sorted(spans, key=lambda span: span.from_us)


class _Speaker:
    """One router's adverts among those of the others."""

    def __init__(self, router: VirtualRouter, speaker: str, capture_end_us: Micros) -> None:
        self.own = [s for s in router.sightings if s.speaker == speaker]
        self.others = [s for s in router.sightings if s.speaker != speaker]
        self.times = [s.t_us for s in self.others]
        macs = {s.mac for s in self.own} | {router.virtual_mac}
        self.announced_us = [a.t_us for a in router.announcements if a.mac in macs]
        self.carp_us = router.carp_us
        self.capture_end_us = capture_end_us
        self.rejects = False
        self.is_rearmed = False

    def between(self, after_us: Micros, before_us: Micros) -> list[Sighting]:
        """The others' adverts in an open interval of time."""
        return self.others[bisect_right(self.times, after_us) : bisect_left(self.times, before_us)]

    def spans(self) -> list[MasterSpan]:
        found: list[MasterSpan] = []
        span: MasterSpan | None = None
        last: Sighting | None = None
        for index, sighting in enumerate(self.own):
            if sighting.priority == 0:
                span = self._leave(found, span, last, sighting)
                last = sighting
                continue
            if span is not None and last is not None:
                why = self._stayed(last, sighting, index)
                if why is None:
                    self._end_silently(span, last, sighting.t_us)
                    span = None
                elif why:
                    span.mute.append((last.t_us, sighting.t_us, sighting.number, why))
            if span is None:
                span = _begin(sighting)
                found.append(span)
            _extend(span, sighting)
            last = sighting
        if span is not None and last is not None:
            self._end_of_capture(span, last)
        return found

    def _leave(
        self, found: list[MasterSpan], span: MasterSpan | None, last: Sighting | None, goodbye: Sighting
    ) -> MasterSpan | None:
        if span is None:
            if last is not None:
                return None  # a second copy, as keepalived sends on a fault
            span = _begin(goodbye)
            span.from_us, span.began_before_capture = 0, True
            found.append(span)
        elif last is not None and goodbye.t_us - last.t_us > last.interval_us * 3 // 2:
            why = "only a MASTER sends priority 0, so it was one all the time"
            span.mute.append((last.t_us, goodbye.t_us, goodbye.number, why))
        span.to_us, span.end, span.end_frame = goodbye.t_us, PRIORITY_0, goodbye.number
        span.last_frame = goodbye.number
        span.rejects = span.rejects or self.rejects
        return None

    def _stayed(self, last: Sighting, now: Sighting, index: int) -> str | None:
        """Why it was MASTER from one advert to its next: "" if nothing is strange about it, None if it was
        not.
        """
        gap_us = now.t_us - last.t_us
        others = self.between(last.t_us, now.t_us)
        higher = [s for s in others if s.priority >= last.priority]
        if gap_us <= last.interval_us * 3 // 2 and not higher:
            return ""
        if higher:
            return self._despite_higher(higher, others, last, now)
        if others and _is_answer(others[-1], now):
            return "it answered a lower advert at once, as only a MASTER does"
        if others and self._is_burst(index):
            return "it answered several adverts at one moment, as a MASTER does that was paused"
        if others and _is_rearmed(others[-1], now):
            self.is_rearmed = True
            return "it came one interval after the other's advert: a MASTER whose timer the other re-arms"
        too_soon_us = down_interval_us(now) - min(LATE_US, now.interval_us // 4)
        if gap_us < too_soon_us and (now.priority < 255 or not others):
            lost = round(gap_us / last.interval_us) - 1
            what = "adverts are" if lost > 1 else "an advert is"
            return f"{what} missing, but a BACKUP could not have come back so soon" if lost > 0 else ""
        if not others and self._came_without_announcing(now):
            return "it came back without announcing its addresses, so it was MASTER all the time, only late"
        carp_us = self._last_carp_us(now.t_us)
        if last.t_us < carp_us and abs(now.t_us - carp_us - now.interval_us) <= LATE_US:
            return f"{_CARP_REARMS}, as one interval after such an advert shows"
        return None

    def _came_without_announcing(self, now: Sighting) -> bool:
        """A router that becomes MASTER announces its addresses at once; one that was held up does not."""
        if not self.announced_us:
            return False
        index = bisect_left(self.announced_us, now.t_us - now.interval_us - LATE_US)
        return index == len(self.announced_us) or self.announced_us[index] > now.t_us + ANNOUNCES_US

    def _last_carp_us(self, before_us: Micros) -> Micros:
        index = bisect_left(self.carp_us, before_us)
        return self.carp_us[index - 1] if index else -1

    def _despite_higher(
        self, higher: list[Sighting], others: list[Sighting], last: Sighting, now: Sighting
    ) -> str | None:
        gap_us = now.t_us - last.t_us
        if gap_us <= last.interval_us * 3 // 2:
            if now.t_us - higher[0].t_us < LATE_US:
                return ""  # two adverts that crossed on the wire
            if now.priority < 255 or now.t_us - higher[-1].t_us < gap_us:
                self.rejects = True
                return "it did not yield to a higher advert: it does not hear it, or rejects it"
        # silent for longer: had it yielded, only a BACKUP's timers would bring it back, not an advert's
        # rhythm
        is_rearmed = _is_rearmed(others[-1], now) or _is_rearmed_late(higher, others[-1], now)
        if is_rearmed and now.priority <= max(s.priority for s in higher):
            self.rejects = self.is_rearmed = True
            return "it came one interval after the other's advert: a MASTER whose timer the other re-arms"
        return None

    def _is_burst(self, index: int) -> bool:
        return index + 1 < len(self.own) and self.own[index + 1].t_us - self.own[index].t_us < 2 * ANSWER_US

    def _end_silently(self, span: MasterSpan, last: Sighting, until_us: Micros) -> None:
        """It was no longer MASTER after ``last``: it yielded to the next higher advert, or it was gone
        before.
        """
        due_us = last.t_us + last.interval_us
        higher = [s for s in self.between(last.t_us, until_us) if s.priority >= last.priority]
        if higher and higher[0].t_us <= due_us + last.interval_us // 4 + LATE_US:
            span.to_us, span.end, span.end_frame = higher[0].t_us, YIELDED, higher[0].number
        else:
            span.to_earliest_us, span.to_latest_us = last.t_us, due_us
            span.to_us, span.end = last.t_us + last.interval_us // 2, SILENT
        span.rejects = span.rejects or self.rejects

    def _end_of_capture(self, span: MasterSpan, last: Sighting) -> None:
        patience_us = last.interval_us * 3 // 2 + LATE_US
        overdue = self.capture_end_us - last.t_us > patience_us
        higher = [s for s in self.between(last.t_us, self.capture_end_us + 1) if s.priority >= last.priority]
        span.rejects = self.rejects
        if self.rejects and self.is_rearmed and overdue:
            text = "it rejected higher adverts before, so it may be MASTER still, without a word"
            span.mute.append((last.t_us, self.capture_end_us, last.number, text))
        elif overdue and not higher and self.capture_end_us - self._carp_train_us(last) <= patience_us:
            text = f"{_CARP_REARMS}, so it may be MASTER still, without a word"
            span.mute.append((last.t_us, self.capture_end_us, last.number, text))
        elif overdue or higher:
            self._end_silently(span, last, self.capture_end_us + 1)

    def _carp_train_us(self, last: Sighting) -> Micros:
        """The last CARP advert of those that came before the timer could run out again, or ``last``."""
        reached_us = last.t_us
        for t_us in self.carp_us[bisect_right(self.carp_us, last.t_us) :]:
            if t_us - reached_us > last.interval_us + LATE_US:
                break
            reached_us = t_us
        return reached_us


def _begin(sighting: Sighting) -> MasterSpan:
    return MasterSpan(
        sighting.speaker, sighting.mac, sighting.priority, sighting.t_us, sighting.number, sighting.number,
        sighting.t_us, sighting.interval_us,
    )  # fmt: skip


def _extend(span: MasterSpan, sighting: Sighting) -> None:
    if sighting.priority != span.priority or not span.priorities:
        span.priorities.append((sighting.t_us, sighting.number, sighting.priority))
    span.priority = sighting.priority
    span.interval_us = sighting.interval_us
    span.last_us, span.last_frame = sighting.t_us, sighting.number
    span.first = span.first or sighting
    span.adverts += 1


def _is_answer(other: Sighting, now: Sighting) -> bool:
    moment_us = min(ANSWER_US, other.interval_us // CHANCE)
    return now.t_us - other.t_us <= moment_us and other.priority > 0


def _is_rearmed(other: Sighting, now: Sighting) -> bool:
    tolerance_us = min(REARM_TOLERANCE_US, now.interval_us // CHANCE)
    return abs(now.t_us - other.t_us - now.interval_us) <= tolerance_us and other.priority > 0


def _is_rearmed_late(higher: list[Sighting], other: Sighting, now: Sighting) -> bool:
    """The same on a loaded machine: later, but no BACKUP's timer that began at a higher advert fits."""
    late_us = now.t_us - other.t_us - now.interval_us
    if not other.priority or not 0 <= late_us <= LATE_US:
        return False
    down_us = down_interval_us(now)
    return not any(-ANSWER_US <= now.t_us - s.t_us - down_us <= LATE_US for s in higher)


def _date_back(router: VirtualRouter, spans: list[MasterSpan]) -> None:
    """A router that announced the addresses before its first advert was MASTER from the announcement on.

    FRR over IPv6 (measured): the advert that should go first is lost, the next one comes an interval later.
    keepalived beside a MASTER whose adverts it rejects (measured): it announces itself and is mute after
    that. Announcements shortly after a span may be that span's own second batch. With a shared virtual MAC
    only an announcement just before the first advert can be told to be this router's.
    """
    times = [announcement.t_us for announcement in router.announcements]
    by_speaker: dict[str, list[MasterSpan]] = {}
    for span in sorted(spans, key=lambda s: s.from_us):
        own = by_speaker.setdefault(span.speaker, [])
        previous_end_us = own[-1].end_us(span.from_us) if own else -SECOND_BATCH_US
        own.append(span)
        if span.began_before_capture:
            continue
        just_before_us = span.from_us - span.interval_us - max(span.interval_us // 10, LATE_US)
        earliest_us = max(min(just_before_us, previous_end_us + SECOND_BATCH_US), previous_end_us + 1)
        begin, end = bisect_left(times, earliest_us), bisect_left(times, span.from_us)
        for announcement in router.announcements[begin:end]:
            if announcement.mac != span.mac:
                continue
            late = announcement.t_us >= just_before_us
            if span.mac == router.virtual_mac:
                taken = any(s is not span and _covers(s, announcement.t_us) for s in spans)
                just_one_us = span.from_us - announcement.t_us - span.interval_us
                if not late or (taken and abs(just_one_us) > LATE_US):
                    continue
            elif not late and announcement.t_us < previous_end_us + SECOND_BATCH_US:
                continue
            if not late:
                why = "it had announced the address, so it was MASTER"
                span.mute.append((announcement.t_us, span.from_us, span.first_frame, why))
            span.from_us, span.first_frame = announcement.t_us, announcement.number
            span.began_by_announcement = True
            break


def _covers(span: MasterSpan, t_us: Micros) -> bool:
    return span.from_us <= t_us and (span.to_us is None or t_us <= span.to_us)


def describe_end(span: MasterSpan) -> str:
    """How a span ended, in words."""
    if span.end == PRIORITY_0:
        return "sent priority 0: it gave up on purpose (stopped, or a fault it noticed)"
    if span.end == YIELDED:
        return f"yielded to the higher advert in frame {span.end_frame}"
    if span.end == SILENT and span.to_latest_us is not None:
        due = format_s(span.to_latest_us)
        return f"fell silent after {format_s(span.last_us)} s: the advert due at {due} s never came"
    return "still MASTER when the capture ends"
