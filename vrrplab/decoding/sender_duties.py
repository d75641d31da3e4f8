"""Obligations of the sender that no receiver checks: said about a packet, never a reason to drop it.

They explain what a learner sees in a capture: keepalived's own MAC addresses, priorities with a meaning,
bytes that should be zero. ``verdict`` puts them beside its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vrrplab.errors import DropReason
from vrrplab.wire.addresses import VRRP_GROUP_IPV4, VRRP_GROUP_IPV6, is_link_local, is_multicast, virtual_mac
from vrrplab.wire.dissect import Frame
from vrrplab.wire.ip import IPHeader
from vrrplab.wire.vrrp import AUTH_AH, AUTH_PASS, Advertisement


class Reason(NamedTuple):
    """Something about a frame: a short name, the rule's row ("" for IP's own rules), and a sentence."""

    name: str
    rule: str
    text: str


_Note = Callable[[Frame, Advertisement, IPHeader | None], Reason | None]


def sender_duties(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> list[Reason]:
    """All notes about one advert, in the order of its bytes."""
    return [found for note in _NOTES if (found := note(frame, advert, ip)) is not None]


def first_is_not_link_local(advert: Advertisement) -> Reason | None:
    """RFC 9568 section 5.2.9; its erratum 8300 makes receivers check it too."""
    addresses = advert.addresses
    if advert.version == 3 and addresses and ":" in addresses[0] and not is_link_local(addresses[0]):
        text = f"the first IPv6 address must be link-local, {addresses[0]} is not"
        return Reason(DropReason.ADDRESS_LIST_MISMATCH.name, "R3-5.2.9-a", text)
    return None


def _note_first_address(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    return first_is_not_link_local(advert)


def _note_no_headers(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if ip is not None:
        return None
    unknown = ["sender", "TTL"]
    if advert.version == 3 and advert.checksum is not None and advert.checksum_ok is None:
        unknown.append("checksum (it sums the IP addresses too)")
    if advert.auth_type == AUTH_AH:
        unknown.append("AH check value")
    text = f"a VRRP message without its headers: {', '.join(unknown[:-1])} and {unknown[-1]} are not judged"
    return Reason("NO_HEADERS", "", text)


def _note_tunnel(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if frame.is_plain or not frame.path:
        return None
    if any(wrapping.is_mirror for wrapping in frame.path):
        text = "a mirror's copy: judged as the packet was on the wire, which no router need have received"
        return Reason("MIRRORED", "", text)
    return Reason("IN_TUNNEL", "", f"in {frame.path[-1].text}: judged as the packet inside")


def _note_source_mac(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    eth, vrid = frame.eth, advert.vrid
    if eth is None or ip is None or eth.source is None or vrid is None:
        return None
    expected = virtual_mac(vrid, ip.version)
    if eth.source == expected:
        return None
    text = f"sent from {eth.source}, the RFC asks for {expected} (K06: keepalived does so only with use_vmac)"
    return Reason("SOURCE_MAC", "R3-7.2-b", text)


def _note_destination(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if ip is None or ip.destination in (VRRP_GROUP_IPV4, VRRP_GROUP_IPV6):
        return None
    what = "unicast" if not is_multicast(ip.destination) else "another multicast group"
    return Reason("DESTINATION", "R3-7.2-d", f"sent to {ip.destination}: {what}, an extension (K12)")


def _note_reserved(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if advert.version == 3 and advert.reserved:
        text = f"reserved bits {advert.reserved:04b} must be zero when sent; receivers ignore them"
        return Reason("RESERVED", "R3-5.2.6-a", text)
    return None


def _note_auth_data(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if advert.version == 2 and advert.auth_type != AUTH_PASS and advert.auth_data and any(advert.auth_data):
        return Reason(
            "AUTH_DATA", "R2-5.3.10-a", "authentication data should be zeros here; receivers ignore it"
        )
    return None


def _note_priority(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if advert.priority == 0:
        return Reason("PRIORITY_0", "R3-5.2.4-c", "priority 0: the sender stops being MASTER")
    if advert.priority == 255:
        return Reason("PRIORITY_255", "R3-5.2.4-a", "priority 255: the sender owns the addresses")
    return None


def _note_trailing(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    extra = len(advert.trailer)
    if not extra:
        return None
    if advert.has_md5_trailer:
        return Reason("MD5_TRAILER", "", "Cisco's MD5 trailer (authentication type 254) follows")
    if advert.has_hmac_trailer:
        return Reason("HMAC_TRAILER", "K18", "an HMAC trailer of keepalived's auth_hmac (a draft) follows")
    return Reason("TRAILING", "R3-7.1-d", f"{extra} bytes follow the message inside the IP packet")


def _note_no_address(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if advert.count == 0:
        return Reason("NO_ADDRESS", "R3-5.2.5-a", "no virtual address in it")
    return None


def _note_source(frame: Frame, advert: Advertisement, ip: IPHeader | None) -> Reason | None:
    if ip is not None and ip.version == 6 and not is_link_local(ip.source):
        text = f"source {ip.source} should be the interface's link-local address"
        return Reason("SOURCE", "R3-7.2-c", text)
    return None


_NOTES: tuple[_Note, ...] = (
    _note_no_headers, _note_tunnel, _note_source_mac, _note_source, _note_destination, _note_priority,
    _note_no_address, _note_reserved, _note_auth_data, _note_first_address, _note_trailing,
)  # fmt: skip
