"""RFC 9568, duty by duty, asked of every profile; where RFC 3768 says the same, in version 2 too.

The sentences are in rfc_rows. A test that expects a departure says of whom; what the departure is, the check
says itself, and docs/rfc.md lists it.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from machine_builders import (
    GROUP,
    GROUP_6,
    OURS,
    OURS_6,
    THEIRS,
    THEIRS_LOWER,
    VIP,
    VIP_6,
    a_backup,
    a_config,
    a_daemon,
    a_master,
    an_advert,
    an_instance,
    hears,
    of,
    started,
    stop,
    until,
    where,
)
from rfc_duties import BOTH_KEEPALIVEDS, K227, K243, R5798, duty, must
from tiny_lan import MACS, lan

from vrrplab.config.model import InstanceConfig, VirtualAddress
from vrrplab.config.reader import parse_text
from vrrplab.decoding.verdict import judge
from vrrplab.errors import ConfigError, PacketError
from vrrplab.machine.actions import (
    AddAddresses,
    AdvertisementDropped,
    RemoveAddresses,
    SendAdvertisement,
    SendGratuitousArp,
    SetAccept,
    StateChanged,
    Warn,
    WriteLog,
)
from vrrplab.machine.events import InstanceStarted, WeightChanged
from vrrplab.machine.instance import Instance
from vrrplab.machine.profiles import Profile
from vrrplab.units import format_s, micros, seconds
from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement

SINCE_S = 100.0  # tests begin there: no time is special


def two(version: int, family: int = 4) -> tuple[InstanceConfig, InstanceConfig]:
    """A router that will be MASTER and one that will not."""
    return (
        a_config(version=version, family=family, base_priority=150),
        a_config(version=version, family=family),
    )


def families(version: int) -> tuple[int, ...]:
    """Version 3 speaks IPv4 and IPv6; no RFC has version 2 over IPv6."""
    return (4, 6) if version == 3 else (4,)


def dropped(instance: Instance, priority: int, **how: object) -> str:
    """Why an advert is dropped by a BACKUP that would have to yield to it; "" if it is not."""
    found = of(AdvertisementDropped, hears(instance, priority, SINCE_S + 1, **how))
    return str(found[0].reason) if found else ""


# -- packets on the wire ------------------------------------------------------------------------------


@duty("R3-5.1.1.1-a")
def test_R3_5_1_1_1_a_adverts_come_from_the_primary_address(profile: Profile, version: int) -> None:
    """r1 has two addresses on eth0; the first is the primary one."""
    seen = {frame.ip.source for _, frame, _ in lan(profile, *two(version)).adverts() if frame.ip}
    must(seen == {OURS}, f"sends from {', '.join(sorted(seen))}")


def forwarded(profile: Profile, version: int, family: int) -> int:
    """Adverts of two routers that a router between two networks (``routers`` in a scenario) lets through."""
    joined = lan(profile, *two(version, family), routed=True)
    segments = [where for _, where, data in joined.world.captured if decode(data).vrrp is not None]
    assert "lan" in segments
    return segments.count("beyond")


@duty("R3-5.1.1.2-a")
def test_R3_5_1_1_2_a_the_ipv4_group_stays_on_its_link(profile: Profile, version: int) -> None:
    must(forwarded(profile, version, 4) == 0, "is forwarded")


@duty("R3-5.1.2.2-a", versions=(3,))
def test_R3_5_1_2_2_a_the_ipv6_group_stays_on_its_link(profile: Profile, version: int) -> None:
    must(forwarded(profile, version, 6) == 0, "is forwarded")


@duty("R3-5.1.1.3-a")
def test_R3_5_1_1_3_a_adverts_leave_with_ttl_255(profile: Profile, version: int) -> None:
    seen = {frame.ip.ttl for _, frame, _ in lan(profile, *two(version)).adverts() if frame.ip}
    must(seen == {255}, f"sends with TTL {seen}")


@duty("R3-5.1.1.3-b")
def test_R3_5_1_1_3_b_another_ttl_is_dropped(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    must(dropped(backup, 200, ttl=254) == "BAD_TTL", "takes it")


@duty("R3-5.1.2.3-a", versions=(3,))
def test_R3_5_1_2_3_a_adverts_leave_with_hop_limit_255(profile: Profile, version: int) -> None:
    seen = {frame.ip.ttl for _, frame, _ in lan(profile, *two(version, 6)).adverts() if frame.ip}
    must(seen == {255}, f"sends with hop limit {seen}")


@duty("R3-5.1.2.3-b", versions=(3,))
def test_R3_5_1_2_3_b_another_hop_limit_is_dropped(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, family=6)
    must(dropped(backup, 200, ttl=64) == "BAD_TTL", "takes it")


@duty("R3-5.1.1.4-a")
def test_R3_5_1_1_4_a_vrrp_is_protocol_112(profile: Profile, version: int) -> None:
    for family in families(version):
        frames = [frame for _, frame, _ in lan(profile, *two(version, family)).adverts()]
        assert frames
        seen = {frame.raw[23 if family == 4 else 20] for frame in frames}
        must(seen == {112}, f"sends protocol {seen}")
    other = bytearray(frames[0].raw)
    other[23 if family == 4 else 20] = 113
    must(decode(bytes(other)).vrrp is None, "takes protocol 113 for VRRP")


@duty("R3-5.2.1-a", versions=(3,))
def test_R3_5_2_1_a_the_version_is_3(profile: Profile, version: int) -> None:
    seen = {frame.raw[34] >> 4 for _, frame, _ in lan(profile, *two(version)).adverts()}
    must(seen == {3}, f"sends version {seen}")


@duty("R3-5.2.2-a")
def test_R3_5_2_2_a_only_type_1_exists(profile: Profile, version: int) -> None:
    sent = lan(profile, *two(version)).adverts()
    must({advert.type for _, _, advert in sent} == {1}, "sends another type")
    odd = Advertisement(version, 51, 200, micros(1), (VIP,), type=2)
    frame = decode(advert_frame(MACS["r2"], THEIRS, GROUP, odd, checksum_form=profile.checksum_form))
    reasons = [reason.name for reason in judge(frame, profile.name).reasons]
    must(reasons == ["BAD_TYPE"], f"type 2: {reasons or 'taken'}")
    with pytest.raises(PacketError):
        Advertisement.parse(frame.payload, THEIRS, GROUP)


def parsed(profile: Profile, inside: str) -> InstanceConfig:
    """What the profile's reader makes of an instance with those lines."""
    text = f"vrrp_instance V1 {{\n interface eth0\n {inside}\n virtual_ipaddress {{ {VIP}/24 }}\n}}\n"
    return parse_text(text, daemon=profile.wording).instances[0]


@duty("R3-5.2.3-a")
def test_R3_5_2_3_a_vrids_are_1_to_255(profile: Profile, version: int) -> None:
    for vrid in (1, 255):
        assert parsed(profile, f"virtual_router_id {vrid}").vrid == vrid
    for vrid in (0, 256):
        with pytest.raises(ConfigError):
            parsed(profile, f"virtual_router_id {vrid}")


@duty("R3-5.2.4-a")
def test_R3_5_2_4_a_an_owner_advertises_255(profile: Profile, version: int) -> None:
    owner = a_master(profile, SINCE_S, version=version, base_priority=255, state="MASTER")
    owner.handle(WeightChanged(-100, "a script failed"), micros(SINCE_S + 0.5))
    seen = {advert.priority for advert in of(SendAdvertisement, until(owner, SINCE_S + 3))}
    must(seen == {255}, f"advertises {seen}")


@duty("R3-5.2.4-b")
def test_R3_5_2_4_b_others_advertise_1_to_254(profile: Profile, version: int) -> None:
    assert parsed(profile, "virtual_router_id 51").base_priority == 100
    for shift, priority in ((-300, 1), (300, 254)):
        master = a_master(profile, SINCE_S, version=version)
        master.handle(WeightChanged(shift, "a script changed"), micros(SINCE_S + 0.5))
        seen = {advert.priority for advert in of(SendAdvertisement, until(master, SINCE_S + 2))}
        must(seen == {priority}, f"advertises {seen}")


@duty("R3-5.2.4-c")
def test_R3_5_2_4_c_priority_0_says_that_the_master_leaves(profile: Profile, version: int) -> None:
    done = lan(
        profile, *two(version), end_s=8, actions=({"at_s": 5, "action": "daemon_stop", "server": "r1"},)
    )
    goodbyes = [t for t, _, advert in done.adverts() if advert.priority == 0]
    must(len(goodbyes) == 1, f"{len(goodbyes)} goodbyes")
    takeover = next(e for e in done.trace.of("state", server="r2") if e.fields["to"] == "MASTER")
    assert takeover.t - goodbyes[0] < 0.62  # the skew of priority 100, not three seconds


@duty("R3-5.2.5-a", versions=(3,), departs=(K243,))
def test_R3_5_2_5_a_an_advert_without_addresses_is_ignored(profile: Profile, version: int) -> None:
    for family in families(version):
        backup = a_backup(profile, SINCE_S, version=version, family=family)
        reason = dropped(backup, 200, addresses=())
        must(bool(reason), "takes it, as it takes any other list")


@duty("R3-5.2.6-a", versions=(3,))
def test_R3_5_2_6_a_reserved_bits_are_zero_and_ignored(profile: Profile, version: int) -> None:
    seen = {frame.raw[38] >> 4 for _, frame, _ in lan(profile, *two(version)).adverts()}
    must(seen == {0}, f"sends reserved bits {seen}")
    backup = a_backup(profile, SINCE_S, version=version)
    must(not dropped(backup, 200, reserved=15), "drops them")


@duty("R3-5.2.7-a", versions=(3,))
def test_R3_5_2_7_a_the_interval_is_in_centiseconds(profile: Profile, version: int) -> None:
    quick = a_config(version=3, advert_interval_us=micros(0.25))
    seen = {int.from_bytes(f.raw[38:40], "big") for _, f, _ in lan(profile, quick).adverts()}
    must(seen == {25}, f"sends {seen}")
    assert parsed(profile, "virtual_router_id 51\n version 3").advert_interval_us == micros(1)
    with pytest.raises(PacketError):
        Advertisement(3, 51, 100, micros(41), (VIP,)).emit(OURS, GROUP)


@duty("R3-5.2.8-a", versions=(3,), departs=(R5798, *BOTH_KEEPALIVEDS))
def test_R3_5_2_8_a_the_ipv4_checksum_covers_the_message_only(profile: Profile, version: int) -> None:
    over_6 = {advert.checksum_form for _, _, advert in lan(profile, *two(version, 6)).adverts()}
    assert over_6 == {"pseudo-header"}
    over_4 = {advert.checksum_form for _, _, advert in lan(profile, *two(version)).adverts()}
    must(over_4 == {"message"}, f"sums a {', '.join(map(str, over_4))} over IPv4 too")


GLOBAL_6 = "2001:db8::200"


@duty("R3-5.2.9-a", versions=(3,), departs=(R5798, *BOTH_KEEPALIVEDS))
def test_R3_5_2_9_a_the_first_ipv6_address_is_link_local(profile: Profile, version: int) -> None:
    addresses = (VirtualAddress(GLOBAL_6, 64, "eth0"), VirtualAddress(VIP_6, 128, "eth0"))
    backup = a_backup(profile, SINCE_S, family=6, virtual_addresses=addresses)
    must(dropped(backup, 200) == "ADDRESS_LIST_MISMATCH", "takes an advert that begins with another one")
    last = (VirtualAddress("febf::1", 128, "eth0"),)  # fe80::/10 ends with it
    backup = a_backup(profile, SINCE_S, family=6, virtual_addresses=last)
    must(dropped(backup, 200) == "", "knows fe80::/12 only")


@duty("R3-5.2.9-b", versions=(3,))
def test_R3_5_2_9_b_a_packet_has_one_family(profile: Profile, version: int) -> None:
    for addresses in ((VIP, VIP_6), (VIP_6,)):
        with pytest.raises(PacketError):
            Advertisement(3, 51, 100, micros(1), addresses).emit(OURS, GROUP)
    both = parsed(profile, f"virtual_router_id 51\n virtual_ipaddress {{ {GLOBAL_6}/64 }}").virtual_addresses
    must(len({":" in vip.address for vip in both}) == 1, "mixes families")


# -- parameters and timers ----------------------------------------------------------------------------


@duty("R3-6.1-a", versions=(3,))
def test_R3_6_1_a_the_skew_is_a_share_of_the_interval(profile: Profile, version: int) -> None:
    for priority, interval_s in ((100, 0.25), (1, 2.0), (254, 1.0)):
        backup = a_backup(
            profile, SINCE_S, version=3, base_priority=priority, advert_interval_us=micros(interval_s)
        )
        hears(backup, 0, SINCE_S + 0.1)
        due_s = seconds((backup.next_deadline() or 0) - micros(SINCE_S + 0.1))
        must(abs(due_s - (256 - priority) / 256 * interval_s) < 1e-5, f"it is {due_s:.3f} s")


@duty("R3-6.1-b")
def test_R3_6_1_b_a_backup_waits_three_intervals_and_the_skew(profile: Profile, version: int) -> None:
    for priority, interval_s in ((100, 1), (1, 3), (254, 2)):
        backup = a_backup(
            profile, SINCE_S, version=version, base_priority=priority, advert_interval_us=micros(interval_s)
        )
        skew_us = (256 - priority) * micros(1 if version == 2 else interval_s) // 256
        waits_us = (backup.next_deadline() or 0) - micros(SINCE_S)
        must(waits_us == 3 * micros(interval_s) + skew_us, f"waits {format_s(waits_us)} s")
        happened = until(backup, SINCE_S + 15)
        changes = [t_us for t_us, action in happened if isinstance(action, StateChanged)]
        assert changes == [micros(SINCE_S) + waits_us]


@duty("R3-6.1-c", versions=(3,))
def test_R3_6_1_c_the_masters_interval_is_learned(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=3)
    must(where(backup, micros(SINCE_S)) == "BACKUP 3.609", "does not start with its own interval")
    hears(backup, 200, SINCE_S + 1, interval_s=2)
    must(where(backup, micros(SINCE_S + 1)) == "BACKUP 7.219", "goes on with its own interval")


@duty("R3-6.1-d")
def test_R3_6_1_d_preemption_is_the_rule(profile: Profile, version: int) -> None:
    assert parsed(profile, "virtual_router_id 51").preempt
    owner = parsed(profile, "virtual_router_id 51\n priority 255\n nopreempt")
    must(owner.preempt, "an owner with nopreempt does not")
    done = lan(profile, two(version)[1], a_config(version=version, base_priority=150), end_s=8)
    last = {server: done.trace.state_at(8, server, "V1") for server in ("r1", "r2")}
    must(last == {"r1": "BACKUP", "r2": "MASTER"}, f"ends with {last}")


# -- start --------------------------------------------------------------------------------------------


@duty("R3-6.4.1-a", departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_1_a_an_owner_starts_as_master(profile: Profile, version: int) -> None:
    said_so = an_instance(profile, version=version, base_priority=255, state="MASTER")
    actions = said_so.handle(InstanceStarted(OURS), micros(SINCE_S))
    assert said_so.state.name == "MASTER"
    assert [a.priority for a in of(SendAdvertisement, actions)] == [255]
    assert of(SendGratuitousArp, actions)
    owner = a_backup(profile, SINCE_S, version=version, base_priority=255)
    must(
        owner.state.name == "MASTER",
        f"only with state MASTER; without it, it is {where(owner, micros(SINCE_S))} s first",
    )


@duty("R3-6.4.1-b")
def test_R3_6_4_1_b_others_start_as_backup(profile: Profile, version: int) -> None:
    for state in ("BACKUP", "MASTER"):
        backup = a_backup(profile, SINCE_S, version=version, state=state)
        found = where(backup, micros(SINCE_S))
        must(found == "BACKUP 3.609", f"{found} with state {state}")


# -- BACKUP -------------------------------------------------------------------------------------------


@duty("R3-6.4.2-a")
def test_R3_6_4_2_a_a_backup_answers_no_arp(profile: Profile, version: int) -> None:
    done = lan(profile, *two(version))
    assert done.asked("r1", VIP)
    must(done.asked("r2", VIP) == [], "answers")


@duty("R3-6.4.2-b", versions=(3,))
def test_R3_6_4_2_b_a_backup_answers_no_solicitation(profile: Profile, version: int) -> None:
    done = lan(profile, *two(version, 6))
    assert done.asked("r1", VIP_6)
    must(done.asked("r2", VIP_6) == [], "answers")
    icmp = [f for _, f in done.frames if f.na is None and f.ns is None and f.vrrp is None and f.arp is None]
    must(icmp == [], "sends something else")


def virtual_macs(version: int) -> dict[int, str]:
    found = {4: "00:00:5e:00:01:33", 6: "00:00:5e:00:02:33"}
    return found if version == 3 else {4: found[4]}


@duty("R3-6.4.2-c")
def test_R3_6_4_2_c_a_backup_takes_no_frame_to_the_virtual_mac(profile: Profile, version: int) -> None:
    for family, mac in virtual_macs(version).items():
        done = lan(profile, *two(version, family))
        assert done.trace.state_at(6, "r2", "V1") == "BACKUP"
        must(not done.takes_frames_to("r2", mac), "takes it")


@duty("R3-6.4.2-d")
def test_R3_6_4_2_d_a_backup_does_not_have_the_addresses(profile: Profile, version: int) -> None:
    higher = a_config(version=version, base_priority=200)
    actions = (
        {"at_s": 0.1, "action": "daemon_stop", "server": "r2"},
        {"at_s": 5, "action": "daemon_start", "server": "r2"},
    )
    done = lan(profile, a_config(version=version), higher, end_s=10, actions=actions)
    assert done.trace.state_at(5, "r1", "V1") == "MASTER"
    assert done.trace.state_at(10, "r2", "V1") == "MASTER"
    must(not done.has("r1", VIP), "keeps them")
    backup = a_backup(profile, SINCE_S, version=version)
    must(not of(AddAddresses, until(backup, SINCE_S + 3)), "takes them while it listens")


@duty("R3-6.4.2-e")
def test_R3_6_4_2_e_a_backup_ends_without_a_word(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    actions = stop(backup, SINCE_S + 1)
    must(not of(SendAdvertisement, actions), "says something")
    must(backup.state.name == "STOP", f"is {backup.state.name}")
    must(backup.next_deadline() is None, "its timer runs on")


@duty("R3-6.4.2-f", versions=(3,), departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_2_f_a_timer_that_runs_out_makes_a_master(profile: Profile, version: int) -> None:
    done = lan(profile, *two(version), end_s=10)
    advert_at = done.adverts()[0][0]
    arps = [(t_us, f.arp) for t_us, f in done.frames if f.arp is not None]
    assert done.adverts()[0][2].priority == 150
    assert advert_at == 3.414062
    over_6 = lan(profile, *two(version, 6), end_s=10)
    notes = [f.na for _, f in over_6.frames if f.na is not None]
    flags = "".join(letter for letter, on in zip("RSO", _flags(notes[0]), strict=True) if on)
    target = arps[0][1].target_mac
    is_virtual = target == "00:00:5e:00:01:33"
    must(
        len(arps) == len(notes) == 1 and is_virtual and flags == "RO",
        f"announces it {len(arps)} times in all, to target {target}; IPv6 with flags {flags} only",
    )


def _flags(note: object) -> tuple[bool, bool, bool]:
    return note.router, note.solicited, note.override  # type: ignore[attr-defined]


@duty("R3-6.4.2-g")
def test_R3_6_4_2_g_priority_0_leaves_the_skew_time(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    hears(backup, 200, SINCE_S + 1)
    hears(backup, 0, SINCE_S + 1.5)
    found = where(backup, micros(SINCE_S + 1.5))
    must(found == "BACKUP 0.609", f"is {found}")


@duty("R3-6.4.2-h", versions=(3,))
def test_R3_6_4_2_h_a_better_advert_starts_the_timer_anew(profile: Profile, version: int) -> None:
    for preempt, priority in ((True, 100), (True, 200), (False, 1)):
        backup = a_backup(profile, SINCE_S, version=3, preempt=preempt)
        hears(backup, priority, SINCE_S + 1, interval_s=0.5)
        found = where(backup, micros(SINCE_S + 1))
        must(found == "BACKUP 1.805", f"is {found}")  # skew and interval both learned


@duty("R3-6.4.2-i")
def test_R3_6_4_2_i_a_lower_advert_is_discarded(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    hears(backup, 99, SINCE_S + 1)
    found = where(backup, micros(SINCE_S + 1))
    must(found == "BACKUP 2.609", f"is {found}")


# -- MASTER -------------------------------------------------------------------------------------------


@duty("R3-6.4.3-a", departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_3_a_a_master_answers_arp_with_the_virtual_mac(profile: Profile, version: int) -> None:
    done = lan(profile, *two(version))
    answers = [f.arp.sender_mac for f in done.asked("r1", VIP) if f.arp is not None]
    assert len(answers) == 1
    must(answers == ["00:00:5e:00:01:33"], f"answers with {_whose(answers[0])}")


def _whose(mac: str) -> str:
    return "its interface's own MAC address" if mac in MACS.values() else mac


@duty("R3-6.4.3-b", versions=(3,), departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_3_b_a_master_answers_solicitations(profile: Profile, version: int) -> None:
    done = lan(profile, *two(version, 6))
    answers = [f.na for f in done.asked("r1", VIP_6) if f.na is not None]
    assert len(answers) == 1
    mac, router = answers[0].mac or "", answers[0].router
    how = f"answers with {_whose(mac)}, {'with' if router else 'without'} the router flag"
    must(mac == "00:00:5e:00:02:33" and router, how)


@duty("R3-6.4.3-d", versions=(3,), departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_3_d_packets_are_accepted_by_owners_and_who_is_told_to(profile: Profile, version: int) -> None:
    _accepts_as_owner(profile, version)
    must(_refuses(profile, version), "accepts them unless told not to")


def _accepts_as_owner(profile: Profile, version: int) -> None:
    owner = a_master(profile, SINCE_S, version=version, base_priority=255, state="MASTER")
    assert owner.addresses.accepted


def _refuses(profile: Profile, version: int) -> bool:
    """A MASTER that does not own the addresses: is its host told to drop packets to them?"""
    backup = a_backup(profile, SINCE_S, version=version)
    asked_for = of(SetAccept, until(backup, SINCE_S + 4))
    return bool(asked_for) and not asked_for[0].accept


@duty("R3-6.4.3-e")
def test_R3_6_4_3_e_a_master_says_goodbye(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=version)
    actions = stop(master, SINCE_S + 1.5)
    must([a.priority for a in of(SendAdvertisement, actions)] == [0], "says it otherwise")
    must(bool(of(RemoveAddresses, actions)), "keeps the addresses")
    must(master.state.name == "STOP", f"is {master.state.name}")
    must(not of(SendAdvertisement, until(master, SINCE_S + 9)), "goes on advertising")


@duty("R3-6.4.3-f", departs=BOTH_KEEPALIVEDS)
def test_R3_6_4_3_f_only_own_adverts_start_the_interval_anew(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=version)
    adverts = [t_us for t_us, a in until(master, SINCE_S + 3.5) if isinstance(a, SendAdvertisement)]
    assert len(adverts) == 3
    assert {b - a for a, b in pairwise(adverts)} == {micros(1)}
    hears(master, 200, seconds(adverts[-1]) + 0.6, ttl=1)
    found = where(master, adverts[-1] + micros(0.6))
    must(found == "MASTER 0.400", "a packet that it rejects does so too")


@duty("R3-6.4.3-g")
def test_R3_6_4_3_g_a_goodbye_is_answered_with_an_advert(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=version)
    sent = of(SendAdvertisement, hears(master, 0, SINCE_S + 0.4))
    must([a.priority for a in sent] == [100], "says nothing")
    found = where(master, micros(SINCE_S + 0.4))
    must(found == "MASTER 1.000", f"is {found}")


@duty("R3-6.4.3-h", versions=(3,))
def test_R3_6_4_3_h_a_master_yields_to_a_better_one(profile: Profile, version: int) -> None:
    for family in families(version):
        for priority, source in ((101, ""), (100, "")):
            master = a_master(profile, SINCE_S, version=3, family=family)
            hears(master, priority, SINCE_S + 0.4, source=source, interval_s=2)
            found = where(master, micros(SINCE_S + 0.4))
            must(found == "BACKUP 7.219", f"is {found}")
    for lower in (THEIRS_LOWER, "192.168.2.99"):  # as numbers, not as text
        master = a_master(profile, SINCE_S, version=3)
        hears(master, 100, SINCE_S + 0.4, source=lower)
        must(master.state.name == "MASTER", f"yields to {lower}")


@duty("R3-6.4.3-i", versions=(3,), departs=(R5798, *BOTH_KEEPALIVEDS))
def test_R3_6_4_3_i_a_losing_advert_is_answered(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=3)
    actions = hears(master, 99, SINCE_S + 0.4)
    assert master.state.name == "MASTER"
    sent, announced = of(SendAdvertisement, actions), of(SendGratuitousArp, actions)
    must(len(sent) == 1, "discards it and says nothing")
    left = where(master, micros(SINCE_S + 0.4))
    how = f"answers, announces its addresses ({len(announced)} frames each), and its interval starts anew"
    must(not announced and left == "MASTER 0.600", how)


# -- receiving ----------------------------------------------------------------------------------------


@duty("R3-7.1-a")
def test_R3_7_1_a_ttl_is_checked(profile: Profile, version: int) -> None:
    for family in families(version):
        for instance in (
            a_backup(profile, SINCE_S, version=version, family=family),
            a_master(profile, SINCE_S, version=version, family=family),
        ):
            must(dropped(instance, 200, ttl=1) == "BAD_TTL", f"{instance.state.name} takes TTL 1")


@duty("R3-7.1-b")
def test_R3_7_1_b_version_is_checked(profile: Profile, version: int) -> None:
    other = 2 if version == 3 else 3
    backup = a_backup(profile, SINCE_S, version=version)
    must(dropped(backup, 200, version=other, auth_type=0) == "BAD_VERSION", "takes the other version")


@duty("R3-7.1-c")
def test_R3_7_1_c_type_is_checked(profile: Profile, version: int) -> None:
    odd = Advertisement(version, 51, 200, micros(1), (VIP,), type=3)
    frame = decode(advert_frame(MACS["r2"], THEIRS, GROUP, odd, checksum_form=profile.checksum_form))
    verdict = judge(frame, profile.name)
    must("BAD_TYPE" in [reason.name for reason in verdict.reasons], "takes type 3")


@duty("R3-7.1-d")
def test_R3_7_1_d_a_message_must_be_whole(profile: Profile, version: int) -> None:
    frame = lan(profile, *two(version)).adverts()[0][1]
    whole = frame.raw
    for cut in range(35, len(whole)):
        verdict = judge(decode(whole[:cut]), profile.name)
        must(not verdict.accepted, f"takes {cut - 34} of {len(whole) - 34} bytes")
    assert judge(decode(whole), profile.name).accepted


@duty("R3-7.1-e")
def test_R3_7_1_e_checksum_is_checked(profile: Profile, version: int) -> None:
    for family in families(version):
        whole = lan(profile, *two(version, family)).adverts()[0][1].raw
        start = 34 if family == 4 else 54
        for place in range(start, len(whole)):
            spoiled = bytearray(whole)
            spoiled[place] ^= 0x40
            verdict = judge(decode(bytes(spoiled)), profile.name)
            must(not verdict.accepted, f"takes a message whose byte {place - start} was changed")


@duty("R3-7.1-f")
def test_R3_7_1_f_vrid_is_checked(profile: Profile, version: int) -> None:
    daemon = a_daemon(profile, version=version)
    started(daemon)
    other = an_advert(a_config(version=version, vrid=52), 200)
    found = of(AdvertisementDropped, daemon.handle(other, micros(1)))
    must([drop.reason for drop in found] == ["BAD_VRID"], "takes VRID 52")
    elsewhere = an_advert(a_config(version=version, interface="eth1"), 200)
    found = of(AdvertisementDropped, daemon.handle(elsewhere, micros(1)))
    must([drop.reason for drop in found] == ["BAD_VRID"], "takes it from another interface")


@duty("R3-7.1-g", versions=(3,), departs=(R5798,))
def test_R3_7_1_g_an_owner_listens_and_complains(profile: Profile, version: int) -> None:
    owner = a_master(profile, SINCE_S, version=3, base_priority=255, state="MASTER")
    actions = hears(owner, 255, SINCE_S + 0.4)
    must(not of(AdvertisementDropped, actions), "drops it")
    must(bool(of(Warn, actions)), "says nothing")


@duty("R3-7.1-h", versions=(3,), departs=(R5798, *BOTH_KEEPALIVEDS))
def test_R3_7_1_h_an_interval_of_zero_is_dropped(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=3)
    reason = dropped(backup, 200, interval_s=0)
    left = where(backup, micros(SINCE_S + 1))
    must(reason == "BAD_INTERVAL", f"learns it: then it is {left}, MASTER at once")
    assert left == "BACKUP 2.609"


@duty("R3-7.1-i", versions=(3,))
def test_R3_7_1_i_another_interval_is_no_reason_to_drop(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=3)
    actions = hears(backup, 200, SINCE_S + 1, interval_s=2)
    must(not of(AdvertisementDropped, actions), "drops it")
    must(any("interval" in log.line for log in of(WriteLog, actions)), "says nothing")


@duty("R3-7.1-j", versions=(3,), departs=(K227,))
def test_R3_7_1_j_another_list_counts_all_the_same(profile: Profile, version: int) -> None:
    for addresses in (("192.168.2.201",), (VIP, "192.168.2.201")):
        backup = a_backup(profile, SINCE_S, version=3)
        reason = dropped(backup, 200, addresses=addresses)
        must(not reason, "drops it")
        assert where(backup, micros(SINCE_S + 1)) == "BACKUP 3.609"


@duty("R3-7.1-k", departs=BOTH_KEEPALIVEDS)
def test_R3_7_1_k_what_fails_a_check_changes_nothing(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    actions = hears(backup, 200, SINCE_S + 1, ttl=3)
    assert where(backup, micros(SINCE_S + 1)) == "BACKUP 2.609"
    assert of(WriteLog, actions), "the log says so"
    master = a_master(profile, SINCE_S, version=version)
    hears(master, 200, SINCE_S + 0.4, ttl=3)
    left = where(master, micros(SINCE_S + 0.4))
    assert master.state.name == "MASTER"
    must(left == "MASTER 0.600", "discards it, but a MASTER's interval starts anew")


# -- sending ------------------------------------------------------------------------------------------


@duty("R3-7.2-a")
def test_R3_7_2_a_fields_say_what_is_configured(profile: Profile, version: int) -> None:
    for family in families(version):
        config = two(version, family)[0]
        adverts = lan(profile, config, two(version, family)[1]).adverts()
        assert len(adverts) > 2
        for _, frame, advert in adverts:
            expected = (version, 51, 150, config.advert_interval_us, 1)
            sent = (advert.version, advert.vrid, advert.priority, advert.interval_us, advert.count)
            must(sent == expected, f"sends {sent}")
            must(advert.addresses == tuple(a.address for a in config.virtual_addresses), "sends another list")
            must(advert.checksum_form is not None and frame.problems == (), "with a wrong checksum")


@duty("R3-7.2-b", departs=BOTH_KEEPALIVEDS)
def test_R3_7_2_b_adverts_come_from_the_virtual_mac(profile: Profile, version: int) -> None:
    for family, mac in virtual_macs(version).items():
        frames = [frame for _, frame, _ in lan(profile, *two(version, family)).adverts()]
        seen = {frame.eth.source for frame in frames if frame.eth is not None}
        must(seen == {mac}, f"from {' and '.join(map(_whose, seen))}")


@duty("R3-7.2-c")
def test_R3_7_2_c_adverts_come_from_primary_or_link_local_addresses(profile: Profile, version: int) -> None:
    for family in families(version):
        seen = {f.ip.source for _, f, _ in lan(profile, *two(version, family)).adverts() if f.ip}
        assert len(seen) == 1
        source = seen.pop()
        must(source == OURS if family == 4 else source.startswith("fe80::"), f"from {source}")


@duty("R3-7.2-d")
def test_R3_7_2_d_adverts_go_to_the_group(profile: Profile, version: int) -> None:
    for family, group in ((4, GROUP), (6, GROUP_6)):
        if family in families(version):
            seen = {f.ip.destination for _, f, _ in lan(profile, *two(version, family)).adverts() if f.ip}
            must(seen == {group}, f"to {seen}")


# -- announcing ---------------------------------------------------------------------------------------


@duty("R3-8.1.2-a", departs=BOTH_KEEPALIVEDS)
def test_R3_8_1_2_a_no_arp_answer_names_a_physical_mac(profile: Profile, version: int) -> None:
    answers = [f.arp.sender_mac for f in lan(profile, *two(version)).asked("r1", VIP) if f.arp is not None]
    assert answers
    physical = set(answers) & set(MACS.values())
    must(not physical, f"answers with {' and '.join(map(_whose, physical))}")


@duty("R3-8.1.2-b")
def test_R3_8_1_2_b_announcements_wait_for_the_address(profile: Profile, version: int) -> None:
    backup = a_backup(profile, SINCE_S, version=version)
    order = [type(a) for _, a in until(backup, SINCE_S + 4)]
    must(order.index(AddAddresses) < order.index(SendGratuitousArp), "announces first")


@duty("R3-8.1.2-c", departs=BOTH_KEEPALIVEDS)
def test_R3_8_1_2_c_no_announcement_names_a_physical_mac(profile: Profile, version: int) -> None:
    named = [f.arp.sender_mac for f in lan(profile, *two(version)).announcements() if f.arp is not None]
    assert named
    must(not set(named) & set(MACS.values()), f"announces {_whose(named[0])}")


@duty("R3-8.1.2-d")
def test_R3_8_1_2_d_every_address_is_announced(profile: Profile, version: int) -> None:
    vips = tuple(VirtualAddress(f"192.168.2.{n}", 24, "eth0") for n in (200, 201, 202))
    backup = a_backup(profile, SINCE_S, version=version, virtual_addresses=vips)
    announced = {a.address for a in of(SendGratuitousArp, until(backup, SINCE_S + 4))}
    must(announced == {vip.address for vip in vips}, f"announces {announced}")


@duty("R3-8.2.2-a", versions=(3,), departs=BOTH_KEEPALIVEDS)
def test_R3_8_2_2_a_no_nd_answer_names_a_physical_mac(profile: Profile, version: int) -> None:
    answers = [f.na.mac or "" for f in lan(profile, *two(3, 6)).asked("r1", VIP_6) if f.na is not None]
    assert answers
    must(not set(answers) & set(MACS.values()), f"answers with {_whose(answers[0])}")


@duty("R3-8.2.2-b", versions=(3,))
def test_R3_8_2_2_b_neighbour_advertisements_wait_for_the_address(profile: Profile, version: int) -> None:
    backup = an_instance(profile, family=6)
    backup.handle(InstanceStarted(OURS_6), micros(SINCE_S))
    order = [type(a) for _, a in until(backup, SINCE_S + 4)]
    must(order.index(AddAddresses) < order.index(SendGratuitousArp), "announces first")


@duty("R3-8.2.2-c", versions=(3,), departs=BOTH_KEEPALIVEDS)
def test_R3_8_2_2_c_ipv6_addresses_are_announced(profile: Profile, version: int) -> None:
    notes = [f.na for f in lan(profile, *two(3, 6)).announcements() if f.na is not None]
    must({note.target for note in notes} == {VIP_6}, "does not announce it")
    must(not {n.mac for n in notes} & set(MACS.values()), f"announces {_whose(notes[0].mac or '')}")


@duty("R3-8.3.2-a", versions=(3,), departs=(R5798,))
def test_R3_8_3_2_a_a_second_owner_is_reported(profile: Profile, version: int) -> None:
    owner = a_config(version=3, base_priority=255, state="MASTER")
    done = lan(profile, owner, owner, end_s=5)
    told = [e for e in done.trace.of("warning") if "own the addresses" in str(e.fields["text"])]
    must(bool(told), "drops its adverts, so only the log of dropped packets shows it")
