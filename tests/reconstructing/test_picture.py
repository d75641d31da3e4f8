"""Two pictures differ by times: what is within lateness is none, what is missing is told with its thing."""

from __future__ import annotations

from vrrplab.reconstructing.picture import ADVERT, ANNOUNCEMENT, LATE_US, Picture, Sketch, Thing
from vrrplab.units import SECOND_US, Micros, micros

END_US = 20 * SECOND_US


def adverts(*times_s: float, server: str = "a", priority: int = 100, interval_s: float = 1.0) -> Picture:
    sketch = Sketch()
    for t_s in times_s:
        sketch.advert(server, "V", priority, micros(t_s), micros(interval_s))
    return sketch.finished(0, 0, END_US)


def told(one: Picture, other: Picture) -> list[tuple[Micros, Micros, str, bool]]:
    return [(d.from_us, d.to_us, d.thing.what, d.only_first) for d in one.differences(other)]


def test_an_advert_stands_for_the_time_until_the_next_is_due() -> None:
    assert adverts(1, 2, 3).covers == {Thing(ADVERT, "a", "V", "100"): [(1_000_000, 4_000_000)]}
    assert adverts(1, 2.4, 3.9).covers == {Thing(ADVERT, "a", "V", "100"): [(1_000_000, 4_900_000)]}


def test_a_missing_advert_is_a_difference_of_one_interval() -> None:
    whole, gap = adverts(1, 2, 3, 4, 5), adverts(1, 2, 4, 5)
    assert told(whole, gap) == [(3_000_000, 4_000_000, "100", True)]
    (found,) = whole.differences(gap)
    assert found.matters
    assert 0.8 < found.weight <= 1


def test_lateness_is_no_difference_and_half_an_interval_matters() -> None:
    late_s = LATE_US / SECOND_US
    assert adverts(1, 2, 3).is_like(adverts(1 + late_s, 2 + late_s, 3 + late_s))
    early, late = adverts(1, 2, 3), adverts(1.4, 2.4, 3.4)
    assert [d.matters for d in early.differences(late)] == [False, False]
    assert early.off_us(late) == 400_000
    assert all(d.matters for d in early.differences(adverts(1.6, 2.6, 3.6)))


def test_another_priority_is_another_thing() -> None:
    assert told(adverts(1, priority=150), adverts(1, priority=100)) == [
        (1_000_000, 2_000_000, "100", False),
        (1_000_000, 2_000_000, "150", True),
    ]


def test_what_is_cut_off_at_the_edges_is_in_neither() -> None:
    sketch = Sketch()
    sketch.advert("a", "V", 100, -500_000, SECOND_US)
    sketch.announcement("a", "192.0.2.1", 1_000_000)
    sketch.announcement("a", "192.0.2.1", 6_000_000)
    picture = sketch.finished(0, 5_000_000, END_US)
    assert picture.covers == {
        Thing(ADVERT, "a", "V", "100"): [(0, 500_000)],
        Thing(ANNOUNCEMENT, "a", "192.0.2.1"): [(6_000_000, 7_000_000)],
    }
