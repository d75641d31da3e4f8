"""The times of one instance: four formulas, with its priority and what it learned from the MASTER.

Integers of microseconds; multiply before dividing by 256. RFC 3768 section 6.1 (VRRPv2): the skew is in
seconds, not scaled with the interval. RFC 5798 and 9568 section 6.1 (VRRPv3): it is scaled with the MASTER's
interval. keepalived measures up to both to a millisecond (recordings takeover_*, prio0_*). RFC 9568 calls
them Active_Adver_Interval, Skew_Time and Active_Down_Interval; in VRRPv3 the first is the MASTER's, learned
from its adverts, and an instance that is MASTER itself uses its own.
"""

from __future__ import annotations

from functools import lru_cache

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.machine.policy import Skew, Waiting, by_version, in_centiseconds, in_seconds
from vrrplab.machine.priority import OWNER, Priority
from vrrplab.machine.process import Process
from vrrplab.machine.profiles import Profile
from vrrplab.machine.reasons import skew_sum, waiting_sum
from vrrplab.machine.voice import Voice
from vrrplab.units import Micros, format_s

# Timers that end no further apart may end in either order: a daemon's are 0.7 to 2 ms late (measured).
RACE_US: Micros = 1_300
# After more adverts in a preempt_delay the one at its end is always too late (measured).
MOST_ADVERTS_RACE = 10


def profile_skew_us(
    profile: Profile, version: int, priority: int, master_adver_interval_us: Micros, address: str = ""
) -> Micros:
    """How much later than three intervals a BACKUP acts; by all rules but odd ones the higher, the sooner."""
    return _skew_us(profile.skew_us, version, priority, master_adver_interval_us, address)


@lru_cache(maxsize=1024)  # a rule is pure, and is asked the same with every advert
def _skew_us(rule: Skew, version: int, priority: int, interval_us: Micros, address: str) -> Micros:
    return rule(Waiting(version, priority, interval_us, address))


def down_interval_us(
    profile: Profile,
    config: InstanceConfig,
    priority: int,
    master_adver_interval_us: Micros,
    address: str = "",
) -> Micros:
    """Silence after which it is MASTER (keepalived: ``down_timer_adverts`` times, not always three)."""
    skew_us = profile_skew_us(profile, config.version, priority, master_adver_interval_us, address)
    return config.down_timer_adverts * master_adver_interval_us + skew_us


def noticed_us(node: NodeConfig, kind: str, name: str, ago_us: Micros = 0) -> Micros:
    """How long after a thing failed that counts. ``kind``: script, process, …; ``ago_us``: since a script's
    last run began.

    The ``fall``-th bad run of a check counts; the end of a process is forgiven for a while; of an interface,
    a file or a BFD session the daemon hears at once.
    """
    if kind == "script":
        script = node.script(name)
        return script.fall * script.interval_us - ago_us
    if kind == "process":
        return next(p.terminate_delay_us for p in node.processes if p.name == name)
    return 0


class Intervals:
    __slots__ = ("_config", "_down", "_priority", "_profile", "_voice", "master_adver_interval_us")

    def __init__(self, config: InstanceConfig, process: Process, voice: Voice, priority: Priority) -> None:
        self._config = config
        self._profile = process.profile
        self._voice = voice
        self._priority = priority
        self.master_adver_interval_us = config.advert_interval_us
        # a cache of ``down_us``, behind what it is of
        self._down: tuple[int, Micros, str, Micros] = (-1, 0, "", 0)

    @property
    def skew_us(self) -> Micros:
        """How much later than others this instance acts."""
        ours, theirs_us = self._priority.effective, self.master_adver_interval_us
        return profile_skew_us(self._profile, self._config.version, ours, theirs_us, self._voice.source)

    def skew_in_words(self) -> str:
        """The skew time and its formula, for who asks "why?"."""
        rule, ours, unit_us = self._profile.skew_us, self._priority.effective, self.master_adver_interval_us
        if rule in (by_version, in_centiseconds, in_seconds):
            version = 2 if rule is in_seconds else self._config.version
            cut = ", cut to centiseconds" if rule is in_centiseconds else ""
            return skew_sum(self.skew_us, ours, unit_us, version, cut)
        return f"{format_s(self.skew_us)} s"

    @property
    def down_us(self) -> Micros:
        """Silence after which it is MASTER."""
        ours, theirs_us = self._priority.effective, self.master_adver_interval_us
        source = self._voice.source
        of_ours, of_theirs_us, of_source, down_us = self._down
        if of_ours != ours or of_theirs_us != theirs_us or of_source != source:
            down_us = down_interval_us(self._profile, self._config, ours, theirs_us, source)
            self._down = ours, theirs_us, source, down_us
        return down_us

    def in_words(self, interval_us: Micros) -> str:
        """How a waiting time is made up, for who asks "why?"."""
        parts = (self._config.down_timer_adverts, self.master_adver_interval_us, self.skew_us)
        return waiting_sum(interval_us, *parts)

    @property
    def one_advert_us(self) -> Micros:
        """keepalived: a would-be MASTER of a sync group waits for one interval only at its start."""
        skew_us = by_version(Waiting(self._config.version, OWNER, self.master_adver_interval_us))
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
