"""Bare hexadecimal digits, in any groups and with any separators: alone, or among the lines of a mail."""

from __future__ import annotations

import re

from vrrplab.errors import CaptureError
from vrrplab.pasted.frames import HINT, Pasted, PastedFrame, looks_right
from vrrplab.pasted.literals import LEAST, SEPARATORS, Lines, from_base64


def read_hex(text: str, name: str) -> Pasted:
    """Hexadecimal digits with any separators, among other lines too. Raises CaptureError: what else it is."""
    try:
        return _digits_only(text, name)
    except _OtherThanDigits:
        among = _among_prose(text)
        if among is None:
            raise
        return among


class _OtherThanDigits(CaptureError):
    """There is something beside digits and separators."""


# at either end of the text; the lines around it stay, as errors and frames tell theirs
_QUOTES = re.compile(r"\A(\s*)[\"']|[\"'];?(?=\s*\Z)")


def _digits_only(text: str, name: str) -> Pasted:
    """Hexadecimal digits with any separators, and nothing else."""
    text = _QUOTES.sub(r"\1", text)
    bare = re.sub(r"\b0[xX]", "", text.strip())
    digits = SEPARATORS.sub("", bare)
    if not digits:
        raise CaptureError(name, 0, "is empty", HINT)
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong:
        raise _OtherThanDigits(name, 0, f"is neither a file nor hexadecimal: {wrong.group()!r} in it", HINT)
    if (several := _by_line(text)) is not None:
        return Pasted("hex", several)
    words = [word for word in SEPARATORS.split(bare) if word]
    if "-" in bare and (signed := _signed(bare)) is not None:
        return signed
    if any(len(word) % 2 for word in words) and (single := _one_by_one(words)) is not None:
        return single
    odd = _odd_word(bare)
    if (odd is not None or len(digits) % 2) and (among := _words_of_frames(text)) is not None:
        return among
    if len(digits) % 2:
        raise CaptureError(name, 0, f"has an odd number of hexadecimal digits ({len(digits)})", HINT)
    if odd is not None:
        message = f"has {odd!r} among its groups of hexadecimal digits, and two of them are a byte"
        raise CaptureError(name, 0, message, HINT)
    blocks = [block for block in re.split(r"\n[ \t]*\n", text.strip()) if block.strip()]
    if len(blocks) > 1 and (several := _blocks(text, blocks)) is not None:
        return Pasted("hex", several)
    data = bytes.fromhex(digits)
    if len(words) > 1 and all(len(word) == 4 for word in words) and not looks_right(data):
        swapped = bytes.fromhex("".join(word[2:] + word[:2] for word in words))
        if looks_right(swapped):
            return Pasted("od -x", [PastedFrame(swapped, 1)])
    return Pasted("hex", [PastedFrame(data, 1)])


def _by_line(text: str) -> list[PastedFrame] | None:
    """Several lines of which each looks like a frame: the next lines of one frame do not. The last one may
    have been cut by whoever copied them.
    """
    found = [
        (number, digits)
        for number, line in enumerate(text.split("\n"), 1)
        if (digits := SEPARATORS.sub("", re.sub(r"\b0[xX]", "", line)))
    ]
    frames = []
    for place, (number, digits) in enumerate(found):
        is_last = 1 < place == len(found) - 1
        data = bytes.fromhex(digits[: len(digits) // 2 * 2])
        if not is_last and (len(digits) % 2 or len(data) < LEAST or not looks_right(data)):
            return None
        frames.append(PastedFrame(data, number))
    return frames if len(frames) > 1 else None


def _signed(text: str) -> Pasted | None:
    """od -An -t d1: bytes from 128 are negative."""
    words = text.split()
    if not all(re.fullmatch(r"-?[0-9]{1,3}", word) and -128 <= int(word) < 128 for word in words):
        return None
    data = bytes(int(word) % 256 for word in words)
    return Pasted("a list of numbers", [PastedFrame(data, 1)]) if looks_right(data) else None


def _odd_word(text: str) -> str | None:
    """A group of an odd number of digits; at the end of a line a byte may go on in the next."""
    lines = [line.split() for line in re.sub(r"[:,.\-_]", " ", text).split("\n")]
    if all(len(line) < 2 for line in lines):
        return None
    return next((word for line in lines for word in line if len(word) % 2), None)


def _one_by_one(words: list[str]) -> Pasted | None:
    """Bytes whose zeros in front were left off, in hexadecimal or as decimal numbers (od -An -t u1)."""
    if len(words) < LEAST:
        return None
    if all(len(word) < 4 and word.isdigit() and int(word) < 256 for word in words):
        data = bytes(map(int, words))
        if looks_right(data):
            return Pasted("a list of numbers", [PastedFrame(data, 1)])
    if all(len(word) < 3 for word in words):
        data = bytes(int(word, 16) for word in words)
        if looks_right(data):
            return Pasted("hex", [PastedFrame(data, 1)])
    return None


# hexdump -e prints its format for bytes that are not there, too
_HEX_LINE = re.compile(
    r"^\s*(?:0[xX])?[0-9a-fA-F]{2}(?:[\s:,.\-_]*(?:0[xX])?[0-9a-fA-F]{2})*(?:[\s:,]|0[xX](?=\s))*$"
)
_BASE64_LINE = re.compile(r"^\s*[A-Za-z0-9+/_-]{16,}={0,2}\s*$")
_BASE64_END = re.compile(r"^\s*[A-Za-z0-9+/_-]+={0,2}\s*$")


# a frame on a line with other words, or in a list of them
_TOKEN = re.compile(
    r"(?<![\w.:-])(?:0[xX])?((?:[0-9a-fA-F]{2}){20,}|[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){19,})(?![\w:-])"
)


def _among_prose(text: str) -> Pasted | None:
    """Blocks of whole lines in hexadecimal or base64 between other lines, or long words, which look like
    frames.
    """
    lines = text.split("\n")
    for pattern, last, called in ((_HEX_LINE, _HEX_LINE, "hex"), (_BASE64_LINE, _BASE64_END, "base64")):
        frames: list[PastedFrame] = []
        end = 0
        while end < len(lines):
            begin = end
            while end < len(lines) and (last if end > begin else pattern).match(lines[end]):
                end += 1
            found = _block(lines[begin:end], called)
            frames += [frame._replace(line=begin + frame.line) for frame in found]
            end = max(end, begin + 1)
        if frames:
            return Pasted(called, frames)
    return _words_of_frames(text)


def _words_of_frames(text: str) -> Pasted | None:
    frames = []
    places = Lines(text)
    for token in _TOKEN.finditer(text):
        data = bytes.fromhex(SEPARATORS.sub("", token[1]))
        if looks_right(data):
            frames.append(PastedFrame(data, places.of(token.start())))
    return Pasted("hex", frames) if frames else None


def _block(lines: list[str], called: str) -> list[PastedFrame]:
    text = "\n".join(lines)
    try:
        found = _digits_only(text, "") if called == "hex" else from_base64(text, "")
    except CaptureError:
        return []
    frames = found.frames if found is not None else []
    return [frame for frame in frames if len(frame.data) >= LEAST and looks_right(frame.data)]


def _blocks(text: str, blocks: list[str]) -> list[PastedFrame] | None:
    """Between empty lines, if each looks like a frame of its own."""
    frames: list[PastedFrame] = []
    lines = Lines(text)
    place = 0
    for block in blocks:
        place = text.index(block, place)
        digits = SEPARATORS.sub("", re.sub(r"\b0[xX]", "", block))
        if len(digits) % 2 or not looks_right(data := bytes.fromhex(digits)):
            return None
        frames.append(PastedFrame(data, lines.of(place)))
        place += len(block)
    return frames
