"""A kind of event, an action, a drop reason: inside the package each is typed once, in its table.

A word of one meaning (``advert_sent``, ``link_down``, ``BAD_TTL``) stands nowhere else as a string. One that
means other things too (``state``, ``log``, ``reload``) may stand anywhere but where it would mean the kind or
the action: compared with an event's kind, matched against it, asked of a trace. Scenario files, lessons and
users go on writing words: the exercises say what to break as a scenario does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrrplab.errors import DropReason
from vrrplab.trace.events import KINDS
from vrrplab.trace.vocabulary import ACTIONS

PACKAGE = Path(__file__).resolve().parents[2] / "vrrplab"
TABLES = {"trace/events.py", "trace/vocabulary.py", "errors.py"}
ALL = {*KINDS, *ACTIONS, *DropReason.__members__}
WORDS = {word for word in ALL if "_" in word or word in DropReason.__members__} - {"CARP"}  # also a protocol
ASKED = {"of", "make_event", "_history"}  # calls whose string arguments are kinds


def bare_words(tree: ast.AST, *, scenario_words: bool = False) -> Iterator[tuple[int, str]]:
    """(line, word) of every name that should have been taken from its table.

    ``scenario_words``: actions may be typed, as in a scenario file.
    """
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    unique = WORDS - set(ACTIONS) if scenario_words else WORDS
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in unique and id(node) not in documentation:
            yield node.lineno, node.value
        for word in _means_a_kind(node):
            if word.value in ALL - WORDS:
                yield word.lineno, word.value


def _means_a_kind(node: ast.AST) -> Iterator[ast.Constant]:
    """Strings at places where a string can only be a kind, an action or a reason."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ASKED:
            yield from _strings(*node.args)
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if any(_is_subject(side) for side in sides):
            yield from _strings(*sides)
    elif isinstance(node, ast.Match) and _is_subject(node.subject):
        for case in node.cases:
            yield from _strings(case.pattern)


def _is_subject(node: ast.AST) -> bool:
    """``event.event``, ``action.action``, ``fields["action"]``, ``fields.get("event")``."""
    if isinstance(node, ast.Attribute):
        owner = getattr(node.value, "id", getattr(node.value, "attr", ""))
        return node.attr in ("event", "action") or (node.attr == "kind" and owner == "action")
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in ("event", "action")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return bool(node.args) and getattr(node.args[0], "value", None) in ("event", "action")
    return False


def _strings(*nodes: ast.AST) -> Iterator[ast.Constant]:
    for node in nodes:
        if isinstance(node, ast.Subscript | ast.Call):
            continue  # fields["action"] is the question, not the answer
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part


def test_words_stand_in_their_tables_only() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if place not in TABLES:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            lessons = place.startswith("exercises/")
            found += [f"{place}:{line}: {word!r}" for line, word in bare_words(tree, scenario_words=lessons)]
    assert found == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('write("advert_sent")', ["advert_sent"]),
        ('x = {"link_down": 1}', ["link_down"]),
        ('reason = "BAD_TTL"', ["BAD_TTL"]),
        ('dropped("FIREWALL")', ["FIREWALL"]),
        ('if event.event == "state": pass', ["state"]),
        ('if event.event in ("log", "warning"): pass', ["log", "warning"]),
        ('if fields["action"] == "reload": pass', ["reload"]),
        ('if fields.get("event") == "log": pass', ["log"]),
        ('trace.of("state", server="log")', ["state"]),
        ('make_event(0, "script", {})', ["script"]),
        ('match event.event:\n  case "log" | "outage": pass', ["log", "outage"]),
        ('match action.kind:\n  case "reload": pass', ["reload"]),
        ('"""A docstring about advert_sent"""', []),
        ('fields["state"] == "log"', []),
        ('keyword("state")', []),
        ("trace.of(StateEvent)", []),
    ],
)
def test_the_test_itself(code: str, words: list[str]) -> None:
    assert sorted(word for _, word in bare_words(ast.parse(code))) == sorted(words)
