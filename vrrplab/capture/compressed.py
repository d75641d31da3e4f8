"""Compressed captures: gzip, bzip2 and xz by the standard library, zstd where Python or ``zstandard`` has it.

A few bytes may become gigabytes. What comes out is bounded by ``UNPACKED_BYTES``, it is never there all at
once, and a file that is damaged, or ends early, gives all that comes before that.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from vrrplab.capture.records import Break
from vrrplab.input_files import open_input
from vrrplab.limits import UNPACKED_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 256 * 1024  # compressed bytes read at once; what comes out of them is asked for in pieces as well

# What comes out of one piece is not bounded, but four bytes make 128 KiB at most (RFC 8878: an RLE block)
_ZSTD_PIECE = 1024
_ZSTD_WINDOW = 1 << 27  # bytes of memory; what `zstd` itself unpacks without being told to

MAGICS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zX": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def compression_of(head: bytes) -> str:
    """How a file that begins with these bytes is compressed, "" if it is not, in a way that is read."""
    return next((name for magic, name in MAGICS.items() if head.startswith(magic)), "")


def can_unpack(name: str) -> bool:
    """zstd is in no Python before 3.14."""
    if name != "zstd":
        return bool(name)
    try:
        _zstd_opener()
    except ImportError:
        return False
    return True


def _zstd_opener() -> Callable[[BinaryIO], Any]:
    try:
        from compression import zstd  # of Python 3.14
    except ImportError:
        import zstandard

        return lambda stream: _Zstandard(stream, zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW))
    return lambda stream: zstd.ZstdFile(stream, options={zstd.DecompressionParameter.window_log_max: 27})


class _Zstandard:
    """One frame of zstd after the other, by the package ``zstandard``, whose own reader takes a stream that
    ends early for a whole one.
    """

    def __init__(self, stream: BinaryIO, decompressor: Any) -> None:
        self._stream, self._decompressor = stream, decompressor
        self._frame: Any = None  # the one that is being read
        self._waiting = b""  # compressed bytes behind it
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        while not self._ready:
            data = self._waiting or self._stream.read(_ZSTD_PIECE)
            self._waiting = b""
            if not data:
                if self._frame is not None:
                    raise EOFError("a frame is not whole")
                return b""
            if self._frame is None:
                self._frame = self._decompressor.decompressobj()
            self._ready = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._frame, self._waiting = None, self._frame.unused_data
        given, self._ready = self._ready[:size], self._ready[size:]
        return bytes(given)


def _opened(stream: BinaryIO, name: str) -> Any:
    if name == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=stream, mode="rb")
    if name == "bzip2":
        import bz2

        return bz2.BZ2File(stream)
    if name == "xz":
        import lzma

        return lzma.LZMAFile(stream)
    return _zstd_opener()(stream)


class Unpacked(io.RawIOBase):
    """What a compressed stream holds, as a stream. ``name``: as ``compression_of`` says it.

    Raises Break where it is damaged, ends early, or holds more than anybody should unpack.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._inner = _opened(stream, name)
        # not more than is there without an error: what comes before one would be lost with it
        self._read = getattr(self._inner, "read1", self._inner.read)
        self._name = name
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._read(min(len(view), _PIECE))
        except (OSError, EOFError, ValueError) as error:
            raise Break(self._given, f"its {self._name} is damaged, or ends early: {_told(error)}") from None
        except Exception as error:
            if type(error).__name__ not in ("error", "LZMAError", "ZstdError"):
                raise
            raise Break(self._given, f"its {self._name} is damaged: {_told(error)}") from None
        self._given += len(data)
        if self._given > UNPACKED_BYTES.most:
            raise Break(self._given, f"it unpacks to more than {UNPACKED_BYTES}, the most that is unpacked")
        view[: len(data)] = data
        return len(data)


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def unpacked(stream: BinaryIO, name: str) -> io.BufferedReader:
    """A stream that is read as any other."""
    return io.BufferedReader(Unpacked(stream, name), 1024 * 1024)


class Joined(io.RawIOBase):
    """Bytes that were read already, and the rest of their stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._head[: len(view)] or self._stream.read(min(len(view), _PIECE))
        self._head = self._head[len(view) :]
        view[: len(data)] = data
        return len(data)


@contextmanager
def open_unpacked(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The file, or what it holds if it is compressed in a way that is read. As ``open_input`` raises, and
    Break.

    It can be sought back by as much as ``REWINDS_BYTES``.
    """
    with open_input(path) as stream:
        name = compression_of(stream.peek(6)[:6])
        if not can_unpack(name):
            yield stream
        else:
            yield Rewindable(unpacked(stream, name))  # type: ignore[misc]


REWINDS_BYTES = 40 * 1024 * 1024  # more than two of the longest blocks of a pcapng file


class Rewindable:
    """A stream whose latest bytes can be read again; just what readers of captures ask of a file."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._kept_at = self._place = 0
        self._break: Break | None = None  # where it breaks off, once that was met

    def seek(self, place: int) -> int:
        """ValueError: too far back."""
        if place < self._kept_at:
            raise ValueError("what is compressed cannot be read again from there")
        while place > self._kept_at + len(self._kept):
            if not self._pull():
                break
        self._place = place
        return place

    def read(self, size: int = -1) -> bytes:
        parts: list[bytes] = []
        while size:
            try:
                data = self._next(size if size > 0 else 1 << 30)
            except Break:
                if not parts:
                    raise
                break  # what is there first
            if not data:
                break
            parts.append(data)
            size -= len(data) if size > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: memoryview) -> int:
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            try:
                data = self._next(len(view) - filled)
            except Break:
                if not filled:
                    raise
                break  # what is there first: whoever wants more meets it again
            if not data:
                break
            view[filled : filled + len(data)] = data
            filled += len(data)
        return filled

    def _next(self, size: int) -> bytes:
        at = self._place - self._kept_at
        if at >= len(self._kept) and not self._pull():
            return b""
        at = self._place - self._kept_at
        data = bytes(self._kept[at : at + size])
        self._place += len(data)
        return data

    def _pull(self) -> bool:
        if self._break is not None:
            raise self._break
        try:
            data = self._stream.read1(1024 * 1024)
        except Break as end:
            self._break = end
            raise
        if len(self._kept) > 2 * REWINDS_BYTES:
            del self._kept[:REWINDS_BYTES]
            self._kept_at += REWINDS_BYTES
        self._kept += data
        return bool(data)


def unpacked_size(path: str, most: int) -> int:
    """How many bytes a file holds, compressed or not, counted up to ``most``; what is damaged counts up to
    there.
    """
    size = 0
    with suppress(Break), open_unpacked(path) as stream:
        if not isinstance(stream, Rewindable):
            return os.path.getsize(path)
        while size < most and (data := stream._stream.read1(1024 * 1024)):
            size += len(data)
    return size
