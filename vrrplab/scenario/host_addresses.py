"""The real addresses of a host, as its own ``ip -j addr`` prints them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from vrrplab.config.model import NodeConfig
from vrrplab.errors import HostError
from vrrplab.json_text import read_json
from vrrplab.limits import HOST_ADDRESSES_BYTES
from vrrplab.scenario.address_checks import canonical

Addresses = Mapping[str, tuple[str, ...]]
"""Interface to its addresses with prefix, in the kernel's order: the first of a family is the primary one."""

_CURE = "make it on that host: ip -j addr > HOST.json"


def read_addresses(path: str | os.PathLike[str]) -> dict[str, tuple[str, ...]]:
    """Every interface of a host with its addresses; loopback ones (scope host) are left out.

    HostError, with the file, for what ``ip -j addr`` never prints.
    """
    file = os.fspath(path)
    content = read_json(path, HOST_ADDRESSES_BYTES, HostError, _CURE)
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise HostError(file, 0, "is not what ip -j addr prints: that is a list of interfaces", _CURE)
    found: dict[str, tuple[str, ...]] = {}
    for entry in content:
        if not entry:  # ip leaves {} for each interface that it was not asked for
            continue
        name, listed = entry.get("ifname"), entry.get("addr_info")
        if not isinstance(name, str) or not isinstance(listed, list):
            raise HostError(file, 0, "has an entry without ifname and addr_info", _CURE)
        if name in found:
            raise HostError(file, 0, f"has the interface {name} twice", _CURE)
        texts = (_address(one, name, file) for one in listed if one)
        found[name] = tuple(text for text in texts if text)
    if not found:
        raise HostError(file, 0, "has no interface in it", _CURE)
    return found


def _address(entry: Any, interface: str, file: str) -> str:
    """ADDRESS/PREFIX of an ``addr_info``; "" for one that is no other host's business."""
    local = entry.get("local") if isinstance(entry, dict) else None
    prefix = entry.get("prefixlen") if isinstance(entry, dict) else None
    try:
        address = canonical(local) if isinstance(local, str) else ""
    except ValueError:
        address = ""
    bits = 128 if ":" in address else 32
    if not address or not isinstance(prefix, int) or not 0 <= prefix <= bits:
        raise HostError(file, 0, f"has something else than an address at {interface}", _CURE)
    return "" if entry.get("scope") == "host" else f"{address}/{prefix}"


def without_virtual(
    addresses: Addresses, config: NodeConfig
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The host's own addresses, and those that its keepalived had put there when somebody looked.

    A virtual address of the file is the host's own (which is a mistake) only if it stands before all other
    addresses of its family on that interface: keepalived puts its own behind those that were there.
    """
    virtual = {a.address for i in config.instances for a in i.all_addresses}
    over_vmac = {i.use_vmac for i in config.instances if i.use_vmac}
    own: dict[str, tuple[str, ...]] = {}
    held: dict[str, None] = {}
    for interface, listed in addresses.items():
        kept: list[str] = []
        for text in listed:
            address = text.partition("/")[0]
            others = any((":" in one) == (":" in address) for one in kept)
            if address in virtual and (others or interface in over_vmac):
                held[address] = None
            else:
                kept.append(text)
        own[interface] = tuple(kept)
    return own, tuple(held)
