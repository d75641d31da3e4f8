"""What an editor shows over a word: what it means, what it takes, and what keepalived will run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import normpath
from typing import NamedTuple

from vrrplab.config.effective import Block, Setting, effective
from vrrplab.config.tree import Statement, Tree
from vrrplab.limits import CONFIG_BYTES
from vrrplab.lsp.cursor import Cursor, cursor_at
from vrrplab.lsp.keywords import facts_of
from vrrplab.lsp.positions import Position
from vrrplab.lsp.workspace import Workspace
from vrrplab.output.printable import printable
from vrrplab.scenario.nodes import Node

_MOST_SETTINGS = 30
_LONGEST = 300
_DEFINED_BY = {
    "track_script": ("vrrp_script",),
    "track_file": ("track_file", "vrrp_track_file"),
    "track_process": ("vrrp_track_process",),
    "track_bfd": ("bfd_instance",),
    "group": ("vrrp_instance",),
}
"""A block of names, and the keywords of what they are names of."""


class Hover(NamedTuple):
    """Markdown, and the text that it is about."""

    markdown: str
    begin: Position
    end: Position


def hover(workspace: Workspace, path: str, line: int, column: int) -> Hover | None:
    """What there is to say of a place (from 0, UTF-16); None: nothing."""
    lines = workspace.lines(path)
    if len(lines.text) > CONFIG_BYTES.most:
        return None
    cursor = cursor_at(Tree(lines.text), lines.offset(line, column))
    if cursor.in_comment or cursor.statement is None or cursor.word is None:
        return None
    said = list(_said(workspace, path, cursor, cursor.statement))
    if not said:
        return None
    return Hover("\n\n".join(said), lines.position(cursor.word.start), lines.position(cursor.word.end))


def _said(workspace: Workspace, path: str, cursor: Cursor, statement: Statement) -> Iterator[str]:
    blocks = [(node, block.masked) for node in _nodes(workspace, path) for block in effective(node.config)]
    around = cursor.path
    if around and around[-1] in _DEFINED_BY:  # a line that is a name, and options behind it
        yield from _values(path, statement, blocks)
        if cursor.word is statement.words[0]:
            yield from _definition(path, around[-1], statement.keyword, blocks)
        return
    facts = facts_of(around, statement.keyword, workspace.daemon)
    if facts is None:
        yield from _values(path, statement, blocks)  # an address, a peer
        return
    where = f" in {_code(around[-1])}" if around else ""
    yield f"**{_code(statement.keyword)}**{where}"
    if facts.meaning:
        yield facts.meaning
    if facts.takes:
        yield f"Takes: {_plain(facts.takes)}"
    if facts.default:
        yield f"Default: {_plain(facts.default)}"
    if statement.block is not None and not around:
        for node, block in blocks:
            if block.kind and _is_at(path, block.source.file, block.source.line, statement.line):
                yield from _block(node, block, _runs(node))
    else:
        yield from _values(path, statement, blocks)
    error = workspace.refused(path)
    if error is not None:
        yield f"keepalived refuses this file now: {_plain(str(error).removeprefix(f'{path}:'))}"


def _nodes(workspace: Workspace, path: str) -> list[Node]:
    """The nodes of the clusters that have the file, as far as keepalived runs with theirs."""
    groups = workspace.groups_with(path)
    nodes = [node for group in groups for node in workspace.nodes_of(group, path)]
    return [node for node in nodes if workspace.refused(node.path) is None]


def _is_at(path: str, file: str, line: int, wanted: int) -> bool:
    return line == wanted and normpath(file) == normpath(path)


def _values(path: str, statement: Statement, blocks: list[tuple[Node, Block]]) -> Iterator[str]:
    """What becomes of a line: on each node that reads it, and what the others of its router have instead."""
    for node, block in blocks:
        here = [s for s in block.settings if _is_at(path, s.source.file, s.source.line, statement.line)]
        outer = statement.inside
        if not here and outer is not None and _is_at(path, block.source.file, block.source.line, outer.line):
            # The line does not count; what does is a default, or another line's.
            here = [s for s in block.settings if s.option == statement.keyword]
        if not here:
            continue
        for setting in here[:_MOST_SETTINGS]:
            yield f"Effective on {_code(node.name)}: **{_code(setting.text)}**{_reason(setting)}"
            for warning in setting.told:
                yield f"- {_plain(warning.message)}"
        if block.kind == "vrrp_instance" and len(here) == 1:
            for other, text in _others(node, block, here[0].option, blocks):
                yield f"- on {_code(other)}: {_code(text)}"


def _reason(setting: Setting) -> str:
    return f" ({_plain(setting.why)})" if setting.why else ""


def _others(
    node: Node, block: Block, option: str, blocks: list[tuple[Node, Block]]
) -> Iterator[tuple[str, str]]:
    """The same option of the other nodes' instances with this VRID."""
    vrid = _vrid(block)
    for other, candidate in blocks:
        if other is node or candidate.kind != block.kind or _vrid(candidate) != vrid:
            continue
        texts = [setting.text for setting in candidate.settings if setting.option == option]
        if len(texts) == 1:
            yield other.name, texts[0]


def _vrid(block: Block) -> object:
    return next((setting.value for setting in block.settings if setting.option == "virtual_router_id"), None)


def _definition(path: str, kind: str, name: str, blocks: list[tuple[Node, Block]]) -> Iterator[str]:
    for node, block in blocks:
        mine = normpath(node.config.file) == normpath(path)
        if mine and block.kind in _DEFINED_BY[kind] and block.name == name:
            yield from _block(node, block, f"{block.kind} {_code(name)}, line {block.source.line}:")


def _runs(node: Node) -> str:
    return f"What runs on {_code(node.name)}:"


def _block(node: Node, block: Block, heading: str) -> Iterator[str]:
    """What is not as usual of a block."""
    settings = [setting for setting in block.settings if not setting.usual]
    rows = [f"- {setting.option}: {_code(setting.text)}{_reason(setting)}" for setting in settings]
    rows += [f"- {_plain(warning.message)}" for warning in block.told]
    if len(rows) > _MOST_SETTINGS:
        rows[_MOST_SETTINGS:] = [f"- and {len(rows) - _MOST_SETTINGS} more: vrrplab config show"]
    if rows:
        yield heading + "\n\n" + "\n".join(rows)


def _code(text: str) -> str:
    """A word of a file as it is, between as many backticks as it needs."""
    shown = printable(text, _LONGEST)
    if not shown or shown.isspace():
        return "nothing"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"


def _plain(text: str) -> str:
    """A sentence with a stranger's words in it: nothing in it is a link, a heading, or bold."""
    return re.sub(r"([\\`*_\[\]<>#|~!])", r"\\\1", printable(text, _LONGEST))
