"""Files that root reads and writes in folders of others: ordinary files, and no others than are meant.

A name that another user can exchange may be a FIFO, at which one waits for ever; a device, which does
something when it is opened; or a link to a file of root's.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from vrrplab.system.path_trust import open_folder
from vrrplab.system.privilege import effective_uid, is_real_root

_NOBODY_KNOWN = 65534  # user_namespaces(7): /proc/sys/kernel/overflowuid
_LOOK = getattr(os, "O_PATH", 0) | os.O_CLOEXEC


def open_to_read(path: str) -> BinaryIO:
    """An ordinary file, its links followed. OSError."""
    item = os.open(path, _LOOK)
    try:
        _require_ordinary(os.fstat(item), path)
        return open(f"/proc/self/fd/{item}", "rb", buffering=0)
    finally:
        os.close(item)


def open_to_replace(path: str) -> BinaryIO:
    """A file that is made or emptied. OSError where it is none, or where another user's link leads to it.

    Our own links and root's are followed on the way; at its end none is, nor a second name of some file.
    """
    folder = open_folder(os.path.dirname(os.path.abspath(path)), _trusted())
    try:
        name, how = os.path.basename(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return open(os.open(name, how, 0o644, dir_fd=folder), "wb", buffering=0)
        except FileExistsError:
            item = os.open(name, _LOOK | os.O_NOFOLLOW, dir_fd=folder)
        try:
            found = os.fstat(item)
            _require_ordinary(found, path)
            if found.st_nlink > 1:
                raise OSError(errno.EMLINK, "the file has other names", path)
            return open(f"/proc/self/fd/{item}", "wb", buffering=0)
        finally:
            os.close(item)
    finally:
        os.close(folder)


def _trusted() -> tuple[int, ...]:
    """Whose links are followed. Inside a user namespace all that is not ours looks as if nobody had it."""
    mine = effective_uid() or 0
    outside = () if mine or is_real_root() else (_NOBODY_KNOWN,)
    return (0, mine, *outside)


def _require_ordinary(found: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a link" if stat.S_ISLNK(found.st_mode) else "no ordinary file"
        raise OSError(errno.EINVAL, f"it is {what}", path)
