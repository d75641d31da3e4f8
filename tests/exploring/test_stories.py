"""A story is a scenario that everybody can run, and in which the promise is really broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import vrrplab
from vrrplab.commands.cli import main
from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.exploring import workers
from vrrplab.exploring.ground import prepare
from vrrplab.exploring.promises import REACHED
from vrrplab.exploring.result import Exploration
from vrrplab.exploring.run import Run, user_property
from vrrplab.exploring.search import Search
from vrrplab.exploring.steps import Found, Harvest, Steps
from vrrplab.exploring.story import Teller
from vrrplab.notebook.simulate import as_scenario
from vrrplab.trace.events import StateEvent
from vrrplab.units import SECOND_US

FILES = [str(data_path(f"configs/lesson-weight/{name}.conf")) for name in ("lb1", "lb2")]


@pytest.fixture(scope="module")
def found() -> Exploration:
    return vrrplab.explore(*FILES, within_s=5)


@pytest.mark.long
def test_both_known_stories_are_found_and_run(found: Exploration) -> None:
    assert found.whole
    assert [story.promise for story in found.broken] == ["somebody serves", "clients reach it"]
    weight, stranded = found.stories
    assert vrrplab.simulate(weight).owner("10.0.4.100", weight.duration_us / 1e6) == "lb1"
    gaps = vrrplab.simulate(stranded).outages("10.0.4.100")
    late_us = stranded.actions[-1].at_us + prepare(stranded).patience.settle_us
    assert any(gap.from_us < late_us and (gap.to_us is None or gap.to_us > late_us) for gap in gaps)


@pytest.mark.long
def test_a_story_is_on_round_figures(found: Exploration) -> None:
    for story in found.stories:
        assert all(action.at_us % 1000 == 0 for action in story.actions)


@pytest.mark.long
def test_a_story_can_be_written_and_read_again(found: Exploration, tmp_path: Path) -> None:
    for number, story in enumerate(found.stories):
        file = tmp_path / f"{number}.yaml"
        file.write_text(story.to_yaml(), encoding="utf-8")
        again = vrrplab.load_scenario(file)
        assert [a.as_dict() for a in again.actions] == [a.as_dict() for a in story.actions]
        assert [e.to_json() for e in vrrplab.simulate(again)][1:] == [
            e.to_json() for e in vrrplab.simulate(story)
        ][1:]


@pytest.mark.long
def test_the_text_is_of_eighty_columns_and_tells_each_story(found: Exploration) -> None:
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "chk_haproxy on lb1 fails" in text
    assert "without an answer" in text
    assert "2 of 4 promises are broken" in text


@pytest.mark.long
def test_a_notebook_shows_it_without_a_script(found: Exploration) -> None:
    page = found._repr_html_()
    assert "<details>" in page
    assert "<script" not in page
    assert "lb1" in page


# -- a promise of somebody's own ------------------------------------------------------------


def no_takeover(trace: vrrplab.Trace) -> str | None:
    """Nobody but r1 is ever MASTER."""
    late = [e for e in trace.of(StateEvent) if e.to == "MASTER" and e.server != "r1"]
    return f"{late[0].server} is MASTER" if late else None


def test_a_property_of_the_users_is_asked_about_whole_runs() -> None:
    found = vrrplab.explore("lesson-two-routers", within_s=0.5, properties=[no_takeover])
    story = next(s for s in found.broken if s.promise == "no_takeover")
    assert story.sentence == "Nobody but r1 is ever MASTER."
    assert story.why == "r2 is MASTER"
    assert len(story.faults) == 1


def test_a_property_that_raises_is_one_line_with_its_place_and_its_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def wrong(trace):\n    return 1 / 0\n", encoding="utf-8")
    out = tmp_path / "stories"
    code = main(
        [
            "explore",
            "lesson-two-routers",
            "--within",
            "0.3",
            "--jobs",
            "1",
            "--out",
            str(out),
            "--property",
            f"{mine}:wrong",
        ]
    )
    said = capsys.readouterr()
    assert code == 2
    assert f"{mine}:2: property wrong raises ZeroDivisionError" in said.err.splitlines()[-1]
    assert "first fault" in said.out
    assert [f.suffix for f in out.iterdir()] == [".yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--faults", "9"], "--faults 9 is out of range: 1 to 3"),
        (["--within", "-1"], "--within -1 is out of range"),
        (["--property", "mine"], "give FILE.py:FUNCTION"),
        (["--property", "no_such_file.py:f"], "no_such_file.py"),
    ],
    ids=["faults", "within", "no function", "no file"],
)
def test_bad_input_is_one_line(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "lesson-two-routers", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


# -- an end before the end ------------------------------------------------------------


def test_what_was_found_until_the_time_is_over_is_told() -> None:
    found = vrrplab.explore("article-steady", at_most_s=0.5)
    assert not found.whole
    assert "0.5 s were over" in str(found)


def test_when_the_time_is_over_a_story_is_run_once_and_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = prepare(as_scenario(*FILES))
    number = [fault.name for fault in ground.faults].index("lb1 chk_haproxy fails")
    harvest = Search(ground, 1, SECOND_US).run(number)
    ((sort, kept),) = harvest.found.items()
    runs: list[int] = []
    harm = Teller._harm

    def counted(self: Teller, found: Found, steps: Steps, seed: int) -> int | None:
        runs.append(1)
        return harm(self, found, steps, seed)

    monkeypatch.setattr(Teller, "_harm", counted)
    teller = Teller(ground)
    at_once = teller.tell(kept, harvest.counts[sort], "It is broken.", until_s=0.0)
    assert len(runs) == 1
    assert at_once.confirmed
    at_leisure = teller.tell(kept, harvest.counts[sort], "It is broken.")
    assert len(runs) > 2
    assert at_leisure.scenario.actions[0].at_us % 50_000 == 0 != at_once.scenario.actions[0].at_us % 50_000


def test_an_interrupt_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = prepare(as_scenario(*FILES))
    run = workers.Worker.run
    done: Iterator[int] = iter(range(99))

    def until_the_third(self: workers.Worker, fault: int, tick: object) -> Harvest:
        if next(done) == 3:
            raise KeyboardInterrupt
        return run(self, fault, tick)  # type: ignore[arg-type]

    monkeypatch.setattr(workers.Worker, "run", until_the_third)
    exploration = Run(ground, 1, SECOND_US)
    found = exploration.result()
    assert exploration.interrupted
    assert "interrupted" in str(found)
    assert [story.promise for story in found.broken] == ["somebody serves"]
    assert sum(row.whole for row in found.coverage) == 3


def test_a_user_property_must_be_a_function() -> None:
    with pytest.raises(VrrplabError, match="a property is a function"):
        user_property("x")  # type: ignore[arg-type]
    assert REACHED.sentence
