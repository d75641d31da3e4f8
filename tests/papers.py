"""README, docs and the other papers as tests see them: their code blocks, links and headings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import mistune

ROOT = Path(__file__).resolve().parent.parent
MARKDOWN = mistune.create_markdown(renderer=None, plugins=["table"])


class Block(NamedTuple):
    """A code block: the page and line it begins on, the words behind its fence, its text."""

    page: str
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """README, what stands beside it for readers, and docs."""
    beside = [name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if (ROOT / name).exists()]
    return [*beside, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def notebooks() -> list[str]:
    return sorted(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))


@cache
def text_of(page: str) -> str:
    """A page's Markdown; of a notebook that of its cells."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if not page.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@cache
def parsed(text: str) -> list[dict[str, Any]]:
    """Everything in a Markdown text, one after the other."""
    found = MARKDOWN(text)
    assert isinstance(found, list)
    return [*_flat(found)]


def tokens(page: str) -> list[dict[str, Any]]:
    """Everything on a page."""
    return parsed(text_of(page))


def _flat(tokens: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for token in tokens:
        yield token
        yield from _flat(token.get("children", []))


def blocks(page: str) -> list[Block]:
    """The code blocks, fenced and indented; ``info`` of the latter is "indented"."""
    found, begin = [], 0
    for token in tokens(page):
        if token["type"] == "block_code":
            text = token["raw"].rstrip("\n") + "\n"
            begin = text_of(page).index(text.splitlines()[0], begin)
            line = text_of(page).count("\n", 0, begin) + 1
            info = "indented" if token["style"] == "indent" else token.get("attrs", {}).get("info", "")
            found.append(Block(page, line, info, text))
            begin += len(text.splitlines()[0])
    return found


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead, those written in HTML too."""
    return links_in(text_of(page))


def links_in(text: str) -> list[str]:
    """The same of any Markdown."""
    found = []
    for token in parsed(text):
        if token["type"] in ("link", "image"):
            found.append(token["attrs"]["url"])
        elif token["type"] in ("block_html", "inline_html"):
            found += re.findall(r'(?:href|src|srcset)="([^"]+)"', token["raw"])
    return found


def anchors(page: str) -> set[str]:
    """The names that headings have, as GitHub makes them."""
    found: set[str] = set()
    for token in tokens(page):
        if token["type"] == "heading":
            words = "".join(part.get("raw", "") for part in _flat(token["children"]))
            name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            number = 1
            while (unique := f"{name}-{number}" if number > 1 else name) in found:
                number += 1
            found.add(unique)
    return found
