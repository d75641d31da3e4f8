"""AH sequence numbers over a capture: one not above all earlier ones of its virtual router is a replay.

keepalived has one counter for what it sends and what it hears (measured: a new MASTER goes on where the old
one stopped), and drops an advert whose number is not above it. Whoever heard the earlier ones drops the later
ones, whoever just started does not: so it is a remark on a frame, not a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vrrplab.capture.reader import CapturedFrame
from vrrplab.decoding.sender_duties import Reason
from vrrplab.decoding.verdict import Verdict
from vrrplab.errors import DropReason
from vrrplab.witness.sightings import COPY_US, Sighting, ah_sequence, interface_of


class Replay(NamedTuple):
    """An advert with an old number, and the one that had the highest number before it."""

    t_us: int
    number: int
    speaker: str
    sequence: int
    highest: int
    highest_number: int
    highest_speaker: str

    def text(self) -> str:
        whose = "its own" if self.speaker == self.highest_speaker else f"{self.highest_speaker}'s"
        return (
            f"AH sequence number {self.sequence} comes after {whose} {self.highest} (frame"
            f" {self.highest_number}): a replay for keepalived, unless it started in between"
        )


class Highest(NamedTuple):
    """The highest number of a virtual router so far."""

    t_us: int
    number: int
    speaker: str
    sequence: int


def compare(before: Highest | None, now: Highest) -> tuple[Highest, Replay | None]:
    """The highest number after this advert, and the replay that it is, if it is one."""
    if before is None or now.sequence > before.sequence:
        return now, None
    same = now.sequence == before.sequence and now.speaker == before.speaker
    if same and now.t_us - before.t_us <= COPY_US:
        return before, None  # the same packet, as a mirror port or another interface saw it
    return before, Replay(*now, before.sequence, before.number, before.speaker)


def replays(sightings: Iterable[Sighting]) -> Iterator[Replay]:
    """All replays among the adverts of one virtual router, which are in order of time."""
    highest: Highest | None = None
    for sighting in sightings:
        if sighting.ah_sequence is not None:
            now = Highest(sighting.t_us, sighting.number, sighting.speaker, sighting.ah_sequence)
            highest, replay = compare(highest, now)
            if replay is not None:
                yield replay


class ReplayWatch:
    """The same for frames as they come by, for ``decode``. ``key``: what it did not make counts for nothing.

    Memory: a few words for each VRID on each interface and VLAN.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._highest: dict[tuple[str, tuple[int, ...], int], Highest] = {}

    def noted(self, captured: CapturedFrame, verdict: Verdict) -> Verdict:
        """The verdict, with a note REPLAYED where the frame has an old number."""
        frame = captured.frame
        sequence = ah_sequence(frame, self._key)
        if sequence is None or frame.vrrp is None:
            return verdict
        ends = frame.endpoints()
        if ends is None:
            return verdict
        place = interface_of(captured), ends.vlans, frame.vrrp.vrid
        now = Highest(captured.t_ns // 1000, captured.number, ends.source, sequence)
        self._highest[place], replay = compare(self._highest.get(place), now)
        if replay is None:
            return verdict
        note = Reason(DropReason.REPLAYED.name, "R2-7.1-a", replay.text())
        return verdict._replace(notes=(*verdict.notes, note))
