"""Would a router accept this frame, and if not, why? One answer a behaviour profile.

A frame is judged as by a router that is configured for it: same VRID, same address family, the version if
the profile speaks it, the authentication type the packet carries, the same interval. What is left is what a
packet can get wrong by itself. Whether that router takes it says ``machine.acceptance``, in the order in
which the profile's router looks, so the first of ``reasons`` is what it would report; here are the rows and
the sentences. Rule names are the rows of the lab's checklist: R3-… obligations of RFC 9568/5798 (R2-… of RFC
3768/2338 only), K… what keepalived does instead. ``notes`` are obligations of the sender that no receiver
checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from vrrplab.decoding.sender_duties import Reason, first_is_not_link_local, sender_duties
from vrrplab.errors import DropReason, PacketError
from vrrplab.machine.acceptance import Receiver, objections, unknown_version, versions
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.profiles import KEEPALIVED_227, PROFILES, Profile
from vrrplab.units import SECOND_US
from vrrplab.wire import auth
from vrrplab.wire.addresses import is_multicast
from vrrplab.wire.dissect import Frame, address_width
from vrrplab.wire.ip import IPHeader
from vrrplab.wire.vrrp import (
    AUTH_AH,
    AUTH_CISCO_MD5,
    HMAC_TRAILER_SIZE,
    MESSAGE,
    TYPE_ADVERTISEMENT,
    Advertisement,
)

DEFAULT_PROFILE = KEEPALIVED_227.name


class Verdict(NamedTuple):
    """``accepted``; ``reasons`` against it in the router's order; ``notes`` that change nothing."""

    accepted: bool
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]

    @property
    def word(self) -> str:
        return "accept" if self.accepted else "drop"


class _Packet(NamedTuple):
    """An advert to be judged. Fields of ``advert`` are None where the frame was cut off; ``width``: bytes of
    an address; ``needed``: what the daemons reckon a message of this count takes.
    """

    frame: Frame
    advert: Advertisement
    profile: Profile
    key: bytes | None
    ip: IPHeader | None
    width: int
    needed: int

    @property
    def family(self) -> int:
        return 4 if self.width == 4 else 6


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
    width = address_width(frame)
    needed = advert.needed_size(width) if advert.count is not None else 0
    packet = _Packet(frame, advert, PROFILES[profile], secret, frame.ip, width, needed)
    reasons = [*_what_the_kernel_drops(frame), *_objections(packet)]
    notes = sender_duties(frame, advert, packet.ip)
    if frame.ah is not None and secret is None:
        text = "the AH check value is not judged: that takes the password (--key)"
        notes.append(Reason("AH_NOT_JUDGED", "R2-7.1-a", text))
    return Verdict(not reasons, tuple(reasons), tuple(notes))


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


def _what_the_kernel_drops(frame: Frame) -> Iterator[Reason]:
    """What every kernel sees to before a daemon hears of the packet: the first such fault."""
    for problem in frame.problems:
        if problem.reason in (DropReason.BAD_IP_HEADER, DropReason.BAD_IP_CHECKSUM, DropReason.FRAGMENT):
            yield Reason(problem.reason.name, "", str(problem))
            return


def _objections(packet: _Packet) -> list[Reason]:
    receiver = _configured_for(packet)
    found = objections(receiver, _arrived(packet, receiver))
    return [Reason(f.reason.name, _ROWS[name][0], _ROWS[name][1](packet)) for name, f in found]


def _configured_for(packet: _Packet) -> Receiver:
    """A router that expects just this packet, as far as its profile can."""
    advert, profile = packet.advert, packet.profile
    known = versions(profile, packet.family)
    spoken = advert.version is None or advert.version in known
    kinds = (0, 1, AUTH_AH) if profile.authenticates else (0,)
    taken = advert.auth_type is None or advert.auth_type in kinds
    no_interval = advert.version == 2 and advert.interval_us == 0  # a router's own is a second at least
    is_unicast = packet.ip is not None and not is_multicast(packet.ip.destination)
    return Receiver(
        profile,
        advert.version if spoken else (*known, -1)[0],
        packet.family,
        1 if advert.vrid == 0 else advert.vrid,
        SECOND_US if no_interval else advert.interval_us,
        advert.auth_type if taken else 0,
        auth.key_bytes(packet.key) if packet.key is not None else None,
        has_hmac=advert.has_hmac_trailer,
        unicast=is_unicast,
        group="" if is_unicast or packet.ip is None else packet.ip.destination,
        checksum_form=profile.checksum_form,
    )


def _arrived(packet: _Packet, receiver: Receiver) -> AdvertisementReceived:
    """The packet as it would come to the machine, with its flaws."""
    advert, ip, frame = packet.advert, packet.ip, packet.frame
    here, flaws = len(frame.payload), []
    is_short = any(problem.reason is DropReason.TOO_SHORT for problem in frame.problems)
    if is_short:
        flaws.append(DropReason.TOO_SHORT)
    elif here < packet.needed:
        flaws.append(DropReason.BAD_LENGTH)
    if advert.type not in (None, TYPE_ADVERTISEMENT):
        flaws.append(DropReason.BAD_TYPE)
    if advert.checksum_ok is False:
        flaws.append(DropReason.BAD_CHECKSUM)
    has_ah = frame.ah is not None if ip is not None and advert.auth_type is not None else None
    if has_ah is None:
        has_ah = receiver.auth_type == AUTH_AH  # nobody can tell
    return AdvertisementReceived(
        "",
        ip.source if ip is not None else "",
        ip.destination if ip is not None else "",
        ip.ttl if ip is not None else 255,
        advert,
        0 if has_ah else None,
        not _forged(packet),
        0 if is_short else max(0, here - packet.needed),
        tuple(flaws),
    )


def _forged(packet: _Packet) -> str:
    """What is wrong with an AH value or an HMAC trailer, in words."""
    frame, advert, ip, key = packet.frame, packet.advert, packet.ip, packet.key
    if frame.ah is not None and ip is not None and ip.version == 4:
        if key is not None and not ah_is_right(frame, key):
            return "the AH check value was not made with this key, or the packet was changed on its way"
        if frame.ah.spi != auth.spi_of(ip.source):
            return f"AH security parameter index 0x{frame.ah.spi:08x} is not the source address"
    if advert.has_hmac_trailer and key is not None and ip is not None:
        trailer = auth.HmacTrailer.parse(advert.trailer)
        if trailer.reserved or not trailer.verify(key, frame.payload[:-HMAC_TRAILER_SIZE], ip.source):
            return "the HMAC trailer was not made with this key"
    return ""


def ah_is_right(frame: Frame, key: bytes) -> bool:
    """True if the frame's AH check value was made with ``key`` (IPv4 only)."""
    assert frame.ah is not None
    assert frame.ip is not None
    header = frame.ip
    start = frame.end - len(frame.padding) - len(frame.payload) - auth.AH_SIZE
    raw_header = frame.raw[start - getattr(header, "header_length", 40) : start]
    return auth.verify(key, raw_header, frame.ah, frame.payload)


# --- the sentences, by the check of machine.acceptance ------------------------------------------------------


def _ttl(packet: _Packet) -> str:
    assert packet.ip is not None
    name = "TTL" if packet.family == 4 else "hop limit"
    return f"{name} {packet.ip.ttl}, must be 255: the packet may have crossed a router"


def _version(packet: _Packet) -> str:
    version, profile = packet.advert.version, packet.profile
    expected = " or ".join(map(str, profile.versions))
    text = f"version {version}, expected {expected}"
    if version in profile.versions:
        text = f"version {version} knows no IPv6"
    known_elsewhere = version in KEEPALIVED_227.versions
    sentence = unknown_version(profile, version, packet.family) if known_elsewhere else ""
    return f"{text}: {sentence}" if sentence else text


def _type(packet: _Packet) -> str:
    return f"type {packet.advert.type}, only 1 (advertisement) is known"


def _complete(packet: _Packet) -> str:
    short = _problem(packet, DropReason.TOO_SHORT)
    if short is not None:
        return str(short)
    here = len(packet.frame.payload)
    return f"{packet.advert.count} addresses make {packet.needed} bytes, the packet has {here}"


def _exact_length(packet: _Packet) -> str:
    text = _complete(packet)
    if packet.advert.has_hmac_trailer and len(packet.frame.payload) > packet.needed:
        text += ": an HMAC trailer, which only keepalived with auth_hmac expects"
    elif packet.advert.has_md5_trailer:
        text += f": Cisco's MD5 trailer, {len(packet.advert.trailer)} bytes, follows"
    elif packet.family == 6 and packet.advert.version == 2 and packet.advert.auth_data:
        text += ": version 2 over IPv6 with eight authentication bytes, as some vendors send it"
    return text


def _checksum(packet: _Packet) -> str:
    if packet.advert.checksum_ok is False:
        return str(_problem(packet, DropReason.BAD_CHECKSUM) or DropReason.BAD_CHECKSUM.value)
    profile, wanted = packet.profile, packet.profile.checksum_form
    if wanted == MESSAGE:
        return f"right with an IPv4 pseudo-header, but {profile.rfc} sums the message only (R3-5.2.8-a)"
    who = f"{profile.rfc}, as keepalived and FRR read it," if profile.rfc == "RFC 5798" else profile.daemon
    has_cure = profile.checksum_option_takes_any and not profile.rfc
    cure = "; v3_checksum_as_v2 would accept it" if has_cure else ""
    return f"right over the message only, but {who} wants a {wanted} in it (R3-5.2.8-a, K01{cure})"


def _problem(packet: _Packet, reason: DropReason) -> PacketError | None:
    return next((problem for problem in packet.frame.problems if problem.reason is reason), None)


def _auth_type(packet: _Packet) -> str:
    kind = packet.advert.auth_type
    if kind in (1, AUTH_AH):
        return f"authentication type {kind} of RFC 2338: RFC 3768 keeps only 0 (none)"
    if kind == AUTH_CISCO_MD5:
        return "authentication type 254 is Cisco's MD5, which no RFC has and only Cisco's routers take"
    return f"authentication type {kind} does not exist"


def _ah_header(packet: _Packet) -> str:
    has = "an" if packet.frame.ah is not None else "no"
    return f"{has} AH header, but authentication type {packet.advert.auth_type}"


def _interval(packet: _Packet) -> str:
    return "advertisement interval 0: version 2 wants the receiver's own, which is 1 second at least"


def _first_link_local(packet: _Packet) -> str:
    found = first_is_not_link_local(packet.advert)
    return found.text if found is not None else ""


_ROWS: dict[str, tuple[str, Callable[[_Packet], str]]] = {
    "ttl": ("R3-7.1-a", _ttl),
    "version": ("R3-7.1-b", _version),
    "type": ("R3-7.1-c", _type),
    "complete": ("R3-7.1-d", _complete),
    "exact-length": ("R3-7.1-d", _exact_length),
    "length-or-padding": ("R3-7.1-d", _exact_length),
    "checksum": ("R3-7.1-e", _checksum),
    "kernel-checksum": ("R3-7.1-e", _checksum),
    "ipv4-checksum": ("R3-7.1-e", _checksum),
    "vrid": ("R3-5.2.3-a", lambda packet: "VRID 0: no router can be configured for it, 1 to 255 exist"),
    "auth-type": ("R2-5.3.6-a", _auth_type),
    "ah-header": ("R2-7.1-a", _ah_header),
    "password": ("R2-7.1-a", lambda packet: "another password than this router's"),
    "ah-value": ("R2-7.1-a", _forged),
    "hmac": ("K18", _forged),
    "interval": ("R3-7.1-i", _interval),
    "interval-not-zero": ("R3-7.1-h", lambda packet: "Max Advertise Interval 0 (RFC 9568 erratum 8301)"),
    "any-address": ("R3-5.2.5-a", lambda packet: "no address: version 3 adverts have one at least"),
    "first-link-local": ("R3-5.2.9-a", _first_link_local),
}
