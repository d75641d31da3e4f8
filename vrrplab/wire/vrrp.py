"""The VRRP advertisement: versions 2 and 3, over IPv4 and IPv6. Bytes to value and back, nothing on states.

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

from dataclasses import dataclass
from struct import Struct
from struct import error as StructError
from typing import Generic, TypeVar

from vrrplab.errors import DropReason, PacketError
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros
from vrrplab.wire.address_lists import PACKED, TEXTS, pack_list, unpack_list
from vrrplab.wire.checksum import VRRP_PSEUDO_HEADERS, field_value, total, vrrp_pseudo_header

TYPE_ADVERTISEMENT = 1
AUTH_NONE, AUTH_PASS, AUTH_AH = 0, 1, 2
AUTH_CISCO_MD5 = 254
AUTH_TYPES = {"": AUTH_NONE, "PASS": AUTH_PASS, "AH": AUTH_AH}  # by keepalived's auth_type
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


@dataclass(slots=True)
class _Odd:
    """What almost no advert has. One empty slot for all of it makes the usual ones cheap."""

    type: int = TYPE_ADVERTISEMENT
    reserved: int = 0
    auth_data: bytes | None = None
    checksum_ok: bool | None = None
    trailer: bytes = b""
    trailer_summed: bool = False


_NOTHING_ODD = _Odd()


_T = TypeVar("_T")


class _Rarely(Generic[_T]):
    """An attribute that is kept in ``_odd``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, advert: Advertisement, owner: type[Advertisement]) -> _T:
        return getattr(advert._odd or _NOTHING_ODD, self.name)  # type: ignore[no-any-return]

    def __set__(self, advert: Advertisement, value: _T) -> None:
        if advert._odd is None:
            advert._odd = _Odd()
        setattr(advert._odd, self.name, value)


class Advertisement:
    """One VRRP advertisement.

    ``interval_us`` is the Advertisement Interval in microseconds (wire: seconds in version 2, centiseconds
    in version 3). ``addresses`` are text. ``count`` is the number of addresses the packet claims.
    ``auth_type`` and ``auth_data`` (8 bytes) exist in version 2, ``reserved`` (4 bits) in version 3.
    ``checksum_form`` is "message", "pseudo-header", or None when neither sum is right. ``trailer`` is
    whatever follows: nothing, an HMAC trailer, or bytes that do not belong; ``trailer_summed`` says that the
    checksum covers it. In a message taken apart by ``dissect``, None stands for fields that a cut-off message
    does not have.
    """

    # Not a dataclass: parsing fills a few slots straight from unpack() and decodes the rest when asked.
    __slots__ = (
        "_addresses",
        "_odd",
        "_payload",
        "auth_type",
        "checksum",
        "checksum_form",
        "count",
        "interval_us",
        "priority",
        "version",
        "vrid",
    )

    version: int
    vrid: int
    priority: int
    count: int
    auth_type: int | None
    interval_us: Micros
    checksum: int | None
    checksum_form: str | None
    _addresses: tuple[str, ...] | None
    _payload: bytes | None
    _odd: _Odd | None

    type = _Rarely[int]("type")
    reserved = _Rarely[int]("reserved")
    trailer = _Rarely[bytes]("trailer")
    trailer_summed = _Rarely[bool]("trailer_summed")

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
        self.vrid = vrid
        self.priority = priority
        self.count = len(addresses) if count is None else count
        self.auth_type = (auth_type or AUTH_NONE) if version == 2 else None
        self.interval_us = interval_us
        self.checksum = None
        self.checksum_form = checksum_form
        self._addresses = tuple(addresses)
        self._payload = None
        self._odd = None
        if auth_data is not None or reserved or trailer or type != TYPE_ADVERTISEMENT:
            self._odd = _Odd(type, reserved, auth_data, None, trailer)

    # --- reading ------------------------------------------------------------------------------------------

    @classmethod
    def parse(cls, payload: bytes, source: str, destination: str) -> Advertisement:
        """A whole, undamaged advertisement; ``source`` and ``destination`` are the IP addresses, as text.

        ``payload`` is the IP payload without Ethernet padding. Raises PacketError with the first fault in
        the order of RFC 9568 section 7.1: TOO_SHORT, CARP, BAD_VERSION, BAD_TYPE, BAD_LENGTH, BAD_CHECKSUM.
        Whether *this* router wants the packet (TTL, VRID, interval, authentication …) is for the receiver to
        say.
        """
        # a dict look-up before the call: this is the hot path of simulations
        width, pseudo = VRRP_PSEUDO_HEADERS.get((source, destination)) or vrrp_pseudo_header(
            source, destination
        )
        found = read_whole(payload, width, pseudo)
        if found is None:
            found, problems = cls.dissect(payload, source, destination)
            if problems:
                raise problems[0]
        return found

    @classmethod
    def dissect(
        cls, payload: bytes, source: str, destination: str
    ) -> tuple[Advertisement, list[PacketError]]:
        """What can be read from any bytes at all, and all that is wrong with them, in parse's order."""
        from vrrplab.wire.malformed import dissect_message

        return dissect_message(bytes(payload), source, destination)

    @classmethod
    def dissect_alone(cls, payload: bytes) -> tuple[Advertisement, list[PacketError]]:
        """The same without the IP addresses. A checksum that may sum them is right if it is so without them,
        else ``checksum_ok`` is None: nobody can tell.
        """
        from vrrplab.wire.malformed import dissect_alone

        return dissect_alone(bytes(payload))

    def needed_size(self, width: int) -> int:
        """Bytes a message with this count needs; ``width`` is 4 for IPv4 addresses, 16 for IPv6 ones.

        Over IPv6 version 2 has no authentication data (keepalived's extension; no RFC knows it).
        """
        fixed = HEADER_SIZE + (AUTH_DATA_SIZE if self.version == 2 and width == 4 else 0)
        return fixed + width * self.count

    # --- parts decoded when asked for ---------------------------------------------------------------------

    @property
    def addresses(self) -> tuple[str, ...]:
        """The virtual addresses, in the packet's order."""
        known = self._addresses
        if known is None and self._payload is not None:
            packed, width = self._packed_list(self._payload)
            known = self._addresses = TEXTS.get((width, packed)) or unpack_list(packed, width)
        return known  # type: ignore[return-value]

    @addresses.setter
    def addresses(self, addresses: tuple[str, ...]) -> None:
        self._let_go_of_payload()
        self._addresses = tuple(addresses)
        self.count = len(addresses)

    def _packed_list(self, payload: bytes) -> tuple[bytes, int]:
        """The list's bytes and what an address takes; a payload that was kept is whole, so its size tells."""
        if self.version == 2:
            return payload[HEADER_SIZE:-AUTH_DATA_SIZE], 4
        return payload[HEADER_SIZE:], 16 if self.count and len(payload) > HEADER_SIZE + 4 * self.count else 4

    def _let_go_of_payload(self) -> None:
        if self._payload is not None:
            self._addresses = self.addresses
            data, self._payload = self.auth_data, None
            if data is not None:
                self.auth_data = data

    @property
    def auth_data(self) -> bytes | None:
        """Version 2: the 8 bytes of authentication data. None in version 3 and where they are cut off."""
        if self._payload is not None and self.version == 2:
            return self._payload[-AUTH_DATA_SIZE:]
        return self._odd.auth_data if self._odd is not None else None

    @auth_data.setter
    def auth_data(self, data: bytes | None) -> None:
        if self._payload is not None:
            self._addresses, self._payload = self.addresses, None
        self._odd = self._odd or _Odd()
        self._odd.auth_data = data

    @property
    def checksum_ok(self) -> bool | None:
        """True if one of the sums is right, False if none is, None if the message was not parsed or not
        whole.
        """
        if self._odd is not None and self._odd.checksum_ok is not None:
            return self._odd.checksum_ok
        return True if self.checksum is not None and self.checksum_form is not None else None

    @checksum_ok.setter
    def checksum_ok(self, value: bool | None) -> None:
        self._odd = self._odd or _Odd()
        self._odd.checksum_ok = value

    @property
    def has_hmac_trailer(self) -> bool:
        """True for the trailer of keepalived's ``auth_hmac``: 28 bytes, type 1 (see ``wire.auth``)."""
        return len(self.trailer) == HMAC_TRAILER_SIZE and self.trailer[0] == 1

    @property
    def has_md5_trailer(self) -> bool:
        """True for Cisco's authentication type 254: type 254 again, 28, and in the end an MD5 digest.

        As captures show it; no document of it is public.
        """
        trailer = self.trailer
        return self.auth_type == AUTH_CISCO_MD5 and trailer[:2] == b"\xfe\x1c" and 28 <= len(trailer) <= 32

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
        also ours) or "message" (RFC 9568). A value that was parsed keeps its own form, and a wrong checksum,
        unless told otherwise. Raises PacketError when a field cannot be written, AddressError when
        addresses do not fit.
        """
        width, pseudo = vrrp_pseudo_header(source, destination)
        *header, body = self.fields_to_send(width, pseudo, checksum_form)
        try:
            return _pack(*header) + body
        except StructError:
            raise self.unwritable() from None

    def fields_to_send(
        self, width: int, pseudo: int, checksum_form: str | None = None
    ) -> tuple[int, int, int, int, int, int, bytes]:
        """The six numbers of the header, checksum included, and the bytes behind it.

        For ``emit`` and for whoever writes a whole frame at one go. ``width``: 4 or 16, bytes of an address;
        ``pseudo``: sum of the pseudo-header without the length.
        """
        addresses = self._addresses
        if addresses is None:
            addresses = self.addresses
        body, rest, list_width = PACKED.get(addresses) or pack_list(addresses)
        if list_width != width and body:
            text = "virtual addresses are of another family than the packet's own addresses"
            raise PacketError(DropReason.BAD_LENGTH, HEADER_SIZE, text)
        version, vrid, priority, count = self.version, self.vrid, self.priority, self.count
        odd = self._odd
        if version == 3:
            word = self.interval_us // CENTISECOND_US
            if word > 0xFFF:
                text = "version 3 has room for 40.95 seconds at most"
                raise PacketError(DropReason.BAD_INTERVAL, 4, text)
            if odd is not None:
                word |= odd.reserved << 12
            sums_addresses = width == 16 or (checksum_form or self.checksum_form) != MESSAGE
        elif version == 2:
            word, fraction = divmod(self.interval_us, SECOND_US)
            if word > 0xFF or fraction:
                text = "version 2 has room for whole seconds up to 255"
                raise PacketError(DropReason.BAD_INTERVAL, 5, text)
            word |= (self.auth_type or 0) << 8
            data = self._auth_data_to_send(width)
            body += data
            rest += _number(data, "big")
            sums_addresses = width == 16
        else:
            raise PacketError(DropReason.BAD_VERSION, 0, f"VRRP version {version}, known are 2 and 3")
        size = HEADER_SIZE + len(body)
        first = version << 4 | TYPE_ADVERTISEMENT
        if odd is not None:
            first = version << 4 | odd.type
            body += odd.trailer
            if odd.trailer and (width == 16 or odd.trailer_summed):
                rest += total(odd.trailer)
                size += len(odd.trailer)
            if odd.checksum_ok is False and checksum_form is None and self.checksum is not None:
                return first, vrid, priority, count, word, self.checksum, body
        rest += (first + priority << 8) + vrid + count + word
        check = -(rest + pseudo + size if sums_addresses else rest) % _MODULUS
        if not check and checksum_form is None:
            check = field_value(0, self.checksum)
        return first, vrid, priority, count, word, check, body

    def _auth_data_to_send(self, width: int) -> bytes:
        data = self.auth_data
        if data is None:
            return bytes(AUTH_DATA_SIZE) if width == 4 else b""
        return data.ljust(AUTH_DATA_SIZE, b"\0")[:AUTH_DATA_SIZE] if data else data

    def unwritable(self) -> PacketError:
        """Which field does not fit its place on the wire."""
        for offset, name in ((1, "vrid"), (2, "priority"), (3, "count")):
            if not 0 <= getattr(self, name) <= 255:
                reason = DropReason.BAD_VRID if name == "vrid" else DropReason.BAD_LENGTH
                return PacketError(reason, offset, f"{name} {getattr(self, name)} does not fit one byte")
        text = "interval, authentication type or reserved bits do not fit"
        return PacketError(DropReason.BAD_INTERVAL, 4, text)

    # --- as a value ---------------------------------------------------------------------------------------

    def _key(self) -> tuple[object, ...]:
        data = None if self.version == 3 else self.auth_data or bytes(AUTH_DATA_SIZE)
        return (
            self.version, self.type, self.vrid, self.priority, self.count, self.auth_type, self.reserved,
            self.interval_us, self.addresses, data, self.trailer,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        """Equal if they say the same; how the checksum was reckoned does not matter."""
        return self._key() == other._key() if isinstance(other, Advertisement) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = ["version", "vrid", "priority", "interval_us", "addresses", "auth_type", "checksum_form"]
        return "Advertisement(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in names) + ")"


_new = Advertisement.__new__


def read_whole(payload: bytes, width: int, pseudo: int) -> Advertisement | None:
    """The advert if nothing at all is strange about it, else None: the short way in.

    ``width``: 4 or 16, bytes of an address; ``pseudo``: sum of the pseudo-header without the length.
    """
    size = len(payload)
    try:
        first, vrid, priority, count, word, check = _unpack(payload)
    except StructError:
        return None
    if first == 0x31 and size == HEADER_SIZE + width * count:
        number = _number(payload, "big")
        self = _new(Advertisement)
        if not (number + pseudo + size) % _MODULUS:
            self.checksum_form = PSEUDO_HEADER
        elif width == 4 and not number % _MODULUS:
            self.checksum_form = MESSAGE
        else:
            return None
        self.version = 3
        self.auth_type = None
        self._odd = _Odd(TYPE_ADVERTISEMENT, word >> 12) if word > 0xFFF else None
        self.interval_us = (word & 0xFFF) * CENTISECOND_US
    elif first == 0x21 and width == 4 and size == 16 + 4 * count and not _number(payload, "big") % _MODULUS:
        self = _new(Advertisement)
        self.checksum_form = MESSAGE
        self.version = 2
        self.auth_type = word >> 8
        self._odd = None
        self.interval_us = (word & 0xFF) * SECOND_US
    else:
        return None
    self.vrid = vrid
    self.priority = priority
    self.count = count
    self.checksum = check
    self._addresses = None
    self._payload = payload
    return self
