"""What the help of a command ends with, and docs/commands.md is made of: examples and exit codes.

A module of ``vrrplab.commands`` has ``GUIDES``: a ``Guide`` for the command itself, under "", and one for
each of its subcommands (``"run"``). ``vrrplab COMMAND --help`` shows the first two examples, the page shows
all, and tests/commands/test_examples.py runs all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vrrplab.commands.exit_codes import ExitCode
from vrrplab.output.text_columns import wrap

SHOWN = 2  # examples in a command's help
_SIGNALS = [ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HANGUP]


class Example(NamedTuple):
    """A command that works wherever vrrplab is installed, as somebody types it, and what it is for.

    ``files``: what must lie in the folder, named by their places in ``data/``. The rest is for the test:
    ``exit_code``, ``needs`` (as in ``@pytest.mark.needs``), ``network`` (commands that make the network of a
    namespace in which it runs), ``lab`` (the lab must be up), ``ends_after_s`` (it goes on until Ctrl-C ends
    it, then), ``long`` (only ``make test-long`` runs it), ``alone`` (beside others a real daemon may be
    late, and then it differs from a simulation).
    """

    command: str
    meaning: str
    files: tuple[str, ...] = ()
    exit_code: int = 0
    needs: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    lab: bool = False
    ends_after_s: float = 0.0
    long: bool = False
    alone: bool = False


class Guide(NamedTuple):
    """Examples, the most useful first, and what the exit codes mean where it is more than usual.

    ``exits``: number to meaning; ``{1: "…"}`` for a command that can fail a check, ``{130: ""}`` for one that
    Ctrl-C ends in the ordinary way. Whoever says nothing of 1 never ends with it.
    """

    examples: tuple[Example, ...]
    exits: Mapping[int, str] = {}

    def exit_codes(self) -> dict[int, str]:
        """Number to meaning, of all with which this command can end."""
        usual = {int(code): code.meaning for code in ExitCode if code != ExitCode.FAILED}
        return {code: meaning for code, meaning in sorted({**usual, **self.exits}.items()) if meaning}


def ending(guide: Guide) -> str:
    """The end of a command's help: two examples and the exit codes, in lines of at most 80 columns."""
    lines = ["", "examples:"]
    for example in guide.examples[:SHOWN]:
        lines += [f"  {example.command}", f"      {example.meaning}"]
    lines += ["", "exit codes:"]
    codes = guide.exit_codes()
    signals = [code for code in _SIGNALS if codes.get(code) == code.meaning]
    if signals == _SIGNALS:  # as with most commands: one line tells it
        codes = {code: meaning for code, meaning in codes.items() if code not in signals}
        codes[ExitCode.INTERRUPTED] = "; ".join(
            [signals[0].meaning, *(f"{n} {n.meaning}" for n in signals[1:])]
        )
    for code, meaning in codes.items():
        lines += wrap(meaning, 80, f"  {code:>3}  ", " " * 7)
    return "\n".join(lines) + "\n"
