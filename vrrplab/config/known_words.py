"""Which block of a keepalived.conf knows a word, by the reader's own tables; words that it says it misses."""

from __future__ import annotations

import re
from functools import cache

from vrrplab.config.blocks import Keyword
from vrrplab.config.keywords import global_tables, vrrp_tables
from vrrplab.config.model import ConfigWarning


@cache
def _blocks(old: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for table in (global_tables(old), vrrp_tables(old)):
        for name, entry in table.items():
            found.setdefault(name, []).append("")
            block = (entry if isinstance(entry, Keyword) else entry()).block
            for word in block or ():
                found.setdefault(word, []).append(name)
    return {word: tuple(dict.fromkeys(blocks)) for word, blocks in found.items()}


def blocks_that_know(word: str, old: bool) -> tuple[str, ...]:
    """The blocks in which a keyword means something; "" among them: outside all blocks. ``old``: 2.2.7."""
    return _blocks(old).get(word, ())


def is_of_a_later_keepalived(word: str) -> bool:
    """Does 2.4.3 know a keyword that 2.2.7 does not know in any block?"""
    return bool(blocks_that_know(word, old=False)) and not blocks_that_know(word, old=True)


def unknown_word(warning: ConfigWarning) -> str:
    """The word of which the reader says that its block does not know it; "": it says something else."""
    if warning.kind != "unknown-keyword":
        return ""
    return warning.message.removeprefix("unknown keyword '").removesuffix("'")


_NOT_FOUND = re.compile(r".* track (\w+) (.*) not found, ignoring\.\.\.", re.DOTALL)


def unknown_tracked(warning: ConfigWarning) -> tuple[str, str]:
    """Kind ("script", "file", …) and name of what is tracked and not known there; two "": something else."""
    found = _NOT_FOUND.match(warning.log) if warning.kind == "track-unknown" else None
    return (found.group(1), found.group(2)) if found else ("", "")
