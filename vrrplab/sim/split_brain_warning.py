"""Watches all servers at once, as nobody in the real network can, and warns of what none of them sees.

Two MASTERs for one virtual router are normal for a moment; for longer than an advert interval they are a
split brain, and a person should be told, with the reason (usually: they do not hear or do not accept each
other).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from vrrplab.errors import DropReason
from vrrplab.sim.scheduler import TIMER, Scheduler
from vrrplab.trace import TraceEvent
from vrrplab.trace.events import AdvertDroppedEvent, StateEvent, WarningEvent
from vrrplab.units import Micros

Key = tuple[str, int, int]  # segment, VRID, family
GRACE_US = 100_000


class SplitBrainWarning:
    """Reads every event of a run; its warnings go to ``write``."""

    __slots__ = ("_keys", "_masters", "_rejected", "_scheduler", "_told", "_write")

    def __init__(self, scheduler: Scheduler, write: Callable[[TraceEvent], None]) -> None:
        self._scheduler = scheduler
        self._write = write
        self._keys: Mapping[tuple[str, str], tuple[Key, Micros]] = MappingProxyType({})
        self._masters: dict[Key, dict[str, Micros]] = {}  # server -> since when
        self._rejected: dict[tuple[str, str], str] = {}  # (server, source) -> reason
        self._told: set[tuple[Key, frozenset[str]]] = set()

    def introduce(self, instances: dict[tuple[str, str], tuple[Key, Micros]]) -> None:
        """All that there are: by server and name, of which virtual router, and how often they advertise."""
        self._keys = MappingProxyType(instances)

    def see(self, event: TraceEvent) -> None:
        """Every event passes here before it is written."""
        if isinstance(event, AdvertDroppedEvent):
            self._rejected[(event.server, event.source)] = event.reason
        elif isinstance(event, StateEvent) and (event.server, event.instance) in self._keys:
            key, interval_us = self._keys[(event.server, event.instance)]
            masters = self._masters.setdefault(key, {})
            if event.to == "MASTER":
                masters[event.server] = event.t_us
                if len(masters) > 1:
                    self._scheduler.after(interval_us + GRACE_US, TIMER, self._check, key, event.t_us)
            else:
                masters.pop(event.server, None)

    def _check(self, key: Key, since_us: Micros) -> None:
        """Who was MASTER at that moment already, and still is?"""
        who = frozenset(name for name, from_us in self._masters[key].items() if from_us <= since_us)
        if len(who) < 2 or (key, who) in self._told:
            return
        self._told.add((key, who))
        names = " and ".join(sorted(who))
        every = "both" if len(who) == 2 else "all"
        segment, vrid, _ = key
        reasons = {
            r for (server, _), r in self._rejected.items() if server in who and r != DropReason.BAD_VRID.name
        }
        why = (
            f"adverts are rejected: {'; '.join(sorted(DropReason[name].value for name in reasons))}"
            if reasons
            else "they do not hear each other"
        )
        text = f"split brain: {names} are {every} MASTER for VRID {vrid} on {segment} ({why})"
        self._write(WarningEvent(self._scheduler.now, text=text, servers=sorted(who)))
