"""The gate for output files: nothing that is needed is overwritten, and what cannot be opened is told.

Every command that writes a file goes through here.
"""

from __future__ import annotations

import errno
import os
import stat

from vrrplab.errors import LiveError


def spare(path: str, kept: str, what: str) -> None:
    """LiveError if writing to ``path`` would destroy ``kept``, a file that is needed."""
    if not path or not kept or (os.path.exists(path) and not os.path.isfile(path)):  # /dev/null may be both
        return
    try:
        same = os.path.samefile(path, kept)
    except OSError:  # not there yet
        same = os.path.realpath(path) == os.path.realpath(kept)
    if same:
        raise LiveError(f"--out {path}: this is {what} itself, which would be overwritten; name another file")


def open_to_write(path: str) -> int:
    """A file that is made or emptied, as a descriptor. LiveError if it cannot be opened.

    Nothing is waited for: a FIFO needs a reader first.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        unread = error.errno == errno.ENXIO and stat.S_ISFIFO(os.stat(path).st_mode)
        why = "nobody reads this FIFO, start its reader first" if unread else error.strerror
        raise LiveError(f"{path}: cannot be written: {why}") from None
    os.set_blocking(descriptor, True)
    return descriptor
