"""The key of a world holds all that decides its future: each field that is changed changes it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import pytest
from object_graph import names_of, state_of
from test_forked_worlds import BUILT_IN, RECORDED, begun, scenario_of

from vrrplab.sim.actions import perform
from vrrplab.sim.snapshot import is_value
from vrrplab.sim.state_key import CACHE, NO_STATE, TOLD_LATER, Unsteady, standing, state_key
from vrrplab.sim.world import World
from vrrplab.units import SECOND_US

FAR = 10**9  # microseconds: beyond everything that a run of some seconds has noted
UNCHANGED = object()
ORDERED = "armed"  # only whose timer was set first counts, so that another number may say the same


def other_than(value: Any, name: str) -> Any:
    """Another value of that kind; UNCHANGED: there is none that a field of it could have."""
    match value:
        case list() if name == "_heap":
            return []
        case bool():
            return not value
        case int() | float():
            return value + FAR
        case str():
            return value + "x"
        case None if name.endswith("_us") or name == "_armed":
            return FAR
        case list() if value:
            return value[:-1]
        case tuple() if value:
            return value[:-1]
        case dict() if value:
            return type(value)(list(value.items())[:-1])
        case set() | frozenset():
            return type(value)() if value else type(value)(["x"])
    return UNCHANGED


def keys_of(world: World) -> tuple[Any, Any]:
    """``state_key`` and ``standing``, or what was raised in their place."""
    try:
        key: Any = state_key(world)
    except Exception as error:  # what cannot be read is noticed too
        key = repr(error)
    try:
        now = standing(world)
        told: Any = now.shape, now.moments
    except Exception as error:
        told = repr(error)
    return key, told


def missed(world: World) -> set[str]:
    """Fields whose change neither changes a key nor is accounted for."""
    found: set[str] = set()
    key, told = keys_of(world)
    caches = {f"{kind}.{name}" for kind, no in NO_STATE.items() for name in no if no[name] == CACHE}
    for thing, _ in state_of(world, without=caches).values():
        kind = type(thing).__name__.replace("GatewayHost", "Host")
        if not type(thing).__module__.startswith("vrrplab") or isinstance(thing, tuple):
            continue
        for name in names_of(thing):
            value = getattr(thing, name, None)
            if isinstance(value, MethodType | FunctionType | partial) or is_value(type(value)):
                continue
            other = other_than(value, name)
            if name in (*NO_STATE.get(kind, ()), ORDERED) or other is UNCHANGED:
                continue
            setattr(thing, name, other)
            changed_key, changed_told = keys_of(world)
            setattr(thing, name, value)
            later = name in TOLD_LATER.get(kind, ())
            unsteady = isinstance(told, str)
            if (changed_told == told and not unsteady) or (changed_key == key and not later):
                found.add(f"{kind}.{name}")
    assert keys_of(world) == (key, told)
    return found


LONG = [pytest.mark.long, pytest.mark.computes]


@pytest.mark.parametrize(
    "name",
    [
        "lesson-ipv6",
        "sync_group_script",
        *(
            pytest.param(name, marks=LONG)
            for name in (
                "article-drill-1-lan-nic",
                "reload_rename",
                "use_vmac_v6",
                "shared_virtual_route",
                "track_file_weight",
            )
        ),
    ],
)
def test_each_field_is_in_the_key_or_has_a_reason_not_to_be(name: str) -> None:
    scenario = scenario_of(name).changed(clients={})
    world = begun(scenario)
    for part in (0, 2, 5):
        world.advance(scenario.duration_us * part // 7 + 100)
        assert missed(world) == set()


def test_every_reason_is_about_a_field_that_there_is() -> None:
    there: dict[str, set[str]] = {}
    for name in [*BUILT_IN, *RECORDED, "router"]:
        world = begun(scenario_of(name))
        for part in (1, 3, 6):
            world.advance(world.scenario.duration_us * part // 8)
            for thing, _ in state_of(world).values():
                kind = type(thing).__name__.replace("GatewayHost", "Host")
                there.setdefault(kind, set()).update(names_of(thing))
    for kind, reasons in (*NO_STATE.items(), *TOLD_LATER.items()):
        if kind in there:
            assert set(reasons) <= there[kind], kind
            assert all(reasons.values())
    seldom = {"ProcessTracker", "BfdTracker"}  # in none of these scenarios
    assert set(NO_STATE) | set(TOLD_LATER) <= set(there) | seldom


def test_the_key_is_relative_to_now_and_the_same_in_forks() -> None:
    scenario = scenario_of("article-steady").changed(clients={}, duration_us=60 * SECOND_US)
    world = begun(scenario)
    world.advance(20_500_000)
    key, fork = state_key(world), world.fork()
    assert key == state_key(fork)
    assert hash(key) == hash(state_key(fork))
    world.advance(21_500_000)
    assert key != state_key(world)  # the checks are elsewhere in their three seconds
    world.advance(23_500_000)
    assert key == state_key(world)
    fork.boxes["proxy-serv01"].router.kill("both")
    assert key != state_key(fork)


@pytest.mark.parametrize("name", ["kill-9", *RECORDED, "router"])
def test_there_is_a_key_at_any_moment(name: str) -> None:
    scenario = scenario_of(name)
    world = begun(scenario)
    for part in range(6):
        world.advance(scenario.duration_us * part // 6 + 137 * part)
        assert hash(state_key(world)) == hash(state_key(world.fork()))
        with suppress(Unsteady):
            assert standing(world).shape == standing(world.fork()).shape


def test_an_action_that_is_still_to_come_is_in_the_key() -> None:
    """It waits as a plain function, not as somebody's method."""
    scenario = scenario_of("article-drill-1-lan-nic")
    world = begun(scenario)
    world.advance(SECOND_US)
    key = state_key(world)
    assert any(call is perform for _, call, _ in world.scheduler.waiting())
    assert key == state_key(world.fork())
    world.scheduler.forget(perform)
    assert state_key(world) != key


def test_a_service_that_will_end_is_in_the_key_and_void_once_it_is_started_again() -> None:
    world = begun(scenario_of("article-steady").changed(clients={}))
    world.advance(20_500_000)
    box, key = world.boxes["proxy-serv01"], state_key(world)
    world.change_service(box, "squid", "stop")
    stopped = state_key(world)
    assert [end[:3] for end in stopped.ends] == [("proxy-serv01", "squid", 30 * SECOND_US)]
    world.change_service(box, "squid", "start")
    assert state_key(world) == key != stopped


def test_whose_timer_was_set_first_is_in_the_key() -> None:
    world = begun(scenario_of("article-steady"))
    world.advance(20_500_000)
    key = state_key(world)
    daemon = world.boxes["proxy-serv01"].router.daemon
    assert daemon is not None
    one, other = (instance.role for instance in daemon.instances)
    one.armed, other.armed = other.armed, one.armed
    assert state_key(world) != key


def test_how_far_a_numbered_advert_is_behind_is_in_the_key() -> None:
    """AH: who counts further is believed. How far all are together decides nothing."""
    world = begun(scenario_of("auth_ah").changed(clients={}))
    world.advance(8_500_000)
    key = state_key(world)
    daemons = [box.router.daemon for box in world.boxes.values() if box.router.daemon]
    voices = [instance.voice for daemon in daemons for instance in daemon.instances]
    voices[0].sequence += 1
    assert state_key(world) != key
    for voice in voices[1:]:
        voice.sequence += 1
    assert state_key(world) == key
