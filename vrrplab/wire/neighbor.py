"""IPv6 neighbour solicitations and advertisements (RFC 4861 sections 4.3, 4.4): ICMPv6 types 135 and 136.

     0       1       2               4                               8                24
    +-------+-------+---------------+-------------------------------+-----------------+----------+
    | 135/6 | code 0|   checksum    |R S O (advertisement) | zeros  | target, 16 bytes| options  |
    +-------+-------+---------------+-------------------------------+-----------------+----------+

A router that takes over an IPv6 address tells everybody with an unsolicited advertisement to ff02::1.
keepalived sends R=0 S=0 O=1, from the address itself, with the target link-layer option; RFC 9568 section
6.4.2 wants R=1, as FRR sends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire import checksum
from vrrplab.wire.addresses import pack_address, pack_mac, unpack_address, unpack_mac

SOLICITATION = 135
ADVERTISEMENT = 136
SOURCE_LINK_LAYER = 1
TARGET_LINK_LAYER = 2

_SMALLEST = 24


def cut_advertisement(data: bytes) -> dict[str, Any]:
    """What is there of an advertisement that was cut off, a field a key; None for the rest."""
    flags = data[4] if len(data) > 4 else None
    return {
        "target": unpack_address(data[8:24]) if len(data) >= _SMALLEST else None,
        "router": None if flags is None else bool(flags & 0x80),
        "solicited": None if flags is None else bool(flags & 0x40),
        "override": None if flags is None else bool(flags & 0x20),
        "mac": unpack_mac(data[26:32]) if data[24:26] == b"\2\1" and len(data) >= 32 else None,
    }


@dataclass(slots=True)
class NeighborMessage:
    """A solicitation (``type`` 135) or advertisement (136). ``mac`` is the link-layer option's, or None
    without one.
    """

    target: str
    mac: str | None = None
    type: int = ADVERTISEMENT
    router: bool = False
    solicited: bool = False
    override: bool = True
    checksum: int | None = None
    checksum_ok: bool | None = None
    other_options: bytes = b""
    reserved: int = 0
    code: int = 0

    @classmethod
    def parse(cls, data: bytes, source: str, destination: str, base: int = 0) -> NeighborMessage:
        """From an ICMPv6 message. Raises PacketError: TOO_SHORT, BAD_TYPE, BAD_LENGTH; the checksum is
        only judged.
        """
        if len(data) < _SMALLEST:
            text = f"a neighbour message needs {_SMALLEST} bytes, here are {len(data)}"
            raise PacketError(DropReason.TOO_SHORT, base + len(data), text)
        if data[0] not in (SOLICITATION, ADVERTISEMENT):
            raise PacketError(DropReason.BAD_TYPE, base, f"ICMPv6 type {data[0]} is no neighbour message")
        flags = int.from_bytes(data[4:8], "big")
        _, pseudo = checksum.pseudo_header(source, destination, checksum.PROTOCOL_ICMPV6)
        message = cls(
            unpack_address(bytes(data[8:24])), None, data[0],
            bool(flags >> 31), bool(flags >> 30 & 1), bool(flags >> 29 & 1),
            data[2] << 8 | data[3],
            checksum.is_right(checksum.total(data) + pseudo + len(data)),
            b"", flags & 0x1FFFFFFF, data[1],
        )  # fmt: skip
        message._read_options(bytes(data), base)
        return message

    def _read_options(self, data: bytes, base: int) -> None:
        wanted = SOURCE_LINK_LAYER if self.type == SOLICITATION else TARGET_LINK_LAYER
        offset = _SMALLEST
        while offset < len(data):
            size = data[offset + 1] * 8 if offset + 1 < len(data) else 0
            if size == 0 or offset + size > len(data):
                raise PacketError(DropReason.BAD_LENGTH, base + offset, "a neighbour option does not fit")
            if data[offset] == wanted and size == 8 and self.mac is None and not self.other_options:
                self.mac = unpack_mac(data[offset + 2 : offset + 8])
            else:
                self.other_options += data[offset : offset + size]
            offset += size

    def emit(self, source: str, destination: str) -> bytes:
        """The ICMPv6 message; its checksum is computed unless a wrong one was parsed."""
        flags = self.router << 31 | self.solicited << 30 | self.override << 29 | self.reserved
        option = b""
        if self.mac is not None:
            kind = SOURCE_LINK_LAYER if self.type == SOLICITATION else TARGET_LINK_LAYER
            option = bytes((kind, 1)) + pack_mac(self.mac)
        body = flags.to_bytes(4, "big") + pack_address(self.target) + option + self.other_options
        if self.checksum is not None and self.checksum_ok is False:
            check = self.checksum
        else:
            _, pseudo = checksum.pseudo_header(source, destination, checksum.PROTOCOL_ICMPV6)
            first_word = self.type << 8 | self.code
            rest = checksum.total(body) + pseudo + len(body) + 4 + first_word
            check = checksum.field_value(rest, self.checksum)
        return bytes((self.type, self.code)) + check.to_bytes(2, "big") + body
