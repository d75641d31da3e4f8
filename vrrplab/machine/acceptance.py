"""Is a received advert used? The one place that knows RFC 9568, 5798 and 3768 section 7.1, and keepalived.

A ``Receiver`` is a router's side of every comparison: what it expects of an advert. ``Profile.checks`` names
the checks in the order in which a router of that profile looks; here they are. The machine makes a receiver
of an instance's configuration and wants the first objection; a verdict on a captured frame makes one that is
configured for just that frame and wants them all. What the codec found is part of the event (``flaws``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from vrrplab.config.model import Authentication, InstanceConfig, UnicastPeer
from vrrplab.errors import DropReason
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.profiles import Profile
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, VRRP_GROUP_IPV6, is_link_local, is_multicast
from vrrplab.wire.vrrp import AUTH_AH, AUTH_PASS, AUTH_TYPES


@dataclass(slots=True)
class Receiver:
    """What a router expects of the adverts for one of its virtual routers."""

    profile: Profile
    version: int
    family: int
    vrid: int
    interval_us: Micros
    auth_type: int | None = 0
    password: bytes | None = None  # eight bytes; None: taken on trust
    has_hmac: bool = False  # keepalived's auth_hmac, a draft
    unicast: bool = False
    group: str = ""
    peers: dict[str, UnicastPeer] | None = None  # None: from anybody
    deaf: bool = False  # an address owner that takes no advert at all
    checksum_form: str | None = None  # of version 3 over IPv4; None: any
    addresses: tuple[str, ...] | None = None  # None: whatever they are


def receiver_of(config: InstanceConfig, profile: Profile) -> Receiver:
    """What an instance expects."""
    authentication = authentication_of(config, profile)
    is_pass = authentication is not None and authentication.kind == "PASS"
    return Receiver(
        profile,
        config.version,
        config.family,
        config.vrid,
        config.advert_interval_us,
        AUTH_TYPES[authentication.kind if authentication else ""] if config.version == 2 else None,
        authentication.password.ljust(8, b"\0") if authentication and is_pass else None,
        unicast=config.unicast,
        group=multicast_group(config),
        peers={p.address: p for p in config.unicast_peers} if config.check_unicast_src else None,
        deaf=config.address_owner and (config.owner_ignore_adverts or not profile.owner_listens),
        # keepalived, as its source reads: with v3_checksum_as_v2 it takes any checksum
        checksum_form=None
        if config.v3_checksum_as_v2 and profile.checksum_option_takes_any
        else checksum_form(config, profile),
        addresses=tuple(a.address for a in config.virtual_addresses),
    )


class Objection(NamedTuple):
    """What is odd about an advert. ``fatal``: it is not used. ``key``, ``values``: of a log line."""

    reason: DropReason
    key: str = ""
    values: dict[str, object] | None = None
    fatal: bool = True


def _logged(reason: DropReason, *, fatal: bool = True, **values: object) -> Objection:
    """With the log line of that reason."""
    return Objection(reason, reason.name, values, fatal)


_Look = Callable[[Receiver, AdvertisementReceived, int], Objection | None]


class Check(NamedTuple):
    """``concerns``: is there anything to look at, for such a receiver?"""

    look: _Look
    concerns: Callable[[Receiver], bool] = lambda r: True


def _flaw(*reasons: DropReason) -> _Look:
    def look(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
        if not event.flaws:
            return None
        return next((Objection(reason) for reason in reasons if reason in event.flaws), None)

    return look


_incomplete = _flaw(DropReason.TOO_SHORT, DropReason.BAD_LENGTH)
_wrong_sum = _flaw(DropReason.BAD_CHECKSUM)


def _exact_length(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    if not event.surplus and not event.flaws:
        return None
    return _incomplete(r, event, last_sequence) or (
        Objection(DropReason.BAD_LENGTH) if event.surplus else None
    )


def _length_or_padding(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    """K15: what could be Ethernet padding that went astray (60 bytes less 14, in steps of a VLAN tag)."""
    found = _exact_length(r, event, last_sequence)
    if found is None or not event.surplus:
        return found
    size = event.advertisement.needed_size(4 if r.family == 4 else 16) + (20 if r.family == 4 else 0)
    return None if r.has_hmac or (size < 46 and event.surplus % 4 == 2) else found


def _ttl(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    return None if event.ttl == 255 else _logged(DropReason.BAD_TTL, got=event.ttl)


def _vrid(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    return None if event.advertisement.vrid == r.vrid else Objection(DropReason.BAD_VRID)


def _version(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    got = event.advertisement.version
    return None if got == r.version else _logged(DropReason.BAD_VERSION, got=got, ours=r.version)


def _ah_header(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    """keepalived has a socket for AH and one without: the other's packets never reach the instance."""
    expects = r.auth_type == AUTH_AH
    return None if expects == (event.sequence is not None) else Objection(DropReason.BAD_AUTH_TYPE)


def _addressed(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    """Unicast and multicast have a socket each, too, and the kernel lets in the groups that were joined."""
    came_multicast = event.destination == r.group or is_multicast(event.destination)
    if r.unicast == came_multicast:
        return Objection(DropReason.UNICAST_MISMATCH)
    is_other = came_multicast and r.family == 4 and event.destination != r.group
    return Objection(DropReason.OTHER_GROUP) if is_other else None


def _hmac(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    return None if event.ah_valid else Objection(DropReason.AUTH_MISMATCH)


def _auth_type(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    got = event.advertisement.auth_type
    return None if got == r.auth_type else _logged(DropReason.BAD_AUTH_TYPE, got=got, ours=r.auth_type)


def _password(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    got = event.advertisement.auth_data
    fits = r.password is None or got is None or got == r.password
    return None if fits else _logged(DropReason.AUTH_MISMATCH)


def _ah_value(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    fits = event.ah_valid or event.sequence is None
    return None if fits else Objection(DropReason.AUTH_MISMATCH, "AUTH_AH")


def _replay(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    got = event.sequence
    if got is None or got > last_sequence:
        return None
    return _logged(DropReason.REPLAYED, got=got, ours=last_sequence)


def _interval(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    got_us = event.advertisement.interval_us
    if got_us == r.interval_us:
        return None
    return _logged(DropReason.BAD_INTERVAL, got=got_us // SECOND_US, ours=r.interval_us // SECOND_US)


def _interval_not_zero(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    advert = event.advertisement
    return Objection(DropReason.BAD_INTERVAL) if advert.version == 3 and advert.interval_us == 0 else None


def _checksum(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    advert = event.advertisement
    if advert.version != 3 or r.family == 6 or advert.checksum_form in (r.checksum_form, None):
        return _wrong_sum(r, event, last_sequence)
    return None if r.checksum_form is None else _logged(DropReason.BAD_CHECKSUM, version=3)


def _any_address(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    advert = event.advertisement
    return Objection(DropReason.BAD_COUNT) if advert.version == 3 and advert.count == 0 else None


def _first_link_local(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    advert = event.advertisement
    if advert.version != 3 or not advert.addresses or is_link_local(advert.addresses[0]):
        return None
    return Objection(DropReason.ADDRESS_LIST_MISMATCH)


def _owner(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    return _logged(DropReason.ADDRESS_OWNER)


def _peer(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    peer = (r.peers or {}).get(event.source)
    if peer is None:
        return _logged(DropReason.NOT_A_PEER)
    fits = peer.min_ttl <= event.ttl <= peer.max_ttl
    return None if fits else _logged(DropReason.BAD_TTL, got=event.ttl)


def _list(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    ours, theirs = r.addresses or (), event.advertisement.addresses
    if theirs == ours:
        return None
    rule = r.profile.list_mismatch
    fatal = rule == "drop" or (rule == "drop-unless-owner" and event.advertisement.priority != 255)
    if len(theirs) != len(ours):
        return _logged(DropReason.BAD_COUNT, fatal=fatal, got=len(theirs), ours=len(ours))
    missing = next((a for a in ours if a not in theirs), "")
    return _logged(DropReason.ADDRESS_LIST_MISMATCH, fatal=fatal, address=missing) if missing else None


def _martian(r: Receiver, event: AdvertisementReceived, last_sequence: int) -> Objection | None:
    """A router whose macvlan has the virtual addresses all the time never hears their owner (IPv4)."""
    return Objection(DropReason.OWN_SOURCE) if event.source in (r.addresses or ()) else None


def _is_version_2(r: Receiver) -> bool:
    return r.version == 2


def _is_version_3(r: Receiver) -> bool:
    return r.version == 3


CHECKS: dict[str, Check] = {
    "vrid": Check(_vrid),
    "ah-header": Check(_ah_header),
    "addressed": Check(_addressed),
    "complete": Check(_incomplete),
    "exact-length": Check(_exact_length),
    "length-or-padding": Check(_length_or_padding),
    "ttl": Check(_ttl, lambda r: not (r.unicast and r.profile.unicast_ttl)),
    "version": Check(_version),
    "type": Check(_flaw(DropReason.BAD_TYPE)),
    "hmac": Check(_hmac, lambda r: r.has_hmac),
    "auth-type": Check(_auth_type, _is_version_2),
    "password": Check(_password, lambda r: r.auth_type == AUTH_PASS),
    "ah-value": Check(_ah_value, _is_version_2),
    "replay": Check(_replay, lambda r: r.auth_type == AUTH_AH),
    "interval": Check(_interval, _is_version_2),
    "interval-not-zero": Check(_interval_not_zero, _is_version_3),
    "kernel-checksum": Check(_checksum, lambda r: r.family == 6),
    "checksum": Check(_checksum),
    "ipv4-checksum": Check(_checksum, lambda r: r.family == 4),
    "any-address": Check(_any_address, _is_version_3),
    "first-link-local": Check(_first_link_local, lambda r: r.version == 3 and r.family == 6),
    "martian": Check(_martian, lambda r: r.family == 4 and r.addresses is not None),
    "owner": Check(_owner, lambda r: r.deaf),
    "peer": Check(_peer, lambda r: r.unicast and r.peers is not None),
    "list": Check(_list, lambda r: r.addresses is not None),
}

# keepalived's sockets see to these: what they turn away no instance hears of
AT_SOCKET = ("ah-header", "addressed")


@cache
def order(names: str) -> list[tuple[str, Check]]:
    """A profile's checks by name, in its order (``Profile.checks``)."""
    return [(name, CHECKS[name]) for name in names.split()]


def objections(receiver: Receiver, event: AdvertisementReceived) -> list[tuple[str, Objection]]:
    """All that this receiver has against an advert, by the check's name, in its order."""
    return [
        (name, found)
        for name, check in order(receiver.profile.checks)
        if check.concerns(receiver) and (found := check.look(receiver, event, -1)) is not None
    ]


class Law:
    """The checks of one instance, chosen once; its VRID is not among them, the daemon found it by that."""

    __slots__ = ("_at_socket", "_checks", "_receiver", "_without_list")

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        own = [
            (name, check.look) for name, check in order(receiver.profile.checks) if check.concerns(receiver)
        ]
        self._at_socket = [look for name, look in own if name in AT_SOCKET]
        self._checks = [look for name, look in own if name not in (*AT_SOCKET, "vrid")]
        self._without_list = [look for look in self._checks if look is not _list]

    def misdirected(self, event: AdvertisementReceived) -> Objection | None:
        """Why the sockets of a daemon turn an advert away."""
        for look in self._at_socket:
            if found := look(self._receiver, event, 0):
                return found
        return None

    def objection(
        self, event: AdvertisementReceived, check_addresses: bool, last_sequence: int
    ) -> Objection | None:
        """The first thing wrong with an advert that reached the instance, or None."""
        for look in self._checks if check_addresses else self._without_list:
            if found := look(self._receiver, event, last_sequence):
                return found
        return None


# -- what a configuration means in a profile --------------------------------------------------------------


def authentication_of(config: InstanceConfig, profile: Profile) -> Authentication | None:
    """The authentication in use: RFC 3768 and later know none, whatever is configured."""
    return config.authentication if profile.authenticates else None


def multicast_group(config: InstanceConfig) -> str:
    """224.0.0.18 or ff02::12 (RFC 9568 sections 5.1.1.2 and 5.1.2.2), unless configured otherwise."""
    return config.multicast_group or (VRRP_GROUP_IPV6 if config.family == 6 else VRRP_GROUP_IPV4)


def checksum_form(config: InstanceConfig, profile: Profile) -> str:
    """Which VRRPv3/IPv4 checksum this instance sends (keepalived option v3_checksum_as_v2)."""
    return "message" if config.v3_checksum_as_v2 else profile.checksum_form


def versions(profile: Profile, family: int) -> tuple[int, ...]:
    """The versions of VRRP that a profile knows over IPv4 or IPv6 (K14: keepalived has both over both)."""
    return profile.versions if family == 4 or profile.versions != (2,) else ()


def unknown_version(profile: Profile, version: int, family: int) -> str:
    """That the profile's RFC does not know a version, in words; "" if it does."""
    if version in versions(profile, family) or not profile.rfc:
        return ""
    over = " over IPv6" if family == 6 and version in profile.versions else ""
    return f"{profile.rfc} has no version {version}{over}"


def outside(config: InstanceConfig, profile: Profile) -> list[str]:
    """What a configuration asks for and the profile's document does not know, a sentence each."""
    remarks = []
    if unknown := unknown_version(profile, config.version, config.family):
        spoken = f"its routers drop such adverts, and here it is spoken by the other rules of {profile.rfc}"
        remarks.append(f"{unknown}: {spoken}")
    if config.authentication and not profile.authenticates:
        remarks.append("its authentication is not used: RFC 3768 and later know none")
    return remarks


def interval_remark(config: InstanceConfig, profile: Profile, got_us: Micros) -> dict[str, object] | None:
    """VRRPv3: a differing interval is worth a line and no more (RFC 9568 section 7.1): the line's values."""
    if not profile.v3_interval_line or config.version != 3 or got_us == config.advert_interval_us:
        return None
    return {"ours": config.advert_interval_us // CENTISECOND_US, "got": got_us // CENTISECOND_US}
