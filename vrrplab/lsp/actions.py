"""What an editor offers at a finding: the least change that cures it, and a comment that silences it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os.path import basename, normpath
from typing import NamedTuple

from vrrplab.lsp.positions import Position
from vrrplab.lsp.workspace import Checked, Told, Workspace
from vrrplab.output.printable import printable
from vrrplab.rules.fix import edits_of
from vrrplab.rules.ignore import comment
from vrrplab.rules.model import Finding
from vrrplab.rules.texts import text_of

REASON = "say here why it is right"


class Replacement(NamedTuple):
    """Text from one place to another, and what is to stand there instead."""

    begin: Position
    end: Position
    new: str


class Action(NamedTuple):
    """``told``: the finding as it is shown there; ``changes``: by the path of a file."""

    title: str
    told: Told
    changes: Mapping[str, tuple[Replacement, ...]]
    cures: bool


def actions(workspace: Workspace, path: str, first: int, last: int) -> Iterator[Action]:
    """What can be done about the findings of these lines, from 0: all cures first."""
    found: dict[tuple[str, str], Action] = {}
    for checked in workspace.checked_with(path):
        for finding in checked.findings:
            for where, told in workspace.at_each_place(finding):
                if where == path and told.begin[0] <= last and told.end[0] >= first:
                    offered = filter(None, (_cure(workspace, checked, finding, told),
                                            _silence(workspace, finding, path, told)))  # fmt: skip
                    for action in offered:
                        found.setdefault((action.title, told.message), action)
    yield from sorted(found.values(), key=lambda action: not action.cures)


def _cure(workspace: Workspace, checked: Checked, finding: Finding, told: Told) -> Action | None:
    """The least change, where it is known and the files are still those that were looked at."""
    cluster, changes = checked.cluster, {}
    with workspace.as_shown():
        for file, edits in (edits_of(cluster, finding) or {}).items():
            lines = workspace.lines(normpath(file))
            if lines.text != text_of(cluster, file):
                return None
            changes[normpath(file)] = tuple(
                Replacement(lines.position(edit.start), lines.position(edit.end), edit.text) for edit in edits
            )
    if not changes:
        return None
    words = dict.fromkeys(
        f"'{change.old}' -> '{change.new}'" if change.new is not None else f"'{change.old}' taken out"
        for change in finding.changes
    )
    files = ", ".join(map(basename, changes))
    return Action(printable(f"{finding.rule}: {'; '.join(words)} in {files}"), told, changes, True)


def _silence(workspace: Workspace, finding: Finding, path: str, told: Told) -> Action | None:
    """A comment above the line; one about comments is not silenced by another."""
    if finding.rule == "V089":
        return None
    lines = workspace.lines(path)
    start = lines.offset(told.begin[0], 0)
    rest = lines.text[start:]
    blanks = rest[: len(rest) - len(rest.lstrip(" \t"))]
    end = "\r\n" if "\r\n" in lines.text else "\n"
    at = lines.position(start)
    new = f"{blanks}{comment(finding.rule, REASON)}{end}"
    title = f"Ignore {finding.rule} here, with a reason, in {basename(path)}"
    return Action(printable(title), told, {path: (Replacement(at, at, new),)}, False)
