"""VRRP without privileges: whole Ethernet frames inside UDP, on this host's loopback only.

This is NOT VRRP on a wire. Several processes of one machine share a make-believe LAN: each datagram to
224.0.0.18 (sent on the loopback interface with TTL 0, so it cannot leave) carries

    "VRRPLAB" 01 | length of the segment's name | name | Ethernet frame

The frames inside are the real ones, byte for byte, so captures, decoders and tie-breaks by address work as
ever. Interfaces and addresses are make-believe too (``fake_host``).

Who can get in: any user of this host, and any program in its network namespace (a container with the host's
network is one). They may listen, and send what they like, as whoever shares a real LAN may; a port of its own
(--port) keeps apart only those who do not look for it. No other machine, virtual machine or namespace can:
the kernel is told not to hand over what other interfaces hear of the group (IP_MULTICAST_ALL), and of each
datagram the interface and the source are looked at; what did not come from 127.0.0.0/8 over the loopback
interface is refused, counted, and told once.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Callable

from vrrplab.config.model import NodeConfig
from vrrplab.drive.messages import AdvertFrames, Packet, Unusable, announcement_of
from vrrplab.errors import DropReason, LiveError
from vrrplab.live.fake_host import FakeHost, FakeInterface, mac_of
from vrrplab.live.transport import IP_MULTICAST_ALL, read_ipv4
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, is_multicast, unpack_mac
from vrrplab.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_VRRP, IPv6Header

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 11200  # 112 is VRRP's protocol number
MAGIC = b"VRRPLAB\x01"
LABEL = "VRRP inside UDP on loopback: a make-believe LAN, not VRRP on a wire"
_ENETUNREACH = 101
# linux/in.h: a name that Python's socket module does not have
IP_PKTINFO = 8
_INFO = (socket.IPPROTO_IP, IP_PKTINFO)
_PKTINFO = struct.Struct("=i4s4s")  # interface it arrived on, address it arrived for, destination
_AT_ONCE = 64


def wrap(segment: str, frame: bytes) -> bytes:
    """A datagram with a frame in it."""
    name = segment.encode("utf-8", "surrogateescape")[:255]
    return MAGIC + bytes((len(name),)) + name + frame


def unwrap(datagram: bytes) -> tuple[str, bytes] | None:
    """(segment, frame), or None for a datagram that is none of ours."""
    if not datagram.startswith(MAGIC) or len(datagram) <= len(MAGIC):
        return None
    start = len(MAGIC) + 1
    end = start + datagram[len(MAGIC)]
    if len(datagram) < end:
        return None
    return datagram[start:end].decode("utf-8", "replace"), datagram[end:]


def open_sender() -> socket.socket:
    """A socket whose datagrams stay on this host."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    return one


class Receiver:
    """A non-blocking socket that hears the make-believe LAN. LiveError says who has the port, if taken."""

    def __init__(self, port: int) -> None:
        self.refused = 0  # datagrams that came from outside this host's loopback
        self._where = ""  # the first of them came from
        self._told = 0
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        try:
            self._loopback = socket.if_nametoindex("lo")
            self._open(port)
        except OSError as error:
            self.close()
            raise LiveError(
                f"UDP port {port}: {error.strerror}{holder_of(port)} - choose another with --port"
            ) from None

    def _open(self, port: int) -> None:
        one = self._socket
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        # both before it is bound: nothing may arrive unjudged in between
        one.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        one.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        one.bind((VRRP_GROUP_IPV4, port))
        request = socket.inet_aton(VRRP_GROUP_IPV4) + socket.inet_aton(LOOPBACK)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def read(self) -> bytes | None:
        """A datagram of this host; None when nothing more waits, or when others should get their turn."""
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, (source, _) = self._socket.recvmsg(65535, 64)
            except OSError:
                return None
            arrival = next(
                (_PKTINFO.unpack(d)[0] for level, kind, d in ancillary if (level, kind) == _INFO), 0
            )
            if arrival == self._loopback and source.startswith("127."):
                return data
            if not self.refused:
                self._where = f"{source}{_on(arrival)}"
            self.refused += 1
        return None

    def news(self, last: bool = False) -> list[str]:
        """One sentence when the first was refused; ``last``: how many were in the end, if more."""
        if self.refused == self._told or (self._told and not last):
            return []
        first, self._told = not self._told, self.refused
        if not first:
            return [f"{_datagrams(self.refused)} from outside were refused in all"]
        text = f"{_datagrams(self.refused)} refused, the first from {self._where}: only programs of this host"
        return [f"{text} may speak on its loopback; further ones are refused and counted"]


def _datagrams(number: int) -> str:
    return f"{number} datagram{'s' if number != 1 else ''}"


def _on(interface: int) -> str:
    """ " on NAME"; the number of one that has gone already."""
    try:
        return f" on {socket.if_indextoname(interface)}"
    except OSError:
        return f" on interface {interface}"


def holder_of(port: int) -> str:
    """ " (used by NAME, process N)" for a UDP port, as far as this user may see it; else ""."""
    wanted = f":{port:04X}"
    inodes = set()
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        inodes |= {row[9] for row in rows if row[1].endswith(wanted)}
    wanted_links = {f"socket:[{inode}]" for inode in inodes}
    for pid in sorted((p for p in os.listdir("/proc") if p.isdecimal()), key=int):
        if wanted_links & _links_of(pid):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                return f", used by {file.read().strip()} (process {pid})"
    return ", used by somebody else's process" if inodes else ""


def _links_of(pid: str) -> set[str]:
    """What a process's descriptors lead to, as far as this user may see."""
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return found


class UdpTransport:
    """Transport of a router without rights."""

    mode = "udp"

    def __init__(self, host: FakeHost, port: int = DEFAULT_PORT) -> None:
        self._host = host
        self._port = port
        self._receiver = Receiver(port)
        self._sender = open_sender()
        self._frames = AdvertFrames()

    def readers(self) -> list[tuple[int, Callable[[], Packet | Unusable | None]]]:
        return [(self._receiver.fileno(), self._read)]

    def open(self, interface: str) -> None:
        """Nothing to do: all make-believe interfaces share one socket."""

    def follow(self, node: NodeConfig) -> None:
        """Nothing to do: whatever a configuration says, the socket is the same."""

    def news(self, last: bool = False) -> list[str]:
        return self._receiver.news(last)

    def close(self) -> None:
        self._receiver.close()
        self._sender.close()

    def _read(self) -> Packet | Unusable | None:
        for _ in range(_AT_ONCE):  # frames of our own and of other segments; timers must get their turn
            datagram = self._receiver.read()
            if datagram is None:
                return None
            found = unwrap(datagram)
            if found is None:
                return Unusable("", "", 0, DropReason.NOT_VRRP)
            segment, frame = found
            for interface in self._host.interfaces.values():
                if interface.segment != segment or not interface.up or len(frame) < 14:
                    continue
                packet = _for_us(interface, frame)
                if packet is not None:
                    return packet
        return None

    def send_advert(self, action: SendAdvertisement, destination: str) -> bytes:
        interface = self._interface(action.interface)
        to_mac = None if is_multicast(destination) else mac_of(destination)
        frame = self._frames.make(action, destination, interface.mac, to_mac)
        self._send(interface, frame)
        return frame

    def announce(self, action: SendGratuitousArp) -> str:
        interface = self._interface(action.interface)
        self._send(interface, announcement_of(action, interface.mac))
        return interface.mac

    def _interface(self, name: str) -> FakeInterface:
        interface = self._host.interfaces.get(name)
        if interface is None or not interface.up:
            raise OSError(_ENETUNREACH, os.strerror(_ENETUNREACH))
        return interface

    def _send(self, interface: FakeInterface, frame: bytes) -> None:
        self._sender.sendto(wrap(interface.segment, frame), (VRRP_GROUP_IPV4, self._port))


def _for_us(interface: FakeInterface, frame: bytes) -> Packet | Unusable | None:
    """The VRRP packet in a frame, if the frame is one and neither our own nor for somebody else."""
    if unpack_mac(frame[6:12]) == interface.mac:
        return None
    if not frame[0] & 1 and unpack_mac(frame[:6]) != interface.mac:
        return None
    ethertype = frame[12] << 8 | frame[13]
    if ethertype == ETHERTYPE_IPV4 and len(frame) >= 34 and frame[23] in (PROTOCOL_VRRP, PROTOCOL_AH):
        return read_ipv4(interface.name, frame[14:])
    if ethertype == ETHERTYPE_IPV6 and len(frame) >= 54 and frame[20] == PROTOCOL_VRRP:
        header, payload, _ = IPv6Header.parse(frame[14:])
        if header is not None:
            return Packet(interface.name, header.source, header.destination, header.ttl, payload)
    return None
