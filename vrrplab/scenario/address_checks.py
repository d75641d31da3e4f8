"""Addresses as scenario files write them: checked, brought to canonical text, and made up where left out."""

from __future__ import annotations

import re

from vrrplab.scenario.yaml_nodes import Node
from vrrplab.wire.addresses import pack_address, unpack_address

_PREFIX = re.compile("[0-9]{1,3}")
_BYTE = re.compile("[0-9a-f]{2}")


def canonical(address: str) -> str:
    """Canonical text of an IPv4 or IPv6 address; ValueError if it is none."""
    return unpack_address(pack_address(address))


def check_address(node: Node) -> str:
    text = node.text()
    try:
        return canonical(text)
    except ValueError:
        raise node.error(f"{text!r} is not an IP address", "e.g. 192.168.2.101") from None


def check_interface_address(node: Node) -> str:
    """ADDRESS/PREFIX."""
    text = node.text()
    address, slash, prefix = text.partition("/")
    try:
        address = canonical(address)
        bits = int(prefix) if _PREFIX.fullmatch(prefix) else -1
    except ValueError:
        address, bits = "", -1
    if not slash or not address or not 0 <= bits <= (128 if ":" in address else 32):
        raise node.error(f"{text!r} is not an address with prefix length", "e.g. 192.168.2.251/24")
    return f"{address}/{bits}"


def check_any_address(node: Node) -> str:
    """ADDRESS or ADDRESS/PREFIX."""
    return check_interface_address(node) if "/" in node.text() else check_address(node)


def check_mac(node: Node) -> str:
    text = node.text().lower()
    parts = text.split(":")
    if len(parts) != 6 or not all(_BYTE.fullmatch(part) for part in parts):
        raise node.error(f"{node.text()!r} is not a MAC address", "e.g. 02:00:00:00:00:fb (quote it)")
    if int(parts[0], 16) & 1:
        raise node.error(f"{node.text()!r} is the address of a group", "e.g. 02:00:00:00:00:fb (quote it)")
    return text


def default_mac(number: int, host: int) -> str:
    """A locally administered MAC address for interface ``number`` of the host of that place in the file."""
    place = host + 1
    return f"02:00:{place >> 16 & 255:02x}:{place >> 8 & 255:02x}:{number & 255:02x}:{place & 255:02x}"


def gateway_mac(number: int, router: int) -> str:
    """The MAC address of interface ``number`` of the router of that place in the file."""
    return default_mac(0xD0 + number, router)


def same_subnet(a: str, b: str, prefix: int) -> bool:
    """Do two addresses agree in their first ``prefix`` bits?"""
    if (":" in a) != (":" in b):
        return False
    x, y = pack_address(a), pack_address(b)
    shift = len(x) * 8 - prefix
    return int.from_bytes(x, "big") >> shift == int.from_bytes(y, "big") >> shift
