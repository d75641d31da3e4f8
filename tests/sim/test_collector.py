"""The garbage collector is as it was after a run, however that ends."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.collector import RARELY, collected_rarely
from vrrplab.sim.play import play, run
from vrrplab.sim.world import World


@pytest.fixture(autouse=True)
def usual_settings() -> Iterator[None]:
    """This process may be in the middle of something else."""
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    gc.unfreeze()
    yield
    gc.set_threshold(*before)


def settings() -> tuple[tuple[int, int, int], int]:
    return gc.get_threshold(), gc.get_freeze_count()


USUAL = ((701, 11, 12), 0)


def test_a_run_is_out_of_its_way_and_puts_it_back() -> None:
    seen: list[tuple[tuple[int, int, int], int]] = []
    world = World(load_scenario("article-steady").changed(duration_us=600_000_000))
    play(world, lambda _: seen.append(settings()))
    assert {threshold for threshold, _ in seen} == {RARELY}
    assert min(frozen for _, frozen in seen) > 1000
    assert settings() == USUAL


def test_a_run_that_is_stopped_puts_it_back() -> None:
    def stop(_: World) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(World(load_scenario("article-steady").changed(duration_us=600_000_000)), stop)
    assert settings() == USUAL


def test_a_run_within_another_leaves_that_to_the_first() -> None:
    with collected_rarely():
        run(load_scenario("lesson-two-routers"))
        assert gc.get_threshold() == RARELY
        assert gc.get_freeze_count()
    assert settings() == USUAL


def test_what_somebody_froze_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    run(load_scenario("lesson-two-routers"))
    assert 0 < gc.get_freeze_count() <= frozen
    gc.unfreeze()


def test_a_collector_that_is_off_or_lazier_is_left_alone() -> None:
    gc.set_threshold(1_000_000, 5, 5)
    with collected_rarely():
        assert gc.get_threshold() == (1_000_000, 5, 5)
    gc.disable()
    try:
        with collected_rarely():
            assert gc.get_threshold() == (1_000_000, 5, 5)
            assert not gc.get_freeze_count()
    finally:
        gc.enable()


def test_what_is_set_during_a_run_holds() -> None:
    with collected_rarely():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)
