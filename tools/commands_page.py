"""Writes docs/commands.md: every command, from its own parser and its own examples (vrrplab/commands).

python tools/commands_page.py            writes it
python tools/commands_page.py --check    exit code 1 if it is stale
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import cell, keep, table  # noqa: E402
from vrrplab.commands import cli  # noqa: E402
from vrrplab.commands.exit_codes import ExitCode  # noqa: E402
from vrrplab.commands.guide import Example, Guide  # noqa: E402
from vrrplab.commands.variables import VARIABLES, Variable  # noqa: E402

PAGE = ROOT / "docs" / "commands.md"
MADE = "Made by tools/commands_page.py from vrrplab/commands. Do not edit."

INTRODUCTION = f"""# The command line

<!-- {MADE} -->

`vrrplab COMMAND …` and `python -m vrrplab COMMAND …` are the same. `vrrplab COMMAND --help` says what stands
here, with two of the examples. Times are in seconds. Options are written out: a shortened one is refused.

"""

# What whoever has the files of a cluster asks, with which command: the first screen of the page.
QUESTIONS = (
    ("what is wrong in and between them", "config-check", "config check a.conf b.conf"),
    (
        "who takes over after each failure, and for how long clients are out",
        "config-predict",
        "config predict a.conf b.conf",
    ),
    ("why it does, or does not, fail over", "why", 'why a.conf b.conf --fail "a eth0"'),
    ("to see it", "simulate", 'simulate a.conf b.conf --fail "a eth0" --html film.html'),
    (
        "what a change would do, and reloading node by node",
        "config-diff",
        "config diff a.conf b.conf -- new/",
    ),
    ("what keepalived makes of a file, or runs now", "config-show", "config show a.conf"),
)

OF_YOUR_FILES = """
No root is needed and no server is touched. Their real addresses (`--addresses`, from `ip -j addr`) and what
their daemons run now (`--running`, from `kill -USR1`) make the answers sharper.

Every example on this page is run by a test (`tests/commands/test_examples.py`), in a folder that holds the
files it names and nothing else. They are among those that come with vrrplab, in [data](../data); your own
will do as well.

All commands:

"""

EXIT_CODES = """
## Exit codes

What a code means is the same for every command; a command says below what is special about it.

"""

VARIABLES_HEAD = """
## Environment variables

"""

DEVELOPERS_HEAD = """
Python has its own, of which two are of use here: `PYTHONUNBUFFERED=1` hands every line on at once, and
`PYTHONUTF8=1` writes UTF-8 where the locale says something else.

Tests, tools and make look at these:

"""

# What is read outside the package.
DEVELOPERS = (
    Variable(
        "CI", "`true`: a test whose program is missing fails; it is not skipped", "skipped, with the cure"
    ),
    Variable("PYTHON", "the Python that make builds its environment with", "the newest that is found"),
    Variable("CHROME", "the browser of the browser tests", "Chromium, where it is found"),
    Variable(
        "VRRPLAB_WRITE_DOCS",
        "a test whose page is stale writes it (architecture, interop, monitor)",
        "it fails",
    ),
    Variable("VRRPLAB_CORPUS", "a folder of real configurations for tests/config/test_corpus.py", "left out"),
    Variable("VRRPLAB_LESSONS", "`all`: tests/browser/test_lite.py drives every lesson", "two of them"),
    Variable("VRRPLAB_FLOOD_SECONDS", "how long the flood of tests/live/test_flood.py lasts", "6"),
    Variable("VRRPLAB_RACE_SECONDS", "how long tests/live/test_script_race.py tries", "3"),
    Variable(
        "VRRPLAB_SHOTS",
        "a folder in which the tests of JupyterLab leave a picture of each step",
        "no pictures",
    ),
    Variable("VRRPLAB_SIGNALS", "how many moments tests/live/test_signals.py tries", "6"),
)


def page() -> str:
    """The text of docs/commands.md."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    yield "You have the keepalived.conf of all nodes of a cluster, as files or a folder, and want to know\n\n"
    yield table("what", "ask")
    for what, command, line in QUESTIONS:
        yield f"| {what} | [`vrrplab {line}`](#vrrplab-{command}) |\n"
    yield OF_YOUR_FILES
    yield table("command", "does")
    for name, does in cli.COMMANDS.items():
        yield f"| [{name}](#vrrplab-{name}) | {cell(does)} |\n"
    yield EXIT_CODES + table("code", "means")
    for code in ExitCode:
        yield f"| {code.value} | {cell(code.meaning)} |\n"
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            yield from _command(parser, cli.guide_of(parser))
    yield VARIABLES_HEAD + table("variable", "does", "if it is not set")
    yield from map(_variable, VARIABLES)
    yield DEVELOPERS_HEAD + table("variable", "does", "if it is not set")
    yield from map(_variable, DEVELOPERS)


def _variable(one: Variable) -> str:
    return f"| `{one.name}` | {cell(one.does)} | {cell(one.otherwise)} |\n"


def _command(parser: argparse.ArgumentParser, guide: Guide) -> Iterator[str]:
    level = "#" * len(parser.prog.split())
    kinds = next((a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)
    yield f"\n{level} {parser.prog}\n\n{parser.description}\n"
    if kinds is not None:
        links = [f"[{name}](#{p.prog.replace(' ', '-')})" for name, p in kinds.choices.items()]
        yield f"It has {', '.join(links[:-1])} and {links[-1]}, each with a `--help` of its own.\n"
    else:
        yield f"\n    {_usage(parser)}\n"
        arguments = [action for action in parser._actions if action.dest != "help"]
        if arguments:
            yield "\n" + table("argument", "meaning")
        for action in sorted(arguments, key=lambda action: bool(action.option_strings)):
            yield f"| {_argument(action)} | {_meaning(action)} |\n"
        yield from _examples(guide.examples)
        special = {code: text for code, text in guide.exit_codes().items() if _is_special(code, text)}
        if special:
            yield "\nExit codes: " + "; ".join(f"**{code}** {text}" for code, text in special.items()) + ".\n"


def _is_special(code: int, text: str) -> bool:
    return code == ExitCode.FAILED or text != ExitCode(code).meaning


def _usage(parser: argparse.ArgumentParser) -> str:
    """Short: the table below it has the options."""
    words = [parser.prog]
    options = [a for a in parser._actions if a.option_strings and a.dest != "help"]
    words += ["[OPTION …]"] if options else []
    for action in parser._actions:
        if not action.option_strings:
            name = _name(action)
            words.append(
                {
                    "?": f"[{name}]",
                    "*": f"[{name} …]",
                    "+": f"{name} …",
                    argparse.REMAINDER: f"[{name} …]",
                }.get(str(action.nargs), name)
            )
    return " ".join(words)


def _name(action: argparse.Action) -> str:
    choices = "|".join(str(choice) for choice in action.choices or ())
    return str(action.metavar or choices or action.dest.upper())


def _argument(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{cell(_name(action))}`"
    option = ", ".join(action.option_strings)
    return f"`{option}`" if action.nargs == 0 else f"`{option} {cell(_name(action))}`"


def _meaning(action: argparse.Action) -> str:
    return cell((action.help or "") % {"default": action.default})


def _examples(examples: tuple[Example, ...]) -> Iterator[str]:
    yield "\n```sh\n"
    for number, example in enumerate(examples):
        yield ("\n" if number else "") + f"# {example.meaning}\n{example.command}\n"
    yield "```\n"


def main(arguments: list[str]) -> int:
    return keep("commands_page.py", {PAGE: page()}, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
