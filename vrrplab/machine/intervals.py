"""The times of one instance: four formulas, with its priority and what it learned from the MASTER.

Integers of microseconds; multiply before dividing by 256. RFC 3768 section 6.1 (VRRPv2): the skew is in
seconds, not scaled with the interval. RFC 5798 and 9568 section 6.1 (VRRPv3): it is scaled with the MASTER's
interval. keepalived measures up to both to a millisecond (recordings takeover_*, prio0_*). RFC 9568 calls
them Active_Adver_Interval, Skew_Time and Active_Down_Interval; in VRRPv3 the first is the MASTER's, learned
from its adverts, and an instance that is MASTER itself uses its own.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.priority import OWNER, Priority
from vrrplab.machine.process import Process
from vrrplab.machine.profiles import Profile
from vrrplab.machine.reasons import skew_sum, waiting_sum
from vrrplab.machine.voice import Voice
from vrrplab.units import CENTISECOND_US, SECOND_US, Micros


def skew_time_us(version: int, priority: int, master_adver_interval_us: Micros) -> Micros:
    """How much later than three intervals a BACKUP of this priority acts: the higher, the sooner."""
    unit_us = SECOND_US if version == 2 else master_adver_interval_us
    return (256 - priority) * unit_us // 256


def profile_skew_us(
    profile: Profile, version: int, priority: int, master_adver_interval_us: Micros
) -> Micros:
    """The same as a daemon or RFC of that profile has it: in seconds always, cut to centiseconds, or none."""
    if profile.skew == "none":
        return 0
    skew_us = skew_time_us(skew_version(profile, version), priority, master_adver_interval_us)
    return skew_us // CENTISECOND_US * CENTISECOND_US if profile.skew == "centiseconds" else skew_us


def skew_version(profile: Profile, version: int) -> int:
    """Of which version of VRRP the skew is."""
    return 2 if profile.skew == "seconds" else version


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
        ours, theirs_us = self._priority.effective, self.master_adver_interval_us
        return profile_skew_us(self._profile, self._config.version, ours, theirs_us)

    def skew_in_words(self) -> str:
        """The skew time and its formula, for who asks "why?"."""
        if self._profile.skew == "none":
            return "0.000 s"
        parts = (
            self._priority.effective,
            self.master_adver_interval_us,
            skew_version(self._profile, self._config.version),
        )
        cut = ", cut to centiseconds" if self._profile.skew == "centiseconds" else ""
        return skew_sum(self.skew_us, *parts, cut)

    @property
    def down_us(self) -> Micros:
        """Silence after which it is MASTER (keepalived: ``down_timer_adverts`` times, not always three)."""
        return self._config.down_timer_adverts * self.master_adver_interval_us + self.skew_us

    def in_words(self, interval_us: Micros) -> str:
        """How a waiting time is made up, for who asks "why?"."""
        parts = (self._config.down_timer_adverts, self.master_adver_interval_us, self.skew_us)
        return waiting_sum(interval_us, *parts)

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
