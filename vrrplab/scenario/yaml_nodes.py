"""A YAML document with places: every value knows its line, every wrong one says what would be right.

Only what scenario files need. The reader is ruamel.yaml's pure-Python composer.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrrplab import input_files
from vrrplab.errors import ScenarioError, did_you_mean
from vrrplab.limits import SCENARIO_BYTES, YAML_DEPTH, YAML_VALUES
from vrrplab.units import Micros, micros

_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_S = 366 * 86_400  # the longest time that a file may name: a year
_MOST_DIGITS = 40  # of a whole number; Python itself would refuse to write one of more than 4,300


@dataclass(slots=True, eq=False)
class Node:
    """One value of the document: a mapping, a list or a scalar (``plain`` is its Python value)."""

    file: str
    line: int
    name: str  # how to call it in a message, e.g. "servers.serv01.config"
    plain: Any

    def error(self, message: str, hint: str = "") -> ScenarioError:
        return ScenarioError(self.file, self.line, message, hint)

    # -- mappings ------------------------------------------------------------------------------

    def mapping(self) -> dict[str, Node]:
        if not isinstance(self.plain, dict):
            raise self.error(
                f"{self.name or 'the scenario'} must be a mapping (key: value)", f"it is {_kind(self.plain)}"
            )
        return self.plain

    def only(self, known: Iterable[str]) -> dict[str, Node]:
        """The mapping, if it has no other keys than these."""
        found, names = self.mapping(), list(known)
        for key, value in found.items():
            if key not in names:
                raise value.error(
                    f"unknown key {key!r} in {self.name or 'the scenario'}", nearest(key, names)
                )
        return found

    def need(self, key: str) -> Node:
        found = self.mapping()
        if key not in found:
            raise self.error(f"{self.name or 'the scenario'} has no {key!r}", f"add {key}: …")
        return found[key]

    # -- lists and scalars ---------------------------------------------------------------------

    def items(self) -> list[Node]:
        if not isinstance(self.plain, list):
            raise self.error(f"{self.name} must be a list", f"it is {_kind(self.plain)}; write [a, b]")
        return self.plain

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def text(self) -> str:
        if isinstance(self.plain, str):
            return self.plain
        if isinstance(self.plain, (int, float)) and not isinstance(self.plain, bool):
            return str(self.plain)
        raise self.error(f"{self.name} must be text", f"it is {_kind(self.plain)}")

    def one_of(self, names: Iterable[str]) -> str:
        word, known = self.text(), list(names)
        if word not in known:
            raise self.error(f"{self.name} is {word!r}, which does not exist", nearest(word, known))
        return word

    def flag(self) -> bool:
        if not isinstance(self.plain, bool):
            raise self.error(f"{self.name} must be true or false", f"it is {_kind(self.plain)}")
        return self.plain

    def whole(self, low: int, high: int) -> int:
        if isinstance(self.plain, bool) or not isinstance(self.plain, int):
            raise self.error(f"{self.name} must be a whole number", f"it is {_kind(self.plain)}")
        if not low <= self.plain <= high:
            raise self.error(f"{self.name} is {self.plain}", f"it must be {low} to {high}")
        return self.plain

    def number(self) -> float:
        if isinstance(self.plain, bool) or not isinstance(self.plain, (int, float)):
            raise self.error(f"{self.name} must be a number", f"it is {_kind(self.plain)}")
        if not math.isfinite(self.plain):
            raise self.error(f"{self.name} is {self.plain}", "it must be a finite number")
        return float(self.plain)

    def share(self) -> float:
        value = self.number()
        if not 0 <= value <= 1:
            raise self.error(f"{self.name} is {value}", "it is a share: 0 to 1")
        return value

    def time_us(self, least_us: Micros = 0) -> Micros:
        """Seconds in the file, microseconds here; never negative, never more than a year."""
        value = self.number()
        if value < 0:
            raise self.error(f"{self.name} is {value} s", "times cannot be negative")
        if value > MOST_S:
            raise self.error(f"{self.name} is {value} s", "more than a year")
        t_us = micros(value)
        if t_us < least_us:
            raise self.error(f"{self.name} is {value} s", f"at least {least_us / 1e6:g} s")
        return t_us


def node_of(value: Any, name: str) -> Node:
    """A plain value as if it had been read from a file."""
    if isinstance(value, dict):
        return Node("action", 0, name, {str(k): node_of(v, f"{name}.{k}") for k, v in value.items()})
    if isinstance(value, (list, tuple)):
        return Node("action", 0, name, [node_of(v, f"{name}[{i}]") for i, v in enumerate(value)])
    return Node("action", 0, name, value)


def nearest(word: str, known: list[str]) -> str:
    """A hint that names the nearest valid word, or all of them when they are few."""
    if not known:
        return "there are none"
    return did_you_mean(word, known) or f"one of: {', '.join(sorted(known))}"


def read_yaml(path: str | os.PathLike[str]) -> Node:
    """The document's root; ScenarioError with the line when it is not readable or not YAML."""
    return parse_yaml(read_text(path), os.fspath(path))


def read_text(path: str | os.PathLike[str]) -> str:
    """A scenario file's text; ScenarioError when it cannot be read or is none."""
    return input_files.read_text(path, SCENARIO_BYTES, ScenarioError, "a scenario is a YAML file")


def parse_yaml(text: str, name: str) -> Node:
    from ruamel.yaml import YAML
    from ruamel.yaml.composer import Composer
    from ruamel.yaml.error import MarkedYAMLError

    class Bounded(Composer):
        """Stops at a depth, before what is deeper is read: composing recurs, level by level."""

        def __init__(self, loader: Any = None) -> None:
            super().__init__(loader)
            self.warn_double_anchors = False  # the last one counts, and nobody needs to hear of it
            self._depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self._depth += 1
            if self._depth > YAML_DEPTH.most:
                raise too_deep(self.parser.peek_event().start_mark.line + 1)
            node = super().compose_node(parent, index)
            self._depth -= 1
            return node

    def too_deep(line: int) -> ScenarioError:
        return ScenarioError(name, line, f"is nested deeper than {YAML_DEPTH}", "that is no scenario")

    reader = YAML(typ="safe", pure=True)
    reader.Composer = Bounded
    try:
        root = reader.compose(text)
    except ScenarioError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise ScenarioError(name, line, f"is not YAML: {error.problem or error.context}") from None
    except Exception as error:  # YAMLError, and what the reader stumbles over: it checks no escape's value
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ScenarioError(name, 0, f"is not YAML: {said}") from None
    if root is None:
        raise ScenarioError(
            name, 0, "is empty", "a scenario needs at least name, duration_s, segments and servers"
        )
    return _node(root, name, "", 1, [0])


def _node(raw: Any, file: str, name: str, depth: int, count: list[int]) -> Node:
    line = raw.start_mark.line + 1
    count[0] += 1
    if depth > YAML_DEPTH.most:  # an alias may stand for what it is in
        raise ScenarioError(file, line, f"is nested deeper than {YAML_DEPTH}", "that is no scenario")
    if count[0] > YAML_VALUES.most:
        raise ScenarioError(file, line, f"has more than {YAML_VALUES}", "its aliases multiply each other")
    if raw.id == "mapping":
        found: dict[str, Node] = {}
        for key, value in raw.value:
            if key.id != "scalar":
                raise ScenarioError(
                    file, key.start_mark.line + 1, "a key must be one word", "write key: value"
                )
            word = _whole(str(key.value), file, key.start_mark.line + 1)
            if word in found:
                raise ScenarioError(file, key.start_mark.line + 1, f"{word!r} is there twice")
            inner = _node(value, file, f"{name}.{word}" if name else word, depth + 1, count)
            inner.line = key.start_mark.line + 1
            found[word] = inner
        return Node(file, line, name, found)
    if raw.id == "sequence":
        items = [_node(v, file, f"{name}[{i}]", depth + 1, count) for i, v in enumerate(raw.value)]
        return Node(file, line, name, items)
    return Node(file, line, name, _scalar(raw, _whole(raw.value, file, line)))


def _whole(text: str, file: str, line: int) -> str:
    """A text of whole characters: JSON writes one beyond U+FFFF as two escapes, which belong together."""
    if not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        what = "has half a character (a surrogate without its partner)"
        raise ScenarioError(file, line, what, "write the character itself") from None


def _scalar(raw: Any, text: str) -> Any:
    tag = str(raw.tag)
    kind = tag.rsplit(":", 1)[-1]
    if kind == "int":
        digits = text.replace("_", "")
        if len(digits) > _MOST_DIGITS:
            return text
        try:
            return int(digits, 10 if digits.lstrip("+-").isdecimal() else 0)
        except ValueError:
            return text
    if kind == "float":
        try:
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
    if kind == "bool":
        return text.lower() == "true"
    return None if kind == "null" else text


def _kind(plain: Any) -> str:
    if plain is None:
        return "empty"
    names = {dict: "a mapping", list: "a list", bool: "true/false", str: f"text ({plain!r})"}
    return names.get(type(plain), f"a number ({plain})")
