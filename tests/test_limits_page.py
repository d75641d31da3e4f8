"""docs/limits.md is what the tables say, and every limit in them is one that somebody keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import program

from vrrplab import limits, work

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [p.read_text(encoding="utf-8") for p in (ROOT / "vrrplab").rglob("*.py") if p.name != "limits.py"]
page = program("tools/limits_page.py")


def test_the_page_is_fresh() -> None:
    assert page.main(["--check"]) == 0, "python tools/limits_page.py"


@pytest.mark.parametrize("name", limits.table())
def test_every_limit_is_kept_and_on_the_page(name: str) -> None:
    assert any(name in source for source in SOURCES), f"nobody asks {name}"
    assert f"| {limits.table()[name]} |" in page.PAGE.read_text(encoding="utf-8")


def test_every_cost_is_on_the_page() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert [one.what for one in work.costs() if f"| {one.what} |" not in text] == []
    assert len({one.what for one in work.costs()}) == len(work.costs())


def test_it_is_linked() -> None:
    assert "docs/limits.md" in (ROOT / "README.md").read_text(encoding="utf-8")
