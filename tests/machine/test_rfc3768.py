"""RFC 3768 (VRRPv2) where it asks for something else than RFC 9568. What both ask is in test_rfc9568."""

from __future__ import annotations

import pytest
from machine_builders import (
    GROUP,
    OURS,
    THEIRS_LOWER,
    VIP,
    a_backup,
    a_config,
    a_master,
    hears,
    of,
    until,
    where,
)
from rfc_duties import BOTH_KEEPALIVEDS, K243, duty, must
from tiny_lan import lan

from vrrplab.config.model import Authentication
from vrrplab.errors import PacketError
from vrrplab.machine.actions import (
    AddAddresses,
    AdvertisementDropped,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
    WriteLog,
)
from vrrplab.machine.profiles import Profile
from vrrplab.units import micros, seconds
from vrrplab.wire.checksum import is_right, total
from vrrplab.wire.vrrp import Advertisement

SINCE_S = 100.0
PAIR = (a_config(base_priority=150), a_config())


def dropped(instance: object, priority: int, **how: object) -> str:
    """Why an advert is dropped; "" if it is not."""
    found = of(AdvertisementDropped, hears(instance, priority, SINCE_S + 1, **how))  # type: ignore[arg-type]
    return str(found[0].reason) if found else ""


@duty("R3-5.2.1-a@3768", versions=(2,))
def test_R3_5_2_1_a_the_version_is_2(profile: Profile, version: int) -> None:
    seen = {frame.raw[34] >> 4 for _, frame, _ in lan(profile, *PAIR).adverts()}
    must(seen == {2}, f"sends version {seen}")


@duty("R3-5.2.7-a@3768", versions=(2,))
def test_R3_5_2_7_a_the_interval_is_in_seconds(profile: Profile, version: int) -> None:
    slow = a_config(advert_interval_us=micros(3))
    seen = {frame.raw[39] for _, frame, _ in lan(profile, slow, end_s=14).adverts()}
    must(seen == {3}, f"sends {seen}")
    for interval_s in (256, 0.5):
        with pytest.raises(PacketError):
            Advertisement(2, 51, 100, micros(interval_s), (VIP,)).emit(OURS, GROUP)


@duty("R3-5.2.8-a@3768", versions=(2,))
def test_R3_5_2_8_a_the_checksum_covers_the_authentication_data(profile: Profile, version: int) -> None:
    for _, frame, _ in lan(profile, *PAIR).adverts():
        message = frame.raw[34:]
        assert len(message) == 8 + 4 + 8
        must(is_right(total(message)), "sums something else")


@duty("R2-5.3.6-a", versions=(2,))
def test_R2_5_3_6_a_other_authentication_types_are_discarded(profile: Profile, version: int) -> None:
    for kind in (1, 2, 3, 255):
        backup = a_backup(profile, SINCE_S)
        must(dropped(backup, 200, auth_type=kind) == "BAD_AUTH_TYPE", f"takes type {kind}")


@duty("R2-5.3.10-a", versions=(2,))
def test_R2_5_3_10_a_authentication_data_is_zero_and_ignored(profile: Profile, version: int) -> None:
    seen = {frame.raw[-8:] for _, frame, _ in lan(profile, *PAIR).adverts()}
    must(seen == {bytes(8)}, f"sends {seen}")
    backup = a_backup(profile, SINCE_S)
    must(not dropped(backup, 200, auth_data=b"whatever"), "drops an advert with something in it")


@duty("R3-6.1-a@3768", versions=(2,))
def test_R3_6_1_a_the_skew_is_in_seconds(profile: Profile, version: int) -> None:
    for priority, interval_s in ((100, 3), (1, 2), (254, 1)):
        backup = a_backup(profile, SINCE_S, base_priority=priority, advert_interval_us=micros(interval_s))
        hears(backup, 0, SINCE_S + 0.1)
        due_s = seconds((backup.next_deadline() or 0) - micros(SINCE_S + 0.1))
        must(abs(due_s - (256 - priority) / 256) < 1e-5, f"it is {due_s:.3f} s")


@duty("R3-6.4.2-f@3768", versions=(2,), departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_2_f_a_timer_that_runs_out_makes_a_master(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S)
    happened = until(backup, SINCE_S + 15)
    order = [type(action) for _, action in happened]
    assert order.index(SendAdvertisement) < order.index(AddAddresses) < order.index(SendGratuitousArp)
    assert backup.state.name == "MASTER"
    times = len(of(SendGratuitousArp, happened))
    must(times == 1, f"announces it {times} times")


@duty("R3-6.4.2-h@3768", versions=(2,))
def test_R3_6_4_2_h_a_better_advert_starts_the_timer_anew(profile: Profile, version: int) -> None:
    for preempt, priority in ((True, 100), (True, 200), (False, 1)):
        backup = a_backup(profile, SINCE_S, preempt=preempt)
        hears(backup, priority, SINCE_S + 1)
        found = where(backup, micros(SINCE_S + 1))
        must(found == "BACKUP 3.609", f"is {found}")


@duty("R3-6.4.3-d@3768", versions=(2,), departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_3_d_only_an_owner_accepts_packets(profile: Profile, version: int) -> None:
    owner = a_master(profile, SINCE_S, base_priority=255, state="MASTER")
    assert owner.addresses.accepted
    asked_for = of(SetAccept, until(a_backup(profile, SINCE_S), SINCE_S + 4))
    must(bool(asked_for) and not asked_for[0].accept, "every MASTER accepts them unless told not to")


@duty("R3-6.4.3-h@3768", versions=(2,))
def test_R3_6_4_3_h_a_master_yields_to_a_better_one(profile: Profile, version: int) -> None:
    for priority in (101, 100):
        master = a_master(profile, SINCE_S)
        hears(master, priority, SINCE_S + 0.4)
        found = where(master, micros(SINCE_S + 0.4))
        must(found == "BACKUP 3.609", f"is {found}")
    for lower in (THEIRS_LOWER, "192.168.2.99"):
        master = a_master(profile, SINCE_S)
        hears(master, 100, SINCE_S + 0.4, source=lower)
        must(master.state.name == "MASTER", f"yields to {lower}")


@duty("R3-7.1-i@3768", versions=(2,))
def test_R3_7_1_i_another_interval_is_discarded(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S)
    actions = hears(backup, 200, SINCE_S + 1, interval_s=2)
    reasons = [drop.reason for drop in of(AdvertisementDropped, actions)]
    must(reasons == ["BAD_INTERVAL"], "takes it")
    must(any("interval" in log.line for log in of(WriteLog, actions)), "says nothing")
    assert where(backup, micros(SINCE_S + 1)) == "BACKUP 2.609"


@duty("R3-7.1-j@3768", versions=(2,), departs=BOTH_KEEPALIVEDS)
def test_R3_7_1_j_another_list_counts_only_from_an_owner(profile: Profile, version: int) -> None:
    other = ("192.168.2.201",)
    from_others = dropped(a_backup(profile, SINCE_S), 200, addresses=other)
    from_owner = dropped(a_backup(profile, SINCE_S), 255, addresses=other)
    must(bool(from_others), "takes it from anybody")
    must(not from_owner, "drops it from an owner too")


@duty("R2-7.1-a", versions=(2,))
def test_R2_7_1_a_authentication_is_performed(profile: Profile, version: int) -> None:
    """RFC 3768 knows type 0 only, so there it means: nothing but type 0."""
    password = Authentication("PASS", b"secret")
    config = a_config(authentication=password if profile.authenticates else None)
    configured = a_backup(profile, SINCE_S, authentication=config.authentication)
    kind = 1 if profile.authenticates else 0
    right = b"secret\0\0"
    must(not dropped(configured, 200, auth_type=kind, auth_data=right), "drops the right password")
    if profile.authenticates:
        backup = a_backup(profile, SINCE_S, authentication=password)
        must(dropped(backup, 200, auth_data=b"wrong\0\0\0") == "AUTH_MISMATCH", "takes a wrong password")
    must(dropped(configured, 200, auth_type=1 - kind) == "BAD_AUTH_TYPE", f"takes type {1 - kind}")


def test_what_departs_in_lists_is_not_the_same() -> None:
    """Both keepaliveds depart from R3-7.1-j in version 2, one by dropping too much and one by taking all."""
    other = ("192.168.2.201",)
    assert dropped(a_backup(at_s=SINCE_S), 255, addresses=other) == "ADDRESS_LIST_MISMATCH"
    assert not dropped(a_backup(K243, SINCE_S), 200, addresses=other)
