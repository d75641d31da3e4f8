"""Findings for other programs: JSON, SARIF 2.1.0, and the annotations of GitHub's workflows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from vrrplab.output.printable import printable
from vrrplab.rules.baseline import key_of
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Place, Severity
from vrrplab.rules.not_judged import not_judged
from vrrplab.rules.table import RULES
from vrrplab.scenario.running import plain_of

PAGES = "https://github.com/vrrplab/vrrplab/blob/main/docs/rules"
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(cluster: Cluster, findings: Sequence[Finding]) -> str:
    """``plain``, in ASCII."""
    return _text(plain(cluster, findings))


def plain(cluster: Cluster, findings: Sequence[Finding]) -> dict[str, Any]:
    """Values for JSON: ``findings``, worst first, ``nodes`` and ``not_judged``."""
    told = [
        {
            "rule": finding.rule,
            "name": RULES[finding.rule].name,
            "severity": finding.severity,
            "certain": finding.certain,
            "about": finding.about,
            "message": finding.message,
            "cure": finding.cure,
            "places": [
                {"node": place.node, "file": place.source.file, "line": place.source.line}
                for place in finding.places
            ],
        }
        for finding in findings
    ]
    nodes = [
        {
            "name": node.name,
            "file": node.path,
            **({"running": plain_of(node.config, node.running)} if node.running else {}),
        }
        for node in cluster
    ]
    return {"nodes": nodes, "findings": told, "not_judged": not_judged(cluster)}


def _text(content: Any) -> str:
    # DEL is the one character of ASCII that json leaves as it is and a terminal does not show.
    return json.dumps(content, indent=1).replace("\x7f", "\\u007f") + "\n"


def as_sarif(findings: Sequence[Finding], version: str) -> str:
    """A log of one run: each finding a result at its first place, the others related to it.

    ``version``: vrrplab's.
    """
    rules = [RULES[name] for name in sorted({finding.rule for finding in findings})]
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "vrrplab",
        "version": version,
        "informationUri": PAGES,
        "rules": [
            {
                "id": rule.id,
                "name": "".join(word.capitalize() for word in rule.name.replace(",", "").split()),
                "shortDescription": {"text": rule.what},
                "fullDescription": {"text": rule.why},
                "help": {"text": rule.cure},
                "helpUri": f"{PAGES}/{rule.id}.md",
                "defaultConfiguration": {"level": _LEVEL[rule.severity]},
            }
            for rule in rules
        ],
    }
    results = []
    for finding in findings:
        first, *others = [_location(place) for place in finding.places] or [{}]
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": index[finding.rule],
            "level": _LEVEL[finding.severity],
            "message": {"text": f"{finding.message}. Cure: {finding.cure}"},
            "locations": [first] if first else [],
            "partialFingerprints": {
                "vrrplab/v1": hashlib.sha256("\0".join(key_of(finding)).encode(errors="replace")).hexdigest()
            },
        }
        if others:
            related = [{"id": number, **place} for number, place in enumerate(others, 1)]
            result["relatedLocations"] = related
        results.append(result)
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _text({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _location(place: Place) -> dict[str, Any]:
    name = os.fsencode(place.source.file.replace(os.sep, "/"))
    uri = f"file://{quote(name)}" if os.path.isabs(place.source.file) else quote(name)
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.source.line:
        physical["region"] = {"startLine": place.source.line}
    return {"physicalLocation": physical, "message": {"text": place.node}}


def as_github(findings: Sequence[Finding]) -> str:
    """A workflow command for each file of each finding, at its first line there."""
    lines = []
    for finding in findings:
        first: dict[str, int] = {}
        for place in finding.places:
            first.setdefault(place.source.file, place.source.line)
        for file, line in first.items():
            where = f"file={_property(file)}" + (f",line={line}" if line else "")
            title = _property(f"{finding.rule} {RULES[finding.rule].name}")
            said = _data(printable(f"{finding.message} - {finding.cure}"))
            lines.append(f"::{_COMMAND[finding.severity]} {where},title={title}::{said}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
