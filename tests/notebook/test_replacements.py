"""What to replace in files, written as people write it; both forms do the same."""

from __future__ import annotations

from typing import Any

import pytest

from vrrplab import at, conf, simulate, variant
from vrrplab.errors import VrrplabError
from vrrplab.notebook.replacements import replacements

SERVERS = ["proxy-serv01", "proxy-serv02"]
BLOCK = "track_interface {\n        eth1\n    }"


@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("priority 255 -> priority 150", {"priority 255": "priority 150"}),
        ("priority 255 → priority 150", {"priority 255": "priority 150"}),
        ("track_interface { eth1 } ->", {BLOCK: ""}),
        ("interval 3 -> interval 3\n    weight -20", {"interval 3": "interval 3\n    weight -20"}),
        (
            ["priority 255 -> priority 150", "interval 3 -> interval 1"],
            {"priority 255": "priority 150", "interval 3": "interval 1"},
        ),
        (
            "\npriority 255 -> priority 150\ninterval 3 -> interval 3\n    weight -20\n",
            {"priority 255": "priority 150", "interval 3": "interval 3\n    weight -20"},
        ),
        (
            "proxy-serv02: virtual_router_id 1 -> virtual_router_id 11",
            {"proxy-serv02": {"virtual_router_id 1": "virtual_router_id 11"}},
        ),
        ({"proxy-serv02": "priority 100 -> priority 90"}, {"proxy-serv02": {"priority 100": "priority 90"}}),
    ],
)
def test_words_and_a_table_change_the_same(words: Any, table: dict[str, Any]) -> None:
    said, exact = variant(edit=words), variant(edit=table)
    for server in SERVERS:
        assert said.servers[server].node.instances == exact.servers[server].node.instances
        assert said.servers[server].node.scripts == exact.servers[server].node.scripts
    assert conf("proxy-serv02", said) != conf("proxy-serv02") or conf("proxy-serv01", said) != conf()
    assert said.description == exact.description


def test_words_are_found_whole() -> None:
    with pytest.raises(VrrplabError, match=r"'priority 10' is not in any server's .*priority 100"):
        variant(edit="priority 10 -> priority 11")
    assert "router_id 10" not in conf(
        "proxy-serv01", variant(edit="virtual_router_id 1 -> virtual_router_id 7")
    )


def test_what_has_an_address_or_a_backslash_in_it_is_taken_as_it_is() -> None:
    assert "192.168.2.103/24" in conf("proxy-serv01", variant(edit="192.168.2.101 -> 192.168.2.103"))
    (one,) = replacements(r"eth1 -> \1\n", SERVERS)
    assert one.made_in("eth1") == r"\1\n"


def test_a_service_in_words() -> None:
    squid = variant(services="squid: shutdown_s 1").servers["proxy-serv01"].services["squid"]
    assert squid.shutdown_us == 1_000_000
    bound = variant(services="squid: listen 192.168.2.101 192.168.2.102\nsquid: shutdown_s 2.5")
    squid = bound.servers["proxy-serv02"].services["squid"]
    assert (squid.listen, squid.shutdown_us) == (("192.168.2.101", "192.168.2.102"), 2_500_000)
    with pytest.raises(VrrplabError, match="give shutdown_s in seconds"):
        variant(services="squid: shutdown_s soon")


def test_an_action_shows_itself_as_it_is_written() -> None:
    pull = at(12, "link_down", server="proxy-serv01", interface="eth0")
    assert repr(pull) == 'at(12, "link_down", server="proxy-serv01", interface="eth0")'
    assert eval(repr(pull), {"at": at}) == pull
    assert pull == {"at_s": 12, "action": "link_down", "server": "proxy-serv01", "interface": "eth0"}
    assert simulate("article-steady", actions=[pull]).owner("192.168.2.101", 16) == "proxy-serv02"
