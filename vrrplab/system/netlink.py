"""The kernel's own account of interfaces and addresses: a NETLINK_ROUTE socket and the few messages of it
that a router needs (rtnetlink(7)).

    message   length 4 | type 2 | flags 2 | sequence 4 | port 4 | fixed part | attributes …
    attribute length 2 | type 2 | value, padded to 4

Bytes and sockets only; what a change means to a router is said in ``interfaces``. Nothing here blocks except
``request`` and the dumps, which the kernel answers at once.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from vrrplab.errors import LiveError
from vrrplab.wire.addresses import pack_address, unpack_address

# include/uapi/linux/netlink.h, rtnetlink.h, if_addr.h, if_link.h, if.h
NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 2, 3, 4
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWNEIGH = 28
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_CREATE, NLM_F_EXCL = 0x400, 0x200
IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_FLAGS = 1, 2, 3, 8
IFLA_ADDRESS, IFLA_IFNAME = 1, 3
NDA_DST, NDA_LLADDR = 1, 2
IFF_UP, IFF_LOOPBACK, IFF_RUNNING = 0x1, 0x8, 0x40
IFA_F_NODAD, IFA_F_TENTATIVE = 0x02, 0x40
SCOPES = {"": 0, "global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}
GROUPS = 0x1 | 0x10 | 0x100  # RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR
NEIGHBOUR_GROUP = 0x4  # RTMGRP_NEIGH

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 6}
_RECEIVE_BUFFER = 1 << 20  # a burst of changes must not overrun the socket


class LinkNotice(NamedTuple):
    """An interface as it is now, with the kernel's ``number`` (``gone``: it has just been deleted)."""

    number: int
    name: str
    flags: int
    mac: str
    gone: bool

    @property
    def up(self) -> bool:
        """Administratively up and with a carrier, which is what keepalived calls up."""
        return not self.gone and self.flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING


class AddressNotice(NamedTuple):
    """An address that an interface has (``gone``: has no longer)."""

    number: int
    address: str
    prefix: int
    label: str
    tentative: bool
    gone: bool


class NeighbourNotice(NamedTuple):
    """An entry of the ARP or neighbour cache: who is believed to have an address ("": nobody answers)."""

    number: int
    address: str
    mac: str


Notice = LinkNotice | AddressNotice | NeighbourNotice


class Overrun(Exception):
    """The kernel had more to tell than the socket could hold: ask for everything anew."""


class NetlinkSocket:
    """One socket for dumps and requests; with ``groups`` it also hears of every change."""

    def __init__(self, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind((0, groups))
        self._sequence = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def read(self) -> list[Notice]:
        """Every change that waits; never blocks. Raises Overrun when some were lost."""
        found: list[Notice] = []
        while True:
            try:
                data = self._socket.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise Overrun from None
                raise
            found.extend(notice for kind, body in messages(data) if (notice := parse(kind, body)) is not None)

    def links(self) -> list[LinkNotice]:
        """All interfaces."""
        return [n for n in self._dump(RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0)) if isinstance(n, LinkNotice)]

    def addresses(self) -> list[AddressNotice]:
        """All addresses of all interfaces, in the kernel's order: the primary one first."""
        body = _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        return [n for n in self._dump(RTM_GETADDR, body) if isinstance(n, AddressNotice)]

    def _dump(self, kind: int, body: bytes) -> Iterator[Notice]:
        sequence = self._send(kind, NLM_F_REQUEST | NLM_F_DUMP, body)
        while True:
            for found_kind, found, number in _split(self._socket.recv(1 << 17)):
                if number != sequence:
                    continue
                if found_kind == NLMSG_DONE:
                    return
                if found_kind == NLMSG_ERROR:
                    _raise_error(found)
                notice = parse(found_kind, found)
                if notice is not None:
                    yield notice

    def add_address(self, index: int, address: str, prefix: int, label: str = "", scope: str = "") -> None:
        """Put an address on an interface. FileExistsError if it is there; OSError as the kernel says."""
        self._change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address, prefix, label, scope)

    def delete_address(self, index: int, address: str, prefix: int) -> None:
        """Take an address off an interface. OSError (EADDRNOTAVAIL, ENODEV) if it is not there."""
        self._change(RTM_DELADDR, 0, index, address, prefix, "", "")

    def _change(
        self, kind: int, flags: int, index: int, address: str, prefix: int, label: str, scope: str
    ) -> None:
        packed = pack_address(address)
        family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
        scope_number = SCOPES[scope] if scope in SCOPES else int(scope) if scope.isdecimal() else 0
        body = _ADDRESS.pack(family, prefix, 0, scope_number, index)
        body += _attribute(IFA_LOCAL, packed) + _attribute(IFA_ADDRESS, packed)
        if kind == RTM_NEWADDR and family == socket.AF_INET6:
            # a takeover cannot wait for duplicate address detection; keepalived does the same
            body += _attribute(IFA_FLAGS, struct.pack("=I", IFA_F_NODAD))
        if label:
            body += _attribute(IFA_LABEL, label.encode("utf-8", "surrogateescape") + b"\0")
        sequence = self._send(kind, NLM_F_REQUEST | NLM_F_ACK | flags, body)
        while True:
            for found_kind, found, number in _split(self._socket.recv(1 << 16)):
                if found_kind == NLMSG_ERROR and number == sequence:
                    _raise_error(found)
                    return

    def _send(self, kind: int, flags: int, body: bytes) -> int:
        self._sequence += 1
        head = _HEADER.pack(_HEADER.size + len(body), kind, flags, self._sequence, 0)
        self._socket.send(head + body)
        return self._sequence


def _raise_error(body: bytes) -> None:
    number = -int.from_bytes(body[:4], "little" if struct.pack("=H", 1)[0] else "big", signed=True)
    if number:
        raise OSError(number, os.strerror(number))


def _attribute(kind: int, value: bytes) -> bytes:
    size = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(-size % 4)


def _split(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            return
        yield kind, data[offset + _HEADER.size : offset + length], sequence
        offset += (length + 3) & ~3


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, body) of every whole message in a datagram."""
    return ((kind, body) for kind, body, _ in _split(data))


def attributes(data: bytes) -> dict[int, bytes]:
    """Attributes by type; what is cut off at the end is left out."""
    found = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            break
        found[kind & 0x3FFF] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found


def parse(kind: int, body: bytes) -> Notice | None:
    """A notice, or None for a message that is about something else."""
    if kind in (RTM_NEWLINK, RTM_DELLINK) and len(body) >= _LINK.size:
        family, _, index, flags, _ = _LINK.unpack_from(body)
        if family != socket.AF_UNSPEC:
            return None  # a bridge speaks of its port; the interface is still there
        values = attributes(body[_LINK.size :])
        name = values.get(IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")
        mac = values.get(IFLA_ADDRESS, b"")
        return LinkNotice(index, name, flags, mac.hex(":") if len(mac) == 6 else "", kind == RTM_DELLINK)
    if kind in (RTM_NEWADDR, RTM_DELADDR) and len(body) >= _ADDRESS.size:
        family, prefix, flags, _, index = _ADDRESS.unpack_from(body)
        values = attributes(body[_ADDRESS.size :])
        packed = values.get(IFA_LOCAL) or values.get(IFA_ADDRESS) or b""
        if family not in _FAMILIES or len(packed) not in (4, 16):
            return None
        label = values.get(IFA_LABEL, b"").rstrip(b"\0").decode("utf-8", "replace")
        if IFA_FLAGS in values and len(values[IFA_FLAGS]) == 4:
            flags = struct.unpack("=I", values[IFA_FLAGS])[0]
        tentative = bool(flags & IFA_F_TENTATIVE)
        return AddressNotice(index, unpack_address(packed), prefix, label, tentative, kind == RTM_DELADDR)
    if kind == RTM_NEWNEIGH and len(body) >= _NEIGHBOUR.size:
        values = attributes(body[_NEIGHBOUR.size :])
        packed, mac = values.get(NDA_DST, b""), values.get(NDA_LLADDR, b"")
        if len(packed) not in (4, 16):
            return None
        number = _NEIGHBOUR.unpack_from(body)[1]
        return NeighbourNotice(number, unpack_address(packed), mac.hex(":") if len(mac) == 6 else "")
    return None


def open_monitor(groups: int = GROUPS) -> NetlinkSocket:
    """A socket that hears of every change of links and addresses. LiveError where there is no netlink."""
    try:
        return NetlinkSocket(groups)
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "Linux only"
        raise LiveError(f"the kernel cannot be asked about interfaces (netlink): {why}") from None
