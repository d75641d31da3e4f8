"""Writes man pages, vrrplab.1 and one a command, from the same declarations as ``--help``.

python tools/man_pages.py DIR      writes them into DIR; then: man -l DIR/vrrplab-config-show.1
make man                           writes them into out/man/man1; then: man -M out/man vrrplab-config-show
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vrrplab import __version__  # noqa: E402
from vrrplab.commands import cli  # noqa: E402
from vrrplab.commands.guide import Guide  # noqa: E402


def pages() -> dict[str, str]:
    """Name of a file to its text: vrrplab.1, and a page for each command and subcommand."""
    found = {"vrrplab.1": _overview()}
    for name in cli.COMMANDS:
        for parser in cli.parsers(name):
            found[f"{_called(parser)}.1"] = _page(parser)
    return found


def _called(parser: argparse.ArgumentParser) -> str:
    return parser.prog.replace(" ", "-")


def _overview() -> str:
    lines = [*_head("vrrplab", "VRRP and keepalived: simulated, checked, explained")]
    lines += [".SH SYNOPSIS", ".B vrrplab", r"\fICOMMAND\fR \&..."]
    lines += [".SH COMMANDS"]
    for name, what in cli.COMMANDS.items():
        lines += [".TP", rf".BR vrrplab\-{escaped(name)} (1)", escaped(what)]
    return "\n".join([*lines, *_ending(cli.GUIDE, [f"vrrplab-{name}" for name in cli.COMMANDS])]) + "\n"


def _page(parser: argparse.ArgumentParser) -> str:
    name, words = _called(parser), parser.prog.split()
    told = " ".join((parser.description or "").split())
    first = told.split(". ")[0].rstrip(".")
    lines = [*_head(name, first[:1].lower() + first[1:])]
    lines += [".SH SYNOPSIS", rf".B {escaped(parser.prog)}", escaped(_usage(parser))]
    lines += [".SH DESCRIPTION", escaped(told)]
    arguments = [a for a in parser._actions if not a.option_strings]
    options = [a for a in parser._actions if a.option_strings]
    for title, actions in (("ARGUMENTS", arguments), ("OPTIONS", options)):
        shown = [action for action in actions if action.help is not argparse.SUPPRESS]
        lines += [f".SH {title}"] if shown else []
        for action in shown:
            lines += _argument(parser, action)
    also = ["vrrplab", f"vrrplab-{words[1]}"] if len(words) > 2 else ["vrrplab"]
    for action in arguments:
        if isinstance(action, argparse._SubParsersAction):
            also += [f"{name}-{choice}" for choice in action.choices]
    return "\n".join([*lines, *_ending(cli.guide_of(parser), also)]) + "\n"


def _head(name: str, what: str) -> Iterator[str]:
    yield rf".\" Made by tools/man_pages.py from the declarations of vrrplab {__version__}."
    yield f'.TH {escaped(name.upper())} 1 "" "vrrplab {__version__}" "User Commands"'
    yield from (".SH NAME", rf"{escaped(name)} \- {escaped(what)}")


def _usage(parser: argparse.ArgumentParser) -> str:
    usage = " ".join(parser.format_usage().split())
    return usage.removeprefix("usage: ").removeprefix(parser.prog).strip()


def _argument(parser: argparse.ArgumentParser, action: argparse.Action) -> Iterator[str]:
    formatter = parser._get_formatter()
    if isinstance(action, argparse._SubParsersAction):
        for choice in action._choices_actions:
            yield from (".TP", rf"\fB{escaped(choice.dest)}\fR", escaped(choice.help or ""))
        return
    value = formatter._format_args(action, action.metavar or action.dest.upper()) if action.nargs != 0 else ""
    if action.option_strings:
        names = ", ".join(rf"\fB{escaped(name)}\fR" for name in action.option_strings)
        yield from (".TP", f"{names} {escaped(value)}".rstrip())
    else:
        yield from (".TP", rf"\fI{escaped(value)}\fR")
    yield escaped(" ".join(formatter._expand_help(action).split())) if action.help else r"\&"


def _ending(guide: Guide, also: list[str]) -> Iterator[str]:
    yield ".SH EXAMPLES"
    for example in guide.examples:
        yield from (".TP", rf"\fB{escaped(example.command)}\fR", escaped(example.meaning))
    yield ".SH EXIT STATUS"
    for code, meaning in guide.exit_codes().items():
        yield from (".TP", str(int(code)), escaped(meaning))
    yield ".SH SEE ALSO"
    yield ",\n".join(rf".BR {escaped(name)} (1)" for name in also).replace("(1),", "(1) ,")


def escaped(text: str) -> str:
    """Text that roff prints as it stands."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("…", r"\&...")
    return rf"\&{text}" if text.startswith((".", "'")) else text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="DIR", type=Path)
    folder: Path = parser.parse_args(arguments).folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        parser.error(f"{folder}: cannot be written: {error.strerror} - name a folder that can")
    print(f"{len(pages())} pages in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
