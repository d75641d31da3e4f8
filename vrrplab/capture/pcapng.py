"""The newer capture format (draft-ietf-opsawg-pcapng): a chain of blocks, in sections with their own byte
order.

    block    type | total length | body … | total length again
    section header (0a0d0d0a), interface description (1), enhanced packet (6), simple packet (3), old packet
    (2), custom block (bad and 40000bad: its maker's alone)

Interfaces are numbered within their section and carry link type and time resolution. Blocks of other
types are passed over, as the format asks for. A custom block may hold a packet, which nobody but its maker
can read: it is told as one that could not be opened, as Wireshark does, at the time of the packet before it.
Those before the first packet describe the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from vrrplab.capture.records import LONGEST_PACKET, Break, Record, new_record
from vrrplab.wire import links

SECTION_HEADER = b"\x0a\x0d\x0d\x0a"
BYTE_ORDER = 0x1A2B3C4D
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, ENHANCED_PACKET = 1, 2, 3, 6
_CUSTOM = (0x00000BAD, 0x40000BAD)  # which may be copied by who does not know it, and which may not
# types of blocks that say something here; all others are passed over
SECTION = int.from_bytes(SECTION_HEADER, "big")  # the same in either byte order
TELLING = (SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, ENHANCED_PACKET, *_CUSTOM)
_OPTION_NAME, _OPTION_RESOLUTION, _OPTION_OFFSET = 2, 9, 14
LONGEST_BLOCK = 16 * 1024 * 1024


class CaptureInterface(NamedTuple):
    link_type: int
    snap_length: int
    name: str = ""
    units_per_s: int = 1_000_000
    offset_s: int = 0

    def t_ns(self, units: int) -> int:
        """A time that counts ``units``, in nanoseconds."""
        return self.offset_s * 1_000_000_000 + units * 1_000_000_000 // self.units_per_s


class Blocks:
    """A file block by block, and what the blocks have told so far: ``order`` of bytes ("" before the first
    section header), ``interfaces`` of the section, and the ``offset`` of the next block. ``record``: the
    packet of the last block, or None; ``latest_ns``: the time of the latest packet, None before the first.
    """

    def __init__(self) -> None:
        self.order = ""
        self.interfaces: list[CaptureInterface] = []
        self.offset = 0
        self.record: Record | None = None
        self.latest_ns: int | None = None

    def advance(self, stream: BinaryIO, head: bytes = b"") -> bool:
        """Read the next block, whose first bytes, ``head``, were read already. False at the end of the file;
        raises Break where it stops making sense.
        """
        offset = self.offset
        self.record = None
        prefix = head + stream.read(8 - len(head))
        if not prefix:
            return False
        if len(prefix) < 8:
            raise Break(offset + len(prefix), "the file ends inside a block header")
        already = b""
        if prefix[:4] == SECTION_HEADER:
            already = self._begin_section(stream)
        order = self.order
        kind, length = Struct(order + "II").unpack(prefix)
        if length < 12 + len(already) or length % 4 or length > LONGEST_BLOCK:
            raise Break(offset + 4, f"a block of {length} bytes: the file is damaged here")
        body = already + stream.read(length - 12 - len(already))
        trailer = stream.read(4)
        if len(body) < length - 12 or len(trailer) < 4:
            raise Break(offset + 8 + len(body) + len(trailer), "the file ends inside a block")
        if Struct(order + "I").unpack(trailer)[0] != length:
            raise Break(offset + length - 4, "a block whose two lengths differ: the file is damaged here")
        if not already:
            if kind == _INTERFACE:
                self.interfaces.append(_read_interface(body, order, offset))
            elif kind in (ENHANCED_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                self.record = _read_packet(kind, body, order, self.interfaces, offset)
                self.latest_ns = self.record.t_ns
            elif kind in _CUSTOM and self.latest_ns is not None:
                self.record = Record(self.latest_ns, links.CUSTOM_BLOCK, body, len(body), "", offset + 8)
        self.offset = offset + length
        return True

    def _begin_section(self, stream: BinaryIO) -> bytes:
        magic = stream.read(4)
        if len(magic) < 4:
            raise Break(self.offset + 8 + len(magic), "the file ends inside a section header")
        orders = {BYTE_ORDER.to_bytes(4, "big"): ">", BYTE_ORDER.to_bytes(4, "little"): "<"}
        self.order = orders.get(magic, "")
        if not self.order:
            raise Break(self.offset + 8, "a section header without a byte-order mark")
        self.interfaces = []
        return magic


def read_records(stream: BinaryIO, head: bytes) -> Iterator[Record]:
    """Packets of a stream whose first bytes, ``head``, were read already. Raises Break where it stops
    making sense.
    """
    blocks = Blocks()
    more = blocks.advance(stream, head)
    while more:
        if blocks.record is not None:
            yield blocks.record
        more = blocks.advance(stream)


def _read_interface(body: bytes, order: str, offset: int) -> CaptureInterface:
    if len(body) < 8:
        raise Break(offset + 8, "an interface description that is too short")
    link_type, _, snap_length = Struct(order + "HHI").unpack_from(body)
    interface = CaptureInterface(link_type, snap_length)
    for code, value in _options(body[8:], order):
        if code == _OPTION_NAME:
            interface = interface._replace(name=value.rstrip(b"\0").decode("utf-8", "replace"))
        elif code == _OPTION_RESOLUTION and value:
            base, exponent = (2, value[0] & 0x7F) if value[0] & 0x80 else (10, value[0])
            if exponent > 63:
                raise Break(offset + 8, f"a time resolution of {base}^-{exponent} seconds")
            interface = interface._replace(units_per_s=base**exponent)
        elif code == _OPTION_OFFSET and len(value) == 8:
            interface = interface._replace(offset_s=Struct(order + "q").unpack(value)[0])
    return interface


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    head = Struct(order + "HH")
    at = 0
    while at + 4 <= len(data):
        code, length = head.unpack_from(data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _read_packet(
    kind: int, body: bytes, order: str, interfaces: list[CaptureInterface], offset: int
) -> Record:
    if kind == _SIMPLE_PACKET:
        number, high, low, data_at = 0, 0, 0, 4
    else:
        data_at = 20
    if len(body) < data_at:
        raise Break(offset + 8, "a packet block that is too short")
    if kind == ENHANCED_PACKET:
        number, high, low, here, on_the_wire = Struct(order + "IIIII").unpack_from(body)
    elif kind == _OLD_PACKET:
        number, _, high, low, here, on_the_wire = Struct(order + "HHIIII").unpack_from(body)
    else:
        on_the_wire = here = Struct(order + "I").unpack_from(body)[0]
    if number >= len(interfaces):
        raise Break(offset + 8, f"a packet of interface {number}, which was not described")
    interface = interfaces[number]
    if kind == _SIMPLE_PACKET:
        here = min(here, interface.snap_length or here, len(body) - data_at)
    if here > LONGEST_PACKET or data_at + here > len(body):
        raise Break(offset + 8, f"a packet of {here} bytes in a block of {len(body) + 12}")
    data = body[data_at : data_at + here]
    t_ns = interface.t_ns(high << 32 | low)
    return new_record((t_ns, interface.link_type, data, on_the_wire, interface.name, offset + 8 + data_at))
