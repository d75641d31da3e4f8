"""A terminal that is drawn on and listened to, and never waited for.

A terminal that is not read (Ctrl-S, a window that hangs, a stopped ``ssh``) holds up a thread here and nobody
else: the next drawing is left out until the last has been taken. The descriptor stays as it is, because a
shell shares it; keys are read without echo while the terminal is ours, and everything is as before at the
end, on Ctrl-Z, and while another job has the terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import termios
import threading
from collections.abc import Callable
from typing import Any

from vrrplab.output.printable import escaped
from vrrplab.output.terminal import screenful
from vrrplab.output.trace_writer import written

_UNSET_SIZE = (80, 24)  # of a terminal that does not know its own
_PATIENCE_S = 0.3  # at the end: for what a reader has not taken yet

UP, DOWN, PAGE_UP, PAGE_DOWN, TOP, BOTTOM, QUIT = (
    "up",
    "down",
    "page up",
    "page down",
    "top",
    "bottom",
    "quit",
)
_KEYS = {
    b"\x1b[A": UP, b"\x1bOA": UP, b"k": UP,
    b"\x1b[B": DOWN, b"\x1bOB": DOWN, b"j": DOWN, b"\r": DOWN, b"\n": DOWN,
    b"\x1b[5~": PAGE_UP, b"b": PAGE_UP,
    b"\x1b[6~": PAGE_DOWN, b" ": PAGE_DOWN,
    b"\x1b[H": TOP, b"\x1bOH": TOP, b"\x1b[1~": TOP, b"g": TOP,
    b"\x1b[F": BOTTOM, b"\x1bOF": BOTTOM, b"\x1b[4~": BOTTOM, b"G": BOTTOM,
    b"q": QUIT, b"Q": QUIT,
}  # fmt: skip
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^[O])|[^\x1b]", re.DOTALL)
_LONGEST = 16  # bytes of a key


def is_ours(descriptor: int) -> bool:
    """May this process use the terminal, or has a shell put it into the background?"""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not our controlling terminal: nobody else is in front of it
        return True


class Screen:
    """Draws on a terminal, or into a pipe, from a thread of its own."""

    def __init__(self, descriptor: int, encoding: str) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._terminal = os.isatty(descriptor)
        self._drawn_size: tuple[int, int | None] | None = None
        self._next: bytes | None = None
        self._busy = self._closing = False
        self._change = threading.Condition()
        self.gone = False  # nobody can read any more
        self._thread = threading.Thread(target=self._run, name="draws", daemon=True)
        self._thread.start()

    @property
    def size(self) -> tuple[int, int | None]:
        """Columns and lines of the window now; a pipe has lines without end."""
        if not self._terminal:
            return 80, None
        with contextlib.suppress(OSError):
            found = os.get_terminal_size(self._descriptor)
            return found.columns or _UNSET_SIZE[0], found.lines or _UNSET_SIZE[1]
        return _UNSET_SIZE

    @property
    def ready(self) -> bool:
        """Is there any use in drawing now?"""
        return not self._busy and (not self._terminal or is_ours(self._descriptor))

    def forget(self) -> None:
        """Somebody else has written here meanwhile."""
        self._drawn_size = None

    def show(self, lines: list[str], size: tuple[int, int | None]) -> None:
        """Put lines that fit this size in the place of the last ones; never waits."""
        if self._terminal:
            text = screenful(lines, anew=size != self._drawn_size)
        else:
            text = "\n".join(map(escaped, [*lines, ""]))
        self._drawn_size = size
        with self._change:
            # "?" where a letter is missing: an escape would be longer than the place it has
            self._next, self._busy = text.encode(self._encoding, "replace"), True
            self._change.notify()

    def close(self) -> None:
        """Leave the last drawing, the cursor below it; a terminal that takes nothing is not waited for."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        while not self.gone:
            with self._change:
                while self._next is None and not self._closing:
                    self._change.wait()
                data, self._next = self._next, None
            if data is None:
                self._write(b"\r\n" if self._terminal and self._drawn_size is not None else b"")
                return
            self._write(data)
            self._busy = self._next is not None

    def _write(self, data: bytes) -> None:
        try:
            for _ in written(self._descriptor, data):
                pass
        except OSError:  # it was closed, or its line was hung up
            self.gone = True


class Keys:
    """The keys of a terminal, one at a time and without echo, as long as the terminal is ours."""

    def __init__(self, descriptor: int, pressed: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._pressed = pressed
        self._before: list[Any] | None = None  # the terminal's settings, while they are ours
        self._ours: list[Any] = []
        self._unread = b""
        # another job may get the terminal between our look and our reading: an error then, and not our end
        for number in (signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)

    def attend(self) -> bool:
        """Listen if the terminal is ours now; true if it is. Called again and again: jobs come and go."""
        loop = asyncio.get_running_loop()
        if not is_ours(self._descriptor):
            if self._before is not None:  # the shell has settings of its own now
                loop.remove_reader(self._descriptor)
                self._before = None
            return False
        try:
            now = termios.tcgetattr(self._descriptor)
            if self._before is None or now != self._ours:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, _without_echo(now))
                self._before, self._ours = now, termios.tcgetattr(self._descriptor)
                loop.add_reader(self._descriptor, self._readable)
        except (termios.error, OSError):
            return False
        return True

    def restore(self) -> None:
        """The terminal as it was before."""
        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(RuntimeError):  # no loop runs any more
                asyncio.get_running_loop().remove_reader(self._descriptor)
            if is_ours(self._descriptor):
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, before)

    def _readable(self) -> None:
        data = b""
        if is_ours(self._descriptor):
            with contextlib.suppress(OSError):
                data = os.read(self._descriptor, 1024)
        if not data:  # hung up, or taken by another job: ``attend`` looks again
            self.restore()
            return
        data = self._unread + data
        keys = list(_SEQUENCE.finditer(data))
        self._unread = data[keys[-1].end() if keys else 0 :][:_LONGEST]
        for key in keys:
            if (name := _KEYS.get(key.group())) is not None:
                self._pressed(name)


def _without_echo(settings: list[Any]) -> list[Any]:
    """A terminal's settings, but keys come at once and unseen; reading never waits, Ctrl-C stays a signal."""
    changed = [*settings[:6], list(settings[6])]
    changed[3] &= ~(termios.ICANON | termios.ECHO)
    changed[6][termios.VMIN] = changed[6][termios.VTIME] = 0
    return changed
