"""What a real router tracks besides interfaces and scripts: files, as they are written, and processes.

Processes are counted once a second, where keepalived has the kernel tell it at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from vrrplab.config.model import FileConfig, NodeConfig
from vrrplab.machine.events import Event, FileRead, ProcessesCounted, TrackedValues
from vrrplab.machine.tracked_values import text_to_write
from vrrplab.system.careful_files import open_to_read, open_to_replace
from vrrplab.system.descriptors import SHORT
from vrrplab.system.inotify import DirectoryWatch
from vrrplab.system.processes import count_processes

LONGEST = 127  # bytes of a file that count


class Tracked:
    """``feed`` takes events, ``warn`` a sentence. ``dry``: no file is written."""

    def __init__(self, feed: Callable[[Event], None], warn: Callable[[str], None], dry: bool = False) -> None:
        self._feed = feed
        self._warn = warn
        self._dry = dry
        self._node = NodeConfig("")
        self._texts: dict[str, str | None] = {}
        self._counts: dict[str, int] = {}
        self._told: set[str] = set()
        self.watch: DirectoryWatch | None = None

    def configured(self, node: NodeConfig, reload: bool) -> TrackedValues:
        """``init_file`` is obeyed; how things stand then, and from now on they are watched."""
        self._node = node
        for file in node.files:
            text = text_to_write(file, os.path.exists(file.path), reload)
            if text is not None and not self._dry:
                self._write(file.path, text)
        for file in node.files:
            try:
                self.watch = self.watch or DirectoryWatch()
                self.watch.add(_place(file.path)[0])
            except OSError as error:
                text = f"track_file {file.name}: changes of {file.path} will not be noticed"
                self._warn(f"{text}: {error.strerror}")
        if node.bfds:
            self._warn("BFD is not spoken here: its sessions are taken as up")
        self._counts = self._counted()
        self._texts = {file.name: self._text(file) for file in node.files}
        return TrackedValues({n: t for n, t in self._texts.items() if t is not None}, dict(self._counts))

    def files_changed(self) -> None:
        """The kernel has something to tell."""
        changed = self.watch.changed() if self.watch is not None else []
        for file in self._node.files:
            if changed is None or os.path.join(*_place(file.path)) in changed:
                self._texts[file.name] = self._text(file)
                self._feed(FileRead(file.name, self._texts[file.name]))

    def count(self) -> None:
        """Once a second."""
        before, self._counts = self._counts, self._counted()
        for name, count in self._counts.items():
            if before.get(name) != count:
                self._feed(ProcessesCounted(name, count))

    def close(self) -> None:
        if self.watch is not None:
            self.watch.close()
            self.watch = None

    def _counted(self) -> dict[str, int]:
        try:
            return count_processes(self._node.processes)
        except OSError as error:
            self._warn_once(f"processes cannot be counted, the last counts stay: {error.strerror}")
            return self._counts

    def _text(self, file: FileConfig) -> str | None:
        """What a file holds; None if there is none, or something else than a file."""
        try:
            with open_to_read(file.path) as stream:
                return (stream.read(LONGEST) or b"").decode("latin-1")
        except OSError as error:
            if error.errno not in SHORT:
                return None
            self._warn_once(f"track_file {file.name} cannot be read, its value stays: {error.strerror}")
            return self._texts.get(file.name)

    def _warn_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._warn(text)

    def _write(self, path: str, text: str) -> None:
        """By whoever may write there; as root we follow no link that somebody else made."""
        try:
            with open_to_replace(path) as file:
                file.write(text.encode("ascii"))
        except OSError as error:
            self._warn(f"init_file: {path}: {error.strerror}")


def _place(path: str) -> tuple[str, str]:
    """The directory, its links followed, and the name in it: what is watched."""
    directory, name = os.path.split(os.path.realpath(path))
    return directory, name
