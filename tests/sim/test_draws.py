"""Draws have addresses: what is drawn at one place has no bearing on any other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Probe
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run
from vrrplab.sim.rng import Chance, stream_of, unit
from vrrplab.trace.events import AdvertReceivedEvent


def test_the_generator_is_splitmix64() -> None:
    """The first numbers of the generator of that name, seed 0, as published with it: the state is mixed."""
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [unit(0, n) for n in (1, 2, 3)] == [(one >> 11) * 2.0**-53 for one in published]


def test_draws_are_even() -> None:
    chance = Chance(11)
    drawn = [chance.draw("lan", "a:eth0", "b:eth0") for _ in range(20_000)]
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.01
    for share in (0.01, 0.05, 0.3):
        assert abs(sum(x < share for x in drawn) / len(drawn) - share) < 0.01
    pairs = sum((a < 0.5) == (b < 0.5) for a, b in pairwise(drawn))
    assert abs(pairs / len(drawn) - 0.5) < 0.02


def test_a_place_and_a_seed_have_draws_of_their_own() -> None:
    first = {stream_of(seed, place) for seed in range(50) for place in (("a", "b"), ("ab",), ("b", "a"))}
    assert len(first) == 150
    one, other = Chance(1), Chance(1)
    assert one.draw("lan") == other.draw("lan")
    other.draw("wan")
    assert one.draw("lan") == other.draw("lan")


def lossy(more_probes: bool) -> Scenario:
    scenario = load_scenario("article-steady")
    segments = {name: replace(s, loss=0.2, jitter_us=3_000) for name, s in scenario.segments.items()}
    clients = scenario.clients
    if more_probes:
        clients = {
            name: replace(c, probes=(*c.probes, Probe("icmp", "192.168.2.251", every_us=70_000)))
            for name, c in clients.items()
        }
    return scenario.changed(segments=segments, clients=clients, seed=4)


def test_a_probe_more_moves_no_advert() -> None:
    """Of one sequence in the order of events each probe would take some, and other adverts would be lost."""
    few, more = ([(e.t_us, e.fields) for e in run(lossy(m)).of(AdvertReceivedEvent)] for m in (False, True))
    assert few == more
    assert len(few) > 10
