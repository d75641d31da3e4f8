"""Text takes the columns that a terminal gives it."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from tests.output.writing import NEVER, ORDINARY
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import clusters, cut, fitted, padded, width, wrap


def differs() -> dict[str, list[int]]:
    """Characters whose width differs from the reference, by class."""
    found: dict[str, list[int]] = {}
    for code in (*range(0x40000), *range(0x40000, 0x110000, 101)):  # those are planes of nothing
        character = chr(code)
        if character in NEVER or printable(character) != character:
            continue
        ours, theirs = width(character), wcwidth.wcwidth(character)
        if ours != theirs:
            found.setdefault(class_of(code), []).append(code)
    return found


def class_of(code: int) -> str:
    category = unicodedata.category(chr(code))
    if category == "Cn":
        return "assigned later than this Python's Unicode"
    if code in range(0x2630, 0x2638) or code in range(0x268A, 0x2690) or code in range(0x4DC0, 0x4E00):
        return "trigrams and hexagrams"
    if code in range(0x1D300, 0x1D377):
        return "Tai Xuan Jing and counting rods"
    if code in (0x070F, 0x06DD, 0x08E2, 0x0890, 0x0891) or code in range(0x0600, 0x0606):
        return "signs around numbers"
    return f"{code:04X} {category}"


# The reference is wcwidth with the newest Unicode; what differs is known, a class at a time.
ACCEPTED = {
    "assigned later than this Python's Unicode": "nothing is known of them, but emoji to come are wide",
    "trigrams and hexagrams": "narrow until Unicode 15, wide from 16 on; so are Pythons",
    "Tai Xuan Jing and counting rods": "narrow until Unicode 15, wide from 16 on; so are Pythons",
}


def test_every_character_is_as_wide_as_the_reference_has_it() -> None:
    assert set(differs()) <= set(ACCEPTED)


def test_emoji_of_later_versions_are_wide_all_the_same() -> None:
    assert width("\U0001fae8") == 2  # of Unicode 15
    assert width("\U0003fffd") == 2


SEQUENCES = [
    *ORDINARY.values(),
    *(
        "日本語",
        "한글",
        "\u1112\u1161\u11ab",
        "e\u0301",
        "👍🏽",
        "👩🏽‍🚒",
        "❤",
        "⚡︎",
        "🇩🇪🇫",
        "क्षत्रिय",
        "ห้อง",
        "བོད",
        "😀a😀",
    ),
    *("a\u0301\u0302", "café", "Ünïcödé", "العربية", "עברית", "ｗｉｄｅ", "ﾊﾝｶｸ", "①②", "½", "…", "\u0301a"),
]


@pytest.mark.parametrize("text", SEQUENCES)
def test_sequences_are_as_wide_as_the_reference_has_them(text: str) -> None:
    assert width(text) == wcwidth.wcswidth(text)


def test_emoji_by_variation_selector_are_those_of_the_reference() -> None:
    """All that Unicode lists; of other symbols nobody says what a terminal does with the selector."""
    wrong = [
        f"{code:x}"
        for first, last in wcwidth.VS16_NARROW_TO_WIDE["9.0.0"]
        for code in range(first, last + 1)
        if width(chr(code) + "\ufe0f") != 2
    ]
    assert wrong == []


LATIN = st.text(
    st.characters(codec="latin-1", min_codepoint=0x21, exclude_characters="\x85\xa0"), min_size=1, max_size=40
)
ANY = st.text(
    st.one_of(st.characters(exclude_categories=("Cn", "Co")), st.sampled_from("日本👍🏽\u200d\ufe0fक्षé x"))
)


@given(ANY, st.integers(1, 40))
def test_cut_and_padded_fill_their_columns(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns
    assert width(fitted(text, columns)) == columns
    assert width(padded(text, 5)) == width(padded(text, 5, right=True)) == max(5, width(text))
    assert "".join(cluster for cluster, _ in clusters(printable(text))) == printable(text)


@given(ANY, st.integers(8, 40), st.sampled_from(["", "  ", "日 "]))
def test_wrapped_lines_fit_and_nothing_is_lost(text: str, columns: int, more: str) -> None:
    lines = wrap(text, columns, "- ", more)
    assert all(width(line) <= columns for line in lines)
    rest = [line.removeprefix(more if number else "- ") for number, line in enumerate(lines)]
    words = [
        printable(word) for word in text.replace("\n", " ").replace("\r", " ").replace("\t", " ").split(" ")
    ]
    assert "".join(rest).replace(" ", "") == "".join(words)


@given(st.lists(LATIN, max_size=12), st.integers(8, 40), st.sampled_from(["", "  ", "    "]))
def test_narrow_text_wraps_as_the_library_does(words: list[str], columns: int, margin: str) -> None:
    words = [printable(word) for word in words if word.split()]
    text = " ".join(words)
    library = textwrap.TextWrapper(
        columns, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )
    assert wrap(text, columns, margin, margin) == [line.rstrip() for line in library.wrap(text)]


@pytest.mark.parametrize("lay", [width, lambda t: cut(t, 9), lambda t: padded(t, 9), lambda t: wrap(t, 9)])
def test_empty_text_is_no_special_case(lay: Callable[[str], object]) -> None:
    assert lay("") in (0, "", " " * 9, [])
