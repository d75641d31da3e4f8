"""The VRRP advertisement: versions 2 and 3, over IPv4 and IPv6. Bytes to value and back, nothing about
states.

    version 2 (RFC 2338, RFC 3768)                 version 3 (RFC 5798, RFC 9568)

     0       1       2       3                      0       1       2       3
    +-------+-------+-------+-------+              +-------+-------+-------+-------+
    |2 |type| VRID  |prio   | count |              |3 |type| VRID  |prio   | count |
    | auth  | adv s |   checksum    |              |rsvd| adv cs   |   checksum    |
    |  address 1 … address count    |              |  address 1 … address count    |
    |  authentication data, 8 bytes |              +-------------------------------+
    +-------------------------------+              (28 more bytes: draft HMAC trailer)

Checksum: version 2 sums the message. Version 3 over IPv6 adds the IPv6 pseudo-header. For version 3 over
IPv4 both readings are in the field: RFC 9568 sums the message only, RFC 5798 as keepalived and FRR read it
adds an IPv4 pseudo-header. Which one matched is part of the value (``checksum_form``). keepalived's option:
v3_checksum_as_v2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from struct import Struct
from typing import Any

from vrrplab.errors import DropReason, PacketError
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros
from vrrplab.wire.addresses import pack_address, unpack_address
from vrrplab.wire.checksum import field_value, is_right, total, vrrp_pseudo_header

TYPE_ADVERTISEMENT = 1
AUTH_NONE, AUTH_PASS, AUTH_AH = 0, 1, 2
AUTH_DATA_SIZE = 8
HEADER_SIZE = 8
HMAC_TRAILER_SIZE = 28
MESSAGE = "message"
PSEUDO_HEADER = "pseudo-header"

_HEADER = Struct("!BBBBHH")
_unpack = _HEADER.unpack_from
_pack = _HEADER.pack
_number = int.from_bytes
_MODULUS = 0xFFFF

# virtual addresses, as text -> (their bytes, the sum of these, bytes an address takes; 0: none or mixed up)
_LISTS: dict[tuple[str, ...], tuple[bytes, int, int]] = {}
_LISTS_LIMIT = 4096


class Advertisement:
    """One VRRP advertisement.

    ``interval_us`` is the Advertisement Interval in microseconds (wire: seconds in version 2, centiseconds in
    version 3). ``addresses`` are text. ``count`` is the number of addresses the packet claims.
    ``auth_type`` and ``auth_data`` (8 bytes) exist in version 2, ``reserved`` (4 bits) in version 3.
    ``checksum_form`` is "message", "pseudo-header", or None when neither sum is right. ``trailer`` is
    whatever follows. In a message taken apart by ``dissect``, None stands for fields that a cut-off message
    does not have.
    """

    # Not a dataclass: parsing fills the slots straight from unpack(), and decodes addresses when asked for.
    __slots__ = (
        "_addresses",
        "_auth_data",
        "_payload",
        "_trailer",
        "_width",
        "auth_type",
        "checksum",
        "checksum_form",
        "checksum_ok",
        "count",
        "interval_us",
        "priority",
        "reserved",
        "trailer_summed",
        "type",
        "version",
        "vrid",
    )

    version: int
    type: int
    vrid: int
    priority: int
    count: int
    auth_type: int | None
    reserved: int
    interval_us: Micros
    checksum: int | None
    checksum_ok: bool | None
    checksum_form: str | None
    trailer_summed: bool
    _addresses: tuple[str, ...] | None
    _auth_data: bytes | None
    _trailer: bytes
    _payload: bytes | None
    _width: int

    def __init__(
        self,
        version: int,
        vrid: int,
        priority: int,
        interval_us: Micros,
        addresses: tuple[str, ...],
        *,
        auth_type: int | None = None,
        auth_data: bytes | None = None,
        checksum_form: str | None = None,
        type: int = TYPE_ADVERTISEMENT,
        reserved: int = 0,
        count: int | None = None,
        trailer: bytes = b"",
    ) -> None:
        self.version = version
        self.type = type
        self.vrid = vrid
        self.priority = priority
        self.count = len(addresses) if count is None else count
        self.auth_type = (auth_type or AUTH_NONE) if version == 2 else None
        self.reserved = reserved
        self.interval_us = interval_us
        self.checksum = None
        self.checksum_ok = None
        self.checksum_form = checksum_form
        self.trailer_summed = False
        self._addresses = tuple(addresses)
        self._auth_data = auth_data
        self._trailer = trailer
        self._payload = None
        self._width = 4

    # --- reading ------------------------------------------------------------------------------------------

    @classmethod
    def parse(cls, payload: bytes, source: str, destination: str) -> Advertisement:
        """A whole, undamaged advertisement; ``source`` and ``destination`` are the IP addresses, as text.

        ``payload`` is the IP payload without Ethernet padding. Raises PacketError with the first fault in
        the order of RFC 9568 section 7.1: TOO_SHORT, CARP, BAD_VERSION, BAD_TYPE, BAD_LENGTH, BAD_CHECKSUM.
        Whether *this* router wants the packet (TTL, VRID, interval, authentication …) is for the receiver
        to say.
        """
        try:
            first, vrid, priority, count, word, check = _unpack(payload)
        except struct.error:
            raise cls._first_problem(payload, source, destination) from None
        width, pseudo = vrrp_pseudo_header(source, destination)
        self = _new(cls)
        size = len(payload)
        if first == 0x31 and size == HEADER_SIZE + width * count:
            number = _number(payload, "big")
            if (number + pseudo + size) % _MODULUS == 0:
                self.checksum_form = PSEUDO_HEADER
            elif width == 4 and number % _MODULUS == 0:
                self.checksum_form = MESSAGE
            else:
                raise cls._first_problem(payload, source, destination)
            self.version = 3
            self.auth_type = None
            self.reserved = word >> 12
            self.interval_us = (word & 0xFFF) * CENTISECOND_US
        elif (
            first == 0x21
            and width == 4
            and size == 16 + 4 * count
            and _number(payload, "big") % _MODULUS == 0
        ):
            self.checksum_form = MESSAGE
            self.version = 2
            self.auth_type = word >> 8
            self.reserved = 0
            self.interval_us = (word & 0xFF) * SECOND_US
        else:
            whole, problems = cls.dissect(payload, source, destination)
            if problems:
                raise problems[0]
            return whole
        self.type = TYPE_ADVERTISEMENT
        self.vrid = vrid
        self.priority = priority
        self.count = count
        self.checksum = check
        self.checksum_ok = True
        self.trailer_summed = False
        self._addresses = None
        self._auth_data = None
        self._trailer = b""
        self._payload = payload
        self._width = width
        return self

    @classmethod
    def _first_problem(cls, payload: bytes, source: str, destination: str) -> PacketError:
        return cls.dissect(payload, source, destination)[1][0]

    @classmethod
    def dissect(
        cls, payload: bytes, source: str, destination: str
    ) -> tuple[Advertisement, list[PacketError]]:
        """Everything that can be read from any bytes at all, and what is wrong with them, in RFC 9568's
        order.
        """
        payload = bytes(payload)
        width, _ = vrrp_pseudo_header(source, destination)
        self = _new(cls)
        self._width = width
        self._payload = None
        self.reserved = 0
        self.trailer_summed = False
        present = payload[:HEADER_SIZE]
        fields: list[Any] = [*present[:6], *[None] * 6]
        first, vrid, priority, count, fourth, fifth = fields[:6]
        self.version = first >> 4 if first is not None else None  # type: ignore[assignment]
        self.type = first & 15 if first is not None else None  # type: ignore[assignment]
        self.vrid, self.priority, self.count = vrid, priority, count
        self.auth_type = fourth if self.version == 2 else None
        self.interval_us = self._read_interval(fourth, fifth)  # type: ignore[assignment]
        self.checksum = present[6] << 8 | present[7] if len(present) == HEADER_SIZE else None
        self.checksum_ok = self.checksum_form = None
        self._read_list(payload)
        problems = list(self._problems(payload, source, destination))
        return self, problems

    def _read_interval(self, fourth: int | None, fifth: int | None) -> Micros | None:
        if fifth is None or fourth is None or self.version not in (2, 3):
            return None
        if self.version == 2:
            return fifth * SECOND_US
        self.reserved = fourth >> 4
        return ((fourth & 15) << 8 | fifth) * CENTISECOND_US

    def _read_list(self, payload: bytes) -> None:
        """Addresses, authentication data and trailer, as far as they are there."""
        body = payload[HEADER_SIZE:]
        self._addresses, self._auth_data, self._trailer = None, None, b""
        if len(payload) < HEADER_SIZE or self.version not in (2, 3):
            return
        width = self._width
        here = min(self.count, len(body) // width)
        if here or not self.count:
            self._addresses = tuple(unpack_address(body[i * width : (i + 1) * width]) for i in range(here))
        rest = body[self.count * width :]
        if self.version == 2 and (
            width == 4 or len(rest) in (AUTH_DATA_SIZE, AUTH_DATA_SIZE + HMAC_TRAILER_SIZE)
        ):
            if len(rest) >= AUTH_DATA_SIZE:
                self._auth_data = rest[:AUTH_DATA_SIZE]
            rest = rest[AUTH_DATA_SIZE:]
        elif self.version == 2:
            self._auth_data = b""  # keepalived: version 2 over IPv6 carries none
        self._trailer = rest

    def _problems(self, payload: bytes, source: str, destination: str) -> Iterator[PacketError]:
        size = len(payload)
        if size < HEADER_SIZE:
            text = f"a VRRP header has {HEADER_SIZE} bytes, here are {size}"
            yield PacketError(DropReason.TOO_SHORT, size, text)
        if is_carp(payload):
            yield PacketError(DropReason.CARP, 0, "36 bytes with 7 in byte 3: CARP, not VRRPv2")
        if size >= 1 and self.version not in (2, 3):
            yield PacketError(DropReason.BAD_VERSION, 0, f"VRRP version {self.version}, known are 2 and 3")
            return
        if size >= 1 and self.type != TYPE_ADVERTISEMENT:
            yield PacketError(
                DropReason.BAD_TYPE, 0, f"packet type {self.type}, only 1 (advertisement) exists"
            )
        if size < HEADER_SIZE:
            return
        needed = self.needed_size(self._width)
        if self.version == 2 and self._width == 16 and self._auth_data:
            needed += AUTH_DATA_SIZE
        if size < needed:
            text = f"{self.count} addresses need {needed} bytes, here are {size}"
            yield PacketError(DropReason.BAD_LENGTH, size, text)
        elif size > needed and not self.has_hmac_trailer:
            text = f"{size - needed} bytes more than {self.count} addresses need ({needed})"
            yield PacketError(DropReason.BAD_LENGTH, needed, text)
        if size >= needed:
            self._judge_checksum(payload, needed, source, destination)
            if not self.checksum_ok:
                right = self._right_sums(payload, needed, source, destination)
                text = f"checksum 0x{self.checksum:04x} is wrong, {right}"
                yield PacketError(DropReason.BAD_CHECKSUM, 6, text)

    def _judge_checksum(self, payload: bytes, needed: int, source: str, destination: str) -> None:
        _, pseudo = vrrp_pseudo_header(source, destination)
        forms = (
            [PSEUDO_HEADER]
            if self._width == 16
            else [PSEUDO_HEADER, MESSAGE]
            if self.version == 3
            else [MESSAGE]
        )
        lengths = [needed] if len(payload) == needed else [needed, len(payload)]
        for length in lengths:
            sum_of_message = total(payload[:length])
            for form in forms:
                if is_right(sum_of_message + (pseudo + length if form == PSEUDO_HEADER else 0)):
                    self.checksum_ok, self.checksum_form = True, form
                    self.trailer_summed = length > needed
                    return
        self.checksum_ok = False

    def _right_sums(self, payload: bytes, needed: int, source: str, destination: str) -> str:
        _, pseudo = vrrp_pseudo_header(source, destination)
        rest = total(payload[:6] + b"\0\0" + payload[8:needed])
        with_pseudo = f"0x{field_value(rest + pseudo + needed):04x}"
        alone = f"0x{field_value(rest):04x}"
        if self._width == 16:
            return f"right is {with_pseudo}"
        return (
            f"right is {alone}"
            if self.version == 2
            else f"right is {alone} or, with pseudo-header, {with_pseudo}"
        )

    def needed_size(self, width: int) -> int:
        """Bytes a message with this count needs; ``width`` is 4 for IPv4 addresses, 16 for IPv6 ones."""
        fixed = HEADER_SIZE + (AUTH_DATA_SIZE if self.version == 2 and width == 4 else 0)
        return fixed + width * self.count

    # --- parts decoded when asked for ---------------------------------------------------------------------

    @property
    def addresses(self) -> tuple[str, ...]:
        """The virtual addresses, in the packet's order."""
        known = self._addresses
        if known is None and self._payload is not None:
            payload, width = self._payload, self._width
            end = HEADER_SIZE + width * self.count
            known = self._addresses = tuple(
                unpack_address(payload[i : i + width]) for i in range(HEADER_SIZE, end, width)
            )
        return known  # type: ignore[return-value]

    @addresses.setter
    def addresses(self, addresses: tuple[str, ...]) -> None:
        self._auth_data = self.auth_data
        self._addresses = tuple(addresses)
        self.count = len(addresses)
        self._payload = None

    @property
    def auth_data(self) -> bytes | None:
        """Version 2: the 8 bytes of authentication data. None in version 3 and where the message is cut
        off.
        """
        if self._auth_data is None and self._payload is not None and self.version == 2:
            self._auth_data = bytes(self._payload[HEADER_SIZE + self._width * self.count :][:AUTH_DATA_SIZE])
        return self._auth_data

    @auth_data.setter
    def auth_data(self, data: bytes | None) -> None:
        self._addresses = self.addresses
        self._auth_data = data
        self._payload = None

    @property
    def trailer(self) -> bytes:
        """What follows the message inside the IP packet: nothing, an HMAC trailer, or bytes that do not
        belong.
        """
        return self._trailer

    @trailer.setter
    def trailer(self, data: bytes) -> None:
        self._trailer = data

    @property
    def has_hmac_trailer(self) -> bool:
        """True for the trailer of keepalived's ``auth_hmac`` (draft-cassen-vrrp-auth-hmac-00): 28 bytes,
        type 1.
        """
        return len(self._trailer) == HMAC_TRAILER_SIZE and self._trailer[0] == 1

    @property
    def password(self) -> str | None:
        """The text of simple text authentication, without its padding; None unless ``auth_type`` is 1."""
        data = self.auth_data
        if self.auth_type != AUTH_PASS or data is None:
            return None
        return data.rstrip(b"\0").decode("latin-1")

    # --- writing ------------------------------------------------------------------------------------------

    def emit(self, source: str, destination: str, checksum_form: str | None = None) -> bytes:
        """The message's bytes, to be sent between two IP addresses.

        ``checksum_form`` matters for version 3 over IPv4: "pseudo-header" (keepalived's and FRR's default,
        also ours) or "message" (RFC 9568). A value that was parsed keeps its own form, and a wrong
        checksum, unless told otherwise. Raises PacketError when a field cannot be written, AddressError
        when addresses do not fit.
        """
        width, pseudo = vrrp_pseudo_header(source, destination)
        packed, list_sum, list_width = _LISTS.get(self.addresses) or _pack_list(self.addresses)
        if list_width != width and packed:
            text = "virtual addresses are of another family than the packet's own addresses"
            raise PacketError(DropReason.BAD_LENGTH, HEADER_SIZE, text)
        if self.version == 3:
            word = self.reserved << 12 | self.interval_us // CENTISECOND_US
            if self.interval_us > 0xFFF * CENTISECOND_US:
                raise PacketError(DropReason.BAD_INTERVAL, 4, "version 3 has room for 40.95 seconds at most")
        elif self.version == 2:
            word = (self.auth_type or 0) << 8 | self.interval_us // SECOND_US
            if self.interval_us > 0xFF * SECOND_US or self.interval_us % SECOND_US:
                raise PacketError(
                    DropReason.BAD_INTERVAL, 5, "version 2 has room for whole seconds up to 255"
                )
            data = self.auth_data
            if data is None:
                data = bytes(AUTH_DATA_SIZE) if width == 4 else b""
            elif data and len(data) != AUTH_DATA_SIZE:
                data = data.ljust(AUTH_DATA_SIZE, b"\0")[:AUTH_DATA_SIZE]
            packed += data
            list_sum += _number(data, "big")
        else:
            raise PacketError(DropReason.BAD_VERSION, 0, f"VRRP version {self.version}, known are 2 and 3")
        form = checksum_form or self.checksum_form or PSEUDO_HEADER
        first = self.version << 4 | self.type
        rest = (first << 8 | self.vrid) + (self.priority << 8 | self.count) + word + list_sum
        trailer = self._trailer
        size = HEADER_SIZE + len(packed)
        if trailer and (width == 16 or self.trailer_summed):
            rest += total(trailer)
            size += len(trailer)
        if width == 16 or (self.version == 3 and form == PSEUDO_HEADER):
            rest += pseudo + size
        check = -rest % _MODULUS
        if self.checksum_ok is False and self.checksum is not None and checksum_form is None:
            check = self.checksum
        try:
            return _pack(first, self.vrid, self.priority, self.count, word, check) + packed + trailer
        except struct.error:
            raise self._unwritable() from None

    def _unwritable(self) -> PacketError:
        for offset, name in ((1, "vrid"), (2, "priority"), (3, "count")):
            if not 0 <= getattr(self, name) <= 255:
                reason = DropReason.BAD_VRID if name == "vrid" else DropReason.BAD_LENGTH
                return PacketError(reason, offset, f"{name} {getattr(self, name)} does not fit one byte")
        return PacketError(
            DropReason.BAD_INTERVAL, 4, "interval, authentication type or reserved bits do not fit"
        )

    # --- as a value ---------------------------------------------------------------------------------------

    def _key(self) -> tuple[object, ...]:
        no_data = None if self.version == 3 else self.auth_data or bytes(AUTH_DATA_SIZE)
        return (
            self.version, self.type, self.vrid, self.priority, self.count, self.auth_type, self.reserved,
            self.interval_us, self.addresses, no_data, self._trailer,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        """Equal if they say the same; how the checksum was reckoned does not matter."""
        return self._key() == other._key() if isinstance(other, Advertisement) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = ["version", "vrid", "priority", "interval_us", "addresses", "auth_type", "checksum_form"]
        return "Advertisement(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in names) + ")"


_new = Advertisement.__new__


def _pack_list(addresses: tuple[str, ...]) -> tuple[bytes, int, int]:
    parts = [pack_address(address) for address in addresses]
    widths = {len(part) for part in parts}
    packed = b"".join(parts)
    if len(_LISTS) >= _LISTS_LIMIT:
        _LISTS.clear()
    known = _LISTS[addresses] = packed, total(packed), widths.pop() if len(widths) == 1 else 0
    return known


def is_carp(payload: bytes) -> bool:
    """True for CARP, which shares VRRP's protocol number, group and first byte.

    Its fixed length 36 with 7 (words of authentication) in byte 3 cannot be VRRPv2: seven addresses make 44
    bytes. Wireshark 4.0 shows such packets as VRRPv2 with seven addresses (measured with ucarp).
    """
    return len(payload) == 36 and payload[0] == 0x21 and payload[3] == 7


def form_of(version: int, source: str, v3_checksum_as_v2: bool = False) -> str:
    """The checksum form a sender uses: ``v3_checksum_as_v2`` is keepalived's option of that name."""
    if vrrp_pseudo_header(source, source)[0] == 16:
        return PSEUDO_HEADER
    return MESSAGE if version == 2 or v3_checksum_as_v2 else PSEUDO_HEADER
