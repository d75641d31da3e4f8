"""Nines: what failure rates come to in a year, by the formula of docs/cluster.md."""

from __future__ import annotations

import pytest

from vrrplab.errors import VrrplabError
from vrrplab.limits import SWEEP_S
from vrrplab.scenario.reader import load_scenario
from vrrplab.sweeping.availability import YEAR_S, Rates, lines_of, parts_of, rates_of
from vrrplab.sweeping.ranges import allow, rows_of
from vrrplab.sweeping.summary import Summary
from vrrplab.work import TooMuchWork

STEADY = load_scenario("article-steady")


def test_rates_are_read_in_the_units_that_people_use() -> None:
    assert rates_of("nic=5y,squid=30d", "nic=4h,squid=10m") == {
        "nic": Rates(5 * YEAR_S, 4 * 3600.0),
        "squid": Rates(30 * 86_400.0, 600.0),
    }


@pytest.mark.parametrize(
    ("mtbf", "mttr", "told"),
    [
        ("nic=5", "nic=4h", "'nic=5' is no failure rate"),
        ("nic", "nic=4h", "'nic' is no failure rate"),
        ("nic=-5y", "nic=4h", "'nic=-5y' is no failure rate"),
        ("nic=5y", "power=4h", "--mttr has no 'nic'"),
    ],
)
def test_what_is_no_rate_is_told(mtbf: str, mttr: str, told: str) -> None:
    with pytest.raises(VrrplabError) as caught:
        rates_of(mtbf, mttr)
    assert told in str(caught.value)


def test_a_part_that_no_server_has() -> None:
    with pytest.raises(VrrplabError, match=r"--mtbf nicc: .* no interface, service, script or other thing"):
        parts_of(STEADY, {"nicc": Rates(1.0, 1.0)}, (), 1, 0)


def test_what_it_comes_to() -> None:
    parts = parts_of(STEADY, rates_of("power=1y", "power=8h"), (), 2, 0)
    assert [(part.server, part.thing) for part in parts] == [
        ("proxy-serv01", "power"),
        ("proxy-serv02", "power"),
    ]
    summaries = [Summary(part.plan) for part in parts]
    for part, summary in zip(parts, summaries, strict=True):
        summary.add(rows_of(part.plan, 0, part.plan.total))
    lines = list(lines_of(parts, summaries))
    assert all(len(line) <= 80 for line in lines)
    # 8 h in 1 y + 8 h, of both at once
    assert f"{'all servers out at once':<60}{'26 s':>14}" in lines
    assert sum("nines" in line for line in lines) == 3
    first = lines[3].split()
    assert first[:3] == ["proxy-serv01", "power", "0.999"]
    assert 2.6 <= float(first[3]) <= 3.7


def test_where_values_vary_each_combination_has_its_own_year() -> None:
    """Adverts every 3 s are noticed later than those of every second; what is mixed would hide that."""
    parts = parts_of(STEADY, rates_of("power=1y", "power=8h"), ["advert_int=1,3"], 1, 0)
    summaries = [Summary(part.plan) for part in parts]
    for part, summary in zip(parts, summaries, strict=True):
        summary.add(rows_of(part.plan, 0, part.plan.total))
    lines = list(lines_of(parts, summaries))
    assert all(len(line) <= 80 for line in lines)
    assert lines[1] == "192.168.2.101: without answers in a year"
    heads, first, second = (line.split() for line in lines[2:5])
    assert heads[:3] == ["advert_int", "a", "year"]
    assert (first[0], second[0]) == ("1", "3")
    # 26 s of both at once, and a power cut: 3 intervals and what is left of the skew
    assert 26.3 + 2.6 <= float(first[1]) <= 26.3 + 3.7
    assert 26.3 + 6.6 <= float(second[1]) <= 26.3 + 9.7


def test_what_all_sweeps_take_together_is_allowed_or_not() -> None:
    parts = parts_of(STEADY, rates_of("power=1y,nic=1y", "power=8h,nic=8h"), (), 1, 0)
    plans = [part.plan for part in parts]
    each_s = SWEEP_S.most / 2
    allow(plans[:1], 1, False, each_s)
    with pytest.raises(
        TooMuchWork, match=r"this sweep has 6 runs \(6 sweeps × 1\), about 3\.0 h, so nothing"
    ):
        allow(plans, 1, False, each_s)
    allow(plans, 1, True, each_s)
