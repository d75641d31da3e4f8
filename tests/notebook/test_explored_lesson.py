"""Lesson 12 says in words what ``explore`` finds in its pair: if that changes, the words are wrong."""

from __future__ import annotations

import pytest

from vrrplab import explore, logs, simulate
from vrrplab.exercises.lesson_12 import web_pair
from vrrplab.units import seconds


@pytest.mark.long
@pytest.mark.computes
def test_its_two_stories_are_as_it_tells_them() -> None:
    found = explore(web_pair())
    assert len(found.coverage) == 23  # "That is twenty-three failures."
    weight, split = found.stories
    (failed,) = weight.actions
    failed_s = seconds(failed.at_us)
    shown = logs(simulate(weight), failed_s, failed_s + 8)
    assert "Changing effective priority from 150 to 130" in shown
    cut, heal = split.actions
    assert (cut.kind, heal.kind) == ("segment_fault", "segment_heal")
    assert 2.5 <= seconds(heal.at_us - cut.at_us) <= 3.5  # "for some three seconds"
