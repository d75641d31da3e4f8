"""Four formulas. Integers of microseconds; multiply before dividing by 256.

RFC 3768 section 6.1 (VRRPv2): skew in seconds, not scaled with the interval.
RFC 5798 and 9568 section 6.1 (VRRPv3): skew scaled with the MASTER's interval.
keepalived measures up to both to a millisecond (recordings takeover_*, prio0_*).
"""

from __future__ import annotations

from vrrplab.units import SECOND_US, Micros


def skew_time_us(version: int, priority: int, master_adver_interval_us: Micros) -> Micros:
    """How much later than three intervals a BACKUP of this priority acts: the higher, the sooner."""
    unit_us = SECOND_US if version == 2 else master_adver_interval_us
    return (256 - priority) * unit_us // 256


def master_down_interval_us(
    version: int, priority: int, master_adver_interval_us: Micros, adverts: int = 3
) -> Micros:
    """Silence after which a BACKUP takes over; ``adverts`` is keepalived's ``down_timer_adverts``."""
    return adverts * master_adver_interval_us + skew_time_us(version, priority, master_adver_interval_us)
