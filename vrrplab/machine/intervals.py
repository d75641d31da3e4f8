"""The times that apply to one instance now: the formulas of ``timers`` with its priority and what it learned.

RFC 9568 section 6.1 calls them Active_Adver_Interval, Skew_Time and Active_Down_Interval. In VRRPv3 the
first is the MASTER's, learned from its adverts; an instance that is MASTER itself uses its own.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.priority import OWNER, Priority
from vrrplab.machine.process import Process
from vrrplab.machine.timers import skew_time_us
from vrrplab.machine.voice import Voice
from vrrplab.units import Micros


class Intervals:
    def __init__(self, config: InstanceConfig, process: Process, voice: Voice, priority: Priority) -> None:
        self._config = config
        self._profile = process.profile
        self._voice = voice
        self._priority = priority
        self.master_adver_interval_us = config.advert_interval_us

    @property
    def skew_us(self) -> Micros:
        """How much later than others this instance acts."""
        kind = self._profile.skew
        if kind == "none":
            return 0
        version = 2 if kind == "seconds" else self._config.version
        return skew_time_us(version, self._priority.effective, self.master_adver_interval_us)

    @property
    def down_us(self) -> Micros:
        """Silence after which it is MASTER (keepalived: ``down_timer_adverts`` times, not always three)."""
        return self._config.down_timer_adverts * self.master_adver_interval_us + self.skew_us

    @property
    def one_advert_us(self) -> Micros:
        """keepalived: a would-be MASTER of a sync group waits for one interval only at its start."""
        skew_us = skew_time_us(self._config.version, OWNER, self.master_adver_interval_us)
        return self.master_adver_interval_us + skew_us

    def learn(self, interval_us: Micros) -> None:
        """The MASTER advertises that often (RFC 9568 §6.4.2 and §6.4.3; VRRPv2 has no learning)."""
        if self._config.version == 2 or not self._profile.learns_interval:
            return
        if interval_us != self.master_adver_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, interval_us // 1000
            self._voice.log("interval_learned", old_ms=old_ms, new_ms=new_ms)
            self.master_adver_interval_us = interval_us

    def forget(self) -> None:
        """Back to the configured interval, without a word."""
        self.master_adver_interval_us = self._config.advert_interval_us

    def use_own(self) -> None:
        """A MASTER advertises at its own interval."""
        if self._config.version == 3 and self.master_adver_interval_us != self._config.advert_interval_us:
            old_ms, new_ms = self.master_adver_interval_us // 1000, self._config.advert_interval_us // 1000
            self._voice.log("interval_own", old_ms=old_ms, new_ms=new_ms)
            self.forget()
