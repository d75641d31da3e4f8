"""Clusters made of keepalived.conf files alone: which cards meet, who has which address, who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab import at, simulate
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario


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


def own_addresses(scenario: Scenario) -> dict[str, dict[str, tuple[str, ...]]]:
    return {s.name: {i.name: i.addresses for i in s.interfaces.values()} for s in scenario.servers.values()}


def six(priority: int, interface: str = "eth0", vips: str = "2001:db8::1/64", more: str = "") -> str:
    text = instance(priority, interface, vips, f"version 3\n{more}")
    return text.replace("office", f"six-{interface}-").replace("virtual_router_id 7", "virtual_router_id 8")


def unicast(own: str, *peers: str) -> str:
    return f"unicast_src_ip {own}\nunicast_peer {{\n" + "\n".join(peers) + "\n}"


def test_a_client_has_no_address_that_a_server_has(tmp_path: Path) -> None:
    made = cluster(
        tmp_path,
        instance(150, vip="10.0.0.1/24", more=unicast("10.0.0.10", "10.0.0.11"))
        + six(150, more=unicast("2001:db8::10", "2001:db8::11")),
        instance(100, vip="10.0.0.1/24", more=unicast("10.0.0.11", "10.0.0.10"))
        + six(100, more=unicast("2001:db8::11", "2001:db8::10")),
    )
    assert made.clients["client"].addresses == ("10.0.0.20/24", "2001:db8::12/64")
    trace = simulate(made, actions=[at(20, "power_off", server="a")])
    assert {o.target: o.to_us is None for o in trace.outages()} == {"10.0.0.1": False, "2001:db8::1": False}


@pytest.mark.parametrize(
    ("first", "second", "own"),
    [
        ("mcast_src_ip 192.168.2.252", "", ("192.168.2.252/24", "192.168.2.253/24")),
        ("", "mcast_src_ip 192.168.2.251", ("192.168.2.252/24", "192.168.2.251/24")),
        (
            "virtual_ipaddress_excluded {\n 192.168.2.251\n }",
            "virtual_ipaddress_excluded {\n 192.168.2.251\n }",
            ("192.168.2.252/24", "192.168.2.253/24"),
        ),
        ("unicast_peer {\n 192.168.2.252\n 192.168.2.251\n }", "", ("192.168.2.253/24", "192.168.2.254/24")),
    ],
    ids=["own", "the-other-way", "excluded", "peers-with-no-file"],
)
def test_no_server_has_an_address_that_belongs_to_somebody_else(
    first: str, second: str, own: tuple[str, str], tmp_path: Path
) -> None:
    made = cluster(tmp_path, instance(150, more=first), instance(100, more=second))
    assert own_addresses(made) == {"a": {"eth0": own[:1]}, "b": {"eth0": own[1:]}}


def test_a_file_alone_is_not_its_own_peer(tmp_path: Path) -> None:
    made = cluster(tmp_path, instance(150, more="unicast_peer {\n 192.168.2.251\n 192.168.2.10\n }"))
    assert own_addresses(made) == {"a": {"eth0": ("192.168.2.252/24",)}}
    assert made.clients["client"].addresses == ("192.168.2.20/24",)


def test_one_subnet_on_two_networks_gives_nobody_an_address_twice(tmp_path: Path) -> None:
    both = "192.168.2.100/24\n 192.168.2.101/24 dev eth1"
    made = cluster(tmp_path, instance(150, vip=both), instance(100, vip=both))
    given = [a for cards in own_addresses(made).values() for own in cards.values() for a in own]
    given += [a for c in made.clients.values() for a in c.addresses]
    assert len(given) == len(set(given)) == 6


def test_a_card_with_a_named_ipv6_address_has_an_ipv4_one_for_its_other_instance(tmp_path: Path) -> None:
    made = cluster(
        tmp_path,
        instance(150) + six(150, more=unicast("2001:db8::10", "2001:db8::11")),
        instance(100) + six(100, more=unicast("2001:db8::11", "2001:db8::10")),
    )
    assert own_addresses(made)["a"] == {"eth0": ("2001:db8::10/64", "192.168.2.251/24")}
    trace = simulate(made)
    assert trace.owners("192.168.2.100", 30) == trace.owners("2001:db8::1", 30) == ("a",)


@pytest.mark.parametrize(
    ("vip", "own", "client"),
    [
        ("192.168.2.97/28", ("192.168.2.98/28", "192.168.2.99/28"), "192.168.2.100/28"),
        ("192.168.2.97/16", ("192.168.2.251/16", "192.168.2.252/16"), "192.168.2.10/16"),
        ("192.168.2.97", ("192.168.2.251/24", "192.168.2.252/24"), "192.168.2.10/24"),
        ("10.254.0.1/24 dev eth1", ("10.254.1.1/24", "10.254.1.2/24"), "10.254.0.10/24"),
    ],
)
def test_assumed_addresses_are_in_the_subnet_of_the_virtual_one_and_in_no_other(
    vip: str, own: tuple[str, str], client: str, tmp_path: Path
) -> None:
    made = cluster(tmp_path, instance(150, vip=vip), instance(100, vip=vip))
    assert tuple(cards["eth0"][0] for cards in own_addresses(made).values()) == own
    assert made.clients["client"].addresses == (client,)


@pytest.mark.parametrize(
    ("last_bytes", "own", "client"),
    [
        (range(10, 250), ["192.168.2.251/24", "192.168.2.252/24"], "192.168.2.1/24"),
        (range(1, 255), ["10.254.0.1/24", "10.254.0.2/24"], "10.254.0.10/24"),
    ],
    ids=["nearly-full", "full"],
)
def test_a_subnet_full_of_virtual_addresses(
    last_bytes: range, own: list[str], client: str, tmp_path: Path
) -> None:
    vips = "\n".join(f"192.168.2.{n}/24" for n in last_bytes)
    made = cluster(tmp_path, instance(150, vip=vips), instance(100, vip=vips))
    assert [cards["eth0"][0] for cards in own_addresses(made).values()] == own
    assert made.clients["client"].addresses == (client,)
    short = made.changed(duration_us=5_000_000)
    assert simulate(short).owners("192.168.2.100", 4.5) == ("a",)


def test_a_client_is_not_called_like_a_server(tmp_path: Path) -> None:
    paths = [tmp_path / "client.conf", tmp_path / "b.conf"]
    for path, priority in zip(paths, (150, 100), strict=True):
        path.write_text(instance(priority), encoding="utf-8")
    assert list(scenario_from_configs(paths).clients) == ["client-2"]


def test_a_link_local_address_may_be_on_every_network(tmp_path: Path) -> None:
    """fe80::1 with one VRID on both networks, and the files list the networks in another order."""

    def network(priority: int, number: int) -> str:
        return six(priority, f"eth{number}", f"fe80::1\n 2001:db8:{number + 1}::1/64")

    made = cluster(tmp_path, network(150, 0) + network(150, 1), network(100, 1) + network(100, 0))
    apart = {"eth0": "eth0", "eth1": "eth1"}
    assert wiring(made) == {"a": apart, "b": apart}
    assert [[p.target for p in c.probes] for c in made.clients.values()] == [
        ["2001:db8:1::1"],
        ["2001:db8:2::1"],
    ]
    trace = simulate(made)
    assert trace.owners("2001:db8:1::1", 30) == trace.owners("2001:db8:2::1", 30) == ("a",)


def test_a_link_local_address_joins_cards_where_it_can_mean_only_one(tmp_path: Path) -> None:
    made = cluster(tmp_path, six(150, "ens161", "fe80::1"), six(100, "ens225", "fe80::1"))
    assert wiring(made) == {"a": {"ens161": "ens161-ens225"}, "b": {"ens225": "ens161-ens225"}}
    trace = simulate(made)
    assert trace.state_at(30, "a", "six-ens161-150") == "MASTER"
    assert trace.state_at(30, "b", "six-ens225-100") == "BACKUP"


def test_of_three_the_two_whose_cards_have_one_name_share_the_other_network(tmp_path: Path) -> None:
    """The first calls LAN and WAN the other way round; nothing says where its WAN is."""
    track = "track_interface {{\n {}\n }}"
    made = cluster(
        tmp_path,
        instance(150, "eth0", more=track.format("eth1")),
        instance(100, "eth1", more=track.format("eth0")),
        instance(50, "eth1", more=track.format("eth0")),
    )
    assert wiring(made) == {
        "a": {"eth0": "eth0-eth1", "eth1": "eth1"},
        "b": {"eth0": "eth0", "eth1": "eth0-eth1"},
        "c": {"eth0": "eth0", "eth1": "eth0-eth1"},
    }


@pytest.mark.parametrize(
    ("weight", "state", "lowered"), [("", "FAULT", 0), ("weight -10", "MASTER", 2)], ids=["fault", "weight"]
)
def test_every_member_tracks_what_its_sync_group_tracks(
    weight: str, state: str, lowered: int, tmp_path: Path
) -> None:
    """Tried with keepalived 2.2.7: both members to FAULT, or both "from 150 to 140"; back when eth1 is up."""
    other = instance(150, vip="192.168.2.101/24").replace("office", "second").replace("_id 7", "_id 8")
    members = "group {\n office150\n second150\n }"
    group = f"vrrp_sync_group both {{\n {members}\n track_interface {{\n eth1 {weight}\n }}\n}}\n"
    made = cluster(tmp_path, group + instance(150) + other)
    assert wiring(made)["a"] == {"eth0": "eth0", "eth1": "eth1"}
    actions = [
        at(20, "link_down", server="a", interface="eth1"),
        at(30, "link_up", server="a", interface="eth1"),
    ]
    trace = simulate(made, actions=actions)
    for name in ("office150", "second150"):
        assert trace.state_at(29, "a", name) == state
        assert trace.state_at(40, "a", name) == "MASTER"
    assert sum("from 150 to 140" in str(event) for event in trace.events) == lowered


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


def test_a_vmac_goes_down_and_comes_up_with_its_base(tmp_path: Path) -> None:
    """The order is that of keepalived 2.2.7's log."""
    made = cluster(tmp_path, instance(150, more="use_vmac vrrp.7"), instance(100, more="use_vmac vrrp.7"))
    actions = [
        at(20, "link_down", server="a", interface="eth0"),
        at(30, "link_up", server="a", interface="eth0"),
    ]
    trace = simulate(made, actions=actions)
    lines = [e.fields["line"].split(") ")[-1] for e in trace.between(19, 40).of("log", server="a")]
    wanted = ("Netlink", "Entering")
    assert [line for line in lines if line.startswith(wanted)] == [
        "Netlink reports eth0 down",
        "Entering FAULT STATE",
        "Netlink reports vrrp.7 down",
        "Netlink reports eth0 up",
        "Netlink reports vrrp.7 up",
        "Entering BACKUP STATE",
        "Entering MASTER STATE",
    ]


def test_a_card_that_is_named_in_vain_is_there_all_the_same(tmp_path: Path) -> None:
    """An owner's weights are taken off; keepalived does not start without the card even so."""
    text = (
        "vrrp_instance V1 {\n    interface eth0\n    virtual_router_id 51\n    priority 255\n"
        "    track_interface {\n        eth1 weight -20\n    }\n"
        "    virtual_ipaddress {\n        192.168.2.110/24\n    }\n}\n"
    )
    (tmp_path / "a.conf").write_text(text, encoding="utf-8")
    assert set(scenario_from_configs([tmp_path / "a.conf"]).servers["a"].interfaces) == {"eth0", "eth1"}
