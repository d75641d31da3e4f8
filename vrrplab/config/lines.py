"""The stream of logical lines of a keepalived.conf, with their places. Knows no keyword.

Here files are opened (``include`` with globs, relative to the including file), ``@host`` conditions
decided, definitions and loops expanded, comments cut. Braces outside double quotes come out as lines
of their own, so that a one-line block reads like a long one. ``blocks`` is the only caller.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from stat import S_ISREG
from typing import NoReturn

from vrrplab.config.definitions import (
    MAX_LINE,
    Definition,
    DefinitionError,
    EndlessDefinition,
    LineTooLong,
    Loop,
    parse_list,
    parse_sequence,
    standard_definitions,
)
from vrrplab.config.diagnostics import Diagnostics
from vrrplab.config.model import Source
from vrrplab.config.tokens import BLANKS, WHITE_SPACE, decomment
from vrrplab.errors import ConfigError
from vrrplab.input_files import handed, open_input, read_stream
from vrrplab.limits import CONFIG_BYTES, CONFIG_FILES, CONFIG_INCLUDE_NAMES, CONFIG_LINES, Limit

_MOST_LOOK_ALIKES = 3
_MISSING_FILE, _BAD_FILE = "include-missing", "include-skipped"


@dataclass(slots=True)
class _File:
    """A file being read, and the matches of its include statement that are still to come."""

    name: str
    lines: list[str]
    directory: str
    real_path: str = ""
    number: int = 0
    at: int = 0  # where in a line of more than 1023 characters reading goes on
    next_files: list[str] = field(default_factory=list)


class LineReader:
    """Gives one logical line after the other with ``next_line``."""

    def __init__(
        self,
        text: str,
        file: str,
        directory: str,
        diagnostics: Diagnostics,
        host_id: str,
        second_reading: bool = True,
        alone: bool = False,
    ) -> None:
        """``second_reading``: as the VRRP process reads it, from a copy that the parent process cleaned.

        ``alone``: no other file is opened; an ``include`` is fatal.
        """
        self._second_reading = second_reading
        self._alone = alone
        self._diagnostics = diagnostics
        self._host_id = host_id
        self._handed = handed()
        real_path = self._real_path(file) if self._handed or os.path.exists(file) else ""
        self._files = [_File(file, lines_of(text), directory, real_path)]
        self._definitions = standard_definitions(host_id, directory or ".")
        self._loops: list[Loop] = []
        self._residue: str | None = None
        self._read, self._bytes, self._opened, self._looked_at = 0, len(text), 1, 0  # so far, of the limits
        self.open_braces: list[Source] = []
        self._look_alikes: Counter[str] = Counter()  # lines with a sign that is taken for another one
        self._told: list[str] | None = []  # every line as it stood; None: no such text says the same
        self.hosts: dict[str, Source] = {}  # those of @host lines, and where the first of each stands
        self.other_hosts: set[str] = set()  # those of @^host lines

    def next_line(self) -> str | None:
        """The next line that is not empty, or None at the end of everything."""
        being_defined: Definition | None = None
        while True:
            line = self._raw_line(being_defined)
            if line is None:
                return None
            if being_defined is not None:
                being_defined = being_defined if being_defined.go_on(line) else None
                continue
            if not line:
                continue
            line, being_defined = self._expand(line)
            if line and not self._include(line):
                return self._split_at_brace(line)

    def _raw_line(self, being_defined: Definition | None) -> str | None:
        """What comes next, before expansion: the rest of a line, a round of a loop, a file's line."""
        if self._residue is not None:
            line, self._residue = self._residue, None
            return line
        if len(self._loops) > self._definitions.loop_depth:
            self._count_line()
            return self._next_round()
        pending = self._definitions.next_pending()
        if pending is not None:
            self._count_line()
            return pending
        while self._files:
            current = self._files[-1]
            if current.number >= len(current.lines):
                self._next_file()
                continue
            self._count_line()
            line = current.lines[current.number]
            current.number += 1
            if current.number == len(current.lines) and not line:
                continue  # what follows the last line end is no line
            if self._told is not None and not current.at:
                self._told.append(line)
            self._diagnostics.source = Source(current.name, current.number)
            if len(line) - current.at >= MAX_LINE:
                line = self._cut_long_line(line, current)
            else:
                line, current.at = line[current.at :], 0
            if not line and being_defined is not None:
                return ""  # a blank line ends a multi-line definition
            line = self._decomment(line)
            if line or (being_defined is not None and self._second_reading):
                return line  # in the cleaned copy a comment line is a blank one
        return None

    def _cut_long_line(self, line: str, current: _File) -> str:
        """2.2.7 goes on behind 1023 characters as if a new line began; 2.4.3 ignores the whole line."""
        if not self._diagnostics.old:
            self._diagnostics.report("long-line", "line too long - ignoring", hint="at most 1023 characters")
            return ""
        if not current.at:
            self._diagnostics.note(
                "long-line", "a line of more than 1023 characters is read as several", "split it"
            )
        current.number -= 1
        begin, current.at = current.at, current.at + MAX_LINE - 1
        return line[begin : current.at]

    def _count_line(self) -> None:
        """Lines that leave nothing count too: comments, definitions, rounds of a loop."""
        self._read += 1
        if self._read > CONFIG_LINES.most:
            self._too_much(
                "expands to", CONFIG_LINES, "do ~SEQ loops, definitions or includes multiply each other?"
            )

    def _too_much(self, what: str, limit: Limit, hint: str) -> NoReturn:
        self._diagnostics.fatal(f"{what} more than {limit}, the most for {limit.what}", hint)

    def _decomment(self, line: str) -> str:
        """Comments are cut twice: by the parent process, and from its copy by the VRRP process.

        So an escaped comment sign, ``\\#``, survives only the first of the two.
        """
        if self._second_reading:
            line, _ = decomment(line, keeps_continuation=self._diagnostics.old)
            if not line.isascii():
                self._tell_look_alikes(line)
        return self._cut_comment(line)

    def _tell_look_alikes(self, line: str) -> None:
        """Told where they first stand: a page that was copied has them on every line."""
        from vrrplab.config.look_alikes import look_alikes, told_of

        if self._diagnostics.source.line == 1:
            line = line.removeprefix("\ufeff")  # a byte-order mark is told as such
        for char, what, cure in look_alikes(line):
            self._look_alikes[what] += 1
            if self._look_alikes[what] <= _MOST_LOOK_ALIKES:
                self._diagnostics.note("look-alike", f"{told_of(char)} {what}", cure)

    def _cut_comment(self, line: str) -> str:
        line, unquoted = decomment(line, keeps_continuation=self._diagnostics.old)
        if unquoted is not None:
            self._diagnostics.report(
                "quote", f"Unterminated quote '{unquoted}'", "a double quote is opened and never closed"
            )
        return line

    def _next_round(self) -> str:
        loop = self._loops[-1]
        for name, value in loop.rounds.popleft().items():
            self._definitions.names[name] = Definition(value)
        if not loop.rounds:
            self._loops.pop()
        return loop.text

    def _expand(self, line: str) -> tuple[str, Definition | None]:
        """Conditions, definitions, loops and replacements; "" when nothing is left of the line."""
        while True:
            if line[0] == "@":
                line = self._conditional(line)
                if not line:
                    return "", None
            if line[0] == "$":
                definition = self._definitions.define(line)
                if definition:
                    return "", definition if definition.multiline else None
            if line.startswith(("~SEQ", "~LST")):
                self._start_loop(line)
                return "", None
            if line[0] == "~" or "$" not in line:
                return line, None
            try:
                replaced = self._definitions.replace(line, len(self._loops))
            except EndlessDefinition as error:
                self._diagnostics.fatal(str(error), "define it without using itself")
            except LineTooLong as error:
                self._diagnostics.log(
                    "definition",
                    str(error),
                    "the line is too long once its definitions are replaced",
                    "a line has at most 1023 characters; does a definition use itself?",
                )
                return error.line, None
            if replaced == line:
                return line, None
            line = self._cut_comment(replaced)
            if not line:
                return "", None
            if line[0] != "@" and "$" not in line:
                return line, None

    def _conditional(self, line: str) -> str:
        """``@name text``: text on that host only; ``@^name text``: on every other host."""
        reverse = line[1:2] == "^"
        start = 2 if reverse else 1
        end = start
        while end < len(line) and line[end] not in BLANKS:
            end += 1
        if end == len(line):
            return ""
        host = line[start:end]
        if reverse:
            self.other_hosts.add(host)
        else:
            self.hosts.setdefault(host, self._diagnostics.source)
        matches = bool(self._host_id) and host == self._host_id
        return line[end:].lstrip(BLANKS) if matches != reverse else ""

    def _start_loop(self, line: str) -> None:
        try:
            if line.startswith("~SEQ"):
                self._loops.append(parse_sequence(line, self._definitions))
            else:
                self._loops.append(parse_list(line))
        except (LineTooLong, EndlessDefinition) as error:
            self._diagnostics.fatal(str(error)[:200], "define it without using itself")
        except DefinitionError as error:
            kind = line[:4]
            specification = f"Invalid {kind} specification '{line}'"
            if str(error) != specification:
                self._diagnostics.report("loop", str(error))
            self._diagnostics.report("loop", specification, hint="write ~SEQ(NAME, first, last) text")

    def _split_at_brace(self, line: str) -> str:
        """Hand out what stands before a brace, or the brace itself; keep the rest for the next call."""
        at = _find_brace(line)
        if at >= 0:
            end = at if at > 0 else 1
            rest = line[end:].strip(BLANKS) if at == 0 else line[end:].rstrip(BLANKS)
            if rest:
                self._residue = rest
            line = line[:end]
        line = line.rstrip(BLANKS)
        if line == "{":
            self.open_braces.append(self._diagnostics.source)
        elif line == "}":
            if self.open_braces:
                self.open_braces.pop()
            else:
                self._diagnostics.report(
                    "extra-brace",
                    "Extra '}' found",
                    "a } that closes nothing",
                    "remove it, or look for a missing {",
                )
        return line

    # -- files

    def _include(self, line: str) -> bool:
        """Open what an ``include`` line names. False if the line is none."""
        if not line.startswith("include") or len(line) < 8:
            return False
        if line[7] in WHITE_SPACE:
            pattern = line[8:]
        elif line[7] in "rmwba" and line[8:9] and line[8] in WHITE_SPACE:
            pattern = line[9:]
        else:
            return False
        if self._alone:
            self._diagnostics.fatal(
                "this file has to stand alone, and may include no other", "write here what the other one says"
            )
        place, told = len(self._files), self._told
        self._open(pattern.lstrip(BLANKS))
        if told and len(self._files) > place:
            # What is included comes now, in the place of the line that asked for it.
            if line.strip() in told[-1]:
                told[-1] = f"# {told[-1]}"
            else:  # a definition asked for it
                self._told = None
        return True

    def whole_text(self, text: str) -> str | None:
        """The file's text, with what it includes in place of each ``include``; None: no text says it."""
        if self._opened == 1:
            return text
        return None if self._told is None else "\n".join([*self._told, ""])

    def _open(self, pattern: str) -> None:
        directory = self._files[-1].directory
        names: list[str] = []
        for number, alternative in enumerate(_expand_braces(pattern), 1):
            if number > CONFIG_INCLUDE_NAMES.most:
                self._too_much("stands for", CONFIG_INCLUDE_NAMES, "its braces multiply each other")
            try:
                names += self._called(directory, alternative)
            except ValueError:  # a NUL character in the name
                continue
        if not names and self._handed:
            self._handed.missing[self._files[-1].name, self._files[-1].number] = pattern
            message = f"the include '{pattern}' is not here"
            log = f"Config files missing '{pattern}'."
            self._diagnostics.report_of_parent(_MISSING_FILE, log, message, "add that file too")
            return
        if not names:
            self._diagnostics.report_of_parent(
                _MISSING_FILE,
                "" if self._may_be_empty(pattern) else f"Config files missing '{pattern}'.",
                f"the include '{pattern}' matches no file",
                "name a file that is there"
                + ("" if pattern.startswith("/") else f", seen from {directory or 'the current directory'}"),
            )
            return
        self._files.append(_File("", [], directory, next_files=names))
        self._next_file()

    def _called(self, directory: str, pattern: str) -> list[str]:
        """The files that an include means, in order."""
        if self._handed:
            return self._handed.called(pattern, self._files[-1].name)
        return sorted(self._matches(os.path.join(directory, pattern)))

    def _real_path(self, name: str) -> str:
        return name if self._handed and name in self._handed.files else os.path.realpath(name)

    def _matches(self, pattern: str) -> list[str]:
        """What there is by a name or, as ``glob.glob`` understands it, by a pattern."""
        if not _is_pattern(pattern):
            return [pattern] if os.path.lexists(pattern) else []
        found = [os.sep if pattern.startswith(os.sep) else ""]
        parts = [part for part in pattern.split(os.sep) if part]
        for number, part in enumerate(parts, 1):
            if not _is_pattern(part):
                there = os.path.lexists if number == len(parts) else os.path.isdir
                found = [name for folder in found if there(name := os.path.join(folder, part))]
            else:
                found = [name for folder in found for name in self._matches_in(folder, part)]
                if number < len(parts):
                    found = [name for name in found if os.path.isdir(name)]
        return found

    def _matches_in(self, folder: str, part: str) -> list[str]:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            return []
        from fnmatch import filter as matching

        self._looked_at += len(names)
        if self._looked_at > CONFIG_INCLUDE_NAMES.most:
            self._too_much("looks at", CONFIG_INCLUDE_NAMES, "name the files more closely, by fewer * and ?")
        seen = names if part.startswith(".") else [name for name in names if not name.startswith(".")]
        return [os.path.join(folder, name) for name in matching(seen, part)]

    def _may_be_empty(self, pattern: str) -> bool:
        """2.2.7 is silent about a pattern that nothing matches, if its folder is there (measured)."""
        folder = os.path.join(self._files[-1].directory, os.path.dirname(pattern))
        return _is_pattern(pattern) and os.path.isdir(folder or ".")

    def _next_file(self) -> None:
        """Go on with the next match of the current include, or back to the including file."""
        entry = self._files[-1]
        while entry.next_files:
            name = entry.next_files.pop(0)
            if self._load(name, entry):
                return
        self._files.pop()

    def _load(self, name: str, entry: _File) -> bool:
        self._opened += 1
        if self._opened > CONFIG_FILES.most:
            self._too_much("opens", CONFIG_FILES, "does each file include several that include others again?")
        real_path = self._real_path(name)
        if any(other.real_path == real_path for other in self._files[:-1]):
            self._diagnostics.fatal(f"'{name}' includes itself", "let the chain of includes end")
        problem = ""
        try:
            is_plain = self._handed is not None and name in self._handed.files
            mode = 0 if is_plain else os.stat(name).st_mode
            if not is_plain and (not S_ISREG(mode) or mode & 0o111):
                problem = f"Configuration file '{name}' is not a regular non-executable file - skipping"
            else:
                with open_input(name) as stream:
                    data = read_stream(stream, CONFIG_BYTES, name, ConfigError)
        except OSError as error:
            problem = f"Configuration file '{name}' open problem ({error.strerror}) - skipping"
        if problem:
            self._diagnostics.report_of_parent(
                _BAD_FILE, problem, problem, "only plain files without x bit are read"
            )
            return False
        self._bytes += len(data)
        if self._bytes > CONFIG_BYTES.most:
            self._diagnostics.fatal(f"is larger than {CONFIG_BYTES} with all that it includes")
        entry.name, entry.lines, entry.number, entry.at = name, lines_of(decode(data)), 0, 0
        self._diagnostics.log_names[name] = os.path.relpath(name, entry.directory or ".")
        entry.directory, entry.real_path = os.path.dirname(name), real_path
        return True


def decode(data: bytes) -> str:
    """Text of a file in any encoding: bytes that are not UTF-8 come through unharmed."""
    return data.decode("utf-8", "surrogateescape")


def lines_of(text: str) -> list[str]:
    """Without their ends, of which a carriage return is part."""
    lines = text.split("\n")
    return [line.rstrip("\r") for line in lines] if "\r" in text else lines


def _is_pattern(name: str) -> bool:
    return any(char in name for char in "*?[")


def _find_brace(line: str) -> int:
    """Where the first brace outside double quotes is, or -1."""
    if "{" not in line and "}" not in line:
        return -1
    at = 0
    while at < len(line):
        if line[at] in "{}":
            return at
        if line[at] == '"':
            at = line.find('"', at + 1)
            if at < 0:
                return -1
        at += 1
    return -1


def _expand_braces(pattern: str) -> Iterator[str]:
    """``a{b,c}`` → ``ab``, ``ac``; nested braces too. A brace without its partner stays as it is."""
    start = pattern.find("{")
    depth = 0
    begin = start + 1
    parts: list[str] = []
    for at in range(max(start, 0), len(pattern)):
        if pattern[at] == "{":
            depth += 1
        elif pattern[at] == "," and depth == 1:
            parts.append(pattern[begin:at])
            begin = at + 1
        elif pattern[at] == "}" and depth > 0:
            depth -= 1
            if depth == 0:
                parts.append(pattern[begin:at])
                for part in parts:
                    yield from _expand_braces(pattern[:start] + part + pattern[at + 1 :])
                return
    yield pattern
