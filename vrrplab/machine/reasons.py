"""Sentences that answer "why?". Learners read them: each gives the observation and the arithmetic."""

from __future__ import annotations

from vrrplab.units import Micros, format_s

OWNER_BEGINS = "address owner (priority 255, state MASTER): MASTER at once"
OWNER_WAITS = "its faults are gone; address owner: MASTER when the start delay is over"


def waiting_sum(interval_us: Micros, adverts: int, advert_us: Micros, skew_us: Micros) -> str:
    """How a master-down interval is made up, e.g. ``3.609 s (3 x 1.000 s + skew 0.609 s)``."""
    if interval_us != adverts * advert_us + skew_us:
        return f"{format_s(interval_us)} s"
    return f"{format_s(interval_us)} s ({adverts} x {format_s(advert_us)} s + skew {format_s(skew_us)} s)"


def skew_sum(skew_us: Micros, priority: int, unit_us: Micros, version: int, more: str = "") -> str:
    """How a skew time is made up: of seconds in VRRPv2, of the MASTER's interval in VRRPv3.

    ``more``: what else is done to it.
    """
    unit = "s" if version == 2 else f"x {format_s(unit_us)} s"
    return f"{format_s(skew_us)} s ((256 - {priority}) / 256 {unit}{more})"


def starts_broken(faults: dict[str, str]) -> str:
    return "cannot start: " + "; ".join(faults.values())


def starts_as_backup(priority: int, waits: str) -> str:
    return f"starts with priority {priority} and listens first: without an advert it is MASTER after {waits}"


def comes_back(why: str, is_owner: bool, waits: str) -> str:
    owner = ", address owner or not," if is_owner else ""
    return f"{why}; comes back as BACKUP{owner} and listens for {waits}"


def better_advert(source: str, theirs: int, ours: int) -> str:
    if theirs > ours:
        return f"{source} advertises with higher priority {theirs} (ours {ours})"
    return f"{source} advertises with the same priority {ours} and has the higher IP address"


class HeardSoFar:
    """What a BACKUP remembers of adverts, only to explain itself."""

    __slots__ = ("_discarded", "_goodbye", "_last", "_rejected", "_self_inflicted")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._last: tuple[str, int, Micros] | None = None
        self._goodbye = ""
        self._discarded: tuple[str, int] | None = None
        self._rejected: tuple[str, str] | None = None
        self._self_inflicted = False

    def accepted(self, source: str, priority: int, now: Micros) -> None:
        self._last = (source, priority, now)
        self._goodbye = ""
        self._discarded = self._rejected = None
        self._self_inflicted = False

    def goodbye(self, source: str) -> None:
        self._goodbye = source

    def discarded(self, source: str, priority: int) -> None:
        self._discarded = (source, priority)

    def rejected(self, source: str, reason: str) -> None:
        self._rejected = (source, reason)

    def self_inflicted(self) -> None:
        self._self_inflicted = True

    def why_master(self, ours: int, skew: str, waited: str, now: Micros) -> str:
        """Why the master-down timer could run out. ``skew``, ``waited``: how long they were, in words."""
        if self._self_inflicted:
            return f"takes its address back after its own skew time of {skew}"
        if self._goodbye:
            return (
                f"{self._goodbye} said goodbye with priority 0; after the skew time of {skew} "
                f"nobody else had taken over"
            )
        if self._discarded:
            source, priority = self._discarded
            return (
                f"preempts {source}: its adverts with lower priority {priority} (ours {ours}) do not count, "
                f"so the master-down timer of {waited} ran out"
            )
        if self._rejected:
            source, reason = self._rejected
            return (
                f"adverts of {source} are rejected ({reason}), so the master-down timer of {waited} ran out"
            )
        if self._last:
            silence = format_s(now - self._last[2])
            return f"no advert from {self._last[0]} for {silence} s; the master-down timer is {waited}"
        return f"heard no advert at all for {waited}"
