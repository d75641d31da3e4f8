"""How far long work is: on a terminal a line that is redrawn, elsewhere a line every ten seconds at most.

Always on standard error, never in the way of the output, and silent where it takes no longer than a moment.
Commands and notebooks use it alike.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from vrrplab.output.terminal import is_open, rewrite_line
from vrrplab.work import duration

SILENT_S = 1.0
REDRAWN_S = 0.1
LINE_S = 10.0
TICK_S = 0.25
_WIDTH = 20


class Progress:
    """``with Progress("simulate") as progress``, and ``progress.at(share)`` now and then, which is cheap."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._terminal = is_open(sys.stderr) and sys.stderr.isatty()
        self._began_s = monotonic()
        self._next_s = self._began_s + (SILENT_S if self._terminal else LINE_S)
        self._drawn = False
        self._lock = threading.Lock()  # ``ticking`` draws from a thread of its own

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """No more of it; the line is gone."""
        with self._lock:
            self._next_s = float("inf")
            self._erase()

    def at(self, share: float, text: str = "") -> None:
        """So much is done, 0 to 1; ``text``: what of."""
        now_s = monotonic()
        if now_s < self._next_s:
            return
        with self._lock:
            if now_s < self._next_s:
                return
            self._next_s = now_s + (REDRAWN_S if self._terminal else LINE_S)
            self._draw(min(1.0, max(0.0, share)), text, now_s - self._began_s)

    def _draw(self, share: float, text: str, took_s: float) -> None:
        left = f", about {duration(took_s / share * (1 - share))} left" if 0.01 <= share < 1 else ""
        told = f"{100 * share:.0f} %{left}" + (f" - {text}" if text else "")
        if self._terminal:
            done = round(_WIDTH * share)
            rewrite_line(f"{self.what} [{'#' * done}{'.' * (_WIDTH - done)}] {told}")
            self._drawn = True
        elif is_open(sys.stderr):
            print(f"{self.what}: {told}", file=sys.stderr, flush=True)

    def _erase(self) -> None:
        if self._drawn:
            rewrite_line("")
            self._drawn = False

    def line(self, text: str, file: TextIO | None = None) -> None:
        """A line of the output (of ``file``), which may go to the same terminal."""
        with self._lock:
            self._erase()
            print(text, file=file, flush=True)

    @contextmanager
    def ticking(
        self, takes_s: float, text: str = "", from_share: float = 0.0, part: float = 1.0
    ) -> Iterator[None]:
        """While something is waited for that takes so many seconds and says nothing meanwhile.

        It is that ``part`` of the whole, of which ``from_share`` is done.
        """
        began_s, over = monotonic(), threading.Event()

        def tick() -> None:
            while not over.wait(TICK_S):
                self.at(from_share + part * min(0.99, (monotonic() - began_s) / takes_s), text)

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
