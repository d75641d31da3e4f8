"""What captures put in front of an IP packet: Ethernet, Linux "cooked" headers, BSD loopback, or nothing at
all.

Numbers are those of the pcap file format (LINKTYPE_…), but for ``MESSAGE``, which no capture has. Everything
ends up as an ``EthernetHeader``, where the destination is None if the capture did not keep it, or as no
header at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire.addresses import unpack_mac
from vrrplab.wire.ethernet import ETHERTYPE_IPV4, ETHERTYPE_IPV6, VLAN_TYPES, EthernetHeader, VlanTag

NULL = 0
ETHERNET = 1
RAW_BSD, RAW_OPENBSD = 12, 14
RAW = 101
LOOP = 108
LINUX_SLL = 113
IPV4 = 228
IPV6 = 229
LINUX_SLL2 = 276
# a VRRP message without the headers before it: what somebody copied out of a figure or a decoder
MESSAGE = -1

NAMES = {
    NULL: "BSD loopback",
    ETHERNET: "Ethernet",
    RAW_BSD: "raw IP",
    RAW_OPENBSD: "raw IP",
    RAW: "raw IP",
    LOOP: "OpenBSD loopback",
    LINUX_SLL: "Linux cooked v1",
    IPV4: "raw IPv4",
    IPV6: "raw IPv6",
    LINUX_SLL2: "Linux cooked v2",
}

# address family numbers for IPv6 differ between the BSDs, macOS and Linux
_FAMILIES_IPV6 = frozenset((10, 24, 28, 30))


@dataclass(slots=True)
class Link:
    """A parsed link header: ``header`` (or None), ``ethertype`` of what follows (or None), its ``offset``."""

    header: EthernetHeader | None
    ethertype: int | None
    offset: int
    problem: PacketError | None = None


def parse_link(frame: bytes, link_type: int) -> Link:
    """The link header of a captured frame. Never raises: a cut or unknown one has a ``problem``."""
    if link_type == ETHERNET:
        header, offset = EthernetHeader.parse(frame)
        if header is None:
            return _cut(frame, 14, "Ethernet header")
        if header.ethertype in VLAN_TYPES:
            return Link(header, None, len(frame), _too_short(frame, "inside a VLAN tag"))
        return Link(header, header.ethertype, offset)
    if link_type in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        if not frame:
            return _cut(frame, 20, "IP header")
        return Link(None, ETHERTYPE_IPV6 if frame[0] >> 4 == 6 else ETHERTYPE_IPV4, 0)
    if link_type in (NULL, LOOP):
        return _loopback(frame, link_type)
    if link_type == LINUX_SLL:
        return _cooked(frame, size=16, protocol_at=14, length_at=4, address_at=6)
    if link_type == LINUX_SLL2:
        return _cooked(frame, size=20, protocol_at=0, length_at=11, address_at=12)
    if link_type == MESSAGE:
        return Link(None, None, 0)
    text = f"link type {link_type} is not read here: {', '.join(sorted(set(NAMES.values())))} are"
    return Link(None, None, 0, PacketError(DropReason.BAD_ETHERTYPE, 0, text))


def _too_short(frame: bytes, where: str) -> PacketError:
    return PacketError(DropReason.TOO_SHORT, len(frame), f"the frame ends {where}, after {len(frame)} bytes")


def _cut(frame: bytes, size: int, what: str) -> Link:
    return Link(None, None, len(frame), _too_short(frame, f"inside the {what} of {size} bytes"))


def _loopback(frame: bytes, link_type: int) -> Link:
    if len(frame) < 4:
        return _cut(frame, 4, "loopback header")
    # NULL is in the byte order of the machine that captured, LOOP in network order
    number = int.from_bytes(frame[:4], "big")
    if link_type == NULL and number > 0xFFFF:
        number = int.from_bytes(frame[:4], "little")
    ethertype = ETHERTYPE_IPV4 if number == 2 else ETHERTYPE_IPV6 if number in _FAMILIES_IPV6 else None
    problem = None
    if ethertype is None:
        problem = PacketError(DropReason.BAD_ETHERTYPE, 0, f"address family {number} is not IP")
    return Link(None, ethertype, 4, problem)


def _cooked(frame: bytes, size: int, protocol_at: int, length_at: int, address_at: int) -> Link:
    if len(frame) < size:
        return _cut(frame, size, "Linux cooked header")
    ethertype = frame[protocol_at] << 8 | frame[protocol_at + 1]
    has_mac = frame[length_at:address_at] == (6).to_bytes(address_at - length_at, "big")
    source = unpack_mac(frame[address_at : address_at + 6]) if has_mac else None
    header = EthernetHeader(source, None, ethertype)
    offset = size
    tags = []
    while ethertype in VLAN_TYPES and len(frame) >= offset + 4:
        tags.append(VlanTag(ethertype, frame[offset] << 8 | frame[offset + 1]))
        ethertype = frame[offset + 2] << 8 | frame[offset + 3]
        offset += 4
    header.vlans, header.ethertype = tuple(tags), ethertype
    return Link(header, ethertype, offset)
