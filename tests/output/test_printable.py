"""Text from outside cannot steer a terminal, and what is ordinary writing stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.output.writing import NEVER, ORDINARY
from vrrplab.limits import PARAGRAPH, SHOWN
from vrrplab.output.printable import ESCAPES, escaped, printable
from vrrplab.output.text_columns import wrap


def test_what_steers_a_terminal_is_escaped_and_nothing_of_it_is_left() -> None:
    for character in NEVER:
        assert not NEVER & set(printable(f"a{character}b"))
        assert not (NEVER - {"\n"}) & set(escaped(f"a{character}b"))
    assert printable("\x1b[2J\x9b31m\t\r\n\u202e\udc9b") == "\\u001b[2J\\u009b31m\\t\\r\\n\\u202e\\udc9b"
    assert escaped("a\nb\x07\n") == "a\nb\\u0007\n"


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_writing_stays(text: str) -> None:
    assert printable(text) == escaped(text) == text


def test_hidden_letters_stay_only_in_a_flag() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "rm")
    assert printable(f"a{hidden}") == "a\\udb40\\udc72\\udb40\\udc6d"
    assert printable("\U0001f3f4" + hidden) == "\U0001f3f4\\udb40\\udc72\\udb40\\udc6d"


@given(st.text())
def test_escaping_twice_is_escaping_once(text: str) -> None:
    assert escaped(escaped(text)) == escaped(text)
    assert printable(printable(text)) == printable(text)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_stays_json_and_reads_back_the_same(value: object) -> None:
    line = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(line) == value
    assert not NEVER & set(line)


def test_a_terminal_without_a_character_gets_an_escape_that_json_has_too() -> None:
    line = json.dumps("é→😀", ensure_ascii=False)
    assert line.encode("ascii", ESCAPES) == b'"\\u00e9\\u2192\\ud83d\\ude00"'
    assert json.loads(line.encode("latin-1", ESCAPES).decode("latin-1")) == "é→😀"


def test_a_megabyte_is_told_by_its_ends() -> None:
    shown = printable("begin" + "x" * 1_000_000 + "\x1b" * 1_000_000 + "end")
    assert len(shown) < SHOWN.most + 30
    assert shown.startswith("beginxxx")
    assert shown.endswith("\\u001bend")
    assert "…(of 2,000,008)…" in shown
    assert printable(shown) == shown
    assert len("\n".join(wrap(shown * 1000, 80))) < 1.1 * PARAGRAPH.most
