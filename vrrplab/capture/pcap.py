"""The classic capture format (draft-ietf-opsawg-pcap): a 24-byte file header, then 16 bytes before each
packet.

    file     magic | version 2.4 | zone 0 | 0 | snap length | link type
    packet   seconds | microseconds or nanoseconds | bytes here | bytes on the wire | data …

The magic number says which byte order and which fraction of a second; all four combinations are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from vrrplab.capture.records import LONGEST_PACKET, Break, NotRead, Record, new_record
from vrrplab.output.files import replaced
from vrrplab.wire import links

FILE_HEADER_SIZE = 24
PACKET_HEADER_SIZE = 16

# first four bytes -> byte order, nanoseconds in one unit of the fraction
MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}


class Format(NamedTuple):
    """What the file header tells: byte ``order`` (``<`` or ``>``), nanoseconds in one unit of a fraction,
    link type.
    """

    order: str
    unit_ns: int
    link_type: int


def read_header(head: bytes) -> Format:
    """From the first FILE_HEADER_SIZE bytes, of which the magic number is known to be right. Raises Break if
    there are fewer, NotRead for a link type that nobody here reads.
    """
    order, unit_ns = MAGICS[head[:4]]
    if len(head) < FILE_HEADER_SIZE:
        raise Break(len(head), f"the file header has {FILE_HEADER_SIZE} bytes, the file {len(head)}")
    # the upper bits say how long a frame check sequence is, if frames carry one
    form = Format(order, unit_ns, Struct(order + "20xI").unpack(head)[0] & 0xFFFF)
    if unread := links.unread(form.link_type):
        raise NotRead(20, unread)
    return form


def read_records(stream: BinaryIO, head: bytes) -> Iterator[Record]:
    """Packets of a stream whose first bytes, ``head``, were read already. Raises Break where the file ends
    early.
    """
    head += stream.read(FILE_HEADER_SIZE - len(head))
    return read_packets(stream, read_header(head), FILE_HEADER_SIZE)


def read_packets(stream: BinaryIO, form: Format, offset: int) -> Iterator[Record]:
    """Packets of a stream from a packet header at ``offset`` on, where it stands. Raises Break."""
    order, unit_ns, link_type = form
    packet_header = Struct(order + "IIII")
    while True:
        header = stream.read(PACKET_HEADER_SIZE)
        if not header:
            return
        if len(header) < PACKET_HEADER_SIZE:
            raise Break(offset + len(header), "the file ends inside a packet header")
        seconds, fraction, here, on_the_wire = packet_header.unpack(header)
        offset += PACKET_HEADER_SIZE
        if here > LONGEST_PACKET:
            raise Break(offset - 8, f"a packet of {here} bytes: the file is damaged here")
        data = stream.read(here)
        if len(data) < here:
            raise Break(offset + len(data), f"the file ends {here - len(data)} bytes before the packet does")
        t_ns = seconds * 1_000_000_000 + fraction * unit_ns
        yield new_record((t_ns, link_type, data, on_the_wire, "", offset))
        offset += here


def write_pcap(
    path: str, frames: Iterable[tuple[int, bytes]], link_type: int = links.ETHERNET, epoch_s: int = 0
) -> int:
    """Write (time in microseconds, frame) pairs as a capture that any tool reads; returns how many there
    were.

    ``epoch_s``: seconds since 1970 that time 0 stands for. Nothing is stored twice: frames may come from a
    generator. The file is written whole or not at all; OutputError, an OSError, if it cannot be.
    """
    header = Struct("<IIII")
    count = 0
    with replaced(path) as file:
        file.write(Struct("<IHHiIII").pack(0xA1B2C3D4, 2, 4, 0, 0, LONGEST_PACKET, link_type))
        for t_us, frame in frames:
            seconds, micros = divmod(t_us, 1_000_000)
            file.write(header.pack(epoch_s + seconds, micros, len(frame), len(frame)) + frame)
            count += 1
    return count
