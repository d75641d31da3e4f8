"""Times of day beside times that count from a capture's first frame: local ones (TZ), or UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND_NS = 1_000_000_000
_YEAR_10000_NS = 253_402_300_800 * SECOND_NS


class WallClock:
    """``utc``: what it shows is UTC, else local time. ``is_dated``: the times it is asked for count from
    1970; else from midnight of some day, as some clock showed them.
    """

    def __init__(self, utc: bool = False, is_dated: bool = True) -> None:
        self.utc = utc or not is_dated
        self.is_dated = is_dated
        self.has_zone = True
        self._second = -1
        self._shown = ""

    def follow(self, is_dated: bool, has_zone: bool) -> None:
        """What the times of an input are: those that some clock showed, without a zone, are shown as they
        are.
        """
        self.is_dated = is_dated
        self.utc = self.utc or not (is_dated and has_zone)
        self.has_zone = is_dated and has_zone

    def clock(self, t_ns: int) -> str:
        """``08:53:20``; "" for a time that no calendar has, and where frames have no times (0)."""
        second = t_ns // SECOND_NS
        if second != self._second:  # frames of one second come together
            self._second, self._shown = second, self._clock(second)
        return self._shown

    def _clock(self, second: int) -> str:
        found = self._parts(second)
        return "" if found is None else f"{found.tm_hour:02}:{found.tm_min:02}:{found.tm_sec:02}"

    def moment(self, t_ns: int) -> str:
        """``2025-10-09 08:53:20 UTC``; without a date where there is none; "" as for ``clock``."""
        found = self._parts(t_ns // SECOND_NS)
        if found is None:
            return ""
        clock = f"{found.tm_hour:02}:{found.tm_min:02}:{found.tm_sec:02}"
        if not self.is_dated:
            return f"{clock} (it has no date)"
        zone = "(no zone)" if not self.has_zone else "UTC" if self.utc else found.tm_zone
        return f"{found.tm_year:04}-{found.tm_mon:02}-{found.tm_mday:02} {clock} {zone}"

    def _parts(self, second: int) -> time.struct_time | None:
        if not 0 <= second < _YEAR_10000_NS // SECOND_NS or (second == 0 and self.is_dated):
            return None
        try:
            return time.gmtime(second) if self.utc else time.localtime(second)
        except (OverflowError, OSError, ValueError):
            return None

    def ns_of(self, moment: datetime) -> int:
        """Nanoseconds since 1970 of a moment; one without a zone is of this clock's."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) if self.utc else moment.astimezone()
        whole = int(moment.replace(microsecond=0).timestamp())
        return whole * SECOND_NS + moment.microsecond * 1000

    def day_of(self, t_ns: int) -> datetime:
        """Midnight before a time, in this clock's zone, without saying so. ValueError: no calendar has it."""
        second = t_ns // SECOND_NS
        if not 0 <= second < _YEAR_10000_NS // SECOND_NS:
            raise ValueError("no calendar has that")
        moment = datetime.fromtimestamp(second, UTC) if self.utc else datetime.fromtimestamp(second)
        return moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
