"""What a simulation will take is reckoned from its scenario alone, and the reckoning is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from programs import program

from vrrplab.config.model import UnicastPeer
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.estimate import events_of, frames_of, work_of
from vrrplab.sim.play import play, run
from vrrplab.sim.world import World
from vrrplab.units import SECOND_US
from vrrplab.work import ANNOUNCEMENT, CHECK, QUESTION, RECEPTION, SENT, TooMuchWork, allow, still_allowed

bench = program("benchmarks/simulation.py")
SLOW_US = 50_000  # a network in which nobody hears in time that another one is MASTER
PRIORITIES = {
    "equal": lambda place: 100,
    "distinct": lambda place: 250 - place,
    "mixed": lambda place: 100 + place % 2,
}


def cluster(
    servers: int, priorities: str, latency_us: int, seconds: int = 10, **instance: object
) -> Scenario:
    plain = bench.cluster(servers, 1, seconds)
    boxes = {}
    for place, (name, server) in enumerate(plain.servers.items()):
        one = replace(
            server.node.instances[0],
            base_priority=PRIORITIES[priorities](place),
            **instance,  # type: ignore[arg-type]
        )
        boxes[name] = replace(server, node=replace(server.node, instances=(one,)))
    segments = {name: replace(s, latency_us=latency_us) for name, s in plain.segments.items()}
    return plain.changed(servers=boxes, segments=segments)


def counted(scenario: Scenario) -> Counter[str]:
    return Counter(event.event for event in run(scenario))


@pytest.mark.parametrize("latency_us", [200, SLOW_US])
@pytest.mark.parametrize("priorities", PRIORITIES)
@pytest.mark.parametrize("servers", [10, 20, pytest.param(40, marks=pytest.mark.long)])
def test_a_start_is_reckoned(servers: int, priorities: str, latency_us: int) -> None:
    """The seed draws how bad a storm is: none is worse than was reckoned, and one of a few comes near."""
    scenario = cluster(servers, priorities, latency_us)
    reckoned = dict(work_of(scenario).parts)
    real = [counted(scenario.changed(seed=seed)) for seed in range(12 if servers < 40 else 6)]
    for kind, event in ((RECEPTION, "advert_received"), (SENT, "advert_sent"), (ANNOUNCEMENT, "garp_sent")):
        worst = max(one[event] for one in real)
        assert worst <= reckoned[kind] <= 1.5 * worst + 2 * servers, kind.what


def test_a_storm_is_n_cubed() -> None:
    """What 100 real daemons of equal priority do in 10 s, if none hears the others in time."""
    assert dict(work_of(cluster(100, "equal", SLOW_US)).parts)[RECEPTION] == pytest.approx(980_595, rel=0.03)


@pytest.mark.parametrize("profile", ["keepalived-2.2.7", "rfc5798"])
def test_a_mesh_of_unicast_peers(profile: str) -> None:
    plain = cluster(6, "distinct", 200, 30, version=3)
    boxes = {}
    addresses = {n: s.interfaces["eth0"].addresses[0].split("/")[0] for n, s in plain.servers.items()}
    for name, server in plain.servers.items():
        peers = tuple(UnicastPeer(a) for other, a in addresses.items() if other != name)
        one = replace(server.node.instances[0], unicast_peers=peers, unicast_source=addresses[name])
        boxes[name] = replace(server, node=replace(server.node, instances=(one,)))
    scenario = plain.changed(servers=boxes, profile=profile)
    real, reckoned = counted(scenario), dict(work_of(scenario).parts)
    assert real["advert_sent"] <= reckoned[SENT] <= 1.2 * real["advert_sent"]
    assert real["advert_received"] <= reckoned[RECEPTION] <= 1.2 * real["advert_received"]


def test_many_instances() -> None:
    scenario = bench.cluster(2, 64, 30)
    real, work = counted(scenario), work_of(scenario)
    assert real["advert_sent"] <= dict(work.parts)[SENT] <= 1.2 * real["advert_sent"]
    assert sum(real.values()) == pytest.approx(events_of(work), rel=0.3)


def test_checks_frames_and_questions() -> None:
    steady = load_scenario("article-steady").changed(duration_us=300 * SECOND_US)
    world = World(steady, capture=True)
    real = Counter(event.event for event in play(world))
    work = work_of(steady)
    assert real["script"] == pytest.approx(dict(work.parts)[CHECK], rel=0.05)
    assert len(world.captured) == pytest.approx(frames_of(work), rel=0.2)
    certain = dict(work.parts)[QUESTION]
    lossy = steady.changed(segments={n: replace(s, loss=0.01) for n, s in steady.segments.items()})
    assert dict(work_of(lossy).parts)[QUESTION] == 300 * (4 * 50 + 10)
    assert certain < 3_000, "where nothing is left to chance they sleep"


def test_every_scenario_that_comes_with_vrrplab_is_let_in() -> None:
    from vrrplab.scenario.reader import builtin_scenarios

    for name in builtin_scenarios():
        assert work_of(load_scenario(name)).seconds < 3, name


def test_weeks_of_many_routers_are_refused_before_anything_runs() -> None:
    """255 routers for four weeks: 614 million receptions. However fast the engine gets, that takes longer."""
    weeks = work_of(cluster(255, "distinct", 200, 28 * 86_400))
    with pytest.raises(TooMuchWork, match=r"about \d\.\d h and 2\d\d GB of memory, most of it for 61\d,"):
        allow(weeks, yes=False)
    allow(weeks, yes=True)


def test_just_below_the_limit_is_let_in() -> None:
    def seconds_of(duration_s: int) -> float:
        return work_of(cluster(255, "distinct", 200, duration_s)).seconds

    below = next(s for s in range(5_000, 1_000, -10) if seconds_of(s) <= 30)
    allow(work_of(cluster(255, "distinct", 200, below)), yes=False)
    with pytest.raises(TooMuchWork):
        allow(work_of(cluster(255, "distinct", 200, below + 20)), yes=False)


def test_what_was_not_reckoned_with_is_ended() -> None:
    still_allowed(2_000_000, 4_000_000, yes=False)
    still_allowed(10_000_000, 10_000_000, yes=True)
    with pytest.raises(TooMuchWork, match="3,000,000 events"):
        still_allowed(3_000_000, 0, yes=False)
    with pytest.raises(TooMuchWork, match="5,000,000 steps"):
        still_allowed(7, 5_000_000, yes=False)


def test_a_row_of_routers_that_hear_only_those_below_answer_exponentially() -> None:
    plain = cluster(8, "distinct", 200, 12)
    segment, names = next(iter(plain.segments)), list(plain.servers)
    pairs = [[high, low] for place, high in enumerate(names) for low in names[place + 1 :]]
    row = plain.with_actions([{"at_s": 5, "action": "segment_fault", "segment": segment, "between": pairs}])
    reckoned, real = dict(work_of(row).parts), counted(row)
    assert real["advert_sent"] > 50 * dict(work_of(plain).parts)[SENT]
    for kind, event in ((RECEPTION, "advert_received"), (SENT, "advert_sent"), (ANNOUNCEMENT, "garp_sent")):
        assert real[event] <= reckoned[kind], kind.what


def test_routers_behind_closed_firewalls_are_all_master() -> None:
    plain = cluster(12, "distinct", 200, 30)
    deaf = {"at_s": 5, "action": "firewall_drop", "direction": "in", "protocol": "vrrp"}
    scenario = plain.with_actions([{**deaf, "server": name} for name in list(plain.servers)[6:]])
    reckoned, real = dict(work_of(scenario).parts), counted(scenario)
    assert real["advert_sent"] > 5 * dict(work_of(plain).parts)[SENT]
    assert real["advert_sent"] <= reckoned[SENT]
    assert real["advert_received"] + real["advert_dropped"] <= reckoned[RECEPTION]


def test_two_halves_are_two_masters_and_no_more() -> None:
    """A large network cut in two takes a moment: it is not refused."""
    plain = cluster(40, "distinct", 200, 60)
    segment, names = next(iter(plain.segments)), list(plain.servers)
    pairs = [[a, b] for one in names[::2] for other in names[1::2] for a, b in ((one, other), (other, one))]
    halves = plain.with_actions(
        [{"at_s": 5, "action": "segment_fault", "segment": segment, "between": pairs}]
    )
    assert work_of(halves).seconds < 3 * work_of(plain).seconds


def test_what_a_reload_brings_is_reckoned() -> None:
    plain = bench.cluster(2, 1, 60)
    often = "version 3\n interface eth0\n virtual_router_id 1\n advert_int 0.05"
    text = f"vrrp_instance V0 {{\n {often}\n virtual_ipaddress {{\n 192.0.2.1\n }}\n}}\n"
    reloads = [{"at_s": 1, "action": "reload", "server": name, "config": text} for name in plain.servers]
    scenario = plain.with_actions(reloads)
    sent = counted(scenario)["advert_sent"]
    assert sent > 1_000
    assert sent <= dict(work_of(scenario).parts)[SENT]


def test_questions_about_an_address_that_nobody_has_are_reckoned() -> None:
    """They are asked one by one: 0.1 s of run and a line of the file may be hours."""
    steady = load_scenario("article-steady")
    client = next(iter(steady.clients.values()))
    lost = replace(client, probes=(replace(client.probes[0], target="192.168.2.222", every_us=1_000),))
    scenario = steady.changed(clients={client.name: lost}, duration_us=20 * SECOND_US)
    assert dict(work_of(scenario).parts)[QUESTION] >= 20_000
    world = World(scenario)
    play(world)
    assert world.scheduler.steps > 20_000, "the second line counts what makes no event"
