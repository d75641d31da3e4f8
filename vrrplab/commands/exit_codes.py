"""How a command ends: the exit codes of the command line, each with its meaning."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """A number for the shell; ``meaning`` is what help and docs/commands.md say of it.

    A signal ends a command with 128 and its number (``vrrplab.interrupts``), as shells have it.
    """

    meaning: str

    DONE = 0, "done"
    FAILED = 1, "a check or an expectation failed"
    BAD_INPUT = 2, "bad usage or bad input, told in one line on standard error"
    OUR_BUG = 70, "a bug in vrrplab: please report it"  # EX_SOFTWARE of sysexits.h
    HANGUP = 129, "the terminal was closed (SIGHUP)"
    INTERRUPTED = 130, "Ctrl-C"
    TERMINATED = 143, "SIGTERM"

    def __new__(cls, number: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning = meaning
        return member
