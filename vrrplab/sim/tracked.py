"""What a server's daemon tracks besides interfaces and scripts: files, processes and BFD sessions.

A file keeps what was written into it, over a power cut too. Of every tracked process there run as many as its
quorum asks for, and every BFD session is up, until an action says otherwise.
"""

from __future__ import annotations

from vrrplab.config.model import NodeConfig, ProcessConfig
from vrrplab.machine.events import BfdChanged, FileRead, ProcessesCounted, TrackedValues
from vrrplab.machine.tracked_values import text_to_write


class Tracked:
    """How these things stand on one server, whether or not its daemon runs."""

    __slots__ = ("_bfds_down", "_counts", "_files")

    def __init__(self) -> None:
        self._files: dict[str, str] = {}  # path -> what it holds
        self._counts: dict[tuple[str, ...], int] = {}  # command -> how many run
        self._bfds_down: set[str] = set()

    def boot(self) -> None:
        """The server got power: its services run, and so do their processes."""
        self._counts.clear()

    def configured(self, node: NodeConfig, reload: bool) -> TrackedValues:
        """A daemon reads its configuration: ``init_file`` is obeyed; how things stand then."""
        for file in node.files:
            text = text_to_write(file, file.path in self._files, reload)
            if text is not None:
                self._files[file.path] = text
        return TrackedValues(
            {f.name: self._files[f.path] for f in node.files if f.path in self._files},
            {p.name: count for p in node.processes if (count := self._count_of(p)) is not None},
            frozenset(self._bfds_down),
        )

    def _count_of(self, process: ProcessConfig) -> int | None:
        """None: nobody has said, so it is enough."""
        return self._counts.get(process.command) if process.findable else 0

    def write(self, node: NodeConfig, name: str, value: object) -> list[FileRead]:
        """``name``: of a track_file, or a path. What the daemon notices."""
        path = next((f.path for f in node.files if f.name == name), name)
        self._files[path] = f"{value}\n"
        return [FileRead(f.name, self._files[path]) for f in node.files if f.path == path]

    def count(self, node: NodeConfig, name: str, count: int) -> list[ProcessesCounted]:
        """``name``: of a vrrp_track_process, or the program."""
        commands = {p.command for p in node.processes if name in (p.name, p.command[0])}
        self._counts |= dict.fromkeys(commands, count)
        found = [p for p in node.processes if p.command in commands and p.findable]
        return [ProcessesCounted(p.name, count) for p in found]

    def bfd(self, name: str, up: bool) -> list[BfdChanged]:
        """A session goes up or down: what the daemon notices."""
        (self._bfds_down.discard if up else self._bfds_down.add)(name)
        return [BfdChanged(name, up)]
