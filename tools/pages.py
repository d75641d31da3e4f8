"""What a tool does with the page it makes: write it if it is stale, or with ``--check`` only say so."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def keep(tool: str, fresh: dict[Path, str], arguments: list[str]) -> int:
    """The exit code of ``python tools/TOOL``: 1 if ``--check`` finds a file that is not what it should be."""
    stale = [path for path, text in fresh.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/{tool}", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(fresh[path], encoding="utf-8")
        print(f"{path.relative_to(ROOT)} written")
    return 0


def cell(text: str) -> str:
    """Text as a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(*heads: str) -> str:
    """The first two lines of a Markdown table."""
    return f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"
