"""Rules about several files: their claims are what the simulator does, and what looks alike is told apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rule_clusters import found, nodes, run

from vrrplab import load_scenario
from vrrplab.data_files import data_path
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import conf
from vrrplab.rules.fix import patch_of
from vrrplab.rules.table import RULES
from vrrplab.scenario.nodes import Node

VIP = "192.168.2.100"
BOTH_MASTER = ["V007", "V010", "V012", "V015", "V016", "V090", "V093"]
BETWEEN = [*BOTH_MASTER, "V005", "V006", "V030"]
UNICAST = "unicast_src_ip {}\nunicast_peer {{\n    {}\n}}"
SECOND = {"name": "VI_2", "vrid": 52, "vips": "192.168.2.101/24", "top": "", "check": ""}


@pytest.mark.parametrize("daemon", ["keepalived-2.2.7", "keepalived-2.4.3"])
@pytest.mark.parametrize("rule", BOTH_MASTER)
def test_where_two_masters_are_told_there_are_two(rule: str, daemon: str, tmp_path: Path) -> None:
    assert run(tmp_path, RULES[rule].bad, daemon).owners(VIP, 50) == ("a", "b")
    assert run(tmp_path, RULES[rule].good, daemon).owners(VIP, 50) == ("a",)


def test_lists_that_differ_mean_two_masters_or_an_address_that_nobody_has(tmp_path: Path) -> None:
    bad = RULES["V006"].bad
    told = {
        daemon: found("V006", tmp_path, bad, daemon)[0] for daemon in ("keepalived-2.2.7", "keepalived-2.4.3")
    }
    assert "both are MASTER for ever" in told["keepalived-2.2.7"].message
    assert run(tmp_path, bad).owners("192.168.2.101", 50) == ("b",)
    assert "nobody has" in told["keepalived-2.4.3"].message
    assert run(tmp_path, bad, "keepalived-2.4.3").owners("192.168.2.101", 50) == ()


def test_an_excluded_address_that_only_one_node_has_is_told(tmp_path: Path) -> None:
    more = "virtual_ipaddress_excluded {\n    192.168.2.200/24\n}"
    (finding,) = found("V006", tmp_path, {"a": conf(150, more), "b": conf(100)})
    assert "192.168.2.200 only on a" in finding.message
    assert "whoever of the others takes over does not have it" in finding.message


def test_a_slip_of_the_pen_is_no_second_cluster(tmp_path: Path) -> None:
    """Two camps of two nodes are two clusters (V005); one odd node has a wrong list (V006)."""
    odd = {"a": conf(150), "b": conf(100), "c": conf(90, vips="192.168.2.101/24")}
    assert not found("V005", tmp_path, odd)
    assert len(found("V006", tmp_path, odd)) == 1
    camps = RULES["V005"].bad
    (two,) = found("V005", tmp_path, camps)
    assert "is used by 2 clusters, one of a and b and one of c and d: " in two.message
    assert not found("V006", tmp_path, camps)
    assert not found("V028", tmp_path, camps)


@pytest.mark.parametrize(
    ("other", "rule"),
    [
        (conf(100, interface="ens3"), ""),  # a virtual address in common
        (conf(100, interface="ens3", vips="192.168.2.101/24"), "V006"),  # neighbours: one is mistyped
        (conf(100, interface="ens3", vips="10.0.0.1/24"), "V062"),
        (conf(100, interface="ens3", vips="10.0.0.1/24", vrid=9), "V062"),
        (conf(100, interface="ens3", vrid=9), "V090"),
    ],
)
def test_cards_may_be_called_differently(other: str, rule: str, tmp_path: Path) -> None:
    files = {"a": conf(150), "b": other}
    fired = [r for r in ("V006", "V062", "V090", "V091") if found(r, tmp_path, files)]
    assert fired == ([rule] if rule else [])


def test_unicast_peers_make_a_cluster_of_files_without_addresses(tmp_path: Path) -> None:
    a = conf(150, UNICAST.format("10.0.0.1", "10.0.0.2"), vips="")
    b = conf(100, UNICAST.format("10.0.0.2", "10.0.0.1"), vips="", interface="ens3")
    files = {"a": a, "b": b}
    assert (
        not found("V062", tmp_path, files) + found("V091", tmp_path, files) + found("V015", tmp_path, files)
    )


def test_the_interval_counts_as_the_daemon_rounds_it(tmp_path: Path) -> None:
    assert not found("V010", tmp_path, {"a": conf(150, "advert_int 0.5"), "b": conf(100)})
    version_3 = {"a": conf(150, "version 3\nadvert_int 0.5"), "b": conf(100, "version 3")}
    (finding,) = found("V010", tmp_path, version_3)
    assert finding.severity == "info"
    assert run(tmp_path, version_3).owners(VIP, 50) == ("a",)


def test_authentication_is_none_of_version_3s_business(tmp_path: Path) -> None:
    bad = {
        name: text.replace("priority", "version 3\n    priority") for name, text in RULES["V007"].bad.items()
    }
    assert not found("V007", tmp_path, bad)
    one = {"a": RULES["V007"].bad["a"], "b": conf(100)}
    (finding,) = found("V007", tmp_path, one)
    assert "auth_type is PASS on a, none on b" in finding.message


def three(*peers: str) -> dict[str, str]:
    rows = zip("abc", (150, 100, 50), peers, strict=True)
    return {
        name: conf(priority, UNICAST.format(f"10.0.0.{number}", "\n    ".join(mine.split())))
        for number, (name, priority, mine) in enumerate(rows, start=1)
    }


def test_peers_of_three(tmp_path: Path) -> None:
    all_of_them = "10.0.0.1 10.0.0.2 10.0.0.3"
    assert not found("V015", tmp_path, three("10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.3", "10.0.0.1 10.0.0.2"))
    (own,) = found("V015", tmp_path, three(all_of_them, all_of_them, all_of_them))
    assert "of a, b and c include the node's own address" in own.message
    assert own.severity == "warning"
    assert [place.source.line for place in own.places] == [16, 17, 18]


def test_who_is_left_out_matters_where_the_sender_is_the_higher_one(tmp_path: Path) -> None:
    high = three("10.0.0.2", "10.0.0.1 10.0.0.3", "10.0.0.1 10.0.0.2")
    (finding,) = found("V015", tmp_path, high)
    assert (finding.severity, "a does not send to c" in finding.message) == ("error", True)
    assert run(tmp_path, high).owners(VIP, 50) == ("a", "c")
    low = three("10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.3", "10.0.0.1")
    (finding,) = found("V015", tmp_path, low)
    assert (finding.severity, "should c be MASTER" in finding.message) == ("warning", True)
    assert run(tmp_path, low).owners(VIP, 50) == ("a",)


def test_a_virtual_address_among_the_peers(tmp_path: Path) -> None:
    files = {
        "a": conf(150, UNICAST.format("10.0.0.1", f"10.0.0.2\n    {VIP}")),
        "b": conf(100, UNICAST.format("10.0.0.2", "10.0.0.1")),
    }
    (finding,) = found("V015", tmp_path, files)
    assert (finding.severity, finding.certain) == ("warning", True)
    assert f"the unicast peer {VIP} is a virtual address of it" in finding.message
    peers = f"unicast_peer {{\n    10.0.0.2\n    {VIP}\n}}"  # that one of two is one's own is not sure then
    (finding,) = found("V015", tmp_path, {"a": conf(150, peers), "b": conf(100, peers)})
    assert "is a virtual address of it" in finding.message


def test_one_address_in_two_virtual_routers_of_a_node(tmp_path: Path) -> None:
    """They know nothing of each other: here each node is MASTER of one of them, and both have it."""

    def two(first: int, second: int, address: str = VIP) -> str:
        return conf(first) + conf(second, name="VI_2", vrid=52, vips=address, top="", check="")

    files = {"a": two(150, 100), "b": two(100, 150)}
    (finding,) = found("V090", tmp_path, files)
    assert (finding.severity, "stands under VRID 51 and 52 on a and b" in finding.message) == (
        "warning",
        True,
    )
    assert run(tmp_path, files).owners(VIP, 50) == ("a", "b")
    assert not found("V090", tmp_path, {"a": two(150, 150, "10.7.7.7/24"), "b": two(100, 100, "10.7.7.7/24")})


def test_a_file_without_an_instance_is_no_other_cluster(tmp_path: Path) -> None:
    """What is in the file that it would include is not known here."""
    files = {"a": "include /etc/keepalived/conf.d/*.conf\n", "b": conf(100)}
    assert not found("V062", tmp_path, files)
    assert found("V074", tmp_path, files)


def test_one_source_for_two(tmp_path: Path) -> None:
    same = UNICAST.format("10.0.0.1", "10.0.0.2")
    (finding,) = found("V015", tmp_path, {"a": conf(150, same), "b": conf(100, same)})
    assert "a and b send from the same address, 10.0.0.1" in finding.message


def test_a_peer_whose_file_is_not_here_is_told_as_such(tmp_path: Path) -> None:
    files = three("10.0.0.2 10.0.0.3", "10.0.0.1 10.0.0.3", "10.0.0.1 10.0.0.2")
    del files["c"]
    (finding,) = found("V015", tmp_path, files)
    assert (finding.severity, finding.certain) == ("info", False)
    assert "10.0.0.3 is none of the nodes whose files are here" in finding.message


def test_legs_that_carry_a_service_may_move_alone(tmp_path: Path) -> None:
    with_checks = {
        name: text + conf(p, name="LAN2", vrid=52, interface="eth1", vips="10.0.0.1/24", top="", check="")
        for (name, text), p in zip({"a": conf(150), "b": conf(100)}.items(), (150, 100), strict=True)
    }
    assert not found("V052", tmp_path, with_checks)


def test_legs_that_track_each_other_move_together(tmp_path: Path) -> None:
    tracked = "track_interface {\n    eth0\n    eth1\n}"
    files = {
        name: conf(p, tracked, name="LAN", check="", track="")
        + conf(
            p, tracked, vrid=52, name="WAN", interface="eth1", vips="10.0.0.1/24", top="", check="", track=""
        )
        for name, p in (("a", 150), ("b", 100))
    }
    assert not found("V052", tmp_path, files)


def test_legs_that_a_group_keeps_together_on_the_first_node_do_not_move_alone(tmp_path: Path) -> None:
    """That the other node has no group is another finding, V059."""
    group = "vrrp_sync_group G {\n    group {\n        LAN\n        WAN\n    }\n}\n"
    for with_group, rules in (("a", ["V059"]), ("b", ["V052", "V059"])):
        files = {
            name: conf(p, name="LAN", top=group * (name == with_group), check="", track="")
            + conf(p, vrid=52, name="WAN", interface="eth1", vips="10.0.0.1/24", top="", check="", track="")
            for name, p in (("a", 150), ("b", 100))
        }
        assert [rule for rule in ("V052", "V059") if found(rule, tmp_path, files)] == rules


def test_load_sharing_is_no_router_with_legs(tmp_path: Path) -> None:
    files = {
        name: conf(one, name="LAN", check="", track="")
        + conf(two, vrid=52, name="WAN", interface="eth1", vips="10.0.0.1/24", top="", check="", track="")
        for name, one, two in (("a", 150, 100), ("b", 100, 150))
    }
    assert not found("V052", tmp_path, files)


def test_a_virtual_router_of_one_node_is_told_once(tmp_path: Path) -> None:
    three_nodes = {"a": conf(150) + conf(150, **SECOND), "b": conf(100), "c": conf(50)}  # type: ignore[arg-type]
    (finding,) = found("V091", tmp_path, three_nodes)
    assert "VRID 52 is on a only, and not on b nor c" in finding.message
    assert not found("V091", tmp_path, {"a": three_nodes["a"]})


def test_sources_are_judged_by_the_length_that_is_known(tmp_path: Path) -> None:
    def pair(length: int) -> dict[str, str]:
        vip = f"10.1.0.100/{length}"
        return {
            "a": conf(150, "mcast_src_ip 10.1.1.1", vips=vip),
            "b": conf(100, "mcast_src_ip 10.1.2.1", vips=vip),
        }

    assert not found("V058", tmp_path, pair(16))
    (finding,) = found("V058", tmp_path, pair(24))
    assert (finding.certain, finding.severity) == (False, "warning")
    unicast = {
        "a": conf(150, UNICAST.format("10.1.1.1", "10.1.2.1"), vips="10.9.0.1"),
        "b": conf(100, UNICAST.format("10.1.2.1", "10.1.1.1"), vips="10.9.0.1"),
    }
    assert [f.severity for f in found("V058", tmp_path, unicast)] == ["info"]


def test_the_same_of_several_virtual_routers_is_said_once(tmp_path: Path) -> None:
    files = {}
    for name, priority, more in (("a", 150, ""), ("b", 100, "advert_int 2")):
        files[name] = conf(priority, more) + conf(priority, more, **SECOND)  # type: ignore[arg-type]
    (finding,) = found("V010", tmp_path, files)
    assert finding.message.startswith("VRID 51 and 52: advert_int is 1 s on a, 2 s on b")
    assert len(finding.places) == 4


def test_a_sync_group_keeps_down_who_would_be_a_second_master(tmp_path: Path) -> None:
    """One of its members hears the MASTER, and a group is MASTER only as a whole (2.2.7, measured)."""
    group = "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n}\n"
    files = {}
    for name, priority, more in (("a", 150, ""), ("b", 100, "advert_int 2")):
        files[name] = group + conf(priority, more) + conf(priority, **SECOND)  # type: ignore[arg-type]
    (finding,) = found("V010", tmp_path, files)
    assert (finding.severity, "only because of VI_2" in finding.message) == ("warning", True)
    assert run(tmp_path, files).owners(VIP, 50) == ("a",)
    loose = {name: text.removeprefix(group) for name, text in files.items()}
    assert [f.severity for f in found("V010", tmp_path, loose)] == ["error"]
    assert run(tmp_path, loose).owners(VIP, 50) == ("a", "b")


def test_of_three_two_may_agree(tmp_path: Path) -> None:
    files = {"a": conf(150), "b": conf(100), "c": conf(50, "advert_int 2")}
    (finding,) = found("V010", tmp_path, files)
    assert "advert_int is 1 s on a and b, 2 s on c; " in finding.message
    assert "2 of them are MASTER for ever" in finding.message
    assert run(tmp_path, files).owners(VIP, 50) == ("a", "c")


RECORDED = {
    "vip_list_mismatch": "V006",
    "vip_list_mismatch_same_count": "V006",
    "auth_mismatch_ah_none": "V007",
    "auth_mismatch_pass": "V007",
    "advert_int_mismatch_v2": "V010",
    "advert_int_mismatch_v2_slowmaster": "V010",
    "advert_int_mismatch_v3": "",
    "version_mismatch": "V012",
    "unicast": "",
    "unicast_not_a_peer": "",
    "unicast_one_side": "V016",
    "unicast_two_subnets": "",
    "prio255_both": "V030",
    "vrid_mismatch": "V090",
    "vmac_mixed_xmit": "V093",
    "two_equal_priority": "",
}
"""A recording of real daemons that did not get on, and the error that is to be told of its files."""


@pytest.mark.parametrize("name", RECORDED)
def test_what_real_daemons_did_not_agree_on_is_told(name: str) -> None:
    scenario = load_scenario(data_path("recordings", name, "scenario.yaml"))
    cluster = Cluster(Node(s.name, s.name, s.node) for s in scenario.servers.values())
    told = {f.rule for rule in BETWEEN for f in RULES[rule].found(cluster) if f.severity == "error"}
    assert told == ({RECORDED[name]} if RECORDED[name] else set())


@pytest.mark.needs("patch")
@pytest.mark.parametrize("rule", ["V010", "V015", "V024", "V020", "V065", "V090"])
def test_the_patch_cures(rule: str, tmp_path: Path) -> None:
    bad = RULES[rule].bad
    if rule == "V015":
        bad = three(*["10.0.0.1 10.0.0.2 10.0.0.3"] * 3)
    cluster = Cluster(nodes(tmp_path, bad))
    patch, cured = patch_of(cluster, RULES[rule].found(cluster))
    assert cured == 1
    subprocess.run(["patch", "-p0", "-s"], input=patch, text=True, cwd="/", check=True, timeout=20)
    mended = {name: (tmp_path / f"{name}.conf").read_text("utf-8") for name in bad}
    assert mended != bad
    assert not found(rule, tmp_path, mended)


def test_checksums_that_only_one_side_takes(tmp_path: Path) -> None:
    bad, good = RULES["V013"].bad, RULES["V013"].good
    (finding,) = found("V013", tmp_path, bad, "keepalived-2.4.3")
    assert "a computes the checksum as version 2 does, and b drops such adverts" in finding.message
    assert run(tmp_path, bad, "keepalived-2.4.3").owners(VIP, 50) == ("a", "b")
    assert run(tmp_path, good, "keepalived-2.4.3").owners(VIP, 50) == ("a",)
