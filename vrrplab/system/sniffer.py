"""Frames from real interfaces, read only: a packet socket each, with the kernel's own time stamps.

A small program in the kernel (classic BPF) lets through what a VRRP watcher needs and nothing else: ARP,
VRRP, AH, CARP's share of VRRP's number, IGMP, ICMPv6 neighbour advertisements, and UDP to the groups of HSRP
and GLBP; and the same in a tunnel, as far as a program without loops can tell. It costs a busy network next
to nothing.
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

# Classic BPF (Linux, Documentation/networking/filter.rst): A is the register that is loaded and compared, X
# the one that offsets are added to; two values can be kept.
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_HALF_AT_X, _BYTE_AT_X = 0x48, 0x50
_X_IS, _X_IS_HEADER = (
    0x01,
    0xB1,
)  # a constant; four times the low half of a byte: the length of an IPv4 header
_X_IS_A, _A_IS_X, _ADD, _ADD_X, _AND, _LEFT, _RIGHT = 0x07, 0x87, 0x04, 0x0C, 0x54, 0x64, 0x74
_KEEP, _KEPT = 0x02, 0x60
_GO, _IF_EQUAL, _IF_SET, _RETURN = 0x05, 0x15, 0x45, 0x06

_IP_WANTED = (112, 51, 2)  # VRRP, AH, IGMP
_UDP, _GRE, _ICMP6 = 17, 47, 58
_WITH_FRAME = (4789, 8472, 4790)  # VXLAN in its dialects: an Ethernet frame behind 8 bytes
_GENEVE, _TZSP = 6081, 37008

Step = tuple[
    str, int, int, str, str
]  # its label or "", code, constant, where to go if so, and if not ("": on)


def _at_once(label: str, *values: int, then: str, otherwise: str) -> list[Step]:
    """Is A one of these?"""
    last = len(values) - 1
    return [
        ("" if n else label, _IF_EQUAL, value, then, otherwise if n == last else "")
        for n, value in enumerate(values)
    ]


def _x_is_a(then: str) -> list[Step]:
    """X is what A is, and from there it goes on."""
    return [("", _X_IS_A, 0, "", ""), ("", _GO, 0, then, "")]


def _move(label: str, by: int, then: str) -> list[Step]:
    """X goes on by so many bytes."""
    return [(label, _A_IS_X, 0, "", ""), ("", _ADD, by, "", ""), *_x_is_a(then)]


def _move_to_kept(label: str, then: str) -> list[Step]:
    """X goes to where the first value that was kept says."""
    return [(label, _KEPT, 0, "", ""), *_x_is_a(then)]


# In words: ARP; IP with one of the protocols above, with a neighbour advertisement, with UDP to the groups of
# HSRP, GLBP and VRRP-E; and the same in a tunnel. X + 14 is where the contents of the outer IP packet begin,
# then those of each header that was looked at.
_STEPS: list[Step] = [
    ("", _LOAD_HALF, 12, "", ""),
    ("", _IF_EQUAL, 0x0806, "yes", ""),
    ("", _IF_EQUAL, 0x0800, "ipv4", ""),
    ("", _IF_EQUAL, 0x86DD, "ipv6", ""),
    ("", _IF_EQUAL, 0x8847, "mpls", ""),
    ("", _IF_EQUAL, 0x8848, "mpls", ""),
    ("", _IF_EQUAL, 0x88E7, "802.1ah", ""),
    ("", _IF_EQUAL, 0x8864, "pppoe", "no"),
    ("ipv4", _X_IS_HEADER, 14, "", ""),
    ("", _LOAD_BYTE, 23, "", ""),
    *_at_once("", *_IP_WANTED, then="yes", otherwise=""),
    ("", _IF_EQUAL, _UDP, "", "carried"),
    ("", _LOAD_WORD, 30, "", ""),
    *_at_once("", 0xE0000002, 0xE0000066, then="yes", otherwise="udp"),
    ("ipv6", _X_IS, 40, "", ""),
    ("", _LOAD_BYTE, 20, "", ""),
    ("", _IF_EQUAL, 112, "yes", ""),
    ("", _IF_EQUAL, _UDP, "udp", ""),
    ("", _IF_EQUAL, _ICMP6, "", "carried"),
    ("", _LOAD_BYTE, 54, "", ""),
    ("", _IF_EQUAL, 136, "yes", "no"),
    # what an IP packet carries
    ("carried", _IF_EQUAL, 4, "inner ipv4", ""),
    ("", _IF_EQUAL, 41, "inner ipv6", ""),
    ("", _IF_EQUAL, 97, "etherip", ""),
    ("", _IF_EQUAL, 143, "frame", ""),
    ("", _IF_EQUAL, _GRE, "gre", "no"),
    *_move("etherip", 2, "frame"),
    ("udp", _HALF_AT_X, 14 + 2, "", ""),
    ("", _IF_EQUAL, _GENEVE, "geneve", ""),
    ("", _IF_EQUAL, _TZSP, "tzsp", ""),
    *_at_once("", *_WITH_FRAME, then="vxlan", otherwise="no"),
    *_move("vxlan", 16, "frame"),
    ("geneve", _BYTE_AT_X, 14 + 8, "", ""),  # the length of its options, in words
    ("", _AND, 0x3F, "", ""),
    ("", _LEFT, 2, "", ""),
    ("", _ADD_X, 0, "", ""),
    ("", _ADD, 16, "", ""),
    ("", _KEEP, 0, "", ""),
    ("", _HALF_AT_X, 14 + 10, "", ""),
    ("", _IF_EQUAL, 0x0800, "geneve ipv4", ""),
    ("", _IF_EQUAL, 0x86DD, "geneve ipv6", ""),
    ("", _IF_EQUAL, 0x6558, "", "no"),
    *_move_to_kept("", "frame"),
    *_move_to_kept("geneve ipv4", "inner ipv4"),
    *_move_to_kept("geneve ipv6", "inner ipv6"),
    ("tzsp", _BYTE_AT_X, 14 + 12, "", ""),  # with tags before the last one it is not looked into
    ("", _IF_EQUAL, 1, "", "no"),
    *_move("", 13, "frame"),
    # GRE: its header has four bytes, and four for each of checksum, key and sequence number
    ("gre", _HALF_AT_X, 14 + 2, "", ""),
    ("", _KEEP, 0, "", ""),  # what it carries
    ("", _HALF_AT_X, 14, "", ""),
    ("", _IF_SET, 0x4FFF, "no", ""),  # routing, PPTP, and what nobody sends
    ("", _RIGHT, 12, "", ""),
    ("", _KEEP, 1, "", ""),
    ("", _IF_EQUAL, 0, "gre 4", ""),
    *_at_once("", 8, 2, 1, then="gre 8", otherwise=""),
    *_at_once("", 10, 9, 3, then="gre 12", otherwise="no"),
    *_move("gre 4", 4, "gre contents"),
    *_move("gre 8", 8, "gre contents"),
    *_move("gre 12", 12, "gre contents"),
    ("gre contents", _KEPT, 0, "", ""),
    ("", _IF_EQUAL, 0x0800, "inner ipv4", ""),
    ("", _IF_EQUAL, 0x86DD, "inner ipv6", ""),
    ("", _IF_EQUAL, 0x6558, "frame", ""),
    ("", _IF_EQUAL, 0x22EB, "erspan iii", ""),
    ("", _IF_EQUAL, 0x88BE, "", "no"),
    ("", _KEPT, 1, "", ""),
    ("", _IF_EQUAL, 0, "frame", "erspan ii"),  # I has no header of its own, and no sequence number
    *_move("erspan ii", 8, "frame"),
    ("erspan iii", _BYTE_AT_X, 14 + 11, "", ""),
    ("", _IF_SET, 1, "erspan iii more", "erspan iii bare"),
    *_move("erspan iii more", 20, "frame"),
    *_move("erspan iii bare", 12, "frame"),
    # by EtherType; of MPLS up to three labels
    ("mpls", _LOAD_BYTE, 16, "", ""),
    ("", _IF_SET, 1, "mpls 1", ""),
    ("", _LOAD_BYTE, 20, "", ""),
    ("", _IF_SET, 1, "mpls 2", ""),
    ("", _LOAD_BYTE, 24, "", ""),
    ("", _IF_SET, 1, "mpls 3", "no"),
    ("mpls 1", _X_IS, 4, "", ""),
    ("", _GO, 0, "mpls contents", ""),
    ("mpls 2", _X_IS, 8, "", ""),
    ("", _GO, 0, "mpls contents", ""),
    ("mpls 3", _X_IS, 12, "", ""),
    ("mpls contents", _BYTE_AT_X, 14, "", ""),
    ("", _IF_EQUAL, 0, "mpls word", ""),
    ("", _RIGHT, 4, "", ""),
    ("", _IF_EQUAL, 4, "inner ipv4", ""),
    ("", _IF_EQUAL, 6, "inner ipv6", "frame"),
    *_move("mpls word", 4, "frame"),
    ("802.1ah", _X_IS, 4, "", ""),
    ("", _GO, 0, "frame", ""),
    ("pppoe", _X_IS, 8, "", ""),
    ("", _LOAD_HALF, 20, "", ""),
    ("", _IF_EQUAL, 0x0021, "inner ipv4", ""),
    ("", _IF_EQUAL, 0x0057, "inner ipv6", "no"),
    # an Ethernet frame inside, perhaps with a VLAN
    ("frame", _HALF_AT_X, 14 + 12, "", ""),
    ("", _IF_EQUAL, 0x0806, "yes", ""),
    ("", _IF_EQUAL, 0x0800, "frame ipv4", ""),
    ("", _IF_EQUAL, 0x86DD, "frame ipv6", ""),
    *_at_once("", 0x8100, 0x88A8, then="tagged", otherwise="no"),
    ("tagged", _HALF_AT_X, 14 + 16, "", ""),
    ("", _IF_EQUAL, 0x0806, "yes", ""),
    ("", _IF_EQUAL, 0x0800, "tagged ipv4", ""),
    ("", _IF_EQUAL, 0x86DD, "tagged ipv6", "no"),
    *_move("frame ipv4", 14, "inner ipv4"),
    *_move("tagged ipv4", 18, "inner ipv4"),
    *_move("frame ipv6", 14, "inner ipv6"),
    *_move("tagged ipv6", 18, "inner ipv6"),
    ("inner ipv4", _BYTE_AT_X, 14 + 9, "", ""),
    *_at_once("", *_IP_WANTED, then="yes", otherwise="no"),
    ("inner ipv6", _BYTE_AT_X, 14 + 6, "", ""),
    ("", _IF_EQUAL, 112, "yes", ""),
    ("", _IF_EQUAL, _ICMP6, "", "no"),
    ("", _BYTE_AT_X, 14 + 40, "", ""),
    ("", _IF_EQUAL, 136, "yes", "no"),
    ("no", _RETURN, 0, "", ""),
    ("yes", _RETURN, 0x40000, "", ""),
]


def _assembled(steps: list[Step]) -> tuple[tuple[int, int, int, int], ...]:
    """As the kernel takes it: code, how many steps to skip if so and if not, constant."""
    at = {step[0]: number for number, step in enumerate(steps)}
    found = []
    for number, (_, code, value, if_true, if_false) in enumerate(steps):
        skip_true, skip_false = (at[label] - number - 1 if label else 0 for label in (if_true, if_false))
        found.append((code, 0, 0, skip_true) if code == _GO else (code, skip_true, skip_false, value))
    return tuple(found)


FILTER = _assembled(_STEPS)

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
