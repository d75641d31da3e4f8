"""Findings as people read them: in lines of at most 80 columns, the worst first, each with its cure."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vrrplab.output.printable import printable
from vrrplab.output.text_columns import wrap
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Severity
from vrrplab.rules.not_judged import not_judged
from vrrplab.rules.table import RULES
from vrrplab.scenario.running import differences

WIDTH = 80
_MARGIN = " " * 5
_MOST_PLACES = 12


class Line(NamedTuple):
    """A line of the report; ``severity``: whose colour its first word has, None: nobody's."""

    text: str
    severity: Severity | None = None


def lines_of(cluster: Cluster, findings: Sequence[Finding], known: str = "") -> Iterator[Line]:
    """The report. ``known``: what a baseline has to say of those that are left out."""
    certain = [finding for finding in findings if finding.certain]
    others = [finding for finding in findings if not finding.certain]
    for finding in certain:
        yield from _finding(finding)
    if others:
        yield Line("If what is not in the files is as one would expect:")
        for finding in others:
            yield from _finding(finding)
    yield from _running(cluster)
    yield Line(summary(cluster, findings))
    for text in (known, _last(cluster)):
        for line in wrap(text, WIDTH):
            yield Line(line)


def _finding(finding: Finding) -> Iterator[Line]:
    head = f"{finding.rule} {finding.severity}: {RULES[finding.rule].name}"
    yield Line(head, finding.severity)
    for text in (places_of(finding), finding.message, f"Cure: {finding.cure}"):
        for line in wrap(text, WIDTH, _MARGIN, _MARGIN):
            yield Line(line)


def _running(cluster: Cluster) -> Iterator[Line]:
    """Of which daemons it is known that they run what their files say; of the others there are findings."""
    for node in cluster.nodes:
        if node.running is not None and not differences(node.config, node.running):
            told = f"What {node.name} runs, as {node.running.path} says, is what stands in its file."
            for line in wrap(printable(told), WIDTH):
                yield Line(line)


def places_of(finding: Finding) -> str:
    """Each file with its line; of files in other folders the path as it was given."""
    places = list(dict.fromkeys(str(place.source) for place in finding.places))
    if len(places) > _MOST_PLACES:
        places[_MOST_PLACES:] = [f"and {len(places) - _MOST_PLACES} more"]
    return " ".join(os.fspath(place) for place in places)


def summary(cluster: Cluster, findings: Sequence[Finding]) -> str:
    """How many nodes and findings there are."""
    nodes = f"{len(cluster.nodes)} node{'s' * (len(cluster.nodes) != 1)}"
    count = Counter(finding.severity for finding in findings)
    told = [f"{count[s]} {s}{'s' * (count[s] != 1 and s is not Severity.INFO)}" for s in Severity if count[s]]
    return f"{nodes}: {', '.join(told) if told else 'nothing found'}"


def _last(cluster: Cluster) -> str:
    return f"Not looked at: {'; '.join(not_judged(cluster))}." if not_judged(cluster) else ""
