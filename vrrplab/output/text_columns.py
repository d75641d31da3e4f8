"""Text in columns, as a terminal counts them: two for most of East Asia's writing and for emoji.

``cut``, ``padded``, ``fitted`` and ``wrap`` lay out by ``width``. What they lay out is ``printable``: a
character that is shown as an escape takes the columns of the escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vrrplab.limits import PARAGRAPH
from vrrplab.output.printable import ends_of, printable

_JOINER, _TEXT_STYLE, _EMOJI_STYLE = "\u200d", "\ufe0e", "\ufe0f"
_REGIONAL = range(0x1F1E6, 0x1F200)  # letters of flags: two are one flag
_SKIN = range(0x1F3FB, 0x1F400)
# What continues a Hangul syllable, and fillers that nobody sees.
_HANGUL_PARTS = frozenset((*range(0x1160, 0x1200), *range(0xD7B0, 0xD800), 0x3164, 0xFFA0))
# Format characters that are seen: they stand around a number in Arabic, Syriac and Kaithi.
_SEEN_FORMATS = frozenset((*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))
# Wide before anything is assigned there: ideographs, and emoji that are later than this Python's Unicode.
_WIDE_TO_COME = (range(0x20000, 0x40000), range(0x1FA70, 0x1FB00), range(0x1F6D0, 0x1F6F0))
# No symbols, and emoji all the same where a variation selector asks for it.
_ALSO_EMOJI = frozenset("#*0123456789\u203c\u2049\u2139\u25fb\u25fc\u2934\u2935\u2194\u3030\u303d")


def width(text: str) -> int:
    """How many columns of a terminal ``printable(text)`` takes."""
    text = printable(text)
    return len(text) if text.isascii() else sum(columns for _, columns in clusters(text))


def cut(text: str, columns: int) -> str:
    """``printable(text)`` in at most so many columns, with … where its end is left out."""
    text = printable(text)
    if width(text) <= columns:
        return text
    return _front(text, columns - 1)[0] + "…" if columns > 0 else ""


def padded(text: str, columns: int, right: bool = False) -> str:
    """``printable(text)`` with spaces up to so many columns behind it; ``right``: before it."""
    text = printable(text)
    spaces = " " * (columns - width(text))
    return spaces + text if right else text + spaces


def fitted(text: str, columns: int) -> str:
    """``printable(text)`` in just so many columns: cut, or padded."""
    return padded(cut(text, columns), columns)


def wrap(text: str, columns: int, first: str = "", more: str = "") -> list[str]:
    """Lines of at most so many columns, broken at spaces; [] for no text.

    ``first`` and ``more`` stand before the first line and before the others. Blanks and line ends between
    words are one space; a word that no line can hold is broken where its line ends.
    """
    lines: list[str] = []
    line, used, has_word = first, width(first), False
    margin = width(more)
    whole = ends_of(text, PARAGRAPH.most, f" …(of {len(text):,})… ")
    # almost all text is ASCII that is shown as it is, a column a character
    is_plain = whole.isascii() and whole.isprintable() and len(whole) <= PARAGRAPH.most
    for word in _BLANKS.split(whole):
        rest = word if is_plain else printable(word, PARAGRAPH.most)
        while rest:
            gap = " " if has_word else ""
            size, room = len(rest) if is_plain else width(rest), columns - used - len(gap)
            if size <= room:
                line, used, has_word = line + gap + rest, used + len(gap) + size, True
                break
            if size > columns - margin:
                part, rest = _front(rest, room, at_least_one=not has_word)
                if part:
                    line, has_word = line + gap + part, True
            if has_word:
                lines.append(line)
                line, used, has_word = more, margin, False
            else:  # the margin of the first line is wider than that of the others
                line, used = more, margin
    return [*lines, line] if has_word else lines


_BLANKS = re.compile(r"[ \t\r\n]+")


def _front(text: str, columns: int, at_least_one: bool = False) -> tuple[str, str]:
    """As much of a text as fits, and the rest."""
    used = end = 0
    for cluster, size in clusters(text):
        used += size
        if used > columns and not (at_least_one and not end):
            break
        end += len(cluster)
    return text[:end], text[end:]


def clusters(text: str) -> Iterator[tuple[str, int]]:
    """What stands together on a terminal, each with its columns: a character and those that change it.

    In the main the grapheme clusters of Unicode's annex 29, without its tables: marks, joined emoji, flags of
    two letters, Hangul syllables, Indic conjuncts.
    """
    start = columns = 0
    for place, character in enumerate(text):
        if place > start:
            joined = _columns_with(text[start:place], columns, character)
            if joined is not None:
                columns = joined
                continue
            yield text[start:place], columns
        start, columns = place, _columns_of(character)
    if text:
        yield text[start:], columns


def _columns_with(cluster: str, columns: int, character: str) -> int | None:
    """The columns of a cluster with one more character in it; None if that begins another one."""
    import unicodedata

    base, last = cluster[0], cluster[-1]
    if character == _EMOJI_STYLE:
        return 2 if columns == 1 and last == base and _may_be_emoji(base) else columns
    if character == _TEXT_STYLE:
        return 1 if last == base and _may_be_emoji(base) else columns
    if unicodedata.category(character) == "Mc":
        return 2 if columns else 0
    if _columns_of(character) == 0:
        return columns
    if unicodedata.combining(last) == _VIRAMA and unicodedata.category(character) == "Lo":
        return 2
    if _may_be_emoji(base) and (last == _JOINER or ord(character) in _SKIN) and _may_be_emoji(character):
        return columns
    if ord(character) in _REGIONAL and cluster == base and ord(base) in _REGIONAL:
        return 2
    return None


_VIRAMA = 9  # the combining class of what joins two consonants


@lru_cache(4096)
def _may_be_emoji(character: str) -> bool:
    import unicodedata

    return character in _ALSO_EMOJI or unicodedata.category(character) in ("So", "Sk", "Cn")


@lru_cache(4096)
def _columns_of(character: str) -> int:
    """Of a character alone: 0, 1 or 2."""
    import unicodedata

    code, category = ord(character), unicodedata.category(character)
    if category in ("Mn", "Me", "Mc") or code in _HANGUL_PARTS:
        return 0
    if category == "Cf":
        return int(code in _SEEN_FORMATS)
    if category == "Cn":  # nothing is said of its width, or the wrong thing
        return 2 if any(code in wide for wide in _WIDE_TO_COME) else 1
    return 2 if code in _REGIONAL or unicodedata.east_asian_width(character) in "WF" else 1
