"""Keywords, blocks and value lists: drives handlers over the logical lines. Knows no keyword by name.

A table maps each keyword of a block to a ``Keyword``; ``BlockReader.run`` walks through the lines and
calls the handlers, with the daemon's rules for misplaced braces and unknown words. A block that holds
plain values (``virtual_ipaddress { … }``) is read by its own handler through ``values``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vrrplab.config.diagnostics import Diagnostics
from vrrplab.config.lines import LineReader
from vrrplab.config.tokens import split_words
from vrrplab.errors import did_you_mean

Words = list[str]

_MOST_HINTS = 100  # comparing words is slow, and a file with more unknown ones is no keepalived.conf
_ALIKE = 5 / 6  # of a misspelt word: ``weigth`` has five letters of six in order; keywords share whole parts


@dataclass(frozen=True, slots=True)
class Keyword:
    """What a word starts: ``handler(context, words)``, perhaps a block of its own, ``end(context)`` after it.

    ``skip``: the whole block belongs to another part of keepalived and is passed over unread. ``bare``: it is
    said or not said, and no word behind it matters.
    """

    handler: Callable[[Any, Words], None] | None = None
    block: Table | None = None
    end: Callable[[Any], None] | None = None
    skip: bool = False
    bare: bool = False


Table = Mapping[str, Keyword | Callable[[], Keyword]]
"""What a block may hold. A function stands for a keyword whose module is imported when it is met."""


class MissingWord(Exception):
    """A handler asked for a word that is not on the line; ``index`` counts from 0."""

    def __init__(self, words: Words, index: int) -> None:
        super().__init__(index)
        self.words = words
        self.index = index


def word_at(words: Words, index: int) -> str:
    """The word at that place. The daemon stops for good when it is not there."""
    if index < len(words):
        return words[index]
    raise MissingWord(words, index)


def _misspelt(word: str, table: Table) -> str:
    """The hint for a word with a slip of the pen; another digit (``native_ipv4``) is another thing."""
    digits = [c for c in word if c.isdigit()]
    return did_you_mean(word, (k for k in table if [c for c in k if c.isdigit()] == digits), alike=_ALIKE)


class BlockReader:
    """Runs keyword tables over a LineReader. ``context`` is handed to every handler.

    ``is_later``: is a word that is unknown here a keyword of a later keepalived?
    """

    def __init__(
        self,
        lines: LineReader,
        diagnostics: Diagnostics,
        context: Any,
        is_later: Callable[[str], bool] | None = None,
    ) -> None:
        self._lines = lines
        self._is_later = is_later
        self._diagnostics = diagnostics
        self._context = context
        self._level = 0
        self._unknown_words = 0
        self._skipping = 0  # depth of braces inside a block to pass over; -1: its { is still to come
        self.raw_line = ""  # the line being handled, quotes and all

    def run(self, table: Table, needs_brace: bool = False) -> bool:
        """Read one block (or the whole file) to its end; True if the rest of it was skipped."""
        diagnostics = self._diagnostics
        while (line := self._lines.next_line()) is not None:
            words = self._split(line)
            if not words:
                continue
            first = words[0]
            if self._skipping == -1:
                if first == "{":
                    self._skipping = 1
                    needs_brace = False
                    continue
                self._skipping = 0  # no block follows: nothing to skip
            if self._skipping:
                if self._skip(words) and self._level > 0:
                    return True
                continue
            if needs_brace:
                needs_brace = False
                if first == "{" and self._level > 0:
                    continue
                diagnostics.report(
                    "missing-brace",
                    "Missing '{' at beginning of configuration block",
                    "a block must begin with {",
                    f"put a {{ before '{first}'",
                )
            elif first == "{":
                diagnostics.report(
                    "unexpected-brace",
                    "Unexpected '{' - ignoring",
                    "no keyword before this { opens a block",
                    "the next } closes the surrounding block: remove both, or correct the word before",
                )
                continue
            if first == "}" and self._level > 0:
                return False
            keyword = table.get(first)
            if keyword is None:
                self._unknown(first, table)
            else:
                self._handle(keyword if isinstance(keyword, Keyword) else keyword(), words, line)
        return False

    def _handle(self, keyword: Keyword, words: Words, line: str) -> None:
        if keyword.skip:
            self._skipping = -1
        self.raw_line = line
        self._context.seen(words, at_top=self._level == 0)
        if keyword.handler:
            try:
                keyword.handler(self._context, words)
            except MissingWord as missing:
                self._missing(missing)
        if keyword.block is not None:
            self._level += 1
            skipped = self.run(keyword.block, needs_brace=True)
            self._level -= 1
            if not skipped and keyword.end:
                keyword.end(self._context)

    def skip_block(self) -> None:
        """Pass over the block that follows the keyword being handled."""
        self._skipping = -1

    def values(self, words: Words, take: Callable[[Words], None]) -> None:
        """Hand each line of a block of plain values to ``take``; ``words`` is the line that opens it."""
        if len(words) > 1:
            self._diagnostics.report(
                "extra-words",
                f"Block {words[0]} has extra parameters {words[1]} ...",
                f"'{words[0]}' takes nothing before its {{",
            )
        needs_brace = True
        while (line := self._lines.next_line()) is not None:
            entry = self._split(line)
            if not entry:
                continue
            if needs_brace:
                needs_brace = False
                if entry == ["{"]:
                    continue
                self._diagnostics.log(
                    "missing-brace",
                    f"'{{' missing from beginning of block {words[0]}",
                    f"'{words[0]}' must be followed by {{",
                )
            if entry[-1] == "}":
                entry.pop()
                if entry:
                    take(entry)
                return
            take(entry)

    def _skip(self, words: Words) -> bool:
        """Count braces in a block that is passed over; True when it has just ended."""
        for word in words:
            if word == "{":
                self._skipping += 1
            elif word == "}":
                self._skipping -= 1
                if not self._skipping:
                    return True
        return False

    def _split(self, line: str) -> Words:
        words, open_quote = split_words(line)
        if open_quote:
            self._diagnostics.report(
                "quote", f"Unmatched quote: '{line}'", "a double quote is opened and never closed"
            )
        return words

    def _unknown(self, word: str, table: Table) -> None:
        self._unknown_words += 1
        if self._is_later and self._unknown_words <= _MOST_HINTS and self._is_later(word):
            hint = "keepalived 2.4.3 knows it, 2.2.7 ignores it"
        else:
            near = _misspelt(word, table) if self._unknown_words <= _MOST_HINTS else ""
            near = near or "take it out:"
            hint = f"{near} keepalived ignores it"
        self._diagnostics.report(
            "unknown-keyword", f"Unknown keyword '{word}'", f"unknown keyword '{word}'", hint
        )

    def _missing(self, missing: MissingWord) -> None:
        words, index = missing.words, missing.index
        self._diagnostics.fatal(
            f"'{words[0]}' lacks a parameter after '{words[min(index, len(words)) - 1]}'",
            f"write '{' '.join(words[:4])} <value>'; keepalived stops here",
            log=f"*** Configuration line starting `{words[0]}` is missing a parameter after keyword"
            f" `{words[min(index, len(words)) - 1]}` at word position {index + 1}",
            placed=True,
        )
