"""The Internet checksum (RFC 1071) and the pseudo-headers of IPv4 and IPv6.

A one's-complement sum of 16-bit words is the same as the whole buffer, read as one big number,
modulo 65535: Python does that in C, about 2.5 times faster than a loop over words. So everywhere
in ``wire`` a sum is a plain integer, sums are added with ``+``, and

    a received message is right     when  sum % 65535 == 0
    the checksum field to send is   -sum % 65535      (sum taken with a zero in the field)

The one degenerate case, a buffer of zeros, cannot be a VRRP or IP packet: the version is never 0.
"""

from __future__ import annotations

from vrrplab.wire.addresses import pack_address

PROTOCOL_ICMPV6 = 58
PROTOCOL_VRRP = 112

_MODULUS = 0xFFFF


def total(data: bytes | memoryview) -> int:
    """One's-complement sum of ``data`` modulo 65535; an odd last byte counts as if a zero followed."""
    number = int.from_bytes(data, "big")
    return (number << 8 if len(data) & 1 else number) % _MODULUS


def field_value(sum_of_rest: int, received: int | None = None) -> int:
    """What to write into a checksum field, given the sum of everything else.

    One's complement has two zeros and a receiver takes either (RFC 1071). 0x0000 is what a sender
    computes; 0xFFFF is written only where it was ``received`` in this field before.
    """
    return -sum_of_rest % _MODULUS or (_MODULUS if received == _MODULUS else 0)


def is_right(sum_of_all: int) -> bool:
    """True if the sum over a received message, checksum field included, says "undamaged"."""
    return sum_of_all % _MODULUS == 0


# (source, destination) as given -> (bytes an address takes, sum of addresses and protocol 112).
# A router hears the same few pairs again and again; hostile senders must not fill memory.
VRRP_PSEUDO_HEADERS: dict[tuple[str, str], tuple[int, int]] = {}
_LIMIT = 1024


def vrrp_pseudo_header(source: str, destination: str) -> tuple[int, int]:
    """Address size (4 or 16) and pseudo-header sum of VRRP between two addresses, length left out.

    The IPv4 pseudo-header (RFC 793: addresses, zero, protocol, length) and the IPv6 one (RFC 8200
    section 8.1: addresses, 32-bit length, zeros, next header) give the same sum up to their
    addresses, so the caller adds ``len(message)`` for either.
    """
    key = (source, destination)
    known = VRRP_PSEUDO_HEADERS.get(key)
    if known is None:
        known = pseudo_header(source, destination, PROTOCOL_VRRP)
        if len(VRRP_PSEUDO_HEADERS) >= _LIMIT:
            VRRP_PSEUDO_HEADERS.clear()
        VRRP_PSEUDO_HEADERS[key] = known
    return known


def pseudo_header(source: str, destination: str, protocol: int) -> tuple[int, int]:
    """Address size and pseudo-header sum for any protocol, length left out."""
    from_bytes, to_bytes = pack_address(source), pack_address(destination)
    return len(from_bytes), (total(from_bytes) + total(to_bytes) + protocol) % _MODULUS
