"""A picture that grows: drawn again in its place while what it shows is still being run."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

PAUSE_S = 0.4  # between two pictures: drawing must not take the time of what is drawn

Grown = TypeVar("Grown")


def grow(parts: Iterable[Grown], draw: Callable[[Grown], Any]) -> Any:
    """Show ``draw(part)`` for what has come so far, again and again, and at last for all of it.

    In a notebook the picture is shown in one place, and None comes back. Elsewhere only the last is drawn,
    and comes back; None if there was no part.
    """
    ipython: Any = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        last = deque(parts, maxlen=1)
        return draw(last[0]) if last else None
    place = None
    drawn_s = -PAUSE_S
    part = None
    for part in parts:
        if time.monotonic() - drawn_s >= PAUSE_S:
            place = _show(draw(part), place)
            drawn_s = time.monotonic()
    if part is not None:
        _show(draw(part), place)
    return None


def _show(picture: Any, place: Any) -> Any:
    """In its place, or in a new one, which comes back."""
    if place is not None:
        place.update(picture)
        return place
    from IPython.display import display

    return display(picture, display_id=True)  # type: ignore[no-untyped-call]
