"""Hints: every exercise has three, they are told one by one and counted, and none is the answer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.lessons import NOTEBOOKS, prose
from tests.misses import SOLUTIONS
from vrrplab import VrrplabError
from vrrplab.exercises import check, class_results, hint, progress
from vrrplab.exercises.hints import STAGES, hints_of
from vrrplab.exercises.registry import EXERCISES

NAMES = sorted(EXERCISES)
TOLD: dict[str, str] = {}  # cases that have been run


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's progress file of its own for every test."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("VRRPLAB_PROGRESS", str(path))
    return path


def stages_of(name: str) -> list[str]:
    hints = hints_of(name)
    TOLD.setdefault(name, hints.case())
    return [hints.where, hints.rule, TOLD[name]]


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_three_hints_that_are_sentences(name: str) -> None:
    texts = stages_of(name)
    assert len(set(texts)) == len(STAGES) == 3
    assert re.search(r"\d", texts[2]), "a case has the numbers of its run"
    for text in texts:
        assert re.match(r"[A-Z“`12]", text), text
        assert text.endswith((".", "?")), text
        assert "\n" not in text
        assert 40 < len(text) < 420, len(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_nearby_is_not_the_answer(name: str) -> None:
    right = SOLUTIONS[name].answer
    for text in stages_of(name):
        if re.fullmatch(r"-?[\d.]+", right) and len(right) > 1:
            assert not re.search(rf"(?<![\d.]){re.escape(right)}(?![\d.])", text), text
        elif len(right) > 8:
            assert right not in text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_hint_quotes_is_in_the_notebook(name: str) -> None:
    path = next(path for path in NOTEBOOKS if path.stem.startswith(name[:2]))
    for text in stages_of(name)[:2]:
        for quoted in re.findall(r"“([^”]+)”", text):
            assert quoted in prose(path).replace("“", "").replace("”", ""), quoted


def test_three_stages_and_then_the_last_again(file: Path) -> None:
    said = [hint("02-quick") for _ in range(4)]
    for number, stage in enumerate(STAGES):
        assert str(said[number]).startswith(f"→ 02-quick hint: {number + 1} of 3, {stage}. ")
        assert said[number].text.endswith(hints_of("02-quick").stage(number))
    assert said[3].text.startswith("there are no more than 3")
    assert said[3].text.endswith(hints_of("02-quick").stage(2))
    assert json.loads(file.read_text())["exercises"]["02-quick"] == {"hints": 3}
    assert not any(said)


def test_hints_are_counted_and_shown(file: Path) -> None:
    hint("02-quick")
    hint("02-quick")
    assert "… open, 2 hints" in str(progress())
    check("02-quick", 240)
    assert "✔ passed, 1 try, 2 hints" in str(progress())
    results = class_results(file)
    assert "progress,02-quick,1,1,2" in results.to_csv().splitlines()
    line = next(line for line in str(results).splitlines() if line.startswith("02-quick"))
    assert line.split() == ["02-quick", "1", "1", "1", "2"]


def test_after_it_is_passed_all_are_told_and_none_is_counted(file: Path) -> None:
    check("02-quick", 240)
    said = hint("02-quick")
    assert all(hints_of("02-quick").stage(number) in said.text for number in range(3))
    assert "hints" not in json.loads(file.read_text())["exercises"]["02-quick"]


def test_the_third_miss_offers_what_was_not_told_yet() -> None:
    offers = []
    for priority in (100, 101, 102):
        offers.append(check("02-quick", priority).text)
    assert ["hint(" in text for text in offers] == [False, False, True]
    assert offers[2].endswith('hint("02-quick") says where to look.')
    for words in ("tells the rule.", "shows a case nearby.", "put your numbers into it."):
        hint("02-quick")
        assert check("02-quick", 103).text.endswith(words)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(VrrplabError, match="there is no exercise '02-quik': did you mean '02-quick'"):
        hint("02-quik")
    with pytest.raises(VrrplabError, match=r'hint\(\) takes the name of an exercise first, like hint\("02-q'):
        hint(2)  # type: ignore[arg-type]


def test_code_in_a_hint_is_shown_as_code() -> None:
    said = hint("04-worst")
    assert "<code>squid -k check</code>" in said._repr_html_()
    assert "`squid -k check`" in repr(said)
