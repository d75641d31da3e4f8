"""A router's signals while it lives: SIGTERM and SIGINT end it, SIGHUP has it read its file again.

Until it stands SIGHUP is remembered, and the other two do what they did before (``vrrplab.interrupts``), as
there is nothing to take back yet. While it leaves all three have no effect. asyncio's own signal handlers are
not used: the loop's end would give the signals back to the system, which kills a process that still writes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class RouterSignals:
    """A context manager, of the main thread; what was set before is there again afterwards."""

    def __enter__(self) -> RouterSignals:
        self._hung_up = False
        self._actions: dict[int, Callable[[], object]] = {}
        self._before: dict[int, Any] = {number: signal.getsignal(number) for number in _NUMBERS}
        self._heard, self._told = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._told_before: int | None = None
        signal.signal(signal.SIGHUP, self._early)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._told_before is not None:
            signal.set_wakeup_fd(self._told_before)
        os.close(self._heard)
        os.close(self._told)

    def obey(
        self, loop: asyncio.AbstractEventLoop, stop: Callable[[], object], reload: Callable[[], object]
    ) -> None:
        """From now on they have effect; a SIGHUP that came before has it as soon as the loop runs."""
        self._actions = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
        self._told_before = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        loop.add_reader(self._heard, self._hear)
        for number in _NUMBERS:
            signal.signal(number, _nothing)  # Python writes its number into the pipe
        if self._hung_up:
            loop.call_soon(self._act, signal.SIGHUP)

    def ignore(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on they have no effect."""
        self._actions = {}
        loop.remove_reader(self._heard)

    def _early(self, number: int, frame: FrameType | None) -> None:
        self._hung_up = True

    def _hear(self) -> None:
        for number in os.read(self._heard, 4096):
            self._act(number)

    def _act(self, number: int) -> None:
        action = self._actions.get(number)
        if action is not None:
            action()


def _nothing(number: int, frame: FrameType | None) -> None:
    """A signal that is heard in the loop."""
