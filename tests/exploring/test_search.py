"""The search finds what going through everything without merging finds, and the same every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from time import process_time
from typing import Any

import pytest

from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.exercises.lesson_12 import web_pair
from vrrplab.exercises.lesson_13 import FAR_ENOUGH, STAYS
from vrrplab.exploring.faults import faults_of
from vrrplab.exploring.ground import Ground, prepare
from vrrplab.exploring.promises import REACHED, SOMEBODY, Vigil
from vrrplab.exploring.run import Run
from vrrplab.exploring.search import Search
from vrrplab.exploring.state import Stand, Stands
from vrrplab.exploring.steps import Harvest
from vrrplab.machine.policy import Announced
from vrrplab.notebook.explorations import explore
from vrrplab.notebook.variants import variant
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.random_clusters import random_cluster
from vrrplab.scenario.reader import load_scenario, scenario_from_text
from vrrplab.scenario.writer import yaml_text
from vrrplab.sim.state_key import StateKey, state_key
from vrrplab.units import SECOND_US

CONF = """vrrp_instance V {
    state BACKUP
    interface eth0
    virtual_router_id 7
    priority PRIORITY
    virtual_ipaddress { 10.0.0.100/24 }
}
"""


@pytest.fixture(scope="module")
def weight() -> Ground:
    """A check whose weight, 2, is less than the gap of the priorities, 3."""
    files = [str(data_path(f"configs/lesson-weight/{name}.conf")) for name in ("lb1", "lb2")]
    return prepare(scenario_from_configs(files, "keepalived-2.2.7"))


def number_of(ground: Ground, name: str) -> int:
    return [fault.name for fault in ground.faults].index(name)


def searched(ground: Ground, name: str, within_us: int = 5 * SECOND_US, depth: int = 1) -> Harvest:
    return Search(ground, depth, within_us).run(number_of(ground, name))


class Everything(Search):
    """The same, but nothing is ever known already: no state is merged with another."""

    def _is_new(self, key: object, since_us: int) -> bool:
        return True

    def _is_judged(self, key: object, ages: tuple[int, ...]) -> bool:
        return False

    def _ends_well(self, state: Stand, broken: tuple[int, ...], number: int) -> bool:
        return False

    def _rest(self, world, steps) -> None:  # type: ignore[no-untyped-def]
        self._carefully(steps, ())


@pytest.mark.long
@pytest.mark.parametrize("fault", ["eth0 lb1 ↔ lb2 cut", "lb1 chk_haproxy fails", "lb1 daemon killed"])
def test_merging_loses_no_broken_ending(weight: Ground, fault: str) -> None:
    within_us = 4 * SECOND_US
    merged = searched(weight, fault, within_us)
    everything = Everything(weight, 1, within_us).run(number_of(weight, fault))
    assert set(merged.counts) == set(everything.counts)
    assert merged.states <= everything.states
    assert merged.whole
    assert everything.whole


class EveryRepair(Search):
    """The same, but each repair is gone through, whatever is known of others."""

    def _ends_well(self, state: Stand, broken: tuple[int, ...], number: int) -> bool:
        return False


@pytest.mark.parametrize("fault", ["eth0 lb1 ↔ lb2 cut", "lb1 chk_haproxy fails", "lb1 eth0: cable out"])
def test_a_repair_that_is_known_to_end_well_would_have_ended_well(weight: Ground, fault: str) -> None:
    """The same stories, each as often, with fewer runs."""
    number = number_of(weight, fault)
    search = Search(weight, 1, 8 * SECOND_US)
    every = EveryRepair(weight, 1, 8 * SECOND_US)
    some, all_of_them = search.run(number), every.run(number)
    assert some.counts == all_of_them.counts
    assert some.found == all_of_them.found
    assert some.endings == all_of_them.endings
    assert some.forks <= all_of_them.forks


def test_a_weight_below_the_gap_never_fails_over(weight: Ground) -> None:
    found = searched(weight, "lb1 chk_haproxy fails")
    assert [promise for promise, _, _ in found.counts] == [SOMEBODY.name]
    ((story, *_),) = found.found.values()
    assert "lb1 is MASTER" in story.why
    assert "lb2 is well" in story.why


def test_a_healed_two_way_split_strands_the_client(weight: Ground) -> None:
    found = searched(weight, "eth0 lb1 ↔ lb2 cut")
    assert {promise for promise, _, _ in found.counts} == {REACHED.name}


def test_where_nobody_is_well_nobody_has_to_serve(weight: Ground) -> None:
    """Both daemons are stopped, one after the other: there is no promise for that."""
    world = weight.moments[0].snapshot.thaw()
    vigil = Vigil(weight.cluster, world.scheduler.now)
    for name in ("lb1 daemon stopped", "lb2 daemon stopped"):
        stop = weight.faults[number_of(weight, name)].breaks
        weight.act(world, stop, world.scheduler.now + SECOND_US // 10)
        vigil.acted(world)
    end_us = world.scheduler.now + 2 * weight.patience.settle_us
    found = []
    while world.scheduler.now < end_us:
        weight.step(world, end_us)
        found += vigil.look(world)
    assert found == []


def test_what_one_hears_alone_breaks_nothing(weight: Ground) -> None:
    for fault in ("eth0 lb1 → lb2 cut", "lb1 reload"):
        assert searched(weight, fault, 3 * SECOND_US).counts == {}


def test_the_ground_repeats_itself_and_its_moments_differ(weight: Ground) -> None:
    assert weight.repeats
    stands = Stands()
    keys = [stands.of(moment.snapshot.thaw()) for moment in weight.moments]
    assert len(set(keys)) == len(keys) == len(weight.steady)


def test_states_have_the_same_numbers_just_when_their_keys_are_equal(weight: Ground) -> None:
    stands = Stands()
    found: dict[StateKey, Stand] = {}
    world = weight.moments[0].snapshot.thaw()
    weight.act(world, weight.faults[number_of(weight, "lb1 eth0: cable out")].breaks, world.scheduler.now + 1)
    for _ in range(60):
        weight.step(world, world.scheduler.now + SECOND_US)
        known = found.setdefault(state_key(world), stands.of(world))
        assert known == stands.of(world) == Stands(stands).of(world.fork())
    assert len(found) == len(set(found.values()))
    assert len(found) < len(stands)


def test_when_a_service_would_have_ended_counts_no_more_once_it_is_started_again() -> None:
    """However much of its shutdown is left: one run of the repair stands for all of them."""
    scenario = load_scenario("article-steady")
    ground = prepare(scenario)
    harvest = searched(ground, "proxy-serv01 squid stopped", 3 * SECOND_US)
    assert harvest.states > 8 * len(ground.moments)
    assert harvest.forks <= 3 * len(ground.moments)


def test_faults_are_of_everything_that_can_fail() -> None:
    names = [fault.name for fault in faults_of(load_scenario("article-steady"))]
    assert len(set(names)) == len(names)
    for part in (
        "eth0: cable",
        "squid killed",
        "squid stopped",
        "daemon",
        "frozen",
        "reload",
        "power",
        "in",
        "out",
    ):
        assert any(part in name for name in names)
    assert "lan next advert of proxy-serv01 lost" in names


def test_clients_are_deaf_only_where_somebody_asks_for_it() -> None:
    scenario = load_scenario("article-steady")
    deaf = [fault for fault in faults_of(scenario, also=["clients"]) if fault not in faults_of(scenario)]
    assert [(fault.kind, fault.breaks.keys["between"]) for fault in deaf] == [
        ("client deaf", [["proxy-serv01", "office-pc"]]),
        ("client deaf", [["proxy-serv02", "office-pc"]]),
    ]
    assert {fault.kind for fault in faults_of(scenario, only=["power_off"])} == {"power_off"}
    chosen = faults_of(scenario, also=["clients"], only=["power_off"])
    assert [fault.kind for fault in chosen] == ["power_off", "power_off", "client deaf", "client deaf"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            {"only": ["power_of"]},
            "no kind of fault 'power_of' in lesson-two-routers: did you mean 'power_off'?",
        ),
        ({"also": ["client"]}, "no sort of fault 'client' here: did you mean 'clients'?"),
        ({"also": ["clients"]}, "no client is on a network of its servers"),
        ({"also": "clients"}, "also is 'clients': give a list"),
    ],
)
def test_what_cannot_fail_is_told_before_anything_is_searched(names: dict[str, Any], said: str) -> None:
    with pytest.raises(VrrplabError, match=re.escape(said)):
        explore("lesson-two-routers", **names)


def test_merging_loses_no_story_of_a_deaf_client() -> None:
    def then_late(done: Announced) -> int | None:
        return {1: 300_000, 2: 7_500_000}.get(done.times)

    pair = variant(web_pair(FAR_ENOUGH), edit=STAYS, announce_again_us=then_late)
    ground = prepare(pair, also=["clients"], only=["daemon_stop"])
    number, within_us = number_of(ground, "eth0 web2 → client cut"), 1_300_000
    some, all_of_them = (kind(ground, 2, within_us).run(number) for kind in (Search, Everything))
    assert set(some.found) == set(all_of_them.found)
    assert [promise for promise, _, _ in some.found] == [REACHED.name]
    assert some.endings < all_of_them.endings


@pytest.mark.long
def test_any_number_of_processes_finds_the_same(weight: Ground) -> None:
    def said(jobs: int) -> str:
        return str(Run(weight, 1, SECOND_US, jobs=jobs).result())

    assert said(1) == said(2) == said(3)


@pytest.mark.long
def test_strings_may_be_hashed_in_any_order() -> None:
    code = (
        "import vrrplab; found = vrrplab.explore('lesson-two-routers', within_s=0.5);"
        "print(found, found.states, found.forks, [s.to_yaml() for s in found.stories])"
    )
    said = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)
    assert len(said) == 1


def test_a_race_is_gone_through_with_each_outcome() -> None:
    """Two BACKUPs of equal priority lose their MASTER: whichever is drawn, the other outcome is tried too."""
    servers = {
        name: {
            "config": CONF.replace("PRIORITY", str(priority)),
            "interfaces": {"eth0": {"segment": "lan", "addresses": [f"10.0.0.{host}/24"]}},
        }
        for name, priority, host in (("a", 200, 1), ("b", 100, 2), ("c", 100, 3))
    }
    lan = {"lan": {"subnet": "10.0.0.0/24"}}
    text = yaml_text({"name": "race", "duration_s": 20, "segments": lan, "servers": servers})
    ground = prepare(scenario_from_text(text, "race.yaml"))
    drawn: set[tuple[float, ...]] = set()

    def ending(steps, draws, at_us):  # type: ignore[no-untyped-def]
        drawn.add(draws)
        return ()

    search = Search(ground, 1, SECOND_US, ending)
    search.run(number_of(ground, "a power off"))
    assert {draws[0] for draws in drawn if draws} >= {0.0, 0.5}


def test_races_without_end_lose_the_patience_of_whoever_waits() -> None:
    """Where both are MASTER for good each of their races is drawn in each story, twice as many each time."""
    ground = prepare(random_cluster(0))
    began_s = process_time()
    found = Run(ground, 1, ground.patience.within_us, [], 1, 1.0).result()
    assert "were over" in found.why_partial
    assert process_time() - began_s < 5
