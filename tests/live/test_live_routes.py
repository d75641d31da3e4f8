"""A live router with virtual and static routes and rules, in namespaces."""

from __future__ import annotations

import pytest
from live_bench import VIP, Bench, fast, master

from vrrplab.config.reader import parse_text
from vrrplab.live.session import renamed
from vrrplab.trace.events import RuleAddedEvent, RuleRemovedEvent

pytestmark = pytest.mark.needs("namespaces", "ip", "nsenter", "tcpdump")
COMPANIONS = f"""virtual_routes {{
        198.51.100.0/24 dev eth0
        198.51.101.0/24 dev eth0 table 77 metric 5
        blackhole 198.51.105.0/24
    }}
    virtual_rules {{
        from {VIP}/32 table 77 priority 300
    }}"""


def test_routes_and_rules_come_and_go_with_the_master() -> None:
    """Input: virtual_routes and virtual_rules. Output: as ``ip route`` and ``ip rule`` show them while it is
    MASTER, in the trace as well; nothing of them afterwards.
    """
    with Bench(["r1"]) as bench:
        router = master(bench.vrrplab("r1", fast(150, more=COMPANIONS)))
        routes = [line.strip() for line in bench.ip("r1", "route", "show").splitlines()]
        assert "198.51.100.0/24 dev eth0 proto 18" in [r.replace("keepalived", "18") for r in routes]
        assert any(r.startswith("blackhole 198.51.105.0/24") for r in routes)
        assert "metric 5" in bench.ip("r1", "route", "show", "table", "77")
        assert f"from {VIP} lookup 77" in bench.ip("r1", "rule")
        router.stop()
        assert "198.51" not in bench.ip("r1", "route", "show", "table", "all")
        assert "300:" not in bench.ip("r1", "rule")
        told = router.trace().of(RuleAddedEvent, RuleRemovedEvent)
        assert [(e.event, e.text.split()[0]) for e in told] == [
            ("rule_added", "300:"),
            ("rule_removed", "300:"),
        ]


def test_an_interface_that_is_called_otherwise_here_is_so_in_routes_and_rules() -> None:
    more = (
        "virtual_routes {\n198.51.100.0/24 dev eth0\n}\nvirtual_rules {\nfrom 10.0.0.0/8 iif eth0 table 7\n}"
    )
    (instance,) = renamed(parse_text(fast(150, more=more), "a.conf"), {"": "ens3"}).instances
    assert instance.virtual_routes[0].interface == "ens3"
    assert instance.virtual_rules[0].interface == "ens3"
