"""Every keyword that makes a difference has a sentence, and no sentence is of a keyword that is none."""

from __future__ import annotations

import pytest

from vrrplab.config.blocks import Keyword
from vrrplab.config.keywords import _setting, checker_tables, global_tables, vrrp_tables
from vrrplab.config.meanings import MEANINGS, ROOT, meaning_of

TABLES = [table(old) for table in (global_tables, vrrp_tables) for old in (True, False)]
UNMODELLED_BLOCKS = {"auth_hmac"}


def blocks() -> dict[str, dict[str, Keyword]]:
    """What each block may hold, without what another process reads."""
    found: dict[str, dict[str, Keyword]] = {ROOT: {}}
    todo = [(ROOT, table) for table in TABLES]
    while todo:
        name, table = todo.pop()
        for word, entry in table.items():
            keyword = entry if isinstance(entry, Keyword) else entry()
            if not keyword.skip:
                found.setdefault(name, {})[word] = keyword
            if keyword.block is not None and word not in UNMODELLED_BLOCKS:
                todo.append((word, keyword.block))
    return found


@pytest.mark.parametrize("block", sorted(blocks()))
def test_every_keyword_that_is_modelled_has_a_meaning(block: str) -> None:
    keywords = blocks()[block]
    assert [
        w for w, keyword in keywords.items() if keyword.handler is not _setting and not meaning_of(block, w)
    ] == []
    assert [
        w for w, keyword in keywords.items() if keyword.handler is _setting and w in MEANINGS[block]
    ] == []


def test_no_meaning_is_of_a_word_that_no_block_knows() -> None:
    known = blocks()
    known[ROOT].update(dict.fromkeys(("include", *checker_tables()), Keyword()))
    assert [(b, word) for b, words in MEANINGS.items() for word in words if word not in known[b]] == []


def test_meanings_are_sentences_of_one_line() -> None:
    meanings = {meaning for words in MEANINGS.values() for meaning in words.values()}
    assert [m for m in meanings if len(m) > 100 or not m.endswith(".")] == []
