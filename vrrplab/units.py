"""The only file where units change.

Inside vrrplab every instant and every duration is an integer number of microseconds (names end
in ``_us``), as in keepalived itself. Seconds (``_s``) exist at the outside faces: configuration
text, scenario files, traces, plots. Centiseconds exist only in ``wire/vrrp.py``.
"""

from __future__ import annotations

Micros = int

SECOND_US = 1_000_000
CENTISECOND_US = 10_000


def micros(seconds_s: float) -> Micros:
    """Seconds to the nearest whole microsecond."""
    return round(seconds_s * SECOND_US)


def seconds(duration_us: Micros) -> float:
    """Microseconds to seconds; exact to six decimals."""
    return duration_us / SECOND_US


def earliest(*moments_us: Micros | None) -> Micros | None:
    """The first of some moments, None being "never"."""
    first: Micros | None = None
    for moment_us in moments_us:
        if moment_us is not None and (first is None or moment_us < first):
            first = moment_us
    return first


def format_s(duration_us: Micros, decimals: int = 3) -> str:
    """Microseconds as text in seconds, e.g. ``3.609``; rounds half away from zero."""
    return f"{duration_us / SECOND_US:.{decimals}f}"


def plain_seconds(t_us: Micros) -> float | int:
    """As a person writes it into a file: 1, not 1.0."""
    value = seconds(t_us)
    return int(value) if value.is_integer() else value
