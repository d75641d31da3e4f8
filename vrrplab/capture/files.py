"""Capture files: which format one is, and its packets one by one. ``capture.reader`` decodes them.

A broken file gives every packet before the break, then a CaptureError that names the byte.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO

from vrrplab.capture import pcap, pcapng
from vrrplab.capture.compressed import Joined, can_unpack, compression_of, unpacked
from vrrplab.capture.records import Break, Record
from vrrplab.errors import CaptureError
from vrrplab.input_files import open_input, unreadable
from vrrplab.installing import how_to_install

_HINT = "a capture of tcpdump, tshark or Wireshark (pcap or pcapng) is expected"

_COMPRESSED = {
    b"\x1f\x8b": "gunzip",
    b"BZh": "bunzip2",
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"\xfd7zX": "unxz",
    b"\x04\x22\x4d\x18": "unlz4",
}
# what editcap of Wireshark writes and vrrplab does not read
_OTHER_FORMATS = {
    b"snoo": "snoop of Solaris",
    b"GMBU": "Microsoft Network Monitor",
    b"RTSS": "Microsoft Network Monitor 1",
    b"\x34\xcd\xb2\xa1": "modified pcap of old Linux kernels",
    b"\xa1\xb2\xcd\x34": "modified pcap of old Linux kernels",
}


def is_capture(head: bytes) -> bool:
    """True if these first bytes (four at least) begin a capture file."""
    return head[:4] in pcap.MAGICS or head[:4] == pcapng.SECTION_HEADER


def known_format(head: bytes) -> tuple[str, str] | None:
    """What a file that begins with these bytes is instead of a capture, and the cure; None: unknown.

    What is compressed is a capture for whom it is read, so here it is known all the same.
    """
    for beginning, program in _COMPRESSED.items():
        if head.startswith(beginning):
            cure = f"{program} it first"
            if program == "unzstd":
                cure += f", or bring what reads it: {how_to_install('zstandard')}"
            return "is compressed", cure
    if head[:4] in _OTHER_FORMATS:
        what = f"is a capture of another format ({_OTHER_FORMATS[head[:4]]})"
        return what, "editcap -F pcap makes it one that is read"
    return None


def read_records(source: str | os.PathLike[str] | BinaryIO, name: str = "") -> Iterator[Record]:
    """Packets of a capture file or binary stream, in file order. Raises CaptureError, at the latest at a
    break.
    """
    if isinstance(source, (str, os.PathLike)):
        file = os.fspath(source)
        try:
            stream = open_input(source)  # closed below, also when the caller stops early
        except (OSError, ValueError) as error:
            raise unreadable(file, error, CaptureError) from None
        try:
            yield from _read_stream(stream, file)
        finally:
            stream.close()
    else:
        yield from _read_stream(source, name or "standard input")


def _read_stream(stream: BinaryIO, name: str, head: bytes = b"") -> Iterator[Record]:
    try:
        head += stream.read(4 - len(head))
        compression = compression_of(head)
        if can_unpack(compression):
            stream = unpacked(io.BufferedReader(Joined(head, stream)), compression)
            head = stream.read(4)
            if not is_capture(head):
                message = f"is compressed ({compression}), and in it is no capture"
                raise CaptureError(name, 0, message, _HINT)
        if head[:4] in pcap.MAGICS:
            yield from pcap.read_records(stream, head)
        elif head[:4] == pcapng.SECTION_HEADER:
            yield from pcapng.read_records(stream, head)
        else:
            raise CaptureError(name, 0, *(known_format(head) or (_not_a_capture(head), _HINT)))
    except Break as end:
        raise end.error(name) from None
    except OSError as error:
        raise unreadable(name, error, CaptureError) from None


def _not_a_capture(head: bytes) -> str:
    if not head:
        return "is empty"
    if len(head) < 4:
        return f"ends after {len(head)} byte{'s' if len(head) > 1 else ''}, which is no capture"
    return f"is not a capture: it begins with {head.hex(' ')}"
