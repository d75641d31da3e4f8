"""What was heard last of each virtual router, and what the timeline finds in it: findings while it happens.

A capture that is cut anywhere accuses nobody of what the whole one does not (``test_cut_captures``). So the
latest stretch of what a watcher hears is a capture, too, and ``timeline`` is asked about it again and again,
as long as something is going on: there is no second reasoning here. What is found again is the same finding
still, if it rests on the same frames, or is of a kind that lasts.

Bounded is how many frames are kept of a virtual router and of all, and how much is gone through at a time. Of
a virtual router in a flood little is kept, so what takes longer than that is not found; its states are.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vrrplab.capture.reader import CapturedFrame
from vrrplab.limits import WATCHED_BYTES, WATCHED_FRAMES_EACH, WATCHER_REMEMBERS
from vrrplab.units import SECOND_US, Micros
from vrrplab.wire.dissect import Frame
from vrrplab.wire.frames import decode
from vrrplab.witness.finding_kinds import KINDS, OPEN
from vrrplab.witness.findings import SECOND_BATCH_US, Finding
from vrrplab.witness.replays import Highest, compare
from vrrplab.witness.sightings import Announcement, VirtualRouter, ah_sequence, collect
from vrrplab.witness.timeline import analyse, gap_finding

Key = tuple[str, int, int]  # interface, IP version, VRID

# Until when something may still be found in what was heard: announcements are missed after a second, a second
# batch of them comes within six, and an advert is overdue after four intervals and a bit.
_SETTLES_INTERVALS = 5
_SETTLES_US = SECOND_BATCH_US + SECOND_US
_REACHES = 2  # times as far back
_LOOKS_EVERY_US = SECOND_US // 5
_ROUND_US = SECOND_US // 10  # from one round of looks to the next
_ROUND_COSTS = (
    15_000  # bytes that are gone through in one, of all virtual routers together: some milliseconds
)
_LOOK_COSTS = 1000  # what one costs however little there is, in bytes
_KEPT_LEAST = 16  # frames, however old
_KEPT_IN_A_FLOOD = 2  # where those of all are too many
_FRAME_COSTS = 200  # bytes of memory beside a frame's own
_UNKNOWN_ANNOUNCEMENTS = 64  # of addresses that no advert has named: FRR announces before its first
ADDRESS = re.compile(r"[0-9A-Fa-f]*[.:][0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*[0-9A-Fa-f]\b")  # IP or MAC, in a text
_NUMBER = re.compile(r"( for)? ?\d+(\.\d+)?( s\b)?")


class _Kept(NamedTuple):
    t_us: Micros
    number: int
    frame: bytes


class _Window:
    """The latest frames of a virtual router, without a hole."""

    __slots__ = ("frames", "highest", "look_at_us", "settled_at_us", "size")

    def __init__(self) -> None:
        self.frames: list[_Kept] = []  # a deque has room for 64, and there are hundreds of these
        self.size = 0  # bytes that it takes
        self.look_at_us: Micros = 0
        self.settled_at_us: Micros = -1
        self.highest: Highest | None = None  # sequence number of AH

    def drop_oldest(self) -> int:
        """How many bytes that frees."""
        freed = len(self.frames.pop(0).frame) + _FRAME_COSTS
        self.size -= freed
        return freed


class _Told(NamedTuple):
    frames: frozenset[int]
    until_us: Micros  # when it ended, or was seen last


class Recent:
    """``found`` takes each finding once, with the virtual router that it is about."""

    def __init__(self, found: Callable[[Micros, Key, Finding], None]) -> None:
        self._found = found
        self._windows: dict[Key, _Window] = {}
        self._size = 0
        self._round_at_us: Micros = 0
        self._told: dict[tuple[Key, str, str], _Told] = {}
        self._unknown: dict[str, deque[tuple[str, _Kept]]] = {}  # by interface; with the address

    def keep(
        self, key: Key, t_us: Micros, number: int, frame: Frame, interval_us: Micros = SECOND_US
    ) -> None:
        """A frame that concerns a virtual router."""
        window = self._windows.setdefault(key, _Window())
        if (sequence := ah_sequence(frame, None)) is not None:
            ends = frame.endpoints()
            now = Highest(t_us, number, ends.source if ends is not None else "", sequence)
            window.highest, replay = compare(window.highest, now)
            if replay is not None:
                self.disturb(key, t_us, interval_us)
        self._add(window, _Kept(t_us, number, frame.raw))
        reaches_us = _REACHES * max(_SETTLES_US, _SETTLES_INTERVALS * interval_us)
        kept = window.frames
        while (len(kept) > _KEPT_IN_A_FLOOD and self._size > WATCHED_BYTES.most) or (
            len(kept) > _KEPT_LEAST
            and (len(kept) > WATCHED_FRAMES_EACH.most or kept[0].t_us < t_us - reaches_us)
        ):
            self._size -= window.drop_oldest()

    def keep_unknown(self, interface: str, announcement: Announcement, frame: Frame) -> None:
        """An announcement of an address that no virtual router is known to have."""
        kept = self._unknown.setdefault(interface, deque(maxlen=_UNKNOWN_ANNOUNCEMENTS))
        kept.append((announcement.address, _Kept(announcement.t_us, announcement.number, frame.raw)))

    def begins(self, key: Key, t_us: Micros, addresses: tuple[str, ...]) -> None:
        """The first advert of a virtual router is about to come: what was announced before is its, too."""
        early = self._unknown.get(key[0])
        if not early:
            return
        window = self._windows.setdefault(key, _Window())
        for address, kept in early:
            if address in addresses and kept.t_us > t_us - _REACHES * _SETTLES_US:
                self._add(window, kept)

    def _add(self, window: _Window, kept: _Kept) -> None:
        window.frames.append(kept)
        size = len(kept.frame) + _FRAME_COSTS
        window.size += size
        self._size += size

    def disturb(self, key: Key, t_us: Micros, interval_us: Micros = SECOND_US) -> None:
        """Something is going on at a virtual router: until it has settled, findings are looked for."""
        window = self._windows.get(key)
        if window is not None:
            settled_us = t_us + max(_SETTLES_US, _SETTLES_INTERVALS * interval_us)
            window.settled_at_us = max(window.settled_at_us, settled_us)

    def forget(self, key: Key) -> None:
        """A virtual router that is followed no longer."""
        window = self._windows.pop(key, None)
        if window is not None:
            self._size -= window.size

    def look(self, t_us: Micros) -> bool:
        """Ask about all that something is going on at, those first that were asked longest ago; not all of
        them now, if that takes too long. Was there anything to ask?
        """
        if t_us < self._round_at_us:
            return False
        self._round_at_us = t_us + _ROUND_US
        due = [
            (window.look_at_us, key)
            for key, window in self._windows.items()
            if window.look_at_us <= t_us and window.settled_at_us >= window.look_at_us
        ]
        left = _ROUND_COSTS
        for _, key in sorted(due):
            window = self._windows[key]
            left -= window.size + _LOOK_COSTS
            window.look_at_us = t_us + _LOOKS_EVERY_US
            for finding in _findings(key, window, t_us):
                self._tell(t_us, key, finding)
            if left <= 0:
                break
        return bool(due)

    def tell_others(self, t_us: Micros, key: Key, found: Iterator[Finding]) -> None:
        """Findings that were made elsewhere; each is told once, as those from here."""
        for finding in found:
            self._tell(t_us, key, finding)

    def _tell(self, t_us: Micros, key: Key, finding: Finding) -> None:
        # from look to look numbers in it differ, and of two routers another may come first
        words = key, finding.kind, _words(finding.text)
        frames = frozenset(finding.frames)
        from_us, until_us = (t_us, t_us) if finding.until_us is None else (finding.t_us, finding.until_us)
        before = self._told.pop(words, None)
        if before is None:
            is_new = True
        elif KINDS[finding.kind].lasts:
            is_new = from_us - before.until_us > _SETTLES_US
            until_us = max(until_us, before.until_us)
        else:
            is_new = not before.frames & frames
            frames |= before.frames if len(before.frames) < 32 else frozenset()
        self._told[words] = _Told(frames, until_us)  # the last of them all now
        if len(self._told) > WATCHER_REMEMBERS.most // 4:  # one takes four times as much as a sender's name
            del self._told[next(iter(self._told))]
        if is_new:
            self._found(t_us, key, finding)


def _words(text: str) -> str:
    """What is the same in the words of one finding, whenever it is made."""
    return " ".join([_NUMBER.sub("", ADDRESS.sub("", text)), *sorted(ADDRESS.findall(text))])


def _findings(key: Key, window: _Window, t_us: Micros) -> Iterator[Finding]:
    """What the timeline finds in a window; its times are made the watcher's."""
    if not window.frames:
        return
    start_us = window.frames[0].t_us
    sightings = collect(
        CapturedFrame(kept.number, kept.t_us * 1000, decode(kept.frame), "", len(kept.frame))
        for kept in window.frames
    )
    sightings.end_us = max(sightings.end_us, t_us - start_us)
    sightings.neighbour_frames += 1  # a watcher hears announcements; where there are none, none was made
    timeline = analyse(sightings)
    gaps = [gap_finding(gap) for part in timeline.routers for gap in part.gaps]
    name = VirtualRouter(key[2], key[1], "").name if key[2] else ""
    for finding in (*timeline.findings(), *gaps):
        if finding.kind not in OPEN:
            until_us = None if finding.until_us is None else finding.until_us + start_us
            yield finding._replace(t_us=finding.t_us + start_us, until_us=until_us, router=name)
