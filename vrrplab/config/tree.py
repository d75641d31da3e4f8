"""A keepalived.conf as it was written: blocks, statements, words, comments and blanks, and not a byte lost.

For who shows or changes a text: patches, comments that mean something, editors. What the text means to
keepalived is ``reader``'s; here nothing is expanded, included or corrected, and nothing is an error.

    vrrp_instance V {          Statement(vrrp_instance V) with a Block of two statements,
        priority 100  # mine   of which the first has a comment on its line
        authentication { auth_type PASS }
    }
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

_TOKEN = re.compile(
    r"""(?P<END>\r?\n)
    | (?P<BLANK>[ \t\f\v\r]+)
    | (?P<COMMENT>[#!](?:[^\r\n]|\r(?!\n))*)
    | (?P<OPEN>\{)
    | (?P<CLOSE>\})
    | (?P<CONTINUED>\\(?=\r?\n|\Z))
    | (?P<WORD>(?:"[^"\n]*"? | \\[^\r\n] | \\(?=\r) | \$\{[^}\s]*\} | [^ \t\f\v\r\n"{}\#!\\])+)
    """,
    re.VERBOSE,
)


class Kind(Enum):
    """What a token is; ``CONTINUED``: the backslash before a line end that a definition goes on behind."""

    END = "line end"
    BLANK = "blanks"
    COMMENT = "comment"
    OPEN = "{"
    CLOSE = "}"
    CONTINUED = "\\"
    WORD = "word"


@dataclass(slots=True)
class Token:
    """A piece of the text: ``line`` from 1, ``start`` in characters from the text's beginning."""

    kind: Kind
    text: str
    line: int
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def value(self) -> str:
        """A word without its quotes."""
        return self.text.replace('"', "")


@dataclass(slots=True, eq=False)
class Statement:
    """The words of a line up to its end or a brace, and the block behind them; no words: braces alone.

    ``inside``: the statement whose block it stands in.
    """

    words: list[Token]
    inside: Statement | None = field(default=None, repr=False)
    block: Block | None = field(default=None, repr=False)

    @property
    def line(self) -> int:
        return self.words[0].line if self.words else self.block.open.line if self.block else 0

    @property
    def host(self) -> str:
        """Whose line it is: ``@lb1`` or ``@^lb1``; "": everybody's."""
        first = self.words[0].text if self.words else ""
        return first if first.startswith("@") else ""

    @property
    def values(self) -> list[str]:
        """Its words without quotes, and without ``@host``."""
        return [word.value for word in self.words[bool(self.host) :]]

    @property
    def keyword(self) -> str:
        return next(iter(self.values), "")


@dataclass(slots=True, eq=False)
class Block:
    """What stands between braces; ``close`` is None where the text ends first."""

    open: Token
    statements: list[Statement] = field(default_factory=list)
    close: Token | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """So many characters from ``start`` on become ``text``."""

    start: int
    end: int
    text: str


class Tree:
    """The text of one file. ``"".join(token.text for token in tree.tokens)`` is that text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.statements: list[Statement] = []
        self._parse()

    def _parse(self) -> None:
        around: list[Statement] = []  # whose blocks are open
        last: Statement | None = None  # what a { would open a block of
        going_on = False
        siblings = self.statements
        blank, word, end, opening, closing = Kind.BLANK, Kind.WORD, Kind.END, Kind.OPEN, Kind.CLOSE
        for token in self.tokens:
            kind = token.kind
            if kind is blank:
                continue
            if kind is word:
                if last is None or not going_on:
                    last = Statement([], around[-1] if around else None)
                    siblings.append(last)
                last.words.append(token)
                going_on = True
            elif kind is end:
                going_on = False
            elif kind is opening:
                if last is None:
                    last = Statement([], around[-1] if around else None)
                    siblings.append(last)
                last.block = Block(token)
                around.append(last)
                siblings = last.block.statements
                last, going_on = None, False
            elif kind is closing:
                if around:
                    closed = around.pop()
                    if closed.block is not None:
                        closed.block.close = token
                    outer = around[-1].block if around else None
                    siblings = outer.statements if outer else self.statements
                last, going_on = None, False

    def walk(self) -> Iterator[Statement]:
        """Every statement, in the order of the text, outer ones before what is in them."""
        waiting = list(reversed(self.statements))
        while waiting:
            statement = waiting.pop()
            yield statement
            if statement.block is not None:
                waiting += reversed(statement.block.statements)

    def at_line(self, line: int) -> list[Statement]:
        """The statements that begin on a line."""
        return [statement for statement in self.walk() if statement.line == line]

    # -- changes: each is an Edit, ``edited`` makes them

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text with these changes, which must not overlap; everything else stays byte for byte."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def replace(self, token: Token, text: str) -> Edit:
        """Another word in a word's place."""
        return Edit(token.start, token.end, text)

    def remove(self, statement: Statement) -> Edit:
        """A statement away, with its block; its line too if nothing else stands there."""
        last = statement.words[-1] if statement.words else None
        if statement.block is not None:
            last = statement.block.close or self.tokens[-1]
        first = statement.words[0] if statement.words else statement.block.open if statement.block else None
        if first is None or last is None:
            return Edit(0, 0, "")
        begin = self.text.rfind("\n", 0, first.start) + 1
        end = self.text.find("\n", last.end) + 1 or len(self.text)
        before, after = self.text[begin : first.start], self.text[last.end : end]
        if before.strip() or (after.strip() and after.lstrip()[0] not in "#!"):
            return Edit(first.start, last.end, "")
        return Edit(begin, end, "")

    def add(self, statement: Statement, line: str) -> Edit:
        """Another line at the end of a statement's block, as far in as the lines before it."""
        block = statement.block
        if block is None or block.close is None:
            return Edit(len(self.text), len(self.text), "")
        close = block.close
        if block.open.line == close.line:
            gap = "" if self.text[close.start - 1] in " \t{" else " "
            return Edit(close.start, close.start, f"{gap}{line} ")
        begin = self.text.rfind("\n", 0, close.start) + 1
        end = "\r\n" if self.text[:begin].endswith("\r\n") else "\n"
        if self.text[begin : close.start].strip():  # the last statement stands before the } on its line
            return Edit(close.start, close.start, f"{end}{self._indent(statement)}{line}{end}")
        return Edit(begin, begin, f"{self._indent(statement)}{line}{end}")

    def _indent(self, statement: Statement) -> str:
        """The blanks before the statements of a block."""
        inner = statement.block.statements if statement.block else []
        for sibling in (one for one in reversed(inner) if one.words):
            begin = self.text.rfind("\n", 0, sibling.words[0].start) + 1
            blanks = self.text[begin : sibling.words[0].start]
            if not blanks.strip():
                return blanks
        begin = self.text.rfind("\n", 0, statement.words[0].start if statement.words else 0) + 1
        own = re.match(r"[ \t]*", self.text[begin:])
        return (own.group() if own else "") + "    "


def _tokens(text: str) -> Iterator[Token]:
    line, kinds, end = 1, {kind.name: kind for kind in Kind}, Kind.END
    for found in _TOKEN.finditer(text):
        kind = kinds[found.lastgroup or ""]
        yield Token(kind, found.group(), line, found.start())
        line += kind is end


def comments(text: str) -> dict[int, str]:
    """Line to the comment that stands on it, without the sign and the blanks around."""
    found: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if "#" in line or "!" in line:
            for token in _tokens(line):
                if token.kind is Kind.COMMENT:
                    found[number] = token.text.lstrip("#!").strip(" \t\r")
    return found
