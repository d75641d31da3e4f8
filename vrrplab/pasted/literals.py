"""Bytes as programs write them: C arrays, lists of numbers, Python's bytes, escapes, base64."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vrrplab.errors import CaptureError
from vrrplab.pasted.frames import HINT, Pasted, PastedFrame, guess_link_type, looks_right
from vrrplab.wire import links

SEPARATORS = re.compile(r"[\s:,.\-_]+")
_COMMENT = re.compile(r"/\*|//[^\n]*")
# each number has a separator or the end behind it: else digits could be told apart in countless ways
_LIST = re.compile(r"[\[{(]([\s,]*(?:(?:0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})(?:[\s,;]+|(?=[\]})]))){4,})[\]})]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_BYTES = re.compile(r"""\b[bB]r?(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
_HEX_TEXT = r"[0-9a-fA-F\s:]*"
_STRING = rf"""[bB]?(?:\"\"\"{_HEX_TEXT}\"\"\"|\'\'\'{_HEX_TEXT}\'\'\'|"{_HEX_TEXT}"|'{_HEX_TEXT}')"""
_CALLS = r"(?:fromhex|unhexlify|hex2bin|decodeString)"
_FROMHEX = re.compile(rf"{_CALLS}\s*\(\s*({_STRING}(?:[\s\\+]*{_STRING})*)", re.IGNORECASE)
_BUFFER = re.compile(
    r"<Buffer ((?:[0-9a-f]{2} ?)+)(?: ?\.\.\. ([0-9]{1,16}) more bytes)?>"
)  # as node prints it
_CAST = re.compile(r"\(\s*(?:byte|char|unsigned char|u?int8_t|[su]?8)\s*\)")
_QUOTED_NUMBER = re.compile(r"""(["'])((?:0[xX])?[0-9a-fA-F]{1,2})\1""")
_INSIDE = re.compile(rf"""(\"\"\"|\'\'\'|["'])({_HEX_TEXT})\1""")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "e": 27, "0": 0}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
LEAST = 20  # bytes: a shorter word may be base64 by chance, and holds no IP header


def read_literal(text: str, name: str) -> Pasted | None:
    """What a program has in its source or prints; None if it is none of that."""
    for read in (_from_hex_calls, _from_buffers, _from_bytes, _from_lists, _from_escapes, from_base64):
        found = read(text, name)
        if found is not None:
            return found
    return None


class Lines:
    """On which line a place of a text is, asked from front to back."""

    def __init__(self, text: str) -> None:
        self._text, self._line, self._place = text, 1, 0

    def of(self, place: int) -> int:
        self._line += self._text.count("\n", self._place, place)
        self._place = place
        return self._line


def _from_hex_calls(text: str, name: str) -> Pasted | None:
    frames = []
    lines = Lines(text)
    for found in _FROMHEX.finditer(text):
        line = lines.of(found.start())
        digits = SEPARATORS.sub("", "".join(inside[2] for inside in _INSIDE.finditer(found[1])))
        if len(digits) % 2:
            message = f"has an odd number of hexadecimal digits ({len(digits)})"
            raise CaptureError(name, line, message, HINT)
        if digits:
            frames.append(PastedFrame(bytes.fromhex(digits), line))
    return Pasted("bytes.fromhex", frames) if frames else None


def _from_buffers(text: str, name: str) -> Pasted | None:
    frames = []
    lines = Lines(text)
    for found in _BUFFER.finditer(text):
        data = bytes.fromhex(found[1])
        more = int(found[2] or 0)
        size = len(data) + more if more else 0
        frames.append(PastedFrame(data, lines.of(found.start()), original_length=size))
    return Pasted("a Buffer of node", frames) if frames else None


def _from_bytes(text: str, name: str) -> Pasted | None:
    """Literals with nothing but blanks between them are one; so Python reads them, too. Not where each is a
    frame.
    """
    joined: list[tuple[bytearray, int]] = []
    lines = Lines(text)
    end = -1
    parts = [(found, _unescaped(found[2])) for found in _BYTES.finditer(text)]
    are_frames = all(looks_right(data) for _, data in parts)
    for found, data in parts:
        if joined and not are_frames and not re.sub(r"[\s\\+]", "", text[end : found.start()]):
            joined[-1][0].extend(data)
        else:
            joined.append((bytearray(data), lines.of(found.start())))
        end = found.end()
    frames = [PastedFrame(bytes(data), line) for data, line in joined if data]
    return Pasted("Python bytes", frames) if frames else None


def _unescaped(text: str) -> bytes:
    """Characters beyond ASCII as UTF-8."""
    parts = bytearray()
    place = 0
    for found in _ESCAPE.finditer(text):
        parts += text[place : found.start()].encode("utf-8", "surrogateescape")
        word = found[1]
        if word[0] == "x" and len(word) > 1:
            parts.append(int(word[1:], 16))
        elif word[0] in "01234567":
            parts.append(int(word, 8) & 0xFF)
        elif word != "\n":
            code = _LETTERS.get(word)
            parts += bytes((code,)) if code is not None else word.encode("utf-8", "surrogateescape")
        place = found.end()
    return bytes(parts + text[place:].encode("utf-8", "surrogateescape"))


def _from_lists(text: str, name: str) -> Pasted | None:
    bare = _CAST.sub("", _without_comments(text))
    bare = _QUOTED_NUMBER.sub(lambda found: "0x" + found[2].lower().removeprefix("0x"), bare)
    frames = []
    lines = Lines(bare)
    has_brace = False
    for found in _LIST.finditer(bare):
        numbers = _NUMBER.findall(found[1])
        values = [int(word, 16) if word[:2] in ("0x", "0X") else int(word) for word in numbers]
        line = lines.of(found.start())
        if max(values) > 255:
            raise CaptureError(name, line, f"{max(values)} is no byte: those are 0 to 255", HINT)
        has_brace = has_brace or found[0][0] == "{"
        frames.append(PastedFrame(bytes(values), line))
    if frames:
        return Pasted("a C array" if has_brace else "a list of numbers", frames)
    return _from_bare_numbers(bare)


def _without_comments(text: str) -> str:
    """Their line ends stay. What nobody ends is no comment, and its end is looked for only once."""
    parts, kept, place = [], 0, 0
    last_end = text.rfind("*/")
    while (found := _COMMENT.search(text, place)) is not None:
        place = found.end()
        if found[0] == "/*":
            if place > last_end:
                continue
            place = text.index("*/", place) + 2
        parts += [text[kept : found.start()], "\n" * text.count("\n", found.start(), place)]
        kept = place
    return "".join([*parts, text[kept:]])


def _from_bare_numbers(text: str) -> Pasted | None:
    """Numbers with commas and nothing around them, which as hexadecimal would not be pairs of digits."""
    words = [word for word in re.split(r"[\s,;]+", text.strip()) if word]
    if len(words) < LEAST or text.count(",") < len(words) - 1 or not all(map(str.isascii, words)):
        return None
    if not all(word.isdigit() and len(word) < 4 for word in words) or all(len(word) == 2 for word in words):
        return None
    values = [int(word) for word in words]
    return Pasted("a list of numbers", [PastedFrame(bytes(values), 1)]) if max(values) < 256 else None


def _from_escapes(text: str, name: str) -> Pasted | None:
    """``"\\x01\\x00^\\x00"``, several strings after another or not."""
    text = text.replace("\\\\x", "\\x")  # escaped once more, as in JSON
    if text.count("\\x") < 4 and len(re.findall(r"\\[0-3][0-7]{2}", text)) < 4:
        return None
    plain = _ESCAPE.sub("", text)
    if "\\" in plain or not all(character.isspace() or "!" <= character <= "~" for character in plain):
        return None
    inside = _strings(text, '"') or _strings(text, "'")
    joined = "".join(inside) if inside else "".join(text.split())
    data = _unescaped(joined)
    return Pasted("escaped bytes", [PastedFrame(data, 1)]) if data else None


def _strings(text: str, quote: str) -> list[str]:
    """What stands in quotes. A quote that is escaped begins none."""
    found = re.finditer(rf"\\.|{quote}((?:\\.|[^{quote}\\])*){quote}", text, re.DOTALL)
    return [one[1] for one in found if one[1] is not None]


def from_base64(text: str, name: str) -> Pasted | None:
    """Only what begins as a frame does: many a word is base64 as well."""
    if re.fullmatch(r"[\s0-9a-fA-F:.\-_,xX]*", text):
        return None
    each = [
        (number, "".join(line.split())) for number, line in enumerate(text.split("\n"), 1) if line.strip()
    ]
    if len(each) > 2 and len(each[-1][1]) % 4 == 1 and not each[-1][1].endswith("="):
        each[-1] = (each[-1][0], each[-1][1][:-1])  # cut by whoever copied it
    for words in (each, list(_base64_words(text))):
        frames = [PastedFrame(data, line) for line, word in words if (data := _of_base64(word)) is not None]
        if words and len(frames) == len(words):
            return Pasted("base64", frames)
    return None


def _of_base64(words: str) -> bytes | None:
    if not _BASE64.fullmatch(words) or len(words) % 4 == 1:
        return None
    from binascii import Error, a2b_base64

    plain = words.replace("-", "+").replace("_", "/")
    try:
        data = a2b_base64(plain + "=" * (-len(plain) % 4))
    except (Error, ValueError):
        return None
    if len(data) < LEAST or not (looks_right(data) or guess_link_type(data) != links.ETHERNET):
        return None
    return data


def _base64_words(text: str) -> Iterator[tuple[int, str]]:
    """One a frame: lines join until one ends in = or an empty one comes."""
    words, begun = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        bare = "".join(line.split()).strip("\"'")
        if bare and not words:
            begun = number
        words += bare
        if words and (not bare or bare.endswith("=")):
            yield begun, words
            words = ""
    if words:
        yield begun, words
