"""Frames to Scapy packets and back: build what you like with Scapy, see what a router would make of it.

    from scapy.layers.vrrp import VRRPv3
    packet = to_scapy(frame)
    packet[VRRPv3].priority = 0
    del packet[VRRPv3].chksum
    judge(from_scapy(packet))

What Scapy 2.8 does not do, so that nobody wonders:

* it never says whether a VRRP checksum is right; over IPv4 it makes version 3 ones with a pseudo-header only;
* the authentication data of version 2 are two integers, zero when they are missing;
* VRRP over IPv6 needs ``scapy.layers.vrrp`` to be imported, and version 2 over IPv6 gets IPv4 addresses;
* CARP is taken for VRRP; an HMAC trailer and other trailing bytes end up in a Raw layer;
* VRRP behind IPsec AH is a Raw layer, and so is a message that is cut short.

Scapy is imported when a function is called: it takes over a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vrrplab.wire import links
from vrrplab.wire.dissect import Frame, decode

if TYPE_CHECKING:
    from scapy.packet import Packet


def to_scapy(frame: Frame) -> Packet:
    """The frame as a Scapy packet, dissected by Scapy from the same bytes.

    ValueError for a link type that Scapy has no layer for.
    """
    from scapy.layers import inet6, ipsec, vrrp  # noqa: F401 (Scapy binds a protocol when its module is imported)

    layer = _layer_of(frame.link_type, frame.raw)
    if layer is None:
        name = links.NAMES.get(frame.link_type, str(frame.link_type))
        raise ValueError(f"Scapy has no layer for {name}")
    packet: Packet = layer(frame.raw)
    return packet


def from_scapy(packet: Packet) -> Frame:
    """Any Scapy packet as a Frame: built by Scapy, then decoded from its bytes.

    The outermost layer says what the frame begins with: Ethernet, Linux cooked, loopback, IP, IPv6 or VRRP.
    """
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Loopback
    from scapy.layers.vrrp import VRRP, VRRPv3

    first: Any = packet.firstlayer()
    link_type = links.ETHERNET
    for layer, number in (
        (CookedLinuxV2, links.LINUX_SLL2),
        (CookedLinux, links.LINUX_SLL),
        (Loopback, links.NULL),
        ((IP, IPv6), links.RAW),
        ((VRRP, VRRPv3), links.MESSAGE),
    ):
        if isinstance(first, layer):
            link_type = number
            break
    return decode(bytes(packet), link_type)


def _layer_of(link_type: int, raw: bytes) -> Any:
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Ether, Loopback
    from scapy.layers.vrrp import VRRP, VRRPv3

    if link_type == links.MESSAGE:
        return VRRPv3 if raw[:1] and raw[0] >> 4 == 3 else VRRP
    if link_type in (links.RAW, links.RAW_BSD, links.RAW_OPENBSD, links.IPV4, links.IPV6):
        return IPv6 if raw[:1] and raw[0] >> 4 == 6 else IP
    return {
        links.ETHERNET: Ether,
        links.LINUX_SLL: CookedLinux,
        links.LINUX_SLL2: CookedLinuxV2,
        links.NULL: Loopback,
        links.LOOP: Loopback,
    }.get(link_type)
