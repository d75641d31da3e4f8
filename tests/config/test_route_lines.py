"""Routes and rules as keepalived 2.2.7 reads them: each log line was seen there, and so was what it drops."""

from __future__ import annotations

import pytest

from vrrplab.config.reader import parse_text

CONF = """vrrp_instance V1 {{
    interface eth0
    virtual_router_id 51
    {block} {{
        {line}
    }}
    virtual_ipaddress {{
        10.0.0.100/24
    }}
}}
"""


def read(block: str, line: str) -> tuple[str, bool, list[str]]:
    """The line as ``ip`` would show it ("" when it is dropped), whether it is tracked, what is said of it."""
    node = parse_text(CONF.format(block=block, line=line), "a.conf", log_file="")
    instance = node.instances[0]
    found = [*instance.virtual_routes, *instance.virtual_rules]
    logs = [w.log.partition(") ")[2] for w in node.warnings if w.source.line == 5]
    return (found[0].text(), found[0].tracked, logs) if found else ("", False, logs)


NOT_TRACKED = "Warning - cannot track route {} with no interface specified, not tracking"


@pytest.mark.parametrize(
    ("line", "shown", "tracked", "said"),
    [
        ("198.51.100.0/24 via 10.9.9.1 dev eth1", "198.51.100.0/24 via 10.9.9.1 dev eth1", True, []),
        ("src 10.0.0.100 to 198.51.102.0/24 via 10.0.0.2 dev eth0", None, True, []),
        ("198.51.103.0/24 dev eth1 no_track", "198.51.103.0/24 dev eth1", False, []),
        ("198.51.101.0/24 via 10.9.9.1", "198.51.101.0/24 via 10.9.9.1", False, ["198.51.101.0/24"]),
        ("blackhole 198.51.105.0/24", "blackhole 198.51.105.0/24", False, ["198.51.105.0/24"]),
        ("default via 10.9.9.7", "default via 10.9.9.7", False, ["default"]),
        ("10.0.0.1 dev eth0", "10.0.0.1 dev eth0", True, []),
        ("2001:db8::/32 via fe80::1 dev eth0", "2001:db8::/32 via fe80::1 dev eth0", True, []),
    ],
)
def test_a_route(line: str, shown: str | None, tracked: bool, said: list[str]) -> None:
    text, is_tracked, logs = read("virtual_routes", line)
    if shown is None:
        assert text == "198.51.102.0/24 via 10.0.0.2 dev eth0 proto keepalived src 10.0.0.100"
    else:
        assert text == f"{shown} proto keepalived"
    assert is_tracked == tracked
    assert logs == [NOT_TRACKED.format(route) for route in said]


def test_several_ways_and_a_table_of_its_own() -> None:
    ways = "198.51.106.0/24 nexthop via 10.9.9.1 dev eth1 nexthop via 10.0.0.2 dev eth0 weight 2"
    shown = "via 10.9.9.1 dev eth1 weight 1 nexthop via 10.0.0.2 dev eth0 weight 2"
    assert read("virtual_routes", ways)[0] == f"198.51.106.0/24 proto keepalived nexthop {shown}"
    node = parse_text(
        CONF.format(block="virtual_routes", line="198.51.104.0/24 dev eth1 metric 50 table 77 scope link"),
        "a.conf",
    )
    (route,) = node.instances[0].virtual_routes
    assert (route.table, route.metric) == ("77", 50)
    assert route.text() == "198.51.104.0/24 dev eth1 proto keepalived scope link metric 50"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("198.51.100.0/24 via banana dev eth0", "invalid route via address banana"),
        ("198.51.102.0/24 foo 10.9.9.1 dev eth0", "unknown route keyword foo"),
        ("via 10.9.9.1 dev eth0", "Route must have a destination"),
        ("198.51.103.0/24 dev eth0 metric abc", "Invalid metric abc specified for route"),
        ("198.51.104.0/24 via fe80::1 dev eth0", "Cannot mix IPv4 and IPv6 addresses for route"),
        ("198.51.105.0/24 dev eth0 table foo", "Routing table foo not found for route"),
        ("198.51.106.0/24 dev eth0 scope foo", "Scope foo not found or invalid for route"),
        ("198.51.107.0/24 dev eth0 src 10.1.1.300", "invalid route src address 10.1.1.300"),
    ],
)
def test_a_route_with_a_mistake_is_dropped(line: str, said: str) -> None:
    text, _, logs = read("virtual_routes", line)
    assert text == ""
    assert logs[-1] == said


def test_old_words_for_a_route() -> None:
    text, _, logs = read("virtual_routes", "198.51.106.0/24 gw 10.9.9.1 or 10.0.0.2")
    assert text.startswith("198.51.106.0/24 proto keepalived nexthop via 10.9.9.1")
    assert logs[:2] == [
        '"gw" for routes is deprecated. Please use "via"',
        '"or" for routes is deprecated. Please use "nexthop"',
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("from 10.0.0.100/32 table 100 priority 300", "300: from 10.0.0.100 lookup 100 proto keepalived"),
        (
            "to 198.51.104.0/24 table 77 priority 5 no_track",
            "5: from all to 198.51.104.0/24 lookup 77",
        ),
        ("fwmark 5 table 78 priority 502", "502: from all fwmark 0x5 lookup 78 proto keepalived"),
        (
            "not from 10.3.0.0/16 iif eth1 lookup 78 preference 3",
            "3: not from 10.3.0.0/16 iif eth1 lookup 78 proto keepalived",
        ),
        ("from 10.4.0.0/16 blackhole priority 504", "504: from 10.4.0.0/16 blackhole proto keepalived"),
    ],
)
def test_a_rule(line: str, shown: str) -> None:
    text, _, logs = read("virtual_rules", line)
    assert text.replace("\t", " ") == shown
    assert logs == []


def test_rules_without_a_priority_get_one_from_16384_down() -> None:
    node = parse_text(
        CONF.format(block="virtual_rules", line="from 10.1.0.0/16 table 1\nfrom 10.2.0.0/16 table 2"),
        "a.conf",
    )
    assert [rule.priority for rule in node.instances[0].virtual_rules] == [16384, 16383]
    said = "Rule has no preference specified - setting to 16383. This is probably not what you want."
    assert any(said in w.log for w in node.warnings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from banana table 100 priority 1", "Invalid rule from address banana"),
        ("from 10.0.0.0/8 foo table 100 priority 2", "Unknown rule option foo"),
        ("from 10.0.0.0/8 table foo priority 3", "Routing table foo not found for rule"),
        ("from 10.0.0.0/8 priority 4", "No action specified for rule - ignoring"),
        ("from 10.0.0.0/8 to 2001:db8::/32 table 1 priority 5", "rule specification has mixed IPv4 and IPv6"),
    ],
)
def test_a_rule_with_a_mistake_is_dropped(line: str, said: str) -> None:
    text, _, logs = read("virtual_rules", line)
    assert text == ""
    assert logs[-1] == said


def test_static_routes_and_rules() -> None:
    text = "static_routes {\n198.51.120.0/24 via 10.9.9.1 dev eth1\n}\n"
    text += "static_rules {\nfrom 10.5.0.0/16 table 77 priority 700\n}\n"
    node = parse_text(text + CONF.format(block="virtual_routes", line="10.1.0.0/16 dev eth1"), "a.conf")
    assert [route.destination for route in node.static_routes] == ["198.51.120.0/24"]
    assert [rule.priority for rule in node.static_rules] == [700]
    assert "eth1" in node.interfaces
