"""Dumps with offsets that are not in hexadecimal: od with none of its options, od -b, -c, -d and -t u1,
hexdump -b, -c, -d and -o.

    0000020  \\0   (  \\0 004  \\0  \\0 377   p 026 354 300 250 002 373 340  \\0

Which of them a text is shows in its offsets: each must be the number of bytes before it, in the base of the
tool, and the last line tells where the frame ends.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vrrplab.pasted.frames import LeftOut, Pasted, PastedFrame, looks_right

_ROW = re.compile(r"^[>\s]*([0-9a-f]{7,8})((?:[ \t]+\S.*)?)$")
_AGAIN = "*"
_LEAST_ROWS = 2  # with the end
_LONGEST = 1_000  # characters of a line


class _Form(NamedTuple):
    """``size``: bytes of a word, of which the lowest comes first. ``bases``: of offsets."""

    name: str
    word: re.Pattern[str]
    base: int
    size: int
    bases: tuple[int, ...]


_FORMS = (
    _Form("od -b", re.compile("[0-3][0-7]{2}"), 8, 1, (8, 16, 10)),
    _Form("od without options", re.compile("[01][0-7]{5}"), 8, 2, (8, 16, 10)),
    _Form("od -t u1", re.compile("[0-9]{1,3}"), 10, 1, (8, 10, 16)),
    _Form("od -t d1", re.compile("-?[0-9]{1,3}"), 10, 1, (8, 10, 16)),
    _Form("od -d", re.compile("[0-9]{1,5}"), 10, 2, (8, 16, 10)),
)
_CELL = 4  # characters of a byte of od -c
_ESCAPES = {"\\0": 0, "\\a": 7, "\\b": 8, "\\t": 9, "\\n": 10, "\\v": 11, "\\f": 12, "\\r": 13, "": 32}


def read_numbers(text: str, name: str) -> Pasted | None:
    """The frames; None if the text is no such dump, or one that fits no tool whole."""
    rows: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _ROW.match(line) if len(line) <= _LONGEST else None
        if found is not None:
            rows.append((number, found[1], found[2]))
        elif rows and line.strip() == _AGAIN:
            rows.append((number, _AGAIN, ""))
    if len(rows) < _LEAST_ROWS:
        return None
    for form in _FORMS:
        parts = [_words(form, row[2]) for row in rows]
        if all(part is not None for part in parts) and _is_decided(form, rows):
            frames = _frames(rows, [part or b"" for part in parts], form.bases, form.size, name)
            if frames:
                return Pasted(form.name, frames)
    cells = [_cells(row[2]) for row in rows]
    if all(part is not None for part in cells):
        frames = _frames(rows, [part or b"" for part in cells], (8, 16, 10), 1, name)
        if frames:
            return Pasted("od -c", frames)
    return None


def _is_decided(form: _Form, rows: list[tuple[int, str, str]]) -> bool:
    """Pairs of digits everywhere are hexadecimal."""
    return form.base == 8 or any(len(word) != 2 for row in rows for word in row[2].split())


def _words(form: _Form, text: str) -> bytes | None:
    data = bytearray()
    limit = 1 << 8 * form.size
    for word in text.split():
        if form.word.fullmatch(word) is None:
            return None
        value = int(word, form.base)
        if not -limit // 2 <= value < limit:
            return None
        data += (value % limit).to_bytes(form.size, "little")
    return bytes(data)


def _cells(text: str) -> bytes | None:
    """Each byte is the last of four characters: itself, an escape or three octal digits."""
    data = bytearray()
    for place in range(0, len(text.rstrip()), _CELL):
        word = text[place : place + _CELL].strip()
        if re.fullmatch("[0-3][0-7]{2}", word):
            data.append(int(word, 8))
        elif word in _ESCAPES:
            data.append(_ESCAPES[word])
        elif len(word) == 1 and "!" <= word <= "~":
            data.append(ord(word))
        else:
            return None
    return bytes(data)


def _frames(
    rows: list[tuple[int, str, str]], parts: list[bytes], bases: tuple[int, ...], size: int, name: str
) -> list[PastedFrame]:
    for base in bases:
        frames = _assembled(rows, parts, base, size, name)
        if frames and any(looks_right(frame.data) for frame in frames):
            return frames
    return []


def _assembled(
    rows: list[tuple[int, str, str]], parts: list[bytes], base: int, size: int, name: str
) -> list[PastedFrame]:
    """Empty where an offset does not fit."""
    left_out = LeftOut(name)
    frames: list[PastedFrame] = []
    data, begun, last, again = bytearray(), 0, b"", False
    for (number, offset, _), part in zip(rows, parts, strict=True):
        if offset == _AGAIN:
            again = True
            continue
        try:
            there = int(offset, base)
        except ValueError:
            return []
        if not there and part:
            if data:
                frames.append(PastedFrame(bytes(data), begun))
            data, begun = bytearray(), number
        elif again and (lines := left_out.between(last, len(data), there)):
            data += lines
        elif not part and 0 < len(data) - there < size:
            del data[there:]  # what fills the last word
        elif there != len(data):
            return []
        data += part
        last, again = part, False
    if data:
        frames.append(PastedFrame(bytes(data), begun))
    return frames
