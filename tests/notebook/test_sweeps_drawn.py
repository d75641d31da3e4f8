"""What a sweep shows in a notebook: how long clients were out or, where there is a choice, what it costs."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

import vrrplab
from vrrplab.notebook import sweeps
from vrrplab.sweeping.executors import Done
from vrrplab.sweeping.plan import Plan
from vrrplab.sweeping.ranges import Range, rows_of
from vrrplab.sweeping.summary import Summary

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def result() -> sweeps.Sweep:
    return vrrplab.sweep("power-off", {"advert_int": [1, 2]}, runs=1).run()


def with_false(summary: Summary, counts: list[int]) -> Summary:
    for group, count in zip(summary, counts, strict=True):
        group.false_failovers = count
    return summary


def test_it_shows_a_figure_and_the_same_in_words(result: sweeps.Sweep) -> None:
    shown = result._repr_html_()
    assert shown.count("<img ") == 2  # light, and dark
    assert "how long clients were without it" in shown
    assert "power-off: 2 runs" in shown


def test_the_curve_is_drawn_where_values_bring_false_failovers(result: sweeps.Sweep) -> None:
    assert not sweeps.shows_trade_off(result.summary)
    assert sweeps.shows_trade_off(with_false(result.summary, [3, 0]))
    first, second = sweeps.trade_off_rows(result.summary).points
    assert (first.name, second.name) == ("advert_int 1", "advert_int 2")
    assert first.a_day == pytest.approx(3 * 86_400 / 12)
    assert second.a_day is None
    assert "What quick detection costs" in result._repr_html_()
    with_false(result.summary, [0, 0])


def test_where_nobody_asks_it_is_the_address_that_moves() -> None:
    scenario = vrrplab.load_scenario("power-off").changed(clients={})
    result = vrrplab.sweep(scenario, {"advert_int": [1, 2]}, runs=1)
    table = sweeps.outage_rows(result.summary)
    assert table.title == "192.168.2.101: how long until another server had it"
    assert [(group.name, group.runs) for group in table.groups] == [("advert_int 1", 1), ("advert_int 2", 1)]
    still = vrrplab.sweep(scenario.changed(actions=()), {"advert_int": [1, 2]}, runs=1)
    assert sweeps.outage_rows(still.summary).title == "Nobody asks"


def test_an_engine_that_there_is_not() -> None:
    with pytest.raises(vrrplab.VrrplabError, match="no engine 'vectorized' here"):
        vrrplab.sweep("power-off", engine="vectorized")


class Stopped:
    """Somebody who interrupts at the second chunk, once."""

    workers, told = 1, "here"

    def __init__(self) -> None:
        self.begun: list[int] = []

    def run(self, plan: Plan, ranges: Iterator[Range]) -> Generator[Done, None, None]:
        spans = list(ranges)
        self.begun.append(spans[0][0])
        for run in range(spans[0][0], plan.total):
            if run == 2 and len(self.begun) == 1:
                raise KeyboardInterrupt
            yield (run, run + 1), rows_of(plan, run, run + 1)


def test_what_was_interrupted_keeps_its_rows_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = vrrplab.sweep("power-off", {"advert_int": [1, 2]}, runs=2).run()
    somebody = Stopped()
    monkeypatch.setattr(sweeps, "_executor", lambda *_: somebody)
    result = vrrplab.sweep("power-off", {"advert_int": [1, 2]}, runs=2)
    with pytest.raises(KeyboardInterrupt):
        result.run()
    assert len(result) == 2
    assert result.columns["run"] == [0, 1]  # which waits for no more
    assert "2 runs, seed 0, of 4" in str(result)
    assert result.run().columns == whole.columns
    assert str(result) == str(whole)
    assert somebody.begun == [0, 2]
    assert len(list(result)) == 0
