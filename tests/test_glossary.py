"""Words: every keepalived state and every field name the lessons speak of is there, once, and explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from programs import program

from vrrplab import glossary
from vrrplab.trace import STATES

ROOT = Path(__file__).resolve().parents[1]


def test_every_state_of_a_trace_is_a_word() -> None:
    assert [state for state in STATES if state not in {term.word for term in glossary.TERMS}] == []


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("master", "MASTER"),
        ("Active", "MASTER"),
        ("Initialize", "INIT"),
        ("Active_Down_Interval", "master down interval"),
        ("Master_Down_Interval", "master down interval"),
        ("master_down_at_us", "master down timer"),
        ("advert_interval_us", "advert_int"),
        ("Advertisement_Interval", "advert_int"),
        ("vrid", "virtual_router_id"),
        ("Preempt_Mode", "preempt"),
        ("Priority", "priority"),
    ],
)
def test_a_word_is_found_by_any_of_its_names(name: str, word: str) -> None:
    term = glossary.look_up(name)
    assert term is not None
    assert term.word == word


def test_what_is_not_a_word_is_not_found() -> None:
    assert glossary.look_up("spanning tree") is None


def test_each_word_comes_once_and_is_explained_in_a_sentence() -> None:
    words = [term.word for term in glossary.TERMS]
    assert len(words) == len(set(words))
    assert [t.word for t in glossary.TERMS if not t.meaning.endswith(".") or len(t.meaning) < 30] == []


def test_the_table_has_a_row_a_word() -> None:
    lines = glossary.as_markdown().splitlines()
    assert len(lines) == 2 + len(glossary.TERMS)
    assert {line.count("|") for line in lines} == {5}
    assert lines[2].startswith("| MASTER | Active | Master | The state")


def test_the_page_is_fresh() -> None:
    assert program("tools/glossary_page.py").main(["--check"]) == 0, "python tools/glossary_page.py"


def test_a_name_in_the_source_is_there() -> None:
    """A name that was changed is a name that nobody finds."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "vrrplab").rglob("*.py"))
    names = {term.code for term in glossary.TERMS if term.code}
    assert [name for name in sorted(names) if len(re.findall(rf"\b{name}\b", source)) < 2] == []
