"""Places in a text as an editor counts them: lines from 0, columns in UTF-16 units as a rule."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

_LINE_END = re.compile(r"\r\n|\r|\n")

UTF_16 = "utf-16"
_UNITS: dict[str, Callable[[str], int]] = {
    UTF_16: lambda character: 1 + (character > "\uffff"),
    "utf-8": lambda character: len(character.encode("utf-8", "replace")),
    "utf-32": lambda character: 1,
}

Position = tuple[int, int]
"""Line and column, both from 0."""


class Lines:
    """A text by its lines. An editor ends a line at a carriage return too, keepalived only at a line feed.

    ``units``: in what columns are counted: utf-16, or utf-8 or utf-32 as the editor may ask for.
    """

    def __init__(self, text: str, units: str = UTF_16) -> None:
        self.text = text
        self._units = _UNITS.get(units, _UNITS[UTF_16])
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._daemons_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def offset(self, line: int, column: int) -> int:
        """The character at a place; what is beyond a line or the text is taken for its end."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self.text)
        at = self._starts[line]
        units = 0
        while at < len(self.text) and self.text[at] not in "\r\n":
            units += self._units(self.text[at])
            if units > column:
                break
            at += 1
        return at

    def position(self, offset: int) -> Position:
        """The place of a character."""
        line = bisect_right(self._starts, offset) - 1
        return line, sum(map(self._units, self.text[self._starts[line] : offset]))

    def written(self, number: int) -> tuple[Position, Position]:
        """From where to where there is text on a line as keepalived counts them, from 1; 0: the first one."""
        begin = self._daemons_starts[min(max(number, 1), len(self._daemons_starts)) - 1]
        end = self.text.find("\n", begin)
        line = self.text[begin : end if end >= 0 else len(self.text)]
        first = begin + len(line) - len(line.lstrip())
        return self.position(min(first, begin + len(line))), self.position(begin + len(line.rstrip()))
