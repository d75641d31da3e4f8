"""keepalived's and FRR's log lines read back: which of ``machine.log_lines`` one is, with what values."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from vrrplab.machine.log_lines import BY_VERSION, COMMON, FRR

# What the daemon writes of what it does, hears and was told: the lines that a timeline or a trace can use.
_KEYS = (
    "entering",
    "backup_init",
    "start_fault_interface",
    "start_fault_address",
    "start_fault_source",
    "start_fault_file",
    "start_fault_process",
    "start_fault",
    "timeout",
    "sent_zero",
    "backup_got_zero",
    "master_got_zero",
    "lower_discarded",
    "lower_answered",
    "higher",
    "same_higher_ip",
    "priority",
    "priority_set",
    "garp",
    "na",
    "garp_queue",
    "na_queue",
    "script_succeeded",
    "script_failed",
    "script_timed_out",
    "interface",
    "stopping",
    "reloading",
)
_FRR_KEYS = {
    "backup_init": "backup_init",
    "entering MASTER": "entering",
    "entering BACKUP": "entering",
    "timeout": "timeout",
    "higher": "higher",
}
_STATES = {"entering MASTER": "MASTER", "entering BACKUP": "BACKUP"}
_PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_VALUES = {
    "name": r"[^)]{1,255}",
    "state": r"[A-Za-z]+",
    "priority": r"\d{1,3}",
    "ours": r"\d{1,3}",
    "old": r"\d{1,3}",
    "new": r"\d{1,3}",
    "vrid": r"\d{1,3}",
    "family": "[46]",
    "tail": ".*",
    "seconds": r"[\d.]+",
    "how": ".+?",
    "code": r"\d+",
}
_ANY = r"\S+"
_REMEMBERED = 256  # characters: a longer line is no daemon's, and must not fill memory
# before version 2 the instance was named so
_OLDER = re.compile(r"^VRRP_Instance\(([^)]{1,255})\):? ")
_STARTED = re.compile(r"^Starting Keepalived v")


class Word(NamedTuple):
    """``key``: as in ``machine.log_lines``. ``instance``: its name, or FRR's virtual router as ``VRID 5``.

    The same line has the same word, so nobody changes ``values``.
    """

    key: str
    instance: str
    values: dict[str, str]


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = [(key, _pattern(COMMON[key])) for key in _KEYS]
    found += [
        (key, _pattern(by[key])) for by in BY_VERSION.values() for key in ("master_changed",) if key in by
    ]
    return tuple(found)


@cache
def _frr_patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple(
        (known, _STATES.get(key, ""), re.compile(_pattern(FRR[key]).pattern.replace("^", "", 1)))
        for key, known in _FRR_KEYS.items()
    )


def _pattern(template: str) -> re.Pattern[str]:
    parts, place = ["^"], 0
    for found in _PLACE.finditer(template):
        parts.append(re.escape(template[place : found.start()]))
        name = found[1]
        value = _VALUES.get(name, _ANY)
        again = any(part.startswith(f"(?P<{name}>") for part in parts)
        parts.append(value if again else f"(?P<{name}>{value})")
        place = found.end()
    return re.compile("".join(parts) + re.escape(template[place:]) + ("" if template.endswith("}") else "$"))


def word_of(line: str) -> Word | None:
    """What a line tells of; None: of nothing that is known here."""
    return _known(line) if len(line) <= _REMEMBERED else _read(line)


@lru_cache(maxsize=4096)  # daemons say the same again and again, and a line is tried on dozens of patterns
def _known(line: str) -> Word | None:
    return _read(line)


def _read(line: str) -> Word | None:
    older = _OLDER.match(line)
    if older is not None:
        line = f"({older[1]}) {line[older.end() :]}"
    if _STARTED.match(line):
        return Word("starting", "", {})
    for key, pattern in _patterns():
        found = pattern.match(line)
        if found is not None:
            values = {name: value for name, value in found.groupdict().items() if value is not None}
            return Word(key, values.get("name", ""), values)
    if "[VRID " in line:
        for key, state, pattern in _frr_patterns():
            found = pattern.search(line)
            if found is not None:
                values = found.groupdict()
                if state:
                    values["state"] = state
                family = " IPv6" if values.get("family") == "6" else ""
                return Word(key, f"VRID {values['vrid']}{family}", values)
    return None
