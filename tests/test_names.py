"""``import vrrplab`` gives some forty names, in groups; each leads to the thing, and says what it is."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import vrrplab

ROOT = Path(__file__).resolve().parent.parent
GROUPS = {group: list(homes) for group, homes in vrrplab._GROUPS.items()}
MODULES = {"glossary", "lab", "views", "wire"}

# Names that users, lessons and other tools hold on to: more may come, none may go.
KEPT = """
    Trace VrrplabError at bet check cluster compare complaints conf decode encode glossary ip_a load_scenario
    logs outage_s own_cluster panel parse_config predict progress read_pcap read_recording read_trace recorded
    replayed reset simulate sliders story tune variant views wire written
"""


def test_names_are_few_sorted_and_in_one_group_each() -> None:
    assert set(vrrplab.__all__) >= set(KEPT.split())
    assert len(vrrplab.__all__) <= 46, "a name more is a name less that anybody finds"
    assert vrrplab.__all__ == sorted(name for names in GROUPS.values() for name in names)
    assert all(names == sorted(names) for names in GROUPS.values())


def test_help_lists_every_name_in_its_group() -> None:
    listed: dict[str, list[str]] = {}
    for line in str(vrrplab.__doc__).splitlines():
        if line in GROUPS:
            listed[line] = []
        elif entry := re.fullmatch(r"    (\w+) {2,}(\S.*)", line):
            listed[list(listed)[-1]].append(entry[1])
    assert list(listed.items()) == list(GROUPS.items())


@pytest.mark.parametrize("name", vrrplab.__all__)
def test_every_name_leads_to_what_it_says(name: str) -> None:
    value = getattr(vrrplab, name)
    assert isinstance(value, ModuleType) == (name in MODULES)
    assert value.__name__.split(".")[-1] == name
    if name not in MODULES:
        assert f"{value.__module__}.".startswith(f"{vrrplab._HOME_OF[name]}."), (
            "where it lives, or the room's door"
        )


@pytest.mark.parametrize("name", vrrplab.__all__)
def test_every_name_is_documented(name: str) -> None:
    """A summary first; a function also says what it raises."""
    value = getattr(vrrplab, name)
    text = inspect.getdoc(value)
    assert text
    assert re.match(r"\S.*[.?]( |$)", text.split("\n\n")[0].replace("\n", " "))
    if inspect.isfunction(value):
        assert re.search(r"\b\w*Error\b|Raises nothing", text), "which errors?"


def test_the_names_are_offered_for_completion() -> None:
    assert set(vrrplab.__all__) <= set(dir(vrrplab))


def test_type_checkers_are_told_the_same_names_and_homes() -> None:
    """The block that only they read; what they make of it is tried in tests/test_wheel.py."""
    tree = ast.parse(Path(vrrplab.__file__).read_text(encoding="utf-8"))
    (block,) = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    told = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name, (
                "an import without `as` is none of the package's names (PEP 484)"
            )
            told[alias.name] = f"vrrplab.{alias.name}" if node.module == "vrrplab" else node.module
    assert told == vrrplab._HOME_OF


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'simulat'; it offers .*simulate"):
        _ = vrrplab.simulat


def test_no_module_stands_in_the_way_of_a_name() -> None:
    """A package that is imported becomes an attribute of the one around it: with a room called ``decode``,
    ``vrrplab.decode`` would be that room as soon as anybody imports it. Tried with every module there is.
    """
    code = """
import importlib, pkgutil, types, vrrplab
for module in pkgutil.walk_packages(vrrplab.__path__, "vrrplab."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
modules = {name for name in vrrplab.__all__ if isinstance(getattr(vrrplab, name), types.ModuleType)}
print(len(vrrplab.__all__), *sorted(modules))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(len(vrrplab.__all__)), *sorted(MODULES)]
