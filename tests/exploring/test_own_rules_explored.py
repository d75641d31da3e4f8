"""A learner's rule in every single failure: the shortest film in which it breaks, or none."""

from __future__ import annotations

import pytest

from vrrplab.exercises.lesson_13 import (
    PRIORITIES,
    SINGLE_S,
    Story,
    _announce_stories,
    _explored,
    _in_order,
    trio,
)
from vrrplab.machine.policy import Announced, Skew, Waiting
from vrrplab.sim.play import run

UNSORTED = PRIORITIES[2]  # the one in the middle is the best


def by_address(me: Waiting) -> int:
    return int(me.address.rpartition(".")[2]) * 3_000


def in_order(me: Waiting) -> int:
    return (256 - me.priority) * 1_000 + int(me.address.rpartition(".")[2]) * 2_000


def films(rule: Skew) -> list[Story]:
    return list(_explored(trio(UNSORTED, skew_us=rule), SINGLE_S, _in_order(UNSORTED)))


def test_a_skew_that_puts_the_worse_one_first_breaks_in_one_failure() -> None:
    film = films(by_address)[0]
    assert len(film.scenario.actions) == 1
    assert film.scenario.rules
    assert "r1 takes over first, and r3 is better" in film.look(run(film.scenario))


def test_a_skew_that_keeps_the_order_breaks_in_no_failure() -> None:
    assert films(in_order) == []


def at_lucky_moments(done: Announced) -> int | None:
    """Just in time for each loss of the stories, and no other."""
    return {1: 880_000, 2: 2_700_000, 3: 8_800_000}.get(done.times)


@pytest.mark.long
def test_waits_that_fit_the_stories_alone_break_when_a_client_is_deaf_a_moment_longer() -> None:
    stories = list(_announce_stories(at_lucky_moments))
    assert [story.look(run(story.scenario)) for story in stories[:-1]] == [""] * 6
    film = stories[-1]
    done = {action.kind for action in film.scenario.actions}
    assert done == {"daemon_stop", "daemon_start", "segment_fault", "segment_heal"}
    assert "the client asks web1, which does not have 10.1.0.80" in film.look(run(film.scenario))
