"""A world that is put back goes on as if nothing had been tried in it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from object_graph import parts_of, state_of
from test_forked_worlds import BUILT_IN, RECORDED, begun, lines, lossy, scenario_of

from vrrplab.sim.rewind import Rewinder
from vrrplab.sim.world import World


def try_things(world: World, until_us: int) -> None:
    """What an exploration may do to a world, and more."""
    for number, box in enumerate(world.boxes.values()):
        if number % 3 == 0:
            box.router.kill("both")
        elif number % 3 == 1:
            box.router.stop()
        else:
            box.router.lose_power()
        world.advance(world.scheduler.now + 300_000)
        box.router.start()
    world.silence_clients()
    world.advance(until_us)


@pytest.mark.parametrize("name", ["article-steady", "lesson-three-routers lossy", *RECORDED[::3], "router"])
def test_what_was_tried_leaves_no_trace(name: str) -> None:
    name, _, loss = name.partition(" ")
    scenario = lossy(scenario_of(name)) if loss else scenario_of(name)
    whole = begun(scenario, bytes_too=True)
    expected, captured = lines(whole.finish()), whole.captured
    end_us = scenario.duration_us
    world = begun(scenario, bytes_too=True)
    rewinder = Rewinder(world)
    for number in range(3):
        world.advance(end_us * number // 3 + 137 * number)
        rewinder.keep()
        try_things(world, end_us)
        rewinder.back()
        assert lines(world.finish()) == expected
        assert world.captured == captured
        rewinder.back()


@pytest.mark.parametrize("name", ["article-steady", "lesson-ipv6", "sync_group_script"])
def test_one_try_within_another(name: str) -> None:
    scenario = scenario_of(name)
    expected = lines(begun(scenario).finish())
    world = begun(scenario)
    world.advance(5_000_000)
    outer = Rewinder(world)
    outer.keep()
    next(iter(world.boxes.values())).router.stop()
    world.advance(6_000_000)
    inner = Rewinder(world)
    inner.keep()
    then = lines(world.finish())
    inner.back()
    try_things(world, 9_000_000)
    inner.back()
    assert lines(world.finish()) == then != expected
    outer.back()
    assert lines(world.finish()) == expected


@pytest.mark.parametrize("name", [*BUILT_IN, *RECORDED, "router"])
def test_all_that_can_change_is_put_back(name: str) -> None:
    """The same objects in the same places, wherever one looks."""
    scenario = scenario_of(name)
    world = begun(scenario)
    rewinder = Rewinder(world)
    for part in range(2):
        world.advance(scenario.duration_us * part // 2 + 100)
        rewinder.keep()
        before = {number: (thing, content_of(thing)) for number, (thing, _) in state_of(world).items()}
        try_things(world, world.scheduler.now + 2_000_000)
        rewinder.back()
        after = {number: (thing, content_of(thing)) for number, (thing, _) in state_of(world).items()}
        assert after.keys() == before.keys()
        assert all(after[number] == before[number] for number in before)


def content_of(thing: object) -> object:
    return [(step, id(part)) for part, step in parts_of(thing) if not isinstance(thing, set)]


def test_what_holds_things_unseen_is_refused() -> None:
    world = begun(scenario_of("article-steady"))
    world.boxes["proxy-serv01"].forced["chk"] = SimpleNamespace(count=1)  # type: ignore[assignment]
    with pytest.raises(TypeError, match="SimpleNamespace"):
        Rewinder(world).keep()
