"""Lessons 00 and 01 use no special word before they have said what it means.

A word is explained by the sentence in which it stands in bold or italics, or by the row of a table that it
begins. What stands between backquotes is a name or a command, and is read as it is.
"""

from __future__ import annotations

import re

import pytest
from lessons import NOTEBOOKS, cells_of

from vrrplab.glossary import found_in

# Used in their everyday sense: nobody who has seen a computer stumbles over them.
EVERYDAY = {
    "cable",
    "cables",
    "check",
    "checks",
    "service",
    "services",
    "switch",
    "switches",
    "packet",
    "packets",
    "proxy",
}
STRONG = re.compile(r"\*\*(.+?)\*\*|(?<![*\w])\*([^*\s][^*]*)\*(?![*\w])", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
FIRST_CELL = re.compile(r"^\|\s*([^|]+?)\s*\|")
SENTENCE = re.compile(r"(?<=[.?!:])\s+(?=[A-Z*`\"“0-9])|\n\s*\n|\n(?=[|#*-])")


def unexplained(cells: list[str], known: set[str]) -> list[str]:
    """ "word: the sentence" for each word of these texts that comes before its meaning; ``known`` grows."""
    found = []
    for text in cells:
        for sentence in SENTENCE.split(text):
            told = [a or b for a, b in STRONG.findall(sentence)] + FIRST_CELL.findall(sentence)
            known |= {word.term.word for part in told for word in found_in(part)}
            for word in found_in(CODE.sub(" ", sentence)):
                if word.term.word not in known and word.text.lower() not in EVERYDAY:
                    known.add(word.term.word)  # told once
                    found.append(f"{word.text}: {' '.join(sentence.split())[:160]}")
    return found


def test_a_word_before_its_meaning_is_found() -> None:
    late = ["The MASTER sends.", "A **MASTER** has the address; an **advert** says so. More adverts."]
    assert unexplained(late, set()) == ["MASTER: The MASTER sends."]
    assert unexplained(["| **skew time** | patience |\n\nThe skew time ends; `vrid`."], set()) == []
    assert unexplained(["Cables and checks."], set()) == []


@pytest.mark.parametrize("lessons", [("00",), ("00", "01")], ids=["00", "01"])
def test_no_word_of_the_first_lessons_comes_before_its_meaning(lessons: tuple[str, ...]) -> None:
    known: set[str] = set()
    for path in NOTEBOOKS:
        if path.name[:2] in lessons:
            texts = [cell["source"] for cell in cells_of(path) if cell["cell_type"] == "markdown"]
            late = unexplained(texts, known)
            assert late == [], f"{path.name}:\n" + "\n".join(late)
