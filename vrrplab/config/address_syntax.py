"""IPv4 and IPv6 addresses as text: strict reading, one canonical spelling. No interfaces.

What is accepted is what inet_pton accepts, as in keepalived: four decimal numbers without leading zeros, or
RFC 4291 text with at most one ``::`` and no zone.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.inet import AF_INET, AF_INET6, inet_ntop, inet_pton


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
    version, family = (6, AF_INET6) if ":" in text else (4, AF_INET)
    try:
        packed = inet_pton(family, text)
    except (OSError, ValueError):
        return None
    return Address(inet_ntop(family, packed), version, packed)


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
