"""CARP (OpenBSD, ucarp): recognised so that it is never taken for VRRP. It shares VRRP's protocol number
112 and group.

     0       1       2       3       4       5       6               8            16                      36
    +-------+-------+-------+-------+-------+-------+---------------+------------+-----------------------+
    | 0x21  | vhid  | skew  |   7   |demote | base s|   checksum    |  counter   |  SHA1-HMAC, 20 bytes  |
    +-------+-------+-------+-------+-------+-------+---------------+------------+-----------------------+

Byte 3 is the length of the authentication in words, always 7; read as VRRPv2 it would be seven addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire import checksum

_FIELDS = Struct("!BBBBBBH8s20s")
SIZE = _FIELDS.size


def is_carp(payload: bytes, announced_size: int | None = None) -> bool:
    """True for CARP, which shares VRRP's protocol number, group and first byte.

    Its fixed length 36 with 7 (words of authentication) in byte 3 cannot be VRRPv2: seven addresses make 44
    bytes. Wireshark 4.0 shows such packets as VRRPv2 with seven addresses (measured with ucarp). Where a
    capture cut the packet, ``announced_size`` is what the IP header says of its payload.
    """
    size = len(payload)
    if size < 4 or payload[0] != 0x21 or payload[3] != 7:
        return False
    return size == SIZE or (size < SIZE and announced_size == SIZE)


@dataclass(slots=True)
class CarpAdvertisement:
    """A CARP advertisement: interval = ``advbase`` seconds + ``advskew``/256; the lower one is master."""

    vhid: int
    advskew: int
    demote: int
    advbase: int
    checksum: int
    checksum_ok: bool
    counter: bytes
    hmac: bytes

    @classmethod
    def parse(cls, payload: bytes) -> CarpAdvertisement:
        """Raises PacketError(NOT_VRRP) for bytes that are not CARP either."""
        if len(payload) != SIZE or payload[0] != 0x21 or payload[3] != 7:
            raise PacketError(DropReason.NOT_VRRP, 0, "not a CARP advertisement")
        _, vhid, skew, _, demote, base, check, counter, hmac = _FIELDS.unpack(payload)
        right = checksum.is_right(checksum.total(payload))
        return cls(vhid, skew, demote, base, check, right, counter, hmac)
