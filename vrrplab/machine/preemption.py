"""Whom a BACKUP lets be MASTER (RFC 9568 section 6.4.2: Preempt_Mode), and keepalived's preempt_delay.

The delay starts with the first lower advert heard; until it is over lower adverts are accepted. After it
they are discarded, and the master-down timer still has to run out (recordings preempt_delay*).
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.priority import Priority
from vrrplab.machine.voice import Voice
from vrrplab.units import Micros, seconds


class Preemption:
    __slots__ = ("_delay_us", "_preempt", "_priority", "_voice")

    def __init__(self, config: InstanceConfig, voice: Voice, priority: Priority) -> None:
        self._preempt = config.preempt
        self._delay_us = config.preempt_delay_us
        self._voice = voice
        self._priority = priority

    def yields_to(self, priority: int, preempt_from_us: Micros | None, now: Micros) -> bool:
        """Does an advert of that priority keep this BACKUP down?"""
        if not self._preempt or priority >= self._priority.effective:
            return True
        return bool(self._delay_us) and (preempt_from_us is None or preempt_from_us > now)

    def simply_yields_to(self, priority: int) -> bool:
        """Does it keep this BACKUP down, and no delay begins with it?"""
        if priority >= self._priority.effective:
            return True
        return not self._preempt and not self._delay_us

    def delayed_until(self, priority: int, running: Micros | None, now: Micros) -> Micros | None:
        """When the delay is over after such an advert; None: it does not run."""
        if not self._delay_us:
            return None
        if priority >= self._priority.effective:
            if running is not None:
                self._voice.log("preempt_stop")
            return None
        if running is None:
            self._voice.log("preempt_start", seconds=seconds(self._delay_us))
            return now + self._delay_us
        return running
