"""Where in a keepalived.conf somebody is: in which blocks, at which word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vrrplab.config.tree import Kind, Statement, Token, Tree


@dataclass(frozen=True, slots=True)
class Cursor:
    """``around``: the statements whose blocks one is in, outer ones first. ``statement``: the one at the
    cursor, if any; ``before`` its words in front of the cursor, ``word`` the one in which it stands.
    """

    around: tuple[Statement, ...]
    statement: Statement | None
    before: tuple[Token, ...]
    word: Token | None
    in_comment: bool

    @property
    def path(self) -> tuple[str, ...]:
        """The keywords of the blocks around."""
        return tuple(statement.keyword for statement in self.around)


def cursor_at(tree: Tree, offset: int) -> Cursor:
    """Of a place in the text, which may be behind a word's last character."""
    around: list[Statement] = []
    siblings = tree.statements
    found: Statement | None = None
    while True:
        inner = next((one for one in siblings if _within(one, offset)), None)
        if inner is None:
            break
        around.append(inner)
        siblings = inner.block.statements if inner.block else []
    for statement in siblings:
        words = statement.words
        if words and words[0].start <= offset and not _ended(tree, words[-1].end, offset):
            found = statement
    words = found.words if found else []
    word = next((w for w in words if w.start <= offset <= w.end), None)
    before = tuple(w for w in words if w.end <= offset and w is not word)
    comment = any(t.kind is Kind.COMMENT and t.start < offset <= t.end for t in tree.tokens)
    return Cursor(tuple(around), found, before, word, comment)


def _within(statement: Statement, offset: int) -> bool:
    block = statement.block
    return (
        block is not None
        and block.open.end <= offset
        and (block.close is None or offset <= block.close.start)
    )


def _ended(tree: Tree, end: int, offset: int) -> bool:
    """Is there a line end or a brace between a statement's last word and a place behind it?"""
    return any(sign in tree.text[end:offset] for sign in "\n{}")


def path_of(statement: Statement) -> tuple[str, ...]:
    """The keywords of the blocks in which a statement stands, outer ones first."""
    found: list[str] = []
    while statement.inside is not None:
        statement = statement.inside
        found.insert(0, statement.keyword)
    return tuple(found)


def named_blocks(tree: Tree, *keywords: str) -> Iterator[Statement]:
    """The blocks of some keywords outside all blocks that have a name."""
    for statement in tree.statements:
        if statement.keyword in keywords and len(statement.values) > 1:
            yield statement
