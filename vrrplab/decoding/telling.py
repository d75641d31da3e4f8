"""Many frames told one after the other, as rows of a table or as JSON lines.

What is said of a frame is kept under its likeness, so that a day of adverts is taken apart and judged once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vrrplab.capture.reader import CapturedFrame
from vrrplab.capture.records import Record
from vrrplab.decoding.filters import FrameFilter
from vrrplab.decoding.sender_duties import Reason
from vrrplab.decoding.verdict import Verdict, judge
from vrrplab.errors import DropReason
from vrrplab.wire.dissect import Frame, decode
from vrrplab.wire.likeness import likeness as likeness_of
from vrrplab.wire.vrrp import AUTH_AH

_REMEMBERED = 65_536  # sayings; all are forgotten then
IN_PART = "IN_PART"
_OF_PARTS = frozenset(reason.name for reason in (DropReason.TOO_SHORT, DropReason.BAD_LENGTH))
_IN_CAPTURE = "the capture has no more of it: what is cut off is not judged"
_IN_TEXT = "the text has no more of it: addresses and checksum are not judged"


class Said(NamedTuple):
    """Of a frame: its kind, whether it would be dropped, whether it is wanted, and ``text`` (of a table: by
    how wide the row's begin is).
    """

    kind: str
    is_dropped: bool
    is_wanted: bool
    texts: dict[int, str]
    frame: Frame
    verdict: Verdict


class Teller:
    """``noted``: what else is remarked on a frame with an AH header, by those before it."""

    def __init__(
        self,
        profile: str,
        key: bytes | None,
        wanted: FrameFilter,
        noted: Callable[[CapturedFrame, Verdict], Verdict],
    ) -> None:
        self._profile, self._key, self._wanted, self._noted = profile, key, wanted, noted
        # frames stand in a text, which tells some of them in part, as tcpdump's lines do without -v
        self.is_text = False
        self._known: dict[bytes | tuple[bytes, int], Said] = {}

    def said(self, number: int, record: Record) -> Said:
        """What there is to say of a packet, but for its number and time."""
        is_cut = record.original_length > len(record.data)
        likeness = None if is_cut else likeness_of(record.data, record.link_type)
        if likeness is not None:
            known = self._known.get(likeness)
            if known is not None:
                return known
        frame = decode(record.data, record.link_type)
        verdict = judge(frame, self._profile, self._key)
        if is_cut:
            verdict = of_a_part(verdict, _IN_TEXT if self.is_text else _IN_CAPTURE)
        if frame.vrrp is not None and frame.vrrp.auth_type == AUTH_AH:
            captured = CapturedFrame(number, record.t_ns, frame, record.interface, record.original_length)
            verdict, likeness = self._noted(captured, verdict), None
        is_dropped = not verdict.accepted
        said = Said(frame.kind, is_dropped, self._wanted.wants(frame, verdict), {}, frame, verdict)
        if likeness is not None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[likeness] = said
        return said


def of_a_part(verdict: Verdict, why: str = _IN_CAPTURE) -> Verdict:
    """Of a frame of which only the beginning is there: what is cut off is not missing, as a note says."""
    reasons = tuple(reason for reason in verdict.reasons if reason.name not in _OF_PARTS)
    note = Reason(IN_PART, "", why)
    return Verdict(not reasons, reasons, (*verdict.notes, note))
