"""Capture files to frames: every packet decoded, in file order.

A broken file gives every frame before the break, then a CaptureError that names the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from vrrplab.capture.files import read_records
from vrrplab.capture.records import Record
from vrrplab.wire.frames import Frame, decode

Packet = tuple[int, Record]  # with its number from 1 in file order, not taken apart


class CapturedFrame(NamedTuple):
    """A frame of a capture: ``number`` from 1 in file order, ``t_ns`` nanoseconds since 1970, what it
    says.
    """

    number: int
    t_ns: int
    frame: Frame
    interface: str = ""
    original_length: int = 0

    @property
    def t_s(self) -> float:
        """Seconds since 1970, rounded to what a float can hold."""
        return self.t_ns / 1_000_000_000


class Passed(NamedTuple):
    """Frames of a capture that nobody wants decoded: how many, in a stretch that begins at ``t_ns``, and the
    latest and the earliest time in it. ``sealed``: how many of them could not be opened, by why.
    """

    frames: int
    t_ns: int
    latest_ns: int
    earliest_ns: int
    sealed: tuple[tuple[str, int], ...] = ()


def read_frames(source: str | Path | BinaryIO, name: str = "") -> Iterator[CapturedFrame]:
    """Every packet of a capture, decoded, in file order; memory does not grow with the file."""
    for number, record in enumerate(read_records(source, name), 1):
        frame = decode(record.data, record.link_type)
        yield CapturedFrame(number, record.t_ns, frame, record.interface, record.original_length)
