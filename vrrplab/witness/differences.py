"""What two routers' adverts differ in although it must be equal: why they reject each other."""

from __future__ import annotations

from collections.abc import Iterator

from vrrplab.witness.sightings import Sighting


def differences(one: Sighting, other: Sighting) -> Iterator[str]:
    """Each difference in words."""
    if one.version != other.version:
        yield f"version {one.version} against {other.version}"
        return
    if one.interval_us != other.interval_us:
        effect = "version 2 rejects that" if one.version == 2 else "version 3 learns the MASTER's"
        yield f"interval {one.interval_us / 1e6:g} s against {other.interval_us / 1e6:g} s ({effect})"
    if one.auth_type != other.auth_type:
        yield f"authentication type {one.auth_type} against {other.auth_type}"
    elif _have_other_passwords(one, other):
        yield "another password"
    are_whole = one.is_whole and other.is_whole
    if are_whole and one.checksum_form != other.checksum_form:
        yield f"checksum over the {one.checksum_form} against the {other.checksum_form} form"
    if are_whole and one.addresses is not other.addresses and set(one.addresses) != set(other.addresses):
        yield f"{len(one.addresses)} against {len(other.addresses)} addresses, or other ones"
    if (one.destination[:3] in ("224", "ff0")) != (other.destination[:3] in ("224", "ff0")):
        yield "multicast against unicast"


def settings_of(sighting: Sighting) -> tuple[object, ...]:
    """What must be equal, as one value: adverts with equal ones have no ``differences``."""
    return (
        sighting.version,
        sighting.interval_us,
        sighting.auth_type,
        sighting.password,
        sighting.checksum_form if sighting.is_whole else None,
        sighting.addresses if sighting.is_whole else None,
        sighting.destination[:3] in ("224", "ff0"),
    )


def reject_always(one: Sighting, other: Sighting) -> bool:
    """Is it something that every daemon rejects (RFC 3768 section 7.1)? Version 3 learns the interval."""
    if one.version != other.version:
        return True
    return one.version == 2 and (
        one.interval_us != other.interval_us
        or one.auth_type != other.auth_type
        or _have_other_passwords(one, other)
    )


def _have_other_passwords(one: Sighting, other: Sighting) -> bool:
    """Both are told: one that the capture cut, or that a line left out, differs from none."""
    return None not in (one.password, other.password) and one.password != other.password


def have_other_addresses(one: Sighting, other: Sighting) -> bool:
    """Some daemons reject that (keepalived 2.2.7 does, 2.4.3 does not: measured)."""
    if one.addresses is other.addresses or not (one.is_whole and other.is_whole):
        return False
    return set(one.addresses) != set(other.addresses)
