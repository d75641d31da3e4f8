"""Authentication of adverts: IPsec AH (RFC 2338's type 2, RFC 2402) and keepalived's HMAC trailer.

     0       1       2               4               8               12                     24
    +-------+-------+---------------+---------------+---------------+----------------------+
    | next  | words | zero          | SPI           | sequence      | ICV, 12 bytes        |  AH (24)
    +-------+-------+---------------+---------------+---------------+----------------------+
    | type 1| key id| zero          | UTC seconds   | subsec | ctr  | HMAC, 16 bytes       |  trailer (28)
    +-------+-------+---------------+---------------+--------+------+----------------------+

ICV as keepalived reckons it, verified on frames of 2.2.7: first 12 bytes of HMAC-MD5, key = auth_pass
padded with zeros to 8 bytes, over the IPv4 header (tos, flags, fragment offset and checksum zeroed; ttl too
in unicast; id kept), AH with a zero ICV, and the VRRP message. SPI = source address. RFC 2402 would zero
the ttl always; both are tried on receipt.

The trailer (keepalived 2.4 ``auth_hmac``, draft-cassen-vrrp-auth-hmac-00): first 16 bytes of HMAC-SHA256
over a 20-byte head (family 4 or 6, version, VRID, zero, source address padded to 16), the message with a
zero checksum, the trailer with a zero HMAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from vrrplab.errors import DropReason, PacketError
from vrrplab.wire.addresses import is_multicast, pack_address
from vrrplab.wire.vrrp import HMAC_TRAILER_SIZE

AH_SIZE = 24
ICV_SIZE = 12
KEY_SIZE = 8

_AH = Struct("!BBHII12s")
_TRAILER = Struct("!BBHIHH16s")


@dataclass(slots=True)
class AhHeader:
    """An IPsec authentication header with a 12-byte ICV."""

    next_header: int
    spi: int
    sequence: int
    icv: bytes
    words: int = 4
    reserved: int = 0

    @property
    def length(self) -> int:
        """Bytes the header takes, as it says itself."""
        return (self.words + 2) * 4

    @classmethod
    def parse(cls, data: bytes, base: int = 0) -> AhHeader:
        """Raises PacketError: TOO_SHORT, or BAD_LENGTH for an ICV of another size than HMAC-MD5-96's."""
        if len(data) < AH_SIZE:
            text = f"an AH header has {AH_SIZE} bytes, here are {len(data)}"
            raise PacketError(DropReason.TOO_SHORT, base + len(data), text)
        next_header, words, reserved, spi, sequence, icv = _AH.unpack_from(data)
        if words != 4:
            text = f"AH length field {words}: VRRP's HMAC-MD5-96 makes it 4"
            raise PacketError(DropReason.BAD_LENGTH, base + 1, text)
        return cls(next_header, spi, sequence, icv, words, reserved)

    def emit(self) -> bytes:
        """The header's 24 bytes."""
        return _AH.pack(self.next_header, self.words, self.reserved, self.spi, self.sequence, self.icv)


def key_bytes(password: str | bytes) -> bytes:
    """``auth_pass`` as the daemon uses it: cut to 8 bytes, padded with zeros."""
    data = password.encode("latin-1", "replace") if isinstance(password, str) else bytes(password)
    return data[:KEY_SIZE].ljust(KEY_SIZE, b"\0")


def integrity_check_value(key: bytes, ip_header: bytes, ah: bytes, message: bytes, zero_ttl: bool) -> bytes:
    """The 12 bytes of the ICV over one packet; ``ah`` may carry any ICV, zeros are reckoned."""
    import hmac  # only routers with AH need it

    ttl = b"\0" if zero_ttl else ip_header[8:9]
    covered = b"".join(
        (ip_header[:1], b"\0", ip_header[2:6], b"\0\0", ttl, ip_header[9:10], b"\0\0", ip_header[12:])
    )
    return hmac.digest(key_bytes(key), covered + ah[:12] + bytes(ICV_SIZE) + message, "md5")[:ICV_SIZE]


def sign(key: bytes, ip_header: bytes, ah: AhHeader, message: bytes, destination: str) -> AhHeader:
    """The header with its ICV filled in. ``ip_header`` must be final (total length, id, protocol 51)."""
    icv = integrity_check_value(key, ip_header, ah.emit(), message, zero_ttl=not is_multicast(destination))
    return AhHeader(ah.next_header, ah.spi, ah.sequence, icv)


def verify(key: bytes, ip_header: bytes, ah: AhHeader, message: bytes) -> bool:
    """True if the ICV was made with this key, in either reading of the ttl (see above)."""
    return any(
        ah.icv == integrity_check_value(key, ip_header, ah.emit(), message, zero_ttl)
        for zero_ttl in (False, True)
    )


def spi_of(source: str) -> int:
    """keepalived's security parameter index: the source address as a number."""
    return int.from_bytes(pack_address(source)[:4], "big")


@dataclass(slots=True)
class HmacTrailer:
    """keepalived's authentication trailer. ``sequence`` is seconds, binary fraction and counter as one
    number.
    """

    type: int
    key_id: int
    reserved: int
    seconds: int
    fraction: int
    counter: int
    hmac: bytes

    @property
    def sequence(self) -> int:
        return self.seconds << 32 | self.fraction << 16 | self.counter

    @classmethod
    def parse(cls, data: bytes) -> HmacTrailer:
        """Raises PacketError(BAD_LENGTH) for anything but 28 bytes."""
        if len(data) != HMAC_TRAILER_SIZE:
            text = f"an HMAC trailer has {HMAC_TRAILER_SIZE} bytes, here are {len(data)}"
            raise PacketError(DropReason.BAD_LENGTH, len(data), text)
        return cls(*_TRAILER.unpack(data))

    def emit(self) -> bytes:
        """The trailer's 28 bytes."""
        return _TRAILER.pack(
            self.type, self.key_id, self.reserved, self.seconds, self.fraction, self.counter, self.hmac
        )

    def verify(self, key: bytes, message: bytes, source: str) -> bool:
        """True if the HMAC was made with this key. ``message``: the advert without its trailer."""
        return self.hmac == trailer_hmac(key, message, self.emit(), source)


def trailer_hmac(key: bytes, message: bytes, trailer: bytes, source: str) -> bytes:
    """The 16 bytes of the trailer's HMAC."""
    import hmac

    packed = pack_address(source)
    head = bytes((4 if len(packed) == 4 else 6, message[0] >> 4, message[1], 0)) + packed.ljust(16, b"\0")
    covered = head + message[:6] + b"\0\0" + message[8:] + trailer[:12] + bytes(16)
    return hmac.digest(key, covered, "sha256")[:16]
