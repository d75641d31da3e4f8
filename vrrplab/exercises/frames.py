"""Reading frames a learner built: bytes, hexadecimal text, or a Scapy packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.exercises.registry import NotUnderstood
from vrrplab.wire.dissect import Frame, decode

if TYPE_CHECKING:
    from vrrplab.decoding.verdict import Verdict

LONGEST = 9000


def frame_bytes(answer: object) -> bytes:
    """The bytes of a frame; NotUnderstood says what may be handed in."""
    if isinstance(answer, str):
        try:
            data = bytes.fromhex("".join(answer.replace(":", " ").split()))
        except ValueError:
            raise NotUnderstood("This text is not hexadecimal: write bytes like '01 00 5e …'.") from None
    elif isinstance(answer, Frame):
        data = answer.raw
    elif isinstance(answer, bytes | bytearray | memoryview) or type(answer).__module__.startswith("scapy."):
        try:
            data = bytes(answer)  # type: ignore[call-overload]
        except Exception as error:  # Scapy builds here, and fails in its own ways
            raise NotUnderstood(f"This packet cannot be built: {error}") from None
    else:
        raise NotUnderstood("The answer here is a frame: bytes, hexadecimal text, or a Scapy packet.")
    if not 14 <= len(data) <= LONGEST:
        raise NotUnderstood(f"These are {len(data)} bytes; a whole Ethernet frame with an advert has 54.")
    return data


def read_frame(answer: object) -> tuple[Frame, Verdict]:
    """The frame taken apart, and whether a receiver would use it."""
    from vrrplab.decoding.verdict import judge

    frame = decode(frame_bytes(answer))
    return frame, judge(frame)
