"""The pictures of README are those that `make pictures` draws, and the moving one tells what happened."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.papers import ROOT, text_of
from tests.programs import program
from tools.moving_picture import Clock, alt_text, facts
from vrrplab.trace import Trace

FOLDER = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return program("tools/pictures.py")


@pytest.fixture(scope="module")
def trace(tool: ModuleType) -> Trace:
    pulled: Trace = tool.pulled_cable()
    return pulled


def test_they_are_fresh(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 0, capsys.readouterr().err


def test_readme_shows_all_of_them_in_light_and_dark_and_for_who_asks_for_less_motion() -> None:
    named = set(re.findall(r"docs/pictures/([\w.-]+)", text_of("README.md")))
    assert named == {path.name for path in FOLDER.iterdir()}


def test_whoever_cannot_see_it_is_told(trace: Trace) -> None:
    alt = re.search(r'cable-pulled-light\.svg"[^>]* alt="([^"]+)"', text_of("README.md"))
    assert alt is not None
    assert unescape(alt[1]) == alt_text(trace)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("cable-pulled-*.svg")))
def test_it_is_small_and_stands_still_where_asked(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert len(text) < 150_000
    root = ElementTree.fromstring(text)
    assert not [tag for tag in root.iter() if tag.tag.endswith(("script", "image", "foreignObject"))]
    still = "still" in name
    assert ("@keyframes" in text) is not still
    assert ("@media (prefers-reduced-motion:reduce){*{animation:none!important}}" in text) is not still


def test_its_times_are_those_of_the_trace(trace: Trace) -> None:
    fact = facts(trace)
    (outage,) = trace.outages(fact.address)
    assert (fact.holder, fact.other) == (trace.owner(fact.address, 11), trace.owner(fact.address, 16))
    assert trace.states("web", fact.other)[-1].from_s == pytest.approx(fact.taken_s)
    assert outage.to_s == pytest.approx(fact.answered_s)
    assert fact.taken_s - fact.heard_s[-1] == pytest.approx(3.609, abs=0.001)
    clock = Clock(fact)
    before, after = (fact.heard_s[0], fact.pulled_s, fact.taken_s), (fact.answered_s, fact.end_s)
    for moments in (before, after):
        for earlier, later in pairwise(moments):
            assert clock(later) - clock(earlier) == pytest.approx(later - earlier)


def test_a_badge_says_what_the_page_says(tool: ModuleType) -> None:
    told = re.search(
        r"In short: (\d+) recordings of real daemons, all of them agree", text_of("docs/truth.md")
    )
    assert told is not None
    assert f"{told[1]} of {told[1]} recordings agree" in tool.badges()["badge-recordings.svg"]
