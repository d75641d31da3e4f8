"""Rules about one file: scripts."""

from __future__ import annotations

from vrrplab.rules.model import Rule

RULES: tuple[Rule, ...] = ()
