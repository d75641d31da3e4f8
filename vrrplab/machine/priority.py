"""Priority: what it is made of, and what happens when two routers claim to own the addresses.

Weights add up to a total that is cut to 1..254; an owner stays at 255 (RFC 9568 section 5.2.4) unless it
meets another one: a mistake that RFC 9568 section 8.3.2 asks to log. keepalived 2.2.7 lowers itself to 254
for good; 2.4.3 lets the lower address yield, and waits to see whether it does.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.actions import Warn
from vrrplab.machine.process import Process
from vrrplab.machine.voice import Voice
from vrrplab.units import Micros

OWNER = 255


def cut(total: int) -> int:
    """A total of weights as a priority: 1 to 254, for 255 is an owner's and 0 a farewell."""
    return min(max(total, 1), OWNER - 1)


class Priority:
    __slots__ = ("_total", "effective", "is_owner")

    def __init__(self, config: InstanceConfig) -> None:
        self._total = config.base_priority
        self.is_owner = config.address_owner
        self.effective = config.base_priority

    def shift(self, shift: int) -> int:
        """Count a weight; the answer is what the priority should be now (it is not set)."""
        if not self.is_owner:
            self._total += shift
        return self.effective if self.is_owner else cut(self._total)

    def lower(self, for_good: bool) -> None:
        """An owner met another one."""
        self.effective = self._total = OWNER - 1
        self.is_owner = not for_good

    def restore(self) -> None:
        self.effective = self._total = OWNER


class OtherOwner:
    """What this owner does about another one, by the profile's rule."""

    __slots__ = (
        "_adverts_left",
        "_config",
        "_priority",
        "_process",
        "_their_interval_us",
        "_voice",
        "judged_at_us",
    )

    def __init__(self, config: InstanceConfig, process: Process, voice: Voice, priority: Priority) -> None:
        self._config = config
        self._process = process
        self._voice = voice
        self._priority = priority
        self._adverts_left = 0  # own adverts still to be sent before judging whether the other stopped
        self._their_interval_us: Micros = 0
        self.judged_at_us: Micros | None = None

    @property
    def _yields_by_address(self) -> bool:
        return self._process.profile.two_owners == "lower-address-yields"

    def met(self, source: str, interval_us: Micros, theirs_is_higher: bool) -> None:
        """A MASTER with priority 255 hears an advert with priority 255."""
        text = f"{source} also claims to own the addresses (priority 255)"
        self._process.emit(Warn(self._config.name, text))
        if self._process.profile.two_owners == "hearer-yields":
            self._voice.log("two_owners", source=source)
            self._priority.lower(for_good=True)
        elif self._yields_by_address:
            self._meet_by_address(source, interval_us, theirs_is_higher)

    def _meet_by_address(self, source: str, interval_us: Micros, theirs_is_higher: bool) -> None:
        if theirs_is_higher:
            self._voice.log("two_owners", source=source)
        elif self.judged_at_us is not None:
            self._voice.log("owner_persists", source=source)
            self.judged_at_us = None
            self._priority.lower(for_good=False)
        else:
            self._their_interval_us = interval_us
            if not self._adverts_left:
                self._voice.log("two_owners", source=source)
                self._adverts_left = 2

    def advert_sent(self, now: Micros) -> None:
        if self._adverts_left:
            self._adverts_left -= 1
            if not self._adverts_left:
                longer_us = max(self._their_interval_us, self._config.advert_interval_us)
                self.judged_at_us = now + longer_us * 12 // 10

    def tick(self, now: Micros) -> None:
        if self.judged_at_us is not None and now >= self.judged_at_us:
            self.judged_at_us = None
            self._voice.log("owner_gone")

    def heard_in_backup(self, priority: int, new_sender: bool) -> None:
        """The other 255 is gone or somebody else speaks: be an owner again."""
        lowered = self._config.address_owner and self._priority.effective == OWNER - 1
        if self._yields_by_address and lowered and (new_sender or priority != OWNER):
            self._voice.log("owner_restored")
            self._priority.restore()

    def became_master(self) -> None:
        lowered = self._config.address_owner and self._priority.effective != OWNER
        if self._yields_by_address and lowered:
            self._voice.log("owner_alone")
            self._priority.restore()
