"""What a sweep came to, as tables: every value under its name, in 80 columns, however much varies."""

from __future__ import annotations

import pytest

from vrrplab.output.text_columns import width
from vrrplab.scenario.reader import load_scenario
from vrrplab.sweeping.plan import plan_of
from vrrplab.sweeping.ranges import rows_of
from vrrplab.sweeping.summary import Summary, short_names
from vrrplab.sweeping.summary_text import _round_step, text_of

POWER_OFF = load_scenario("power-off")
TWO = ["advert_int=1,2", "loss=0,0.2"]
FIVE = [
    *TWO, "proxy-serv01.proxy_ip1.priority=150,160", "proxy-serv02.proxy_ip1.priority=100,110",
    "proxy-serv01.start=0,1",
]  # fmt: skip


def test_a_short_name_is_the_last_word_and_what_tells_it_apart() -> None:
    assert short_names(["a.one.advert_int", "segments.*.loss"]) == ("advert_int", "loss")
    assert short_names(["a.one.priority", "b.one.priority", "fault_s"]) == (
        "a.priority",
        "b.priority",
        "fault_s",
    )
    assert short_names(["segments.lan.loss", "loss"]) == ("segments.lan.loss", "loss")
    assert short_names([]) == ()


@pytest.fixture(scope="module")
def summary() -> Summary:
    """Rows of one combination, as those of every combination: what is laid out, not what is simulated."""
    plan = plan_of(POWER_OFF, FIVE, 1)
    found = Summary(plan)
    (row,) = rows_of(plan_of(POWER_OFF, [f"{one.partition(',')[0]}" for one in FIVE], 1), 0, 1)
    never = [
        None if name.endswith("outage_to_s") else cell for cell, name in zip(row, _names(plan), strict=True)
    ]
    for run in range(plan.total):
        texts = plan.values(run)
        cells = never if run % 2 else row
        found.add([(run, 0, *texts, *cells[2 + len(texts) :])])
    return found


def _names(plan: object) -> list[str]:
    from vrrplab.sweeping.columns import columns_of

    return [column.name for column in columns_of(plan)]  # type: ignore[arg-type]


def test_five_things_that_vary_fit_80_columns(summary: Summary) -> None:
    lines = text_of(summary).splitlines()
    assert max(width(line) for line in lines) <= 80
    heads = next(line for line in lines if "no end" in line)
    assert heads.split()[-5:] == ["never", "median", "longest", "no", "end"]
    assert sum(line.split()[:2] == ["2", "0.2"] for line in lines) == 3 * 8


def test_with_two_all_names_are_whole_and_the_spread_is_shown() -> None:
    plan = plan_of(POWER_OFF, TWO, 1)
    found = Summary(plan)
    found.add(rows_of(plan, 0, plan.total))
    lines = text_of(found).splitlines()
    assert max(width(line) for line in lines) <= 80
    heads = [line for line in lines if line.startswith("advert_int  loss")]
    assert len(heads) >= 3
    assert " 0 to " in heads[0]
    assert found.called(list(found)[1]) == "advert_int 1, loss 0.2"


@pytest.mark.parametrize(
    ("least_s", "lengths_s", "step_s"),
    [
        (0.03, [0.002 * n + 1 for n in range(9)], 0.05),
        (0.03, [0.02 * n for n in range(130, 180)], 0.1),  # in 0.05 s there are two of them, or three
        (0.03, [0.003 * n for n in range(1000, 1099)], 0.05),  # none fits
        (0.0, [1.0, 1.001], 0.001),
        (7.0, [1.0, 99.0], 10.0),
    ],
)
def test_the_steps_of_a_histogram(least_s: float, lengths_s: list[float], step_s: float) -> None:
    assert _round_step(least_s, lengths_s) == step_s
