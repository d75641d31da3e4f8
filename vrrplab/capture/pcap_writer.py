"""A capture file written while it happens, frame by frame, so that what was seen is there after a crash.

It may also be a pipe to a program that shows it (``mkfifo``). Such a reader is never waited for: what it has
no room for is left out, whole frames at a time, and counted.
"""

from __future__ import annotations

import os
import select
import stat
from struct import Struct

from vrrplab.errors import OutputError
from vrrplab.output.files import open_to_write

_FILE = Struct("<IHHiIII")
_PACKET = Struct("<IIII")
_MAGIC_NANOSECONDS = 0xA1B23C4D
_ETHERNET = 1


class PcapFile:
    """``trouble`` says why the file has ended before its time, or ""; ``left_out``: frames that a slow reader
    had no room for.
    """

    def __init__(self, path: str) -> None:
        self._file = open(open_to_write(path), "wb", buffering=0)  # noqa: SIM115 - the watcher closes it
        self._regular = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self._room = select.poll()
        self._room.register(self._file, select.POLLOUT)
        self._rest = b""  # of a record that a pipe took in part
        self._path = path
        self.trouble = ""
        self.left_out = 0
        try:
            self._file.write(_FILE.pack(_MAGIC_NANOSECONDS, 2, 4, 0, 0, 262_144, _ETHERNET))
        except OSError as error:
            self._file.close()
            raise OutputError(path, f"cannot be written: {error.strerror}") from None

    def write(self, t_ns: int, frame: bytes) -> None:
        """One frame, at nanoseconds since 1970. A full disk ends the file after the last whole frame."""
        if self.trouble:
            return
        seconds, nanoseconds = divmod(t_ns, 1_000_000_000)
        record = _PACKET.pack(seconds, nanoseconds, len(frame), len(frame)) + frame
        if self._regular:
            self._write_whole(record)
            return
        self._rest = self._put(self._rest)
        if self._rest:
            self.left_out += 1
            return
        rest = self._put(record)
        if len(rest) == len(record):
            self.left_out += 1
        else:
            self._rest = rest

    def _write_whole(self, record: bytes) -> None:
        start = self._file.tell()
        try:
            written = self._file.write(record)
        except OSError as error:
            written, self.trouble = 0, f"{self._path} ends here: {error.strerror}"
        if written is not None and written < len(record):
            self._file.truncate(start)
            self._file.seek(start)
            self.trouble = self.trouble or f"{self._path} ends here: it could not be written whole"

    def _put(self, data: bytes) -> bytes:
        """Give a pipe what it has room for; the rest.

        Asked before each piece, because the descriptor may be shared (``/dev/stdout``): nobody else's writing
        should change. A pipe that has room at all takes a piece of this size.
        """
        try:
            while data and not self.trouble and self._room.poll(0):
                data = data[self._file.write(data[: select.PIPE_BUF]) or 0 :]
        except OSError as error:
            self.trouble = f"{self._path} ends here: {error.strerror}"
        return data

    def close(self) -> None:
        self._file.close()
