"""Segments joined by routers: unicast VRRP between subnets, clients behind one, and what stays at home."""

from __future__ import annotations

import pytest

from vrrplab.errors import ScenarioError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import scenario_from_text
from vrrplab.sim.gateway import one_hop_on
from vrrplab.sim.play import play, run
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.wire.frames import decode
from vrrplab.wire.ip import IPv4Header

ROUTER = "routers: {r1: {interfaces: {zone1: 10.0.1.1/24, zone2: 10.0.2.1/24}, latency_s: 0.0005}}"


def unicast(priority: int, own: str, peer: str) -> str:
    return (
        f"vrrp_instance eip {{\n      interface eth0\n      virtual_router_id 34\n      priority {priority}\n"
        f"      unicast_src_ip {own}\n      unicast_peer {{\n      {peer}\n      }}\n"
        "      virtual_ipaddress {\n      10.0.1.100/32\n      }\n      }"
    )


def two_zones(routers: str, *actions: str) -> Scenario:
    """One server in each of two subnets, each the other's unicast peer."""
    return scenario_from_text(f"""
duration_s: 20
segments: {{zone1: {{subnet: 10.0.1.0/24}}, zone2: {{subnet: 10.0.2.0/24}}}}
{routers}
servers:
  a:
    interfaces: {{eth0: {{segment: zone1, addresses: [10.0.1.11/24]}}}}
    config: |
      {unicast(150, "10.0.1.11", "10.0.2.12")}
  b:
    interfaces: {{eth0: {{segment: zone2, addresses: [10.0.2.12/24]}}}}
    config: |
      {unicast(100, "10.0.2.12", "10.0.1.11")}
actions: [{", ".join(actions)}]
""")


def states(trace: Trace, server: str) -> list[str]:
    return [e.fields["to"] for e in trace.of("state", server=server)]


def warnings(trace: Trace) -> list[str]:
    return [e.fields["text"] for e in trace.of("warning")]


def test_unicast_between_two_subnets_works_through_a_router() -> None:
    """Measured with 2.2.7 (a public report, rebuilt): the TTL of unicast adverts is not checked."""
    trace = run(two_zones(ROUTER))
    assert states(trace, "a") == ["BACKUP", "MASTER"]
    assert states(trace, "b") == ["BACKUP"]
    assert not warnings(trace)
    sent, heard = (next(iter(trace.of(kind))) for kind in ("advert_sent", "advert_received"))
    assert 0.0009 - 1e-9 <= heard.t - sent.t < 0.01  # two segments, the router, and the question who has it


def test_a_toss_between_two_subnets_is_told() -> None:
    """MASTERs that reject each other: which of them goes on sending is open, across a router too."""
    auth = "authentication {{\n      auth_type PASS\n      auth_pass {}\n      }}\n      unicast_src_ip {}"
    text = two_zones(ROUTER).to_yaml()
    for own, password in (("10.0.1.11", "one"), ("10.0.2.12", "two")):
        text = text.replace(f"unicast_src_ip {own}", auth.format(password, own))
    drawn = set()
    for seed in range(6):
        tosses = run(scenario_from_text(text).changed(seed=seed)).of("undecided")
        assert all(toss.fields["candidates"] == ["a", "b"] for toss in tosses)
        drawn |= {toss.fields["drawn"] for toss in tosses}
    assert drawn == {"a", "b"}


def test_of_two_networks_a_router_takes_the_narrower_one() -> None:
    """RFC 1812 section 5.2.4.3: the longest match."""
    wide = "routers: {r1: {interfaces: {zone1: 10.0.1.1/16, zone2: 10.0.2.1/24}}}"
    router = World(two_zones(wide)).gateways[0]
    ways = [router.way_out(address) for address in ("10.0.1.11", "10.0.2.12", "192.0.2.1")]
    assert [way and way.name for way in ways] == ["zone1", "zone2", None]


def test_a_forwarded_frame_is_the_routers_with_one_hop_less() -> None:
    world = World(two_zones(ROUTER), capture=True)
    play(world)
    adverts = [(segment, decode(data)) for _, segment, data in world.captured if decode(data).vrrp]
    (there, sent), (here, forwarded) = adverts[:2]
    assert (there, here) == ("zone1", "zone2")
    assert sent.ip is not None
    assert forwarded.ip is not None
    assert (sent.ip.ttl, forwarded.ip.ttl) == (255, 254)
    assert forwarded.ip.checksum_ok
    (zone1, zone2) = (i["mac"] for i in world.scenario.as_cast()["routers"]["r1"]["interfaces"].values())
    assert (sent.eth.destination, forwarded.eth.source) == (zone1, zone2)
    assert forwarded.vrrp == sent.vrrp


def test_the_checksum_follows_the_ttl_through_its_whole_range() -> None:
    whole = b"\x08\x00" + IPv4Header("10.0.1.11", "10.0.2.12").emit(bytes(20))
    for ttl in range(254, 0, -1):
        whole = one_hop_on(whole)
        found = decode(bytes(12) + whole).ip
        assert found is not None
        assert (found.ttl, found.checksum_ok) == (ttl, True)


def test_peers_in_two_subnets_without_a_router_are_warned_of_with_the_cure() -> None:
    trace = run(two_zones(""))
    assert states(trace, "a") == states(trace, "b") == ["BACKUP", "MASTER"]
    told = warnings(trace)
    for server, other in (("a", "b"), ("b", "a")):
        assert any(f"({other}) is in" in t and f"{server} in zone" in t and "routers: {" in t for t in told)
    assert any("split brain" in t and "zone1 and zone2" in t for t in told)


def test_a_router_that_is_not_in_the_peers_network_leads_nowhere() -> None:
    trace = run(two_zones("routers: {r1: {interfaces: {zone1: 10.0.1.1/24, zone2: 10.0.3.1/24}}}"))
    assert states(trace, "a") == states(trace, "b") == ["BACKUP", "MASTER"]
    assert sum("no router leads there" in t for t in warnings(trace)) == 2


def test_two_subnets_on_one_wire_need_no_router() -> None:
    """2.2.7, measured: its sockets are bound to their card, and Linux takes the peer to be on its wire."""
    text = two_zones("").to_yaml().replace("segment: zone2", "segment: zone1")
    trace = run(scenario_from_text(text))
    assert states(trace, "b") == ["BACKUP"]
    assert not warnings(trace)


def behind_a_router(*actions: str) -> Scenario:
    """Two servers in one subnet, a client in another that asks for their virtual address."""
    servers = "".join(
        f"""
  {name}:
    interfaces: {{eth0: {{segment: lan, addresses: [192.168.2.{n}/24]}}}}
    config: |
      vrrp_instance V {{
      interface eth0
      virtual_router_id 51
      priority {priority}
      virtual_ipaddress {{
      192.168.2.100/24
      }}
      }}"""
        for n, (name, priority) in enumerate((("a", 150), ("b", 100)), 1)
    )
    return scenario_from_text(f"""
duration_s: 60
segments: {{lan: {{subnet: 192.168.2.0/24}}, office: {{subnet: 10.0.0.0/24}}}}
routers: {{r1: {{interfaces: {{lan: 192.168.2.254/24, office: 10.0.0.1/24}}}}}}
servers: {servers}
clients:
  pc:
    segment: office
    addresses: [10.0.0.10/24]
    probes:
    - {{kind: icmp, target: 192.168.2.100, every_s: 0.02}}
    - {{kind: icmp, target: 10.0.0.1, every_s: 0.02}}
actions: [{", ".join(actions)}]
""")


def test_a_client_behind_a_router_reaches_the_virtual_address_and_sees_the_failover() -> None:
    trace = run(behind_a_router("{at_s: 10, action: power_off, server: a}"))
    (failing,) = trace.outages("192.168.2.100")
    assert failing.from_s == pytest.approx(10, abs=0.05)
    taken_over = next(e.t for e in trace.of("state", server="b") if e.fields["to"] == "MASTER")
    assert failing.to_s == pytest.approx(taken_over, abs=0.05)
    assert not trace.outages("10.0.0.1")  # the router itself answers all the time
    moves = [(e.fields["client"], e.fields["ip"]) for e in trace.of("neighbour")]
    assert ("r1", "192.168.2.100") in moves
    assert ("pc", "192.168.2.100") not in moves  # what a client asks for is its router


def test_a_routers_neighbour_cache_is_stale_until_a_gratuitous_arp_comes() -> None:
    """As a host's: the old holder is asked for seconds more when nobody tells the router."""
    fault = "{at_s: 12, action: segment_fault, segment: lan, between: [[b, r1]], loss: 1.0}"
    heal = "{at_s: 16, action: segment_heal, segment: lan}"
    power = "{at_s: 12, action: power_off, server: a}"
    deaf = run(behind_a_router(fault, power, heal)).outages("192.168.2.100")[-1]
    told = run(behind_a_router(power)).outages("192.168.2.100")[-1]
    assert told.to_s is not None
    assert deaf.to_s is not None
    assert told.to_s < 16 < deaf.to_s


def test_strict_reverse_path_filtering_knows_the_default_route() -> None:
    """What a client behind the router asks comes back the same way: rp_filter has nothing against it."""
    text = behind_a_router().to_yaml().replace("start_at_s:", "host: {rp_filter: 1}\n    start_at_s:")
    trace = run(scenario_from_text(text))
    assert trace.outages("192.168.2.100") == []
    assert not warnings(trace)


def test_multicast_and_link_local_stay_in_their_segment() -> None:
    world = World(behind_a_router(), capture=True)
    play(world)
    beyond = [decode(data) for _, segment, data in world.captured if segment == "office"]
    assert not [f for f in beyond if f.vrrp is not None]


def test_a_router_is_written_down_as_it_was_read() -> None:
    interfaces = "{zone1: 10.0.1.1/24, zone2: [10.0.2.1/24, fd00::1/64]}"
    made = two_zones(f"routers: {{r1: {{interfaces: {interfaces}, latency_s: 0.002}}}}")
    again = scenario_from_text(made.to_yaml())
    assert again.routers == made.routers
    assert again.routers["r1"].latency_us == 2000


@pytest.mark.parametrize(
    ("routers", "complaint"),
    [
        ("routers: {r1: {interfaces: {zone1: 10.0.1.1/24}}}", "joins nothing"),
        ("routers: {r1: {interfaces: {zone1: 10.0.1.1/24, zone2: []}}}", "has no address in zone2"),
        ("routers: {r1: {interfaces: {zone1: 10.0.1.1/24, zone3: 10.0.3.1/24}}}", "no segment 'zone3'"),
        ("routers: {a: {interfaces: {zone1: 10.0.1.1/24, zone2: 10.0.2.1/24}}}", "another host"),
        ("routers: {r1: {interfaces: {zone1: 10.0.1.1, zone2: 10.0.2.1/24}}}", "prefix length"),
        ("routers: {r1: {interface: {zone1: 10.0.1.1/24}}}", "interface"),
    ],
)
def test_a_router_that_makes_no_sense_is_refused_at_its_line(routers: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as caught:
        two_zones(routers)
    assert caught.value.line == 4
