"""The watcher's table for a terminal: who is master of what, how fresh, and the latest events.

It fits its window. Where not everything does, virtual routers in trouble come first, the latest events take a
third, and what is left out is counted; who reads keys can scroll. Narrow windows leave out columns, the least
important first; no line is longer than the window is wide.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from vrrplab.output.printable import printable
from vrrplab.output.text_columns import cut, fitted, padded
from vrrplab.output.trace_writer import watch_line
from vrrplab.trace import TraceEvent
from vrrplab.units import SECOND_US, Micros
from vrrplab.watch.screen import BOTTOM, DOWN, PAGE_DOWN, PAGE_UP, TOP, UP
from vrrplab.witness.masters import Masters, Speaker
from vrrplab.witness.observer import Observer

_LATEST = 12
_MOST_SENDERS = 8  # shown of one virtual router
_AIRY = 16  # lines of a window in which empty ones are affordable
_NAME_LEAST, _NAME_MOST = 12, 40
_ORDER = {"MASTER": 0, "BACKUP": 1, "FAULT": 2, "INIT": 3}


class _Column(NamedTuple):
    title: str
    width: int  # below 0: numbers, to the right
    rank: int  # the highest are left out first


_COLUMNS = (
    _Column("VRID", 6, 0),
    _Column("router", 24, 0),
    _Column("state", 7, 0),
    _Column("prio", -4, 1),
    _Column("every", -6, 4),
    _Column("last", -6, 3),
    _Column("miss", -4, 5),
    _Column("ARP", -4, 6),
    _Column("for", -6, 2),
)


class Table:
    """Keeps the latest events and how far was scrolled; ``lines`` draws everything."""

    def __init__(self, observer: Observer, where: str, names: dict[str, str]) -> None:
        self._observer = observer
        self._where = printable(where)
        self._names = names
        self._latest: deque[str] = deque(maxlen=_LATEST)
        self._offset = 0  # the first line of routers that is shown
        self._page = 1  # how many were shown last
        self._total = 0

    def note(self, event: TraceEvent) -> None:
        """Remember an event worth showing below the table."""
        line = watch_line(event)
        if line:
            self._latest.append(line)

    def scroll(self, key: str) -> None:
        """A key of ``screen``."""
        steps = {UP: -1, DOWN: 1, PAGE_UP: 1 - self._page, PAGE_DOWN: self._page - 1}
        most = max(0, self._total - self._page)
        if key in (TOP, BOTTOM):
            self._offset = 0 if key == TOP else most
        else:
            self._offset = max(0, min(most, self._offset + steps.get(key, 0)))

    def text(self, t_us: Micros, columns: int = 80) -> str:
        """Everything, in a window without end."""
        return "\n".join(self.lines(t_us, columns, None))

    def lines(self, t_us: Micros, columns: int, rows: int | None, keys: bool = False) -> list[str]:
        """What fits ``columns`` and ``rows`` (None: without end). ``keys``: somebody can scroll."""
        routers = list(self._observer.routers.items())
        sizes = {key: _size(router) for key, router in routers}
        self._total = sum(sizes.values()) or 1
        place, events = self._room(rows)
        self._page = min(place, self._total)
        if self._page < self._total:
            routers.sort(key=lambda item: (_trouble(item[1], t_us), item[0]))
        else:
            routers.sort(key=lambda item: item[0])
        self._offset = max(0, min(self._offset, self._total - self._page))
        several = len({place for place, _, _ in sizes}) > 1
        body, above, below, at = [], 0, 0, 0
        first, end = self._offset, self._offset + self._page
        form = _Form(columns)
        for key, router in routers:
            begins, at = at, at + sizes[key]
            above += begins < first
            below += begins >= end
            if begins < end and at > first:
                block = list(self._router(router, key[0] if several else "", t_us, form))
                body += block[max(0, first - begins) : end - begins]
        if not routers:
            body = ["No VRRP heard yet."]
        titles = [form.row(*(column.title for column in _COLUMNS))] if routers else []
        airy = [""] if rows is None or rows >= _AIRY else []
        is_whole = self._page == self._total
        more = [] if is_whole else [_more(above, below, columns)]
        ends = "q or Ctrl-C ends." if keys else "Ctrl-C ends."
        if keys and not is_whole:
            ends = "Arrows, PgUp, PgDn, space scroll; q ends"
        latest = list(self._latest)[len(self._latest) - events :]
        latest = [*airy, *latest] if latest else []
        found = [self._head(t_us, columns), *airy, *titles, *body, *more, *latest, *airy, ends]
        return [cut(line, columns) for line in found][:rows]

    def _room(self, rows: int | None) -> tuple[int, int]:
        """Lines for routers, and for the latest events."""
        events = len(self._latest)
        if rows is None:
            return self._total, events
        free = rows - 3 - (3 if rows >= _AIRY else 0)  # head, titles, how it ends
        if self._total + events > free:
            events = min(events, max(free // 3, free - self._total))
        place = max(1, free - events)
        # one line says how many more there are
        return (place if place >= self._total else max(1, place - 1)), max(0, events)

    def _head(self, t_us: Micros, columns: int) -> str:
        seen = self._observer
        parts = [f"vrrplab watches {self._where}: {t_us / SECOND_US:.1f} s", f"{seen.adverts} adverts"]
        parts.append(f"{seen.announcements} announcements")
        if seen.rejected:
            parts.append(f"{seen.rejected} rejected")
        if seen.strangers:
            parts.append(f"{seen.strangers} of too many senders")
        while len(", ".join(parts)) > columns and len(parts) > 1:
            parts.pop()
        return ", ".join(parts)

    def _router(self, router: Masters, place: str, t_us: Micros, form: _Form) -> Iterator[str]:
        speakers = sorted(router.speakers.values(), key=lambda s: (_ORDER[s.state], -s.last.priority))
        label = f"{router.vrid}" + ("/v6" if router.ip_version == 6 else "")
        for number, speaker in enumerate(speakers[:_MOST_SENDERS]):
            yield self._speaker("" if number else label, speaker, t_us, form)
        if len(speakers) > _MOST_SENDERS:
            yield f"{'':6} and {len(speakers) - _MOST_SENDERS} more senders"
        addresses = ", ".join(speakers[0].last.addresses) if speakers else ""
        yield f"{'':6} -> {addresses}" + (f" on {printable(place)}" if place else "")

    def _speaker(self, label: str, speaker: Speaker, t_us: Micros, form: _Form) -> str:
        name = printable(self._names.get(speaker.name, speaker.name))
        state = speaker.state if not (speaker.state == "MASTER" and speaker.overdue(t_us)) else "MASTER?"
        shown = {"FAULT": "silent", "INIT": "?"}.get(state, state)
        every = f"{speaker.last.interval_us / SECOND_US:g}s"
        last, since = _duration(t_us - speaker.last.t_us), _duration(t_us - speaker.since_us)
        counts = _count(speaker.missed), _count(speaker.announcements)
        return form.row(label, name, shown, speaker.last.priority, every, last, *counts, since)


class _Form:
    """The columns that a window has room for."""

    def __init__(self, columns: int) -> None:
        def taken(name: int) -> int:
            return sum(abs(c.width) + 1 for c in self._shown if c.title != "router") + name

        self._shown = list(_COLUMNS)
        while taken(_NAME_LEAST) > columns and (last := max(self._shown, key=lambda c: c.rank)).rank:
            self._shown.remove(last)
        name = max(1, min(_NAME_MOST, columns - taken(0)))
        self._widths = [name if c.title == "router" else c.width for c in self._shown]
        self._indexes = [_COLUMNS.index(c) for c in self._shown]

    def row(self, *cells: object) -> str:
        pairs = ((str(cells[i]), width) for i, width in zip(self._indexes, self._widths, strict=True))
        return " ".join(fitted(cell, w) if w > 0 else padded(cell, -w, right=True) for cell, w in pairs)


def _size(router: Masters) -> int:
    """Lines it takes: its senders, and its addresses."""
    senders = len(router.speakers)
    return min(senders, _MOST_SENDERS) + (senders > _MOST_SENDERS) + 1


def _trouble(router: Masters, t_us: Micros) -> int:
    """0: nobody is MASTER, or several are; 1: an advert is overdue; 2: all is well."""
    masters = router.masters
    if len(masters) != 1:
        return 0
    return 1 if masters[0].overdue(t_us) else 2


def _more(above: int, below: int, columns: int) -> str:
    """What is not shown; routers of which some lines are count as shown."""
    if not above and not below:
        return "and more lines of this router"
    what = "virtual routers" if above + below > 1 else "virtual router"
    if not above:
        why = ": those in trouble come first"
        text = f"and {below} more {what}"
        return text + why if len(text) + len(why) <= columns else text
    return f"and {above} more {what} above" + (f", {below} below" if below else "")


def _duration(duration_us: Micros) -> str:
    """In six characters at most: 999.9s, 59m59s, 23h59m, 999d23."""
    duration_s = duration_us / SECOND_US
    if duration_s < 999.95:
        return f"{duration_s:.1f}s"
    minutes, seconds = divmod(int(duration_s), 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours < 24 else f"{hours // 24}d{hours % 24:02}h"[:6]


def _count(number: int) -> str:
    """In four characters at most: 9999, 999k, 999M."""
    for unit in ("", "k", "M"):
        if number < (10_000 if not unit else 1000):
            return f"{number}{unit}"
        number //= 1000
    return ">1G"
