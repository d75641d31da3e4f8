"""What keepalived does beside the RFCs (K01-K18), asked of every profile.

The RFC profiles read the same keepalived.conf, so its options work there too; where a habit is a rule of the
daemon and not an option, they do otherwise. A departure here means: this profile does not share the habit.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from machine_builders import (
    GROUP,
    OURS,
    THEIRS,
    VIP,
    VIP_6,
    a_backup,
    a_config,
    a_master,
    an_instance,
    hears,
    of,
    until,
    where,
)
from rfc_duties import BOTH_KEEPALIVEDS, K227, K243, R3768, R5798, R9568, duty, must
from tiny_lan import MACS, lan

from vrrplab.config.model import Authentication, InstanceConfig, UnicastPeer
from vrrplab.config.reader import parse_text
from vrrplab.decoding.verdict import judge
from vrrplab.machine.actions import (
    AddAddresses,
    AdvertisementDropped,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
    StateChanged,
    WriteLog,
)
from vrrplab.machine.events import (
    InstanceStarted,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    WeightChanged,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.profiles import Profile
from vrrplab.units import micros, seconds
from vrrplab.wire import auth
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement

SINCE_S = 100.0


def parsed(profile: Profile, inside: str, address: str = f"{VIP}/24") -> InstanceConfig:
    """What the profile's reader makes of an instance with those lines."""
    text = (
        f"vrrp_instance V1 {{\n interface eth0\n virtual_router_id 51\n {inside}\n"
        f" virtual_ipaddress {{ {address} }}\n}}\n"
    )
    return parse_text(text, daemon=profile.wording).instances[0]


def _words(found: set[Any]) -> str:
    return " and ".join(sorted(map(str, found)))


def dropped(instance: Instance, priority: int, at_s: float = SINCE_S + 1, **how: Any) -> str:
    found = of(AdvertisementDropped, hears(instance, priority, at_s, **how))
    return str(found[0].reason) if found else ""


@duty("K01", versions=(3,), departs=(R5798, R9568, K227))
def test_K01_pseudo_header_unless_v3_checksum_as_v2(profile: Profile, version: int) -> None:
    plain = a_config(version=3, base_priority=150)
    seen = {advert.checksum_form for _, _, advert in lan(profile, plain).adverts()}
    must(seen == {"pseudo-header"}, f"sums the {_words(seen)} only")
    must(parsed(profile, "version 3\n v3_checksum_as_v2").v3_checksum_as_v2, "there is no such option")
    told = a_config(version=3, base_priority=150, v3_checksum_as_v2=True)
    seen = {advert.checksum_form for _, _, advert in lan(profile, told).adverts()}
    must(seen == {"message"}, "the option does nothing")
    for form in ("message", "pseudo-header"):
        backup = a_backup(profile, SINCE_S, version=3, v3_checksum_as_v2=True)
        must(not dropped(backup, 200, checksum_form=form), f"drops the {form} form")


@duty("K02", departs=(R3768, R5798))
def test_K02_losing_adverts_are_answered_unless_told_not_to(profile: Profile, version: int) -> None:
    loud = a_master(profile, SINCE_S, version=version)
    sent = of(SendAdvertisement, hears(loud, 99, SINCE_S + 0.4))
    must(len(sent) == 1, "discards them in silence")
    silent = a_master(profile, SINCE_S, version=version, lower_prio_no_advert=True)
    must(not of(SendAdvertisement, hears(silent, 99, SINCE_S + 0.4)), "answers all the same")
    assert parsed(profile, "strict_mode on").lower_prio_no_advert


@duty("K03", departs=(R3768, R5798, R9568, K243))
def test_K03_another_list_is_dropped(profile: Profile, version: int) -> None:
    for addresses in ((VIP, "192.168.2.201"), ("192.168.2.201",)):
        reason = dropped(a_backup(profile, SINCE_S, version=version), 200, addresses=addresses)
        must(bool(reason), "takes it")
    for priority in (200, 255):
        reason = dropped(a_backup(profile, SINCE_S, version=version), priority, addresses=("192.168.2.201",))
        must(bool(reason), "takes it from an owner")


@duty("K04", versions=(2,), departs=(R3768,))
def test_K04_version_2_still_authenticates(profile: Profile, version: int) -> None:
    for kind, number in (("PASS", 1), ("AH", 2)):
        master = a_config(base_priority=150, authentication=Authentication(kind, b"secret"))
        adverts = lan(profile, master).adverts()
        types = {advert.auth_type for _, _, advert in adverts}
        must(types == {number}, f"sends type {_words(types)} although {kind} is configured")
        secured = {frame.ah is not None for _, frame, _ in adverts}
        assert secured == {kind == "AH"}
    for mode in ("version 3", "strict_mode on"):
        config = parsed(profile, f"{mode}\n authentication {{ auth_type PASS\n auth_pass secret }}")
        assert config.authentication is None


@duty("K05", departs=(R3768, R5798, R9568))
def test_K05_packets_to_the_addresses_are_accepted(profile: Profile, version: int) -> None:
    asked_for = of(SetAccept, until(a_backup(profile, SINCE_S, version=version), SINCE_S + 4))
    must(not asked_for, "refuses them unless it owns the addresses")
    told = until(a_backup(profile, SINCE_S, version=version, accept=False), SINCE_S + 4)
    must([a.accept for a in of(SetAccept, told)] == [False], "no_accept does nothing")
    assert not parsed(profile, "strict_mode on").accept


@duty("K06", departs=(R3768, R5798, R9568))
def test_K06_the_interfaces_own_mac_is_used(profile: Profile, version: int) -> None:
    own = a_config(version=version, base_priority=150)
    done = lan(profile, own)
    seen = {frame.eth.source for _, frame, _ in done.adverts() if frame.eth}
    seen |= {frame.arp.sender_mac for frame in done.announcements() if frame.arp}
    must(seen == {MACS["r1"]}, f"uses {_words(seen)} without use_vmac too")
    done = lan(profile, a_config(version=version, base_priority=150, use_vmac="vrrp.51"))
    seen = {frame.eth.source for _, frame, _ in done.adverts() if frame.eth}
    must(seen == {"00:00:5e:00:01:33"}, f"uses {seen} with use_vmac")


@duty("K07", departs=(R3768, R5798, R9568))
def test_K07_five_announcements_now_and_five_later(profile: Profile, version: int) -> None:
    master = a_backup(profile, SINCE_S, version=version)
    since_us = master.next_deadline() or 0
    sent = [(t_us - since_us, a) for t_us, a in until(master, SINCE_S + 20) if type(a) is SendGratuitousArp]
    times = [seconds(t_us) for t_us, _ in sent]
    must(times == [0.0] * 5 + [5.0] * 5, f"sends {len(times)} in all")
    assert all(a.broadcast_target for _, a in sent)


@duty("K08", departs=(R3768, R5798, R9568))
def test_K08_fault_says_goodbye_twice_and_leads_to_backup(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=version, base_priority=255, state="MASTER")
    actions = master.handle(TrackedObjectFailed("script chk", "chk failed"), micros(SINCE_S + 0.4))
    assert master.state.name == "FAULT"
    goodbyes = [advert.priority for advert in of(SendAdvertisement, actions)]
    recovered = TrackedObjectRecovered("script chk", "chk succeeded")
    master.handle(recovered, micros(SINCE_S + 5))
    found = where(master, micros(SINCE_S + 5))
    times = "twice" if len(goodbyes) == 2 else "once"
    how = f"says it {times}, and an owner that recovers is {found.split()[0]} at once"
    must(goodbyes == [0, 0] and found == "BACKUP 3.004", how)


@duty("K09")
def test_K09_state_master_changes_nothing_without_priority_255(profile: Profile, version: int) -> None:
    for priority, waits in ((254, "3.008"), (150, "3.414"), (1, "3.996")):
        instance = a_backup(profile, SINCE_S, version=version, base_priority=priority, state="MASTER")
        found = where(instance, micros(SINCE_S))
        must(found == f"BACKUP {waits}", f"is {found}")


@duty("K10", departs=(R3768, R5798, R9568, K243))
def test_K10_an_owner_that_hears_another_lowers_itself(profile: Profile, version: int) -> None:
    owner = a_master(profile, SINCE_S, version=version, base_priority=255, state="MASTER")
    actions = hears(owner, 255, SINCE_S + 0.4, source="192.168.2.7")  # the lower address
    if of(AdvertisementDropped, actions):
        must(False, "drops the other's adverts, and both go on")
    must(owner.effective_priority == 254, "stays at 255; the lower address yields")
    assert owner.state.name == "BACKUP"


@duty("K11")
def test_K11_weights_move_priority_and_skew(profile: Profile, version: int) -> None:
    for shift, priority, left in ((-30, 70, "3.327"), (-500, 1, "3.596"), (+500, 254, "2.608")):
        backup = a_backup(profile, SINCE_S, version=version)
        backup.handle(WeightChanged(shift, "a script changed"), micros(SINCE_S + 0.4))
        found = f"{backup.effective_priority}, {where(backup, micros(SINCE_S + 0.4))}"
        must(found == f"{priority}, BACKUP {left}", f"is {found}")


@duty("K12")
def test_K12_options_no_rfc_has(profile: Profile, version: int) -> None:
    delayed = a_backup(profile, SINCE_S, version=version, preempt_delay_us=micros(5))
    for second in range(1, 8):  # the delay runs from the first lower advert, at 1 s, to 6 s
        hears(delayed, 50, SINCE_S + second)
    left = where(delayed, micros(SINCE_S + 7))
    # that at 5 s was the last to count
    must(left == "BACKUP 1.609", f"with preempt_delay it is {left}")
    quick = a_backup(profile, SINCE_S, version=version, down_timer_adverts=2)
    must(where(quick, micros(SINCE_S)) == "BACKUP 2.609", "no down_timer_adverts")
    polite = a_master(profile, SINCE_S, version=version, higher_prio_send_advert=True)
    sent = of(SendAdvertisement, hears(polite, 200, SINCE_S + 0.4))
    must([advert.priority for advert in sent] == [100], "no higher_prio_send_advert")
    peers = (UnicastPeer(THEIRS), UnicastPeer("192.168.2.7"))
    to_peers = of(SendAdvertisement, until(a_backup(profile, SINCE_S, unicast_peers=peers), SINCE_S + 4))
    must(to_peers[0].destinations == (THEIRS, "192.168.2.7"), "no unicast_peer")
    elsewhere = a_backup(profile, SINCE_S, multicast_group="239.1.1.1")
    to_group = of(SendAdvertisement, until(elsewhere, SINCE_S + 4))
    must(to_group[0].destinations == ("239.1.1.1",), "no mcast_dst_ip")


@duty("K13", departs=(R3768, R5798, R9568))
def test_K13_unicast_ttl_is_not_looked_at_unless_asked(profile: Profile, version: int) -> None:
    plain = a_backup(profile, SINCE_S, version=version, unicast_peers=(UnicastPeer(THEIRS),))
    must(not dropped(plain, 200, ttl=3, destination=OURS), "drops TTL 3")
    choosy = (UnicastPeer(THEIRS, min_ttl=250),)
    checks = a_backup(profile, SINCE_S, version=version, unicast_peers=choosy, check_unicast_src=True)
    must(dropped(checks, 200, ttl=249, destination=OURS) == "BAD_TTL", "min_ttl does nothing")
    must(not dropped(checks, 200, ttl=250, destination=OURS), "min_ttl excludes itself")
    must(dropped(checks, 200, source="192.168.2.9", destination=OURS) == "NOT_A_PEER", "takes strangers")


@duty("K14", versions=(2,))
def test_K14_version_2_over_ipv6(profile: Profile, version: int) -> None:
    config = parsed(profile, "version 2", VIP_6)
    must((config.version, config.family) == (2, 6), "is not possible")
    adverts = lan(profile, a_config(version=2, family=6, base_priority=150)).adverts()
    assert {advert.version for _, _, advert in adverts} == {2}
    assert parsed(profile, "version 2\n strict_mode on", VIP_6).version == 3


@duty("K15", departs=(R3768, R5798, R9568, K243))
def test_K15_a_message_is_as_long_as_its_count_says(profile: Profile, version: int) -> None:
    whole = Advertisement(version, 51, 200, micros(1), (VIP,))
    form = profile.checksum_form
    longer = Advertisement(version, 51, 200, micros(1), (VIP,), trailer=bytes(6 if version == 2 else 2))
    for advert, what in ((whole, "whole"), (longer, "longer")):
        frame = decode(advert_frame(MACS["r2"], THEIRS, GROUP, advert, checksum_form=form))
        accepted = judge(frame, profile.name).accepted
        if what == "whole":
            assert accepted
        else:
            must(not accepted, "takes what looks like Ethernet padding" if profile is K243 else "takes more")


@duty("K16")
def test_K16_one_version_and_no_router_advertisements(profile: Profile, version: int) -> None:
    sent = lan(profile, a_config(version=version, base_priority=150)).adverts()
    must({advert.version for _, _, advert in sent} == {version}, "sends both versions")
    icmp = lan(profile, a_config(family=6, version=3, base_priority=150)).frames
    others = [f for _, f in icmp if f.vrrp is None and f.na is None and f.ns is None]
    must(not others, "sends something else")


@duty("K17", versions=(3,))
def test_K17_a_master_uses_its_own_interval_again(profile: Profile, version: int) -> None:
    instance = a_backup(profile, SINCE_S, version=3, advert_interval_us=micros(2))
    hears(instance, 200, SINCE_S + 1, interval_s=0.5)
    happened = until(instance, SINCE_S + 9)
    adverts = [t_us for t_us, action in happened if isinstance(action, SendAdvertisement)]
    gaps = {b - a for a, b in pairwise(adverts[1:])}  # the first one is longer by the work
    must(gaps == {micros(2)}, f"advertises every {gaps} us")
    must(instance.intervals.master_adver_interval_us == micros(2), "counts with the learned one")
    lines = [log.line for log in of(WriteLog, happened)]
    assert "(V1) changing advert interval from 500ms to locally configured 2000ms" in lines


@duty("K18", versions=(3,), departs=(K227, R5798, R9568))
def test_K18_a_trailer_can_authenticate(profile: Profile, version: int) -> None:
    key = b"key"
    form = profile.checksum_form
    advert = Advertisement(3, 51, 200, micros(1), (VIP,), checksum_form=form)
    message = advert.emit(THEIRS, GROUP, form)
    empty = auth.HmacTrailer(1, 7, 0, 1_700_000_000, 0, 1, bytes(16))
    empty.hmac = auth.trailer_hmac(key, message, empty.emit(), THEIRS)
    trailer = empty.emit()
    assert len(trailer) == 28
    assert auth.HmacTrailer.parse(trailer).verify(key, message, THEIRS)
    assert not auth.HmacTrailer.parse(trailer).verify(b"other", message, THEIRS)
    signed = Advertisement(3, 51, 200, micros(1), (VIP,), checksum_form=form, trailer=trailer)
    frame = decode(advert_frame(MACS["r2"], THEIRS, GROUP, signed, checksum_form=form))
    must(judge(frame, profile.name, key).accepted, "drops the longer message")
    must(not judge(frame, profile.name, b"other").accepted, "does not look at it")


# -- departures measured with the real daemon, in figures ------------------------------------------------


@pytest.mark.parametrize("profile", BOTH_KEEPALIVEDS, ids=lambda p: p.name)
def test_an_owner_after_a_fault_waits_3_004_s(profile: Profile) -> None:
    owner = an_instance(profile, base_priority=255, state="MASTER")
    owner.handle(InstanceStarted(OURS, faults={"eth1": "eth1 is down"}), micros(SINCE_S))
    owner.handle(TrackedObjectRecovered("eth1", "eth1 is up again"), micros(SINCE_S + 1))
    changes = [t for t, a in until(owner, SINCE_S + 9) if isinstance(a, StateChanged)]
    assert changes == [micros(SINCE_S + 1) + 3_003_906]


def test_two_owners_of_2_4_3_leave_it_to_the_address() -> None:
    """Measured: the lower address yields, the higher one stays at 255."""
    both = a_config(base_priority=255, state="MASTER")
    done = lan(K243, both, both, end_s=8)
    assert done.trace.state_at(8, "r1", "V1") == "BACKUP"
    assert done.trace.state_at(8, "r2", "V1") == "MASTER"
    assert {advert.priority for _, _, advert in done.adverts()} == {255}


def test_owner_ignore_adverts_makes_2_4_3_deaf() -> None:
    assert parsed(K243, "priority 255\n owner_ignore_adverts").owner_ignore_adverts
    owner = a_master(K243, SINCE_S, base_priority=255, state="MASTER", owner_ignore_adverts=True)
    actions = hears(owner, 255, SINCE_S + 0.4)
    assert [drop.reason for drop in of(AdvertisementDropped, actions)] == ["ADDRESS_OWNER"]
    line = "(V1) Dropping packet(s) from 192.168.2.252 since we are address owner"
    assert line in [log.line for log in of(WriteLog, actions)]


def test_rejections_are_logged_each_time_by_2_2_7_and_once_by_2_4_3() -> None:
    for profile, times in ((K227, 3), (K243, 1)):
        backup = a_backup(profile, SINCE_S)
        said = [log for n in range(3) for log in of(WriteLog, hears(backup, 200, SINCE_S + n / 10, ttl=1))]
        assert len([log for log in said if "TTL" in log.line]) == times


def test_no_address_is_taken_before_the_advert_is_out() -> None:
    order = [type(a) for _, a in until(a_backup(K227, SINCE_S), SINCE_S + 4)]
    assert order.index(SendAdvertisement) < order.index(AddAddresses)
