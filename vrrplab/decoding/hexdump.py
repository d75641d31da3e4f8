"""Frames as text: what people paste. Plain hex with any separators, and the dumps of tcpdump, tshark and
xxd.
"""

from __future__ import annotations

import re

from vrrplab.errors import CaptureError
from vrrplab.input_files import too_large
from vrrplab.limits import HEX_BYTES
from vrrplab.wire import links
from vrrplab.wire.carp import is_carp
from vrrplab.wire.ethernet import VLAN_TYPES

_HINT = "paste hex like 0100 5e00 0012 …, or a dump of tcpdump -xx, tshark -x or xxd"
# "0x0010:  4500 0028 …  E..(" (tcpdump), "0010  45 00 …   E.." (tshark), "00000010: 4500 …  E.." (xxd)
_DUMP_LINE = re.compile(
    r"^\s*(?:0x)?([0-9a-fA-F]{4,8})(?::\s+|\s{2,})((?:[0-9a-fA-F]{2,4}\s)*[0-9a-fA-F]{2,4})(?:\s|$)"
)
# what an Ethernet frame may carry, and how IPv4 and IPv6 begin
_KNOWN_TYPES = VLAN_TYPES | {0x0800, 0x0806, 0x86DD, 0x8847, 0x8863, 0x8864, 0x888E, 0x88CC}
_BEGINNINGS = {0x0800: 0x40, 0x86DD: 0x60}
_SEPARATORS = re.compile(r"[\s:,.\-_]+")


def bytes_of(text: str, name: str = "argument") -> bytes:
    """The bytes a text of hexadecimal digits stands for. Raises CaptureError."""
    if len(text) > HEX_BYTES.most:
        raise too_large(name, HEX_BYTES, CaptureError)
    lines = [line for line in text.splitlines() if line.strip()]
    dump = [_DUMP_LINE.match(line) for line in lines]
    if lines and all(dump) and int(dump[0].group(1), 16) == 0:  # type: ignore[union-attr]
        text = "".join(match.group(2) for match in dump if match)
    digits = _SEPARATORS.sub("", re.sub(r"\b0[xX]", "", text))
    if not digits:
        raise CaptureError(name, 0, "is empty", _HINT)
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong:
        raise CaptureError(name, 0, f"is neither a file nor hexadecimal: {wrong.group()!r} in it", _HINT)
    if len(digits) % 2:
        raise CaptureError(name, 0, f"has an odd number of hexadecimal digits ({len(digits)})", _HINT)
    return bytes.fromhex(digits)


def guess_link_type(data: bytes) -> int:
    """Raw IP if the bytes begin like an IP packet of just that length, a VRRP message without headers if they
    begin like one and are no Ethernet frame, else Ethernet.
    """
    if len(data) >= 20 and data[0] >> 4 == 4 and int.from_bytes(data[2:4], "big") == len(data):
        return links.RAW
    if len(data) >= 40 and data[0] >> 4 == 6 and int.from_bytes(data[4:6], "big") + 40 == len(data):
        return links.RAW
    return links.MESSAGE if is_message_alone(data) else links.ETHERNET


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
