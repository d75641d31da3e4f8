"""A captured frame taken apart, layer by layer, and put together again. Callers use it through
``wire.frames``.

``decode`` never fails, whatever the bytes: what it could not read is None, and ``problems`` says why and
where. Almost every frame of a VRRP network is an undamaged advert over plain Ethernet and IPv4; those take
a short way, and their other layers are read when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from struct import error as StructError
from typing import Any

from vrrplab.errors import AddressError, DropReason, PacketError
from vrrplab.wire import links
from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.arp import ArpPacket
from vrrplab.wire.auth import AH_SIZE, AhHeader
from vrrplab.wire.carp import CarpAdvertisement
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
from vrrplab.wire.vrrp import Advertisement, is_carp

_PLAIN = Struct("!12xHBxH2xHxB2x4s4s")
_unpack_plain = _PLAIN.unpack_from
_MODULUS = 0xFFFF

# what the long way fills in, with the value of a frame that has no such thing
_LAYERS: dict[str, Any] = {
    "eth": None, "ip": None, "ah": None, "arp": None, "na": None, "ns": None, "carp": None,
    "payload": b"", "padding": b"", "problems": (),
}  # fmt: skip


class Frame:
    """One frame: ``raw`` bytes and what they say.

    ``kind`` is "vrrp", "arp", "na", "carp", "igmp" or "other". By kind, one of ``vrrp`` (Advertisement),
    ``arp`` (ArpPacket), ``na`` (NeighborMessage), ``carp`` is set; ``ns`` is a neighbour solicitation in an
    "other" frame. ``eth`` and ``ip`` are the headers, ``ah`` the IPsec header between IP and VRRP,
    ``payload`` what follows them, ``padding`` what follows the IP packet. ``problems`` are PacketErrors
    with offsets from the frame's start. ``problem_layer``: where VRRP begins, for adverts.
    """

    __slots__ = (
        "ah",
        "arp",
        "carp",
        "eth",
        "ip",
        "kind",
        "link_type",
        "na",
        "ns",
        "padding",
        "payload",
        "problems",
        "raw",
        "vrrp",
    )

    raw: bytes
    link_type: int
    kind: str
    eth: EthernetHeader | None
    ip: IPHeader | None
    ah: AhHeader | None
    vrrp: Advertisement | None
    arp: ArpPacket | None
    na: NeighborMessage | None
    ns: NeighborMessage | None
    carp: CarpAdvertisement | None
    payload: bytes
    padding: bytes
    problems: tuple[PacketError, ...]

    def __getattr__(self, name: str) -> Any:
        # reached only for a slot that the short way left empty
        if name not in _LAYERS:
            raise AttributeError(name)
        whole = dissect(self.raw, self.link_type)
        for layer in _LAYERS:
            setattr(self, layer, getattr(whole, layer))
        return getattr(self, name)

    def __repr__(self) -> str:
        inside = self.vrrp or self.arp or self.na or self.ns or self.carp
        return f"Frame(kind={self.kind!r}, {len(self.raw)} bytes, {inside!r})"


_new = Frame.__new__


def decode(frame: bytes, link_type: int = links.ETHERNET) -> Frame:
    """Bytes of a captured frame to a Frame. ``link_type``: a number of ``wire.links``. Raises nothing."""
    if link_type == links.ETHERNET:
        try:
            ethertype, version_length, total, fragment, protocol, source, destination = _unpack_plain(frame)
        except StructError:
            return dissect(frame, link_type)
        if (
            ethertype == ETHERTYPE_IPV4
            and protocol == PROTOCOL_VRRP
            and version_length == 0x45
            and not fragment & 0x3FFF
            and 28 <= total <= len(frame) - 14
            and int.from_bytes(frame[14:34], "big") % _MODULUS == 0
        ):
            try:
                advertisement = Advertisement.parse(
                    frame[34 : 14 + total], unpack_address(source), unpack_address(destination)
                )
            except PacketError:
                return dissect(frame, link_type)
            self = _new(Frame)
            self.raw = frame
            self.link_type = link_type
            self.kind = "vrrp"
            self.vrrp = advertisement
            return self
    return dissect(frame, link_type)


def dissect(frame: bytes, link_type: int = links.ETHERNET) -> Frame:
    """The long way: every layer, for any bytes."""
    frame = bytes(frame)
    self = _new(Frame)
    self.raw, self.link_type, self.kind, self.vrrp = frame, link_type, "other", None
    for layer, nothing in _LAYERS.items():
        setattr(self, layer, nothing)
    link = links.parse_link(frame, link_type)
    self.eth = link.header
    self.payload = frame[link.offset :]
    problems: list[PacketError] = [] if link.problem is None else [link.problem]
    if link.ethertype == ETHERTYPE_ARP:
        self.kind = "arp"
        _take(self, problems, "arp", lambda: ArpPacket.parse(self.payload, link.offset))
        if self.arp is not None:
            self.padding = self.payload[28:]
    elif link.ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        _read_ip(self, link, problems)
    self.problems = tuple(problems)
    return self


def _take(self: Frame, problems: list[PacketError], layer: str, parse: Callable[[], object]) -> None:
    try:
        setattr(self, layer, parse())
    except PacketError as problem:
        problems.append(problem)


def _read_ip(self: Frame, link: links.Link, problems: list[PacketError]) -> None:
    parser = IPv4Header if link.ethertype == ETHERTYPE_IPV4 else IPv6Header
    packet = self.payload
    header, payload, padding = parser.parse(packet, link.offset)
    if header is None:
        size = 20 if parser is IPv4Header else 40
        text = f"the frame ends inside the IP header of {size} bytes, after {len(self.raw)} bytes"
        problems.append(PacketError(DropReason.TOO_SHORT, len(self.raw), text))
        self.kind = _kind_of_cut(packet, 9 if parser is IPv4Header else 6)
        return
    problems += header.problems
    self.ip, self.payload, self.padding = header, payload, padding
    base = link.offset + len(packet) - len(payload) - len(padding)
    if header.fragment_offset:
        if header.protocol in (PROTOCOL_VRRP, PROTOCOL_AH):
            problems.append(PacketError(DropReason.FRAGMENT, link.offset, "a later fragment of an IP packet"))
        return
    if header.protocol == PROTOCOL_AH:
        if len(payload) and payload[0] != PROTOCOL_VRRP:
            return  # IPsec for something else
        self.kind = "vrrp"
        _take(self, problems, "ah", lambda: AhHeader.parse(payload, base))
        if self.ah is None:
            return
        self.payload = payload[AH_SIZE:]
        base += AH_SIZE
        _read_vrrp(self, base, problems)
    elif header.protocol == PROTOCOL_VRRP:
        _read_vrrp(self, base, problems)
    elif header.protocol == PROTOCOL_IGMP and header.version == 4:
        self.kind = "igmp"
    elif header.protocol == PROTOCOL_ICMPV6 and header.version == 6:
        _read_icmpv6(self, base, problems)


def _kind_of_cut(packet: bytes, protocol_at: int) -> str:
    """What a packet whose header is cut off would have been, if its protocol byte is still there."""
    protocol = packet[protocol_at] if len(packet) > protocol_at else None
    if protocol in (PROTOCOL_VRRP, PROTOCOL_AH):
        return "vrrp"
    return "igmp" if protocol == PROTOCOL_IGMP and protocol_at == 9 else "other"


def _read_vrrp(self: Frame, base: int, problems: list[PacketError]) -> None:
    assert self.ip is not None
    self.kind = "vrrp"
    if self.ip.is_fragment:
        problems.append(PacketError(DropReason.FRAGMENT, base, "the first fragment of an IP packet"))
    if is_carp(self.payload):
        self.kind = "carp"
        self.carp = CarpAdvertisement.parse(self.payload)
        problems.append(PacketError(DropReason.CARP, base, "36 bytes with 7 in byte 3: CARP, not VRRPv2"))
        return
    self.vrrp, found = Advertisement.dissect(self.payload, self.ip.source, self.ip.destination)
    cut = any(problem.reason is DropReason.TOO_SHORT for problem in problems)
    for problem in found:
        # a frame cut off by the capture has been named already; its length is not the sender's fault
        if cut and problem.reason in (DropReason.TOO_SHORT, DropReason.BAD_LENGTH, DropReason.BAD_CHECKSUM):
            continue
        problems.append(PacketError(problem.reason, base + problem.offset, problem.message))


def _read_icmpv6(self: Frame, base: int, problems: list[PacketError]) -> None:
    ip = self.ip
    assert ip is not None
    kind = self.payload[0] if self.payload else 0
    if kind not in (SOLICITATION, ADVERTISEMENT):
        return
    if kind == ADVERTISEMENT:
        self.kind = "na"
    layer = "na" if kind == ADVERTISEMENT else "ns"
    _take(self, problems, layer, lambda: NeighborMessage.parse(self.payload, ip.source, ip.destination, base))
    message = self.na or self.ns
    if message is not None and not message.checksum_ok and not problems:
        text = f"ICMPv6 checksum 0x{message.checksum:04x} is wrong"
        problems.append(PacketError(DropReason.BAD_CHECKSUM, base + 2, text))


def encode(frame: Frame) -> bytes:
    """The frame's bytes, made from its values (not copied from ``raw``).

    Checksums are computed; one that was wrong in a decoded frame stays wrong. Layers that could not be
    read, and payloads of other protocols, are kept as they were.
    """
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
