"""What a reader of a capture gives before the capture breaks off, and what it says then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from vrrplab.errors import CaptureError

_Part = TypeVar("_Part")


def until_break(parts: Iterable[_Part]) -> tuple[list[_Part], str]:
    """All parts that come, and the error that ends them, "" where none does."""
    found = []
    try:
        for part in parts:
            found.append(part)
    except CaptureError as error:
        return found, str(error)
    return found, ""
