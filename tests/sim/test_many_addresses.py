"""Thousands of virtual addresses, routes and rules cost twice as much when there are twice as many.

Counted in lines of Python that run, not in seconds: so the answer is the same on a busy machine.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lines_run import lines_run
from vrrplab import at, own_cluster, simulate, variant
from vrrplab.sim.addresses import Address, Addresses
from vrrplab.tell import table


def host(n: int) -> str:
    return f"10.{100 + n // 65536}.{n // 256 % 256}.{n % 256}"


BLOCKS: dict[str, tuple[str, Callable[[int], str]]] = {
    "addresses": ("virtual_ipaddress_excluded", lambda n: f"{host(n)}/32"),
    "addresses of one subnet": ("virtual_ipaddress_excluded", lambda n: f"{host(n)}/8"),
    "routes": ("virtual_routes", lambda n: f"{host(n)}/32 via 10.0.0.1 dev eth0"),
    "rules": ("virtual_rules", lambda n: f"from {host(n)}/32 lookup 100 priority {1000 + n}"),
}


def failover(kind: str, many: int) -> str:
    """The table of a take-over, with that many of a kind."""
    block, line = BLOCKS[kind]
    lines = "\n".join(line(n) for n in range(many))
    files = {
        name: f"vrrp_instance V {{\n interface eth0\n virtual_router_id 5\n priority {priority}\n"
        f" virtual_ipaddress {{\n10.0.0.100/8\n}}\n {block} {{\n{lines}\n}}\n}}\n"
        for name, priority in (("r1", 200), ("r2", 100))
    }
    off = at(6, "carrier_down", server="r1", interface="eth0")
    return table.render(simulate(variant(own_cluster(**files), off, duration_s=11)))


@pytest.mark.parametrize("kind", BLOCKS)
def test_twice_as_many_cost_twice_as_much(kind: str) -> None:
    failover(kind, 10)  # what is imported and remembered on the way counts for nobody
    few, some, many = (lines_run(lambda n=n: failover(kind, n)) for n in (10, 150, 290))
    assert (many - some) < 1.25 * (some - few), "from 150 to 290 as much as from 10 to 150"


def test_the_first_address_of_a_subnet_is_the_oldest() -> None:
    first, second, other = (Address(*one) for one in (("10.0.0.1", 8), ("10.0.0.2", 8), ("10.0.0.3", 24)))
    held = Addresses([first, second, other])
    assert held.is_first(first)
    assert not held.is_first(second)
    assert held.is_first(other)  # another prefix length: a subnet of its own
    assert held.subnet_of(second) == [first, second]
    held.remove(first)
    assert held.is_first(second)
    assert [a.address for a in held] == ["10.0.0.2", "10.0.0.3"]
    assert held.get("10.0.0.1") is None


def test_the_longest_prefix_that_leads_there() -> None:
    held = Addresses([Address("10.0.0.1", 8), Address("10.0.0.2", 24), Address("fe80::1", 64)])
    reached = [held.reach(to) for to in ("10.0.0.9", "10.9.0.9", "11.0.0.1", "fe80::9", "2001:db8::1")]
    assert reached == [24, 8, -1, 64, -1]
    assert held.of_version(4) == 2
    assert held.first_of(6) == "fe80::1"
    assert Addresses().reach("10.0.0.1") == -1
