"""VRRP without privileges: whole Ethernet frames inside UDP, on this host's loopback only.

This is NOT VRRP on a wire. Several processes of one machine share a make-believe LAN: each datagram to
224.0.0.18 (sent on the loopback interface with TTL 0, so it cannot leave) carries

    "VRRPLAB" 01 | length of the segment's name | name | Ethernet frame

The frames inside are the real ones, byte for byte, so captures, decoders and tie-breaks by address work as
ever. Interfaces and addresses are make-believe too (``fake_host``).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable

from vrrplab.config.model import NodeConfig
from vrrplab.drive.messages import AdvertFrames, Packet, Unusable, announcement_of
from vrrplab.errors import DropReason, LiveError
from vrrplab.live.fake_host import FakeHost, FakeInterface, mac_of
from vrrplab.live.transport import read_ipv4
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, is_multicast, unpack_mac
from vrrplab.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_VRRP, IPv6Header

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 11200  # 112 is VRRP's protocol number
MAGIC = b"VRRPLAB\x01"
LABEL = "VRRP inside UDP on loopback: a make-believe LAN, not VRRP on a wire"
_ENETUNREACH = 101


def wrap(segment: str, frame: bytes) -> bytes:
    """A datagram with a frame in it."""
    name = segment.encode()[:255]
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


def open_receiver(port: int) -> socket.socket:
    """A non-blocking socket that hears the make-believe LAN. LiveError says who has the port, if taken."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        one.bind((VRRP_GROUP_IPV4, port))
        request = socket.inet_aton(VRRP_GROUP_IPV4) + socket.inet_aton(LOOPBACK)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    except OSError as error:
        one.close()
        raise LiveError(
            f"UDP port {port}: {error.strerror}{holder_of(port)} - choose another with --port"
        ) from None
    return one


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
        self._receiver = open_receiver(port)
        self._sender = open_sender()
        self._frames = AdvertFrames()

    def readers(self) -> list[tuple[int, Callable[[], Packet | Unusable | None]]]:
        return [(self._receiver.fileno(), self._read)]

    def open(self, interface: str) -> None:
        """Nothing to do: all make-believe interfaces share one socket."""

    def follow(self, node: NodeConfig) -> None:
        """Nothing to do: whatever a configuration says, the socket is the same."""

    def close(self) -> None:
        self._receiver.close()
        self._sender.close()

    def _read(self) -> Packet | Unusable | None:
        while True:
            try:
                datagram = self._receiver.recv(65535)
            except OSError:
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
