"""JSON that is read: finite numbers, whole characters, and not nested deeper than anybody writes.

Every reader of JSON, of a file or of one line, takes it here, so that what is refused is the same everywhere.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from vrrplab.errors import PlacedError
from vrrplab.input_files import read_bytes, text_of
from vrrplab.limits import JSON_DEPTH, JSON_DIGITS, Limit

if TYPE_CHECKING:
    import json

# A surrogate whose partner is not there, as an escape and as a character. U+DC80 to U+DCFF are no such thing:
# they are how Python keeps a byte that is not UTF-8, and a trace may tell of a configuration that has some.
_HALF_ESCAPED = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class JsonError(ValueError):
    """A text that is no JSON, or JSON that nobody means; the message says why, ``line`` where, from 1."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def json_of(text: str, forgiving: bool = False) -> Any:
    """What a JSON text holds: finite numbers, whole characters, and not nested deeper than anybody writes.

    JsonError for everything else. ``forgiving``: a number that is none becomes None, and half a character
    stays.
    """
    import json

    try:
        content = _decoder(forgiving).decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise JsonError(f"is nested deeper than {JSON_DEPTH}") from None
    except ValueError as error:
        raise JsonError(str(error)) from None
    halves = not forgiving and _HALF_ESCAPED.search(text) is not None
    if halves or text.count("[") + text.count("{") > JSON_DEPTH.most:
        _check(content, text, halves)
    return content


@lru_cache
def _decoder(forgiving: bool) -> json.JSONDecoder:
    import json

    def fraction(text: str) -> float | None:
        number = float(text)
        return number if isfinite(number) else _odd(text, forgiving)

    def whole(text: str) -> int | None:
        return int(text) if len(text) <= JSON_DIGITS.most else _odd(text, forgiving)

    return json.JSONDecoder(parse_float=fraction, parse_int=whole, parse_constant=fraction)


def _odd(text: str, forgiving: bool) -> int | None:
    if forgiving:
        return None
    said = text if len(text) <= JSON_DIGITS.most else f"{text[:8]}…"
    raise ValueError(f"has the number {said}: only finite ones of up to {JSON_DIGITS} are read")


def _check(content: Any, text: str, halves: bool) -> None:
    """JsonError for what is nested too deeply, or has half a character."""
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > JSON_DEPTH.most + 1:
            raise JsonError(f"is nested deeper than {JSON_DEPTH}")
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                if halves:
                    inner += value.keys()
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif halves and isinstance(value, str) and _HALF.search(value):
                at = _HALF_ESCAPED.search(text)
                line = text.count("\n", 0, at.start()) + 1 if at else 0
                raise JsonError("has half a character (a surrogate without its partner)", line)
        level = inner


def read_json(
    path: str | os.PathLike[str],
    limit: Limit,
    error: type[PlacedError],
    hint: str = "",
    forgiving: bool = False,
    ordinary: bool = False,
) -> Any:
    """What a JSON file holds: ``json_of`` its text. ``error`` if it cannot be read, is larger, or is none.

    ``ordinary``: as ``open_input`` has it.
    """
    name = os.fspath(path)
    text = text_of(read_bytes(path, limit, error, hint, ordinary), name, error, hint)
    try:
        return json_of(text, forgiving)
    except JsonError as reason:
        raise error(name, reason.line, str(reason), hint) from None
