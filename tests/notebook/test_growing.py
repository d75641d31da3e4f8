"""A picture that grows: once where nobody watches, in one place where somebody does."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from vrrplab.notebook import growing
from vrrplab.notebook.growing import grow


def test_without_a_notebook_the_last_one_is_drawn_and_comes_back() -> None:
    drawn: list[int] = []
    assert grow(iter([1, 2, 3]), lambda part: drawn.append(part) or f"picture of {part}") == "picture of 3"  # type: ignore[func-returns-value]
    assert drawn == [3]
    assert grow(iter([]), str) is None


def test_in_a_notebook_one_place_shows_each_and_at_last_all(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    place = SimpleNamespace(update=shown.append)

    def display(picture: Any, display_id: bool) -> Any:
        assert display_id
        shown.append(picture)
        return place

    ipython, screen = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: object()  # type: ignore[attr-defined]
    screen.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", screen)
    monkeypatch.setattr(growing, "PAUSE_S", 0.0)
    assert grow(iter("abc"), str.upper) is None
    assert shown == ["A", "B", "C", "C"]
    shown.clear()
    monkeypatch.setattr(growing, "PAUSE_S", 1000.0)
    assert grow(iter("abc"), str.upper) is None
    assert shown == ["A", "C"], "drawing does not take the time of what is drawn"
