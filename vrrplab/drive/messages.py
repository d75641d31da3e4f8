"""The machine's actions as frames, and packets that came in as its events: the same for both drivers.

What a driver knows itself (which interface, whose MAC address) is handed in; what the protocol knows is here.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.config.model import Authentication
from vrrplab.errors import DropReason, PacketError
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.machine.log_lines import say
from vrrplab.wire import auth
from vrrplab.wire.addresses import BROADCAST_MAC, is_multicast
from vrrplab.wire.frames import RepeatedFrame, advert_frame, garp_frame, na_frame
from vrrplab.wire.vrrp import AUTH_PASS, AUTH_TYPES, Advertisement


class Packet(NamedTuple):
    """An IP packet that came in with VRRP in it. ``message``: the VRRP part. ``ah``: header before it."""

    interface: str
    source: str
    destination: str
    ttl: int
    message: bytes
    ah: auth.AhHeader | None = None
    ip_header: bytes = b""


class Unusable(NamedTuple):
    """Bytes that came in and cannot be used, before anybody asked whose they are."""

    interface: str
    source: str
    vrid: int
    reason: DropReason


def understand(packet: Packet, key: bytes | None) -> AdvertisementReceived | Unusable:
    """Bytes to the machine's event. ``key``: see ``ah_fits``."""
    interface, source, destination, ttl, message, ah, ip_header = packet
    try:
        advert = Advertisement.parse(message, source, destination)
    except PacketError as error:
        vrid = message[1] if len(message) > 1 else 0
        return Unusable(interface, source, vrid, error.reason)
    if ah is None:
        return AdvertisementReceived(interface, source, destination, ttl, advert)
    valid = ah_fits(key, ip_header, ah, message)
    return AdvertisementReceived(interface, source, destination, ttl, advert, ah.sequence, valid)


def ah_fits(key: bytes | None, ip_header: bytes, ah: auth.AhHeader, message: bytes) -> bool:
    """Was this AH value made with our key (see ``key_of``)? Without one nothing fits."""
    return key is not None and auth.verify(key, ip_header, ah, message)


def key_of(authentication: Authentication | None) -> bytes | None:
    """What AH values are made and checked with; None: an instance without AH."""
    return authentication.password if authentication is not None and authentication.kind == "AH" else None


def advertisement_of(action: SendAdvertisement) -> Advertisement:
    """The message an action asks for."""
    authentication = action.authentication
    auth_type, auth_data = None, None
    if authentication is not None and action.version == 2:
        auth_type = AUTH_TYPES[authentication.kind]
        if auth_type == AUTH_PASS:
            auth_data = auth.key_bytes(authentication.password)
    return Advertisement(
        action.version,
        action.vrid,
        action.priority,
        action.interval_us,
        action.addresses,
        auth_type=auth_type,
        auth_data=auth_data,
        checksum_form=action.checksum_form,
    )


class AdvertFrames:
    """Adverts as frames of one process; it counts their IP identifications."""

    __slots__ = ("_ip_ids",)

    def __init__(self) -> None:
        self._ip_ids: dict[str, int] = {}

    def again(self, instance: str, frame: RepeatedFrame) -> bytes:
        """One more copy of an advert of that instance, unchanged since it was made last."""
        ip_id = self._ip_ids[instance] = self._ip_ids.get(instance, 0) % 0xFFFF + 1
        return frame.with_id(ip_id)

    def make(self, action: SendAdvertisement, destination: str, mac: str, to_mac: str | None) -> bytes:
        """One copy, from ``mac`` to one destination; ``to_mac`` None: the multicast group's.

        Raises PacketError or AddressError for a value that has no room on the wire.
        """
        # from 1 for each instance (keepalived 2.2.7, measured); never 0, which the kernel would replace
        ip_id = self._ip_ids[action.instance] = self._ip_ids.get(action.instance, 0) % 0xFFFF + 1
        key = key_of(action.authentication) if action.authentication is not None else None
        return advert_frame(
            mac,
            action.source,
            destination,
            advertisement_of(action),
            ttl=action.ttl,
            ip_id=ip_id,
            destination_mac=to_mac,
            ah=None if key is None else (key, action.sequence),
            checksum_form=action.checksum_form,
        )


def announcement_of(action: SendGratuitousArp, mac: str) -> bytes:
    """The frame that tells a network that the address is at ``mac``."""
    if ":" in action.address:
        return na_frame(mac, action.address, router=action.router)
    # RFC 9568 §6.4.2: the target hardware address is the virtual MAC; keepalived fills in the broadcast one
    return garp_frame(mac, action.address, BROADCAST_MAC if action.broadcast_target else mac)


def advert_failure_line(
    wording: str, action: SendAdvertisement, destination: str, errno: int | None, text: str
) -> str:
    """The daemon's log line for an advert that could not leave."""
    key = "send_error" if is_multicast(destination) else "unicast_error"
    who = {"name": action.instance, "vrid": action.vrid, "family": 6 if ":" in action.source else 4}
    return say(wording, key, **who, peer=destination, errno=errno, text=text)


def announcement_failure_line(wording: str, action: SendGratuitousArp, errno: int | None, text: str) -> str:
    """The daemon's log line for a gratuitous ARP that could not leave; "": it says nothing (IPv6)."""
    if ":" in action.address:
        return ""
    values = {"interface": action.interface, "address": action.address}
    return say(wording, "garp_error", errno=errno, text=text, **values)
