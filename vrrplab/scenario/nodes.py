"""The files of all nodes of one cluster: found, named, read.

A node is one server: its name, its keepalived.conf, and its real addresses where somebody gave them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vrrplab.config.model import NodeConfig
from vrrplab.config.reader import parse_config
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named


@dataclass(frozen=True, slots=True)
class Node:
    """``addresses``: interface to its real addresses with prefix; None: nobody gave them."""

    name: str
    path: str
    config: NodeConfig
    addresses: Mapping[str, tuple[str, ...]] | None = None


def read_nodes(
    paths: Sequence[str | os.PathLike[str]],
    *,
    names: Sequence[str] = (),
    profile: str = "keepalived-2.2.7",
) -> tuple[Node, ...]:
    """The nodes whose files these are.

    ``names``: what the servers are called, and so which ``@name`` lines count; otherwise as their files.
    Raises ConfigError for a file that keepalived would not run with, VrrplabError for no file at all.
    """
    if not paths:
        raise VrrplabError("name at least one keepalived.conf")
    behaviour = profile_named(profile)
    if behaviour.is_frr:
        raise VrrplabError(f"profile {profile} is FRR's: it does not run a keepalived.conf - give a scenario")
    called = zip(names or names_of(paths), paths, strict=True)
    return tuple(
        Node(name, os.fspath(path), parse_config(path, host_id=name, daemon=behaviour.wording))
        for name, path in called
    )


def names_of(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """The files' names; with their folders where two are alike, and numbered where that is no help either."""
    stems = [Path(path).stem for path in paths]
    names: list[str] = []
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else f"{Path(path).parent.name or 'server'}-{stem}"
        numbered = (f"{name}-{number}" for number in range(2, len(stems) + 2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names
