"""Followers heard for as a group, and each for himself: the same run, event for event."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.random_clusters import random_cluster, scenario_of
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim import followers
from vrrplab.sim.play import play, run
from vrrplab.sim.router import Router
from vrrplab.sim.world import World
from vrrplab.trace.rows import Repeated

ROOT = Path(__file__).parents[2]
RECORDED = sorted(path.parent.name for path in (ROOT / "data/recordings").glob("*/scenario.yaml"))
PARTS = 4

CONF = """
global_defs {{
    vrrp_version {version}
    {more}
}}
vrrp_instance V1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {interval}
    {extra}
    virtual_ipaddress {{ 192.168.2.100/24 }}
}}
"""


def crowd(seed: int) -> Scenario:
    """Many servers of one virtual router, and what may befall a few of them."""
    dice = random.Random(seed)
    version, interval = dice.choice([(2, 1), (2, 2), (3, 1), (3, 0.5)])
    extras = ["", "", "", "nopreempt", "preempt_delay 3", "higher_prio_send_advert"]
    names = [f"r{n}" for n in range(dice.randint(3, 12))]
    equal = dice.random() < 0.3
    together = dice.random() < 0.5
    servers: dict[str, Any] = {}
    for number, name in enumerate(names):
        text = CONF.format(
            version=version,
            more=dice.choice(["", "", "", "vrrp_startup_delay 2"]),
            priority=100 if equal else dice.choice([50, 90, 100, 100, 101, 150, 200]),
            interval=interval,
            extra=dice.choice(extras),
        )
        card = {"segment": "lan", "addresses": [f"192.168.2.{number + 1}/24"]}
        start_s = 0.0 if together else round(dice.uniform(0, 3), dice.choice([1, 6]))
        servers[name] = {"config": text, "start_at_s": start_s, "interfaces": {"eth0": card}}
    plain: dict[str, Any] = {
        "name": f"crowd-{seed}",
        "duration_s": 30,
        "seed": seed,
        "profile": dice.choice(["keepalived-2.2.7", "keepalived-2.4.3", "rfc9568", "rfc5798"]),
        "segments": {"lan": {"subnet": "192.168.2.0/24", "latency_s": dice.choice([0.0002, 0.002])}},
        "servers": servers,
        "actions": sorted(
            (act for _ in range(dice.randint(1, 5)) for act in fault(dice, names)), key=lambda a: a["at_s"]
        ),
    }
    return scenario_of(plain)


def fault(dice: random.Random, names: list[str]) -> list[dict[str, Any]]:
    """Something breaks, and is mended."""
    one, two = dice.sample(names, 2)
    kinds: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"action": "link_down", "server": one, "interface": "eth0"},
            {"action": "link_up", "server": one, "interface": "eth0"},
        ),
        (
            {"action": "carrier_down", "server": one, "interface": "eth0"},
            {"action": "carrier_up", "server": one, "interface": "eth0"},
        ),
        ({"action": "power_off", "server": one}, {"action": "power_on", "server": one}),
        ({"action": "daemon_stop", "server": one}, {"action": "daemon_start", "server": one}),
        ({"action": "daemon_kill", "server": one}, {"action": "daemon_start", "server": one}),
        (
            {"action": "daemon_kill", "server": one, "process": "child"},
            {"action": "daemon_kill", "server": two, "process": "parent"},
        ),
        ({"action": "daemon_freeze", "server": one}, {"action": "daemon_thaw", "server": one}),
        (
            {"action": "firewall_drop", "server": one, "direction": "in", "protocol": "vrrp"},
            {"action": "firewall_clear", "server": one},
        ),
        (
            {"action": "firewall_drop", "server": one, "direction": "out", "protocol": "vrrp"},
            {"action": "firewall_clear", "server": one},
        ),
        (
            {"action": "segment_fault", "segment": "lan", "loss": 0.2},
            {"action": "segment_heal", "segment": "lan"},
        ),
        (
            {"action": "segment_fault", "segment": "lan", "multicast": False},
            {"action": "segment_heal", "segment": "lan"},
        ),
        (
            {"action": "segment_fault", "segment": "lan", "between": [[one, two]]},
            {"action": "segment_heal", "segment": "lan"},
        ),
        (
            {"action": "segment_fault", "segment": "lan", "latency_s": 0.01, "jitter_s": 0.005},
            {"action": "segment_heal", "segment": "lan"},
        ),
        (
            {
                "action": "address_remove",
                "server": one,
                "interface": "eth0",
                "address": f"192.168.2.{names.index(one) + 1}",
            },
            {
                "action": "address_add",
                "server": one,
                "interface": "eth0",
                "address": f"192.168.2.{names.index(one) + 1}/24",
            },
        ),
    ]
    breaks, mends = dice.choice(kinds)
    at_s = round(dice.uniform(4, 20), dice.choice([0, 2]))
    return [{"at_s": at_s} | breaks, {"at_s": round(at_s + dice.uniform(0.1, 9), 3)} | mends]


def lines(scenario: Scenario, monkeypatch: pytest.MonkeyPatch, fewest: int) -> list[str]:
    monkeypatch.setattr(followers, "FEWEST", fewest)
    return [event.to_json() for event in run(scenario, frames=True)]


def same(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    grouped, alone = lines(scenario, monkeypatch, 1), lines(scenario, monkeypatch, 10**9)
    for one, other in zip(grouped, alone, strict=False):
        assert one == other, scenario.name
    assert len(grouped) == len(alone), scenario.name


@pytest.mark.parametrize("part", range(PARTS))
def test_recorded_scenarios_are_the_same(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in RECORDED[part::PARTS]:
        same(load_scenario(str(ROOT / "data/recordings" / name / "scenario.yaml")), monkeypatch)


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_crowds_are_the_same(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + 25):
        same(crowd(seed), monkeypatch)


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("first", range(1000, 2000, 250))
def test_a_thousand_scenarios_are_the_same(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + 250):
        same(crowd(seed) if seed % 4 else random_cluster(seed), monkeypatch)


def heard_by_groups(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many adverts were noted once for all."""
    count = 0
    hear = followers.Followers.hear

    def counted(group: followers.Followers, *args: Any) -> None:
        nonlocal count
        count += 1
        hear(group, *args)

    monkeypatch.setattr(followers.Followers, "hear", counted)
    run(scenario)
    return count


def test_followers_who_wait_equally_long_are_woken_by_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the calls that wait are those of each of them, with the same turns, whoever asks for them."""
    scenario = many(9, 20)
    alone, grouped = World(scenario, leap=False), World(scenario, leap=False)
    for world, fewest in ((alone, 10**9), (grouped, 1)):
        monkeypatch.setattr(followers, "FEWEST", fewest)
        world.begin()
        world.advance(15_500_000)
    slept = [box.router._sleepers for box in grouped.boxes.values()]
    assert sum(one is not None for one in slept) == 8
    assert len({id(one) for one in slept if one is not None}) == 1
    fork = grouped.fork()
    for world in (grouped, fork):
        assert whose_turn(world) == whose_turn(alone)
    expected = [event.to_json() for event in alone.finish()]
    for world in (grouped, fork):
        world.settle()
        assert [event.to_json() for event in world.finish()] == expected


def whose_turn(world: World) -> list[tuple[int, str, str]]:
    """The calls that wait: when, what, and which server's."""
    owners = [(t_us, call, getattr(call, "__self__", None)) for t_us, call, _ in world.scheduler.waiting()]
    return [(t_us, c.__name__, o.host.name if isinstance(o, Router) else "") for t_us, c, o in owners]


def many(servers: int, duration_s: int) -> Scenario:
    """Servers of one virtual router, one of a higher priority; it is killed, and another one is MASTER."""
    boxes = {
        f"r{n}": {
            "config": CONF.format(version=2, more="", priority=100 + (n == 0), interval=1, extra=""),
            "start_at_s": n / 1000,
            "interfaces": {
                "eth0": {"segment": "lan", "addresses": [f"192.168.{2 + n // 250}.{1 + n % 250}/16"]}
            },
        }
        for n in range(servers)
    }
    plain: dict[str, Any] = {
        "name": "many",
        "duration_s": duration_s,
        "segments": {"lan": {"subnet": "192.168.0.0/16"}},
        "servers": boxes,
        "actions": [{"at_s": duration_s * 0.8, "action": "daemon_kill", "server": "r0"}],
    }
    return scenario_of(plain)


@pytest.mark.parametrize(
    "servers", [7, 40, pytest.param(150, marks=[pytest.mark.long, pytest.mark.computes])]
)
def test_groups_and_leaps_together_change_nothing(servers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    traces = []
    for fewest, leaps in ((1, True), (10**9, True), (1, False)):
        monkeypatch.setattr(followers, "FEWEST", fewest)
        world = World(many(servers, 60), leap=leaps)
        traces.append([event.to_json() for event in play(world)])
        assert any(isinstance(row, Repeated) for row in world._tape.own) == leaps
    assert traces[0] == traces[1] == traces[2]


def test_there_are_groups_in_these_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "FEWEST", 1)
    assert sum(heard_by_groups(crowd(seed), monkeypatch) > 0 for seed in range(10)) >= 8


def test_who_asks_sees_a_follower_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "FEWEST", 1)
    seen: list[list[object]] = [[], []]
    for into in seen:
        world = World(crowd(3))
        play(world)
        for box in world.boxes.values():
            daemon = box.router.daemon
            into.append([(i.state, i.armed) for i in daemon.instances] if daemon else None)
        monkeypatch.setattr(followers, "FEWEST", 10**9)
    assert seen[0] == seen[1]
