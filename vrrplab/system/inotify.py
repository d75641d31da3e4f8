"""Files that change: Linux tells at once (inotify(7)), so nobody has to look again and again."""

from __future__ import annotations

import ctypes
import os
import struct

CLOSE_WRITE, MOVED_FROM, MOVED_TO, DELETED, OVERFLOW = 0x8, 0x40, 0x80, 0x200, 0x4000
_HEAD = struct.Struct("iIII")  # watch, mask, cookie, length of the name


class DirectoryWatch:
    """Directories whose files are watched. OSError where Linux cannot."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._directories: dict[int, str] = {}

    def _checked(self, answer: int) -> int:
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return answer

    def add(self, directory: str) -> None:
        mask = CLOSE_WRITE | MOVED_FROM | MOVED_TO | DELETED
        number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(directory), mask)
        self._directories[self._checked(number)] = directory

    def fileno(self) -> int:
        return self._descriptor

    def changed(self) -> list[str] | None:
        """The files that were written, came or went since this was asked last, each once.

        None: there were more than the kernel keeps, so it may have been any.
        """
        overflown = False
        found: dict[str, None] = {}
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except BlockingIOError:
                return None if overflown else list(found)
            while data:
                watch, mask, _, length = _HEAD.unpack_from(data)
                name = data[_HEAD.size : _HEAD.size + length].rstrip(b"\0")
                if mask & OVERFLOW:
                    overflown = True
                else:
                    found[os.path.join(self._directories[watch], os.fsdecode(name))] = None
                data = data[_HEAD.size + length :]

    def close(self) -> None:
        os.close(self._descriptor)
