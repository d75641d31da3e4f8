"""Would a router take it? Each profile's reasons, in its own order, by the rows of the rule list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vrrplab.config.model import Authentication, InstanceConfig, NodeConfig, UnicastPeer, VirtualAddress
from vrrplab.config.reader import parse_text
from vrrplab.decoding.describe import describe
from vrrplab.decoding.fields import fields
from vrrplab.decoding.report import report
from vrrplab.decoding.verdict import judge
from vrrplab.machine.acceptance import unknown_version
from vrrplab.machine.actions import Warn
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.events import AdvertisementReceived, InterfaceStatus, Started
from vrrplab.machine.profiles import PROFILES
from vrrplab.wire.addresses import is_multicast
from vrrplab.wire.auth import HmacTrailer, key_bytes, trailer_hmac
from vrrplab.wire.frames import advert_frame, decode, garp_frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.wire.vrrp import Advertisement

MAC, SOURCE, GROUP = "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18"
ONE = ("192.168.2.100",)
CONFIG = """vrrp_instance V1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress { 192.168.2.100 }
}
"""
VECTORS = json.loads((Path(__file__).parents[2] / "data" / "frames" / "frames.json").read_text())["vectors"]

K227, K243, RFC3768, RFC5798, RFC9568, FRR_844, FRR_103 = PROFILES


def v2(**changes: Any) -> Advertisement:
    return Advertisement(**{"version": 2, "vrid": 51, "priority": 150, "interval_us": 1_000_000,
                            "addresses": ONE, **changes})  # fmt: skip


def v3(**changes: Any) -> Advertisement:
    return v2(version=3, **changes)


def frame_of(advert: Advertisement, **ip: Any) -> bytes:
    return advert_frame(MAC, SOURCE, GROUP, advert, **ip)


def around(payload: bytes, **fields: Any) -> bytes:
    """An IPv4 frame around any VRRP payload."""
    return frame_of(v2())[:14] + IPv4Header(SOURCE, GROUP, **fields).emit(payload)


def rules(frame: bytes, profile: str, key: str | bytes | None = None) -> list[tuple[str, str]]:
    return [(r.name, r.rule) for r in judge(decode(frame), profile, key).reasons]


def patched(frame: bytes, place: int, value: int) -> bytes:
    changed = bytearray(frame)
    changed[place] = value
    return bytes(changed)


def resummed(payload: bytes) -> bytes:
    """The payload with a right checksum over the message."""
    from vrrplab.wire.checksum import field_value, total

    rest = payload[:6] + b"\0\0" + payload[8:]
    return rest[:6] + field_value(total(rest)).to_bytes(2, "big") + rest[8:]


@pytest.mark.parametrize("profile", PROFILES)
def test_what_keepalived_sends_by_profile(profile: str) -> None:
    """Frames of the real daemon: its own profiles take them all; RFC profiles stick to their version and
    sum, FRR to "no authentication" (measured with 8.4.4: PASS against none, two MASTERs).
    """
    for vector in VECTORS:
        frame = decode(bytes.fromhex(vector["hex"]))
        verdict = judge(frame, profile, vector.get("ah_password"))
        if profile.startswith("keepalived") or frame.vrrp is None:
            assert verdict.accepted, (vector["id"], verdict.reasons)
            continue
        names = [reason.name for reason in verdict.reasons]
        if (
            frame.ip is not None and frame.ip.ttl != 255
        ):  # unicast over IPv6, where keepalived leaves it at 64
            assert names.pop(0) == "BAD_TTL"
        if PROFILES[profile].rfc and (frame.vrrp.version == 2) != (profile == RFC3768):
            assert names[0] == "BAD_VERSION"
        elif frame.vrrp.auth_type:
            assert names == ["BAD_AUTH_TYPE"]
        elif profile == RFC9568 and frame.ip is not None and frame.ip.version == 4:
            assert names == ["BAD_CHECKSUM"]
        elif profile == RFC9568 and not frame.vrrp.addresses[0].startswith("fe80:"):
            assert names == ["ADDRESS_LIST_MISMATCH"]
        else:
            assert names == []


def test_ttl() -> None:
    low = frame_of(v2(), ttl=254)
    for profile in (K227, K243, RFC3768):
        assert rules(low, profile) == [("BAD_TTL", "R3-7.1-a")]
    unicast = advert_frame(MAC, SOURCE, "192.168.2.252", v2(), ttl=64, destination_mac=MAC)
    assert rules(unicast, K227) == []  # K13
    assert rules(unicast, RFC3768) == [("BAD_TTL", "R3-7.1-a")]


def test_version_and_type() -> None:
    assert rules(frame_of(v2()), RFC9568) == [("BAD_VERSION", "R3-7.1-b")]
    assert rules(frame_of(v3()), RFC3768)[0] == ("BAD_VERSION", "R3-7.1-b")
    four = around(b"\x41" + v3().emit(SOURCE, GROUP)[1:])
    for profile in PROFILES:
        assert ("BAD_VERSION", "R3-7.1-b") in rules(four, profile)
    for profile in (K227, RFC3768):
        assert rules(frame_of(v2(type=2)), profile) == [("BAD_TYPE", "R3-7.1-c")]


def test_the_order_differs_when_two_faults_coincide() -> None:
    """keepalived looks at the length first, the RFCs at the TTL."""
    short = around(resummed(v2(count=2).emit(SOURCE, GROUP)), ttl=1)
    assert [name for name, _ in rules(short, K227)] == ["BAD_LENGTH", "BAD_TTL"]
    assert [name for name, _ in rules(short, RFC3768)] == ["BAD_TTL", "BAD_LENGTH"]
    wrong = around(patched(v2(auth_type=9, type=3).emit(SOURCE, GROUP), 7, 0), ttl=1)
    keepalived = [name for name, _ in rules(wrong, K227)]
    assert keepalived == ["BAD_TTL", "BAD_AUTH_TYPE", "BAD_TYPE", "BAD_CHECKSUM"]
    rfc = [name for name, _ in rules(wrong, RFC3768)]
    assert rfc == ["BAD_TTL", "BAD_TYPE", "BAD_CHECKSUM", "BAD_AUTH_TYPE"]


def test_length() -> None:
    message = v3().emit(SOURCE, GROUP)
    extra_four, extra_two = around(message + bytes(4)), around(message + bytes(2))
    assert rules(extra_four, K227) == rules(extra_two, K227) == [("BAD_LENGTH", "R3-7.1-d")]
    assert rules(extra_four, K243) == [("BAD_LENGTH", "R3-7.1-d")]
    assert rules(extra_two, K243) == []  # K15: could be Ethernet padding
    assert rules(extra_four, RFC5798) == []  # the whole packet is there, and more
    assert "TRAILING" in [note.name for note in judge(decode(extra_four), RFC5798).notes]


def test_checksums() -> None:
    bad = patched(frame_of(v2()), 41, 0)
    for profile in (K227, K243, RFC3768):
        assert rules(bad, profile) == [("BAD_CHECKSUM", "R3-7.1-e")]
    alone, pseudo = frame_of(v3(), checksum_form="message"), frame_of(v3(), checksum_form="pseudo-header")
    for profile, good, wrong in ((K227, pseudo, alone), (K243, pseudo, alone), (RFC5798, pseudo, alone),
                                 (RFC9568, alone, pseudo)):  # fmt: skip
        assert rules(good, profile) == []
        assert rules(wrong, profile) == [("BAD_CHECKSUM", "R3-7.1-e")]
    assert "v3_checksum_as_v2" in judge(decode(alone), K227).reasons[0].text


def test_ip_level_faults_come_first() -> None:
    bad = patched(frame_of(v2(), ttl=1), 24, 0)
    assert [name for name, _ in rules(bad, K227)] == ["BAD_IP_CHECKSUM", "BAD_TTL"]
    assert [name for name, _ in rules(bad, RFC3768)] == ["BAD_IP_CHECKSUM", "BAD_TTL"]


def test_vrid_count_and_interval() -> None:
    assert rules(frame_of(v2(vrid=0)), K227) == [("BAD_VRID", "R3-5.2.3-a")]
    assert rules(frame_of(v3(addresses=())), RFC5798) == [("BAD_COUNT", "R3-5.2.5-a")]
    assert rules(frame_of(v2(addresses=())), RFC3768) == []  # version 2 does not say
    assert rules(frame_of(v2(interval_us=0)), K227) == [("BAD_INTERVAL", "R3-7.1-i")]
    zero = frame_of(v3(interval_us=0), checksum_form="message")
    assert rules(zero, RFC9568) == [("BAD_INTERVAL", "R3-7.1-h")]
    assert rules(frame_of(v3(interval_us=0)), K227) == []


def test_authentication() -> None:
    password = frame_of(v2(auth_type=1, auth_data=key_bytes("1111")))
    assert rules(password, K227) == rules(password, K227, "1111") == []
    assert rules(password, K227, "2222") == [("AUTH_MISMATCH", "R2-7.1-a")]
    assert rules(password, RFC3768) == [("BAD_AUTH_TYPE", "R2-5.3.6-a")]
    assert rules(frame_of(v2(auth_type=3)), K227) == [("BAD_AUTH_TYPE", "R2-5.3.6-a")]
    assert rules(frame_of(v2(auth_type=2)), K227) == [("BAD_AUTH_TYPE", "R2-7.1-a")]  # no AH header there


def test_ah_with_and_without_the_key() -> None:
    good = frame_of(v2(auth_type=2), ah=("k@l", 7))
    assert rules(good, K227) == rules(good, K227, "k@l") == []
    assert rules(good, K227, "other") == [("AUTH_MISMATCH", "R2-7.1-a")]
    unicast = advert_frame(MAC, SOURCE, "192.168.2.252", v2(auth_type=2), destination_mac=MAC, ah=("k@l", 7))
    assert rules(patched(unicast, 22, 200), K227, "k@l")[0][0] == "BAD_IP_CHECKSUM"
    assert rules(unicast, K227, "k@l") == []
    fields = report(decode(good), judge(decode(good), K227, "k@l"), b"k@l")["vrrp"]["auth"]
    assert (fields["kind"], fields["sequence"], fields["icv_ok"]) == ("ah", 7, True)
    wrong_spi = patched(good, 41, 9)
    assert ("AUTH_MISMATCH", "R2-7.1-a") in rules(wrong_spi, K227)
    assert rules(frame_of(v2(), ah=("k@l", 7)), K227) == [("BAD_AUTH_TYPE", "R2-7.1-a")]


def test_hmac_trailer() -> None:
    key = bytes(range(32))
    message = v3().emit(SOURCE, GROUP)
    blank = HmacTrailer(1, 7, 0, 1_700_000_000, 0, 1, bytes(16))
    trailer = HmacTrailer(1, 7, 0, 1_700_000_000, 0, 1, trailer_hmac(key, message, blank.emit(), SOURCE))
    frame = around(message + trailer.emit())
    assert rules(frame, K227) == [("BAD_LENGTH", "R3-7.1-d")]
    assert rules(frame, K243) == rules(frame, K243, key) == []
    assert rules(frame, K243, bytes(32)) == [("AUTH_MISMATCH", "K18")]
    assert "HMAC_TRAILER" in [note.name for note in judge(decode(frame), K243).notes]
    auth = report(decode(frame), judge(decode(frame), K243), key)["vrrp"]["auth"]
    assert (auth["kind"], auth["key_id"], auth["hmac_ok"]) == ("hmac", 7, True)


def test_ipv6() -> None:
    source, group = "fe80::fb", "ff02::12"
    good = advert_frame(MAC, source, group, v3(addresses=("fe80::a0", "2001:db8::1")))
    for profile in (K227, K243, RFC5798, RFC9568):
        assert rules(good, profile) == []
    not_first = advert_frame(MAC, source, group, v3(addresses=("2001:db8::1",)))
    assert rules(not_first, RFC9568) == [("ADDRESS_LIST_MISMATCH", "R3-5.2.9-a")]
    assert rules(not_first, K227) == []
    notes = [note.name for note in judge(decode(not_first), K227).notes]
    assert "ADDRESS_LIST_MISMATCH" in notes
    assert rules(advert_frame(MAC, source, group, v2(addresses=("fe80::a0",))), K227) == []  # K14
    version_2 = advert_frame(MAC, source, group, v2(addresses=("fe80::a0",)))
    assert rules(version_2, RFC3768) == [("BAD_VERSION", "R3-7.1-b")]
    low = good[:14] + IPv6Header(source, group, ttl=64).emit(v3(addresses=("fe80::a0",)).emit(source, group))
    assert rules(low, RFC9568) == [("BAD_TTL", "R3-7.1-a")]


def test_carp_fragments_and_what_is_no_vrrp() -> None:
    carp = around(bytes.fromhex("2101000700010000") + bytes(28))
    assert [name for name, _ in rules(carp, K227)] == ["CARP"]
    message = v2().emit(SOURCE, GROUP)
    assert rules(around(message[:8], flags=1), K227)[0] == ("FRAGMENT", "")
    igmp = around(bytes(8), protocol=2)
    assert rules(igmp, K227) == [("NOT_VRRP", "R3-5.1.1.4-a")]
    assert judge(decode(garp_frame(MAC, SOURCE))).accepted


def test_cut_frames_say_where_they_end() -> None:
    frame = frame_of(v2())
    for size in range(len(frame)):
        verdict = judge(decode(frame[:size]))
        assert not verdict.accepted
        assert verdict.reasons[0].name == "TOO_SHORT"
        assert f"byte {size}" in verdict.reasons[0].text
        fields = report(decode(frame[:size]), verdict)
        assert fields["verdict"] == "drop"
        if size >= 24:
            assert fields["vrrp"]["checksum_ok"] is None


@pytest.mark.parametrize("profile", PROFILES)
def test_the_machine_does_what_a_verdict_says(profile: str) -> None:
    """Every frame of the real daemon, to an instance that is configured as its sender is: used or not."""
    judged = 0
    for vector in VECTORS:
        frame = decode(bytes.fromhex(vector["hex"]))
        advert, ip = frame.vrrp, frame.ip
        if frame.kind != "vrrp" or advert is None or ip is None or (profile == RFC3768 and ip.version == 6):
            continue
        if advert.version not in PROFILES[profile].versions:
            continue
        kind = ("", "PASS", "AH")[advert.auth_type or 0]
        password = (vector.get("ah_password") or advert.password or "").encode()
        is_unicast = not is_multicast(ip.destination)
        instance = InstanceConfig(
            name="V1",
            state="BACKUP",
            interface="eth0",
            vrid=advert.vrid,
            base_priority=1,
            version=advert.version,
            family=ip.version,
            advert_interval_us=advert.interval_us,
            virtual_addresses=tuple(VirtualAddress(a, 24, "eth0") for a in advert.addresses),
            authentication=Authentication(kind, password) if kind else None,
            unicast_peers=(UnicastPeer(ip.source),) if is_unicast else (),
            multicast_group="" if is_unicast else ip.destination,
        )
        daemon = Daemon(NodeConfig("keepalived.conf", instances=(instance,)), PROFILES[profile])
        sequence = frame.ah.sequence if frame.ah is not None else None
        event = AdvertisementReceived("eth0", ip.source, ip.destination, ip.ttl, advert, sequence)
        verdict = judge(frame, profile, password)
        _, reason = daemon.judge(event)
        assert (reason is None) == verdict.accepted, (vector["id"], reason, verdict.reasons)
        assert reason is None or reason.name == verdict.reasons[0].name, vector["id"]
        judged += 1
    assert judged > 5


def test_version_2_in_a_profile_that_has_none() -> None:
    """decode drops it, a router speaks it all the same and warns: the same words begin both sentences."""
    sentence = unknown_version(PROFILES[RFC9568], 2, 4)
    assert judge(decode(frame_of(v2())), RFC9568).reasons[0].text == f"version 2, expected 3: {sentence}"
    assert sentence == "RFC 9568 has no version 2"
    daemon = Daemon(parse_text(CONFIG), PROFILES[RFC9568])
    actions = daemon.handle(Started({"eth0": InterfaceStatus(True, (SOURCE,))}), 0)
    spoken = "its routers drop such adverts, and here it is spoken by the other rules of RFC 9568"
    assert [action.text for action in actions if isinstance(action, Warn)] == [f"{sentence}: {spoken}"]
    neighbour = AdvertisementReceived("eth0", "192.168.2.252", GROUP, 255, v2(priority=200))
    assert daemon.judge(neighbour) == (daemon.instances[0], None)
    for profile in (K227, K243, RFC3768):
        actions = Daemon(parse_text(CONFIG), PROFILES[profile]).handle(
            Started({"eth0": InterfaceStatus(True, (SOURCE,))}), 0
        )
        assert [action for action in actions if isinstance(action, Warn)] == []
    assert "no version 2 over IPv6" in unknown_version(PROFILES[RFC3768], 2, 6)


def test_sender_notes() -> None:
    def notes(frame: bytes) -> list[str]:
        return [note.name for note in judge(decode(frame)).notes]

    plain = advert_frame("00:00:5e:00:01:33", SOURCE, GROUP, v2())
    assert notes(plain) == []
    assert notes(frame_of(v2(priority=0))) == ["SOURCE_MAC", "PRIORITY_0"]
    assert "PRIORITY_255" in notes(frame_of(v2(priority=255)))
    assert "RESERVED" in notes(frame_of(v3(reserved=3)))
    assert "AUTH_DATA" in notes(frame_of(v2(auth_data=b"leftover")))
    assert "NO_ADDRESS" in notes(frame_of(v2(addresses=())))
    assert "DESTINATION" in notes(advert_frame(MAC, SOURCE, "224.0.0.99", v2()))


def test_an_unknown_profile() -> None:
    with pytest.raises(ValueError, match="rfc9568"):
        judge(decode(frame_of(v2())), "rfc1")


CISCO_MD5 = bytes.fromhex("fe1c010000000000c633640100000000") + bytes(range(0xA0, 0xB0))


def test_cisco_md5_is_named_and_its_trailer_labelled() -> None:
    """Authentication type 254, as Cisco's routers send it; keepalived takes neither type nor length."""
    advert = Advertisement(2, 1, 100, 1_000_000, ("198.51.100.254",), auth_type=254, trailer=CISCO_MD5)
    frame = decode(advert_frame("00:00:5e:00:01:01", "198.51.100.1", "224.0.0.18", advert))
    assert frame.problems == ()
    assert frame.vrrp is not None
    assert frame.vrrp.has_md5_trailer
    verdict = judge(frame)
    assert [reason.name for reason in verdict.reasons] == ["BAD_LENGTH", "BAD_AUTH_TYPE"]
    assert "Cisco's MD5 trailer, 32 bytes, follows" in verdict.reasons[0].text
    assert "254 is Cisco's MD5" in verdict.reasons[1].text
    found = {field.name: field.size for field in fields(frame)}
    assert (found["MD5 trailer"], found["MD5 digest"]) == (16, 16)
    told = report(frame, verdict)["vrrp"]["auth"]
    assert (told["kind"], told["digest"]) == ("md5", CISCO_MD5[16:].hex())
    assert describe(frame) == "VRRPv2 vrid 1 prio 100 1s MD5 198.51.100.254"


def test_version_2_over_ipv6_with_authentication_bytes_is_named() -> None:
    advert = Advertisement(2, 5, 120, 1_000_000, ("fe80::254",), auth_data=bytes(8))
    frame = decode(advert_frame("00:00:5e:00:02:05", "fe80::1", "ff02::12", advert))
    assert (frame.problems, frame.vrrp) == ((), advert)
    (reason,) = judge(frame).reasons
    assert reason.name == "BAD_LENGTH"
    assert reason.text.endswith(
        "version 2 over IPv6 with eight authentication bytes, as some vendors send it"
    )


def test_an_ah_value_is_named_and_not_judged_without_the_password() -> None:
    advert = Advertisement(2, 1, 1, 1_000_000, ("198.51.100.254",), auth_type=2)
    group = "224.0.0.18"
    frame = decode(advert_frame("00:00:5e:00:01:01", "198.51.100.1", group, advert, ah=("secret", 1)))
    noted = [note.name for note in judge(frame).notes]
    assert "AH_NOT_JUDGED" in noted
    assert "AH_NOT_JUDGED" not in [note.name for note in judge(frame, key="secret").notes]
