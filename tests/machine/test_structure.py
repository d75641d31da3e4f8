"""How the machine's files hang together: who assigns a state or a deadline; tables that must be whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

from vrrplab.machine.acceptance import AT_SOCKET, CHECKS
from vrrplab.machine.profiles import PROFILES, SOURCES, Profile
from vrrplab.machine.states import State

MACHINE = Path(__file__).resolve().parents[2] / "vrrplab" / "machine"
OF_STATES = {field.name for kind in get_args(State) for field in fields(kind)}
DEADLINES = OF_STATES | {"armed", "delayed_until_us"}
# timers of scripts and processes, a group's common state, the end of a start delay: set by nobody else
OWN = {
    "tracking.py": {"armed"},
    "tracked_values.py": {"armed"},
    "syncgroup.py": {"state"},
    "instance.py": {"delayed_until_us"},
}
ALLOWED = {("role.py", name) for name in ("__init__", "enter", "restart_master_down", "restart_advert")}


def assignments(source: str) -> Iterator[tuple[str, str, str]]:
    """(function, object, attribute) of everything that assigns an attribute."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                yield function.name, ast.unparse(node.value), node.attr
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
                yield function.name, *(ast.unparse(argument).strip("'") for argument in node.args[:2])


def trespassers(name: str, source: str) -> list[str]:
    return [
        f"{name}: {function} sets {whose}.{attribute}"
        for function, whose, attribute in assignments(source)
        if attribute in DEADLINES | {"state"} and (name, function) not in ALLOWED
        if not (whose == "self" and attribute in OWN.get(name, ()))
    ]


def test_only_a_role_assigns_states_and_deadlines() -> None:
    assert [
        t for path in sorted(MACHINE.glob("*.py")) for t in trespassers(path.name, path.read_text())
    ] == []


def test_the_rule_sees_every_way_to_assign() -> None:
    """The test of the test."""
    source = """
def f(self, member, now):
    self.state = 1
    member.state.master_down_at_us += 5
    self.state, member.other = 1, 2
    setattr(member, 'advert_at_us', 3)
    member.wanted = "BACKUP"
    local_state = member.state
"""
    assert sorted(trespassers("instance.py", source)) == [
        "instance.py: f sets member.advert_at_us",
        "instance.py: f sets member.state.master_down_at_us",
        "instance.py: f sets self.state",
        "instance.py: f sets self.state",
    ]
    assert trespassers("syncgroup.py", "def f(self, member):\n    self.state = member.state = 1\n") == [
        "syncgroup.py: f sets member.state"
    ]


def test_every_field_of_a_profile_has_a_source() -> None:
    assert {field.name for field in fields(Profile)} - set(SOURCES) == {"name", "wording"}


def test_every_check_is_in_a_profile_and_every_profile_has_only_checks() -> None:
    used = [profile.checks.split() for profile in PROFILES.values()]
    assert {name for names in used for name in names} == set(CHECKS)
    for names in used:
        assert len(names) == len(set(names))
        assert "vrid" in names
        assert set(names) & set(AT_SOCKET)
