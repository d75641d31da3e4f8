"""The scheduler of vrrplab's world, on SimPy's kernel: the rank of a call is the priority of its event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import simpy


class SimpyScheduler:
    """What a World asks of its scheduler."""

    def __init__(self) -> None:
        self._env = simpy.Environment(0)
        self.steps = 0

    @property
    def now(self) -> int:
        return self._env.now

    def at(self, t_us: int, rank: int, call: Callable[..., None], *args: Any) -> None:
        event = simpy.Event(self._env)
        event._ok, event._value = True, (call, args)
        event.callbacks.append(_call)
        self._env.schedule(event, rank, max(0, t_us - self._env.now))

    def after(self, delay_us: int, rank: int, call: Callable[..., None], *args: Any) -> None:
        self.at(self._env.now + delay_us, rank, call, *args)

    def run_until(self, end_us: int) -> None:
        self._env.run(until=end_us + 0.5)  # SimPy stops before what happens at ``until``
        self._env._now = end_us


def _call(event: simpy.Event) -> None:
    call, args = event.value
    call(*args)
