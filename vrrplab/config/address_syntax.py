"""IPv4 and IPv6 addresses as text: strict reading, one canonical spelling. No sockets, no interfaces.

What is accepted is what inet_pton accepts: four decimal numbers without leading zeros, or RFC 4291
text with at most one ``::`` and no zone. ``ipaddress`` would do it, at the price of its import time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """An address: canonical text, family 4 or 6, and its bytes."""

    text: str
    family: int
    packed: bytes

    @property
    def is_multicast(self) -> bool:
        """224.0.0.0/4 or ff00::/8."""
        return self.packed[0] >> 4 == 0xE if self.family == 4 else self.packed[0] == 0xFF

    @property
    def is_link_local(self) -> bool:
        """fe80::/10, or a multicast group of link-local scope; never true for IPv4."""
        if self.family == 4:
            return False
        if self.packed[0] == 0xFF:
            return self.packed[1] & 0x0F == 2
        return self.packed[0] == 0xFE and self.packed[1] & 0xC0 == 0x80


def parse_address(text: str) -> Address | None:
    """The address, or None if it is none. A colon anywhere makes it IPv6, as in keepalived."""
    if ":" in text:
        packed6 = _pack6(text)
        return Address(_text6(packed6), 6, packed6) if packed6 is not None else None
    packed4 = _pack4(text)
    return Address(".".join(map(str, packed4)), 4, packed4) if packed4 is not None else None


def parse_host(text: str) -> Address | None:
    """An address whose ``/prefix`` or ``-range`` tail is ignored, as for peers and source addresses."""
    for sign in "-/":
        head, found, _ = text.partition(sign)
        if found:
            return _parse_as(head, ":" in text)
    return parse_address(text)


def _parse_as(text: str, version6: bool) -> Address | None:
    address = parse_address(text)
    return address if address and (address.family == 6) == version6 else None


def _pack4(text: str) -> bytes | None:
    parts = text.split(".")
    if len(parts) != 4:
        return None
    values = []
    for part in parts:
        if not part.isascii() or not part.isdigit() or len(part) > 3:
            return None
        if int(part) > 255 or (len(part) > 1 and part[0] == "0"):
            return None
        values.append(int(part))
    return bytes(values)


def _pack6(text: str) -> bytes | None:
    head, gap, tail = text.partition("::")
    if gap and "::" in tail:
        return None
    left = _groups(head, last=not gap)
    right = _groups(tail, last=True) if gap else b""
    if left is None or right is None:
        return None
    missing = 16 - len(left) - len(right)
    if missing < 0 or (missing > 0) != bool(gap):
        return None
    return left + bytes(missing) + right


def _groups(text: str, last: bool) -> bytes | None:
    """Colon-separated 16-bit groups; the last may be dotted IPv4."""
    if not text:
        return b""
    packed = b""
    parts = text.split(":")
    for index, part in enumerate(parts):
        if "." in part:
            quad = _pack4(part)
            if quad is None or not last or index != len(parts) - 1:
                return None
            packed += quad
            continue
        if not 1 <= len(part) <= 4 or not all(digit in "0123456789abcdefABCDEF" for digit in part):
            return None
        packed += int(part, 16).to_bytes(2, "big")
    return packed


def _text6(packed: bytes) -> str:
    groups = [int.from_bytes(packed[i : i + 2], "big") for i in range(0, 16, 2)]
    best_start, best_length = 0, 0
    start = 0
    while start < 8:  # the longest run of zero groups, the first one when several are equally long
        length = 0
        while start + length < 8 and groups[start + length] == 0:
            length += 1
        if length > best_length:
            best_start, best_length = start, length
        start += length + 1
    words = [f"{group:x}" for group in groups]
    if best_length < 2:
        return ":".join(words)
    if best_start == 0 and (best_length == 6 or (best_length == 5 and groups[5] == 0xFFFF)):
        quad = ".".join(map(str, packed[12:]))  # IPv4-compatible and IPv4-mapped, as inet_ntop writes them
        return f"::{quad}" if best_length == 6 else f"::ffff:{quad}"
    return ":".join(words[:best_start]) + "::" + ":".join(words[best_start + best_length :])
