"""Which virtual routers of this host are taken: two processes for one VRID on one interface cannot hear each
other, and would both be MASTER.

A claim is a listening unix socket with an abstract name. Such names belong to a network namespace, as
interfaces do; they vanish with their process, however it ends; and whoever connects learns whose they are.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Iterable

from vrrplab.config.model import InstanceConfig
from vrrplab.errors import LiveError
from vrrplab.system.privilege import effective_uid

Claim = tuple[str, int, int]  # interface, VRID, IP version
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Claims:
    """What one router has taken."""

    def __init__(self) -> None:
        self._held: dict[Claim, socket.socket] = {}

    def take(self, instances: Iterable[InstanceConfig]) -> None:
        """Claim what is not held yet: everything, or (LiveError says who has it; OSError) nothing."""
        fresh: dict[Claim, socket.socket] = {}
        try:
            for claim in claims_of(instances) - self._held.keys():
                fresh[claim] = _taken(claim)
        except (LiveError, OSError):
            for one in fresh.values():
                one.close()
            raise
        self._held |= fresh

    def keep(self, instances: Iterable[InstanceConfig]) -> None:
        """Give back what these instances do not need."""
        for claim in self._held.keys() - claims_of(instances):
            self._held.pop(claim).close()


def claims_of(instances: Iterable[InstanceConfig]) -> set[Claim]:
    return {(i.interface, i.vrid, i.family) for i in instances}


def _taken(claim: Claim) -> socket.socket:
    interface, vrid, family = claim
    name = f"\0vrrplab/{interface}/{vrid}/IPv{family}"
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        one.bind(name)
        one.listen()
    except OSError as error:
        holder = _holder(name) if error.errno == errno.EADDRINUSE else ""
        if holder:
            one.close()
            raise LiveError(
                f"VRID {vrid} (IPv{family}) on {interface} is already in use here, by {holder};"
                " end that one first, or write another virtual_router_id"
            ) from None
        # no router: an unbound socket claims nothing, and keeps nobody from anything
    return one


def _holder(name: str) -> str:
    """The router behind a name; "" for somebody who must not stop us: root's router heeds root alone."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as asking:
        try:
            asking.connect(name)
            raw = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return ""
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    if uid not in (0, effective_uid()):
        return ""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().decode("utf-8", "replace").split("\0")
        return f"process {pid} ({' '.join(words).strip()})"
    return f"process {pid}" if pid else "a process of another container"
