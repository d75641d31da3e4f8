"""Files that are read: every reader opens them here, up to a size that is told, and a command remembers them.

What a command has read is what its output files must not replace (``output.files``). A library call remembers
nothing: who reads a trace and saves it under its own name means to.

Bytes become text here too, so that a byte-order mark and line ends of another system are the same everywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from io import BufferedReader, BytesIO, TextIOWrapper
from stat import S_ISCHR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import BinaryIO

from vrrplab.errors import PlacedError, VrrplabError
from vrrplab.limits import Limit

Identity = tuple[int, int]  # device and inode: the same through every link

_PATIENCE_MS = 1000  # what has not come by then is worth a line


class _Run:
    """One command: the files that it has read, and where it says what it waits for."""

    def __init__(self, say: Callable[[str], None]) -> None:  # no dataclass: every command starts here
        self.say = say
        self.files: dict[Identity, str] = {}


_run: ContextVar[_Run | None] = ContextVar("the command that reads", default=None)


@contextmanager
def remembered(say: Callable[[str], None] = lambda _line: None) -> Iterator[dict[Identity, str]]:
    """While this lasts, files that are opened here are kept: identity, and path it was opened by.

    ``say`` gets a line when a pipe or a terminal is waited for.
    """
    run = _Run(say)
    token = _run.set(run)
    try:
        yield run.files
    finally:
        _run.reset(token)


def already_read(path: str | os.PathLike[str]) -> str:
    """The path by which this run has read the file that is at ``path`` now, or "" if it has not."""
    run = _run.get()
    if run is None or not run.files:
        return ""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ""
    return run.files.get((found.st_dev, found.st_ino), "")


_unsaved: ContextVar[Mapping[str, bytes]] = ContextVar("what an editor has not saved", default={})  # noqa: B039


@contextmanager
def unsaved(contents: Mapping[str, bytes]) -> Iterator[None]:
    """While this lasts files are read as they are shown somewhere: real path to content."""
    token = _unsaved.set(contents)
    try:
        yield
    finally:
        _unsaved.reset(token)


class Handed:
    """Files that somebody handed over, as dropped on a page: name to content, in no folder of this machine.

    ``own``: those that are a node's own file. ``missing``: what was asked for and not handed over, by the
    place that asks for it, filled while files are read.
    """

    def __init__(self, files: Mapping[str, bytes], own: Iterable[str] = ()) -> None:
        self.files = dict(files)
        self.own = frozenset(own)
        self.missing: dict[tuple[str, int], str] = {}

    def called(self, pattern: str, beside: str = "") -> list[str]:
        """The files that a path or pattern means which stands in the file ``beside``; its folder's first.

        Who hands files over has them in one place, whatever folders they had on their servers: the last part
        of the path has to be the same, and of several the one counts that has most of the others.
        """
        from fnmatch import fnmatchcase  # few files are handed over

        folder, _, last = os.path.normpath(pattern).rpartition("/")
        is_pattern = any(sign in last for sign in "*?[")
        near = os.path.dirname(beside)
        found: list[tuple[int, str]] = []
        for name in self.files:
            there, _, own = name.rpartition("/")
            if not is_pattern and own != last:
                continue
            if is_pattern and (name in self.own or own.startswith(".") or not fnmatchcase(own, last)):
                continue
            alike = _common_end(there.split("/"), os.path.join(near, folder).split("/"))
            found.append((2 * alike + (there == near or there.startswith(f"{near}/")), name))
        best = max(found, default=(0, ""))[0]
        names = sorted(name for score, name in found if score == best)
        return names if is_pattern else names[:1]


def _common_end(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count


_handed: ContextVar[Handed | None] = ContextVar("files that were handed over", default=None)


@contextmanager
def handed_over(files: Handed) -> Iterator[Handed]:
    """While this lasts, files are looked for among these before any on this machine."""
    token = _handed.set(files)
    try:
        yield files
    finally:
        _handed.reset(token)


def handed() -> Handed | None:
    """Those of this moment; None: files are where their paths say."""
    return _handed.get()


# -- opened -------------------------------------------------------------------------------------------------


def open_input(path: str | os.PathLike[str], ordinary: bool = False) -> BufferedReader:
    """The file, opened to be read, and remembered. OSError; ValueError for a name that no file can have;
    VrrplabError for a file that this run is going to write.

    A FIFO or a terminal is waited for, and a command says so. ``ordinary``: what is no regular file is a
    ValueError; for files that are found, not named, one of which could be waited for without end.
    """
    handed_in = _handed.get()
    if handed_in is not None and (data := handed_in.files.get(os.fspath(path))) is not None:
        return BufferedReader(BytesIO(data))
    shown = _unsaved.get()
    if shown and (data := shown.get(os.path.realpath(os.fspath(path)))) is not None:
        return BufferedReader(BytesIO(data))
    stream = open(path, "rb", opener=_opened)  # noqa: SIM115 - the caller closes it
    try:
        found = os.fstat(stream.fileno())
        if ordinary and not S_ISREG(found.st_mode):
            raise ValueError("it is no ordinary file")
        require_unpromised(path, found)
        run = _run.get()
        if run is not None:
            run.files[found.st_dev, found.st_ino] = os.fspath(path)
        if not S_ISREG(found.st_mode):
            await_input(stream, os.fspath(path))
            os.set_blocking(stream.fileno(), True)
    except BaseException:
        stream.close()
        raise
    return stream


def _opened(path: str, flags: int) -> int:
    # O_NONBLOCK: a FIFO that nobody writes to is opened all the same, so that the wait for it can be told.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def await_input(stream: BinaryIO, name: str) -> None:
    """Until there is something to read, or its end; a line says after a second what is waited for."""
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError, AttributeError):
        return  # no real file
    if not (S_ISFIFO(mode) or S_ISSOCK(mode) or S_ISCHR(mode)):
        return
    import select

    if not hasattr(select, "poll"):
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLHUP)
    if poll.poll(_PATIENCE_MS):
        return
    run = _run.get()
    if run is not None:
        end = "type or paste it, Ctrl-D ends it" if os.isatty(descriptor) else "Ctrl-C ends the wait"
        run.say(f"waiting for input from {name} ({end})")
    poll.poll()


# -- read ---------------------------------------------------------------------------------------------------


def read_stream(stream: BinaryIO, limit: Limit, name: str, error: type[PlacedError]) -> bytes:
    """All of a stream; ``error`` where it goes on beyond the limit, as /dev/zero does for ever."""
    data = stream.read(limit.most + 1)
    if len(data) > limit.most:
        raise too_large(name, limit, error)
    return data


def too_large(name: str, limit: Limit, error: type[PlacedError], line: int = 0) -> PlacedError:
    """What is beyond a limit, as ``error``."""
    return error(name, line, f"is larger than {limit}, the most for {limit.what}", "is it the right file?")


def read_bytes(
    path: str | os.PathLike[str],
    limit: Limit,
    error: type[PlacedError],
    hint: str = "",
    ordinary: bool = False,
) -> bytes:
    """All of a file, up to a limit; ``error`` if it cannot be read or is larger."""
    name = os.fspath(path)
    try:
        with open_input(path, ordinary) as stream:
            return read_stream(stream, limit, name, error)
    except (OSError, ValueError) as reason:
        raise unreadable(name, reason, error, hint) from None


def unreadable(
    name: str, reason: OSError | ValueError, error: type[PlacedError], hint: str = ""
) -> PlacedError:
    """Why a file cannot be opened or read, as ``error``."""
    return error(name, 0, f"cannot be read: {getattr(reason, 'strerror', None) or reason}", hint)


def read_text(path: str | os.PathLike[str], limit: Limit, error: type[PlacedError], hint: str = "") -> str:
    """All of a text file, up to a limit: ``text_of`` its bytes. ``hint``: what text is expected."""
    return text_of(read_bytes(path, limit, error), os.fspath(path), error, hint)


def text_of(data: bytes, name: str, error: type[PlacedError], hint: str = "") -> str:
    """UTF-8, or what a byte-order mark says it is, with ``\\n`` at the end of its lines.

    ``error`` with the line if it is neither.
    """
    mark, encoding = byte_order_mark(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as reason:
        before = data[len(mark) : len(mark) + reason.start].decode(encoding, "replace")
        raise _no_text(name, before.count("\n") + 1, encoding, error, hint) from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_lines(
    path: str | os.PathLike[str], longest: Limit, most: Limit, error: type[PlacedError], hint: str = ""
) -> Iterator[tuple[int, str]]:
    """The lines of a text file that may be long, each with its number, from 1: as ``read_text`` of each.

    Neither a line nor all of them together may be larger than their limits.
    """
    name, number, size = os.fspath(path), 0, 0
    try:
        with open_input(path) as stream:
            mark, encoding = byte_order_mark(stream.peek(4))
            stream.read(len(mark))
            escaped = encoding == "utf-8"
            with TextIOWrapper(stream, encoding, "surrogateescape" if escaped else "strict") as text:
                while line := text.readline(longest.most + 1):
                    number += 1
                    size += len(line)
                    if len(line) > longest.most:
                        raise too_large(name, longest, error, number)
                    if size > most.most:
                        raise too_large(name, most, error)
                    if escaped and not line.isascii() and _UNDECODED.search(line):
                        raise _no_text(name, number, encoding, error, hint)
                    yield number, line
    except UnicodeDecodeError:
        raise _no_text(name, number + 1, encoding, error, hint) from None
    except (OSError, ValueError) as reason:
        raise unreadable(name, reason, error, hint) from None


_UNDECODED = re.compile("[\udc80-\udcff]")


def _no_text(name: str, line: int, encoding: str, error: type[PlacedError], hint: str) -> PlacedError:
    return error(name, line, f"is not text: it is no {encoding.upper()} here", hint)


# The longer ones first: UTF-32's begins like UTF-16's.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def byte_order_mark(data: bytes) -> tuple[bytes, str]:
    """The mark that these bytes begin with, b"" if there is none, and the encoding that follows it."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding
    return b"", "utf-8"


# -- not to be read -----------------------------------------------------------------------------------------

_promised: ContextVar[Mapping[Identity, str] | None] = ContextVar("files to be written", default=None)


@contextmanager
def promised_files(outputs: Mapping[Identity, str]) -> Iterator[None]:
    """While this lasts, these files, which have other contents now, will be written: none of them is read.
    ``outputs``: each with the option that names it.
    """
    token = _promised.set(outputs)
    try:
        yield
    finally:
        _promised.reset(token)


def require_unpromised(path: str | os.PathLike[str], found: os.stat_result) -> None:
    """VrrplabError if a file that is about to be read is one that this run will write."""
    output = (_promised.get() or {}).get((found.st_dev, found.st_ino))
    if output:
        raise would_be_lost(output, os.fspath(path))


def would_be_lost(output: str, read: str) -> VrrplabError:
    """The error for an output that is also an input."""
    return VrrplabError(f"{output}: this run reads {read}, which would be overwritten - name another file")
