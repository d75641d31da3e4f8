"""Which routers of a cluster hear each other, and take seriously what they hear.

Asked of the law (``acceptance``): an advert as each instance would send it is shown to each other instance of
the same VRID on the same network. Rules between files ask here, and forecasts.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.acceptance import (
    AT_SOCKET,
    authentication_of,
    checksum_form,
    multicast_group,
    objections,
    receiver_of,
)
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.profiles import Profile
from vrrplab.wire.vrrp import AUTH_TYPES, Advertisement


def objection(
    sender: InstanceConfig, source: str, receiver: InstanceConfig, own: frozenset[str], profile: Profile
) -> str | None:
    """Why ``receiver``, which has the addresses ``own``, does not use what ``sender`` sends; None: it does.

    "" where nothing of it even reaches the instance. ``source``: the sender's address.
    """
    if sender.unicast and not any(peer.address in own for peer in sender.unicast_peers):
        return ""
    found = objections(receiver_of(receiver, profile), _heard(sender, source, receiver, own, profile))
    if any(name in AT_SOCKET for name, _ in found):
        return ""
    fatal = [o.reason.value for _, o in found if o.fatal]
    return fatal[0] if fatal else None


def _heard(
    sender: InstanceConfig, source: str, receiver: InstanceConfig, own: frozenset[str], profile: Profile
) -> AdvertisementReceived:
    authentication = authentication_of(sender, profile) if sender.version == 2 else None
    kind = authentication.kind if authentication else ""
    password = authentication.password if authentication else b""
    theirs = authentication_of(receiver, profile)
    advert = Advertisement(
        sender.version,
        sender.vrid,
        sender.base_priority,
        sender.advert_interval_us,
        tuple(a.address for a in sender.virtual_addresses),
        auth_type=AUTH_TYPES[kind],
        auth_data=password.ljust(8, b"\0") if kind == "PASS" else None,
        checksum_form=checksum_form(sender, profile),
    )
    to_own = next((peer.address for peer in sender.unicast_peers if peer.address in own), "")
    return AdvertisementReceived(
        sender.interface,
        source,
        to_own or multicast_group(sender),
        sender.unicast_ttl if sender.unicast else 255,
        advert,
        sequence=0 if kind == "AH" else None,  # the number is not looked at: see ``acceptance.objections``
        ah_valid=theirs is not None and theirs.password == password,
    )
