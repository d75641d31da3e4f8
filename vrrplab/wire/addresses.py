"""Addresses between bytes and text: IPv4, IPv6 (RFC 5952), MAC; and the addresses VRRP gives a meaning.

Written out here rather than taken from ``ipaddress`` or ``socket``: those cost more start-up time than
a whole simulation. Results are cached, because a capture names the same few addresses a million times.
"""

from __future__ import annotations

from vrrplab.errors import AddressError

BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"
VRRP_GROUP_IPV4 = "224.0.0.18"
VRRP_GROUP_IPV6 = "ff02::12"
ALL_NODES_IPV6 = "ff02::1"

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_CACHE_LIMIT = 8192
_ip_text: dict[bytes, str] = {}
_ip_bytes: dict[str, bytes] = {}
_mac_text: dict[bytes, str] = {}
_mac_bytes: dict[str, bytes] = {}


def pack_address(text: str) -> bytes:
    """``"192.168.2.1"`` to 4 bytes, ``"fe80::1"`` to 16. Raises AddressError."""
    packed = _ip_bytes.get(text)
    if packed is None:
        if not isinstance(text, str):
            return pack_address(str(text))  # ipaddress objects, which notebooks like to pass
        packed = _pack_ipv6(text) if ":" in text else _pack_ipv4(text)
        if len(_ip_bytes) >= _CACHE_LIMIT:
            _ip_bytes.clear()
        _ip_bytes[text] = packed
    return packed


def unpack_address(packed: bytes) -> str:
    """4 or 16 bytes to the usual text (IPv6 as in RFC 5952). Raises AddressError for another length."""
    text = _ip_text.get(packed)
    if text is None:
        packed = bytes(packed)
        if len(packed) == 4:
            text = "{}.{}.{}.{}".format(*packed)
        elif len(packed) == 16:
            text = _ipv6_text(packed)
        else:
            raise AddressError(f"an IP address has 4 or 16 bytes, not {len(packed)}")
        if len(_ip_text) >= _CACHE_LIMIT:
            _ip_text.clear()
        _ip_text[packed] = text
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
        if len(_mac_bytes) >= _CACHE_LIMIT:
            _mac_bytes.clear()
        _mac_bytes[text] = packed
    return packed


def unpack_mac(packed: bytes) -> str:
    """6 bytes to ``"02:00:00:00:00:fb"``. Raises AddressError for another length."""
    text = _mac_text.get(packed)
    if text is None:
        if len(packed) != 6:
            raise AddressError(f"a MAC address has 6 bytes, not {len(packed)}")
        text = bytes(packed).hex(":")
        if len(_mac_text) >= _CACHE_LIMIT:
            _mac_text.clear()
        _mac_text[bytes(packed)] = text
    return text


def family(text: str) -> int:
    """4 or 6: which IP the address belongs to."""
    return 4 if len(pack_address(text)) == 4 else 6


def is_multicast(text: str) -> bool:
    """True for 224.0.0.0/4 and ff00::/8."""
    packed = pack_address(text)
    return packed[0] >> 4 == 0xE if len(packed) == 4 else packed[0] == 0xFF


def is_link_local(text: str) -> bool:
    """True for fe80::/10 and 169.254.0.0/16."""
    packed = pack_address(text)
    if len(packed) == 4:
        return packed[:2] == b"\xa9\xfe"
    return packed[0] == 0xFE and packed[1] & 0xC0 == 0x80


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


def _pack_ipv4(text: str) -> bytes:
    parts = text.split(".")
    if len(parts) != 4 or not all(
        part.isascii() and part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts
    ):
        raise AddressError(f"{text!r} is not an IP address like 192.168.2.1 or fe80::1")
    return bytes(map(int, parts))


def _pack_ipv6(text: str) -> bytes:
    body = text.partition("%")[0]  # a zone (fe80::1%eth0) is not on the wire
    tail = b""
    if "." in body:
        head, _, last = body.rpartition(":")
        tail = _pack_ipv4(last)
        body = head if head and not head.endswith(":") else head + ":"
    left, double_colon, right = body.partition("::")
    try:
        before, after = _words(left), _words(right)
    except ValueError:
        raise AddressError(f"{text!r} is not an IPv6 address like fe80::1") from None
    missing = 16 - len(before) - len(after) - len(tail)
    if (missing < 2 if double_colon else missing != 0) or "::" in right:
        raise AddressError(f"{text!r} is not an IPv6 address: it needs eight groups, or one '::'")
    return before + bytes(missing) + after + tail


def _words(text: str) -> bytes:
    if not text:
        return b""
    groups = text.split(":")
    if any(not 1 <= len(group) <= 4 or not _HEX_DIGITS.issuperset(group) for group in groups):
        raise ValueError
    return b"".join(int(group, 16).to_bytes(2, "big") for group in groups)


def _ipv6_text(packed: bytes) -> str:
    words = [int.from_bytes(packed[i : i + 2], "big") for i in range(0, 16, 2)]
    # RFC 5952 section 4.2: the longest run of two or more zero groups, the first of equal ones
    best_start, best_length, start = -1, 1, 0
    while start < 8:
        end = start
        while end < 8 and words[end] == 0:
            end += 1
        if end - start > best_length:
            best_start, best_length = start, end - start
        start = max(end, start + 1)
    if best_start == 0 and (best_length == 6 or (best_length == 5 and words[5] == 0xFFFF)):
        prefix = "::" if best_length == 6 else "::ffff:"
        return prefix + "{}.{}.{}.{}".format(*packed[12:])
    groups = [f"{word:x}" for word in words]
    if best_start < 0:
        return ":".join(groups)
    return ":".join(groups[:best_start]) + "::" + ":".join(groups[best_start + best_length :])
