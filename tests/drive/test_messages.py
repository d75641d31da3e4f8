"""What both drivers put on a wire and take from it: one frame for one action, one event for one packet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vrrplab.config.model import Authentication, Source
from vrrplab.drive.messages import (
    AdvertFrames,
    Packet,
    Unusable,
    advert_failure_line,
    announcement_failure_line,
    announcement_of,
    key_of,
    understand,
)
from vrrplab.errors import DropReason
from vrrplab.live.transport import read_ipv4
from vrrplab.machine.actions import SendAdvertisement, SendGratuitousArp
from vrrplab.machine.events import AdvertisementReceived
from vrrplab.units import SECOND_US
from vrrplab.wire.frames import decode

MAC, GROUP = "02:00:00:00:00:01", "224.0.0.18"
ADVERT = SendAdvertisement(
    instance="V1",
    interface="eth0",
    source="192.168.2.1",
    destinations=(GROUP,),
    version=2,
    vrid=51,
    priority=150,
    interval_us=SECOND_US,
    addresses=("192.168.2.100",),
    authentication=None,
    sequence=0,
    ttl=255,
    checksum_form="pseudo-header",
    quiet_when_down=False,
)


def secured(kind: str, password: bytes, sequence: int = 0) -> SendAdvertisement:
    return replace(ADVERT, authentication=Authentication(kind, password, Source("", 0)), sequence=sequence)


def received(action: SendAdvertisement, key: bytes | None) -> AdvertisementReceived | Unusable:
    packet = read_ipv4("eth0", AdvertFrames().make(action, GROUP, MAC, None)[14:])
    assert isinstance(packet, Packet)
    return understand(packet, key)


@pytest.mark.parametrize("password", [b"", b"1111", b"12345678", b"longer than eight"])
def test_a_password_fills_eight_bytes_whatever_its_length(password: bytes) -> None:
    """Cut and padded as the daemon does, so that routers with one password understand each other."""
    event = received(secured("PASS", password), None)
    assert isinstance(event, AdvertisementReceived)
    assert event.advertisement.auth_type == 1
    assert event.advertisement.auth_data == password[:8].ljust(8, b"\0")
    assert event.sequence is None


@pytest.mark.parametrize(
    ("key", "fits"), [(b"secret", True), (b"other", False), (None, False)], ids=["ours", "another", "none"]
)
def test_an_ah_value_fits_the_key_it_was_made_with(key: bytes | None, fits: bool) -> None:
    event = received(secured("AH", b"secret", sequence=7), key)
    assert isinstance(event, AdvertisementReceived)
    assert (event.sequence, event.ah_valid) == (7, fits)


def test_only_ah_has_a_key() -> None:
    assert key_of(secured("AH", b"secret").authentication) == b"secret"
    assert key_of(secured("PASS", b"secret").authentication) is None
    assert key_of(None) is None


def test_a_damaged_message_says_why_and_whose_vrid_it_was() -> None:
    frame = bytearray(AdvertFrames().make(ADVERT, GROUP, MAC, None))
    frame[-1] ^= 1
    packet = read_ipv4("eth0", bytes(frame[14:]))
    assert isinstance(packet, Packet)
    found = understand(packet, None)
    assert found == Unusable("eth0", "192.168.2.1", 51, DropReason.BAD_CHECKSUM)


def test_ip_identifications_count_from_one_for_each_instance_and_are_never_zero() -> None:
    frames = AdvertFrames()

    def ip_id(action: SendAdvertisement) -> int:
        return int.from_bytes(frames.make(action, GROUP, MAC, None)[18:20], "big")

    assert [ip_id(ADVERT), ip_id(ADVERT), ip_id(replace(ADVERT, instance="V2"))] == [1, 2, 1]
    for _ in range(0xFFFF - 2):
        last = ip_id(ADVERT)
    assert last == 0xFFFF
    assert ip_id(ADVERT) == 1


@pytest.mark.parametrize(("broadcast", "target"), [(True, "ff:ff:ff:ff:ff:ff"), (False, MAC)])
def test_who_a_gratuitous_arp_is_addressed_to(broadcast: bool, target: str) -> None:
    """keepalived fills in the broadcast address; RFC 9568 §6.4.2 wants the virtual MAC."""
    frame = decode(announcement_of(SendGratuitousArp("V1", "eth0", "192.168.2.100", False, broadcast), MAC))
    assert frame.arp is not None
    assert frame.arp.gratuitous
    assert (frame.arp.sender_mac, frame.arp.target_mac) == (MAC, target)
    assert frame.eth is not None
    assert frame.eth.destination == "ff:ff:ff:ff:ff:ff"


@pytest.mark.parametrize("router", [True, False])
def test_ipv6_is_announced_by_a_neighbour_advertisement(router: bool) -> None:
    frame = decode(announcement_of(SendGratuitousArp("V1", "eth0", "2001:db8::1", router), MAC))
    assert frame.na is not None
    assert (frame.na.target, frame.na.mac, frame.na.router) == ("2001:db8::1", MAC, router)


def test_what_cannot_leave_is_told_as_the_daemon_tells_it() -> None:
    """Lines of the real 2.2.7; a neighbour advertisement that cannot leave is passed over."""
    to_group = advert_failure_line("2.2.7", ADVERT, GROUP, 101, "Network is unreachable")
    to_peer = advert_failure_line("2.2.7", ADVERT, "192.168.2.2", 1, "Operation not permitted")
    assert "(V1)" in to_group
    assert "Network is unreachable" in to_group
    assert "192.168.2.2" in to_peer
    arp = SendGratuitousArp("V1", "eth0", "192.168.2.100")
    assert "192.168.2.100" in announcement_failure_line("2.2.7", arp, 100, "Network is down")
    assert announcement_failure_line("2.2.7", replace(arp, address="2001:db8::1"), 100, "") == ""
