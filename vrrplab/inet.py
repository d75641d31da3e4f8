"""Internet addresses between text and bytes, also where Python was built without IPv6, as in a browser.

``inet_pton`` and ``inet_ntop`` of the system wherever it has both families; else the standard library's
``ipaddress``, held to what the system would accept and how it would write it.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

__all__ = ["AF_INET", "AF_INET6", "inet_ntop", "inet_pton", "ntop_without_ipv6", "pton_without_ipv6"]

_system_pton, _system_ntop = inet_pton, inet_ntop


def pton_without_ipv6(family: int, text: str) -> bytes:
    """``inet_pton`` by ``ipaddress``. OSError: no address of that family."""
    if family != AF_INET6:
        return _system_pton(family, text)
    from ipaddress import IPv6Address

    try:
        if not isinstance(text, str) or "%" in text:  # the system takes no zone
            raise ValueError
        return IPv6Address(text).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None


def ntop_without_ipv6(family: int, packed: bytes) -> str:
    """``inet_ntop`` by ``ipaddress``: IPv4 in IPv6 is written with dots. ValueError: a wrong length."""
    if family != AF_INET6:
        return _system_ntop(family, packed)
    from ipaddress import IPv4Address, IPv6Address

    if len(packed) != 16:
        raise ValueError("invalid length of packed IP address string")
    if packed[:12] in (bytes(10) + b"\xff\xff", bytes(12)) and (packed[10] or any(packed[12:14])):
        return f"::{'ffff:' if packed[10] else ''}{IPv4Address(packed[12:])}"
    return str(IPv6Address(bytes(packed)))


try:
    inet_pton(AF_INET6, "::")
except OSError:  # "can't use AF_INET6, IPv6 is disabled"
    inet_pton, inet_ntop = pton_without_ipv6, ntop_without_ipv6  # type: ignore[assignment]
