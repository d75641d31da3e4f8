"""IPv4 (RFC 791) and IPv6 (RFC 8200) headers: bytes to values and back.

     0       1       2       3                    0       1       2       3
    +-------+-------+-------+-------+            +-------+-------+-------+-------+
    |4| ihl |  tos  |  total length |            |6|  class  |    flow label     |
    | identification|flags| offset  |            | payload length| next  |  hop  |
    |  ttl  | proto | header check  |            |        source, 16 bytes       |
    |          source               |            |      destination, 16 bytes    |
    |        destination            |            +-------------------------------+
    |  options (ihl > 5) …          |              then extension headers, each naming the next
    +-------+-------+-------+-------+

VRRP is protocol 112, sent with TTL or hop limit 255 and TOS 0xc0 (keepalived 2.2.7, measured). Parsing
never fails: a faulty header is described by the ``problems`` that come with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire import checksum
from vrrplab.wire.addresses import pack_address, unpack_address

PROTOCOL_IGMP = 2
PROTOCOL_UDP = 17
PROTOCOL_AH = 51
PROTOCOL_ICMPV6 = 58
PROTOCOL_VRRP = 112

_IPV4 = Struct("!BBHHHBBH4s4s")
_IPV6 = Struct("!IHBB16s16s")

# RFC 8200 section 4.1: hop-by-hop, routing, fragment, destination options; also mobility, HIP, shim6
_EXTENSIONS = frozenset((0, 43, 44, 60, 135, 139, 140))
_FRAGMENT_EXTENSION = 44


@dataclass(slots=True)
class IPv4Header:
    """An IPv4 header. ``total_length`` counts header and payload; None on emit means "what fits"."""

    source: str
    destination: str
    protocol: int = PROTOCOL_VRRP
    ttl: int = 255
    tos: int = 0xC0
    identification: int = 0
    flags: int = 0  # bit 1: don't fragment (2), bit 0: more fragments (1); 4 is the reserved bit
    fragment_offset: int = 0  # bytes
    options: bytes = b""
    total_length: int | None = None
    checksum: int | None = None
    checksum_ok: bool | None = None
    broken: bool = False  # what was parsed cannot be written again from these values
    problems: list[PacketError] = field(default_factory=list, init=False, compare=False)

    version = 4

    @property
    def header_length(self) -> int:
        return 20 + len(self.options)

    @property
    def is_nonsense(self) -> bool:
        """Another version, or a length that no header has: what follows is not where the header says."""
        return self.broken and any(problem.reason is DropReason.BAD_IP_HEADER for problem in self.problems)

    @property
    def is_fragment(self) -> bool:
        """True for every piece of a packet that was cut in pieces, the first one included."""
        return bool(self.flags & 1) or self.fragment_offset > 0

    @classmethod
    def parse(cls, data: bytes, base: int = 0) -> tuple[IPv4Header | None, bytes, bytes]:
        """Header, payload and what follows the packet (padding). ``base``: offset of ``data`` in its
        frame.
        """
        if len(data) < 20:
            return None, b"", b""
        first, tos, total, ident, fragment, ttl, protocol, check, source, destination = _IPV4.unpack_from(
            data
        )
        header = cls(
            unpack_address(source), unpack_address(destination), protocol, ttl, tos, ident,
            fragment >> 13, (fragment & 0x1FFF) * 8, b"", total, check,
        )  # fmt: skip
        length = (first & 15) * 4
        if first >> 4 != 4 or length < 20:
            what = f"IP version {first >> 4}" if first >> 4 != 4 else f"header length {length}"
            header.problems.append(PacketError(DropReason.BAD_IP_HEADER, base, f"{what} in an IPv4 header"))
            header.broken = True
            length = 20
        elif len(data) < length:
            text = f"the frame ends inside the IPv4 header, which has {length} bytes"
            header.problems.append(PacketError(DropReason.TOO_SHORT, base + len(data), text))
            header.broken = True
            length = len(data)
        else:
            header.checksum_ok = checksum.is_right(checksum.total(data[:length]))
            if not header.checksum_ok:
                text = f"IP header checksum 0x{check:04x} is wrong"
                header.problems.append(PacketError(DropReason.BAD_IP_CHECKSUM, base + 10, text))
        header.options = bytes(data[20:length])
        # 0 is what segmentation offload leaves in captures of the sender itself: believe the frame then
        if total == 0:
            return header, bytes(data[length:]), b""
        if total < length:
            text = f"IP total length {total} is less than the header's {length}"
            header.problems.append(PacketError(DropReason.BAD_IP_HEADER, base + 2, text))
            return header, bytes(data[length:]), b""
        if total > len(data):
            text = f"the frame ends here, {total - len(data)} short of the IP packet's end"
            header.problems.append(PacketError(DropReason.TOO_SHORT, base + len(data), text))
        return header, bytes(data[length:total]), bytes(data[total:])

    def emit(self, payload: bytes) -> bytes:
        """Header and payload; the header checksum is computed unless a wrong one was parsed."""
        length = self.header_length
        total = length + len(payload) if self.total_length is None else self.total_length
        head = _IPV4.pack(
            0x40 | length >> 2, self.tos, total, self.identification,
            self.flags << 13 | self.fragment_offset >> 3, self.ttl, self.protocol, 0,
            pack_address(self.source), pack_address(self.destination),
        ) + self.options  # fmt: skip
        if self.checksum is not None and self.checksum_ok is False:
            check = self.checksum
        else:
            check = checksum.field_value(checksum.total(head), self.checksum)
        return head[:10] + check.to_bytes(2, "big") + head[12:] + payload


@dataclass(slots=True)
class IPv6Header:
    """An IPv6 header. ``ttl`` is its hop limit; ``protocol`` is what the last extension header names."""

    source: str
    destination: str
    protocol: int = PROTOCOL_VRRP
    ttl: int = 255
    traffic_class: int = 0xC0
    flow_label: int = 0
    extensions: tuple[tuple[int, bytes], ...] = ()  # (type, whole header) in order
    payload_length: int | None = None
    broken: bool = False  # what was parsed cannot be written again from these values
    problems: list[PacketError] = field(default_factory=list, init=False, compare=False)

    version = 6

    @property
    def is_nonsense(self) -> bool:
        """Another version in the header."""
        return self.broken and any(problem.reason is DropReason.BAD_IP_HEADER for problem in self.problems)

    @property
    def is_fragment(self) -> bool:
        """True for every piece of a packet that was cut in pieces (an "atomic" fragment is whole)."""
        return any(t == _FRAGMENT_EXTENSION and (b[2] << 8 | b[3]) & 0xFFF9 for t, b in self.extensions)

    @property
    def fragment_offset(self) -> int:
        """Bytes of the packet before this piece."""
        pieces = [b[2] << 8 | b[3] for t, b in self.extensions if t == _FRAGMENT_EXTENSION]
        return pieces[0] & 0xFFF8 if pieces else 0

    @classmethod
    def parse(cls, data: bytes, base: int = 0) -> tuple[IPv6Header | None, bytes, bytes]:
        """Header, payload and what follows the packet (padding). ``base``: offset of ``data`` in its
        frame.
        """
        if len(data) < 40:
            return None, b"", b""
        first, length, next_header, hop_limit, source, destination = _IPV6.unpack_from(data)
        header = cls(
            unpack_address(source), unpack_address(destination), next_header, hop_limit,
            first >> 20 & 0xFF, first & 0xFFFFF, (), length,
        )  # fmt: skip
        if first >> 28 != 6:
            header.broken = True
            text = f"IP version {first >> 28} in an IPv6 header"
            header.problems.append(PacketError(DropReason.BAD_IP_HEADER, base, text))
        end = 40 + length
        if end > len(data):
            text = f"the frame ends here, {end - len(data)} short of the IP packet's end"
            header.problems.append(PacketError(DropReason.TOO_SHORT, base + len(data), text))
        offset = header._walk_extensions(data[:end], base)
        return header, bytes(data[offset:end]), bytes(data[end:])

    def _walk_extensions(self, packet: bytes, base: int) -> int:
        offset = 40
        found: list[tuple[int, bytes]] = []
        while self.protocol in _EXTENSIONS:
            here = packet[offset:]
            size = 8 if self.protocol == _FRAGMENT_EXTENSION else (here[1] + 1) * 8 if len(here) > 1 else 8
            if len(here) < size:
                text = f"the packet ends inside IPv6 extension header {self.protocol}"
                self.problems.append(PacketError(DropReason.TOO_SHORT, base + len(packet), text))
                self.extensions = tuple(found)
                return offset
            found.append((self.protocol, bytes(here[:size])))
            offset += size
            behind_a_gap = self.protocol == _FRAGMENT_EXTENSION and (here[2] << 8 | here[3]) & 0xFFF8
            self.protocol = here[0]
            if behind_a_gap:
                break  # what follows is the middle of something, not the header it names
        self.extensions = tuple(found)
        return offset

    def emit(self, payload: bytes) -> bytes:
        """Header, extension headers and payload."""
        body = b"".join(part for _, part in self.extensions) + payload
        first = 6 << 28 | self.traffic_class << 20 | self.flow_label
        next_header = self.extensions[0][0] if self.extensions else self.protocol
        length = len(body) if self.payload_length is None else self.payload_length
        addresses = pack_address(self.source), pack_address(self.destination)
        return _IPV6.pack(first, length, next_header, self.ttl, *addresses) + body


IPHeader = IPv4Header | IPv6Header
