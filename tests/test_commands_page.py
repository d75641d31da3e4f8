"""docs/commands.md is what the parsers and their tables say, and no variable is read that is not on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import program

from vrrplab.commands import cli
from vrrplab.commands.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[1]
page = program("tools/commands_page.py")
TEXT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
READ_BY_PYTHON = {"COLUMNS", "TMPDIR"}  # argparse, tempfile
ADDED_TO = {"PYTHONWARNINGS"}  # for one program that is started, and given back
READ_BY_MAKE = {"PYTHON"}
# What a test itself has set, or what is handed to a program.
COMPUTED = {"lessons.py": ("JUPYTER_CONFIG_PATH", "PYTHONPATH")}  # asked for in a loop
PASSED_ON = {"PATH", "VRRPLAB_PROGRESS", "PYTHONDONTWRITEBYTECODE"}


def test_the_page_is_fresh() -> None:
    assert page.main(["--check"]) == 0, "python tools/commands_page.py"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_argument_and_example_is_on_it(name: str) -> None:
    for parser in cli.parsers(name):
        assert f" {parser.prog}\n" in TEXT
        options = [option for action in parser._actions for option in action.option_strings]
        assert [one for one in options if one not in ("-h", "--help") and f"| `{one}" not in TEXT] == []
        assert [e.command for e in cli.guide_of(parser).examples if f"\n{e.command}\n" not in TEXT] == []


@pytest.mark.parametrize(
    ("usage", "command"),
    [
        ("vrrplab simulate [OPTION …] [SCENARIO …]", "simulate"),
        ("vrrplab decode [OPTION …] FILE|HEX|- …", "decode"),
        ("vrrplab lessons [OPTION …] [DIR]", "lessons"),
        ("vrrplab lab shell HOST [COMMAND …]", "lab shell"),
    ],
)
def test_what_may_be_left_out_stands_in_brackets(usage: str, command: str) -> None:
    assert f"## vrrplab {command}\n" in TEXT
    assert f"\n    {usage}\n" in TEXT


def test_no_example_is_there_twice() -> None:
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            commands = [example.command for example in cli.guide_of(parser).examples]
            assert len(set(commands)) == len(commands), parser.prog


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_argument_is_explained(name: str) -> None:
    assert [
        a.dest for parser in cli.parsers(name) for a in parser._actions if not a.help and a.dest != "what"
    ] == []


def variables_read(path: Path) -> Iterator[str]:
    """The names that a file asks ``os.environ`` for; a name in a constant of the file counts as itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        name: ast.expr | None = None
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault") as called, args=[name, *_]):
                if not ast.unparse(called.value).endswith("environ"):
                    continue
            case ast.Call(func=called, args=[name, *_]) if ast.unparse(called).endswith("getenv"):
                pass
            case ast.Subscript(value=value, slice=name, ctx=ast.Load()) if ast.unparse(value).endswith(
                "environ"
            ):
                pass
            case _:
                continue
        if isinstance(name, ast.Name) and name.id in constants:
            yield str(constants[name.id])
        elif path.name in COMPUTED:
            yield from COMPUTED[path.name]
        else:
            assert isinstance(name, ast.Constant), f"{path}:{node.lineno}: which variable?"
            yield str(name.value)


def test_every_variable_that_is_read_is_on_it() -> None:
    read = {name for path in (ROOT / "vrrplab").rglob("*.py") for name in variables_read(path)}
    assert (read - ADDED_TO) | READ_BY_PYTHON == {one.name for one in VARIABLES}
    others = [
        path for folder in ("tests", "tools", "benchmarks", "fuzz") for path in (ROOT / folder).rglob("*.py")
    ]
    read = {name for path in others for name in variables_read(path)} - PASSED_ON
    assert read | READ_BY_MAKE == {one.name for one in page.DEVELOPERS}


def test_the_rule_sees_every_way_to_read(tmp_path: Path) -> None:
    """The test of the test."""
    file = tmp_path / "it.py"
    file.write_text(
        "NAME = 'A'\nos.environ.get(NAME)\nos.environ['B']\nos.getenv('C', '')\n"
        "os.environ['SET'] = '1'\ngiven = {**os.environ, 'D': ''}\nother.get('E')\nenviron.pop('F')\n",
        encoding="utf-8",
    )
    assert sorted(variables_read(file)) == ["A", "B", "C", "F"]
