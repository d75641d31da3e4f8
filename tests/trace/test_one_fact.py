"""An outage is counted once, and whoever tells of it says the same: table, story, figures, stopwatch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrrplab import outage_s
from vrrplab.data_files import data_path
from vrrplab.recording import read_recording
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import run
from vrrplab.tell import story, table
from vrrplab.trace import Outage, Trace, make_event
from vrrplab.trace.spans import joined
from vrrplab.units import format_s, seconds
from vrrplab.views import anatomy, distribution, panels, svg, timeline_rows

PROBE = ("pc", "http", "web")


def recordings() -> Iterator[Trace]:
    for folder in sorted(data_path("recordings").iterdir()):
        if folder.is_dir() and (trace := read_recording(folder)).outages():
            yield trace


def everybody_says_the_same(trace: Trace) -> None:
    outages = trace.disturbances()
    end_us = trace.end_us
    cells = [
        [
            o.target,
            o.kind,
            f"{format_s(o.from_us)} s",
            "the end" if o.to_us is None else f"{format_s(o.to_us)} s",
            f"{format_s(o.duration_us(end_us))} s",
            o.lost_in_words,
        ]
        for o in outages
    ]
    told = [line.split() for line in table.outage_lines(trace)[1:]]
    assert told == [" ".join(row).split() for row in cells]
    for text in (table.render(trace), story.render(trace)):
        assert all(line in text for line in table.outage_lines(trace))
    drawn = {
        (span.from_us, span.to_us, span.text)
        for lane in timeline_rows.rows(trace).lanes
        if lane.kind == "client"
        for span in lane.spans
    }
    for o in outages:  # those that look alike share a lane, and the first is drawn
        length = f"{seconds(o.duration_us(end_us)):.2f} s"
        share = f", {o.percent} % lost" if o.percent else ""
        open_end = " and still out" if o.to_us is None else ""
        assert any(text.endswith(" s" + share + open_end) for _, _, text in drawn)
        if share:
            assert (o.from_us, o.to_us or end_us, length + share + open_end) in drawn
    for part in anatomy.rows(trace, at_least_s=0, most=10**6).outages:
        same = [o for o in outages if (o.from_us, o.to_us or end_us) == (part.from_us, part.to_us)]
        assert same
        assert (part.gaps, part.percent) == (same[0].gaps, same[0].percent)
    longest_s = max((seconds(o.duration_us(end_us)) for o in outages), default=0.0)
    assert outage_s(trace) == longest_s
    if outages:
        assert panels.sentence(trace).endswith(f"Longest outage {longest_s:.2f} s.")
        (found,) = distribution.outages_of([trace], at_least_s=0)
        assert seconds(found.duration_us(end_us)) == longest_s
        o = outages[0]
        still = svg.still_text(trace, seconds(o.from_us + 10_000))
        assert f"{o.percent} % of the questions to {o.target} are lost" in still or "no answer from" in still


@pytest.mark.parametrize("name", builtin_scenarios())
def test_of_every_scenario_that_comes_along(name: str) -> None:
    everybody_says_the_same(run(load_scenario(name)))


def test_of_every_recording_in_which_somebody_missed_something() -> None:
    count = 0
    for count, trace in enumerate(recordings(), start=1):  # noqa: B007
        everybody_says_the_same(trace)
    assert count > 20


def test_half_of_the_questions_to_a_name_are_lost_in_every_drill() -> None:
    told = {}
    for drill in ("article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid"):
        (outage,) = run(load_scenario(drill)).disturbances("proxy-serv")
        told[drill[8:15]] = outage.lost_in_words
    assert told == {"drill-1": "14 of 28 (50 %)", "drill-2": "4 of 8 (50 %)", "drill-3": "168 of 336 (50 %)"}


def test_two_of_three_addresses_answer_and_every_third_question_is_lost() -> None:
    addresses = ("192.168.2.101", "192.168.2.102", "192.168.2.252")
    drill = load_scenario("article-drill-1-lan-nic")
    (outage,) = run(drill.changed(dns={"proxy-serv": addresses})).disturbances("proxy-serv")
    assert outage.lost == outage.gaps == 9
    assert outage.lost_in_words == "9 of 26 (35 %)"  # it begins after an answer, and ends with one


def gap(from_s: float, to_s: float | None, lost: int) -> Outage:
    return Outage(*PROBE, round(from_s * 1e6), None if to_s is None else round(to_s * 1e6), lost)


def test_what_belongs_together() -> None:
    every_us = {PROBE: 100_000}
    near, far = joined([gap(1, 1.3, 2), gap(1.8, 2, 1), gap(2.51, None, 4)], every_us)
    assert (near.from_s, near.to_s, near.lost, near.sent, near.gaps, near.percent) == (1, 2, 3, 10, 2, 30)
    assert (far.to_us, far.lost, far.sent, far.percent, far.lost_in_words) == (None, 4, 4, None, "4")
    (seldom,) = joined([gap(0, 4, 1), gap(10, 14, 1)], {PROBE: 2_000_000})  # three answers between
    assert seldom.lost_in_words == "2 of 7 (29 %)"
    (unknown,) = joined([gap(1, 2, 9), gap(2.3, 3, 9)], {})  # nobody knows how often was asked
    assert (unknown.sent, unknown.lost_in_words) == (None, "18")
    assert len(joined([gap(1, 2, 9), gap(1, 2, 9)._replace(kind="icmp")], {})) == 2


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_counted_as_if_each_question_was_looked_at(answered: list[bool]) -> None:
    """Questions every 0.1 s, the first is answered; what is told of a part is what was lost in it."""
    answered = [True, *answered]
    gaps, last = [], 0
    for number, good in enumerate(answered):
        if good:
            if number - last > 1:
                gaps.append(gap(last / 10, number / 10, number - last - 1))
            last = number
    if last + 1 < len(answered):
        gaps.append(gap(last / 10, None, len(answered) - last - 1))
    for outage in joined(gaps, {PROBE: 100_000}):
        begin = round(outage.from_s * 10)
        end = len(answered) - 1 if outage.to_s is None else round(outage.to_s * 10)
        inside = answered[begin + 1 : end + 1]
        assert (outage.lost, outage.sent) == (inside.count(False), len(inside))


def test_a_trace_without_the_fields_of_an_outage_tells_of_none() -> None:
    odd = Trace([make_event(0, "outage", {"client": "pc", "lost": "many"}), make_event(1, "outage", {})])
    assert odd.outages() == odd.disturbances() == []
    assert outage_s(odd) == 0.0
