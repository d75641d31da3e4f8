"""Small changes of a keepalived.conf's text: an option set or taken out, an entry added to a block.

A block is found by the words before its brace, so that a change fits wherever the lines have moved to; every
other character stays as it is. Nothing here knows what an option means: read the text again to see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vrrplab.config.tokens import BLANKS, split_words

Path = tuple[tuple[str, ...], ...]  # blocks from the outside in, each by its words: (("vrrp_instance", "V"),)


class Change(NamedTuple):
    """``line`` is where it is, counted from 1; ``before`` "": something is added behind that line.

    ``after`` "": it is taken out. ``text``: the whole text afterwards.
    """

    line: int
    before: str
    after: str
    text: str


@dataclass(frozen=True, slots=True)
class _Statement:
    """What stands between two line ends or braces: its words, and where it is in its line."""

    path: Path
    words: tuple[str, ...]
    line: int
    start: int
    end: int
    opens: bool = False  # a block's head
    closes: bool = False  # the brace at a block's end; ``path`` is the block


def with_option(
    text: str, path: Sequence[Sequence[str]], option: str, value: str, host: str = ""
) -> Change | None:
    """The text with ``option value`` in a block, in place of what it says of it now, or as its last line.

    ``host``: whose ``@host`` lines count. None: there is no such block.
    """
    wanted, words = _path(path), f"{option} {value}".strip()
    statements = list(_statements(text, host))
    found = [s for s in statements if s.path == wanted and s.words[:1] == (option,) and not s.opens]
    if found:
        return _replaced(text, found[-1], words)  # the last one counts
    return _added(text, statements, wanted, words)


def without(text: str, path: Sequence[Sequence[str]], option: str, host: str = "") -> Change | None:
    """The text without an option, or an entry, of a block; None: it is not there."""
    wanted = _path(path)
    for statement in _statements(text, host):
        if statement.path == wanted and statement.words[:1] == (option,) and not statement.opens:
            return _replaced(text, statement, "")
    return None


def with_entry(
    text: str, path: Sequence[Sequence[str]], block: str, entry: str, host: str = ""
) -> Change | None:
    """The text with an entry in a block inside another one, ``track_script``; the block is made if need be.

    An entry whose first word is there already is replaced. None: there is no such outer block.
    """
    outer = _path(path)
    inner = (*outer, (block,))
    statements = list(_statements(text, host))
    first = entry.split(" ")[0]
    same = [s for s in statements if s.path == inner and s.words[:1] == (first,)]
    if same:
        return _replaced(text, same[0], entry)
    change = _added(text, statements, inner, entry)
    return change or _added(text, statements, outer, f"{block} {{\n    {entry}\n}}")


def _path(path: Sequence[Sequence[str]]) -> Path:
    return tuple(tuple(block) for block in path)


def _statements(text: str, host: str) -> Iterator[_Statement]:
    """The statements of a text that count on a host, in order."""
    path: Path = ()
    pending: _Statement | None = None  # a head may stand on the line before its brace
    for number, line in enumerate(text.split("\n")):
        start = 0
        for end in [*_braces(line), len(_code(line))]:
            piece = line[start:end]
            statement = _statement(path, piece, number, start, host)
            brace = line[end : end + 1] if end < len(_code(line)) else ""
            if pending is not None and statement is not None:
                yield pending
                pending = None
            if brace == "{":
                head = statement or pending
                if head is not None:
                    yield replace(head, opens=True)
                    path = (*path, head.words)
                pending = None
            else:
                if brace == "}":
                    if pending is not None:
                        yield pending
                        pending = None
                    if statement is not None:
                        yield statement
                    yield _Statement(path, (), number, end, end + 1, closes=True)
                    path = path[:-1]
                elif statement is not None:
                    pending = statement
            start = end + 1
    if pending is not None:
        yield pending


def _statement(path: Path, piece: str, number: int, start: int, host: str) -> _Statement | None:
    begin = start + len(piece) - len(piece.lstrip(BLANKS + "\r"))
    words = tuple(split_words(piece.strip(BLANKS + "\r"))[0])
    if words and words[0].startswith("@"):
        reverse = words[0].startswith("@^")
        if (words[0].lstrip("@^") == host) == reverse:
            return None
        begin += len(words[0])
        begin += len(piece[begin - start :]) - len(piece[begin - start :].lstrip(BLANKS))
        words = words[1:]
    end = start + len(piece.rstrip(BLANKS + "\r"))
    return _Statement(path, words, number, begin, end) if words else None


def _code(line: str) -> str:
    """A line up to its comment."""
    quoted = False
    for place, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char in "#!" and not quoted:
            return line[:place]
    return line


def _braces(line: str) -> list[int]:
    """Where a line has braces outside quotes."""
    quoted, found = False, []
    for place, char in enumerate(_code(line)):
        if char == '"':
            quoted = not quoted
        elif char in "{}" and not quoted:
            found.append(place)
    return found


def _replaced(text: str, statement: _Statement, words: str) -> Change:
    lines = text.split("\n")
    line = lines[statement.line]
    before = line[statement.start : statement.end]
    changed = line[: statement.start] + words + line[statement.end :]
    if words or changed.strip():
        lines[statement.line] = changed
    else:
        del lines[statement.line]
    return Change(statement.line + 1, before, words, "\n".join(lines))


def _added(text: str, statements: Sequence[_Statement], path: Path, words: str) -> Change | None:
    """As the last line of the last block of that path."""
    ends = [s for s in statements if s.path == path and s.closes]
    if not ends:
        return None
    end, lines = ends[-1], text.split("\n")
    line = lines[end.line]
    outer = line[: len(line) - len(line.lstrip(BLANKS))]
    inside = [s for s in statements if s.path == path and not s.closes and s.line != end.line]
    first = lines[inside[0].line] if inside else ""
    indent = first[: len(first) - len(first.lstrip(BLANKS))] if inside else outer + "    "
    added = [indent + part for part in words.split("\n")]
    if line[: end.start].strip(BLANKS):  # all on one line: { entry }
        lines[end.line : end.line + 1] = [line[: end.start].rstrip(BLANKS), *added, outer + line[end.start :]]
    else:
        lines[end.line : end.line] = added
    return Change(end.line + bool(line[: end.start].strip(BLANKS)), "", words, "\n".join(lines))
