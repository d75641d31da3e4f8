"""Writes docs/rfc.md: every obligation of the VRRP RFCs, and which profile obeys it.

    python tools/rfc_page.py            writes the page
    python tools/rfc_page.py --check    exit code 1 if the page is stale

The rows are in tests/machine/rfc_rows.py. What a cell says is found by running the row's test, the same for
every profile; nothing in it is typed in by hand.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rfc.md"
TESTS = ("test_rfc9568", "test_rfc5798", "test_rfc3768", "test_keepalived")
COLUMNS = ("rfc3768", "rfc5798", "rfc9568", "keepalived-2.2.7", "keepalived-2.4.3")
HEADS = ("RFC 3768", "RFC 5798", "RFC 9568", "keepalived 2.2.7", "keepalived 2.4.3")
NO_DUTY = "no such duty"

INTRODUCTION = """# Who obeys which rule

<!-- Made by tools/rfc_page.py from the tests in tests/machine. Do not edit. -->

Every obligation that the VRRP RFCs lay on a router, in our own words, and what each behaviour profile of the
lab does about it. The cells are not opinions: a test with the row's ID in its name runs against each profile,
and its result stands here, with what it saw.

- **obeys**: the profile does what the row says, in every version of VRRP it speaks that has the rule.
- **departs**: it does something else, and what. For the profile of an older RFC that usually means that its
  text asks for something else; the row with that RFC's number beside the ID says what.
- **no such duty**: that RFC has no such rule.
- **not modelled**: the lab has no such thing; the row says why.

A profile is our model of a document or of a daemon. The two keepalived profiles agree with 176 recordings of
the real daemons; the three RFC profiles do what the text says, and read the same keepalived.conf.
IDs name sections of RFC 9568 (R3) or of RFC 3768 (R2). "erratum" means that the row follows a reported one.
"""

KEEPALIVED_NOTE = """
Here **does so** and **differs** take the place of obeys and departs: these are habits of a daemon, not rules.
The RFC profiles have the options of keepalived.conf too, so they share what is only an option.
"""


def page() -> str:
    """The page's text."""
    rows, outcomes = _load()
    parts = [INTRODUCTION]
    for title, section in rows.items():
        is_habits = section[0].id.startswith("K")
        parts.append(f"\n## {title}\n")
        if is_habits:
            parts.append(KEEPALIVED_NOTE)
        parts.append("\n| ID | " + ("Habit" if is_habits else "Duty") + " | " + " | ".join(HEADS) + " |")
        parts.append("\n|" + " --- |" * (2 + len(HEADS)) + "\n")
        for row in section:
            cells = [_cell(row, column, outcomes) for column in COLUMNS]
            parts.append(f"| {_name(row.id)} | {_sentence(row)} | " + " | ".join(cells) + " |\n")
    return "".join(parts)


def _load():  # type: ignore[no-untyped-def]
    folder = str(ROOT / "tests" / "machine")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    for name in TESTS:
        import_module(name)
    duties = import_module("rfc_duties").DUTIES
    outcomes: dict[tuple[str, str], dict[int, str]] = {}
    for duty in duties:
        outcomes.setdefault((duty.row, duty.profile.name), {})[duty.version] = duty.outcome()
    return import_module("rfc_rows").SECTIONS, outcomes


def _name(row_id: str) -> str:
    name, _, rfc = row_id.partition("@")
    return f"{name} (RFC {rfc})" if rfc else name


def _sentence(row) -> str:  # type: ignore[no-untyped-def]
    place = f"{row.level}; {row.place}" if row.level else row.place
    why = f" Not modelled: {row.why_not}." if row.why_not else ""
    return f"{row.sentence}{why}<br>({place})".replace("*", "\\*")


def _cell(row, column: str, outcomes) -> str:  # type: ignore[no-untyped-def]
    found = outcomes.get((row.id, column))
    good, bad = ("does so", "differs") if row.id.startswith("K") else ("obeys", "departs")
    if found is None:
        if row.why_not and not (column == "rfc3768" and "3768" not in row.place):
            return "not modelled"
        if row.id.startswith("K"):
            return f"does not apply: version {2 if column == 'rfc3768' else 3} only"
        return NO_DUTY
    words = {version: f"{bad}: {how}" if how else good for version, how in found.items()}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return "; ".join(f"version {version} {said}" for version, said in sorted(words.items()))


def main(arguments: list[str]) -> int:
    text = page()
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
