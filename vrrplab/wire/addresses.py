"""Addresses between bytes and text: IPv4, IPv6 (RFC 5952), MAC; and the addresses VRRP gives a meaning.

Results are cached, because a capture names the same few addresses a million times.
"""

from __future__ import annotations

import re
from typing import TypeVar

from vrrplab.errors import AddressError
from vrrplab.inet import AF_INET, AF_INET6, inet_ntop, inet_pton

BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"
VRRP_GROUP_IPV4 = "224.0.0.18"
VRRP_GROUP_IPV6 = "ff02::12"
ALL_NODES_IPV6 = "ff02::1"

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
# 010 means ten here, as people who write it mean; inet_pton refuses it because others read eight
_PADDING = re.compile(r"(?<![0-9A-Fa-f])00?(?=[0-9]{1,2}(\.|$))")
# More than the routers and addresses of a network; strangers could fill 4096 places with 2 MB. To look one up
# anew takes less than a microsecond.
_CACHE_LIMIT = 1024
_Key = TypeVar("_Key")
_Known = TypeVar("_Known")
_ip_text: dict[bytes, str] = {}
_ip_bytes: dict[str, bytes] = {}
_mac_text: dict[bytes, str] = {}
_mac_bytes: dict[str, bytes] = {}


_once: set[int] = set()  # hashes of what was asked for once


def comes_again(key: object) -> bool:
    """Was this asked for before? Only then is it worth a place in a memory: a flood's senders never are."""
    seen = hash(key)
    if seen in _once:
        return True
    if len(_once) >= _CACHE_LIMIT:
        _once.clear()
    _once.add(seen)
    return False


def _remember(cache: dict[_Key, _Known], key: _Key, value: _Known) -> None:
    if not comes_again(key):
        return
    if len(cache) >= _CACHE_LIMIT:
        cache.clear()
    cache[key] = value


def pack_address(text: str) -> bytes:
    """``"192.168.2.1"`` to 4 bytes, ``"fe80::1"`` to 16. Raises AddressError."""
    packed = _ip_bytes.get(text)
    if packed is None:
        if not isinstance(text, str):
            return pack_address(str(text))  # ipaddress objects, which notebooks like to pass
        try:
            if ":" in text:  # a zone (fe80::1%eth0) is not on the wire
                packed = inet_pton(AF_INET6, _PADDING.sub("", text.partition("%")[0]))
            else:
                packed = inet_pton(AF_INET, _PADDING.sub("", text))
        except (OSError, ValueError):
            raise AddressError(f"{text!r} is not an IP address like 192.168.2.1 or fe80::1") from None
        _remember(_ip_bytes, text, packed)
    return packed


def unpack_address(packed: bytes) -> str:
    """4 or 16 bytes to the usual text (IPv6 as in RFC 5952). Raises AddressError for another length."""
    text = _ip_text.get(packed)
    if text is None:
        packed = bytes(packed)
        if len(packed) not in (4, 16):
            raise AddressError(f"an IP address has 4 or 16 bytes, not {len(packed)}")
        text = inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)
        _remember(_ip_text, packed, text)
    return text


def pack_mac(text: str) -> bytes:
    """``"02:00:00:00:00:fb"`` (or with ``-``) to 6 bytes. Raises AddressError."""
    packed = _mac_bytes.get(text)
    if packed is None:
        parts = text.replace("-", ":").split(":")
        try:
            if len(parts) != 6 or not all(1 <= len(p) <= 2 and _HEX_DIGITS.issuperset(p) for p in parts):
                raise ValueError
            packed = bytes(int(part, 16) for part in parts)
        except ValueError:
            raise AddressError(f"{text!r} is not a MAC address like 02:00:00:00:00:fb") from None
        _remember(_mac_bytes, text, packed)
    return packed


def unpack_mac(packed: bytes) -> str:
    """6 bytes to ``"02:00:00:00:00:fb"``. Raises AddressError for another length."""
    text = _mac_text.get(packed)
    if text is None:
        if len(packed) != 6:
            raise AddressError(f"a MAC address has 6 bytes, not {len(packed)}")
        text = bytes(packed).hex(":")
        _remember(_mac_text, bytes(packed), text)
    return text


def family(text: str) -> int:
    """4 or 6: which IP the address belongs to."""
    return 4 if len(pack_address(text)) == 4 else 6


def is_multicast(text: str) -> bool:
    """True for 224.0.0.0/4 and ff00::/8."""
    packed = pack_address(text)
    return packed[0] >> 4 == 0xE if len(packed) == 4 else packed[0] == 0xFF


def is_unspecified(text: str) -> bool:
    """0.0.0.0 or ::, which no host ever has."""
    return not any(pack_address(text))


def is_link_local(text: str) -> bool:
    """True for fe80::/10 and 169.254.0.0/16."""
    packed = pack_address(text)
    if len(packed) == 4:
        return packed[:2] == b"\xa9\xfe"
    return packed[0] == 0xFE and packed[1] & 0xC0 == 0x80


def link_local(mac: str) -> str:
    """The IPv6 link-local address Linux makes of a MAC address (EUI-64, RFC 4291 appendix A)."""
    packed = pack_mac(mac)
    return unpack_address(
        b"\xfe\x80" + bytes(6) + bytes((packed[0] ^ 2,)) + packed[1:3] + b"\xff\xfe" + packed[3:]
    )


def virtual_mac(vrid: int, ip_version: int = 4) -> str:
    """RFC 9568 section 7.3: 00-00-5E-00-01-VRID for IPv4, 00-00-5E-00-02-VRID for IPv6."""
    return f"00:00:5e:00:{1 if ip_version == 4 else 2:02x}:{vrid & 0xFF:02x}"


def multicast_mac(group: str) -> str:
    """Ethernet address a multicast group is sent to (RFC 1112 section 6.4, RFC 2464 section 7)."""
    packed = pack_address(group)
    if len(packed) == 4:
        return unpack_mac(bytes((1, 0, 0x5E, packed[1] & 0x7F, packed[2], packed[3])))
    return unpack_mac(b"\x33\x33" + packed[12:])


def solicited_node_group(address: str) -> str:
    """RFC 4291 section 2.7.1: ff02::1:ffXX:XXXX, where neighbour solicitations for an address go."""
    return unpack_address(bytes.fromhex("ff0200000000000000000001ff") + pack_address(address)[13:])
