"""The watcher's table for a terminal: who is master of what, how fresh, and the latest events; 80 columns."""

from __future__ import annotations

from collections import deque

from vrrplab.output.terminal import printable
from vrrplab.output.trace_writer import watch_line
from vrrplab.trace import TraceEvent
from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.masters import Masters, Speaker
from vrrplab.witness.observer import Observer

CLEAR = "\x1b[H\x1b[J"
_LATEST = 12


class Table:
    """Keeps the latest events; ``text`` draws everything."""

    def __init__(self, observer: Observer, where: str, names: dict[str, str]) -> None:
        self._observer = observer
        self._where = where
        self._names = names
        self._latest: deque[str] = deque(maxlen=_LATEST)

    def note(self, event: TraceEvent) -> None:
        """Remember an event worth showing below the table."""
        line = watch_line(event)
        if line:
            self._latest.append(line)

    def text(self, t_us: Micros, width: int = 80) -> str:
        """The whole screen, without what positions it."""
        seen = self._observer
        head = f"vrrplab watches {self._where}: {t_us / SECOND_US:.1f} s, {seen.adverts} adverts"
        head += f", {seen.announcements} announcements"
        if seen.rejected:
            head += f", {seen.rejected} rejected"
        if seen.strangers:
            head += f", {seen.strangers} of too many senders"
        lines = [head, ""]
        if not seen.routers:
            lines.append("No VRRP heard yet.")
        else:
            lines.append(_row("VRID", "router", "state", "prio", "every", "last", "miss", "ARP", "for"))
            for key in sorted(seen.routers):
                lines += self._router(seen.routers[key], t_us)
        lines += ["", *self._latest, "", "Ctrl-C ends."]
        return "\n".join(line[:width] for line in lines)

    def _router(self, router: Masters, t_us: Micros) -> list[str]:
        order = {"MASTER": 0, "BACKUP": 1, "FAULT": 2, "INIT": 3}
        speakers = sorted(router.speakers.values(), key=lambda s: (order[s.state], -s.last.priority))
        label = f"{router.vrid}" + ("/v6" if router.ip_version == 6 else "")
        rows = [self._speaker(label if i == 0 else "", s, t_us) for i, s in enumerate(speakers)]
        addresses = ", ".join(speakers[0].last.addresses) if speakers else ""
        return [*rows, f"{'':8} -> {addresses}"]

    def _speaker(self, label: str, speaker: Speaker, t_us: Micros) -> str:
        name = printable(self._names.get(speaker.name, speaker.name))[:24]
        state = speaker.state if not (speaker.state == "MASTER" and speaker.overdue(t_us)) else "MASTER?"
        shown = {"FAULT": "silent", "INIT": "?"}.get(state, state)
        every = f"{speaker.last.interval_us / SECOND_US:g}s"
        last = f"{(t_us - speaker.last.t_us) / SECOND_US:.1f}s"
        since = f"{(t_us - speaker.since_us) / SECOND_US:.1f}s"
        counts = (speaker.missed, speaker.announcements)
        return _row(label, name, shown, speaker.last.priority, every, last, *counts, since)


def _row(*cells: object) -> str:
    widths = (8, 24, 7, -4, -6, -6, -4, -4, -8)
    pairs = zip(cells, widths, strict=True)
    return " ".join(f"{cell!s:<{width}}" if width > 0 else f"{cell!s:>{-width}}" for cell, width in pairs)
