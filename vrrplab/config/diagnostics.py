"""Everything a reader of keepalived.conf says: warnings collected in the daemon's order, fatal errors raised.

A warning carries our own words (for people) and, where keepalived itself logs something, that line
word for word (for the trace). While lines are read the daemon puts ``(FILE: Line N)`` in front;
once everything is read and instances are completed, it does not.
"""

from __future__ import annotations

from typing import NoReturn

from vrrplab.config.model import ConfigWarning, Source, TakenOff
from vrrplab.errors import ConfigError

STRICT_KINDS = frozenset({"unclosed-brace", "priority-range", "no-vip", "no-instance"})
"""Warnings that become errors with ``strict``: the daemon carries on, a scenario should not."""

STRUCTURE_KINDS = frozenset({"unknown-keyword", "unexpected-brace", "extra-brace", "unclosed-brace", "quote"})
"""What every process of the daemon says that reads the file, also of the parts that it passes over."""


class Diagnostics:
    """Collects what there is to say about one file. ``log_file``: the path the daemon would print."""

    def __init__(self, file: str, *, daemon: str, strict: bool, log_file: str) -> None:
        self.warnings: list[ConfigWarning] = []
        self.daemon = daemon
        self.old = daemon.startswith("2.2")
        self.source = Source(file)
        self.reading = True  # the daemon prints file and line only while it reads
        self.instance, self.late = "", False  # when the daemon says what comes now: see ConfigWarning
        self._strict = strict
        self.log_names = {file: log_file}  # what the daemon calls a file
        self._main_file = file
        self._said: set[str] = set()
        self.muted = False  # while a process of the daemon passes over what another one reads

    def report(
        self, kind: str, log: str, message: str = "", hint: str = "", source: Source | None = None
    ) -> None:
        """Something keepalived complains about; ``log`` is its line, without file and line number."""
        self._add(kind, message or log, hint, source, self._placed(log))

    def _placed(self, log: str) -> str:
        """The daemon's line with its place, while it reads."""
        if not self.reading:
            return log
        name = self.log_names.get(self.source.file, self.source.file)
        return f"({name}: Line {self.source.line}) {log}" if name else f"(Line {self.source.line}) {log}"

    def report_of_parent(self, kind: str, log: str, message: str, hint: str) -> None:
        """Like report, for what the parent process says: it names included files, not the main one."""
        name = self.log_names.get(self.source.file, "") if self.source.file != self._main_file else ""
        place = f"{name}: " if name else ""
        self._add(kind, message, hint, None, log and f"({place}Line {self.source.line}) {log}")

    def log(
        self,
        kind: str,
        log: str,
        message: str = "",
        hint: str = "",
        source: Source | None = None,
        taken_off: TakenOff | None = None,
    ) -> None:
        """Like report, for the lines that keepalived always writes without file and line number."""
        self._add(kind, message or log, hint, source, log, taken_off)

    def note(self, kind: str, message: str, hint: str = "", source: Source | None = None) -> None:
        """Something the user should know and the daemon does not say."""
        self._add(kind, message, hint, source, "")

    def note_once(self, kind: str, topic: str, message: str, hint: str = "") -> None:
        """A note that is made only the first time ``topic`` comes up."""
        if f"{kind}:{topic}" not in self._said:
            self._said.add(f"{kind}:{topic}")
            self.note(kind, message, hint)

    def fatal(
        self, message: str, hint: str = "", source: Source | None = None, log: str = "", placed: bool = False
    ) -> NoReturn:
        """Stop: keepalived would not run with this. ``log``: its last line; ``placed``: with the place."""
        place = source or self.source
        said = [warning.log for warning in self.warnings if warning.log]
        said += [self._placed(log) if placed else log] if log else []
        raise ConfigError(place.file, place.line, message, hint, tuple(said))

    def _add(
        self,
        kind: str,
        message: str,
        hint: str,
        source: Source | None,
        log: str,
        taken_off: TakenOff | None = None,
    ) -> None:
        if self.muted and kind not in STRUCTURE_KINDS:
            return
        place = source or self.source
        if self._strict and kind in STRICT_KINDS:
            raise ConfigError(place.file, place.line, message, hint)
        self.warnings.append(
            ConfigWarning(place, kind, message, hint, log, self.instance, self.late, taken_off)
        )
