"""Writes what is made from vrrplab/glossary.py: docs/glossary.md, and the words that the player explains.

python tools/glossary_page.py            writes both
python tools/glossary_page.py --check    exit code 1 if one of them is stale
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import cell, keep, table  # noqa: E402
from vrrplab.glossary import PATTERN, TERMS  # noqa: E402

PAGE = ROOT / "docs" / "glossary.md"
SCRIPT = ROOT / "vrrplab" / "views" / "static" / "glossary.js"
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


def script() -> str:
    """The text of the player's glossary.js."""
    kind = "{meaning: string, rfc9568: string, seen: string[]}"
    rows = ""
    for term in TERMS:
        other = term.rfc9568 if term.word.lower() not in term.rfc9568.lower() else ""
        row = {"meaning": term.meaning, "rfc9568": other, "seen": term.seen}
        rows += f"  {json.dumps(term.word)}: {json.dumps(row, ensure_ascii=False)},\n"
    pattern = json.dumps(PATTERN, ensure_ascii=False)
    return f"""// What the special words mean. {MADE}

/** @type {{Record<string, {kind}>}} word: what it is, what RFC 9568 calls it, how else it is written */
export const TERMS = {{
{rows}}};

/** As a regular expression: any of these words in a text (vrrplab/glossary.py). */
export const PATTERN = {pattern};
"""


def main(arguments: list[str]) -> int:
    return keep("glossary_page.py", {PAGE: page(), SCRIPT: script()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
