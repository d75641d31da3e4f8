"""Dumps with offsets: tcpdump -x, tshark -x, Wireshark's copies, text2pcap's input, od, hexdump, xxd.

    0010  00 28 00 00 00 00 ff 70 b1 1d c6 33 64 02 e0 00   .(.....p...3d...

An offset, bytes in groups, and perhaps the same bytes as characters. Offset 0 begins a new frame; every other
one must be the number of bytes before it, which also tells characters that look like bytes from bytes. Lines
that are none of this stand between frames and say nothing, as for text2pcap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from vrrplab.errors import CaptureError
from vrrplab.pasted.frames import LeftOut, Pasted, PastedFrame, guess_link_type, looks_right
from vrrplab.wire import links

# quoted mail begins its lines with ">"
# gdb names what lies at an address, and writes 0x before every byte
_ROW = re.compile(
    r"^[>\s]*(0x)?([0-9a-fA-F]{3,16})(?: <[^>]{1,200}>)?(:?)([ \t]+)(?=(?:0x)?[0-9a-fA-F]{2})(.*)$"
)
_END = re.compile(r"^[>\s]*([0-9a-fA-F]{3,16}):?\s*$")  # od and hexdump tell where the last line ended
_GROUP = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){1,64})(?:(\s+)|$)")
_WIDTHS = (2, 4, 8, 16, 32, 64)  # digits of a group; the last of a line may have less
_BITS = re.compile(r"[01]{8}")
_BASES = (8, 10)  # besides 16: od's own, and what text2pcap takes
_OD_DIGITS = 7  # of its octal offsets
_MOST_GROUPS = 64  # of a line
_LONGEST = 1_000  # characters of a line
_WIDE_GAP = 3  # blanks between bytes and their characters; between bytes there are two at most
_AGAIN = "*"  # od, hexdump and xxd -a: lines like the one before, until the next offset


class _Row(NamedTuple):
    line: int
    offset: str
    mark: str  # "0x", ":", both or neither
    gap: int
    groups: tuple[str, ...]
    characters: str  # behind the groups
    again: bool = False  # the lines before it repeat


class _Rows:
    """What looks like a dump in a text."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self._again = False

    def take(self, number: int, line: str) -> bool:
        """Is it part of a dump?"""
        if len(line) > _LONGEST:
            return False
        found = _ROW.match(line)
        if found is not None:
            prefix, offset, colon, gap, rest = found.groups()
            groups, characters = _split(rest, len(gap))
            if groups:
                mark = (prefix or "") + colon
                self.rows.append(_Row(number, offset, mark, len(gap), groups, characters, self._again))
                self._again = False
                return True
        if self.rows and line.strip() == _AGAIN:
            self._again = True
            return True
        end = _END.match(line)
        if end is not None and self.rows:
            self.rows.append(_Row(number, end[1], self.rows[-1].mark, 0, (), "", self._again))
            self._again = False
            return True
        return False


def _split(rest: str, lead: int) -> tuple[tuple[str, ...], str]:
    """Groups of hexadecimal digits, and what stands behind them.

    The groups end where what follows shows just their bytes as characters; else at a wide gap, or at what is
    no hexadecimal. What is still too much is cut by the next offset.
    """
    groups: list[str] = []
    ends: list[int] = []
    place = 0
    while len(groups) < _MOST_GROUPS and (found := _GROUP.match(rest, place)) is not None:
        groups.append(found[1])
        ends.append(found.end(1))
        place = found.end()
    if len(groups) > 1 and len(groups[0]) not in _WIDTHS:
        return (), rest
    for count in range(len(groups), 0, -1):
        shown, some = rest[ends[count - 1] :], groups[:count]
        if _shows(shown, _joined(some)) or (len(some[0]) > 2 and _shows(shown, _joined(_reversed(some)))):
            return tuple(groups[:count]), rest[ends[count - 1] :]
    for count in range(1, len(groups)):
        between = rest[ends[count - 1] : ends[count]]
        if _WIDE_GAP <= len(between) - len(between.lstrip()) != lead:  # hexdump -x sets all words far apart
            return tuple(groups[:count]), rest[ends[count - 1] :]
    return tuple(groups), rest[ends[-1] :] if ends else rest


def _joined(groups: Iterable[str]) -> bytes:
    return bytes.fromhex("".join(groups))


def _reversed(groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(bytes.fromhex(group)[::-1].hex() for group in groups)


def _shows(characters: str, data: bytes) -> bool:
    """Are they these bytes as characters, behind two blanks at least? Blanks at either end may be missing."""
    if characters[:2].strip() or len(characters) < 3:
        return False
    shown = characters.strip()
    if len(shown) >= 2 and shown[0] + shown[-1] in ("||", "><", "**"):
        shown = shown[1:-1]
    missing = len(data) - len(shown)
    if missing < 0 or not shown:
        return False
    before = next((place for place, byte in enumerate(data) if byte != 0x20), 0)
    return any(
        _are(" " * left + shown + " " * (missing - left), data) for left in {0, min(before, missing), missing}
    )


def _are(shown: str, data: bytes) -> bool:
    return all(
        character in (chr(byte), ".") if byte == 0x20
        else character == chr(byte) if 33 <= byte <= 126
        else character in ". ·" or ord(character) > 126
        for character, byte in zip(shown, data, strict=True)
    )  # fmt: skip


def read_dump(text: str, name: str) -> Pasted | None:
    """The frames of a dump; None if the text is none. ``error`` where an offset does not fit."""
    rows = _Rows()
    for number, line in enumerate(text.split("\n"), 1):
        rows.take(number, line)
    return frames_of_rows(rows.rows, name)


def read_dump_lines(lines: Iterable[tuple[int, str]], name: str) -> Pasted | None:
    """The same of lines that were found before, each with its number."""
    rows = _Rows()
    for number, line in lines:
        rows.take(number, line)
    return frames_of_rows(rows.rows, name)


def is_dump_line(line: str) -> bool:
    """Such a line as tcpdump prints below its own: an offset with 0x and a colon."""
    return _TCPDUMP_ROW.match(line) is not None


_TCPDUMP_ROW = re.compile(r"^\s+0x[0-9a-fA-F]{4,}:\s+[0-9a-fA-F]{2}")


def frames_of_rows(rows: list[_Row], name: str) -> Pasted | None:
    """Frames, if the rows are a dump at all: it begins at 0, and is not just hexadecimal with blanks.

    CaptureError: the lines before the first one are missing.
    """
    begins = next((place for place, row in enumerate(rows) if row.groups and not int(row.offset, 16)), None)
    if begins is None:
        return _of_memory(rows, name)
    rows = rows[begins:]
    if not _is_dump(rows[0]):
        return None
    if all(_BITS.fullmatch(group) for row in rows for group in row.groups):
        rows = [row._replace(groups=tuple(f"{int(group, 2):02x}" for group in row.groups)) for row in rows]
    base, frames, error = _best(rows, name)
    turned = False
    if any(len(group) > 2 for group in rows[0].groups) and "0x" not in rows[0].mark:
        other = _best(list(map(_turned, rows)), name)
        is_word = not rows[0].mark and len(rows[0].groups[0]) == 4
        straight, swapped = (sum(looks_right(frame.data) for frame in some) for some in (frames, other[1]))
        turned = straight < swapped or (is_word and not straight)
        if turned:
            base, frames, error = other
    return Pasted(_named(rows, base, turned, frames), frames, error)


def _of_memory(rows: list[_Row], name: str) -> Pasted | None:
    """A dump whose offsets begin elsewhere: where a debugger found it, or somebody left off its beginning."""
    while rows and not rows[0].groups:
        rows = rows[1:]
    if not rows or (len(rows) < 2 and not rows[0].mark):
        return None
    first = int(rows[0].offset, 16)
    digits = len(rows[0].offset)
    if any(int(row.offset, 16) < first for row in rows):
        return None
    moved = [row._replace(offset=f"{int(row.offset, 16) - first:0{digits}x}") for row in rows]
    frames, error = _assembled(moved, 16, name)
    sizes = [len(_joined(row.groups)) for row in moved]
    if len(moved) > 1 and int(moved[1].offset, 16) != sizes[0]:
        return None
    if looks_right(frames[0].data) and error is None:
        return Pasted("a hex dump of memory", frames)
    message = f"begins at the offset {rows[0].offset}: what stands before it is missing"
    raise CaptureError(name, rows[0].line, message, "the dump of a frame begins at offset 0")


def _best(rows: list[_Row], name: str) -> tuple[int, list[PastedFrame], CaptureError | None]:
    """With the base in which all offsets fit, if there is one."""
    base = 16
    frames, error = _assembled(rows, base, name)
    for other in _BASES:
        if error is not None:
            more, wrong = _assembled(rows, other, name)
            is_od = len(rows[0].offset) == _OD_DIGITS and wrong is not None and wrong.line > error.line
            if wrong is None or is_od:
                base, frames, error = other, more, wrong
    return base, frames, error


def _turned(row: _Row) -> _Row:
    """od -x, hexdump and xxd -e print words in the order of a little-endian machine."""
    return row._replace(groups=_reversed(row.groups))


def _is_dump(row: _Row) -> bool:
    """And not bare digits in groups, which may begin with zeros too."""
    if row.mark or row.characters.strip():
        return True
    if len(row.groups[0]) == 2:
        return True
    return row.gap > 1 or len(row.offset) > 4


def _assembled(rows: list[_Row], base: int, name: str) -> tuple[list[PastedFrame], CaptureError | None]:
    """Frames up to the first offset that does not fit, and the error."""
    frames: list[PastedFrame] = []
    data, begun, last = bytearray(), 0, b""
    left_out = LeftOut(name)
    groups: tuple[str, ...] = ()
    error: CaptureError | None = None
    for row in rows:
        try:
            offset = int(row.offset, base)
        except ValueError:
            error = _wrong(name, row, len(data))
            break
        if not offset and row.groups:
            _close(frames, data, begun)
            data, begun, last = bytearray(), row.line, b""
        elif row.again and (lines := left_out.between(last, len(data), offset)):
            data += lines
        elif offset < len(data) and _is_too_much(len(data) - offset, groups, row, base):
            del data[offset:]
        elif offset != len(data):
            error = _wrong(name, row, len(data))
            break
        groups = row.groups
        last = _joined(groups)
        data += last
    _close(frames, data, begun)
    return frames, error


def _is_too_much(excess: int, groups: tuple[str, ...], row: _Row, base: int) -> bool:
    """Characters that looked like groups of bytes; or, by the offset at the end, what fills the last word."""
    if not row.groups and groups and excess < len(groups[-1]) // 2:
        return True
    sizes = [sum(len(group) // 2 for group in groups[count:]) for count in range(1, len(groups))]
    return base == 16 and excess in sizes


def _close(frames: list[PastedFrame], data: bytearray, begun: int) -> None:
    if data:
        frames.append(PastedFrame(bytes(data), begun))


def _wrong(name: str, row: _Row, there: int) -> CaptureError:
    message = f"the offset {row.offset} does not fit: {there} (0x{there:x}) bytes stand before it"
    return CaptureError(name, row.line, message, "is a line missing, or two joined?")


def _named(rows: list[_Row], base: int, swapped: bool, frames: list[PastedFrame]) -> str:
    first = rows[0]
    characters = any(row.characters.strip() for row in rows)
    if first.mark.startswith("0x"):
        has_link = all(guess_link_type(frame.data) == links.ETHERNET for frame in frames)
        letter = "X" if characters else "x"
        return f"tcpdump -{letter * (2 if has_link else 1)}"
    if first.mark:
        return "xxd -e" if swapped else "xxd"
    if swapped:
        return "od -x" if base == 8 else "hexdump"
    if "|" in first.characters:
        return "hexdump -C"
    if len(first.offset) == 4 and characters:
        return "tshark -x" if first.gap == 2 else "a copy from Wireshark"
    if len(first.offset) >= 6:
        return "od" if any(not row.groups for row in rows) else "text2pcap's form"
    return "a hex dump with offsets"
