"""What keeps one instance from working: faults, each with its cause, and first script results to wait for.

keepalived only; to the RFCs a router that cannot work is shut down. Faults at the same time only add up:
the first leads to FAULT, the last one's end out of it (recordings article_drill*, script_*).
"""

from __future__ import annotations

from vrrplab.machine.events import InstanceStarted, TrackedObjectFailed, TrackedObjectRecovered


class Faults:
    __slots__ = ("faults", "waits_for")

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}  # cause -> why
        self.waits_for: list[str] = []  # scripts without a result yet

    def begin(self, event: InstanceStarted) -> None:
        self.faults = dict(event.faults)
        self.waits_for = list(event.waits_for)

    def add(self, event: TrackedObjectFailed) -> bool:
        """Count a failure; True if everything was well before."""
        first = not self.faults
        self._count_result(event)
        self.faults[event.cause] = event.why
        return first

    def remove(self, event: TrackedObjectRecovered) -> str:
        """What a recovery means: "over" all faults are, "waits" for first results, "" nothing changes."""
        waited = bool(self.waits_for)
        self._count_result(event)
        if event.first:
            return "over" if waited and not self.waits_for and not self.faults else ""
        if self.faults.pop(event.cause, None) is None or self.faults:
            return ""
        return "waits" if self.waits_for else "over"

    @property
    def told(self) -> tuple[str, ...]:
        """What is broken or not known yet, a sentence each."""
        unknown = (f"{cause} has given no result yet" for cause in dict.fromkeys(self.waits_for))
        return *self.faults.values(), *unknown

    def _count_result(self, event: TrackedObjectFailed | TrackedObjectRecovered) -> None:
        if event.first and event.cause in self.waits_for:
            self.waits_for.remove(event.cause)
