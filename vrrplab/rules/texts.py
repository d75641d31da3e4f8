"""The files of a cluster as they were written: for comments that mean something, and for patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.config.model import Source
from vrrplab.config.reader import config_text
from vrrplab.errors import VrrplabError
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Place

if TYPE_CHECKING:
    from vrrplab.config.tree import Statement, Tree


def files_of(cluster: Cluster) -> tuple[str, ...]:
    """Every file that the nodes' configurations were read from, each once."""
    names: dict[str, None] = {}
    for node in cluster:
        names[node.config.file] = None
        config = node.config
        for source in (
            *(warning.source for warning in config.warnings),
            *(instance.source for instance in config.instances),
            *(line for instance in config.instances for line in instance.lines.values()),
            *(script.source for script in config.scripts),
            *(group.source for group in config.sync_groups),
        ):
            names[source.file] = None
    names.pop("", None)
    return tuple(names)


def text_of(cluster: Cluster, file: str) -> str:
    """The text of a file; "" where it can be read no more."""

    def read() -> str:
        for node in cluster:
            text = node.config.text
            if node.config.file == file and text is not None and "include" not in text:
                return text
        try:
            return config_text(file)
        except VrrplabError:
            return ""

    return cluster.remembered(f"text of {file}", read)


def tree_of(cluster: Cluster, file: str) -> Tree:
    """The same, in statements and words."""
    from vrrplab.config.tree import Tree  # few runs want one

    return cluster.remembered(f"tree of {file}", lambda: Tree(text_of(cluster, file)))


def statements_at(cluster: Cluster, source: Source) -> list[Statement]:
    """The statements that have a word on a line, outer ones first."""

    def by_line() -> dict[int, list[Statement]]:
        found: dict[int, list[Statement]] = {}
        for statement in tree_of(cluster, source.file).walk():
            for line in dict.fromkeys(word.line for word in statement.words):
                found.setdefault(line, []).append(statement)
        return found

    return cluster.remembered(f"lines of {source.file}", by_line).get(source.line, [])


def statement_in(cluster: Cluster, block: Place, keyword: str) -> Statement | None:
    """The statement of a keyword in the block that begins on a line."""
    for statement in statements_at(cluster, block.source):
        for inner in statement.block.statements if statement.block else ():
            if inner.keyword == keyword:
                return inner
    return None
