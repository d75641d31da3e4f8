"""A configuration on its host: interfaces that must exist, addresses that must not be taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrrplab.config.environment import check_against_host
from vrrplab.config.reader import parse_config, parse_text
from vrrplab.errors import ConfigError

ARTICLE = Path(__file__).parents[2] / "data" / "configs" / "article" / "proxy-serv01.conf"
SERV01 = {"eth0": ("192.168.2.251/24",), "eth1": ("203.0.113.251/24",)}


def conf(options: str = "", vip: str = "10.0.0.100/24") -> str:
    instance = "vrrp_instance V1 {\ninterface eth0\nvirtual_router_id 5\n"
    return instance + f"virtual_ipaddress {{\n{vip}\n}}\n{options}\n}}"


def test_the_article_fits_its_server() -> None:
    assert check_against_host(parse_config(ARTICLE), SERV01) == ()


def test_a_server_address_as_virtual_address_is_the_articles_warning() -> None:
    node = parse_text(conf(vip="192.168.2.251/24"), "a.conf")
    (warning,) = check_against_host(node, SERV01, server="proxy-serv01")
    assert warning.kind == "article-a6"
    assert str(warning) == (
        "a.conf:5: 192.168.2.251 is a virtual address of V1 and proxy-serv01's own address on eth0 - use "
        "an address "
        "no server has: after a fail-back the server would be cut off (article, A6)"
    )


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        (conf().replace("eth0", "ens3"), 2, "ens3"),
        (conf("track_interface { eth9\n}"), 7, "eth9"),
        (conf(vip="10.0.0.100/24 dev br0"), 5, "br0"),
        (conf("virtual_routes {\n10.9.0.0/24 dev tun0\n}"), 8, "tun0"),
    ],
)
def test_keepalived_does_not_start_without_an_interface_the_file_names(
    text: str, line: int, name: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_against_host(parse_text(text, "a.conf"), SERV01, server="serv01")
    assert str(caught.value) == (
        f"a.conf:{line}: serv01 has no interface {name}, and keepalived does not start without it - "
        "its interfaces are eth0, eth1"
    )


def test_dynamic_interfaces_may_come_later() -> None:
    text = "global_defs {\ndynamic_interfaces\n}\n" + conf("track_interface { eth9\n}")
    assert check_against_host(parse_text(text), SERV01) == ()


def test_unicast_addresses_are_compared_with_the_host() -> None:
    text = conf("unicast_src_ip 192.168.2.250\nunicast_peer {\n192.168.2.251\n192.168.2.252\n}")
    warnings = check_against_host(parse_text(text, "a.conf"), SERV01, server="serv01")
    assert [(warning.kind, warning.source.line) for warning in warnings] == [
        ("source-address", 7),
        ("own-peer", 9),
    ]
