"""Names in every script, as a figure or a page may show them: nothing hidden, nothing around them moved.

A name that is written from right to left would turn the numbers beside it around. So it stands between the
characters that Unicode has for that (annex 9, isolates), and the line as a whole goes from left to right.
"""

from __future__ import annotations

import re

from vrrplab.output.printable import printable

_LEFT_TO_RIGHT, _FIRST_STRONG, _POP = "\u200e", "\u2068", "\u2069"
# Hebrew to Arabic Extended-A, their presentation forms, and what Unicode keeps for such scripts beyond U+FFFF
_LETTER = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
# A name goes on over digits and joiners, and over one blank or sign that stands before more of it.
RIGHT_TO_LEFT = (
    f"[{_LETTER}](?:[{_LETTER}0-9\u0300-\u036f\u200c\u200d]|[-_./](?=[{_LETTER}0-9])| (?=[{_LETTER}]))*"
)
_NAME = re.compile(RIGHT_TO_LEFT)


def isolated(text: str) -> str:
    """A line from left to right, in which parts that go the other way keep to themselves."""
    if text.isascii() or not _NAME.search(text):
        return text
    return _LEFT_TO_RIGHT + _NAME.sub(lambda name: f"{_FIRST_STRONG}{name.group()}{_POP}", text)


def shown(text: str) -> str:
    """Text of any origin for a page: what cannot be seen as its escape, and ``isolated``."""
    return isolated(printable(text))
