"""Sentences that answer "why?". Learners read them: each gives the observation and the arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.units import Micros, format_s

if TYPE_CHECKING:
    from vrrplab.machine.events import AdvertisementReceived
    from vrrplab.machine.instance import Instance


OWNER_BEGINS = "address owner (priority 255, state MASTER): MASTER at once"
OWNER_WAITS = "its faults are gone; address owner: MASTER when the start delay is over"


def address_key(address: str) -> tuple[int, tuple[int, ...]]:
    """Addresses in network order, as RFC 9568 section 6.4.3 compares them (unsigned)."""
    if ":" not in address:
        return 4, tuple(int(part) for part in address.split(".")) if address else ()
    head, _, tail = address.partition("::")
    left = [int(part, 16) for part in head.split(":") if part]
    right = [int(part, 16) for part in tail.split(":") if part]
    return 6, tuple(left + [0] * (8 - len(left) - len(right)) + right)


def waiting_sum(instance: Instance, interval_us: Micros) -> str:
    """How a master-down interval is made up, e.g. ``3.609 s (3 x 1.000 s + skew 0.609 s)``."""
    adverts = instance.config.down_timer_adverts
    advert_us = instance.intervals.master_adver_interval_us
    skew_us = instance.intervals.skew_us
    if interval_us != instance.intervals.down_us:
        return f"{format_s(interval_us)} s"
    return f"{format_s(interval_us)} s ({adverts} x {format_s(advert_us)} s + skew {format_s(skew_us)} s)"


def starts_broken(faults: dict[str, str]) -> str:
    return "cannot start: " + "; ".join(faults.values())


def starts_as_backup(instance: Instance, interval_us: Micros) -> str:
    return (
        f"starts with priority {instance.priority.effective} and listens first: "
        f"without an advert it is MASTER after {waiting_sum(instance, interval_us)}"
    )


def comes_back(instance: Instance, why: str, interval_us: Micros) -> str:
    owner = ", address owner or not," if instance.config.address_owner else ""
    return f"{why}; comes back as BACKUP{owner} and listens for {waiting_sum(instance, interval_us)}"


def better_advert(event: AdvertisementReceived, ours: int) -> str:
    theirs = event.advertisement.priority
    if theirs > ours:
        return f"{event.source} advertises with higher priority {theirs} (ours {ours})"
    return f"{event.source} advertises with the same priority {ours} and has the higher IP address"


class Heard:
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

    def why_master(self, instance: Instance, now: Micros) -> str:
        """Why the master-down timer could run out."""
        ours = instance.priority.effective
        skew_us = instance.intervals.skew_us
        if self._self_inflicted:
            return f"takes its address back after its own skew time of {format_s(skew_us)} s"
        if self._goodbye:
            return (
                f"{self._goodbye} said goodbye with priority 0; after the skew time of {format_s(skew_us)} s "
                f"((256 - {ours}) / 256) nobody else had taken over"
            )
        waited = waiting_sum(instance, instance.intervals.down_us)
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
