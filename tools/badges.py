"""The badges of README that say something of these files: drawn from them, they cannot say anything else."""

from __future__ import annotations

import re
import tomllib
from html import escape
from pathlib import Path

from vrrplab.views.style import LIGHT

ROOT = Path(__file__).resolve().parents[1]
LETTER = 6.1  # pixels of a letter on average; the text is stretched or squeezed to what is reckoned with it


def badges() -> dict[str, str]:
    """File name to SVG text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")
    return {
        "badge-recordings.svg": badge("real keepalived", agreement()),
        "badge-python.svg": badge("Python", f"{python} or newer"),
        "badge-licence.svg": badge("licence", licence()),
    }


def agreement() -> str:
    """How many recordings agree, by the table of docs/truth.md."""
    page = (ROOT / "docs" / "truth.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| keepalived [\d.]+ \| (\d+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    counted = [[int(figure) for figure in row] for row in rows]
    total, agree = sum(row[0] for row in counted), sum(min(row[1:]) for row in counted)
    return f"{agree} of {total} recordings agree"


def licence() -> str:
    """The first word of the licence."""
    return (ROOT / "LICENSE").read_text(encoding="utf-8").split()[0]


def badge(what: str, value: str) -> str:
    """Two words side by side, as badges are."""
    left, right = (round(len(text) * LETTER) + 14 for text in (what, value))
    width = left + right

    def text(x: float, words: str, room: int) -> str:
        return f'<text x="{x:g}" y="14" textLength="{room - 14}">{escape(words)}</text>'

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img">\n'
        "<!-- Made by tools/badges.py (make pictures). Do not edit. -->\n"
        f"<title>{escape(what)}: {escape(value)}</title>\n"
        f'<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>\n'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#4d5865"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{LIGHT.strong[0]}"/></g>\n'
        '<g fill="#ffffff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{text(left / 2, what, left)}{text(left + right / 2, value, right)}</g>\n"
        "</svg>\n"
    )
