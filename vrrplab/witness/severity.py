"""How bad a finding is: what clients feel, what may hurt them, and what is as it should be."""

from __future__ import annotations

from vrrplab.witness.finding_kinds import ERROR, KINDS, NOTE, WARNING
from vrrplab.witness.findings import Finding

_COLOURS = {ERROR: "red", WARNING: "yellow", NOTE: ""}


def severity(finding: Finding) -> str:
    """``error``, ``warning`` or ``note``; of those that count others of their kind: theirs."""
    return KINDS[finding.like or finding.kind].severity


def severity_colour(finding: Finding) -> str:
    """A key of ``output.terminal.COLOURS``, or ""."""
    return _COLOURS[severity(finding)]
