"""What captures put in front of an IP packet: Ethernet, Linux "cooked" headers, PPP, Frame Relay, 802.11, BSD
loopback, or nothing at all. A table says how each is read (``_READERS``).

Numbers are those of the pcap file format (LINKTYPE_…), but for ``MESSAGE``, ``ARP`` and
``CUSTOM_BLOCK``, which no capture
has. Everything ends up as an ``EthernetHeader``, where the destination is None if the capture did not keep
it, or as no header at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire.addresses import unpack_mac
from vrrplab.wire.ethernet import (
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    VLAN_TYPES,
    EthernetHeader,
    VlanTag,
)

NULL = 0
ETHERNET = 1
PPP = 9
FDDI = 10
RAW_BSD, RAW_OPENBSD = 12, 14
PPP_HDLC, PPP_ETHER = 50, 51
RAW = 101
C_HDLC, IEEE802_11 = 104, 105
FRELAY, LOOP, ENC = 107, 108, 109
LINUX_SLL = 113
RADIOTAP = 127
PPP_PPPD = 166
PPP_WITH_DIR, C_HDLC_WITH_DIR, FRELAY_WITH_DIR = 204, 205, 206
MPLS = 219
IPV4 = 228
IPV6 = 229
NFLOG = 239
LINUX_SLL2 = 276
_LLC = 4  # as Linux cooked says it; any number below 1536 that is no length
# a VRRP message without the headers before it: what somebody copied out of a figure or a decoder
MESSAGE = -1
ARP = -2  # the same of ARP: tcpdump -x prints no link header
CUSTOM_BLOCK = -3  # of pcapng: number of an enterprise, then what only that knows; a packet, perhaps

NAMES = {
    NULL: "BSD loopback",
    ETHERNET: "Ethernet",
    PPP: "PPP",
    FDDI: "FDDI",
    RAW_BSD: "raw IP",
    RAW_OPENBSD: "raw IP",
    PPP_HDLC: "PPP",
    PPP_ETHER: "PPPoE",
    RAW: "raw IP",
    C_HDLC: "Cisco HDLC",
    IEEE802_11: "802.11",
    FRELAY: "Frame Relay",
    LOOP: "OpenBSD loopback",
    ENC: "OpenBSD IPsec",
    LINUX_SLL: "Linux cooked v1",
    RADIOTAP: "802.11",
    PPP_PPPD: "PPP",
    PPP_WITH_DIR: "PPP",
    C_HDLC_WITH_DIR: "Cisco HDLC",
    FRELAY_WITH_DIR: "Frame Relay",
    MPLS: "MPLS",
    IPV4: "raw IPv4",
    IPV6: "raw IPv6",
    NFLOG: "netfilter log",
    LINUX_SLL2: "Linux cooked v2",
}

# Others that captures are of: what they are called when they are refused. The names are those of tcpdump's
# list of link types.
OTHERS = {
    6: "Token Ring",
    100: "ATM RFC 1483",
    114: "LocalTalk",
    117: "OpenBSD pflog",
    119: "802.11 with a Prism header",
    122: "IP over Fibre Channel",
    123: "SunATM",
    138: "IP over IEEE 1394",
    139: "MTP2 with pseudo-header",
    140: "MTP2",
    141: "MTP3",
    142: "SCCP",
    143: "DOCSIS",
    144: "Linux IrDA",
    163: "802.11 with an AVS header",
    177: "Linux LAPD",
    187: "Bluetooth HCI",
    189: "USB (Linux)",
    192: "PPI",
    195: "802.15.4",
    196: "SITA",
    197: "ERF",
    201: "Bluetooth HCI",
    202: "AX.25 with a KISS header",
    203: "LAPD",
    209: "IPMB",
    215: "802.15.4",
    220: "USB (Linux)",
    224: "Fibre Channel",
    225: "Fibre Channel",
    226: "Solaris ipnet",
    227: "CAN",
    230: "802.15.4",
    231: "D-Bus",
    240: "netANALYZER",
    241: "netANALYZER",
    242: "IP over InfiniBand",
    243: "MPEG-2 transport stream",
    245: "NFC LLCP",
    247: "InfiniBand",
    248: "SCTP",
    249: "USB (USBPcap)",
    250: "Schweitzer RTAC serial",
    251: "Bluetooth Low Energy",
    253: "Linux netlink",
    254: "Bluetooth (Linux monitor)",
    256: "Bluetooth Low Energy",
    257: "Profibus",
    258: "macOS pktap",
    259: "EPON",
    264: "ISO 14443",
    266: "USB (macOS)",
    268: "SDLC",
    270: "LoRaTap",
    271: "vsock",
    272: "Nordic Bluetooth sniffer",
    274: "Ethernet mPackets",
    280: "VPP dispatch trace",
    281: "Ethernet with a Broadcom switch tag",
    282: "Ethernet with a Broadcom switch tag",
    283: "802.15.4",
    284: "Ethernet with a DSA switch tag",
    285: "Ethernet with an EDSA switch tag",
}


def unread(link_type: int) -> str:
    """That a link type is not read, in words; "" if it is."""
    if link_type in NAMES or link_type == MESSAGE:
        return ""
    called = f" ({OTHERS[link_type]})" if link_type in OTHERS else ""
    return f"link type {link_type}{called} is not read here: {', '.join(sorted(set(NAMES.values())))} are"


# address family numbers for IPv6 differ between the BSDs, macOS and Linux
_FAMILIES_IPV6 = frozenset((10, 24, 28, 30))


@dataclass(slots=True)
class Link:
    """A parsed link header: ``header`` (or None), ``ethertype`` of what follows (or None), its ``offset``."""

    header: EthernetHeader | None
    ethertype: int | None
    offset: int
    problem: PacketError | None = None
    sealed: str = ""  # why what follows cannot be read, a word of ``tunnels.SEALED``


def parse_link(frame: bytes, link_type: int) -> Link:
    """The link header of a captured frame. Never raises: a cut or unknown one has a ``problem``."""
    if link_type == ETHERNET:
        header, offset = EthernetHeader.parse(frame)
        if header is None:
            return _cut(frame, 14, "Ethernet header")
        if header.ethertype in VLAN_TYPES:
            return Link(header, None, len(frame), _too_short(frame, "inside a VLAN tag"))
        return Link(header, header.ethertype, offset)
    if link_type == MESSAGE:
        return Link(None, None, 0)
    if link_type == ARP:
        return Link(None, ETHERTYPE_ARP, 0)
    if link_type == CUSTOM_BLOCK:
        return Link(None, None, len(frame), sealed="custom block of pcapng")
    read = _READERS.get(link_type)
    if read is None:
        return Link(None, None, 0, PacketError(DropReason.BAD_ETHERTYPE, 0, unread(link_type)))
    return read(frame)


def _too_short(frame: bytes, where: str) -> PacketError:
    return PacketError(DropReason.TOO_SHORT, len(frame), f"the frame ends {where}, after {len(frame)} bytes")


def _cut(frame: bytes, size: int, what: str) -> Link:
    return Link(None, None, len(frame), _too_short(frame, f"inside the {what} of {size} bytes"))


def _raw(frame: bytes) -> Link:
    if not frame:
        return _cut(frame, 20, "IP header")
    return Link(None, ETHERTYPE_IPV6 if frame[0] >> 4 == 6 else ETHERTYPE_IPV4, 0)


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


def _ppp(frame: bytes, at: int = 0) -> Link:
    """Read by ``wire.tunnels``, as PPP inside tunnels is. Cisco's HDLC, on the same lines, is told by its
    address.
    """
    if len(frame) <= at:
        return _cut(frame, at + 2, "PPP header")
    if frame[at] in (0x0F, 0x8F):
        return _cisco_hdlc(frame, at)
    return Link(None, 0x880B, at)


def _cisco_hdlc(frame: bytes, at: int = 0) -> Link:
    if len(frame) < at + 4:
        return _cut(frame, at + 4, "HDLC header")
    return Link(None, frame[at + 2] << 8 | frame[at + 3], at + 4)


def _frame_relay(frame: bytes, at: int = 0) -> Link:
    """RFC 2427: Q.922 address, 03, a network layer protocol number; Cisco's own puts an EtherType there."""
    while at < len(frame) and not frame[at] & 1:  # the last byte of an address has this bit
        at += 1
    at += 1
    if len(frame) < at + 2:
        return _cut(frame, at + 2, "Frame Relay header")
    if frame[at] != 3:
        return Link(None, frame[at] << 8 | frame[at + 1], at + 2)
    at += 1
    if frame[at] == 0:
        at += 1
    known = {0xCC: ETHERTYPE_IPV4, 0x8E: ETHERTYPE_IPV6, 0xCF: 0x880B}
    if frame[at : at + 1] in (b"\xb0", b"\xb1"):  # of FRF.9 and FRF.12
        return Link(None, None, at, sealed="Frame Relay, compressed or in pieces")
    if frame[at : at + 1] == b"\x80" and len(frame) >= at + 6:  # SNAP
        is_bridged = frame[at + 1 : at + 4] == b"\0\x80\xc2"
        inside = frame[at + 4] << 8 | frame[at + 5]
        return Link(None, 0x6558 if is_bridged and inside == 7 else inside, at + 6)
    return Link(None, known.get(frame[at]) if len(frame) > at else None, min(at + 1, len(frame)))


def _fddi(frame: bytes) -> Link:
    if len(frame) < 13:
        return _cut(frame, 13, "FDDI header")
    return Link(EthernetHeader(unpack_mac(frame[7:13]), unpack_mac(frame[1:7]), _LLC), _LLC, 13)


def _enc(frame: bytes) -> Link:
    if len(frame) < 12:
        return _cut(frame, 12, "OpenBSD IPsec header")
    numbers = {int.from_bytes(frame[:4], order) for order in ("big", "little")}
    ethertype = ETHERTYPE_IPV4 if 2 in numbers else ETHERTYPE_IPV6 if numbers & _FAMILIES_IPV6 else None
    return Link(None, ethertype, 12)


def _mpls(frame: bytes) -> Link:
    return Link(None, 0x8847, 0)


def _pppoe(frame: bytes) -> Link:
    return Link(None, 0x8864, 0)


def _radiotap(frame: bytes) -> Link:
    size = int.from_bytes(frame[2:4], "little")
    if len(frame) < 4 or size > len(frame):
        return _cut(frame, max(size, 4), "radiotap header")
    return _wireless(frame, size)


def _wireless(frame: bytes, at: int = 0) -> Link:
    """802.11: only frames with data in them, which is LLC. Its addresses are those of the stations."""
    if len(frame) < at + 24:
        return _cut(frame, at + 24, "802.11 header")
    control, flags = frame[at], frame[at + 1]
    if control & 0x0C != 0x08 or control & 0x40:
        return Link(None, None, at)  # management and control, or data that is none
    distribution = flags & 3
    size = 30 if distribution == 3 else 24
    if control & 0x80:  # quality of service
        size += 2 + 4 * bool(flags & 0x80)
    if len(frame) < at + size:
        return _cut(frame, at + size, "802.11 header")
    one, two, three = (unpack_mac(frame[at + n : at + n + 6]) for n in (4, 10, 16))
    four = unpack_mac(frame[at + 24 : at + 30]) if distribution == 3 else ""
    source, destination = {0: (two, one), 1: (two, three), 2: (three, one), 3: (four, three)}[distribution]
    header = EthernetHeader(source, destination, _LLC)
    if flags & 0x40:
        return Link(header, None, at + size, sealed="802.11, enciphered")
    qos_at = at + (30 if distribution == 3 else 24)
    if control & 0x80 and frame[qos_at] & 0x80:
        return _aggregated(frame, at + size)
    return Link(header, _LLC, at + size)


def _aggregated(frame: bytes, at: int) -> Link:
    """802.11n puts several frames into one (A-MSDU), each with its addresses and length. One is read."""
    if len(frame) < at + 14:
        return _cut(frame, at + 14, "802.11 header")
    size = frame[at + 12] << 8 | frame[at + 13]
    if len(frame) > at + 14 + size + 8:  # more than what fills it up, and a check sequence
        return Link(None, None, at, sealed="802.11, several frames in one")
    header = EthernetHeader(unpack_mac(frame[at + 6 : at + 12]), unpack_mac(frame[at : at + 6]), _LLC)
    return Link(header, _LLC, at + 14)


def _nflog(frame: bytes) -> Link:
    """Family, version, resource; then attributes, of which number 9 is the packet."""
    if len(frame) < 4:
        return _cut(frame, 4, "netfilter log header")
    ethertype = {2: ETHERTYPE_IPV4, 10: ETHERTYPE_IPV6}.get(frame[0])
    at = 4
    while at + 4 <= len(frame):
        size, kind = (int.from_bytes(frame[n : n + 2], "little") for n in (at, at + 2))
        if kind & 0x7FFF == 9:
            return Link(None, ethertype, at + 4)
        if size < 4:
            break
        at += (size + 3) & ~3
    return Link(None, None, len(frame))


_READERS: dict[int, Callable[[bytes], Link]] = {
    NULL: lambda frame: _loopback(frame, NULL),
    LOOP: lambda frame: _loopback(frame, LOOP),
    **dict.fromkeys((RAW, RAW_BSD, RAW_OPENBSD), _raw),
    IPV4: lambda frame: Link(None, ETHERTYPE_IPV4, 0),
    IPV6: lambda frame: Link(None, ETHERTYPE_IPV6, 0),
    LINUX_SLL: lambda frame: _cooked(frame, size=16, protocol_at=14, length_at=4, address_at=6),
    LINUX_SLL2: lambda frame: _cooked(frame, size=20, protocol_at=0, length_at=11, address_at=12),
    **dict.fromkeys((PPP, PPP_HDLC), _ppp),
    **dict.fromkeys((PPP_PPPD, PPP_WITH_DIR), lambda frame: _ppp(frame, 1)),
    PPP_ETHER: _pppoe,
    FDDI: _fddi,
    C_HDLC: _cisco_hdlc,
    C_HDLC_WITH_DIR: lambda frame: _cisco_hdlc(frame, 1),
    FRELAY: _frame_relay,
    FRELAY_WITH_DIR: lambda frame: _frame_relay(frame, 1),
    ENC: _enc,
    MPLS: _mpls,
    IEEE802_11: _wireless,
    RADIOTAP: _radiotap,
    NFLOG: _nflog,
}
