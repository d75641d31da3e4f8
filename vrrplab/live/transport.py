"""What both ways of speaking VRRP have in common: the face the driver talks to, and IPv4 packets taken in.

Two transports exist: ``raw_socket`` speaks real VRRP (protocol 112, root), ``udp_socket`` carries whole
frames inside UDP on this host's loopback (no privilege). The driver cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vrrplab.config.model import NodeConfig
from vrrplab.drive.messages import Packet, Unusable
from vrrplab.errors import DropReason, PacketError
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.wire import auth
from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_VRRP

# linux/in.h: 0 keeps a socket from hearing groups that only other sockets have joined
IP_MULTICAST_ALL = 49


class Transport(Protocol):
    """How a router reaches its networks. Sending raises OSError when a frame cannot leave."""

    mode: str  # "raw" or "udp"

    def readers(self) -> list[tuple[int, Callable[[], Packet | Unusable | None]]]:
        """File descriptors to wait for, each with what reads one packet (None: nothing more waits)."""
        ...

    def open(self, interface: str) -> None:
        """(Re)open what belongs to an interface, after it appeared; harmless if it is not there."""
        ...

    def send_advert(self, action: SendAdvertisement, destination: str) -> bytes:
        """Send one copy; the bytes that left, as an Ethernet frame or "" where the kernel makes it."""
        ...

    def announce(self, action: SendGratuitousArp) -> str:
        """Send a gratuitous ARP or an unsolicited neighbour advertisement; the MAC address it told."""
        ...

    def follow(self, node: NodeConfig) -> None:
        """A reload: listen to what this configuration needs. LiveError: everything is as it was."""
        ...

    def news(self, last: bool = False) -> list[str]:
        """What there is to tell since this was asked last, a sentence each; ``last``: before it is closed."""
        ...

    def close(self) -> None: ...


def read_ipv4(interface: str, packet: bytes) -> Packet | Unusable:
    """A whole IPv4 packet as a raw socket gives it: header, perhaps AH, VRRP."""
    size = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < 20 or size < 20 or len(packet) < size:
        return Unusable(interface, "", 0, DropReason.BAD_IP_HEADER)
    source, destination = unpack_address(packet[12:16]), unpack_address(packet[16:20])
    total = packet[2] << 8 | packet[3]
    if packet[6] & 0x3F or packet[7]:
        return Unusable(interface, source, 0, DropReason.FRAGMENT)
    body = packet[size : max(size, total)]
    if packet[9] == PROTOCOL_VRRP:
        return Packet(interface, source, destination, packet[8], body)
    if packet[9] != PROTOCOL_AH or not body or body[0] != PROTOCOL_VRRP:
        return Unusable(interface, source, 0, DropReason.NOT_VRRP)
    try:
        ah = auth.AhHeader.parse(body)
    except PacketError as error:
        return Unusable(interface, source, 0, error.reason)
    message = body[auth.AH_SIZE :]
    return Packet(interface, source, destination, packet[8], message, ah, packet[:size])
