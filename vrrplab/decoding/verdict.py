"""Would a router accept this frame, and if not, why? One answer a behaviour profile.

A frame is judged as by a router that is configured for it: same VRID, same address family, the version if
the profile speaks it, the authentication type the packet carries, the same interval. What is left is what a
packet can get wrong by itself. ``reasons`` come in the order in which the profile's router looks, so the
first one is what it would report. Rule names are the rows of the lab's checklist: R3-… obligations of RFC
9568/5798 (R2-… of RFC 3768/2338 only), K… what keepalived does instead. ``notes`` are obligations of the
sender that no receiver checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vrrplab.decoding.sender_duties import Reason, first_is_not_link_local, sender_notes
from vrrplab.errors import DropReason, PacketError
from vrrplab.wire import auth
from vrrplab.wire.addresses import is_multicast
from vrrplab.wire.dissect import Frame, address_width
from vrrplab.wire.ip import IPHeader, IPv4Header
from vrrplab.wire.vrrp import (
    AUTH_AH,
    AUTH_DATA_SIZE,
    AUTH_PASS,
    HEADER_SIZE,
    HMAC_TRAILER_SIZE,
    MESSAGE,
    PSEUDO_HEADER,
    Advertisement,
)

DEFAULT_PROFILE = "keepalived-2.2.7"


class Verdict(NamedTuple):
    """``accepted``; ``reasons`` against it in the router's order; ``notes`` that change nothing."""

    accepted: bool
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]

    @property
    def word(self) -> str:
        return "accept" if self.accepted else "drop"


class _Packet(NamedTuple):
    """An advert as a check sees it. Fields of ``advert`` are None where the frame was cut off; ``width``:
    bytes of an address; parts of the frame that several checks look at stand beside it.
    """

    frame: Frame
    advert: Advertisement
    profile: str
    key: bytes | None
    ip: IPHeader | None
    problems: tuple[PacketError, ...]
    width: int

    @property
    def ip_version(self) -> int:
        return 4 if self.width == 4 else 6

    @property
    def is_keepalived(self) -> bool:
        return self.profile.startswith("keepalived")

    @property
    def is_unicast(self) -> bool:
        return self.ip is not None and not is_multicast(self.ip.destination)


_Check = Callable[[_Packet], Reason | None]


def judge(frame: Frame, profile: str = DEFAULT_PROFILE, key: str | bytes | None = None) -> Verdict:
    """The verdict of a router of that profile.

    ``key``: the password (or HMAC key) the router has; without one, passwords and check values are taken on
    trust. Frames that are neither VRRP nor CARP are accepted if they are what they say they are; "other"
    and "igmp" ones are not VRRP, so a VRRP router never sees them. Of a message without its headers only what
    is in it is judged, and a note says so. ValueError for an unknown profile.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}; there are {', '.join(PROFILES)}")
    advert = frame.vrrp
    if frame.kind != "vrrp" or advert is None:
        reasons = _what_the_frame_is(frame)
        return Verdict(not reasons, tuple(reasons), ())
    secret = key.encode() if isinstance(key, str) else key
    packet = _Packet(frame, advert, profile, secret, frame.ip, frame.problems, address_width(frame))
    reasons = [found for check in PROFILES[profile] if (found := check(packet)) is not None]
    return Verdict(not reasons, tuple(reasons), tuple(sender_notes(frame, advert, packet.ip)))


def _what_the_frame_is(frame: Frame) -> list[Reason]:
    reasons = [Reason(p.reason.name, _RULE_OF.get(p.reason, ""), str(p)) for p in frame.problems]
    if frame.kind in ("igmp", "other") and not reasons:
        text = "protocol 112 is VRRP; this is something else"
        if frame.ip is not None:
            text = f"VRRP is IP protocol 112, this is {frame.ip.protocol}"
        reasons.append(Reason(DropReason.NOT_VRRP.name, "R3-5.1.1.4-a", text))
    return reasons


_RULE_OF = {
    DropReason.TOO_SHORT: "R3-7.1-d",
    DropReason.BAD_LENGTH: "R3-7.1-d",
    DropReason.CARP: "R3-7.1-d",
}


# --- what every kernel sees to before a daemon hears of the packet ----------------------------------------


def _ip_is_sound(packet: _Packet) -> Reason | None:
    for problem in packet.problems:
        if problem.reason in (DropReason.BAD_IP_HEADER, DropReason.BAD_IP_CHECKSUM, DropReason.FRAGMENT):
            return Reason(problem.reason.name, "", str(problem))
    return None


# --- the checks, each as in its RFC row -------------------------------------------------------------------


def _ttl(packet: _Packet) -> Reason | None:
    ip = packet.ip
    if ip is None or ip.ttl == 255:
        return None
    if packet.is_keepalived and packet.is_unicast:  # K13: unicast is not checked
        return None
    name = "TTL" if ip.version == 4 else "hop limit"
    rule = "R3-7.1-a"
    return Reason("BAD_TTL", rule, f"{name} {ip.ttl}, must be 255: the packet may have crossed a router")


def _version(packet: _Packet) -> Reason | None:
    known = {"rfc3768": (2,), "rfc5798": (3,), "rfc9568": (3,)}.get(packet.profile, (2, 3))
    version = packet.advert.version
    if version is None or version in known:
        if version == 2 and packet.profile == "rfc3768" and packet.ip_version == 6:
            return Reason("BAD_VERSION", "R3-7.1-b", "version 2 knows no IPv6")
        return None
    expected = " or ".join(map(str, known))
    return Reason("BAD_VERSION", "R3-7.1-b", f"version {version}, expected {expected}")


def _type(packet: _Packet) -> Reason | None:
    kind = packet.advert.type
    if kind is None or kind == 1:
        return None
    return Reason("BAD_TYPE", "R3-7.1-c", f"type {kind}, only 1 (advertisement) is known")


def _needed(packet: _Packet) -> int:
    """What the daemons reckon a message of this count takes; over IPv6 version 2 has no authentication
    data.
    """
    advert = packet.advert
    extra = AUTH_DATA_SIZE if advert.version == 2 and packet.width == 4 else 0
    return HEADER_SIZE + extra + packet.width * advert.count


def _complete(packet: _Packet) -> Reason | None:
    for problem in packet.problems:
        if problem.reason is DropReason.TOO_SHORT:
            return Reason("TOO_SHORT", "R3-7.1-d", str(problem))
    here = len(packet.frame.payload)
    needed = _needed(packet)
    if here < needed:
        count = packet.advert.count
        text = f"{count} addresses make {needed} bytes, the packet has {here}"
        return Reason("BAD_LENGTH", "R3-7.1-d", text)
    return None


def _exact_length(packet: _Packet) -> Reason | None:
    """keepalived: the IP packet must be as long as its count says, to the byte."""
    missing = _complete(packet)
    if missing is not None:
        return missing
    here, needed = len(packet.frame.payload), _needed(packet)
    extra = here - needed
    if extra == 0 or (packet.profile == "keepalived-2.4.3" and _extra_is_fine(packet, extra)):
        return None
    text = f"{packet.advert.count} addresses make {needed} bytes, the packet has {here}"
    if packet.advert.has_hmac_trailer:
        text += ": an HMAC trailer, which only keepalived with auth_hmac expects"
    return Reason("BAD_LENGTH", "R3-7.1-d", text)


def _extra_is_fine(packet: _Packet, extra: int) -> bool:
    if packet.advert.has_hmac_trailer:  # K18: the router of a packet with a trailer has auth_hmac
        return True
    # K15: what could be Ethernet padding that went astray (60 bytes less 14, in steps of a VLAN tag)
    header = packet.ip
    whole = _needed(packet) + (header.header_length if isinstance(header, IPv4Header) else 0)
    return whole < 46 and extra % 4 == 2


def _at_least_one_address(packet: _Packet) -> Reason | None:
    if packet.advert.count == 0 and packet.advert.version == 3:
        return Reason("BAD_COUNT", "R3-5.2.5-a", "no address: version 3 adverts have one at least")
    return None


def _checksum(packet: _Packet) -> Reason | None:
    advert = packet.advert
    if advert.checksum_ok is None:
        return None
    if not advert.checksum_ok:
        return Reason("BAD_CHECKSUM", "R3-7.1-e", _problem_text(packet, DropReason.BAD_CHECKSUM))
    if advert.version == 3 and packet.ip_version == 4:
        wanted = MESSAGE if packet.profile == "rfc9568" else PSEUDO_HEADER
        if advert.checksum_form != wanted:
            return Reason("BAD_CHECKSUM", "R3-7.1-e", _other_form(packet.profile, wanted))
    return None


def _other_form(profile: str, wanted: str) -> str:
    if profile == "rfc9568":
        return "right with an IPv4 pseudo-header, but RFC 9568 sums the message only (R3-5.2.8-a)"
    who = "RFC 5798, as keepalived and FRR read it," if profile == "rfc5798" else "keepalived"
    cure = "; v3_checksum_as_v2 would accept it" if profile.startswith("keepalived") else ""
    return f"right over the message only, but {who} wants a {wanted} in it (R3-5.2.8-a, K01{cure})"


def _problem_text(packet: _Packet, reason: DropReason) -> str:
    texts = [str(problem) for problem in packet.problems if problem.reason is reason]
    return texts[0] if texts else reason.value


def _vrid(packet: _Packet) -> Reason | None:
    if packet.advert.vrid == 0:
        return Reason("BAD_VRID", "R3-5.2.3-a", "VRID 0: no router can be configured for it, 1 to 255 exist")
    return None


def _auth_type(packet: _Packet) -> Reason | None:
    kind = packet.advert.auth_type
    if packet.advert.version != 2 or kind is None:
        return None
    if kind > AUTH_AH:
        return Reason("BAD_AUTH_TYPE", "R2-5.3.6-a", f"authentication type {kind} does not exist")
    if kind and packet.profile == "rfc3768":
        text = f"authentication type {kind} of RFC 2338: RFC 3768 keeps only 0 (none)"
        return Reason("BAD_AUTH_TYPE", "R2-5.3.6-a", text)
    return None


def _ah_presence(packet: _Packet) -> Reason | None:
    """keepalived's first look: an AH header is there if, and only if, the type says so."""
    has, wants = packet.frame.ah is not None, packet.advert.auth_type == AUTH_AH
    if packet.advert.auth_type is None or packet.ip is None or has == wants:
        return None
    text = "an AH header, but authentication type" if has else "no AH header, but authentication type"
    return Reason("BAD_AUTH_TYPE", "R2-7.1-a", f"{text} {packet.advert.auth_type}")


def _authentic(packet: _Packet) -> Reason | None:
    advert, frame = packet.advert, packet.frame
    if packet.profile == "rfc3768" or not packet.is_keepalived or advert.version != 2:
        return None
    if frame.ah is not None and frame.ip is not None and frame.ip.version == 4:
        if packet.key is not None and not ah_is_right(frame, packet.key):
            text = "the AH check value was not made with this key, or the packet was changed on its way"
            return Reason("AUTH_MISMATCH", "R2-7.1-a", text)
        if frame.ah.spi != auth.spi_of(frame.ip.source):
            text = f"AH security parameter index 0x{frame.ah.spi:08x} is not the source address"
            return Reason("AUTH_MISMATCH", "R2-7.1-a", text)
    elif advert.auth_type == AUTH_PASS and packet.key is not None and advert.auth_data is not None:
        same = advert.auth_data == auth.key_bytes(packet.key)
        return None if same else Reason("AUTH_MISMATCH", "R2-7.1-a", "another password than this router's")
    return None


def ah_is_right(frame: Frame, key: bytes) -> bool:
    """True if the frame's AH check value was made with ``key`` (IPv4 only)."""
    assert frame.ah is not None
    assert frame.ip is not None
    header = frame.ip
    start = len(frame.raw) - len(frame.padding) - len(frame.payload) - auth.AH_SIZE
    raw_header = frame.raw[start - getattr(header, "header_length", 40) : start]
    return auth.verify(key, raw_header, frame.ah, frame.payload)


def _hmac(packet: _Packet) -> Reason | None:
    advert, ip = packet.advert, packet.ip
    if not advert.has_hmac_trailer or packet.key is None or ip is None:
        return None
    trailer = auth.HmacTrailer.parse(advert.trailer)
    if trailer.reserved or not trailer.verify(
        packet.key, packet.frame.payload[:-HMAC_TRAILER_SIZE], ip.source
    ):
        return Reason("AUTH_MISMATCH", "K18", "the HMAC trailer was not made with this key")
    return None


def _interval_not_zero(packet: _Packet) -> Reason | None:
    if packet.advert.interval_us != 0:
        return None
    if packet.advert.version == 3:
        return Reason("BAD_INTERVAL", "R3-7.1-h", "Max Advertise Interval 0 (RFC 9568 erratum 8301)")
    return _v2_interval(packet)


def _v2_interval(packet: _Packet) -> Reason | None:
    if packet.advert.version == 2 and packet.advert.interval_us == 0:
        text = "advertisement interval 0: version 2 wants the receiver's own, which is 1 second at least"
        return Reason("BAD_INTERVAL", "R3-7.1-i", text)
    return None


def _first_is_link_local(packet: _Packet) -> Reason | None:
    return first_is_not_link_local(packet.advert)


def _ipv6_kernel_checksum(packet: _Packet) -> Reason | None:
    """keepalived leaves IPv6 checksums to the kernel, which looks before anybody else (K15)."""
    return _checksum(packet) if packet.ip_version == 6 else None


def _ipv4_checksum(packet: _Packet) -> Reason | None:
    return _checksum(packet) if packet.ip_version == 4 else None


_KEEPALIVED: tuple[_Check, ...] = (
    _ip_is_sound, _ipv6_kernel_checksum, _vrid, _ah_presence, _exact_length, _ttl, _version, _hmac,
    _auth_type, _authentic, _v2_interval, _type, _ipv4_checksum,
)  # fmt: skip
_RFC3768: tuple[_Check, ...] = (
    _ip_is_sound, _ttl, _version, _type, _complete, _checksum, _vrid, _auth_type, _v2_interval,
)  # fmt: skip
_RFC5798: tuple[_Check, ...] = (
    _ip_is_sound, _ttl, _version, _type, _complete, _checksum, _vrid, _at_least_one_address,
)  # fmt: skip
_RFC9568: tuple[_Check, ...] = (
    _ip_is_sound, _ttl, _version, _type, _complete, _checksum, _vrid, _interval_not_zero,
    _at_least_one_address, _first_is_link_local,
)  # fmt: skip

PROFILES: dict[str, tuple[_Check, ...]] = {
    "keepalived-2.2.7": _KEEPALIVED,
    "keepalived-2.4.3": _KEEPALIVED,
    "rfc3768": _RFC3768,
    "rfc5798": _RFC5798,
    "rfc9568": _RFC9568,
}
