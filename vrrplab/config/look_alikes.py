"""Characters that look like quotes, dashes, spaces or braces and are letters to keepalived.

Word processors and web pages put them in: “…” about a command, a dash of print before a number, no-break
spaces as indentation. keepalived knows ASCII's quotes, spaces and braces only (2.2.7, measured): the
character becomes a part of the word.
"""

from __future__ import annotations

import re
import unicodedata

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
_QUOTES = "\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\uff02\uff07"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_SIGNS = {
    "\uff5b": "{",
    "\uff5d": "}",
    "\uff03": "#",
    "\uff01": "!",
    "\uff1d": "=",
    "\uff0f": "/",
    "\uff1a": ":",
}

_SORTS = (
    # Where a quote or a dash stands inside a word, or alone, it may be meant: O’Brien, Büro – Süd.
    (
        re.compile(rf"(?<!\S)[{_QUOTES}]|[{_QUOTES}](?!\S)|(?<=\")[{_QUOTES}]|[{_QUOTES}](?=\")"),
        "is no quote to keepalived but a letter of the word",
        'write straight quotes: "…"',
    ),
    (
        re.compile(rf"(?<!\S)[{_DASHES}]{{1,2}}(?=\w)"),
        "is no minus sign to keepalived but a letter of the word",
        "write -",
    ),
    (
        re.compile(rf"[{_SPACES}]"),
        "is no space to keepalived but a letter of the word",
        "write plain spaces: sed -i 's/\\xc2\\xa0/ /g' takes no-break spaces out",
    ),
    (re.compile(rf"[{_UNSEEN}]"), "cannot be seen, and is a letter of the word", "type the word anew"),
    (
        re.compile(f"[{''.join(_SIGNS)}]"),
        "is a letter of the word, wide as it looks",
        "write the sign of ASCII: " + " ".join(_SIGNS.values()),
    ),
)


def look_alikes(line: str) -> list[tuple[str, str, str]]:
    """Of a line without its comment: the character, what is wrong with it, and the cure; one of each sort."""
    if line.isascii():
        return []
    return [(found.group()[0], what, cure) for sort, what, cure in _SORTS if (found := sort.search(line))]


def told_of(char: str) -> str:
    """How a character is shown that its looks do not tell from another one: itself, or its name."""
    name = unicodedata.name(char, "character").lower()
    seen = char if not (char.isspace() or char in _UNSEEN) else f"a{'n' * (name[0] in 'aeiou')} {name}"
    return f"{seen} (U+{ord(char):04X})"
