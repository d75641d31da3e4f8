"""Which files of a workspace are nodes of one cluster: as ``config check`` groups them.

The folders of hosts in one folder, an inventory, are a cluster; so are the ``*.conf`` files of a folder that
has no keepalived.conf. What is open elsewhere is a cluster with what is open beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os.path import basename, dirname, join

from vrrplab.limits import INVENTORY_NAMES
from vrrplab.scenario.mistaken_files import is_config
from vrrplab.scenario.node_files import USUAL, NodeFile, names_of

_NEVER_OURS = frozenset({"node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one cluster; ``folder``: whose .vrrplab.toml counts for it."""

    folder: str
    files: tuple[NodeFile, ...]


def find_files(root: str) -> tuple[list[str], bool]:
    """Every keepalived.conf below a folder, and whatever ``*.conf`` is one by what is in it; and whether
    that is all, or the folder has too many names to look at.

    Hidden folders are passed over, links to folders not followed.
    """
    found: list[str] = []
    looked_at = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _NEVER_OURS)
        looked_at += len(folders) + len(names)
        if looked_at > INVENTORY_NAMES.most:
            return found, False
        if USUAL in names:
            found.append(join(folder, USUAL))
            continue
        paths = (join(folder, n) for n in sorted(names) if n.endswith(".conf") and not n.startswith("."))
        found += [path for path in paths if is_config(path)]
    return found, True


def groups_of(root: str, paths: Iterable[str]) -> list[Group]:
    """The clusters of what ``find_files`` found below a folder."""
    usual, by_folder = [], dict[str, list[str]]()
    for path in paths:
        if basename(path) == USUAL:
            usual.append(path)
        else:
            by_folder.setdefault(dirname(path), []).append(path)
    return [*_inventories(root, usual), *(together(root, files) for files in by_folder.values())]


def together(folder: str, paths: list[str]) -> Group:
    """One cluster of files that are called as they are."""
    names = names_of(paths)
    return Group(folder, tuple(NodeFile(name, path) for name, path in zip(names, paths, strict=True)))


def _inventories(root: str, paths: list[str]) -> Iterator[Group]:
    """A folder with two hosts or more is an inventory, the deepest one above a file that file's.

    Where a host has several files, the one that lies highest is its; each other is a cluster for itself.
    """
    hosts: dict[str, set[str]] = {}
    for path in paths:
        for folder, host in _above(root, path):
            hosts.setdefault(folder, set()).add(host)
    nodes: dict[str, dict[str, str]] = {}
    for path in sorted(paths, key=lambda path: (path.count(os.sep), path)):
        inventory = next(((f, host) for f, host in _above(root, path) if len(hosts[f]) > 1), None)
        if inventory is None or inventory[1] in nodes.setdefault(inventory[0], {}):
            yield together(root, [path])
        else:
            nodes[inventory[0]][inventory[1]] = path
    for by_host in nodes.values():
        yield Group(root, tuple(NodeFile(host, by_host[host], given=True) for host in sorted(by_host)))


def _above(root: str, path: str) -> Iterator[tuple[str, str]]:
    """Each folder up to the root that has the file somewhere below it, and in which of its folders; deepest
    first.
    """
    folder = dirname(path)
    while folder != root and dirname(folder) != folder:
        yield dirname(folder), basename(folder)
        folder = dirname(folder)
