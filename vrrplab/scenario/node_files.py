"""Which files the nodes of a cluster have, and what they are called: by files, folders and inventories.

A node is called as its file is, or as the folder that holds its ``keepalived.conf``; ``@name`` lines of the
file are compared with that name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os.path import basename, dirname, isdir, isfile, join

from vrrplab.errors import VrrplabError
from vrrplab.limits import INVENTORY_NAMES

USUAL = "keepalived.conf"
_OF_EVERY_HOST = ("etc", "keepalived")  # folders of /etc/keepalived/keepalived.conf


@dataclass(frozen=True, slots=True)
class NodeFile:
    """A node's name and the path of its file; ``given``: somebody named the node, not only the file."""

    name: str
    path: str
    given: bool = False


def node_files(
    files: Iterable[str | os.PathLike[str]] = (),
    named: Iterable[str] = (),
    inventories: Iterable[str | os.PathLike[str]] = (),
) -> list[NodeFile]:
    """The nodes that are meant, in the order in which they were given; no file is read.

    - ``files``: keepalived.conf files, and folders with one or with several ``*.conf``.
    - ``named``: ``NAME=FILE``, each a node with a name of its own.
    - ``inventories``: folders with one folder a host, somewhere in which its keepalived.conf lies.

    VrrplabError: nothing was named, one file or one node twice, a folder without a file, no ``NAME=FILE``.
    """
    paths = [path for file in files for path in _files_of(os.fspath(file))]
    for path in paths:
        if paths.count(path) > 1:
            raise VrrplabError(
                f"{path} is named twice - a file of several hosts is given with their names:"
                f" --node lb1={path} --node lb2={path}"
            )
    found = [NodeFile(name, path) for name, path in zip(names_of(paths), paths, strict=True)]
    found += [_named(text) for text in named]
    found += [node for inventory in inventories for node in _inventory(os.fspath(inventory))]
    if not found:
        raise VrrplabError("name at least one keepalived.conf, or a folder that has one")
    _require_different(found)
    return found


def _require_different(nodes: Sequence[NodeFile]) -> None:
    by_name: dict[str, NodeFile] = {}
    for node in nodes:
        other = by_name.setdefault(node.name, node)
        if other is not node:
            raise VrrplabError(
                f"{other.path} and {node.path}: two nodes are called {node.name}"
                f" - call one otherwise: --node NAME={node.path}"
            )


def _named(text: str) -> NodeFile:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise VrrplabError(f"--node {text}: write NAME=FILE, as in --node lb1=keepalived.conf")
    if not name.isprintable() or any(character.isspace() for character in name):
        raise VrrplabError(f"--node {text}: a node's name is one word, as in --node lb1={path}")
    paths = _files_of(path)
    if len(paths) > 1:
        raise VrrplabError(f"--node {text}: {path} has {len(paths)} files - name one of them")
    return NodeFile(name, paths[0], given=True)


def _files_of(path: str) -> list[str]:
    """The file itself; of a folder its keepalived.conf, or else its ``*.conf`` files by their names."""
    if not path:
        raise VrrplabError("a file's name is empty - name a keepalived.conf")
    if not isdir(path):
        return [path]
    if isfile(join(path, USUAL)):
        return [join(path, USUAL)]
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise VrrplabError(f"{path}: cannot be read: {error.strerror}") from None
    found = [join(path, name) for name in names if name.endswith(".conf") and not name.startswith(".")]
    found = [name for name in found if isfile(name)]
    if not found:
        hint = f"--inventory {path}" if any(isdir(join(path, name)) for name in names) else "name the files"
        raise VrrplabError(f"{path}: is a folder without {USUAL} or *.conf - {hint}?")
    return found


def _inventory(folder: str) -> list[NodeFile]:
    """FOLDER/HOST/**/keepalived.conf: the host's folder is the node's name. Others are passed over."""
    if not isdir(folder):
        what = "is no folder" if os.path.exists(folder) else "is not there"
        raise VrrplabError(f"--inventory {folder}: {what} - name the folder with one folder a host")
    nodes: list[NodeFile] = []
    looked_at = 0
    hosts = sorted(name for name in os.listdir(folder) if isdir(join(folder, name)))
    for host in hosts:
        found: list[str] = []
        for path, names in _walk(join(folder, host)):
            looked_at += len(names)
            if looked_at > INVENTORY_NAMES.most:
                raise VrrplabError(
                    f"--inventory {folder}: has more than {INVENTORY_NAMES}, the most for"
                    f" {INVENTORY_NAMES.what} - name a folder that has only hosts"
                )
            if USUAL in names and isfile(join(path, USUAL)):
                found.append(join(path, USUAL))
        if len(found) > 1:
            raise VrrplabError(
                f"--inventory {folder}: {host} has {len(found)} files, {found[0]} and {found[1]}"
                f" - keep one, or name the nodes: --node {host}={found[0]} …"
            )
        nodes += [NodeFile(host, path, given=True) for path in found]
    if not nodes:
        raise VrrplabError(f"--inventory {folder}: no HOST/{USUAL} in it - it has one folder a host")
    return nodes


def _walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder below this one, links to folders not followed, with the names of what is no folder."""
    for path, folders, names in os.walk(folder):
        folders.sort()
        yield path, names


def names_of(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """What the nodes with these files are called: as the file; a ``keepalived.conf`` as its host's folder.

    ``keepalived.conf.lb1`` beside ``keepalived.conf.lb2`` is lb1. Where two are alike, with their folders,
    and numbered where that is no help either.
    """
    files = [os.fspath(path) for path in paths]
    plain = [_own_name(file) for file in files]
    own = [
        os.path.splitext(file)[1][1:] if name == USUAL and plain.count(name) > 1 else name
        for file, name in zip(files, plain, strict=True)
    ]
    names: list[str] = []
    for file, short in zip(files, own, strict=True):
        folder = basename(dirname(file)) or "server"
        name = short if own.count(short) == 1 else f"{folder}-{short}"
        numbered = (f"{name}-{number}" for number in range(2, len(own) + 2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names


def _own_name(file: str) -> str:
    """The file's name without its ending; of a keepalived.conf that of the folder, if it is a host's."""
    if basename(file) == USUAL:
        folder = dirname(file)
        while basename(folder) in _OF_EVERY_HOST:
            folder = dirname(folder)
        if basename(folder) not in ("", ".", ".."):
            return basename(folder)
    return os.path.splitext(basename(file))[0]
