"""What a trace tells of its cluster: of a recording, where only actions say how cards are."""

from __future__ import annotations

import pytest

from vrrplab.trace import make_event
from vrrplab.trace.scene import Scene

DELETED = make_event(1_000_000, "action", {"action": "interface_delete", "server": "a", "interface": "eth0"})
BY_HAND = make_event(
    2_000_000,
    "action",
    {"action": "address_add", "server": "a", "interface": "eth0", "address": "10.0.0.9/24"},
)
ADDED = make_event(3_000_000, "action", {"action": "interface_add", "server": "a", "interface": "eth0"})


@pytest.mark.parametrize(("at_us", "since_us"), [(500_000, None), (2_500_000, 1_000_000), (4_000_000, None)])
def test_a_deleted_card_is_down_until_it_is_added(at_us: int, since_us: int | None) -> None:
    scene = Scene([DELETED, BY_HAND, ADDED], {"origin": "recording"}, at_us)
    assert scene.is_down("a", "eth0") == since_us


@pytest.mark.parametrize(("at_us", "heard"), [(1_800_000, 0), (2_800_000, 0), (3_800_000, 1)])
def test_what_else_happens_to_a_card_that_is_down_does_not_bring_its_link(at_us: int, heard: int) -> None:
    """An address added to it by hand, say: nothing is heard before the link is back."""
    instance = {"vrid": 5, "interface": "eth0", "virtual_addresses": ["10.0.0.100/24"]}
    servers = {
        name: {"interfaces": {"eth0": {"segment": "lan"}}, "instances": {"V": instance}} for name in "ab"
    }
    advert = {"server": "b", "instance": "V", "interface": "eth0", "source": "10.0.0.2", "vrid": 5}
    advert |= {"destination": "224.0.0.18", "version": 2, "priority": 100, "interval_s": 1.0, "addresses": []}
    adverts = [make_event(at * 500_000, "advert_sent", advert) for at in (3, 5, 7)]
    events = sorted([DELETED, BY_HAND, ADDED, *adverts], key=lambda event: event.t_us)
    scene = Scene(events, {"origin": "recording", "servers": servers}, at_us)
    assert len(scene.heard(("a", "V"))) == heard
