"""``$NAME=text`` definitions, ``~SEQ`` and ``~LST`` loops. Works on single lines; reads no files.

``$NAME`` or ``${NAME}`` is replaced where a line is read. A definition whose line ends in a backslash
goes on in the next lines and must stand last on the line that uses it. ``~SEQ(NAME, 1, 3) text``
reads ``text`` once for each value, ``~LST({A, B}, {1, 2}, {3, 4}) text`` once for each set.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from vrrplab.config.numbers import c_integer
from vrrplab.config.tokens import BLANKS
from vrrplab.limits import CONFIG_LINES

MAX_LINE = 1024
_MAX_REPLACEMENTS = 1000


class DefinitionError(ValueError):
    """Something in a definition or loop that cannot be used; the message is keepalived's own."""


class EndlessDefinition(DefinitionError):
    """A definition that stands for itself: keepalived never comes to an end with it."""


class LineTooLong(DefinitionError):
    """Replacing would make the line too long; ``line`` is how far the replacing got."""

    def __init__(self, line: str) -> None:
        super().__init__(f"Parameter substitution on line '{line}' would exceed maximum line length")
        self.line = line


@dataclass(slots=True)
class Definition:
    value: str
    multiline: bool = False
    takes_numbers: bool = False  # ${_RANDOM 1 6}
    parts: list[str] = field(default_factory=list)  # of the value, while its lines are read

    def go_on(self, line: str) -> bool:
        """Take in the next line of a multi-line value; True if another one follows."""
        continues = line.endswith("\\")
        if not continues:
            # a single line, only written below its name
            self.multiline = bool(self.value or self.parts)
            self.value += "".join(self.parts) + line
            self.parts = []
        elif line := line[:-1].rstrip(BLANKS):
            self.parts.append(line + "\n")
        return continues


@dataclass(slots=True)
class Loop:
    """A ``~SEQ`` or ``~LST`` that still has rounds to go: for each, the values to set."""

    text: str
    rounds: deque[dict[str, str]]


@dataclass(slots=True)
class Definitions:
    """All names known so far, and where a multi-line replacement has got to."""

    names: dict[str, Definition] = field(default_factory=dict)
    pending: deque[str] | None = None  # the lines of a multi-line definition still to come
    outer: list[tuple[deque[str], int]] = field(default_factory=list)  # the replacements around it
    loop_depth: int = 0  # loops started before the multi-line replacement wait for its end

    def define(self, line: str) -> Definition | None:
        """Take in ``$NAME=value``; None if the line is no definition."""
        end = _name_end(line, 1)
        if end == 1:
            return None
        if line[end : end + 1] != "=":
            return None
        value = line[end + 1 :].lstrip(BLANKS)
        multiline = value.endswith("\\")
        if multiline:
            value = value[:-1].rstrip(BLANKS)
            value = value + "\n" if value else ""
        definition = Definition(value, multiline)
        self.names[line[1:end]] = definition
        return definition

    def next_pending(self) -> str | None:
        """The next line of the multi-line replacement that is under way."""
        if self.pending is None:
            return None
        line = self.pending.popleft()
        if self.pending:
            pass
        elif self.outer:
            self.pending, self.loop_depth = self.outer.pop()
        else:
            self.pending, self.loop_depth = None, 0
        return line

    def replace(self, line: str, loops: int = 0) -> str:
        """The line with every known ``$NAME`` replaced. Raises LineTooLong, EndlessDefinition."""
        position = 0
        replacements = 0
        pending = self.pending
        found = False
        while (position := line.find("$", position)) >= 0 and position + 1 < len(line):
            use = self._use(line, position)
            if use is None:
                position += 1
                continue
            definition, end, text = use
            replacements += 1
            if replacements > _MAX_REPLACEMENTS:
                raise EndlessDefinition(f"the definition used in '{line[:60]}' refers to itself")
            found = True
            next_pending = pending
            if definition.multiline:
                if pending is not None:
                    self.outer.append((pending, self.loop_depth))
                self.loop_depth = loops
                text, *rest = text.split("\n")
                pending = next_pending = deque(rest or [""])
            if len(line) - (end - position) + len(text) >= MAX_LINE:
                raise LineTooLong(line)
            line = line[:position] + text + line[end:]
            if definition.value.lstrip(BLANKS).startswith("~"):
                break
            self.pending = next_pending
        if found:
            self.pending = pending
        return line

    def _use(self, line: str, dollar: int) -> tuple[Definition, int, str] | None:
        """What ``$…`` at this place stands for: the definition, where the use ends, the text."""
        braces = line[dollar + 1] == "{"
        start = dollar + 2 if braces else dollar + 1
        end = _name_end(line, start)
        if end == start:
            return None
        definition = self.names.get(line[start:end])
        parameters = ""
        if braces:
            close = end
            while close < len(line) and (
                line[close] == " " or (line[close].isascii() and line[close].isdigit())
            ):
                close += 1
            parameters = line[end:close]
            if line[close : close + 1] != "}" or (parameters.strip() and parameters.endswith(" ")):
                return None
            after = close + 1
        else:
            if end < len(line) and line[end] not in " \t,)":
                return None
            after = end
        if definition is None or (definition.multiline and after != len(line)):
            return None
        if parameters.strip() and not definition.takes_numbers:
            return None
        text = _random(parameters) if definition.takes_numbers else definition.value
        return definition, after, text


def standard_definitions(host_id: str, directory: str) -> Definitions:
    """What keepalived itself defines: ``_PWD``, ``_INSTANCE``, ``_RANDOM``, ``_HASH``, ``_BANG``."""
    return Definitions(
        {
            "_PWD": Definition(directory),
            "_INSTANCE": Definition(host_id),
            "_RANDOM": Definition("0", takes_numbers=True),
            "_HASH": Definition("#"),
            "_BANG": Definition("!"),
        }
    )


def _random(parameters: str) -> str:
    """``${_RANDOM min max}``. Reading a file must give the same values each time: always the middle."""
    words = [int(word[:18]) for word in parameters.split()]
    low = words[0] if words else 0
    high = words[1] if len(words) > 1 else 32767
    return str((low + max(low, high)) // 2)


def parse_sequence(line: str, definitions: Definitions) -> Loop:
    """``~SEQ(NAME, …) text`` as a loop. Raises DefinitionError."""
    invalid = DefinitionError(f"Invalid ~SEQ definition '{line}'")
    rest = line[4:]
    hexadecimal = rest[:1] == "x"
    rest = rest[1:] if hexadecimal else rest
    rest = rest.lstrip(BLANKS)
    if rest[:1] != "(":
        raise DefinitionError(f"Invalid ~SEQ specification '{line}'")
    name, comma, rest = rest[1:].lstrip(BLANKS).partition(",")
    inner, closed, text = rest.partition(")")
    name = name.strip(BLANKS)
    if not comma or not name or not closed:
        raise invalid
    numbers = []
    for part in definitions.replace(inner).split(","):
        value, left = c_integer(part, 0)
        if left.strip(BLANKS):
            raise invalid
        numbers.append(value)
    if len(numbers) == 1:
        last = numbers[0]
        first, step = (-1 if last < 0 else 1), (-1 if last < 1 else 1)
    elif len(numbers) == 2:
        first, last = numbers
        step = 1 if first <= last else -1
    elif len(numbers) == 3:
        first, step, last = numbers
    else:
        raise invalid
    if not step or (last - first) * step < 0:
        raise DefinitionError(f"Invalid ~SEQ values '{line}'")
    if hexadecimal and min(first, last) < 0:
        raise DefinitionError(f"~SEQx is only valid for positive numbers '{line}'")
    if abs(last - first) // abs(step) > CONFIG_LINES.most:
        raise DefinitionError(f"~SEQ with more than {CONFIG_LINES.most} values '{line}'")
    values = range(first, last + (1 if step > 0 else -1), step)
    rounds = deque({name: f"{value:x}" if hexadecimal else str(value)} for value in values)
    return Loop(text.lstrip(BLANKS), rounds)


def parse_list(line: str) -> Loop:
    """``~LST({NAME, …}, {value, …}, …) text`` as a loop. Raises DefinitionError."""
    invalid = DefinitionError(f"Invalid ~LST specification '{line}'")
    rest = line[4:].lstrip(BLANKS)
    inner, closed, text = rest.partition(")")
    if not inner.startswith("(") or not closed:
        raise invalid
    sets: list[list[str]] = []
    rest = inner[1:].strip(BLANKS)
    while rest:
        if rest[0] == "{":
            body, closing, rest = rest[1:].partition("}")
            if not closing:
                raise invalid
            rest = rest.lstrip(BLANKS)
            if rest[:1] not in ("", ","):
                raise invalid
            rest = rest[1:]
        else:
            body, _, rest = rest.partition(",")
        sets.append([word.strip(BLANKS) for word in body.split(",")])
        rest = rest.lstrip(BLANKS)
    if len(sets) < 2:
        raise invalid
    names = sets[0]
    rounds: deque[dict[str, str]] = deque()
    for values in sets[1:]:
        if len(values) > len(names):
            raise DefinitionError(f"~LST specification has too many values '{line}'")
        rounds.append(dict(zip(names, values + [""] * (len(names) - len(values)), strict=True)))
    return Loop(text.lstrip(BLANKS), rounds)


def _name_end(line: str, start: int) -> int:
    """Where a name that begins at start ends; start itself if none does."""
    end = start
    while end < len(line) and line[end].isascii() and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return start if line[start : start + 1].isdigit() else end
