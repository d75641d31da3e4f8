"""A lean twin as SimPy's guide would write it: a router is a process that sleeps until its next deadline.

Whatever comes before that interrupts it. A frame on its way is a process, and so is a check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import simpy
from lean import Lan, LeanRouter

from vrrplab.machine.events import TimePassed


class SleepingRouter(LeanRouter):
    def begin(self) -> None:
        self.process = self.env.process(self._life())

    def hear(self, event: Any) -> None:
        self.process.interrupt(event)

    def _life(self) -> Iterator[simpy.Event]:
        yield self.env.timeout(self.server.start_at_us)
        self.start()
        while True:
            due = self.daemon.next_deadline()
            try:
                yield self.env.event() if due is None else self.env.timeout(max(0, due - self.env.now))
                self.handle(TimePassed())
            except simpy.Interrupt as interrupt:
                self.handle(interrupt.cause)


class InterruptLan(Lan):
    router_type = SleepingRouter

    def put(self, sender: LeanRouter, interface: str, frame: bytes) -> None:
        self.env.process(self._travel(sender, sender.server.interfaces[interface].segment, frame))

    def _travel(self, sender: LeanRouter, segment: str, frame: bytes) -> Iterator[simpy.Event]:
        yield self.env.timeout(self.latency_us[segment])
        self.arrive(sender, segment, frame)

    def check(self, router: LeanRouter, exited: Any) -> None:
        self.env.process(self._checked(router, exited))

    def _checked(self, router: LeanRouter, exited: Any) -> Iterator[simpy.Event]:
        yield self.env.timeout(router.server.script_run_us)
        router.hear(exited)
