"""File descriptors: whether some are left, and a few that are kept for what must not fail.

A call that finds none left often says something else: that there is no such user, interface or program. Who
is about to say so asks here first.
"""

from __future__ import annotations

import errno
import os

from vrrplab.errors import LiveError

SHORT = frozenset((errno.EMFILE, errno.ENFILE))  # of this process, of this machine
NEEDED = 40  # for a router of one VRID with checks and tools at its side, twice over
_TRIED = 8  # what a library may have open at once to look a name up


def shortage(wanted: int = _TRIED) -> str:
    """Why not even so many files can be opened now, or ""."""
    try:
        Spare(wanted).give_back()
    except OSError as error:
        if error.errno not in SHORT:
            raise
        return f"no file can be opened any more{_limit()}"
    return ""


def require_descriptors(wanted: int = NEEDED) -> None:
    """LiveError if fewer can be opened."""
    if shortage(wanted):
        why = f"too few files may be open at once{_limit()}, {wanted} more are needed"
        raise LiveError(f"{why} - raise that limit: ulimit -n 1024")


def raise_shortage(error: OSError) -> None:
    """Raise it again if it is one: it says nothing about what was to be opened."""
    if error.errno in SHORT:
        raise error


class Spare:
    """Descriptors that are kept open, to be there when they are needed. OSError if there are not so many."""

    def __init__(self, count: int) -> None:
        self._kept: list[int] = []
        try:
            for _ in range(count):
                self._kept.append(os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError:
            self.give_back()
            raise

    def give_back(self) -> None:
        while self._kept:
            os.close(self._kept.pop())


def _limit() -> str:
    try:
        import resource
    except (ImportError, OSError):  # not even Python's own modules can be opened
        return ""
    return f" (ulimit -n is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]})"
