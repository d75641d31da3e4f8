"""The fragments of ``changelog.d``: shown, or folded into CHANGELOG.md as the section of a release.

    python tools/changelog.py            what the next release would say
    python tools/changelog.py 0.2.0      write that section, and remove the fragments

A section that is there already, as "VERSION (unreleased)" or with a date, gets today's date, and the
fragments below its text. The first release is told as what there is, not as what changed: its section is
written by hand. The fragments are printed, for a last look whether all that is new is in it, and removed.
"""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("breaking", "added", "changed", "fixed")  # in the order in which a user wants to know


def read_fragments(folder: Path) -> list[tuple[str, str]]:
    """(kind, text) of each fragment; ValueError names the file, what is wrong and what would be right."""
    found = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        word, _, text = " ".join(path.read_text(encoding="utf-8").split()).partition(" ")
        kind = word.lower().rstrip(":")
        if kind not in KINDS:
            raise ValueError(f"{path.name}: the first word is {word!r}: begin with {', '.join(KINDS)}")
        if not text.endswith((".", "?")) or len(re.findall(r"[.?](?= |$)", text)) > 2:
            raise ValueError(f"{path.name}: write one sentence or two, for a user")
        found.append((kind, text[0].upper() + text[1:]))
    return found


def as_lists(fragments: list[tuple[str, str]]) -> str:
    """The body of a section."""
    groups = [(kind, [text for k, text in fragments if k == kind]) for kind in KINDS]
    return "\n".join(
        f"### {kind.capitalize()}\n\n" + "".join(f"- {text}\n" for text in texts)
        for kind, texts in groups
        if texts
    )


def is_first(changelog: str, version: str) -> bool:
    """Is this section the only one, so that no user has anything that could have changed?"""
    return re.findall(r"^## (\S+) \(", changelog, re.MULTILINE) == [version]


def fold(changelog: str, version: str, date: str, fragments: list[tuple[str, str]]) -> str:
    """The changelog with the section of a release on top."""
    body = "" if is_first(changelog, version) else as_lists(fragments)
    heading = f"## {version} ({date})\n"
    planned = re.search(rf"^## {re.escape(version)} \((unreleased|[\d-]+)\)\n", changelog, re.MULTILINE)
    if planned:
        before, after = changelog[: planned.start()], changelog[planned.end() :]
        text, mark, older = after.partition("\n## ")
        return before + heading + text + ("\n" + body if body else "") + mark + older
    before, mark, older = changelog.partition("\n## ")
    return f"{before}\n{heading}\n{body}{mark}{older}"


def section(changelog: str, version: str) -> str:
    """What a release's section says, without its heading; "" where the release has none, or no date yet."""
    found = re.search(rf"^## {re.escape(version)} \([\d-]+\)\n+(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    return found[1] if found else ""


def main() -> None:
    """Show the fragments, or fold them."""
    folder, changelog = ROOT / "changelog.d", ROOT / "CHANGELOG.md"
    try:
        fragments = read_fragments(folder)
    except ValueError as error:
        sys.exit(f"changelog.d/{error}")
    if len(sys.argv) == 1:
        print(as_lists(fragments), end="")
        return
    version, text = sys.argv[1], changelog.read_text(encoding="utf-8")
    if fragments and is_first(text, version):
        print(as_lists(fragments))
        print(f"{version} is the first release: its section is written by hand, and nothing was added to it.")
    date = datetime.date.today().isoformat()
    changelog.write_text(fold(text, version, date, fragments), encoding="utf-8")
    for path in folder.glob("*.md"):
        if path.name != "README.md":
            path.unlink()


if __name__ == "__main__":
    main()
