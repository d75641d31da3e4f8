"""A world forked at any moment goes on as if it had been there from the start, and no run reaches another."""

from __future__ import annotations

from dataclasses import replace
from types import BuiltinMethodType, FunctionType, MappingProxyType

import pytest
from object_graph import parts_of, state_of

from vrrplab.data_files import data_path
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.sim.world import World
from vrrplab.trace import Trace

BUILT_IN = sorted(path.stem for path in data_path("scenarios").glob("*.yaml"))

# What those have not: AH, draws, routes, groups, reloads, macvlans, tracked files, rp_filter.
RECORDED = (
    "auth_ah",
    "card_deleted",
    "preempt_delay",
    "reload_rename",
    "rp_filter_second_card",
    "shared_virtual_route",
    "sigkill_child__v2.4.3",
    "sync_group_script",
    "tentative_source",
    "track_file_weight",
    "two_equal_priority",
    "use_vmac_v6",
)

BEHIND_A_ROUTER = """
name: behind-a-router
duration_s: 20
segments: {lan: {subnet: 192.168.2.0/24}, far: {subnet: 10.0.9.0/24}}
routers: {gw: {interfaces: {lan: 192.168.2.254/24, far: 10.0.9.1/24}, latency_s: 0.0005}}
servers:
  a:
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.1/24]}}
    config: |
      vrrp_instance V {
      interface eth0
      virtual_router_id 51
      priority 150
      version 3
      virtual_ipaddress {
      192.168.2.100/24
      }
      }
  b:
    interfaces: {eth0: {segment: lan, addresses: [192.168.2.2/24]}}
    frr: {interface: eth0, vrid: 51, priority: 100, addresses: [192.168.2.100]}
clients:
  pc:
    segment: far
    addresses: [10.0.9.10/24]
    probes: [{kind: icmp, target: 192.168.2.100, every_s: 0.1}]
actions:
- {at_s: 6, action: daemon_freeze, server: a}
- {at_s: 12, action: daemon_thaw, server: a}
- {at_s: 15, action: power_off, server: a}
"""

SCENARIOS = {
    **{name: name for name in BUILT_IN},
    **{name: str(data_path("recordings", name, "scenario.yaml")) for name in RECORDED},
}


SHARED_UNTIL_CHANGED = [
    f"Addresses.{name}" for name in ("_all", "_named", "_networks", "_lengths", "_macs", "_versions")
]


def scenario_of(name: str) -> Scenario:
    return scenario_from_text(BEHIND_A_ROUTER) if name == "router" else load_scenario(SCENARIOS[name])


def lossy(scenario: Scenario) -> Scenario:
    """With 5 % loss and jitter everywhere, so that each frame takes draws."""
    segments = {
        name: replace(segment, loss=0.05, jitter_us=3_000) for name, segment in scenario.segments.items()
    }
    return scenario.changed(segments=segments, seed=7)


def begun(scenario: Scenario, *, bytes_too: bool = False) -> World:
    world = World(scenario, frames=bytes_too, capture=bytes_too)
    world.begin()
    return world


def lines(trace: Trace) -> list[str]:
    return [event.to_json() for event in trace]


def check_forks(scenario: Scenario, moments: int, *, bytes_too: bool = False) -> None:
    """Forks at so many moments, a fork of each at a later one, and the original: as a run from the start."""
    whole = begun(scenario, bytes_too=bytes_too)
    expected, captured = lines(whole.finish()), whole.captured
    assert expected
    end_us = scenario.duration_us
    original = begun(scenario, bytes_too=bytes_too)
    forks = []
    for number in range(moments):
        # odd moments, so that some fall between a frame's leaving and its coming, or into a check's run
        original.advance(end_us * number // moments + 137 * number)
        fork = original.fork()
        fork.advance(end_us * (number + 1) // moments + 61)
        forks += [fork.fork(), fork]
    for world in (*forks, original):
        assert lines(world.finish()) == expected
        assert world.captured == captured


@pytest.mark.parametrize("name", BUILT_IN)
def test_forks_are_runs_from_the_start(name: str) -> None:
    check_forks(scenario_of(name), 2)


@pytest.mark.parametrize("name", ["lesson-ipv6", "lesson-three-routers"])
def test_forks_draw_what_the_whole_run_draws(name: str) -> None:
    check_forks(lossy(scenario_of(name)), 2)


@pytest.mark.parametrize("name", [*RECORDED, "router"])
def test_forks_of_what_daemons_can_do(name: str) -> None:
    check_forks(scenario_of(name), 2, bytes_too=True)


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("clean", [True, False], ids=["clean", "lossy"])
@pytest.mark.parametrize("name", [*BUILT_IN, "router"])
def test_forks_at_every_stage(name: str, clean: bool) -> None:
    scenario = scenario_of(name)
    check_forks(scenario if clean else lossy(scenario), 7)


@pytest.mark.parametrize("count", [10, pytest.param(100, marks=[pytest.mark.long, pytest.mark.computes])])
def test_many_forks_of_one_snapshot(count: int) -> None:
    scenario = scenario_of("article-drill-1-lan-nic")
    expected = lines(begun(scenario).finish())
    world = begun(scenario)
    world.advance(12_000_000)
    snapshot = world.snapshot()
    assert all(lines(snapshot.thaw().finish()) == expected for _ in range(count))
    assert lines(world.finish()) == expected


@pytest.mark.parametrize("name", [*BUILT_IN, *RECORDED, "router"])
def test_no_call_that_waits_hides_state(name: str) -> None:
    """A closure or a built-in method bound to state would be shared with a copy, which nobody would see.

    And whoever has fields beside his slots is copied several times slower.
    """
    scenario = scenario_of(name)
    world = begun(scenario)
    for part in range(5):
        world.advance(scenario.duration_us * part // 5 + 100)
        for thing, way in state_of(world).values():
            assert not (isinstance(thing, FunctionType) and thing.__closure__), way
            assert not isinstance(thing, BuiltinMethodType), way
            assert not (type(thing).__module__.startswith("vrrplab") and hasattr(thing, "__dict__")), way


@pytest.mark.parametrize("name", [*BUILT_IN, *RECORDED, "router"])
def test_a_fork_shares_no_state(name: str) -> None:
    world = begun(scenario_of(name), bytes_too=True)
    world.advance(4_000_100)
    fork = world.fork()
    ours, theirs = (state_of(one, without=SHARED_UNTIL_CHANGED) for one in (world, fork))
    assert len(ours) == len(theirs)
    for number in ours.keys() & theirs.keys():
        thing, way = ours[number]
        assert thing == () or isinstance(thing, FunctionType | frozenset), way
    tables = [p for thing, _ in ours.values() for p, _ in parts_of(thing) if type(p) is MappingProxyType]
    assert tables
    for table in tables:  # shared, so nothing in them may change
        assert not any(
            type(one).__module__.startswith("vrrplab") for one, _ in state_of(dict(table)).values()
        )


def test_a_fork_can_be_given_another_fate() -> None:
    """What happens in one fork happens in no other."""
    scenario = scenario_of("article-steady")
    world = begun(scenario)
    world.advance(5_000_000)
    fork = world.fork()
    before = lines_of(fork)
    fork.boxes["proxy-serv01"].router.kill("both")
    fork.advance(9_000_000)
    assert lines_of(world) == before
    assert lines(world.finish()) == lines(begun(scenario).finish())
    assert any('"STOP"' in line for line in lines_of(fork))


@pytest.mark.parametrize("name", ["article-steady", "lesson-ipv6"])
@pytest.mark.parametrize("who", ["world", "fork", "fork of the fork"])
def test_addresses_are_shared_until_one_world_changes_its_own(name: str, who: str) -> None:
    world = begun(scenario_of(name))
    world.advance(5_000_000)
    fork = world.fork()
    worlds = {"world": world, "fork": fork, "fork of the fork": fork.fork()}
    before = {one: addresses_of(there) for one, there in worlds.items()}
    host = next(iter(worlds[who].boxes.values())).host
    own = next(a for a in host.nics["eth0"].addresses if ":" not in a.address)
    host.remove_address("eth0", own.address)
    host.add_address("eth0", "192.0.2.77", 24)
    for one, there in worlds.items():
        assert (addresses_of(there) != before[one]) == (one == who)
        assert addresses_of(there.fork()) == addresses_of(there)
        assert there.boxes[host.name].host.has("192.0.2.77") == (one == who)


def addresses_of(world: World) -> list[tuple[str, str, int, int | None]]:
    return [
        (nic.port_name, a.address, nic.addresses.reach(a.address), a.added_us)
        for box in world.boxes.values()
        for nic in box.host.nics.values()
        for a in nic.addresses
    ]


def lines_of(world: World) -> list[str]:
    return [event.to_json() for event in world.events]
