"""A baseline: the findings that are known, so that ``config check`` tells only what has come since.

A finding is known again by its rule, what it is about, what it says and whose files it is in; not by lines,
which move.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrrplab.errors import PlacedError
from vrrplab.input_files import read_text
from vrrplab.json_text import JsonError, json_of
from vrrplab.limits import SETTINGS_BYTES
from vrrplab.output.files import replaced_text
from vrrplab.rules.model import Finding

FORMAT = "vrrplab-baseline-1"
Key = tuple[str, str, str, str]
_HINT = "make it anew: config check … --write-baseline FILE"


def key_of(finding: Finding) -> Key:
    """By what a baseline knows a finding."""
    nodes = " ".join(dict.fromkeys(place.node for place in finding.places))
    return finding.rule, finding.about, finding.message, nodes


@dataclass(frozen=True, slots=True)
class Baseline:
    """The keys of the findings that are known."""

    keys: frozenset[Key]

    def without_known(self, findings: Iterable[Finding]) -> tuple[list[Finding], int, int]:
        """The findings that are new, how many are known, and how many of the known ones are gone."""
        findings = list(findings)
        new = [finding for finding in findings if key_of(finding) not in self.keys]
        there = {key_of(finding) for finding in findings}
        return new, len(findings) - len(new), len(self.keys - there)


def write_baseline(path: str, findings: Iterable[Finding]) -> None:
    """OutputError if the file cannot be written."""
    names = ("rule", "about", "message", "nodes")
    entries = [dict(zip(names, key, strict=True)) for key in sorted({key_of(f) for f in findings})]
    with replaced_text(path) as file:
        json.dump({"format": FORMAT, "findings": entries}, file, indent=1)
        file.write("\n")


def read_baseline(path: str) -> Baseline:
    """PlacedError for a file that is no baseline."""
    text = read_text(path, SETTINGS_BYTES, PlacedError, _HINT)
    try:
        content = json_of(text)
    except JsonError as error:
        raise PlacedError(path, error.line, str(error), _HINT) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise PlacedError(path, 0, "is no baseline of vrrplab", _HINT)
    return Baseline(frozenset(_key(path, entry) for entry in _list(path, content.get("findings"))))


def _list(path: str, entries: Any) -> list[Any]:
    if not isinstance(entries, list):
        raise PlacedError(path, 0, "has no list of findings", _HINT)
    return entries


def _key(path: str, entry: Any) -> Key:
    names = ("rule", "about", "message", "nodes")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) for name in names):
        raise PlacedError(path, 0, "has a finding without rule, about, message or nodes", _HINT)
    return entry["rule"], entry["about"], entry["message"], entry["nodes"]
