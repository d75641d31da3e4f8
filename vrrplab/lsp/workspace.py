"""The files of an editor's workspace, as it shows them: read, and what is to be told of each line.

Nothing here knows the protocol: places are as ``positions`` counts them, files are paths.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from os.path import dirname, normpath, realpath

from vrrplab.config.model import Source
from vrrplab.config.reader import bytes_of_text, config_text
from vrrplab.errors import ConfigError, PlacedError, VrrplabError
from vrrplab.input_files import too_large, unsaved
from vrrplab.limits import CONFIG_BYTES
from vrrplab.lsp.groups import Group, find_files, groups_of, together
from vrrplab.lsp.positions import UTF_16, Lines, Position
from vrrplab.machine.profiles import profile_named
from vrrplab.output.printable import printable
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Severity
from vrrplab.rules.settings import find_settings
from vrrplab.rules.table import RULES, check, ranked
from vrrplab.rules.texts import files_of
from vrrplab.scenario.mistaken_files import looks_like_config
from vrrplab.scenario.node_files import USUAL, NodeFile
from vrrplab.scenario.nodes import Node, read_node

REFUSED = "refused"
"""The code of what keepalived does not run with; of a finding it is the rule's number."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another place that a finding is about, and whose it is."""

    path: str
    begin: Position
    end: Position
    node: str


@dataclass(frozen=True, slots=True)
class Told:
    """What an editor shows at a line of a file."""

    begin: Position
    end: Position
    severity: Severity
    code: str
    message: str
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a cluster when it was looked at last, and the cluster as it was then."""

    cluster: Cluster
    findings: tuple[Finding, ...]


TOLD = Mapping[str, tuple[Told, ...]]
"""Path of a file to what is told in it."""


class Workspace:
    """``profile``: whose behaviour the daemons have."""

    def __init__(self, profile: str = "keepalived-2.2.7") -> None:
        self.profile = profile
        self.daemon = profile_named(profile).wording
        self.units = UTF_16  # of columns
        self.complete = True  # all names of the folders were looked at
        self.groups: list[Group] = []
        self._roots: list[str] = []
        self._buffers: dict[str, tuple[str, bool]] = {}  # what is open, and whether it is said to be ours
        self._unsaved: dict[str, bytes] = {}  # the same by its real path, for who includes it
        self._good: dict[str, Node] = {}  # as each file was when it could last be read
        self._refused: dict[str, VrrplabError] = {}
        self._lines: dict[str, Lines] = {}
        self._checked: dict[Group, Checked] = {}

    # -- what there is

    def open(self, path: str, text: str, ours: bool = False) -> None:
        """A file is shown, or has changed there; what is shown counts, not what is saved.

        ``ours``: the editor says that it is a keepalived.conf, whatever its name and content.
        """
        self._buffers[path] = text, ours or self._buffers.get(path, ("", False))[1]
        try:
            self._unsaved[realpath(path)] = bytes_of_text(text, path)
        except ConfigError:  # no file can have it: what includes this one reads what is saved
            self._unsaved.pop(realpath(path), None)

    def close(self, path: str) -> None:
        """It is shown no more: what is saved counts."""
        self._buffers.pop(path, None)
        self._unsaved.pop(realpath(path), None)

    def scan(self, roots: list[str] | None = None) -> None:
        """Look which files there are. ``roots``: the folders of the workspace from now on."""
        if roots is not None:
            self._roots = [normpath(root) for root in roots]
        self.groups = []
        self._checked = {}
        self.complete = True
        seen: set[str] = set()
        for root in self._roots:
            paths, complete = find_files(root)
            self.complete = self.complete and complete
            new = [path for path in paths if realpath(path) not in seen]
            seen.update(map(realpath, new))
            self.groups += groups_of(root, new)
        beside: dict[str, list[str]] = {}
        for path, (text, ours) in sorted(self._buffers.items()):
            named = os.path.basename(path).startswith(USUAL)
            if realpath(path) not in seen and (ours or named or looks_like_config(text)):
                beside.setdefault(dirname(path), []).append(path)
        self.groups += [together(self._root_of(folder), paths) for folder, paths in beside.items()]
        self._without_included()

    def _root_of(self, folder: str) -> str:
        inside = [root for root in self._roots if f"{folder}{os.sep}".startswith(f"{root}{os.sep}")]
        return max(inside, key=len, default=folder)

    def _without_included(self) -> None:
        """What another file includes is a part of that one, and no node."""
        included: set[str] = set()
        for group in self.groups:
            for node in self.nodes_of(group):
                included |= {realpath(path) for path in _read_for(node) if path != node.path}
        left = [
            Group(group.folder, tuple(file for file in group.files if realpath(file.path) not in included))
            for group in self.groups
        ]
        self.groups = [group for group in left if group.files]

    def groups_with(self, path: str) -> list[Group]:
        """The clusters that have a file, as a node's own or included by it."""
        real = realpath(path)
        return [
            group
            for group in self.groups
            if any(
                real == realpath(other)
                for file in group.files
                for other in (file.path, *self._included(file.path))
            )
        ]

    def files_of(self, group: Group, path: str, whole_cluster: bool) -> Iterator[tuple[str, str]]:
        """The files of the node to which ``path`` belongs, with "" for a name; then those of the others."""
        real = realpath(path)
        by_node = {file.name: [file.path, *self._included(file.path)] for file in group.files}
        own = {name for name, paths in by_node.items() if real in map(realpath, paths)}
        for name in sorted(by_node, key=lambda name: name not in own):
            if name in own or whole_cluster:
                for other in by_node[name]:
                    yield other, "" if name in own else name

    def _included(self, path: str) -> tuple[str, ...]:
        return _read_for(self._good[path]) if path in self._good else ()

    def text(self, path: str) -> str:
        """What is in a file; "" where it cannot be read."""
        if path in self._buffers:
            return self._buffers[path][0]
        try:
            return config_text(path)
        except ConfigError:
            return ""

    def lines(self, path: str) -> Lines:
        """The same by its lines."""
        text = self.text(path)
        if path not in self._lines or self._lines[path].text != text:
            self._lines[path] = Lines(text, self.units)
        return self._lines[path]

    # -- what it means

    def nodes_of(self, group: Group, only: str = "") -> list[Node]:
        """The nodes of a cluster; one whose file is refused just now as it was before, if it ever was.

        ``only``: the path of the one file that has changed since they were read.
        """
        found = []
        for file in group.files:
            known = (file.path, *self._included(file.path))
            if only and file.path in self._good and realpath(only) not in map(realpath, known):
                found.append(self._good[file.path])
                continue
            try:
                with unsaved(self._unsaved):
                    self._good[file.path] = self._read(file)
                self._refused.pop(file.path, None)
            except VrrplabError as error:
                self._refused[file.path] = error
            if file.path in self._good:
                found.append(self._good[file.path])
        return found

    def _read(self, file: NodeFile) -> Node:
        text = self._buffers[file.path][0] if file.path in self._buffers else config_text(file.path)
        if len(bytes_of_text(text, file.path)) > CONFIG_BYTES.most:
            raise too_large(file.path, CONFIG_BYTES, ConfigError)
        return read_node(file, self.daemon, text)

    def refused(self, path: str) -> VrrplabError | None:
        """Why keepalived does not run with a node's file, as it was read last."""
        return self._refused.get(path)

    def told(self, group: Group) -> TOLD:
        """What is to be shown of a cluster, by file; nothing for a file of which there is nothing to say."""
        nodes = self.nodes_of(group)
        found: dict[str, list[Told]] = {file.path: [] for file in group.files}
        for node in nodes:
            for path in _read_for(node):
                found.setdefault(path, [])
        refused = {}
        for file in group.files:
            error = self._refused.get(file.path)
            if error is not None:
                path, told = self._refusal(file.path, error)
                refused[file.path] = error
                found.setdefault(path, []).append(told)
        if nodes:
            for path, told in self._findings(group, nodes):
                if path not in refused:  # its lines are others now
                    found.setdefault(path, []).append(told)
        return {path: tuple(dict.fromkeys(told)) for path, told in found.items()}

    def _findings(self, group: Group, nodes: list[Node]) -> Iterator[tuple[str, Told]]:
        cluster = Cluster(nodes, self.profile)
        for node in nodes:
            if node.path not in self._refused:
                text = self.text(node.path)
                cluster.remembered(f"text of {node.path}", lambda text=text: text)  # type: ignore[misc]
        with unsaved(self._unsaved):
            findings = check(cluster)
        try:
            findings = ranked(find_settings(RULES, folder=group.folder).applied(findings))
        except PlacedError as error:
            yield self._refusal(error.file, error)
        self._checked[group] = Checked(cluster, tuple(findings))
        for finding in findings:
            yield from self.at_each_place(finding)

    def checked_with(self, path: str) -> list[Checked]:
        """Of the clusters that have a file; one that was not looked at yet is none."""
        return [self._checked[group] for group in self.groups_with(path) if group in self._checked]

    def as_shown(self) -> AbstractContextManager[None]:
        """While it is open files are read as the editor shows them, saved or not."""
        return unsaved(self._unsaved)

    def at_each_place(self, finding: Finding) -> Iterator[tuple[str, Told]]:
        """What is shown of a finding, and in which file."""
        message = f"{RULES[finding.rule].name}: {finding.message} - {finding.cure}"
        if not finding.certain:
            message += " (if what is not in the files is as one would expect)"
        places = {(normpath(place.source.file), place.source.line): place.node for place in finding.places}
        spans = {(path, line): self.lines(path).written(line) for path, line in places}
        for here in places:
            others = tuple(
                Elsewhere(other[0], *spans[other], printable(node))
                for other, node in places.items()
                if other != here
            )
            yield (
                here[0],
                Told(*spans[here], finding.severity, finding.rule, printable(message), others),
            )

    def _refusal(self, path: str, error: VrrplabError) -> tuple[str, Told]:
        """A file that cannot be used, at the line that is the reason."""
        line, message = 0, str(error).removeprefix(f"{path}: ")
        if isinstance(error, PlacedError):
            path, line = normpath(error.file or path), error.line
            message = error.message + (f" - {error.hint}" if error.hint else "")
        begin, end = self.lines(path).written(line)
        return path, Told(begin, end, Severity.ERROR, REFUSED, printable(message))


def _read_for(node: Node) -> tuple[str, ...]:
    """The files that a node's configuration was read from."""
    sources: list[Source] = [place.source for place in node.config.places]
    files = dict.fromkeys((*files_of(Cluster([node])), *(source.file for source in sources)))
    return tuple(normpath(file) for file in files if file)
