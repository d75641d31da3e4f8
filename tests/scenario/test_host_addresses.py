"""Real addresses, from ``ip -j addr``: read, given to their nodes, and told where they contradict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vrrplab import simulate
from vrrplab.commands.cli import main
from vrrplab.config.reader import parse_text
from vrrplab.errors import HostError, VrrplabError
from vrrplab.scenario.from_configs import assumptions, scenario_of_nodes
from vrrplab.scenario.host_addresses import read_addresses, without_virtual
from vrrplab.scenario.node_files import node_files
from vrrplab.scenario.nodes import Node, nodes_from

CONF = """vrrp_instance V {
    interface eth0
    virtual_router_id 51
    priority PRIORITY
    virtual_ipaddress { 10.0.0.100/24 }
}
"""


def card(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    """An interface as ip prints it, shortened."""
    listed = [
        {
            "family": "inet6" if ":" in text else "inet",
            "local": text.partition("/")[0],
            "prefixlen": int(text.partition("/")[2]),
            "scope": "host" if name == "lo" else "link" if text.startswith("fe80") else "global",
        }
        for text in addresses
    ]
    return {"ifindex": 2, "ifname": name, "flags": ["UP"], "operstate": "UP", "addr_info": listed, **more}


LO = card("lo", "127.0.0.1/8", "::1/128")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, priority in (("a", 150), ("b", 100)):
        Path(f"{name}.conf").write_text(CONF.replace("PRIORITY", str(priority)), encoding="utf-8")
    return tmp_path


def put(name: str, *cards: dict[str, Any]) -> str:
    Path(name).write_text(json.dumps(cards), encoding="utf-8")
    return name


def nodes(*addresses: str) -> tuple[Node, ...]:
    return nodes_from(node_files(["a.conf", "b.conf"]), addresses=addresses)


def test_what_ip_prints_becomes_addresses_by_interface(folder: Path) -> None:
    put("a.json", {}, LO, card("eth0", "10.0.0.7/24", "fe80::1/64"), card("eth1"))
    assert read_addresses("a.json") == {"lo": (), "eth0": ("10.0.0.7/24", "fe80::1/64"), "eth1": ()}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "1: lo: <LOOPBACK,UP> mtu 65536\n",
            "a.json:1: is not JSON: Extra data - make it on that host: ip -j",
        ),
        ("", "a.json:1: is not JSON"),
        ("{}", "a.json: is not what ip -j addr prints: that is a list of interfaces"),
        ("[1]", "a.json: is not what ip -j addr prints"),
        ("[]", "a.json: has no interface in it"),
        ("[{}]", "a.json: has no interface in it"),
        ('[{"ifname": "eth0"}]', "a.json: has an entry without ifname and addr_info"),
        ('[{"ifname": 1, "addr_info": []}]', "a.json: has an entry without ifname and addr_info"),
        ('[{"ifname": "e", "addr_info": [1]}]', "a.json: has something else than an address at e"),
        (
            '[{"ifname": "e", "addr_info": [{"local": "10.0.0.1", "prefixlen": 33}]}]',
            "a.json: has something else than an address at e",
        ),
        (
            '[{"ifname": "e", "addr_info": [{"local": "10.0.0", "prefixlen": 24}]}]',
            "a.json: has something else than an address at e",
        ),
        ('[{"ifname": "e", "addr_info": []}, {"ifname": "e", "addr_info": []}]', "has the interface e twice"),
        ("[" * 50_000, "a.json"),
    ],
)
def test_what_ip_never_prints_is_told_in_one_line(text: str, told: str, folder: Path) -> None:
    Path("a.json").write_text(text, encoding="utf-8")
    with pytest.raises(HostError) as error:
        read_addresses("a.json")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_nodes_have_their_real_addresses_and_the_scenario_too(folder: Path) -> None:
    put("a.json", LO, card("eth0", "10.0.0.7/24", "fe80::7/64"))
    put("other.json", LO, card("eth0", "10.0.0.8/24"))
    cluster = nodes("a.json", "b=other.json")
    assert [node.addresses["eth0"][0] for node in cluster if node.addresses] == ["10.0.0.7/24", "10.0.0.8/24"]
    made = scenario_of_nodes(cluster)
    assert {n: s.interfaces["eth0"].addresses for n, s in made.servers.items()} == {
        "a": ("10.0.0.7/24",),
        "b": ("10.0.0.8/24",),
    }
    assert not any("made up" in line for line in assumptions(made, cluster))
    assert "real addresses" in made.description
    assert simulate(made).owner("10.0.0.100", 20) == "a"


def test_no_address_that_a_host_has_is_made_up_for_another(folder: Path) -> None:
    put("a.json", LO, card("eth0", "10.0.0.252/24"))
    made = scenario_of_nodes(nodes("a.json"))
    assert made.servers["a"].interfaces["eth0"].addresses == ("10.0.0.252/24",)
    assert made.servers["b"].interfaces["eth0"].addresses != ("10.0.0.252/24",)


def test_a_card_without_an_address_stays_without_one(folder: Path) -> None:
    put("a.json", LO, card("eth0"))
    made = scenario_of_nodes(nodes("a.json"))
    assert made.servers["a"].interfaces["eth0"].addresses == ()
    assert simulate(made).owner("10.0.0.100", 20) == "b"


def test_a_virtual_address_that_keepalived_had_set_is_not_the_hosts_own(folder: Path) -> None:
    put("a.json", LO, card("eth0", "10.0.0.7/24", "10.0.0.100/24"))
    put("b.json", LO, card("eth0", "10.0.0.8/24"))
    a, b = nodes("a.json", "b.json")
    assert (a.addresses, a.held) == ({"lo": (), "eth0": ("10.0.0.7/24",)}, ("10.0.0.100",))
    assert b.held == ()
    assert "article-a6" not in {warning.kind for warning in a.config.warnings}


def test_a_virtual_address_that_stands_first_is_the_hosts_own(folder: Path) -> None:
    put("a.json", LO, card("eth0", "10.0.0.100/24", "10.0.0.7/24"))
    a, _ = nodes("a.json")
    assert a.held == ()
    (told,) = [str(w) for w in a.config.warnings if w.kind == "article-a6"]
    assert told.startswith("a.conf:5: 10.0.0.100 is a virtual address of V and a's own address on eth0")


def test_on_a_vmac_the_only_address_is_keepalived_s() -> None:
    config = parse_text(CONF.replace("PRIORITY", "100\n use_vmac vrrp.51"))
    own, held = without_virtual({"eth0": ("10.0.0.7/24",), "vrrp.51": ("10.0.0.100/24",)}, config)
    assert (own, held) == ({"eth0": ("10.0.0.7/24",), "vrrp.51": ()}, ("10.0.0.100",))


def test_docker_s_own_network_is_on_every_host(folder: Path) -> None:
    put("a.json", LO, card("eth0", "10.0.0.7/24"), card("docker0", "172.17.0.1/16"))
    put("b.json", LO, card("eth0", "10.0.0.8/24"), card("docker0", "172.17.0.1/16"))
    assert len(nodes("a.json", "b.json")) == 2


def test_what_a_file_says_of_its_own_address_is_compared(folder: Path) -> None:
    text = CONF.replace("PRIORITY", "100\n unicast_src_ip 10.0.0.9\n unicast_peer { 10.0.0.8 }")
    Path("a.conf").write_text(text, encoding="utf-8")
    put("a.json", LO, card("eth0", "10.0.0.7/24"))
    a, _ = nodes("a.json")
    (told,) = [str(w) for w in a.config.warnings if w.kind == "source-address"]
    assert told.startswith("a.conf:5: V: unicast_src_ip 10.0.0.9 is no address of a - use the server's real")


@pytest.mark.parametrize(
    ("files", "given", "told"),
    [
        (
            {"a.json": [card("eth0", "10.0.0.7/24")], "b.json": [card("eth0", "10.0.0.7/24")]},
            ["a.json", "b.json"],
            "b.json: 10.0.0.7 on eth0 of b is also on eth0 of a (a.json) - each host has its own",
        ),
        (
            {"c.json": [card("eth0")]},
            ["c.json"],
            "no node is called c - the nodes are a, b: --addresses NODE=",
        ),
        ({"a.json": [card("eth0")]}, ["c=a.json"], "--addresses c=a.json: no node is called c"),
        (
            {"a.json": [card("eth0")], "x.json": [card("eth0")]},
            ["a.json", "a=x.json"],
            "a.json and x.json are both of a",
        ),
        (
            {"a.json": [card("ens3", "10.0.0.7/24")]},
            ["a.json"],
            "a.conf:2: a has no interface eth0, and keepalived does not start without it - its",
        ),
        ({}, ["a.json"], "a.json: cannot be read: No such file or directory"),
        ({}, ["a=none.json"], "none.json: cannot be read: No such file or directory"),
    ],
)
def test_what_contradicts_is_told_in_one_line(
    files: dict[str, list[dict[str, Any]]],
    given: list[str],
    told: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, cards in files.items():
        put(name, LO, *cards)
    arguments = [word for text in given for word in ("--addresses", text)]
    assert main(["config", "check", "a.conf", "b.conf", *arguments]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert told in said.err


def test_a_huge_file_is_refused(folder: Path) -> None:
    Path("a.json").write_bytes(b"[" + b" " * 10_000_000)
    with pytest.raises(VrrplabError, match=r"a\.json: is larger than 4 MiB"):
        nodes("a.json")
