"""Logs of routers: syslog, the journal and keepalived's own file, of one node or several in one file.

Which line a daemon wrote at what time on which node; ``log_words`` says what it means. Lines of other
programs are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import NamedTuple

from vrrplab.json_text import JsonError, json_of
from vrrplab.pasted.around import bare
from vrrplab.pasted.log_words import word_of

SECOND_NS = 1_000_000_000
_DAY_NS = 86_400 * SECOND_NS
# A date without a year is one of a leap year, so that every day exists. It is no year that anybody has logs
# of.
_SOME_YEAR = 1972
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
_WHO = r"(?P<node>[^\s:]{1,255}) (?P<program>[^\s:\[]{1,64})(?:\[\d+\])?: (?P<text>.*)$"
_PRIORITY = r"^(?:<\d{1,3}>\d* ?)?"
_ISO_TIME = r"(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(?P<zone>Z| ?UTC|[+-]\d\d:?\d\d)?"
_FORMS = (
    re.compile(
        rf"{_PRIORITY}(?P<month>[A-Z][a-z]{{2}}) +(?P<day>\d{{1,2}})"
        rf" (?P<clock>\d\d:\d\d:\d\d(?:\.\d{{1,9}})?) {_WHO}"
    ),
    re.compile(rf"{_PRIORITY}{_ISO_TIME} {_WHO}"),
    re.compile(  # RFC 5424
        rf"{_PRIORITY}{_ISO_TIME} (?P<node>\S{{1,255}}) (?P<program>\S{{1,64}}) \S+ \S+"
        r" (?:-|\[[^\]]*\]) (?P<text>.*)$"
    ),
    re.compile(rf"^[A-Z][a-z]{{2}} {_ISO_TIME}(?: [A-Z]{{2,5}})? {_WHO}"),  # journalctl -o short-full
    re.compile(rf"^(?P<unix>\d{{9,11}}\.\d{{1,9}}) {_WHO}"),  # journalctl -o short-unix
    # keepalived -g, which has no node
    re.compile(
        r"^[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
        r" (?P<year>\d{4}): (?P<text>.*)$"
    ),
    re.compile(rf"^{_ISO_TIME}:? (?P<text>.*)$"),  # of a container, or FRR's own file
)
# what docker compose, a node's container runtime and grep put before a line
_CONTAINER = re.compile(r"^([A-Za-z0-9][\w.-]{0,62}) +\| (?=\S)")
_RUNTIME = re.compile(r"^(?:stdout|stderr) [FP] ")
_FOUND = re.compile(r"^(?:/[^\s:]{1,255}:)?(?:\d{1,7}:)?(?=[A-Z][a-z]{2} |\d{4}-\d\d-)")
_OWN_TIME = re.compile(
    r"^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4}: "
)  # of the daemon, behind that of the container
_PROGRAM = re.compile(r"^(keepalived|vrrp)", re.IGNORECASE)
_HALF_A_YEAR_NS = 183 * _DAY_NS
_MOST_YEARS = 100  # of one log
_LOOKED_AT = 2_000  # lines; a syslog without any of them in so many is none that matters


class LogLine(NamedTuple):
    """``t_ns``: since 1970; ``line``: its number in the file; ``text``: without time and names."""

    t_ns: int
    node: str
    text: str
    line: int


@dataclass
class Log:
    """``lines`` in the order of the file. ``whole_seconds``: its times have no more. ``has_year``,
    ``has_zone``: what they mean is known; a time without a zone is taken for one of UTC.
    """

    name: str
    lines: list[LogLine] = field(default_factory=list)
    whole_seconds: bool = True
    has_year: bool = True
    has_zone: bool = True

    @property
    def nodes(self) -> dict[str, list[LogLine]]:
        found: dict[str, list[LogLine]] = {}
        for line in self.lines:
            found.setdefault(line.node, []).append(line)
        return found


def read_log(text: str, name: str) -> Log | None:
    """The lines of routers' daemons; None if the text is no log, or of others."""
    log = Log(name)
    own = PurePath(name).name.split(".")[0] or name
    known = False
    for number, line in enumerate(text.split("\n"), 1):
        line, node = _without_container(bare(line), own)
        found = (
            _json_line(line, number, node, log) if line.startswith("{") else _line(line, number, node, log)
        )
        if found is not None:
            log.lines.append(found)
            known = known or word_of(found.text) is not None
        if number == _LOOKED_AT and not known:
            return None
    if not log.has_year:
        _over_new_year(log)
    return log if known else None


def _without_container(line: str, own: str) -> tuple[str, str]:
    """The line without what stands before its time, and the node that this names."""
    container = _CONTAINER.match(line)
    if container is not None:
        own, line = container[1], line[container.end() :]
    return _FOUND.sub("", line, count=1), own


def _over_new_year(log: Log) -> None:
    """Dates without a year that fall back from December to January are of the next one.

    The first year is one in which every 29th of February exists that comes later. Dates for which there is
    none, or which go back again and again, are in no order, and stay in one year.
    """
    later: list[tuple[int, int]] = []  # place of a line, and how many years after the first
    years, before_ns = 0, None
    for place, line in enumerate(log.lines):
        if _year(line.t_ns) != _SOME_YEAR:
            continue  # it has its own
        if before_ns is not None and before_ns - line.t_ns > _HALF_A_YEAR_NS:
            years += 1
        before_ns = line.t_ns
        later.append((place, years))
    if not 0 < years <= _MOST_YEARS:
        return
    for first in range(_SOME_YEAR, _SOME_YEAR - 4, -1):
        lines = list(log.lines)
        try:
            for place, years in later:
                t_ns = lines[place].t_ns
                lines[place] = lines[place]._replace(t_ns=t_ns + _away_ns(t_ns, first + years))
        except ValueError:
            continue  # the 29th of February
        log.lines = lines
        return


def _year(t_ns: int) -> int:
    return datetime.fromtimestamp(t_ns // SECOND_NS, UTC).year


def _away_ns(t_ns: int, year: int) -> int:
    """Nanoseconds from a moment to the same day and time of another year. ValueError: a 29th of February
    that it does not have.
    """
    moment = datetime.fromtimestamp(t_ns // SECOND_NS, UTC)
    return (int(moment.replace(year=year).timestamp()) - int(moment.timestamp())) * SECOND_NS


def _line(line: str, number: int, own: str, log: Log) -> LogLine | None:
    for form in _FORMS:
        found = form.match(line)
        if found is None:
            continue
        parts = found.groupdict()
        program = parts.get("program")
        if program is not None and not _PROGRAM.match(program):
            return None
        said = parts["text"]
        is_own = program is not None or parts.get("year") is not None
        if not is_own:
            said, times = _OWN_TIME.subn("", _RUNTIME.sub("", said))
            is_own = bool(times)
        if not is_own and word_of(said) is None:
            return None
        t_ns = _time(parts, log)
        return None if t_ns is None else LogLine(t_ns, parts.get("node") or own, said, number)
    return None


def _json_line(line: str, number: int, own: str, log: Log) -> LogLine | None:
    """journalctl -o json"""
    try:
        content = json_of(line)
    except JsonError:
        return None
    if not isinstance(content, dict):
        return None
    stamp, said = content.get("__REALTIME_TIMESTAMP"), content.get("MESSAGE")
    if isinstance(said, list):  # so the journal writes what is not all printable
        said = _of_bytes(said)
    program = content.get("SYSLOG_IDENTIFIER", "")
    if not (isinstance(stamp, str) and stamp.isascii() and stamp.isdigit() and len(stamp) < 18):
        return None
    if not (isinstance(said, str) and isinstance(program, str) and _PROGRAM.match(program)):
        return None
    node = content.get("_HOSTNAME")
    log.whole_seconds = False
    return LogLine(int(stamp) * 1000, node if isinstance(node, str) and node else own, said, number)


def _of_bytes(numbers: list[object]) -> str | None:
    found = [number for number in numbers if isinstance(number, int) and 0 <= number < 256]
    if len(found) < len(numbers):
        return None
    return bare(bytes(found).decode("utf-8", "replace"))


def _time(parts: dict[str, str | None], log: Log) -> int | None:
    unix = parts.get("unix")
    if unix is not None:
        whole, _, fraction = unix.partition(".")
        log.whole_seconds = False
        return int(whole) * SECOND_NS + int(fraction.ljust(9, "0"))
    iso = parts.get("iso")
    if iso is not None:
        day, clock = iso[:10], iso[11:]
    else:
        month = _MONTHS.get(parts["month"] or "")
        if month is None:
            return None
        year = parts.get("year")
        log.has_year = log.has_year and year is not None
        day = f"{year or _SOME_YEAR}-{month:02}-{int(parts['day'] or 0):02}"
        clock = parts["clock"] or ""
    clock, _, fraction = clock.replace(",", ".").partition(".")
    zone = (parts.get("zone") or "").strip()
    away_s = 0
    if zone not in ("", "Z", "UTC"):
        digits = zone[1:].replace(":", "")
        away_s = (int(digits[:2]) * 60 + int(digits[2:])) * (-60 if zone[0] == "+" else 60)
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC) + timedelta(seconds=away_s)
    except (ValueError, OverflowError):  # in UTC it may be before the first year or after the last one, too
        return None
    log.has_zone = log.has_zone and bool(zone)
    log.whole_seconds = log.whole_seconds and not fraction
    return int(moment.timestamp()) * SECOND_NS + int(fraction.ljust(9, "0") or "0")


def words_of(lines: list[LogLine]) -> Iterator[tuple[LogLine, str, str, dict[str, str]]]:
    """Lines that mean something, each with key, instance and values."""
    for line in lines:
        word = word_of(line.text)
        if word is not None:
            yield line, word.key, word.instance, word.values


def in_year_of(log: Log, start_ns: int) -> Log:
    """A log whose dates have no year, in the year that brings it nearest to a time."""
    if not log.lines:
        return log
    first = datetime.fromtimestamp(log.lines[0].t_ns // SECOND_NS, UTC)
    start_s = start_ns // SECOND_NS
    if not 0 <= start_s < 250_000_000_000:
        return log
    year = datetime.fromtimestamp(start_s, UTC).year
    found = []
    for candidate in (year - 1, year, year + 1):
        # by days, of which there are few
        shifts = {line.t_ns // _DAY_NS: 0 for line in log.lines}
        try:
            for day in shifts:
                then = day * _DAY_NS
                shifts[day] = _away_ns(then, candidate + _year(then) - first.year)
        except ValueError:
            continue  # the 29th of February
        away_s = abs(log.lines[0].t_ns + shifts[log.lines[0].t_ns // _DAY_NS] - start_ns) // SECOND_NS
        found.append((away_s, candidate, shifts))
    if not found:
        return log
    _, _, shifts = min(found, key=lambda one: one[:2])
    lines = [line._replace(t_ns=line.t_ns + shifts[line.t_ns // _DAY_NS]) for line in log.lines]
    return replace(log, lines=lines)
