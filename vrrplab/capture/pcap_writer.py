"""A capture file written while it happens, frame by frame, so that what was seen is there after a crash."""

from __future__ import annotations

from struct import Struct

from vrrplab.errors import LiveError
from vrrplab.output.files import open_to_write

_FILE = Struct("<IHHiIII")
_PACKET = Struct("<IIII")
_MAGIC_NANOSECONDS = 0xA1B23C4D
_ETHERNET = 1


class PcapFile:
    """``trouble`` says why the file has ended before its time, or ""."""

    def __init__(self, path: str) -> None:
        try:
            self._file = open(open_to_write(path), "wb", buffering=0)  # noqa: SIM115 - the watcher closes it
            self._file.write(_FILE.pack(_MAGIC_NANOSECONDS, 2, 4, 0, 0, 262_144, _ETHERNET))
        except OSError as error:
            raise LiveError(f"{path}: cannot be written: {error.strerror}") from None
        self._path = path
        self.trouble = ""

    def write(self, t_ns: int, frame: bytes) -> None:
        """One frame, at nanoseconds since 1970. A full disk ends the file after the last whole frame."""
        if self.trouble:
            return
        seconds, nanoseconds = divmod(t_ns, 1_000_000_000)
        record = _PACKET.pack(seconds, nanoseconds, len(frame), len(frame)) + frame
        start = self._file.tell()
        try:
            written = self._file.write(record)
        except OSError as error:
            written, self.trouble = 0, f"{self._path} ends here: {error.strerror}"
        if written is not None and written < len(record):
            self._file.truncate(start)
            self._file.seek(start)
            self.trouble = self.trouble or f"{self._path} ends here: it could not be written whole"

    def close(self) -> None:
        self._file.close()
