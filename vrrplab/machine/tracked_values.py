"""track_file, vrrp_track_process and bfd_instance: what a value, a count or a session means for an instance.

Who reads files, counts processes or speaks BFD is the driver. Measured with keepalived 2.2.7 (recordings
track_file_* and track_process_*):

- A file's value times its weight is added to the priority: -254 and below means FAULT, above 253 counts as
  253. With weight 0 any other value than 0 means FAULT. A file that is gone, or holds no number, is 0.
- A process has its quorum while ``quorum`` to ``quorum_max`` of them run. Only the end of one can be forgiven
  for a while (``terminate_delay``); whatever starts counts at once.
"""

from __future__ import annotations

from vrrplab.config.model import FAULT_WORTH, BfdConfig, FileConfig, ProcessConfig, TrackedObject
from vrrplab.config.numbers import INT_MAX, INT_MIN, c_integer
from vrrplab.machine.process import Process
from vrrplab.units import Micros

MOST = 253  # of what a file can add to a priority


def share_of(tracked: TrackedObject, value: int) -> int | None:
    """What a file adds to the priority where it is tracked; None: it means FAULT."""
    worth = tracked.worth(value)
    return min(worth, MOST) if worth > FAULT_WORTH else None


class FileTracker:
    """``text``: what the file holds; None: there is no such file."""

    __slots__ = ("_process", "config", "value")

    def __init__(self, config: FileConfig, process: Process, text: str | None) -> None:
        self.config = config
        self._process = process
        self.value = 0
        self.read(text)

    def read(self, text: str | None) -> None:
        """A number with a sign, decimal, octal (0…) or hexadecimal (0x…); words behind it do not matter."""
        value = c_integer((text or "")[:127], 0)[0]
        if INT_MIN <= value <= INT_MAX + 1:
            self.value = value
        else:
            self._process.log("file_invalid", value=value, path=self.config.path)

    def why(self, tracked: TrackedObject) -> str:
        found = f"track_file {self.config.name} is {self.value}"
        if not tracked.weight:
            if share_of(tracked, self.value) is None:
                return f"{found}, and {'0' if tracked.reverse else 'any value but 0'} means FAULT (weight 0)"
            return found
        weight = f"{tracked.weight}{' reverse' if tracked.reverse else ''}"
        worth = f"{found}, with weight {weight} that makes {tracked.worth(self.value)}"
        return f"{worth}, which means FAULT" if share_of(tracked, self.value) is None else worth


class ProcessTracker:
    """``count``: how many run; None: as many as are needed."""

    __slots__ = ("_decides_at_us", "armed", "config", "count", "good")

    def __init__(self, config: ProcessConfig, process: Process, count: int | None) -> None:
        self.config = config
        self.armed = process.number()
        self.count = config.quorum if count is None else count
        self.good = self._is_enough()
        self._decides_at_us: Micros | None = None

    def next_deadline(self) -> Micros | None:
        return self._decides_at_us

    def counted(self, count: int, now: Micros) -> list[bool]:
        """Processes start or end, one after the other: each time that the quorum is gained or lost by it."""
        changes: list[bool] = []
        quorum, most = self.config.quorum, self.config.quorum_max
        while self.count != count:
            starts = count > self.count
            self.count += 1 if starts else -1
            if self.count not in ((quorum, most + 1) if starts else (quorum - 1, most)):
                continue
            if not starts and self.config.terminate_delay_us:
                self._decides_at_us = now + self.config.terminate_delay_us
            else:
                changes += self.decide()
        return changes

    def decide(self) -> list[bool]:
        """See now whether it is enough; what changed, if anything."""
        self._decides_at_us = None
        if self._is_enough() == self.good:
            return []
        self.good = not self.good
        return [self.good]

    def _is_enough(self) -> bool:
        return self.config.quorum <= self.count <= self.config.quorum_max

    def why(self) -> str:
        quorum, most = self.config.quorum, self.config.quorum_max
        wrong = f"at least {quorum} needed" if self.count < quorum else f"at most {most} allowed"
        judged = "enough" if self._is_enough() else wrong
        return f"track_process {self.config.name}: {self.count} running, {judged}"


class BfdTracker:
    __slots__ = ("config", "good")

    def __init__(self, config: BfdConfig, is_up: bool) -> None:
        self.config = config
        self.good = is_up

    def why(self) -> str:
        return f"BFD session {self.config.name} is {'up' if self.good else 'down'}"


def text_to_write(config: FileConfig, there: bool, reload: bool) -> str | None:
    """What the daemon writes into a track_file as it reads its configuration; None: it leaves it alone."""
    if config.init_value is None or (there and (reload or not config.overwrite)):
        return None
    return f"{config.init_value}\n"
