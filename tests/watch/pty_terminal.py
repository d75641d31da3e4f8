"""A terminal for tests: a pty with a program on it, and a screen that understands what the watcher writes.

What a terminal would do badly is counted: lines that were too long for it (``wrapped``) and texts that went
beyond its last line (``scrolled``).
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

from live_bench import PATIENCE_S, ROOT

from tests.programs import program

_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n])")
STOP, GO_ON = b"\x13", b"\x11"  # Ctrl-S, Ctrl-Q


cpu_wait_s = program("benchmarks/interrupts.py").cpu_wait_s


class Terminal:
    """``with Terminal(80, 24, "live", "watch") as one: …``: vrrplab's command on a terminal of this size."""

    def __init__(self, columns: int, rows: int, *words: str, folder: Path, background: bool = False) -> None:
        self._master, self._slave = os.openpty()
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self._slave)
        name = os.ttyname(self._slave)
        command = [sys.executable, "-m", "vrrplab", *words]
        # the first terminal that the leader of a session opens is its own; descriptors stay those from here
        script = f': <>"{name}"; ' + ('set -m; "$@" & echo $! >job; wait' if background else 'exec "$@"')
        self.process = subprocess.Popen(
            ["sh", "-c", script, "sh", *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            start_new_session=True,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()
        os.close(self._master)
        os.close(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now, and is empty."""
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._rest = ""
        self.wrapped = self.scrolled = 0
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def read(self, seconds: float) -> list[str]:
        """What is on the screen after so long."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            if select.select([self._master], [], [], left_s)[0]:
                self._draw(os.read(self._master, 65536).decode())
        return self.lines

    def wait_for(self, text: str, limit_s: float = PATIENCE_S) -> list[str]:
        """The screen, once this stands on it."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            if any(text in line for line in self.read(0.1)):
                return self.lines
        raise AssertionError(f"no {text!r} within {limit_s} s:\n" + "\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def waits(self) -> bool:
        """Does the terminal wait for its reader?"""
        return not select.select([], [self._slave], [], 0)[1]

    @property
    def settings_now(self) -> list[Any]:
        return termios.tcgetattr(self._slave)

    @property
    def is_blocking(self) -> bool:
        """Is the descriptor that program and shell share as it was?"""
        return os.get_blocking(self._slave)

    def end(self, number: int = signal.SIGTERM) -> tuple[float, int]:
        """Seconds from a signal to its end, but for those in which others kept it from running, and the exit
        code; nothing is read meanwhile.
        """
        began_s, waited_s = time.monotonic(), cpu_wait_s(self.process.pid)
        last_s = waited_s
        self.process.send_signal(number)
        while self.process.poll() is None and time.monotonic() < began_s + PATIENCE_S:
            last_s = cpu_wait_s(self.process.pid) or last_s
            time.sleep(0.002)
        ended_s = time.monotonic()
        return ended_s - began_s - (last_s - waited_s), self.process.wait(0)

    def _draw(self, text: str) -> None:
        text = self._rest + text
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            parameters, command, back, feed, letter = found.groups()
            if back:
                self._column = 0
            elif feed:
                self._feed()
            elif letter:
                self._put(letter)
            else:
                self._obey(parameters, command)
        self._rest = text[at:]
        assert len(self._rest) < 20, f"an unknown sequence: {self._rest!r}"

    def _feed(self) -> None:
        if self._row + 1 == self.rows:
            self.scrolled += 1
            self._cells = [*self._cells[1:], [" "] * self.columns]
        else:
            self._row += 1

    def _put(self, letter: str) -> None:
        if self._column == self.columns:
            self.wrapped += 1
            self._column = 0
            self._feed()
        self._cells[self._row][self._column] = letter
        self._column += 1

    def _obey(self, parameters: str, command: str) -> None:
        match command, parameters:
            case "H", "":
                self._row = self._column = 0
            case "K", "2":
                self._cells[self._row] = [" "] * self.columns
            case "J", "2":
                self._cells = [[" "] * self.columns for _ in range(self.rows)]
            case "J", "":
                begin = min(self._column, self.columns)
                self._cells[self._row][begin:] = [" "] * (self.columns - begin)
                self._cells[self._row + 1 :] = [
                    [" "] * self.columns for _ in range(self.rows - self._row - 1)
                ]
            case _:
                raise AssertionError(f"nobody expects ESC [ {parameters} {command}")
