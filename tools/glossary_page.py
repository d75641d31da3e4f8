"""Writes docs/glossary.md: the words of vrrplab/glossary.py, in order of the alphabet.

python tools/glossary_page.py            writes it
python tools/glossary_page.py --check    exit code 1 if it is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import cell, keep, table  # noqa: E402
from vrrplab.glossary import TERMS  # noqa: E402

PAGE = ROOT / "docs" / "glossary.md"
MADE = "Made by tools/glossary_page.py from vrrplab/glossary.py. Do not edit."
NONE = "–"

INTRODUCTION = f"""# Words

<!-- {MADE} -->

vrrplab speaks keepalived's language, which is that of RFC 3768 and RFC 5798: MASTER and BACKUP. RFC 9568, of
2024, says Active Router for the same thing. What has no name in the RFCs is keepalived's word, or vrrplab's.
`vrrplab.glossary.look_up("Active_Down_Interval")` finds a word by any of its names.

"""


def page() -> str:
    """The text of docs/glossary.md."""
    text = INTRODUCTION + table("word", "what it is", "RFC 9568", "RFC 3768, RFC 5798", "in vrrplab's source")
    for term in sorted(TERMS, key=lambda term: term.word.lower()):
        code = f"`{term.code}`" if term.code else NONE
        names = (term.rfc9568 or NONE, term.rfc5798 or NONE, code)
        text += f"| **{cell(term.word)}** | {cell(term.meaning)} | {' | '.join(map(cell, names))} |\n"
    return text


def main(arguments: list[str]) -> int:
    return keep("glossary_page.py", {PAGE: page()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
