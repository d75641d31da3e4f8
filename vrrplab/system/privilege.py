"""What root may do and others may not, and which part of it this process lacks (capabilities(7))."""

from __future__ import annotations

import os

from vrrplab.errors import LiveError
from vrrplab.system.descriptors import raise_shortage

NET_ADMIN, NET_RAW = 12, 13
_FOR = {
    NET_RAW: "CAP_NET_RAW (to hear and send VRRP)",
    NET_ADMIN: "CAP_NET_ADMIN (to put addresses on interfaces)",
}


def effective_uid() -> int | None:
    """As whom this process acts; None where there is no such number: Windows, Python in a browser."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def is_root() -> bool:
    """Root here, which inside a user namespace is somebody else outside."""
    return effective_uid() == 0


def is_real_root() -> bool:
    """Root of the machine; root inside a user namespace is somebody else outside."""
    if not is_root():
        return False
    try:
        with open("/proc/self/uid_map", encoding="ascii") as file:
            return file.read().split() == ["0", "0", "4294967295"]
    except OSError as error:
        raise_shortage(error)
        return True


def has_capability(number: int) -> bool:
    """Has this process a capability in effect?"""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            line = next(line for line in file if line.startswith("CapEff:"))
    except (OSError, StopIteration) as error:
        if isinstance(error, OSError):
            raise_shortage(error)
        return is_root()
    return bool(int(line.split()[1], 16) >> number & 1)


def require_capabilities(*numbers: int) -> None:
    """LiveError, with the ways on, if one of these is missing."""
    missing = [number for number in numbers if not has_capability(number)]
    if missing:
        raise LiveError(no_privilege(*missing))


def no_privilege(*missing: int) -> str:
    """What to say where these capabilities are missing."""
    names = " and ".join(_FOR[number] for number in missing)
    return (
        f"this user lacks {names} - three ways on: sudo; 'vrrplab lab up', which needs no root;"
        " or --udp, which carries VRRP inside UDP"
    )
