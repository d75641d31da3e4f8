"""The door to a terminal: what a command prints goes by here, and nothing of it steers the terminal.

``standard_streams`` shows as escapes what a terminal would obey (``output.printable``). Vrrplab's own
control sequences leave by ``screenful`` and ``rewrite_line``, and only to a terminal.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, BinaryIO, TextIO, cast

from vrrplab.output.printable import ESCAPES, escaped
from vrrplab.output.text_columns import cut

_HOME, _CLEAR, _EMPTY_LINE, _EMPTY_BELOW = "\x1b[H", "\x1b[H\x1b[2J", "\x1b[2K", "\x1b[J"
COLOURS = {"red": "\x1b[1;31m", "yellow": "\x1b[1;33m", "blue": "\x1b[1;34m"}
COLOUR_END = "\x1b[0m"
ERASE_LINE = "\r\x1b[K"


class Guarded:
    """A text stream to which nothing goes that could steer a terminal. All else is the stream's own.

    ``stream`` None: it is closed, and whoever writes is told. ``forgiving``: what cannot be written is
    dropped; of standard error's troubles nobody could be told.
    """

    def __init__(self, stream: TextIO | None, name: str = "", forgiving: bool = False) -> None:
        self._stream = stream
        self._name = name
        self._forgiving = forgiving

    def write(self, text: str, *, tabs: bool = False) -> int:
        self._pass_on("write", escaped(text, tabs=tabs))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._stream is not None:
            self._pass_on("flush")

    def steer(self, sequence: str) -> None:
        """A control sequence of vrrplab's own; only a terminal gets it."""
        if self.isatty():
            self._pass_on("write", sequence)

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    @property
    def closed(self) -> bool:
        return self._stream is None or self._stream.closed

    @property
    def encoding(self) -> str:
        return "utf-8" if self._stream is None else self._stream.encoding

    def fileno(self) -> int:
        return self._open().fileno()

    @property
    def buffer(self) -> BinaryIO:
        return self._open().buffer

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stream, attribute)

    def _open(self) -> TextIO:
        if self._stream is None:
            raise OSError(errno.EBADF, f"{self._name} is closed")
        return self._stream

    def _pass_on(self, what: str, *arguments: str) -> None:
        try:
            getattr(self._open(), what)(*arguments)
        except OSError as error:
            if self._forgiving:
                return
            if self._name and self._stream is not None and error.filename is None:
                error.filename = self._name
            raise


class Batched:
    """Many short texts for a stream, handed over some at a time where the stream keeps them back anyway: to
    a file or a pipe. ``flush`` hands over the rest.
    """

    def __init__(self, stream: TextIO) -> None:
        at_once = stream.isatty() or any(getattr(stream, name, False) for name in _AT_ONCE)
        self._most = 1 if at_once else _BATCH
        self._write = stream.write
        self._waiting: list[str] = []

    def write(self, text: str) -> None:
        self._waiting.append(text)
        if len(self._waiting) >= self._most:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._write("".join(waiting))


_AT_ONCE = "line_buffering", "write_through"  # of a stream; one that is closed has neither
_BATCH = 64  # rows: some 5 kB, less than what a pipe's buffer holds


def guarded(file: IO[str]) -> TextIO:
    """The file as one to which only harmless text goes: somebody will show it on a terminal."""
    return cast(TextIO, file if isinstance(file, Guarded) else Guarded(cast(TextIO, file)))


def print_file(text: str) -> None:
    """The text of a file, to standard output: its tabs stay tabs, as the file is to be read again."""
    stream = sys.stdout
    (stream if isinstance(stream, Guarded) else Guarded(stream)).write(text, tabs=True)


def is_open(stream: TextIO | None) -> bool:
    """False for standard output that was closed by whoever started this (``>&-``)."""
    return stream is not None and not getattr(stream, "closed", False)  # JupyterLite's has no such word


@contextmanager
def standard_streams() -> Iterator[None]:
    """While this lasts, nothing that is printed steers a terminal. Every program of the package begins so.

    A stream that is closed is an error for who uses it. At the end nothing is left in a buffer that cannot be
    written: the interpreter would try once more, and complain. What an exception of ours ends keeps its
    streams, for the traceback that somebody asked for.
    """
    _occupy_descriptors()
    before = sys.stdin, sys.stdout, sys.stderr
    if sys.stdin is None:
        sys.stdin = cast(TextIO, Guarded(None, "standard input"))
    sys.stdout = _guard(sys.stdout, "standard output")
    sys.stderr = _guard(sys.stderr, "standard error", forgiving=True)
    try:
        yield
    finally:
        for stream in before[1:]:
            _settle(stream)
    sys.stdin, sys.stdout, sys.stderr = before


def _guard(stream: TextIO | None, name: str, forgiving: bool = False) -> TextIO:
    if isinstance(stream, Guarded):
        return stream
    if stream is not None and hasattr(stream, "reconfigure"):
        with suppress(OSError, ValueError):
            stream.reconfigure(errors=ESCAPES)  # of a character that it has not
    return cast(TextIO, Guarded(stream, name, forgiving))


def _occupy_descriptors() -> None:
    """A file that is opened must not become what a child takes for its standard output."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)


def _settle(stream: TextIO | None) -> None:
    """Write what is buffered, or drop it where that fails."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        drop_unwritten(stream)


def drop_unwritten(stream: TextIO) -> None:
    """Point a stream at nothing, or Python writes the rest at exit and fails once more, with a traceback."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return  # not a real file: nothing will be flushed at exit
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
    with suppress(OSError, ValueError):
        stream.flush()


def rewrite_line(text: str, stream: TextIO | None = None) -> None:
    """Progress: on a terminal ``text`` in place of the line that is there, elsewhere nothing; "" only erases.

    ``stream``: standard error if not given.
    """
    target = sys.stderr if stream is None else stream
    if not is_open(target) or not target.isatty():
        return
    guard = target if isinstance(target, Guarded) else Guarded(target, forgiving=True)
    guard.steer(ERASE_LINE)
    guard.write(cut(text, terminal_columns(target) - 1))
    guard.flush()


def screenful(lines: Iterable[str], anew: bool = True) -> str:
    """Lines that fit a terminal, in place of all that it shows: what nothing but a terminal may be sent.

    ``anew``: whatever stands there goes first; without, lines that stay the same do not flicker.
    """
    # A line is emptied before it is written: after one of full width "the rest of it" is its last letter.
    rows = "\r\n".join(f"{_EMPTY_LINE}{escaped(line)}" for line in lines)
    return (_CLEAR if anew else _HOME) + rows + _EMPTY_BELOW


def terminal_columns(stream: TextIO | None = None) -> int:
    """Columns of the terminal that a stream (standard output) goes to; 80 when it goes elsewhere."""
    target = sys.stdout if stream is None else stream
    try:
        return os.get_terminal_size(target.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80


def print_coloured(text: str, colour: str = "", length: int | None = None) -> None:
    """A line on standard output, of which the first ``length`` characters have a colour on a terminal.

    ``colour``: a key of ``COLOURS``; "" for none. NO_COLOR switches it off (no-color.org).
    """
    stream = sys.stdout if isinstance(sys.stdout, Guarded) else Guarded(sys.stdout)
    code = "" if os.environ.get("NO_COLOR") else COLOURS.get(colour, "")
    end = len(text) if length is None else length
    if code:
        stream.steer(code)
    stream.write(text[:end])
    if code:
        stream.steer(COLOUR_END)
    stream.write(f"{text[end:]}\n")
