"""Is a received advert used? The checks of RFC 9568 and RFC 3768 section 7.1, in keepalived's order.

The codec has checked length and checksum already; the socket has sorted by VRID, family, AH and
unicast/multicast. What is left depends on the instance's configuration.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.config.model import Authentication, InstanceConfig
from vrrplab.errors import DropReason
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.log_lines import say
from vrrplab.machine.profiles import Profile
from vrrplab.units import CENTISECOND_US, SECOND_US
from vrrplab.wire.addresses import is_link_local
from vrrplab.wire.vrrp import Advertisement

AUTH_TYPES = {"": 0, "PASS": 1, "AH": 2}


class Finding(NamedTuple):
    """What is odd about an advert. ``fatal``: it is not used. ``line``: what the daemon logs."""

    reason: DropReason
    fatal: bool
    line: str


def examine(
    config: InstanceConfig,
    profile: Profile,
    event: AdvertisementReceived,
    *,
    check_addresses: bool,
    last_sequence: int,
) -> Finding | None:
    """The first thing wrong with an advert for this instance, or None."""
    advert = event.advertisement
    name, source = config.name, event.source

    def finding(reason: DropReason, fatal: bool = True, key: str = "", **values: object) -> Finding:
        line = say(profile.wording, key or reason.name, name=name, source=source, vrid=config.vrid, **values)
        return Finding(reason, fatal, line)

    if not config.unicast and event.ttl != 255:
        return finding(DropReason.BAD_TTL, got=event.ttl)
    if advert.version != config.version:
        return finding(DropReason.BAD_VERSION, got=advert.version, ours=config.version)
    if config.version == 2:
        authentication = authentication_of(config, profile)
        expected = AUTH_TYPES[authentication.kind if authentication else ""]
        if advert.auth_type != expected:
            return finding(DropReason.BAD_AUTH_TYPE, got=advert.auth_type, ours=expected)
        if authentication and authentication.kind == "PASS":
            if advert.auth_data != authentication.password.ljust(8, b"\0"):
                return finding(DropReason.AUTH_MISMATCH)
        elif authentication:
            if not event.ah_valid:
                return finding(DropReason.AUTH_MISMATCH, key="AUTH_AH")
            if event.sequence is not None and event.sequence <= last_sequence:
                return finding(DropReason.REPLAYED, got=event.sequence, ours=last_sequence)
        if advert.interval_us != config.advert_interval_us:
            got_s, ours_s = advert.interval_us // SECOND_US, config.advert_interval_us // SECOND_US
            return finding(DropReason.BAD_INTERVAL, got=got_s, ours=ours_s)
    if _is_other_checksum(config, profile, advert):
        return finding(DropReason.BAD_CHECKSUM, version=3)
    refused = _refused(config, profile, advert)
    if refused:
        return finding(refused, key="refused")  # no daemon looks at these, so there is no line
    if config.address_owner and (config.owner_ignore_adverts or not profile.owner_listens):
        return finding(DropReason.ADDRESS_OWNER)
    if config.unicast and config.check_unicast_src:
        peer = next((p for p in config.unicast_peers if p.address == source), None)
        if peer is None:
            return finding(DropReason.NOT_A_PEER)
        if not peer.min_ttl <= event.ttl <= peer.max_ttl:
            return finding(DropReason.BAD_TTL, got=event.ttl)
    if check_addresses:
        from_owner = advert.priority == 255
        fatal = profile.list_mismatch == "drop" or (
            profile.list_mismatch == "drop-unless-owner" and not from_owner
        )
        ours = [a.address for a in config.virtual_addresses]
        if len(advert.addresses) != len(ours):
            return finding(DropReason.BAD_COUNT, fatal, got=len(advert.addresses), ours=len(ours))
        missing = next((a for a in ours if a not in advert.addresses), "")
        if missing:
            return finding(DropReason.ADDRESS_LIST_MISMATCH, fatal, address=missing)
    return None


def _refused(config: InstanceConfig, profile: Profile, advert: Advertisement) -> DropReason | None:
    """What only some RFCs refuse in VRRPv3 (RFC 9568 errata 8299, 8300 and 8301)."""
    if config.version != 3:
        return None
    if not advert.interval_us and "interval-zero" in profile.refuses:
        return DropReason.BAD_INTERVAL
    if not advert.count and "no-address" in profile.refuses:
        return DropReason.BAD_COUNT
    first = advert.addresses[:1]
    if (
        config.family == 6
        and "first-not-link-local" in profile.refuses
        and not any(map(is_link_local, first))
    ):
        return DropReason.ADDRESS_LIST_MISMATCH
    return None


def _is_other_checksum(config: InstanceConfig, profile: Profile, advert: Advertisement) -> bool:
    if config.version != 3 or config.family != 4 or config.v3_checksum_as_v2:
        return False  # keepalived, as its source reads: with that option it takes any checksum
    return advert.checksum_form != profile.checksum_form


def authentication_of(config: InstanceConfig, profile: Profile) -> Authentication | None:
    """The authentication in use: RFC 3768 and later know none, whatever is configured."""
    return config.authentication if profile.authenticates else None


def checksum_form(config: InstanceConfig, profile: Profile) -> str:
    """Which VRRPv3/IPv4 checksum this instance sends (keepalived option v3_checksum_as_v2)."""
    return "message" if config.v3_checksum_as_v2 else profile.checksum_form


def interval_remark(config: InstanceConfig, profile: Profile, event: AdvertisementReceived) -> str:
    """VRRPv3: a differing interval is worth a line and no more (RFC 9568 section 7.1); "" if equal."""
    advert = event.advertisement
    if not profile.v3_interval_line or config.version != 3 or advert.interval_us == config.advert_interval_us:
        return ""
    return say(
        profile.wording,
        "v3_interval",
        name=config.name,
        ours=config.advert_interval_us // CENTISECOND_US,
        got=advert.interval_us // CENTISECOND_US,
    )
