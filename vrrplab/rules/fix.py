"""The least change of the files that cures what was found, as a patch; the files stay as they are."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from vrrplab.config.tree import Edit, Statement, Token, Tree
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Change, Finding
from vrrplab.rules.texts import statements_at, text_of, tree_of

_NO_END = "\\ No newline at end of file\n"


def patch_of(cluster: Cluster, findings: Iterable[Finding]) -> tuple[str, int]:
    """A unified diff that ``patch -p0`` takes, and how many findings it cures."""
    edits: dict[str, dict[tuple[int, int], Edit]] = {}
    cured = 0
    for finding in findings:
        found = edits_of(cluster, finding)
        if found is None:
            continue
        cured += 1
        for file, some in found.items():
            for edit in some:
                _keep(edits.setdefault(file, {}), edit)
    return "".join(
        _diff(file, tree_of(cluster, file), [*those.values()]) for file, those in edits.items()
    ), cured


def edits_of(cluster: Cluster, finding: Finding) -> dict[str, list[Edit]] | None:
    """What cures one finding, by file; None: no change is known that does, or its place is not found."""
    found: dict[str, list[Edit]] = {}
    for change in finding.changes:
        edit = _edit(cluster, change)
        if edit is None:
            return None
        found.setdefault(change.place.source.file, []).append(edit)
    return found or None


def _keep(edits: dict[tuple[int, int], Edit], edit: Edit) -> None:
    """With those that are there already, unless one of them changes the same characters."""
    if not any(edit.start < end and start < edit.end for start, end in edits):
        edits[edit.start, edit.end] = edit


def _edit(cluster: Cluster, change: Change) -> Edit | None:
    source = change.place.source
    if not text_of(cluster, source.file):
        return None
    tree = tree_of(cluster, source.file)
    for statement in statements_at(cluster, source):
        word = _word(statement, source.line, change.old)
        if word is not None:
            return tree.remove(statement) if change.new is None else tree.replace(word, change.new)
    return None


def _word(statement: Statement, line: int, old: str) -> Token | None:
    return next((w for w in statement.words if w.line == line and old in (w.text, w.value)), None)


def _diff(file: str, tree: Tree, edits: list[Edit]) -> str:
    name = _name(file)
    lines = difflib.unified_diff(_lines(tree.text), _lines(tree.edited(edits)), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _name(file: str) -> str:
    """A file's name as in the head of a patch: behind one with spaces a tab, an odd one quoted as in C."""
    if file.isprintable() and not set(file) & set('"\\'):
        return f"{file}\t" if " " in file else file
    shown = (
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in os.fsencode(file)
    )
    return f'"{"".join(shown)}"'


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines
