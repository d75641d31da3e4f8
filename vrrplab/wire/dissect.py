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
from vrrplab.limits import TUNNELS
from vrrplab.wire import fhrp, links, tunnels
from vrrplab.wire.addresses import unpack_address, unpack_mac
from vrrplab.wire.arp import ArpPacket
from vrrplab.wire.auth import AH_SIZE, AhHeader
from vrrplab.wire.carp import SIZE as CARP_SIZE
from vrrplab.wire.carp import CarpAdvertisement, is_carp
from vrrplab.wire.checksum import total
from vrrplab.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, EthernetHeader
from vrrplab.wire.fhrp import Fhrp
from vrrplab.wire.ip import (
    PROTOCOL_AH,
    PROTOCOL_ICMPV6,
    PROTOCOL_IGMP,
    PROTOCOL_UDP,
    PROTOCOL_VRRP,
    IPHeader,
    IPv4Header,
    IPv6Header,
)
from vrrplab.wire.neighbor import ADVERTISEMENT, SOLICITATION, NeighborMessage
from vrrplab.wire.tunnels import Wrapping
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
    fhrp: Fhrp | None = None
    payload: bytes = b""
    padding: bytes = b""
    problems: tuple[PacketError, ...] = ()
    path: tuple[Wrapping, ...] = ()
    sealed: str = ""
    eth_at: int = 0
    start: int = 0
    end: int = 0


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
    path: tuple[Wrapping, ...] = ()


class Frame:
    """One frame: ``raw`` bytes and what they say.

    ``kind`` is "vrrp", "arp", "na", "carp", "igmp", "hsrp", "glbp", "vrrp-e" or "other". By kind, one of
    ``vrrp`` (Advertisement), ``arp`` (ArpPacket), ``na`` (NeighborMessage), ``carp``, ``fhrp`` (other makers'
    protocols) is set; ``ns`` is a neighbour solicitation in an "other" frame. ``eth`` and ``ip`` are the
    headers, ``ah`` the IPsec header between IP and VRRP, ``payload`` what follows them, ``padding`` what
    follows the IP packet. ``problems`` are PacketErrors with offsets from the frame's start.

    ``path``: the tunnels and mirrors around the packet, outermost first; headers are then those of the packet
    inside, which lies from byte ``start`` to ``end``, and its Ethernet header, if it has one, at ``eth_at``.
    ``sealed``: why something in it was not opened, a word of ``tunnels.SEALED``; "" if everything was.
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
    fhrp = _Layer[Fhrp | None]("fhrp")
    payload = _Layer[bytes]("payload")
    padding = _Layer[bytes]("padding")
    problems = _Layer[tuple[PacketError, ...]]("problems")
    path = _Layer[tuple[Wrapping, ...]]("path")
    sealed = _Layer[str]("sealed")
    eth_at = _Layer[int]("eth_at")
    start = _Layer[int]("start")
    end = _Layer[int]("end")

    @property
    def layers(self) -> _Layers:
        """All layers but VRRP; a frame that was decoded the short way reads them now."""
        if self._layers is None:
            self._layers = dissect(self.raw, self.link_type)._layers
            assert self._layers is not None
        return self._layers

    @property
    def is_plain(self) -> bool:
        """Decoded the short way: an advert in IPv4 over Ethernet, and nothing around it."""
        return self._layers is None

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
        return Endpoints(mac, ip.version, ip.source, ip.destination, vlans, self._layers.path)

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
    layers.end = len(frame)
    layers.sealed = link.sealed
    problems: list[PacketError] = [] if link.problem is None else [link.problem]
    if link_type == links.MESSAGE:
        _read_vrrp(self, layers, 0, problems)
    elif link.ethertype is not None:
        _open(self, layers, link, problems)
    elif link.problem is not None:
        is_cut = link.problem.reason is DropReason.TOO_SHORT
        layers.sealed = "cut off" if is_cut else "link type not read here"
    layers.problems = tuple(problems)
    return self


def _open(self: Frame, layers: _Layers, link: links.Link, problems: list[PacketError]) -> None:
    """From header to header, through every tunnel."""
    ethertype, at = link.ethertype, link.offset
    while ethertype is not None:
        outer = len(problems)
        try:
            step = _read_layer(self, layers, ethertype, at, problems)
        except PacketError as problem:  # the header of a tunnel is cut off
            problems.append(problem)
            layers.sealed = "cut off"
            return
        if step is None:
            return
        if len(layers.path) == TUNNELS.most:
            layers.sealed = tunnels.TOO_DEEP
            return
        if layers.ip is not None and layers.ip.is_fragment:
            layers.sealed = "pieces of a tunnel"
            return
        # A capture that cut the outer packet cut the inner one, which tells where.
        if not step.sealed:
            problems[outer:] = [p for p in problems[outer:] if p.reason is not DropReason.TOO_SHORT]
        ethertype, at = _enter(self, layers, step, at, problems)


def _enter(
    self: Frame, layers: _Layers, step: tunnels.Step, at: int, problems: list[PacketError]
) -> tuple[int | None, int]:
    """Into what a header leads to: its EtherType, and where it begins."""
    layers.sealed = step.sealed
    if step.sealed:
        return None, step.at
    ip = layers.ip
    begin = at if step.keeps_link else layers.start
    ends = (ip.source, ip.destination) if ip is not None else ("", "")
    size = max(0, min(step.at, len(self.raw)) - begin)
    layers.path += (tunnels.Wrapping(step.name, step.number, *ends, begin, size, step.is_mirror),)
    if not step.inside:
        return None, step.at
    layers.start, layers.end = min(step.at, len(self.raw)), min(step.end, len(self.raw))
    inner = self.raw[layers.start : layers.end]
    layers.ip = layers.ah = None
    layers.payload, layers.padding = inner, b""
    if step.inside != tunnels.FRAME:
        if not step.keeps_link:
            layers.eth = None
        return step.inside, layers.start
    layers.eth_at = layers.start
    link = links.parse_link(inner, links.ETHERNET)
    layers.eth = link.header
    layers.payload = inner[link.offset :]
    if link.problem is not None:
        where = layers.start + link.problem.offset
        problems.append(PacketError(link.problem.reason, where, link.problem.message))
        layers.sealed = "cut off"
    return link.ethertype, layers.start + link.offset


def _read_layer(
    self: Frame, layers: _Layers, ethertype: int, at: int, problems: list[PacketError]
) -> tunnels.Step | None:
    """What begins at ``at`` is read, and where it leads if it is a tunnel."""
    if ethertype == ETHERTYPE_ARP:
        self.kind = "arp"
        _take(layers, problems, "arp", lambda: ArpPacket.parse(layers.payload, at))
        if layers.arp is not None:
            layers.padding = layers.payload[28:]
        return None
    if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return _read_ip(self, layers, ethertype, at, problems)
    if ethertype <= tunnels.LONGEST_LENGTH or ethertype in tunnels.TYPES:
        return tunnels.by_type(self.raw, ethertype, at, layers.end)
    return None


def _take(layers: _Layers, problems: list[PacketError], layer: str, parse: Callable[[], object]) -> None:
    try:
        setattr(layers, layer, parse())
    except PacketError as problem:
        problems.append(problem)


def _read_ip(
    self: Frame, layers: _Layers, ethertype: int, at: int, problems: list[PacketError]
) -> tunnels.Step | None:
    parser = IPv4Header if ethertype == ETHERTYPE_IPV4 else IPv6Header
    packet = layers.payload
    header, payload, padding = parser.parse(packet, at)
    if header is None:
        size = 20 if parser is IPv4Header else 40
        text = f"the frame ends inside the IP header of {size} bytes, after {layers.end} bytes"
        problems.append(PacketError(DropReason.TOO_SHORT, layers.end, text))
        self.kind = _kind_of_cut(packet, 9 if parser is IPv4Header else 6)
        layers.sealed = "cut off" if self.kind == "other" else ""
        return None
    problems += header.problems
    layers.ip, layers.payload, layers.padding = header, payload, padding
    base = at + len(packet) - len(payload) - len(padding)
    if header.is_nonsense:
        return None  # no kernel looks further, and what would follow is not where it says
    protocol = header.protocol
    if header.fragment_offset:
        if protocol in (PROTOCOL_VRRP, PROTOCOL_AH):
            problems.append(PacketError(DropReason.FRAGMENT, at, f"a later {_FRAGMENT}"))
        elif protocol in tunnels.PROTOCOLS:
            layers.sealed = "pieces of a tunnel"
        return None
    if protocol == PROTOCOL_AH:
        if len(payload) and payload[0] != PROTOCOL_VRRP:
            return _behind_ah(self, layers, header, payload, base)
        self.kind = "vrrp"
        _take(layers, problems, "ah", lambda: AhHeader.parse(payload, base))
        if layers.ah is None:
            return None
        layers.payload = payload[AH_SIZE:]
        base += AH_SIZE
        _read_vrrp(self, layers, base, problems)
    elif protocol == PROTOCOL_VRRP:
        _read_vrrp(self, layers, base, problems)
    elif protocol == PROTOCOL_UDP:
        return _read_udp(self, layers, header, payload, base)
    elif protocol == PROTOCOL_IGMP and header.version == 4:
        self.kind = "igmp"
    elif protocol == PROTOCOL_ICMPV6 and header.version == 6:
        _read_icmpv6(self, layers, base, problems)
    elif protocol in tunnels.PROTOCOLS:
        return tunnels.by_protocol(self.raw, protocol, header.version, base, base + len(payload))
    return None


def _behind_ah(
    self: Frame, layers: _Layers, header: IPHeader, payload: bytes, base: int
) -> tunnels.Step | None:
    """IPsec for something else than VRRP: a tunnel, perhaps."""
    size = (payload[1] + 2) * 4 if len(payload) > 1 else 8
    if payload[0] not in tunnels.PROTOCOLS or size > len(payload):
        return None
    return tunnels.by_protocol(self.raw, payload[0], header.version, base + size, base + len(payload))


def _read_udp(
    self: Frame, layers: _Layers, header: IPHeader, payload: bytes, base: int
) -> tunnels.Step | None:
    end = base + len(payload)
    port = tunnels.udp_port(self.raw, base, end)
    protocol = fhrp.protocol_of(port, header.destination) if port in fhrp.PORTS else ""
    if protocol:
        self.kind = protocol
        layers.fhrp = fhrp.parse(protocol, payload[8:])
        return None
    return tunnels.by_port(self.raw, port, base, end) if port in tunnels.PORTS else None


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
    read, payloads of other protocols, and tunnels around the packet are kept as they were. PacketError:
    values that no frame can carry, or that change the size of what is inside a tunnel; VrrplabError: what was
    handed over is no Frame.

    >>> frame = vrrplab.read_pcap("frr-two-routers.pcap")[13].frame
    >>> vrrplab.encode(frame) == frame.raw
    True
    """
    instance(frame, Frame, "encode", "a Frame, as decode(...) returns it")
    if frame.sealed:
        return frame.raw
    if frame.path:
        return _encode_inside(frame)
    link = links.parse_link(frame.raw, frame.link_type)
    if link.ethertype is None or (frame.ip is not None and frame.ip.broken):
        return frame.raw
    inside = _emit_packet(frame)
    if frame.link_type == links.ETHERNET and frame.eth is not None:
        return frame.eth.emit() + inside
    return frame.raw[: link.offset] + inside


def _encode_inside(frame: Frame) -> bytes:
    """The tunnels around it stay as they are, so what is inside must stay as long as it is."""
    raw, start, end = frame.raw, frame.start, frame.end
    if (frame.ip is None and frame.arp is None) or (frame.ip is not None and frame.ip.broken):
        return raw
    inside = _emit_packet(frame)
    if frame.eth is not None and frame.eth_at == start:
        inside = frame.eth.emit() + inside
    if len(inside) != end - start:
        text = f"what is inside a tunnel must keep its size: {len(inside)} bytes in place of {end - start}"
        raise PacketError(DropReason.BAD_LENGTH, start, text)
    return raw[:start] + inside + raw[end:]


def _emit_packet(frame: Frame) -> bytes:
    inside = _emit_payload(frame)
    if frame.ip is not None:
        header = frame.ip
        before = len(frame.payload) + (AH_SIZE if frame.ah is not None else 0)
        inside = _ip_emit(header, inside, before) + frame.padding
    elif frame.arp is not None:
        inside += frame.padding
    return inside


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
