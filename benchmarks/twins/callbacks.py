"""A lean twin as fast as SimPy can be: timeouts with callbacks, and a deadline that is looked at in time.

A router arms a timeout only when it has none that comes early enough; one that came too early finds nothing
due and is armed anew.
"""

from __future__ import annotations

from typing import Any

from lean import Lan, LeanRouter

from vrrplab.machine.events import TimePassed


class ArmedRouter(LeanRouter):
    _armed: int | None = None

    def begin(self) -> None:
        self.env.timeout(self.server.start_at_us).callbacks.append(self._start)

    def _start(self, _: Any) -> None:
        self.start()
        self._arm()

    def hear(self, event: Any) -> None:
        self.handle(event)
        self._arm()

    def _arm(self) -> None:
        due = self.daemon.next_deadline()
        if due is not None and (self._armed is None or due < self._armed):
            self._armed = due
            self.env.timeout(max(0, due - self.env.now)).callbacks.append(self._wake)

    def _wake(self, _: Any) -> None:
        if self._armed is not None and self._armed <= self.env.now:
            self._armed = None
            self.hear(TimePassed())


class CallbackLan(Lan):
    router_type = ArmedRouter

    def put(self, sender: LeanRouter, interface: str, frame: bytes) -> None:
        segment = sender.server.interfaces[interface].segment
        event = self.env.timeout(self.latency_us[segment], (sender, segment, frame))
        event.callbacks.append(self._come)

    def _come(self, event: Any) -> None:
        self.arrive(*event.value)

    def check(self, router: LeanRouter, exited: Any) -> None:
        self.env.timeout(router.server.script_run_us, (router, exited)).callbacks.append(self._checked)

    def _checked(self, event: Any) -> None:
        router, exited = event.value
        router.hear(exited)
