"""Small changes of a keepalived.conf's text: an option set or taken out, an entry added to a block.

A block is found by the words before its brace, so that a change fits wherever the lines have moved to; every
other character stays as it is. Nothing here knows what an option means: read the text again to see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from vrrplab.config.tree import Edit, Statement, Tree

Path = Sequence[Sequence[str]]  # blocks from the outside in, each by its words: (("vrrp_instance", "V"),)


class EditedLine(NamedTuple):
    """``line`` is where it is, counted from 1; ``before`` "": something is added behind that line.

    ``after`` "": it is taken out. ``text``: the whole text afterwards.
    """

    line: int
    before: str
    after: str
    text: str


def with_option(text: str, path: Path, option: str, value: str, host: str = "") -> EditedLine | None:
    """The text with ``option value`` in a block, in place of what it says of it now, or as its last line.

    ``host``: whose ``@host`` lines count. None: there is no such block.
    """
    tree, words = Tree(text), f"{option} {value}".strip()
    blocks = _blocks(tree, path, host)
    found = [s for block in blocks for s in _called(block, option, host)]
    if found:
        return _replaced(tree, found[-1], words)  # the last one counts
    return _added(tree, blocks[-1], words) if blocks else None


def without(text: str, path: Path, option: str, host: str = "") -> EditedLine | None:
    """The text without an option, or an entry, of a block; None: it is not there."""
    tree = Tree(text)
    found = [s for block in _blocks(tree, path, host) for s in _called(block, option, host)]
    if not found:
        return None
    return EditedLine(found[0].line, _said(found[0]), "", tree.edited([tree.remove(found[0])]))


def with_entry(text: str, path: Path, block: str, entry: str, host: str = "") -> EditedLine | None:
    """The text with an entry in a block inside another one, ``track_script``; the block is made if need be.

    An entry whose first word is there already is replaced. None: there is no such outer block.
    """
    tree = Tree(text)
    outer, inner = _blocks(tree, path, host), _blocks(tree, [*path, [block]], host)
    first = entry.split(" ")[0]
    if same := [s for one in inner for s in _called(one, first, host)]:
        return _replaced(tree, same[0], entry)
    if inner:
        return _added(tree, inner[-1], entry)
    return _added(tree, outer[-1], f"{block} {{", f"    {entry}", "}") if outer else None


def blocks_in(text: str, host: str = "") -> list[Statement]:
    """The outermost blocks, in order: those that are closed and count on the host."""
    closed = (s for s in Tree(text).statements if s.block is not None and s.block.close)
    return [statement for statement in closed if _counts(statement, host)]


def _blocks(tree: Tree, path: Path, host: str) -> list[Statement]:
    """The statements whose blocks these are, that are closed and count on the host."""
    found = tree.statements
    for place, words in enumerate(path):
        found = [
            s
            for s in found
            if s.block is not None and s.block.close and s.values == list(words) and _counts(s, host)
        ]
        if place + 1 < len(path):
            found = [inner for s in found if s.block for inner in s.block.statements]
    return found


def _called(block: Statement, option: str, host: str) -> Iterable[Statement]:
    inner = block.block.statements if block.block else []
    return (s for s in inner if s.keyword == option and s.block is None and _counts(s, host))


def _counts(statement: Statement, host: str) -> bool:
    """Is it everybody's, or this host's?"""
    named = statement.host
    return not named or (named.lstrip("@^") == host) != named.startswith("@^")


def _said(statement: Statement) -> str:
    return " ".join(word.text for word in statement.words[bool(statement.host) :])


def _replaced(tree: Tree, statement: Statement, words: str) -> EditedLine:
    own = statement.words[bool(statement.host) :]
    edit = Edit(own[0].start, own[-1].end, words)
    return EditedLine(statement.line, _said(statement), words, tree.edited([edit]))


def _added(tree: Tree, around: Statement, *lines: str) -> EditedLine:
    """As the last lines of a block; one that stands on one line gets lines of its own for them."""
    close = around.block.close if around.block else None
    assert close is not None  # ``_blocks`` gives no others
    said = "\n".join(lines)
    begin = tree.text.rfind("\n", 0, close.start) + 1
    before = tree.text[begin : close.start]
    if before.strip():  # { entry }
        outer = before[: len(before) - len(before.lstrip())]
        start = begin + len(before.rstrip())
        inner = "".join(f"\n{outer}    {line}" for line in lines)
        edit = Edit(start, close.start, f"{inner}\n{outer}")
        return EditedLine(close.line, "", said, tree.edited([edit]))
    edits = [tree.add(around, line) for line in lines]
    edit = Edit(edits[0].start, edits[0].end, "".join(one.text for one in edits))
    return EditedLine(close.line - 1, "", said, tree.edited([edit]))
