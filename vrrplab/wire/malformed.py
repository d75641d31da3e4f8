"""VRRP messages that are not as they should be: what can still be read from them, and what is wrong.

``Advertisement.parse`` comes here when the short way fails, ``wire.dissect`` for every unusual frame. Nothing
is too short or too odd: a field that is not there is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vrrplab.errors import DropReason, PacketError
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros
from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.carp import is_carp
from vrrplab.wire.checksum import field_value, is_right, total, vrrp_pseudo_header
from vrrplab.wire.vrrp import (
    AUTH_DATA_SIZE,
    HEADER_SIZE,
    HMAC_TRAILER_SIZE,
    MESSAGE,
    PSEUDO_HEADER,
    TYPE_ADVERTISEMENT,
    Advertisement,
    _Odd,
)


def dissect_message(payload: bytes, source: str, destination: str) -> tuple[Advertisement, list[PacketError]]:
    """Everything that can be read from the bytes, and every fault, in the order of RFC 9568 section 7.1."""
    width, pseudo = vrrp_pseudo_header(source, destination)
    advert = _read(payload, width)
    return advert, list(_problems(advert, payload, width, pseudo))


def dissect_alone(payload: bytes) -> tuple[Advertisement, list[PacketError]]:
    """The same for a message without its IP header: a checksum that may need the addresses is not judged."""
    width = width_alone(payload)
    advert = _read(payload, width)
    return advert, list(_problems(advert, payload, width, None))


def width_alone(payload: bytes) -> int:
    """Bytes an address takes, 4 or 16, when no IP header tells: what count and length agree on."""
    if len(payload) < HEADER_SIZE:
        return 4
    extra = AUTH_DATA_SIZE if payload[0] >> 4 == 2 else 0
    rest = len(payload) - HEADER_SIZE
    for width, fixed in ((4, extra), (16, 0), (16, extra)):
        if rest - fixed - width * payload[3] in (0, HMAC_TRAILER_SIZE):
            return width
    return 16 if payload[HEADER_SIZE : HEADER_SIZE + 2] == b"\xfe\x80" else 4


def _read(payload: bytes, width: int) -> Advertisement:
    advert = Advertisement.__new__(Advertisement)
    fields: list[Any] = [*payload[:6], *[None] * 6]
    first, vrid, priority, count, fourth, fifth = fields[:6]
    advert.version = first >> 4 if first is not None else None  # type: ignore[assignment]
    advert.vrid, advert.priority, advert.count = vrid, priority, count
    advert.auth_type = fourth if advert.version == 2 else None
    advert._odd = _Odd(first & 15 if first is not None else None)  # type: ignore[arg-type]
    advert.interval_us = _interval(advert, fourth, fifth)  # type: ignore[assignment]
    advert.checksum = payload[6] << 8 | payload[7] if len(payload) >= HEADER_SIZE else None
    advert.checksum_form = None
    advert._payload = None
    _read_list(advert, payload, width)
    return advert


def _interval(advert: Advertisement, fourth: int | None, fifth: int | None) -> Micros | None:
    if fifth is None or fourth is None or advert.version not in (2, 3):
        return None
    if advert.version == 2:
        return fifth * SECOND_US
    advert.reserved = fourth >> 4
    return ((fourth & 15) << 8 | fifth) * CENTISECOND_US


def _read_list(advert: Advertisement, payload: bytes, width: int) -> None:
    """Addresses, authentication data and trailer, as far as they are there."""
    body = payload[HEADER_SIZE:]
    advert._addresses = None
    if len(payload) < HEADER_SIZE or advert.version not in (2, 3):
        return
    here = min(advert.count, len(body) // width)
    if here or not advert.count:
        advert._addresses = tuple(unpack_address(body[i * width : (i + 1) * width]) for i in range(here))
    rest = body[advert.count * width :]
    if advert.version == 2:
        sizes_with_data = (AUTH_DATA_SIZE, AUTH_DATA_SIZE + HMAC_TRAILER_SIZE)
        if width == 4 or len(rest) in sizes_with_data:
            if len(rest) >= AUTH_DATA_SIZE:
                advert.auth_data = rest[:AUTH_DATA_SIZE]
            rest = rest[AUTH_DATA_SIZE:]
        else:
            advert.auth_data = b""
    advert.trailer = rest


def _problems(advert: Advertisement, payload: bytes, width: int, pseudo: int | None) -> Iterator[PacketError]:
    size = len(payload)
    if size < HEADER_SIZE:
        text = f"a VRRP header has {HEADER_SIZE} bytes, here are {size}"
        yield PacketError(DropReason.TOO_SHORT, size, text)
    if is_carp(payload):
        yield PacketError(DropReason.CARP, 0, "36 bytes with 7 in byte 3: CARP, not VRRPv2")
    if size >= 1 and advert.version not in (2, 3):
        text = f"VRRP version {advert.version}, known are 2 and 3"
        yield PacketError(DropReason.BAD_VERSION, 0, text)
        return
    if size >= 1 and advert.type != TYPE_ADVERTISEMENT:
        text = f"packet type {advert.type}, only 1 (advertisement) exists"
        yield PacketError(DropReason.BAD_TYPE, 0, text)
    if size < HEADER_SIZE:
        return
    needed = advert.needed_size(width)
    if advert.version == 2 and width == 16 and advert.auth_data:
        needed += AUTH_DATA_SIZE
    if size < needed:
        text = f"{advert.count} addresses need {needed} bytes, here are {size}"
        yield PacketError(DropReason.BAD_LENGTH, size, text)
        return
    if size > needed and not advert.has_hmac_trailer and not advert.has_md5_trailer:
        text = f"{size - needed} bytes more than {advert.count} addresses need ({needed})"
        yield PacketError(DropReason.BAD_LENGTH, needed, text)
    _judge_checksum(advert, payload, needed, width, pseudo)
    if advert.checksum_ok is False:
        right = _right_sums(advert, payload, needed, width, pseudo)
        text = f"checksum 0x{advert.checksum:04x} is wrong, {right}"
        yield PacketError(DropReason.BAD_CHECKSUM, 6, text)


def _judge_checksum(
    advert: Advertisement, payload: bytes, needed: int, width: int, pseudo: int | None
) -> None:
    forms = [MESSAGE] if advert.version == 2 else [PSEUDO_HEADER, MESSAGE]
    if width == 16:
        forms = [PSEUDO_HEADER]
    is_open = pseudo is None and PSEUDO_HEADER in forms  # without its header, only a match says something
    for length in dict.fromkeys((needed, len(payload))):
        sum_of_message = total(payload[:length])
        for form in forms:
            if form == PSEUDO_HEADER and pseudo is None:
                continue
            if is_right(sum_of_message + ((pseudo or 0) + length if form == PSEUDO_HEADER else 0)):
                advert.checksum_ok, advert.checksum_form = True, form
                advert.trailer_summed = length > needed
                return
    advert.checksum_ok = None if is_open else False


def _right_sums(advert: Advertisement, payload: bytes, needed: int, width: int, pseudo: int | None) -> str:
    rest = total(payload[:6] + b"\0\0" + payload[8:needed])
    with_pseudo = f"0x{field_value(rest + (pseudo or 0) + needed):04x}"
    alone = f"0x{field_value(rest):04x}"
    if width == 16:
        return f"right is {with_pseudo}"
    if advert.version == 2:
        return f"right is {alone}"
    return f"right is {alone} or, with pseudo-header, {with_pseudo}"
