"""What somebody hands to a public function, looked at before it is used: a sentence, not a traceback.

For the doors only (``simulate``, ``variant``, a figure …): inside, values are what they say they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from vrrplab.errors import VrrplabError, did_you_mean

T = TypeVar("T")

MOST_NAMES = 20  # of those that there are, in one sentence


def number(value: Any, name: str, low: float | None = None, high: float | None = None) -> float:
    """``value``, if it is a finite number (numpy's count) from ``low`` to ``high``."""
    found: float | None = None
    if not isinstance(value, (bool, str, bytes)):
        try:
            found = float(value)
        except (TypeError, ValueError, OverflowError):
            found = None
    if found is None or not abs(found) < float("inf"):
        raise VrrplabError(f"{name} is {short_repr(value)}: give a number")
    if (low is not None and found < low) or (high is not None and found > high):
        limits = f"{low:g} or more" if high is None else f"{high:g} or less" if low is None else ""
        raise VrrplabError(f"{name} {found:g} is out of range: {limits or f'{low:g} to {high:g}'}")
    return found


def whole(value: Any, name: str, low: float | None = None, high: float | None = None) -> int:
    """``value``, if it is a whole number from ``low`` to ``high``."""
    found = number(value, name, low, high)
    if found != int(found):
        raise VrrplabError(f"{name} is {short_repr(value)}: give a whole number")
    return value if isinstance(value, int) else int(found)  # above 2^53 a float is a neighbour


def text(value: Any, name: str) -> str:
    """``value``, if it is text."""
    if not isinstance(value, str):
        raise VrrplabError(f"{name} is {short_repr(value)}: give text, in quotes")
    return value


def pairs(value: Any, name: str, example: str) -> Mapping[Any, Any]:
    """``value``, if it is a dict; ``example``: one that would be right."""
    if not isinstance(value, Mapping):
        raise VrrplabError(f"{name} is {short_repr(value)}: give pairs, like {name}={example}")
    return value


def several(value: Any, name: str, example: str) -> list[Any]:
    """The items of ``value``, if it is a list or the like. Text is one item, and no list."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise VrrplabError(f"{name} is {short_repr(value)}: give a list, like {name}={example}")
    return list(value)


def known(value: Any, what: str, names: Iterable[str], where: str = "here") -> str:
    """``value``, if it is one of ``names``; else what there is, the nearest one first."""
    among = list(names)
    if isinstance(value, str) and value in among:
        return value
    hint = did_you_mean(value, among) if isinstance(value, str) else ""
    more = f" and {len(among) - MOST_NAMES:,} more" if len(among) > MOST_NAMES else ""
    there = f"there are {', '.join(among[:MOST_NAMES]) or 'none'}{more}"
    raise VrrplabError(f"no {what} {short_repr(value)} {where}: {hint}{' ' if hint else ''}{there}")


def instance(value: Any, kind: type[T], function: str, wanted: str) -> T:
    """``value``, if it is of a class; ``wanted``: what that is, in words."""
    if not isinstance(value, kind):
        raise VrrplabError(f"{function}() takes {wanted}, not {short_repr(value)}")
    return value


def short_repr(value: Any) -> str:
    """A value in an error: short, on one line, and never an error of its own."""
    try:
        told = " ".join(repr(value).split())
    except Exception:  # whatever somebody's class does
        told = f"a {type(value).__name__}"
    return told if len(told) <= 60 else f"{told[:59]}…"
