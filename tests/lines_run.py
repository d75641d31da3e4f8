"""How much work something is, counted in lines of Python that run: the same on a busy machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of Python ``work`` runs, those of what it calls included."""
    count = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Any], few: int) -> float:
    """How often the work of the second ``few`` things is contained in that of the next twice as many.

    2 for work in proportion to the number, 6 for work that grows with its square.
    """
    work(few)  # what is imported and remembered on the way counts for nobody
    first, second, fourth = (lines_run(lambda n=n: work(n)) for n in (few, 2 * few, 4 * few))
    return (fourth - second) / (second - first)
