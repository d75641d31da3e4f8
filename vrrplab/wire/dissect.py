"""A captured frame taken apart, layer by layer, and put together again. Callers use it through
``wire.frames``.

``decode`` never fails, whatever the bytes: what it could not read is None, and ``problems`` says why and
where. Almost every frame of a VRRP network is an undamaged advert over plain Ethernet and IPv4; those take
a short way, and their other layers are read when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from struct import error as StructError
from typing import Generic, NamedTuple, TypeVar

from vrrplab.arguments import instance, short_repr
from vrrplab.errors import AddressError, DropReason, PacketError, VrrplabError
from vrrplab.wire import links
from vrrplab.wire.addresses import unpack_address, unpack_mac
from vrrplab.wire.arp import ArpPacket
from vrrplab.wire.auth import AH_SIZE, AhHeader
from vrrplab.wire.carp import SIZE as CARP_SIZE
from vrrplab.wire.carp import CarpAdvertisement, is_carp
from vrrplab.wire.checksum import total
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, EthernetHeader
from vrrplab.wire.ip import (
    PROTOCOL_AH,
    PROTOCOL_ICMPV6,
    PROTOCOL_IGMP,
    PROTOCOL_VRRP,
    IPHeader,
    IPv4Header,
    IPv6Header,
)
from vrrplab.wire.neighbor import ADVERTISEMENT, SOLICITATION, NeighborMessage
from vrrplab.wire.vrrp import Advertisement, read_whole

# the plain frame: type 0800 with IPv4's 45, total length, fragment bits, protocol, both addresses
_PLAIN = Struct("!12xIH2xHxB2x8s")
_unpack_plain = _PLAIN.unpack_from
# both addresses as they stand in the header -> pseudo-header sum
_PSEUDO: dict[bytes, int] = {}
_PSEUDO_LIMIT = 1024
_MODULUS = 0xFFFF
_FRAGMENT = "fragment of an IP packet: a kernel puts the pieces together first, vrrplab does not"


@dataclass(slots=True)
class _Layers:
    """What the long way finds besides VRRP."""

    eth: EthernetHeader | None = None
    ip: IPHeader | None = None
    ah: AhHeader | None = None
    arp: ArpPacket | None = None
    na: NeighborMessage | None = None
    ns: NeighborMessage | None = None
    carp: CarpAdvertisement | None = None
    payload: bytes = b""
    padding: bytes = b""
    problems: tuple[PacketError, ...] = ()


_T = TypeVar("_T")


class _Layer(Generic[_T]):
    """A part of the frame that is read when somebody asks."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, frame: Frame, owner: type[Frame]) -> _T:
        return getattr(frame._layers or frame.layers, self.name)  # type: ignore[no-any-return]

    def __set__(self, frame: Frame, value: _T) -> None:
        setattr(frame.layers, self.name, value)


class Endpoints(NamedTuple):
    """Both ends of an IP packet; ``mac`` is the sender's, "" where the capture did not keep it."""

    mac: str
    ip_version: int
    source: str
    destination: str
    vlans: tuple[int, ...]


class Frame:
    """One frame: ``raw`` bytes and what they say.

    ``kind`` is "vrrp", "arp", "na", "carp", "igmp" or "other". By kind, one of ``vrrp`` (Advertisement),
    ``arp`` (ArpPacket), ``na`` (NeighborMessage), ``carp`` is set; ``ns`` is a neighbour solicitation in an
    "other" frame. ``eth`` and ``ip`` are the headers, ``ah`` the IPsec header between IP and VRRP,
    ``payload`` what follows them, ``padding`` what follows the IP packet. ``problems`` are PacketErrors with
    offsets from the frame's start.
    """

    __slots__ = ("_layers", "kind", "link_type", "raw", "vrrp")

    raw: bytes
    link_type: int
    kind: str
    vrrp: Advertisement | None
    _layers: _Layers | None

    eth = _Layer[EthernetHeader | None]("eth")
    ip = _Layer[IPHeader | None]("ip")
    ah = _Layer[AhHeader | None]("ah")
    arp = _Layer[ArpPacket | None]("arp")
    na = _Layer[NeighborMessage | None]("na")
    ns = _Layer[NeighborMessage | None]("ns")
    carp = _Layer[CarpAdvertisement | None]("carp")
    payload = _Layer[bytes]("payload")
    padding = _Layer[bytes]("padding")
    problems = _Layer[tuple[PacketError, ...]]("problems")

    @property
    def layers(self) -> _Layers:
        """All layers but VRRP; a frame that was decoded the short way reads them now."""
        if self._layers is None:
            self._layers = dissect(self.raw, self.link_type)._layers
            assert self._layers is not None
        return self._layers

    def endpoints(self) -> Endpoints | None:
        """Who sent the IP packet to whom, None without one. Cheap for a plain advert: its layers stay
        unread.
        """
        if self._layers is None:
            raw = self.raw
            mac, source, destination = unpack_mac(raw[6:12]), raw[26:30], raw[30:34]
            return Endpoints(mac, 4, unpack_address(source), unpack_address(destination), ())
        ip, eth = self._layers.ip, self._layers.eth
        if ip is None:
            return None
        vlans = tuple(tag.vlan_id for tag in eth.vlans) if eth is not None else ()
        mac = (eth.source if eth is not None else None) or ""
        return Endpoints(mac, ip.version, ip.source, ip.destination, vlans)

    def __repr__(self) -> str:
        inside = self.vrrp or self.arp or self.na or self.ns or self.carp
        return f"Frame(kind={self.kind!r}, {len(self.raw)} bytes, {inside!r})"


_new = Frame.__new__


def decode(frame: bytes, link_type: int = links.ETHERNET) -> Frame:
    """Bytes of a captured frame to a ``Frame``.

    ``link_type``: what the bytes begin with, a number of ``vrrplab.wire.links`` (1: Ethernet). Bytes
    raise nothing, whatever they are: what is wrong with them is in ``problems``, each with its place.
    VrrplabError: what was handed over is no bytes.

    >>> frame = vrrplab.decode(vrrplab.read_pcap("frr-two-routers.pcap")[13].frame.raw)
    >>> frame.kind, frame.ip.source, frame.vrrp.vrid, frame.vrrp.addresses
    ('vrrp', '10.0.2.1', 5, ('10.0.2.16',))
    """
    if link_type == links.ETHERNET and type(frame) is bytes:
        try:
            start, length, fragment, protocol, addresses = _unpack_plain(frame)
        except StructError:
            return dissect(frame, link_type)
        if (
            protocol == PROTOCOL_VRRP
            and start >> 8 == 0x080045
            and not fragment & 0x3FFF
            and 28 <= length <= len(frame) - 14
            and not int.from_bytes(frame[14:34], "big") % _MODULUS
        ):
            pseudo = _PSEUDO.get(addresses)
            if pseudo is None:
                pseudo = _pseudo_sum(addresses)
            advertisement = read_whole(frame[34 : 14 + length], 4, pseudo)
            if advertisement is not None:
                self = _new(Frame)
                self.raw = frame
                self.link_type = link_type
                self.kind = "vrrp"
                self.vrrp = advertisement
                self._layers = None
                return self
    if not isinstance(frame, (bytes, bytearray, memoryview)) and not hasattr(frame, "__bytes__"):
        told = (
            "bytes.fromhex(…) makes them of hexadecimal text" if isinstance(frame, str) else 'like b"\\xff…"'
        )
        raise VrrplabError(f"decode() takes bytes, not {short_repr(frame)}: {told}")
    return dissect(frame, link_type)


def _pseudo_sum(addresses: bytes) -> int:
    if len(_PSEUDO) >= _PSEUDO_LIMIT:
        _PSEUDO.clear()
    known = _PSEUDO[addresses] = (total(addresses) + PROTOCOL_VRRP) % _MODULUS
    return known


def dissect(frame: bytes, link_type: int = links.ETHERNET) -> Frame:
    """The long way: every layer, for any bytes."""
    frame = bytes(frame)
    self = _new(Frame)
    self.raw, self.link_type, self.kind, self.vrrp = frame, link_type, "other", None
    layers = self._layers = _Layers()
    link = links.parse_link(frame, link_type)
    layers.eth = link.header
    layers.payload = frame[link.offset :]
    problems: list[PacketError] = [] if link.problem is None else [link.problem]
    if link_type == links.MESSAGE:
        _read_vrrp(self, layers, 0, problems)
    elif link.ethertype == ETHERTYPE_ARP:
        self.kind = "arp"
        _take(layers, problems, "arp", lambda: ArpPacket.parse(layers.payload, link.offset))
        if layers.arp is not None:
            layers.padding = layers.payload[28:]
    elif link.ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        _read_ip(self, layers, link, problems)
    layers.problems = tuple(problems)
    return self


def _take(layers: _Layers, problems: list[PacketError], layer: str, parse: Callable[[], object]) -> None:
    try:
        setattr(layers, layer, parse())
    except PacketError as problem:
        problems.append(problem)


def _read_ip(self: Frame, layers: _Layers, link: links.Link, problems: list[PacketError]) -> None:
    parser = IPv4Header if link.ethertype == ETHERTYPE_IPV4 else IPv6Header
    packet = layers.payload
    header, payload, padding = parser.parse(packet, link.offset)
    if header is None:
        size = 20 if parser is IPv4Header else 40
        text = f"the frame ends inside the IP header of {size} bytes, after {len(self.raw)} bytes"
        problems.append(PacketError(DropReason.TOO_SHORT, len(self.raw), text))
        self.kind = _kind_of_cut(packet, 9 if parser is IPv4Header else 6)
        return
    problems += header.problems
    layers.ip, layers.payload, layers.padding = header, payload, padding
    base = link.offset + len(packet) - len(payload) - len(padding)
    if header.fragment_offset:
        if header.protocol in (PROTOCOL_VRRP, PROTOCOL_AH):
            problems.append(PacketError(DropReason.FRAGMENT, link.offset, f"a later {_FRAGMENT}"))
        return
    if header.protocol == PROTOCOL_AH:
        if len(payload) and payload[0] != PROTOCOL_VRRP:
            return  # IPsec for something else
        self.kind = "vrrp"
        _take(layers, problems, "ah", lambda: AhHeader.parse(payload, base))
        if layers.ah is None:
            return
        layers.payload = payload[AH_SIZE:]
        base += AH_SIZE
        _read_vrrp(self, layers, base, problems)
    elif header.protocol == PROTOCOL_VRRP:
        _read_vrrp(self, layers, base, problems)
    elif header.protocol == PROTOCOL_IGMP and header.version == 4:
        self.kind = "igmp"
    elif header.protocol == PROTOCOL_ICMPV6 and header.version == 6:
        _read_icmpv6(self, layers, base, problems)


def _kind_of_cut(packet: bytes, protocol_at: int) -> str:
    """What a packet whose header is cut off would have been, if its protocol byte is still there."""
    protocol = packet[protocol_at] if len(packet) > protocol_at else None
    if protocol in (PROTOCOL_VRRP, PROTOCOL_AH):
        return "vrrp"
    return "igmp" if protocol == PROTOCOL_IGMP and protocol_at == 9 else "other"


def _read_vrrp(self: Frame, layers: _Layers, base: int, problems: list[PacketError]) -> None:
    ip = layers.ip
    self.kind = "vrrp"
    if ip is not None and ip.is_fragment:
        problems.append(PacketError(DropReason.FRAGMENT, base, f"the first {_FRAGMENT}"))
    if is_carp(layers.payload, _announced_size(ip) if ip is not None else None):
        self.kind = "carp"
        if len(layers.payload) == CARP_SIZE:
            layers.carp = CarpAdvertisement.parse(layers.payload)
        problems.append(PacketError(DropReason.CARP, base, "36 bytes with 7 in byte 3: CARP, not VRRPv2"))
        return
    if ip is not None:
        self.vrrp, found = Advertisement.dissect(layers.payload, ip.source, ip.destination)
    else:
        self.vrrp, found = Advertisement.dissect_alone(layers.payload)
    cut = any(problem.reason is DropReason.TOO_SHORT for problem in problems)
    for problem in found:
        # a frame cut off by the capture has been named already; its length is not the sender's fault
        if cut and problem.reason in (DropReason.TOO_SHORT, DropReason.BAD_LENGTH, DropReason.BAD_CHECKSUM):
            continue
        problems.append(PacketError(problem.reason, base + problem.offset, problem.message))


def address_width(frame: Frame) -> int:
    """Bytes a virtual address of this advert takes: 4 or 16."""
    if frame.ip is not None:
        return 4 if frame.ip.version == 4 else 16
    from vrrplab.wire.malformed import width_alone  # only messages without headers need it

    return width_alone(frame.payload)


def _announced_size(ip: IPHeader) -> int | None:
    """The payload's size as the IP header tells it, also where the capture kept less; None if it does not."""
    if isinstance(ip, IPv4Header):
        return ip.total_length - ip.header_length if ip.total_length else None
    if ip.payload_length is None:
        return None
    return ip.payload_length - sum(len(part) for _, part in ip.extensions)


def _read_icmpv6(self: Frame, layers: _Layers, base: int, problems: list[PacketError]) -> None:
    ip = layers.ip
    assert ip is not None
    kind = layers.payload[0] if layers.payload else 0
    if kind not in (SOLICITATION, ADVERTISEMENT):
        return
    if kind == ADVERTISEMENT:
        self.kind = "na"
    layer = "na" if kind == ADVERTISEMENT else "ns"
    _take(
        layers,
        problems,
        layer,
        lambda: NeighborMessage.parse(layers.payload, ip.source, ip.destination, base),
    )
    message = layers.na or layers.ns
    if message is not None and not message.checksum_ok and not problems:
        text = f"ICMPv6 checksum 0x{message.checksum:04x} is wrong"
        problems.append(PacketError(DropReason.BAD_CHECKSUM, base + 2, text))


def encode(frame: Frame) -> bytes:
    """The bytes of a frame, made from its values (not copied from ``raw``).

    Checksums are computed; one that was wrong in a decoded frame stays wrong. Layers that could not be
    read, and payloads of other protocols, are kept as they were. PacketError: values that no frame can
    carry; VrrplabError: what was handed over is no Frame.

    >>> frame = vrrplab.read_pcap("frr-two-routers.pcap")[13].frame
    >>> vrrplab.encode(frame) == frame.raw
    True
    """
    instance(frame, Frame, "encode", "a Frame, as decode(...) returns it")
    link = links.parse_link(frame.raw, frame.link_type)
    if link.ethertype is None or (frame.ip is not None and frame.ip.broken):
        return frame.raw
    inside = _emit_payload(frame)
    if frame.ip is not None:
        header = frame.ip
        before = len(frame.payload) + (AH_SIZE if frame.ah is not None else 0)
        inside = _ip_emit(header, inside, before) + frame.padding
    elif frame.arp is not None:
        inside += frame.padding
    if frame.link_type == links.ETHERNET and frame.eth is not None:
        return frame.eth.emit() + inside
    return frame.raw[: link.offset] + inside


def _ip_emit(header: IPHeader, payload: bytes, size_before: int) -> bytes:
    """Emit with the length field recomputed, unless it was already at odds with the payload."""
    if isinstance(header, IPv4Header):
        known, header.total_length = header.total_length, None
        if known is not None and known != header.header_length + size_before:
            header.total_length = known
        try:
            return header.emit(payload)
        finally:
            header.total_length = known
    known, header.payload_length = header.payload_length, None
    extensions = sum(len(part) for _, part in header.extensions)
    if known is not None and known != extensions + size_before:
        header.payload_length = known
    try:
        return header.emit(payload)
    finally:
        header.payload_length = known


_UNREADABLE = frozenset(
    (DropReason.TOO_SHORT, DropReason.BAD_LENGTH, DropReason.BAD_VERSION, DropReason.FRAGMENT)
)


def _emit_payload(frame: Frame) -> bytes:
    if frame.arp is not None:
        return frame.arp.emit()
    ip = frame.ip
    if ip is None or any(problem.reason in _UNREADABLE for problem in frame.problems):
        return (frame.ah.emit() if frame.ah is not None else b"") + frame.payload
    message = frame.na or frame.ns
    if message is not None:
        return message.emit(ip.source, ip.destination)
    if frame.vrrp is not None:
        try:
            inside = frame.vrrp.emit(ip.source, ip.destination)
        except AddressError as error:
            raise PacketError(DropReason.BAD_LENGTH, 0, str(error)) from None
        return (frame.ah.emit() if frame.ah is not None else b"") + inside
    return frame.payload
