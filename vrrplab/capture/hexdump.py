"""Frames as text: what people paste. Plain hex with any separators, and the dumps of tcpdump, tshark and
xxd.
"""

from __future__ import annotations

import re

from vrrplab.errors import CaptureError
from vrrplab.wire import links

_HINT = "paste hex like 0100 5e00 0012 …, or a dump of tcpdump -xx, tshark -x or xxd"
# "0x0010:  4500 0028 …  E..(" (tcpdump), "0010  45 00 …   E.." (tshark), "00000010: 4500 …  E.." (xxd)
_DUMP_LINE = re.compile(
    r"^\s*(?:0x)?([0-9a-fA-F]{4,8})(?::\s+|\s{2,})((?:[0-9a-fA-F]{2,4}\s)*[0-9a-fA-F]{2,4})(?:\s|$)"
)
_SEPARATORS = re.compile(r"[\s:,.\-_]+")


def bytes_of(text: str, name: str = "argument") -> bytes:
    """The bytes a text of hexadecimal digits stands for. Raises CaptureError."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(text) > 1_000_000:
        raise CaptureError(name, 0, "is too long for a frame", _HINT)
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
    """Raw IP if the bytes begin like an IP packet of just that length, else Ethernet."""
    if len(data) >= 20 and data[0] >> 4 == 4 and int.from_bytes(data[2:4], "big") == len(data):
        return links.RAW
    if len(data) >= 40 and data[0] >> 4 == 6 and int.from_bytes(data[4:6], "big") + 40 == len(data):
        return links.RAW
    return links.ETHERNET


def is_message_alone(data: bytes) -> bool:
    """True for a VRRP message without the headers before it: what a copied "VRRP" layer gives.

    It begins with version and type (section 5.1 of RFC 3768 and RFC 9568) and has just the length that its
    count of addresses asks for. As a destination MAC the first byte would be a group of no known owner.
    """
    if len(data) < 12 or data[0] not in (0x21, 0x31):
        return False
    addresses = data[3]
    if data[0] == 0x21:
        return len(data) == 16 + 4 * addresses
    return len(data) in (8 + 4 * addresses, 8 + 16 * addresses)
