"""Clusters for the tests of rules: from texts, as a reader and as the simulator see them."""

from __future__ import annotations

from pathlib import Path

from vrrplab import Trace, simulate
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding
from vrrplab.rules.table import RULES
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.nodes import Node, read_nodes

DAEMON = "keepalived-2.2.7"


def nodes(folder: Path, files: dict[str, str], daemon: str = DAEMON) -> tuple[Node, ...]:
    for name, text in files.items():
        (folder / f"{name}.conf").write_text(text, encoding="utf-8")
    return read_nodes([folder / f"{name}.conf" for name in files], profile=daemon)


def found(rule: str, folder: Path, files: dict[str, str], daemon: str = DAEMON) -> list[Finding]:
    """What one rule finds."""
    return list(RULES[rule].found(Cluster(nodes(folder, files, daemon), daemon)))


def run(folder: Path, files: dict[str, str], daemon: str = DAEMON) -> Trace:
    """A minute of that cluster."""
    return simulate(scenario_of_nodes(nodes(folder, files, daemon), daemon))
