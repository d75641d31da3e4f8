"""The command line: finds the command, reads its arguments, and turns every failure into one line.

What a command does lives in ``vrrplab.commands``; only the module of the command that was asked for is
imported, because start-up time is most of the time a short simulation takes.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from vrrplab import interrupts
from vrrplab.commands.exit_codes import ExitCode
from vrrplab.commands.guide import Example, Guide, ending
from vrrplab.errors import PlacedError, VrrplabError, did_you_mean
from vrrplab.input_files import remembered
from vrrplab.output.printable import printable
from vrrplab.output.terminal import standard_streams

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import ModuleType

COMMANDS = {
    "simulate": "run scenarios, or the three failure drills when none is named",
    "explore": "try every order of failures: the shortest story that breaks it",
    "scenario": "write the scenario that keepalived.conf files make, as YAML",
    "why": "tell why it did, or did not, fail over: line, packet, cure",
    "config": "check all nodes' files together, predict every failure",
    "decode": "tell every frame of a capture, field by field, with a verdict",
    "reconstruct": "tell which failures a capture shows, and write them as a scenario",
    "verify": "compare recordings of real daemons with the simulator",
    "sweep": "run a scenario thousands of times: how long, how often for nothing",
    "live": "use real sockets: be a router, or listen and tell what others do",
    "lab": "put the drills' network into namespaces, with real daemons",
    "lessons": "copy the notebooks to a folder of yours and open them in JupyterLab",
    "completion": "print what makes bash, zsh or fish complete commands and options",
    "doctor": "say what works on this machine: sockets, namespaces, extras",
}

GUIDE = Guide(
    (
        Example("vrrplab simulate", "a failover in three ways: who was MASTER when, and who lost how much"),
        Example("vrrplab doctor", "what works on this machine, and what helps where something does not"),
        Example("vrrplab --version", "which vrrplab this is"),
    ),
    {ExitCode.FAILED: ExitCode.FAILED.meaning},
)


class _UsageError(Exception):
    """What the user typed is not a command we have; the message is the line to print."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line on ``argv`` (default: the process's arguments) and return the exit code."""
    with standard_streams():
        return _run(sys.argv[1:] if argv is None else argv)


def _run(argv: list[str]) -> int:
    try:
        with interrupts.raised():
            code = _dispatch(argv)
            sys.stdout.flush()
        return _interrupted() if interrupts.came() else code
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        return _interrupted() if interrupts.came() else _told(error)


def _interrupted() -> int:
    interrupts.finish()
    _fail("vrrplab: interrupted")
    return ExitCode.INTERRUPTED


def _told(failure: Exception) -> int:
    """A failure as one line on stderr; the exit code."""
    try:
        raise failure
    except _UsageError as error:
        return _fail(str(error))
    except PlacedError as error:  # begins with file:line, which editors and terminals make clickable
        return _fail(str(error))
    except VrrplabError as error:
        return _fail(f"vrrplab: {error}")
    except BrokenPipeError:
        return _fail("vrrplab: the reader of the output closed it before the end")
    except ModuleNotFoundError as error:
        from vrrplab.installing import EXTRA_OF, how_to_install

        if error.name not in EXTRA_OF:
            return _bug(error)
        cure = how_to_install(error.name)
        return _fail(f"vrrplab: this needs {error.name}, which is not installed: {cure}")
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return _fail(f"vrrplab: {place}{error.strerror or error}")
    except Exception as error:
        return _bug(error)


def _dispatch(argv: list[str]) -> int:
    if not argv:
        raise _UsageError(
            f"vrrplab: name a command: {', '.join(COMMANDS)}; 'vrrplab --help' says what each does"
        )
    name = argv[0]
    if name in ("-h", "--help", "help"):
        print(_overview(), end="")
        return 0
    if name in ("-V", "--version"):
        from vrrplab import __version__

        print(f"vrrplab {__version__}")
        return 0
    if name not in COMMANDS:
        raise _UsageError(
            f"vrrplab: {name!r} is not a command{_in_brackets(did_you_mean(name, COMMANDS))};"
            f" commands are {', '.join(COMMANDS)}"
        )
    command, parser = command_of(name)
    try:
        args = parser.parse_args(argv[1:])
    except SystemExit as leaving:  # argparse leaves this way after --help
        sys.stdout.flush()
        return int(leaving.code or 0)
    from vrrplab.output.files import OutputName, promised

    outputs = {
        f"--{name.replace('_', '-')}": value
        for name, value in vars(args).items()
        if isinstance(value, OutputName)
    }

    def say(line: str) -> None:
        print(_one_line(f"vrrplab: {line}"), file=sys.stderr, flush=True)

    with remembered(say), promised(outputs):
        return int(command.run(args))


def command_of(name: str) -> tuple[ModuleType, argparse.ArgumentParser]:
    """The module of a command, and the parser of its arguments."""
    from importlib import import_module

    command = import_module(f"vrrplab.commands.{name}")
    parser = _parser(name)
    command.add_arguments(parser)
    return command, parser


def parsers(name: str) -> Iterator[argparse.ArgumentParser]:
    """The parser of a command, and those of its subcommands."""
    import argparse

    _, parser = command_of(name)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def guide_of(parser: argparse.ArgumentParser) -> Guide:
    """The examples and exit codes of a command or subcommand."""
    from importlib import import_module

    _, name, *rest = parser.prog.split()
    guide: Guide = import_module(f"vrrplab.commands.{name}").GUIDES[" ".join(rest)]
    return guide


def _overview() -> str:
    rows = "\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items())
    more = "'vrrplab COMMAND --help' tells more of each; --version which vrrplab it is."
    return f"usage: vrrplab COMMAND ...\n\n{rows}\n\n{more}\n{ending(GUIDE)}"


def _parser(name: str) -> argparse.ArgumentParser:
    """An argument parser whose errors are one line, and whose help ends with the command's guide."""
    import argparse

    class OneLineParser(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            # A shortened option would change its meaning the day a longer one is added.
            super().__init__(**{**options, "allow_abbrev": False})

        def format_help(self) -> str:
            return super().format_help() + ending(guide_of(self))

        def print_help(self, file: Any = None) -> None:
            print(self.format_help(), end="", file=file)  # argparse does not tell of what it cannot write

        def error(self, message: str) -> NoReturn:
            if message.startswith("unrecognized arguments: -"):
                typed = message.split()[2].partition("=")[0]
                message += _in_brackets(did_you_mean(typed, self._option_string_actions))
            raise _UsageError(f"{self.prog}: {_one_line(message)}; '{self.prog} --help' lists all arguments")

    what = COMMANDS[name]
    return OneLineParser(prog=f"vrrplab {name}", description=f"{what[0].upper()}{what[1:]}.")


def _in_brackets(hint: str) -> str:
    return f" ({hint})" if hint else ""


def _one_line(text: str) -> str:
    """Text of any origin as one line that cannot steer a terminal; what is too long loses its middle."""
    return printable(" ".join(text.replace("\r", "\n").split("\n")))


def _bug(error: Exception) -> int:
    """An exception nobody meant to raise: still one line; where it came from only for who asks."""
    if os.environ.get("VRRPLAB_TRACEBACK"):
        raise error
    _fail(
        f"vrrplab: a bug in vrrplab, please report it: {type(error).__name__}: {error}"
        " (VRRPLAB_TRACEBACK=1 shows where)"
    )
    return ExitCode.OUR_BUG


def _fail(message: str) -> int:
    print(_one_line(message), file=sys.stderr)
    return ExitCode.BAD_INPUT
