"""What may stand where somebody writes: the keywords of the block, and the names that it can refer to."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from vrrplab.config.tree import Statement, Tree
from vrrplab.limits import CONFIG_BYTES
from vrrplab.lsp.cursor import Cursor, cursor_at, named_blocks
from vrrplab.lsp.keywords import NOT_MODELLED, OF_LVS, facts_of, table_of
from vrrplab.lsp.positions import Position
from vrrplab.lsp.workspace import Workspace
from vrrplab.output.printable import printable


class Sort(Enum):
    """What a proposal is."""

    BLOCK = "block"
    KEYWORD = "keyword"
    VALUE = "value"
    NAME = "name"


class Proposal(NamedTuple):
    """A word that may stand here; ``detail``: what it means, or where it comes from.

    ``modelled``: it makes a difference in a simulation, too.
    """

    word: str
    sort: Sort
    detail: str = ""
    modelled: bool = True


class Completion(NamedTuple):
    """The proposals, and the text that one of them replaces."""

    proposals: tuple[Proposal, ...]
    begin: Position
    end: Position


_SWITCH = ("on", "off")
_VALUES = {
    "state": ("MASTER", "BACKUP"),
    "auth_type": ("PASS", "AH"),
    "version": ("2", "3"),
    "vrrp_version": ("2", "3"),
    "param_match": ("exact", "initial", "partial"),
}
_OF_INTERFACE = frozenset({"interface", "dev", "track_interface", "default_interface", "interfaces"})
_DEFINITIONS = {
    "track_script": ("vrrp_script",),
    "track_file": ("track_file", "vrrp_track_file"),
    "track_process": ("vrrp_track_process",),
    "track_bfd": ("bfd_instance",),
    "group": ("vrrp_instance",),
}
_OF_ADDRESSES = ("virtual_ipaddress", "virtual_ipaddress_excluded")
_BEHIND_ADDRESS = ("dev", "label", "scope", "no_track")


def complete(workspace: Workspace, path: str, line: int, column: int) -> Completion | None:
    """What may stand at a place (from 0, UTF-16); None in a comment, or where nothing is known."""
    lines = workspace.lines(path)
    if len(lines.text) > CONFIG_BYTES.most:
        return None
    offset = lines.offset(line, column)
    cursor = cursor_at(Tree(lines.text), offset)
    if cursor.in_comment:
        return None
    found: dict[str, Proposal] = {}
    for proposal in _proposals(workspace, path, cursor):
        if proposal.word and printable(proposal.word) == proposal.word:
            found.setdefault(proposal.word, proposal)
    begin = cursor.word.start if cursor.word is not None else offset
    return Completion(tuple(found.values()), lines.position(begin), lines.position(offset))


def _proposals(workspace: Workspace, path: str, cursor: Cursor) -> Iterator[Proposal]:
    around, before = cursor.path, [word.value for word in cursor.before]
    if before and before[0].startswith("@"):
        before = before[1:]
    table = table_of(around, workspace.daemon)
    if table is None:
        yield from _entries(workspace, path, cursor, around[-1], before)
    elif not before:
        for word, entry in table.items():
            facts = facts_of(around, word, workspace.daemon)
            block = callable(entry) or entry.block is not None
            meaning = facts.meaning if facts else ""
            known = meaning not in (NOT_MODELLED, OF_LVS)
            yield Proposal(word, Sort.BLOCK if block else Sort.KEYWORD, meaning, known)
        if not around:
            yield Proposal("include", Sort.KEYWORD, "Read another file as if it stood here.")
    elif before[0] in _OF_INTERFACE and len(before) == 1:
        yield from _interfaces(workspace, path)
    elif len(before) == 1:
        facts = facts_of(around, before[0], workspace.daemon)
        is_switch = facts is not None and facts.takes.startswith("on, true")
        for word in _VALUES.get(before[0], _SWITCH if is_switch else ()):
            yield Proposal(word, Sort.VALUE)


def _entries(
    workspace: Workspace, path: str, cursor: Cursor, block: str, before: list[str]
) -> Iterator[Proposal]:
    """What may stand in a block of values."""
    last = before[-1] if before else ""
    if last == "dev" or (block in _OF_INTERFACE and not before):
        yield from _interfaces(workspace, path)
    elif block in _DEFINITIONS and (not before or block == "group"):
        yield from _definitions(workspace, path, _DEFINITIONS[block])
    elif block.startswith("track_") and len(before) == 1:
        yield Proposal("weight", Sort.KEYWORD, "What it adds to the priority; 0: FAULT.")
    elif block.startswith("track_") and len(before) == 3:
        yield Proposal("reverse", Sort.KEYWORD, "It counts the other way round.")
    elif block in _OF_ADDRESSES and not before:
        yield from _addresses(workspace, path, cursor)
    elif block in _OF_ADDRESSES:
        for word in _BEHIND_ADDRESS:
            if word not in before:
                yield Proposal(word, Sort.KEYWORD)


# -- names that stand elsewhere ------------------------------------------------------------------------------


def _trees(workspace: Workspace, path: str, whole_cluster: bool) -> Iterator[tuple[str, Tree]]:
    """Name of the node and its file, read as far as it goes: half a line must not hide what stands above it.

    First the file itself; ``whole_cluster``: then those of the other nodes.
    """
    yield "", Tree(workspace.text(path))
    seen = {path}
    for group in workspace.groups_with(path):
        for other, name in workspace.files_of(group, path, whole_cluster):
            if other not in seen:
                seen.add(other)
                yield name, Tree(workspace.text(other))


def _definitions(workspace: Workspace, path: str, keywords: tuple[str, ...]) -> Iterator[Proposal]:
    for _, tree in _trees(workspace, path, whole_cluster=False):
        for statement in named_blocks(tree, *keywords):
            yield Proposal(statement.values[1], Sort.NAME, statement.keyword)


def _interfaces(workspace: Workspace, path: str) -> Iterator[Proposal]:
    for node, tree in _trees(workspace, path, whole_cluster=True):
        for statement in tree.walk():
            for word in _interfaces_of(statement):
                yield Proposal(word, Sort.NAME, f"interface, also of {node}" if node else "interface")


def _interfaces_of(statement: Statement) -> Iterator[str]:
    values = statement.values
    if statement.keyword == "interface":
        yield from values[1:2]
    elif statement.inside is not None and statement.inside.keyword == "track_interface":
        yield from values[:1]
    for option, word in pairwise(values):
        if option == "dev":
            yield word


def _addresses(workspace: Workspace, path: str, cursor: Cursor) -> Iterator[Proposal]:
    """The addresses that the other nodes have with this VRID, and that are missing here."""
    instance = cursor.around[0]
    here = set(_addresses_of(instance))
    vrid = _vrid(instance)
    for node, tree in _trees(workspace, path, whole_cluster=True):
        for other in named_blocks(tree, "vrrp_instance") if node else ():
            if _vrid(other) == vrid:
                for address in _addresses_of(other):
                    if address not in here:
                        yield Proposal(address, Sort.NAME, f"address of {node}")


def _addresses_of(instance: Statement) -> Iterator[str]:
    for statement in instance.block.statements if instance.block else ():
        if statement.keyword in _OF_ADDRESSES and statement.block is not None:
            for line in statement.block.statements:
                yield line.keyword


def _vrid(instance: Statement) -> str:
    for statement in instance.block.statements if instance.block else ():
        if statement.keyword == "virtual_router_id":
            return " ".join(statement.values[1:2])
    return ""
