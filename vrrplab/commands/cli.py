"""The command line: finds the command, reads its arguments, and turns every failure into one line.

Exit codes: 0 done; 1 a check or an expectation failed; 2 bad usage or bad input; 130 interrupted.
What a command does lives in ``vrrplab.commands``; only the module of the command that was asked for is
imported, because start-up time is most of the time a short simulation takes.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from vrrplab.errors import PlacedError, VrrplabError, did_you_mean

if TYPE_CHECKING:
    import argparse

COMMANDS = {
    "simulate": "run scenarios, or the three failure drills when none is named",
    "decode": "every frame of a capture, field by field, with a verdict",
    "verify": "recordings of real daemons against the simulator",
    "live": "real sockets: be a router, or listen and tell what others do",
    "lab": "the drills' network in namespaces, with real daemons",
    "doctor": "what works on this machine: sockets, namespaces, extras",
}

# Extras of pyproject.toml, by the module whose absence a user may meet.
EXTRA_OF = dict.fromkeys(("matplotlib", "numpy", "scapy", "ipywidgets", "anywidget", "jupyterlab"), "lab")

BAD_INPUT = 2
OUR_BUG = 70  # EX_SOFTWARE of sysexits.h: neither the user's input nor a failed check
INTERRUPTED = 130


class _UsageError(Exception):
    """What the user typed is not a command we have; the message is the line to print."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line on ``argv`` (default: the process's arguments) and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, not a UnicodeEncodeError.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(sys.argv[1:] if argv is None else argv)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except _UsageError as error:
        return _fail(str(error))
    except PlacedError as error:  # begins with file:line, which editors and terminals make clickable
        return _fail(str(error))
    except VrrplabError as error:
        return _fail(f"vrrplab: {error}")
    except KeyboardInterrupt:
        _fail("vrrplab: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_unwritten_output()
        return _fail("vrrplab: the reader of the output closed it before the end")
    except ModuleNotFoundError as error:
        return _fail(_missing_module(error)) if error.name in EXTRA_OF else _bug(error)
    except OSError as error:
        _drop_unwritten_output()
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
        print(_overview())
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
    from importlib import import_module

    command = import_module(f"vrrplab.commands.{name}")
    parser = _parser(name)
    command.add_arguments(parser)
    try:
        args = parser.parse_args(argv[1:])
    except SystemExit as leaving:  # argparse leaves this way after --help
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(leaving.code or 0)
    return int(command.run(args))


def _overview() -> str:
    rows = "\n".join(f"  {name:9} {what}" for name, what in COMMANDS.items())
    return f"usage: vrrplab COMMAND ...\n\n{rows}\n\n'vrrplab COMMAND --help' tells more of each."


def _parser(name: str) -> argparse.ArgumentParser:
    """An argument parser whose errors are one line."""
    import argparse

    class OneLineParser(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            # A shortened option would change its meaning the day a longer one is added.
            super().__init__(**{**options, "allow_abbrev": False})

        def error(self, message: str) -> NoReturn:
            if message.startswith("unrecognized arguments: -"):
                typed = message.split()[2].partition("=")[0]
                message += _in_brackets(did_you_mean(typed, self._option_string_actions))
            raise _UsageError(f"{self.prog}: {_one_line(message)}; '{self.prog} --help' lists all arguments")

    return OneLineParser(prog=f"vrrplab {name}", description=COMMANDS[name])


def _in_brackets(hint: str) -> str:
    return f" ({hint})" if hint else ""


def _one_line(text: str) -> str:
    """Text of any origin as one line that cannot steer a terminal."""
    from vrrplab.output.terminal import printable

    return printable(" ".join(text.split()))


def _missing_module(error: ModuleNotFoundError) -> str:
    extra = EXTRA_OF[error.name or ""]
    return f"vrrplab: this needs {error.name}, which is not installed: pip install 'vrrplab[{extra}]'"


def _bug(error: Exception) -> int:
    """An exception nobody meant to raise: still one line; where it came from only for who asks."""
    if os.environ.get("VRRPLAB_TRACEBACK"):
        raise error
    _fail(
        f"vrrplab: a bug in vrrplab, please report it: {type(error).__name__}: {error}"
        " (VRRPLAB_TRACEBACK=1 shows where)"
    )
    return OUR_BUG


def _fail(message: str) -> int:
    try:
        if sys.stderr is not None:
            print(_one_line(message), file=sys.stderr)
    except OSError:
        pass  # nobody is left to tell; the exit code still does
    return BAD_INPUT


def _drop_unwritten_output() -> None:
    """Point stdout at nothing, or Python writes the rest at exit and fails once more, with a traceback."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return  # not a real file: nothing will be flushed at exit
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
