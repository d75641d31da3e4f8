"""Frames from real interfaces, read only: a packet socket each, with the kernel's own time stamps.

A small program in the kernel (classic BPF) lets through what a VRRP watcher needs and nothing else: ARP,
VRRP, AH, CARP's share of VRRP's number, IGMP, and ICMPv6 neighbour advertisements. It costs a busy network
next to nothing.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections.abc import Callable

from vrrplab.errors import LiveError
from vrrplab.system.interfaces import InterfaceTable, is_loopback
from vrrplab.system.privilege import NET_RAW, no_privilege

SO_ATTACH_FILTER, SO_TIMESTAMPNS = 26, 35
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, SOL_PACKET = 1, 1, 263
PACKET_STATISTICS = 6
ETH_P_ALL = 3
_TIMESPEC = struct.Struct("=qq")
_LATEST_NS = 10_000_000_000

# tcpdump -dd 'arp or ip proto 112 or 51 or 2, or ip6 next header 112, or 58 with type 136', in words:
# load ethertype; by it load the protocol; accept or refuse
_LOAD_HALF, _LOAD_BYTE, _IF_EQUAL, _RETURN = 0x28, 0x30, 0x15, 0x06
FILTER: tuple[tuple[int, int, int, int], ...] = (
    (_LOAD_HALF, 0, 0, 12),
    (_IF_EQUAL, 9, 0, 0x0806),  # ARP -> accept
    (_IF_EQUAL, 0, 4, 0x0800),  # IPv4? else look at IPv6
    (_LOAD_BYTE, 0, 0, 23),
    (_IF_EQUAL, 6, 0, 112),
    (_IF_EQUAL, 5, 0, 51),
    (_IF_EQUAL, 4, 5, 2),
    (_IF_EQUAL, 0, 4, 0x86DD),
    (_LOAD_BYTE, 0, 0, 20),
    (_IF_EQUAL, 1, 0, 112),
    (_IF_EQUAL, 2, 1, 58),
    (_RETURN, 0, 0, 0x40000),
    (_RETURN, 0, 0, 0),
    (_LOAD_BYTE, 0, 0, 54),
    (_IF_EQUAL, 0, 1, 136),
    (_RETURN, 0, 0, 0x40000),
    (_RETURN, 0, 0, 0),
)

Reader = Callable[[], "tuple[int, bytes] | None"]


def open_interface(name: str, promiscuous: bool = True) -> socket.socket:
    """A packet socket that hears one interface. LiveError where that is not allowed."""
    try:
        one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
    except PermissionError:
        raise LiveError(no_privilege(NET_RAW)) from None
    try:
        attach_filter(one)
        one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        one.bind((name, ETH_P_ALL))
        if promiscuous:  # unicast adverts between two others
            index = socket.if_nametoindex(name)
            request = struct.pack("=iHH8s", index, PACKET_MR_PROMISC, 0, b"")
            one.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
    except OSError as error:
        one.close()
        raise LiveError(f"cannot listen on {name}: {error.strerror}") from None
    return one


def attach_filter(one: socket.socket) -> None:
    """Give a socket the program above."""
    program = b"".join(struct.pack("=HBBI", *step) for step in FILTER)
    memory = ctypes.create_string_buffer(program, len(program))
    request = struct.pack("@HP", len(FILTER), ctypes.addressof(memory))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, request)


def frame_reader(one: socket.socket) -> Reader:
    """Reads (age in nanoseconds, frame); None when nothing waits. Frames we sent ourselves are heard too."""
    # One room for all: a frame cut out of 64 KiB of its own, and kept, would leave memory in pieces.
    room = memoryview(bytearray(65535))

    def read() -> tuple[int, bytes] | None:
        try:
            size, ancillary, _, _ = one.recvmsg_into([room], 64)
        except OSError:  # nothing waits, or the interface went away, of which netlink tells
            return None
        frame = bytes(room[:size])
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                age_ns = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
                return (age_ns if 0 <= age_ns < _LATEST_NS else 0), frame
        return 0, frame

    return read


def taken_drops(one: socket.socket) -> int:
    """How many frames a socket had no room for since this was asked last."""
    _, drops = struct.unpack("=II", one.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return int(drops)


def choose_interfaces(table: InterfaceTable, wanted: tuple[str, ...]) -> list[str]:
    """The interfaces to listen on: those named, which must exist, or all that are up but loopback."""
    if wanted:
        missing = [name for name in wanted if name not in table.by_name]
        if missing:
            raise LiveError(f"no interface {missing[0]} here; there are: {', '.join(sorted(table.by_name))}")
        return list(dict.fromkeys(wanted))
    found = [i.name for i in table.by_name.values() if i.up and not is_loopback(i)]
    if not found:
        raise LiveError("no interface is up here; name one with --interface, or use --udp")
    return found
