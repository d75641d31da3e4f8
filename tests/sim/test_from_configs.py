"""Clusters made of keepalived.conf files alone: which cards meet, who has which address, who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import at, simulate
from vrrplab.sim.cast import Scenario
from vrrplab.sim.from_configs import scenario_from_configs


def instance(priority: int, interface: str = "eth0", vip: str = "192.168.2.100/24", more: str = "") -> str:
    return f"""
vrrp_instance office{priority} {{
    interface {interface}
    virtual_router_id 7
    priority {priority}
    {more}
    virtual_ipaddress {{
        {vip}
    }}
}}
"""


def cluster(folder: Path, *files: str) -> Scenario:
    paths = [folder / f"{name}.conf" for name in "abc"[: len(files)]]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, encoding="utf-8")
    return scenario_from_configs(paths)


def wiring(scenario: Scenario) -> dict[str, dict[str, str]]:
    return {s.name: {i.name: i.segment for i in s.interfaces.values()} for s in scenario.servers.values()}


def test_cards_of_one_name_share_a_network_whatever_only_one_file_speaks_of(tmp_path: Path) -> None:
    made = cluster(tmp_path, instance(150, more="track_interface {\n eth1\n }"), instance(100))
    assert wiring(made) == {"a": {"eth0": "eth0", "eth1": "eth1"}, "b": {"eth0": "eth0"}}


def test_a_virtual_address_is_on_one_network_whatever_the_cards_are_called(tmp_path: Path) -> None:
    made = cluster(tmp_path, instance(150, "ens161"), instance(100, "ens225"))
    assert wiring(made) == {"a": {"ens161": "ens161-ens225"}, "b": {"ens225": "ens161-ens225"}}
    assert simulate(made).owners("192.168.2.100", 30) == ("a",)


def test_cards_may_be_called_the_other_way_round(tmp_path: Path) -> None:
    track = "track_interface {{\n {}\n }}"
    made = cluster(
        tmp_path,
        instance(150, "eth0", more=track.format("eth1")),
        instance(100, "eth1", more=track.format("eth0")),
    )
    assert wiring(made) == {
        "a": {"eth0": "eth0-eth1", "eth1": "eth1"},
        "b": {"eth0": "eth0", "eth1": "eth0-eth1"},
    }
    assert simulate(made).owners("192.168.2.100", 30) == ("a",)


def test_an_address_on_another_card_than_the_adverts_joins_both(tmp_path: Path) -> None:
    made = cluster(
        tmp_path,
        instance(150, "eth0", "192.168.2.100/24 dev eth1"),
        instance(100, "ens3", "192.168.2.100/24 dev ens4"),
    )
    assert wiring(made)["b"] == {"ens3": "eth0-ens3", "ens4": "eth1-ens4"}
    assert simulate(made).owners("192.168.2.100", 30) == ("a",)


def test_servers_have_the_addresses_that_the_others_name_as_peers(tmp_path: Path) -> None:
    peers = "unicast_peer {{\n {}\n }}"
    made = cluster(
        tmp_path,
        instance(150, more=peers.format("192.168.2.47")),
        instance(100, more=peers.format("192.168.2.46")),
    )
    own = [i.addresses for s in made.servers.values() for i in s.interfaces.values()]
    assert own == [("192.168.2.46/24",), ("192.168.2.47/24",)]
    assert simulate(made).owners("192.168.2.100", 30) == ("a",)


def test_of_three_each_is_whom_both_others_name(tmp_path: Path) -> None:
    def peers(*numbers: int) -> str:
        return "unicast_peer {\n" + "\n".join(f"192.168.2.{n}" for n in numbers) + "\n}"

    made = cluster(
        tmp_path,
        instance(150, more=peers(47, 48)),
        instance(100, more=peers(46, 48)),
        instance(50, more="unicast_src_ip 192.168.2.48\n" + peers(46, 47)),
    )
    own = [i.addresses[0] for s in made.servers.values() for i in s.interfaces.values()]
    assert own == ["192.168.2.46/24", "192.168.2.47/24", "192.168.2.48/24"]


def test_peers_that_do_not_fit_together_are_not_made_to_fit(tmp_path: Path) -> None:
    """Both files name the same peer: a mistake that must show."""
    both = "unicast_peer {\n 192.168.2.47\n }"
    made = cluster(tmp_path, instance(150, more=both), instance(100, more=both))
    assert simulate(made).owners("192.168.2.100", 30) == ("a", "b")


def test_somebody_asks_on_every_network_and_for_both_families(tmp_path: Path) -> None:
    def files(high: int) -> str:
        six = instance(high, "eth1", "2001:db8::10/64", "version 3").replace("office", "six")
        return instance(high) + six.replace("virtual_router_id 7", "virtual_router_id 8")

    made = cluster(tmp_path, files(150), files(100))
    asked = {c.segment: [p.target for p in c.probes] for c in made.clients.values()}
    assert asked == {"eth0": ["192.168.2.100"], "eth1": ["2001:db8::10"]}
    assert list(made.clients) == ["client", "client-2"]
    assert made.clients["client-2"].addresses == ("2001:db8::11/64",)
    trace = simulate(made, actions=[at(20, "power_off", server="a")])
    assert {o.target: o.to_us is None for o in trace.outages()} == {
        "192.168.2.100": False,
        "2001:db8::10": False,
    }


EXCLUDED = "virtual_ipaddress_excluded {\n 10.8.0.101/24 dev eth1\n }"


@pytest.mark.parametrize(
    ("more", "address", "state"),
    [
        ("", "10.8.0.100/24 dev eth1", "FAULT"),
        ("", "10.8.0.100/24 dev eth1 no_track", "MASTER"),
        (EXCLUDED, "", "FAULT"),
        ("dont_track_primary\n" + EXCLUDED, "", "FAULT"),
        ("track_interface {\n eth1 weight -10\n }", "10.8.0.100/24 dev eth1", "FAULT"),
    ],
    ids=["dev", "no_track", "excluded", "dont_track_primary", "weight"],
)
def test_the_loss_of_a_card_with_a_virtual_address_means_fault(
    more: str, address: str, state: str, tmp_path: Path
) -> None:
    """Tried with keepalived 2.2.7: eth1 down, one instance on eth0, each of these five files."""
    made = cluster(tmp_path, instance(150, "eth0", f"192.168.2.100/24\n {address}", more))
    trace = simulate(made, actions=[at(20, "link_down", server="a", interface="eth1")])
    assert trace.state_at(30, "a", "office150") == state
