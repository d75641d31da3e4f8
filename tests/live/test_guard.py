"""Nobody can starve a router by shouting: what reaches the machine of a flood, and what is told of the
rest.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_bench import config

from vrrplab.config.reader import parse_text
from vrrplab.drive.messages import Packet, Unusable
from vrrplab.errors import DropReason
from vrrplab.live.driver import live_profile
from vrrplab.live.guard import FOLLOWED_A_SECOND, LOWER_A_SECOND, REJECTED_A_SECOND, Guard
from vrrplab.live.transport import read_ipv4
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import AdvertisementReceived, InterfaceStatus, Started
from vrrplab.machine.profiles import KEEPALIVED_227, PROFILES
from vrrplab.units import SECOND_US
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

ADDRESSES = ("192.168.2.100",)


def a_daemon(more: str = "") -> Daemon:
    daemon = Daemon(parse_text(config(priority=150, more=more)), live_profile(KEEPALIVED_227))
    daemon.handle(Started({"eth0": InterfaceStatus(True, ("192.168.2.1",))}), 0)
    return daemon


def a_packet(priority: int, source: str = "192.168.2.2", ttl: int = 255, vrid: int = 51) -> Packet:
    advert = Advertisement(2, vrid, priority, SECOND_US, ADDRESSES)
    frame = advert_frame("02:00:00:00:00:02", source, "224.0.0.18", advert, ttl=ttl)
    packet = read_ipv4("eth0", frame[14:])
    assert isinstance(packet, Packet)
    return packet


def shout(guard: Guard, packet: Packet | Unusable, number: int, from_us: int = 0) -> int:
    """``number`` copies within a second; how many were passed on."""
    times = (from_us + i * SECOND_US // number for i in range(number))
    return sum(guard.judge(packet, t_us) is not None for t_us in times)


@pytest.mark.parametrize(
    ("packet", "most"),
    [
        (a_packet(200, ttl=3), 2 * REJECTED_A_SECOND),
        (a_packet(200, vrid=9), 2 * REJECTED_A_SECOND),
        (Unusable("eth0", "192.168.2.9", 51, DropReason.BAD_CHECKSUM), 2 * REJECTED_A_SECOND),
        (a_packet(100), 2 * LOWER_A_SECOND),
        (a_packet(200), 400),
    ],
    ids=["wrong TTL", "another VRID", "damaged", "lower", "higher"],
)
def test_a_second_of_shouting_costs_a_few_packets(packet: Packet | Unusable, most: int) -> None:
    """Input: 20,000 copies in a second. Output: a bucket's worth, and one sentence about the others."""
    guard = Guard(a_daemon())
    passed = shout(guard, packet, 20_000)
    assert 0 < passed <= most
    assert guard.received == 20_000
    told = guard.summary(2 * SECOND_US)
    assert f"{20_000 - passed} more packets" in told
    assert guard.summary(3 * SECOND_US) == ""


def test_the_master_is_heard_through_a_flood_of_others() -> None:
    """Input: one advert a second from the master we follow, among thousands of spoofed ones. Output: all of
    them.
    """
    daemon = a_daemon()
    guard = Guard(daemon)
    master = a_packet(200, "192.168.2.7")
    for second in range(3):
        at_us = second * SECOND_US
        for i in range(2000):
            other = a_packet(180 + i % 50, f"192.168.3.{i % 250}")
            guard.judge(other, at_us + i * 400)
        found = guard.judge(master, at_us + 900_000)
        assert isinstance(found, AdvertisementReceived)
        daemon.handle(found, at_us + 900_000)
        assert daemon.instances[0].reception.master_address == "192.168.2.7"
    assert FOLLOWED_A_SECOND > 1


def test_tables_do_not_grow_with_invented_senders() -> None:
    guard = Guard(a_daemon())
    for i in range(5000):
        guard.judge(a_packet(100, f"10.{i % 7}.{i // 250}.{i % 250}"), i)
        guard.judge(Unusable("eth0", f"10.0.{i // 250}.{i % 250}", i % 256, DropReason.BAD_CHECKSUM), i)
    assert len(guard._buckets) < 40
    assert len(guard._summary.sources) < 12


@given(st.binary(max_size=80))
def test_any_bytes_are_judged(data: bytes) -> None:
    guard = Guard(a_daemon())
    found = guard.judge(read_ipv4("eth0", data), 0)
    assert found is None or isinstance(found, Unusable | AdvertisementReceived)


def test_a_rejected_advert_does_not_silence_a_live_master() -> None:
    """keepalived: a MASTER restarts its advert timer on every packet for its VRID. Live routers do not."""
    daemon = a_daemon()
    from vrrplab.machine.events import TimePassed

    daemon.handle(TimePassed(), 4 * SECOND_US)
    due_us = daemon.next_deadline()
    bad = a_packet(100, ttl=3)
    found = Guard(daemon).judge(bad, 4 * SECOND_US + 500_000)
    assert isinstance(found, AdvertisementReceived)
    daemon.handle(found, 4 * SECOND_US + 500_000)
    assert daemon.next_deadline() == due_us


def test_a_profile_without_authentication_takes_what_the_machine_takes() -> None:
    """Input: 40 valid adverts to a router whose file wants AH, profile rfc3768. Output: all are used."""
    text = config(priority=100, more="authentication { auth_type AH\n auth_pass secret }")
    daemon = Daemon(parse_text(text), live_profile(PROFILES["rfc3768"]))
    daemon.handle(Started({"eth0": InterfaceStatus(True, ("192.168.2.1",))}), 0)
    guard, master = Guard(daemon), a_packet(200, "192.168.2.9")
    for i in range(40):
        found = guard.judge(master, SECOND_US + i * 10_000)
        assert isinstance(found, AdvertisementReceived)
        assert daemon.handle(found, SECOND_US + i * 10_000) == []
    assert daemon.instances[0].reception.master_address == "192.168.2.9"
    assert guard.summary(5 * SECOND_US) == ""
