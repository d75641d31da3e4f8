"""Numbers as keepalived reads them: strtol and friends, with the daemon's own complaints.

Each reader returns ``Reading(value, accepted, complaints)``. The daemon is lenient in places: with
``lenient`` a number with rubbish behind it (``5s``) counts as the number, after a warning.
"""

from __future__ import annotations

from dataclasses import dataclass

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)
UINT_MAX = 2**32 - 1
_LONG_MAX = 2**63 - 1
_ULONG_MAX = 2**64 - 1
_WHITE_SPACE = " \t\f\n\r\v"


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that was read: its value, whether the daemon uses it, what the daemon logs."""

    value: int
    accepted: bool
    complaints: tuple[str, ...] = ()


def c_integer(text: str, base: int = 10) -> tuple[int, str]:
    """Value and unread rest as C's strtol: blanks, a sign, digits; no digit: 0 and the whole text."""
    body = text.lstrip(_WHITE_SPACE)
    negative = body[:1] == "-"
    if body[:1] in ("-", "+"):
        body = body[1:]
    if base == 0:
        base = 16 if body[:2].lower() == "0x" else 8 if body[:1] == "0" else 10
    if base == 16 and body[:2].lower() == "0x":
        body = body[2:]
    digits = "0123456789abcdef"[:base]
    end = 0
    while end < len(body) and body[end].lower() in digits:
        end += 1
    if not end:
        return 0, text
    # More digits than any 64-bit number has are only ever "too big"; int() itself refuses thousands.
    value = int(body[:end], base) if end <= 40 else 10**40
    return (-value if negative else value), body[end:]


def read_int(text: str, low: int, high: int, *, lenient: bool) -> Reading:
    """A signed number within [low, high]."""
    warn = "WARNING - " if lenient else ""
    value, rest = c_integer(text)
    clipped = max(-_LONG_MAX - 1, min(_LONG_MAX, value))
    if rest:
        complaint = f"{warn}invalid number '{text}'"
    elif not INT_MIN <= value <= INT_MAX:
        complaint = f"{warn}number '{text}' outside integer range"
    elif not low <= value <= high:
        complaint = f"number '{text}' outside range [{low}, {high}]"
    else:
        return Reading(value, True)
    return Reading(clipped, lenient and low <= clipped <= high, (complaint,))


def read_unsigned(text: str, low: int, high: int, *, lenient: bool) -> Reading:
    """A number without sign within [low, high]."""
    warn = "WARNING - " if lenient else ""
    value, rest = c_integer(text)
    clipped = min(_ULONG_MAX, value) if value >= 0 else (value % (_ULONG_MAX + 1))
    if text.lstrip(_WHITE_SPACE)[:1] == "-":
        complaint = f"{warn}negative number '{text}'"
    elif rest:
        complaint = f"{warn}invalid number '{text}'"
    elif value > UINT_MAX:
        complaint = f"{warn}number '{text}' outside unsigned integer range"
    elif not low <= value <= high:
        complaint = f"{warn}number '{text}' outside range [{low}, {high}]"
    else:
        return Reading(value, True)
    return Reading(clipped & UINT_MAX, lenient and low <= clipped <= high, (complaint,))


def read_micros(text: str, low_us: int, high_us: int, *, lenient: bool = True, decimals: int = 6) -> Reading:
    """Seconds with decimals, as microseconds within [low_us, high_us].

    More than ``decimals`` digits behind the point are complained about and rounded off.
    """
    warn = "WARNING - " if lenient else ""
    if text[:1] == "-":
        return Reading(0, False, (f"{warn}negative number '{text}'",))
    complaints: tuple[str, ...] = ()
    whole, dot, fraction = text.partition(".")
    round_up = False
    if dot and len(fraction) > decimals:
        complaints = (f"{warn}number '{text}' has too many decimal places",)
        round_up = fraction[decimals] >= "5"
        fraction = fraction[:decimals]
    unit = 10 ** (6 - decimals)
    value, rest = c_integer(whole + fraction + "0" * (decimals - len(fraction)))
    value = (value + round_up) * unit
    if rest:
        complaints += (f"{warn}invalid number '{text}'",)
    elif value > _ULONG_MAX:
        return Reading(0, False, (*complaints, f"{warn}number '{text}' outside unsigned decimal range"))
    elif not low_us <= value <= high_us:
        limits = f"[{_decimal(low_us, decimals)}, {_decimal(high_us, decimals)}]"
        complaints += (f"{warn}number '{text}' outside range {limits}",)
    else:
        return Reading(value, True, complaints)
    return Reading(min(value, _ULONG_MAX), lenient and low_us <= value <= high_us, complaints)


def read_switch(word: str) -> bool | None:
    """on/true/yes, off/false/no; None for anything else."""
    if word in ("true", "on", "yes"):
        return True
    if word in ("false", "off", "no"):
        return False
    return None


def _decimal(value_us: int, decimals: int) -> str:
    return f"{value_us // 1_000_000}.{value_us % 1_000_000:06d}"[: decimals - 6 or None]
