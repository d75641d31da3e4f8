"""What stands around the lines of a text that somebody copied: a mail's quotes, a terminal's colours, an
editor's line numbers, a browser's blanks, and the zeros that a crash leaves in a file.
"""

from __future__ import annotations

import re

_AROUND = re.compile(r"^(?:> ?)+|\x1b\[[0-9;]*[A-Za-z]|\0+")


def bare(line: str) -> str:
    """The line without them."""
    return _AROUND.sub("", line) if line.startswith(">") or "\x1b" in line or "\0" in line else line


_NUMBERED = re.compile(r"^\s*([1-9][0-9]{0,5})(?:[:.)|]\s?|\s|$)")
_FEWEST_NUMBERED = 2  # lines: one may begin with a number by chance


def without_numbers(text: str) -> str | None:
    """The lines without the numbers that an editor, ``cat -n``, ``nl`` or ``grep -n`` put before them, which
    go up by one; None if they have none.
    """
    last, seen = 0, 0
    found: list[str] = []
    for line in text.split("\n"):
        number = _NUMBERED.match(line) if line.strip() else None
        if number is not None:
            if seen and int(number[1]) != last + 1:
                return None
            last, seen = int(number[1]), seen + 1
        elif line.strip():
            return None
        found.append(line[number.end() :] if number is not None else line)
    return "\n".join(found) if seen >= _FEWEST_NUMBERED else None


def bare_text(text: str) -> str:
    """Every line without them."""
    text = text.removeprefix("\ufeff").replace("\u00a0", " ").replace("\r\n", "\n")
    if ">" not in text and "\x1b" not in text and "\0" not in text:
        return text
    return "\n".join(map(bare, text.split("\n")))
