"""Virtual routes and rules on the hosts of a simulation. Kernel and daemon as measured (2.2.7)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vrrplab.config.routes import NextHop, VirtualRoute, VirtualRule
from vrrplab.scenario.parts import Segment
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.host import Host
from vrrplab.sim.play import run
from vrrplab.sim.rng import Chance
from vrrplab.sim.routes import LOST, Refused, RouteTables, Way
from vrrplab.sim.scheduler import Scheduler
from vrrplab.sim.switch import Switch
from vrrplab.tell import story, table
from vrrplab.trace import Trace
from vrrplab.trace.events import LogEvent, RouteAddedEvent, RouteRemovedEvent, WarningEvent

FAR = "198.51.100.0/24"


def a_host() -> Host:
    """eth0 in 192.168.2.0/24, eth1 in 10.9.9.0/24."""
    scheduler = Scheduler()
    host = Host("a", scheduler, lambda: None)
    for number, address in enumerate(("192.168.2.251/24", "10.9.9.251/24")):
        switch = Switch(Segment(f"lan{number}"), scheduler, Chance(0), lambda: None, lambda *_: None)
        host.add_nic(f"eth{number}", f"02:00:00:00:00:0{number}", switch, (address,))
    return host


def route(via: str = "10.9.9.1", interface: str = "eth1", to: str = FAR, **more: object) -> VirtualRoute:
    return VirtualRoute(to, (NextHop(via, interface),), **more)  # type: ignore[arg-type]


def leaves(found: Way | str | None) -> str:
    return f"{found.nic.name} {found.via}".strip() if isinstance(found, Way) else str(found)


def test_a_route_that_is_there_is_no_error_and_has_no_second_owner() -> None:
    tables = RouteTables(a_host())
    assert tables.add(route()) is not None
    assert tables.add(route()) is None
    assert len(tables.remove(route())) == 1
    assert tables.remove(route()) == []


def test_the_one_added_last_goes_before_those_of_its_network_and_metric() -> None:
    tables = RouteTables(a_host())
    tables.add(route())
    tables.add(route(via="10.9.9.2"))
    tables.add(route(via="10.9.9.3", metric=5))
    assert leaves(tables.way("198.51.100.7")) == "eth1 10.9.9.2"
    tables.remove(route(via="10.9.9.2"))
    assert leaves(tables.way("198.51.100.7")) == "eth1 10.9.9.1"
    tables.remove(route())
    assert leaves(tables.way("198.51.100.7")) == "eth1 10.9.9.3"


def test_the_longest_prefix_wins_and_a_blackhole_loses() -> None:
    tables = RouteTables(a_host())
    tables.add(route(to="0.0.0.0/0"))
    tables.add(VirtualRoute("198.51.100.128/25", kind="blackhole"))
    assert leaves(tables.way("198.51.100.7")) == "eth1 10.9.9.1"
    assert tables.way("198.51.100.200") == LOST
    assert leaves(tables.way("192.168.2.7")) == "eth0"
    assert tables.way("2001:db8::1") is None


def test_the_kernel_finds_the_interface_of_a_router_or_refuses() -> None:
    tables = RouteTables(a_host())
    held = tables.add(route(interface=""))
    assert held is not None
    assert held.text == f"{FAR} via 10.9.9.1 dev eth1 proto keepalived"
    for bad, why in (
        (route(via="172.31.0.1"), "Network is unreachable"),
        (route(via="172.31.0.1", interface=""), "Network is unreachable"),
        (route(to="198.51.110.5/24"), "Invalid argument"),
        (route(source_address="192.168.2.9"), "Invalid argument"),
    ):
        with pytest.raises(Refused, match=why):
            tables.add(bad)


def test_routes_go_with_their_interface_and_with_its_last_address() -> None:
    host = a_host()
    tables = RouteTables(host)
    tables.add(route())
    host.add_address("eth1", "10.9.9.252", 32)
    host.remove_address("eth1", "10.9.9.251")
    assert tables.address_gone("eth1", "10.9.9.251") == []
    host.remove_address("eth1", "10.9.9.252")
    assert len(tables.address_gone("eth1", "10.9.9.252")) == 1
    tables = RouteTables(a_host())
    tables.add(route())
    assert len(tables.interface_down("eth1")) == 1


def test_a_route_goes_with_its_source_address() -> None:
    host = a_host()
    tables = RouteTables(host)
    host.add_address("eth0", "192.168.2.101", 24)
    tables.add(route(source_address="192.168.2.101"))
    host.remove_address("eth0", "192.168.2.101")
    assert len(tables.address_gone("eth0", "192.168.2.101")) == 1


def test_rules_are_asked_in_their_order() -> None:
    tables = RouteTables(a_host())
    tables.add(route())
    tables.add(route(via="10.9.9.7", table="100"))
    rule = VirtualRule(300, 4, "192.168.2.101/32", table="100")
    tables.add_rule(rule)
    assert leaves(tables.way("198.51.100.7", "192.168.2.101")) == "eth1 10.9.9.7"
    assert leaves(tables.way("198.51.100.7", "192.168.2.102")) == "eth1 10.9.9.1"
    assert leaves(tables.way("192.168.2.7", "192.168.2.101")) == "eth0"  # nothing in table 100 leads there
    tables.add_rule(VirtualRule(200, 4, receiver=FAR, action="blackhole"))
    assert tables.way("198.51.100.7", "192.168.2.101") == LOST
    tables.add_rule(VirtualRule(100, 4, action="goto 250"))
    assert leaves(tables.way("198.51.100.7", "192.168.2.101")) == "eth1 10.9.9.7"
    assert not tables.add_rule(rule)
    assert tables.remove_rule(rule)
    marked = replace(rule, sender="", mark=5)
    tables.add_rule(marked)
    assert leaves(tables.way("198.51.100.7")) == "eth1 10.9.9.1"


# -- with the daemon --------------------------------------------------------------------------------


GUEST = "{at_s: 10, action: daemon_stop, server: b}, {at_s: 18, action: daemon_start, server: b}"


def conf(first: int, second: int, options: str = "via 10.9.9.1 dev eth1") -> str:
    """Two instances that name the same route."""
    text = ""
    for number, priority in ((1, first), (2, second)):
        text += f"""
vrrp_instance v{number} {{
    interface eth0
    virtual_router_id 11{number}
    priority {priority}
    virtual_routes {{ {FAR} {options}
    }}
    virtual_ipaddress {{ 192.168.2.10{number}/24
    }}
}}
"""
    return text


def shared_route(folder: Path, actions: str, options: str = "via 10.9.9.1 dev eth1", more: str = "") -> Trace:
    (folder / "a.conf").write_text(conf(150, 100, options))
    (folder / "b.conf").write_text(conf(100, 150, options))
    server = "{{config: {0}.conf, interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.25{1}/24]}},"
    server += " eth1: {{segment: wan, addresses: [10.9.9.25{1}/24]}}}}}}"
    text = f"""
name: shared-route
duration_s: 35
segments: {{lan: {{subnet: 192.168.2.0/24}}, wan: {{subnet: 10.9.9.0/24}}, far: {{subnet: 198.51.100.0/24}}}}
servers:
  a: {server.format("a", 1)}
  b: {server.format("b", 2)}
actions: [{actions}]
{more}
"""
    return run(scenario_from_text(text, folder))


def test_a_shared_route_goes_with_the_guest(tmp_path: Path) -> None:
    """A public report, rebuilt with 2.2.7: the route is gone, the address stays, nothing in the log."""
    trace = shared_route(tmp_path, GUEST)
    ours = trace.of(RouteAddedEvent, RouteRemovedEvent, server="a")
    assert [(e.event, e.instance) for e in ours] == [("route_added", "v1"), ("route_removed", "v2")]
    assert ours[0].text == f"{FAR} via 10.9.9.1 dev eth1 proto keepalived"
    assert (ours[0].interface, ours[0].table) == ("eth1", "main")
    assert trace.owner("192.168.2.101", 34) == "a"
    assert not [e for e in trace.of(LogEvent, server="a") if e.t > 22 and "route" in e.line.lower()]
    assert "! 21.414 s: v1 on a is MASTER without its route" in table.render(trace)
    shown = story.render(trace)
    assert "a at 35.0 s$ ip route show proto keepalived\n\n" in shown
    assert f"b at 35.0 s$ ip route show proto keepalived\n{ours[0].text}" in shown


def test_an_untracked_route_does_not_come_back_with_its_interface(tmp_path: Path) -> None:
    down = "{at_s: 10, action: link_down, server: a, interface: eth1}"
    trace = shared_route(
        tmp_path, f"{down}, {down.replace('down', 'up').replace('10', '15')}", "dev eth1 no_track"
    )
    removed = trace.of(RouteRemovedEvent, server="a")
    assert [(e.t, e.instance) for e in removed] == [(10.0, "")]
    warned = [e.text for e in trace.of(WarningEvent, server="a")]
    assert any("v1 on a is MASTER without its route" in w and "eth1 was set down" in w for w in warned)


def test_a_tracked_route_means_fault_and_no_warning(tmp_path: Path) -> None:
    trace = shared_route(tmp_path, "{at_s: 10, action: link_down, server: a, interface: eth1}")
    assert trace.owner("192.168.2.101", 20) == "b"
    assert not [e for e in trace.of(WarningEvent, server="a") if "without its route" in e.text]


def test_a_client_whose_answers_need_the_route_notices(tmp_path: Path) -> None:
    """Its network is on the same wire, and only the route says so; the server names no other way there."""
    client = "clients: {pc: {segment: lan, addresses: [198.51.100.10/24],"
    client += " probes: [{kind: icmp, target: 192.168.2.101, every_s: 0.1}]}}"
    trace = shared_route(tmp_path, GUEST, "dev eth0", client)
    outage = trace.outages("192.168.2.101")[-1]
    assert (round(outage.from_s, 1), outage.to_s) == (21.4, None)
    told = trace.why_out("192.168.2.101", 30)
    assert f"a has no way back: its route {FAR} dev eth0 proto keepalived is gone since 21.414 s" in told
    assert told.endswith("v2 took it along.")


def test_the_answer_takes_the_route_through_a_router_of_another_network(tmp_path: Path) -> None:
    """The question comes through the LAN; the answer must leave by the WAN, as the route says."""
    more = "routers: {r1: {interfaces: {lan: 192.168.2.1/24, wan: 10.9.9.1/24, far: 198.51.100.1/24}}}\n"
    more += "clients: {pc: {segment: far, addresses: [198.51.100.10/24],"
    more += " probes: [{kind: icmp, target: 192.168.2.101, every_s: 0.1}]}}"
    cut = "{at_s: 7, action: segment_fault, segment: wan, between: [[a, r1]]}"
    cut += ", {at_s: 8, action: segment_heal, segment: wan}"
    trace = shared_route(tmp_path, f"{cut}, {GUEST}", more=more)
    first, last = trace.outages("192.168.2.101")[-2:]
    assert (round(first.from_s, 1), round(first.to_s or 0, 1)) == (6.9, 8.0)
    assert (round(last.from_s, 1), last.to_s) == (21.4, None)
