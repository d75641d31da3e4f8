"""docs/README.md leads to every page there is, once in its group, and says which pages a command makes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
INDEX = (DOCS / "README.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\]\(([^)#]+)\)(\*?)", INDEX)
MADE = re.compile(r"Made by [`t]")


def test_no_page_is_missing() -> None:
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert pages - {link for link, _ in LINKS} == set()


def test_it_says_which_pages_a_command_makes() -> None:
    pages = [*(path for path in DOCS.glob("*.md") if path.name != "README.md"), *DOCS.glob("*/README.md")]
    texts = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8")[:600] for path in pages}
    made = {name for name, text in texts.items() if MADE.search(text)}
    assert made == {link for link, star in LINKS if star and (DOCS / link).exists()}


def test_the_headings_are_the_four() -> None:
    assert re.findall(r"^## (.*)$", INDEX, re.MULTILINE) == ["Use", "Look up", "Understand", "Take part"]
