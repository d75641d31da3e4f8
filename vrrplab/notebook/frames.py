"""Frames in a lesson: one byte changed, and what a receiver says to the result."""

from __future__ import annotations

from vrrplab import arguments
from vrrplab.decoding.verdict import judge
from vrrplab.errors import VrrplabError
from vrrplab.notebook.evidence import Screen
from vrrplab.wire.frames import decode


def changed(frame: bytes, byte: int, to: int) -> bytes:
    """The same frame with another value in one byte, counted from 0. VrrplabError: there is no such byte."""
    _check(frame, "changed")
    place = arguments.whole(byte, "byte", 0, len(frame) - 1)
    value = arguments.whole(to, "to", 0, 255)
    return frame[:place] + bytes([value]) + frame[place + 1 :]


def verdict(frame: bytes) -> Screen:
    """What a router would do with a frame, and why: one line a complaint. VrrplabError: it is no bytes."""
    _check(frame, "verdict")
    found = judge(decode(frame))
    if found.accepted:
        return Screen("accepted")
    return Screen("\n".join(["thrown away:", *(f"  {reason.text}" for reason in found.reasons)]))


def _check(frame: object, function: str) -> None:
    if not isinstance(frame, bytes) or not frame:
        raise VrrplabError(f"{function}() takes a frame, as bytes, not {arguments.short_repr(frame)}")
