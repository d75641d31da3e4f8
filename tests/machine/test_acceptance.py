"""What a process answers when asked about an advert is what it does with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from machine_builders import (
    GROUP,
    OURS,
    THEIRS,
    THEIRS_LOWER,
    VIP,
    a_config,
    a_daemon,
    an_advert,
    of,
    started,
)

from vrrplab.config.model import Authentication, UnicastPeer
from vrrplab.machine.actions import AdvertisementDropped, SendAdvertisement
from vrrplab.machine.events import InterfaceStatus, TimePassed
from vrrplab.machine.profiles import PROFILES, Profile
from vrrplab.units import micros

AUTHENTICATIONS = st.sampled_from([None, Authentication("PASS", b"1111"), Authentication("AH", b"k@l")])


@given(
    profile=st.sampled_from(list(PROFILES.values())),
    version=st.sampled_from([2, 3]),
    ours=AUTHENTICATIONS,
    theirs=AUTHENTICATIONS,
    is_master=st.booleans(),
    skips=st.booleans(),
    unicast=st.booleans(),
    how=st.fixed_dictionaries(
        {
            "source": st.sampled_from([THEIRS, THEIRS_LOWER, "192.168.2.9"]),
            "destination": st.sampled_from([GROUP, OURS]),
            "ttl": st.sampled_from([255, 64]),
            "vrid": st.sampled_from([51, 51, 52]),
            "interval_s": st.sampled_from([1, 2, 0]),
            "addresses": st.sampled_from([(VIP,), (), (VIP, "192.168.2.201"), ("192.168.2.201",)]),
            "sequence": st.sampled_from([None, 0, 7]),
            "ah_valid": st.booleans(),
            "checksum_form": st.sampled_from(["message", "pseudo-header"]),
        }
    ),
)
def test_asking_tells_what_happens(
    profile: Profile,
    version: int,
    ours: Authentication | None,
    theirs: Authentication | None,
    is_master: bool,
    skips: bool,
    unicast: bool,
    how: dict[str, Any],
) -> None:
    """Input: any advert. Output: the reason that was foretold, or none; asking twice changes nothing."""
    ours = ours if version == 2 else None
    peers = (UnicastPeer(THEIRS),) if unicast else ()
    config = a_config(
        version=version, authentication=ours, skip_check_adv_addr=skips, unicast_peers=peers,
        check_unicast_src=unicast,
    )  # fmt: skip
    daemon = a_daemon(profile, config)
    started(daemon)
    if is_master:
        daemon.handle(TimePassed(), micros(4))
    advert = an_advert(replace(config, authentication=theirs if version == 2 else None), 50, **how)
    instance, reason = daemon.judge(advert)
    assert daemon.judge(advert) == (instance, reason)
    dropped = of(AdvertisementDropped, daemon.handle(advert, micros(4.5)))
    assert [(d.instance, d.reason) for d in dropped] == (
        [(instance.config.name if instance else "", reason.name)] if reason else []
    )


def test_an_rfc_router_sends_and_wants_ttl_255_to_unicast_peers_too() -> None:
    """keepalived leaves it to its options (IPv6: the kernel's 64); RFC 9568 §5.1.1.3 knows no exception."""
    config = a_config(unicast_peers=(UnicastPeer(THEIRS),), unicast_ttl=64, base_priority=255, state="MASTER")
    for name, sent, taken in (("keepalived-2.2.7", 64, True), ("rfc3768", 255, False)):
        daemon = a_daemon(PROFILES[name], config)
        actions = started(daemon)
        assert {action.ttl for action in of(SendAdvertisement, actions)} == {sent}
        other = a_daemon(PROFILES[name], replace(config, base_priority=100, state="BACKUP"))
        started(other)
        _, reason = other.judge(an_advert(config, 200, ttl=64, destination=OURS))
        assert (reason is None) == taken


def test_link_local_is_fe80_to_febf() -> None:
    assert InterfaceStatus(True, ("2001:db8::1", "febf::1")).primary(6) == "febf::1"
    assert InterfaceStatus(True, ("fec0::1", "fe7f::1")).primary(6) == ""
