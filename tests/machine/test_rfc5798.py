"""RFC 5798 where it asks for something else than RFC 9568; RFC 3768 often asks the same."""

from __future__ import annotations

from machine_builders import a_config, a_master, hears, of, where
from rfc_duties import BOTH_KEEPALIVEDS, R9568, duty, must
from tiny_lan import lan

from vrrplab.machine.actions import AdvertisementDropped, SendAdvertisement
from vrrplab.machine.profiles import Profile
from vrrplab.units import micros

SINCE_S = 100.0


@duty("R3-5.2.8-a@5798", versions=(3,), departs=(R9568,))
def test_R3_5_2_8_a_the_checksum_covers_a_pseudo_header(profile: Profile, version: int) -> None:
    for family in (4, 6):
        pair = (a_config(version=3, family=family, base_priority=150), a_config(version=3, family=family))
        seen = {advert.checksum_form for _, _, advert in lan(profile, *pair).adverts()}
        must(seen == {"pseudo-header"}, f"over IPv{family} the {' and '.join(map(str, seen))} only")


@duty("R3-6.4.3-i@5798", departs=(R9568, *BOTH_KEEPALIVEDS))
def test_R3_6_4_3_i_a_losing_advert_is_discarded(profile: Profile, version: int) -> None:
    master = a_master(profile, SINCE_S, version=version)
    actions = hears(master, 99, SINCE_S + 0.4)
    assert master.state.name == "MASTER"
    must(not of(SendAdvertisement, actions), "answers it with an advert")
    must(where(master, micros(SINCE_S + 0.4)) == "MASTER 0.600", "its interval starts anew")
    must(actions == [], "does something else")


@duty("R3-7.1-g@5798", departs=(R9568, *BOTH_KEEPALIVEDS))
def test_R3_7_1_g_an_owner_discards_every_advert(profile: Profile, version: int) -> None:
    for priority in (50, 255):
        owner = a_master(profile, SINCE_S, version=version, base_priority=255, state="MASTER")
        reasons = [drop.reason for drop in of(AdvertisementDropped, hears(owner, priority, SINCE_S + 0.4))]
        must(reasons == ["ADDRESS_OWNER"], "hears it like everybody else")
