"""What instances and scripts of one process share: one list of actions, one pacer an interface, one count."""

from __future__ import annotations

from vrrplab.machine.actions import Action, WriteLog
from vrrplab.machine.log_lines import say
from vrrplab.machine.pacer import Pacer
from vrrplab.machine.profiles import Profile
from vrrplab.units import Micros, earliest


class Process:
    __slots__ = ("_actions", "_count", "_pacers", "lines", "moved_rp_filter", "profile", "rp_filter")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._actions: list[Action] = []
        self._pacers: dict[tuple[str, int], Pacer] = {}
        self._count = 0
        self.rp_filter = 0  # the kernel's, for all interfaces, as the process found it
        self.moved_rp_filter = False  # from ``all`` to the interfaces but its VMACs
        self.lines = 0  # logged so far

    def emit(self, action: Action) -> None:
        """Ask the driver for something, after all that was asked before."""
        self._actions.append(action)

    def log(self, key: str, **values: object) -> None:
        """The daemon's line for what happened, if its version has one."""
        line = say(self.profile.wording, key, **values)
        if line:
            self.lines += 1
            self._actions.append(WriteLog(line))

    def take(self) -> list[Action]:
        """All actions asked for since the last time."""
        taken, self._actions = self._actions, []
        return taken

    def skip(self, numbers: int) -> None:
        """As many timers were set, of which nothing is left."""
        self._count += numbers

    def number(self) -> int:
        """1, 2, 3 …: whose timer was set first, when two end in the same microsecond."""
        self._count += 1
        return self._count

    def pacer(self, interface: str, family: int) -> Pacer:
        key = (interface, family)
        if key not in self._pacers:
            self._pacers[key] = Pacer(self.profile.garp_interval_keeps_all)
        return self._pacers[key]

    def forget_announcements(self) -> None:
        """A reload: what still waited for ``garp_interval`` belongs to instances of before."""
        self._pacers.clear()

    def next_deadline(self) -> Micros | None:
        """When a frame that waits for ``garp_interval`` may leave."""
        first: Micros | None = None
        for pacer in self._pacers.values():
            if pacer.waiting:  # almost none ever has
                first = earliest(first, pacer.next_deadline())
        return first

    def tick(self, now: Micros) -> None:
        for pacer in self._pacers.values():
            if pacer.waiting:
                pacer.tick(now)
