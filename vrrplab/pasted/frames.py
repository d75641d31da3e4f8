"""What a text that stands for frames is read into, and what a frame begins with of which nobody says it."""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.errors import CaptureError
from vrrplab.input_files import too_large
from vrrplab.limits import LEFT_OUT_BYTES
from vrrplab.wire import links
from vrrplab.wire.carp import is_carp
from vrrplab.wire.checksum import total
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, VLAN_TYPES
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_VRRP

HINT = "paste hex like 0100 5e00 0012 …, or a dump of tcpdump -xx, tshark -x, xxd, od or hexdump"

# what an Ethernet frame may carry, and how IPv4 and IPv6 begin
_KNOWN_TYPES = VLAN_TYPES | {0x0800, 0x0806, 0x86DD, 0x8847, 0x8863, 0x8864, 0x888E, 0x88CC}
_BEGINNINGS = {ETHERTYPE_IPV4: 0x40, ETHERTYPE_IPV6: 0x60}
_ARP_ALONE = bytes.fromhex("000108000604")
_MODULUS = 0xFFFF


class PastedFrame(NamedTuple):
    """One frame of a text: its bytes, the line it begins on (from 1), and what the text tells of it besides.

    ``data``: b"" of a packet of which only the time is told. ``t_ns``: None where no time stands beside it.
    ``link_type``: None where it has to be guessed. ``original_length``: of a frame of which the text has only
    a part; 0: it has all. ``number``: which packet of the text it is, 0 where all are frames.
    """

    data: bytes
    line: int
    t_ns: int | None = None
    link_type: int | None = None
    original_length: int = 0
    number: int = 0
    interface: str = ""


class Pasted(NamedTuple):
    """What a text was read as, in a word for people, and the frames in it.

    ``error``: what is wrong behind the last of them. ``is_dated``: its times have a date; ``has_zone``: they
    are of UTC, else of the clock of whoever printed them.
    """

    shape: str
    frames: list[PastedFrame]
    error: CaptureError | None = None
    is_dated: bool = True
    has_zone: bool = True


_MOST_BYTES = 262_144  # of a frame whose lines are left out


class LeftOut:
    """The lines of a text's dumps that are like the one before them: od, hexdump and xxd -a print one * for
    all of them.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._size = 0

    def between(self, line: bytes, begin: int, end: int) -> bytes:
        """What stands from one offset to another; b"" if such lines do not fill that. CaptureError: too much
        in all.
        """
        if not line or not begin < end <= _MOST_BYTES or (end - begin) % len(line):
            return b""
        self._size += end - begin
        if self._size > LEFT_OUT_BYTES.most:
            raise too_large(self._name, LEFT_OUT_BYTES, CaptureError)
        return line * ((end - begin) // len(line))


def guess_link_type(data: bytes) -> int:
    """Raw IP if the bytes begin as an IP packet does, ARP alone, a VRRP message without headers if they begin
    like one and are no Ethernet frame, else Ethernet.
    """
    if _is_ipv4(data) or _is_ipv6(data):
        return links.RAW
    if data[:6] == _ARP_ALONE and len(data) >= 8 and data[6:8] in (b"\0\1", b"\0\2"):
        return links.ARP
    return links.MESSAGE if is_message_alone(data) else links.ETHERNET


def _is_ipv4(data: bytes) -> bool:
    """Of just the length that it tells; or padded, or cut, with a header whose checksum is right."""
    if len(data) < 20 or data[0] >> 4 != 4:
        return False
    size = (data[0] & 15) * 4
    told = int.from_bytes(data[2:4], "big")
    return told == len(data) or (20 <= size <= min(told, len(data)) and total(data[:size]) % _MODULUS == 0)


def _is_ipv6(data: bytes) -> bool:
    if len(data) < 40 or data[0] >> 4 != 6:
        return False
    told = int.from_bytes(data[4:6], "big") + 40
    usual = data[6] in (PROTOCOL_VRRP, PROTOCOL_AH, PROTOCOL_ICMPV6) and data[7] == 255
    return told == len(data) or (usual and not _is_ethernet(data, certainly=True))


def is_message_alone(data: bytes) -> bool:
    """True for a VRRP message without the headers before it: an RFC's figure, or what a copied "VRRP" layer
    gives.

    It begins with version and type (section 5.1 of RFC 3768 and RFC 9568); as a destination MAC that byte
    would be a group of no known owner. Either it has just the length that its count of addresses asks for
    (or CARP's), or it is damaged; then it must not look like an Ethernet frame in any other way.
    """
    if len(data) < 4 or data[0] not in (0x21, 0x31):
        return False
    addresses = data[3]
    if data[0] == 0x21:
        fits = len(data) == 16 + 4 * addresses or is_carp(data)
    else:
        fits = len(data) in (8 + 4 * addresses, 8 + 16 * addresses)
    return not _is_ethernet(data, certainly=fits)


def _is_ethernet(data: bytes, certainly: bool) -> bool:
    """``certainly``: a known type is not enough, what follows must begin as that type does."""
    ethertype = int.from_bytes(data[12:14], "big")
    if len(data) < 14 or certainly:
        return _BEGINNINGS.get(ethertype, 0x100) == int.from_bytes(data[14:15], "big") & 0xF0
    return ethertype in _KNOWN_TYPES or (0 < ethertype <= 1500 and ethertype == len(data) - 14)


def looks_right(data: bytes) -> bool:
    """The bytes begin as frames of these networks do: for who must choose between two ways to read a text."""
    if guess_link_type(data) != links.ETHERNET:
        return True
    ethertype = int.from_bytes(data[12:14], "big")
    begins = _BEGINNINGS.get(ethertype)
    return ethertype == ETHERTYPE_ARP or (
        begins is not None and data[14:15] != b"" and data[14] & 0xF0 == begins
    )
