"""The states of one VRRP instance, and which may follow which.

                     +--------------- INIT ---------------+
                     | owner                              | everybody else
                     v                                    v
                  MASTER  <--- nobody advertises ---   BACKUP
                     |    --- somebody better does --->   |
                     +----------> FAULT <-----------------+
                                    |  all faults gone: BACKUP

A state value owns the deadlines that exist in that state, so a stale timer cannot exist: a MASTER has
no master-down timer that could fire. ``EDGES`` lists every change that may happen; ``Role.enter``
checks against it, and the state diagram is drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from vrrplab.units import Micros


@dataclass(slots=True)
class Init:
    """Not started, or waiting for the first result of a track script.

    ``master_at_us``: an address owner becomes MASTER then, as if (``by_timeout``) it had heard nobody.
    """

    name: ClassVar[str] = "INIT"
    master_at_us: Micros | None = None
    by_timeout: bool = False


@dataclass(slots=True)
class Backup:
    """Listening. Without an advert until ``master_down_at_us`` it becomes MASTER."""

    name: ClassVar[str] = "BACKUP"
    master_down_interval_us: Micros
    master_down_at_us: Micros
    preempt_from_us: Micros | None = None  # preempt_delay runs until then; None: it does not run


@dataclass(slots=True)
class Master:
    """Advertising; the next advert is due at ``advert_at_us``."""

    name: ClassVar[str] = "MASTER"
    advert_at_us: Micros


@dataclass(slots=True)
class Fault:
    """Cannot work: something it depends on is broken (keepalived only; the RFCs call it Initialize)."""

    name: ClassVar[str] = "FAULT"


@dataclass(slots=True)
class Stopped:
    """The process has ended or is ending."""

    name: ClassVar[str] = "STOP"


State = Init | Backup | Master | Fault | Stopped


class Edge(NamedTuple):
    """A change that may happen: why, and where that is laid down."""

    from_state: str
    to_state: str
    reason: str
    source: str


EDGES: tuple[Edge, ...] = (
    Edge("INIT", "MASTER", "address owner starts", "RFC 9568 §6.4.1"),
    Edge("INIT", "BACKUP", "starts", "RFC 9568 §6.4.1"),
    Edge("INIT", "FAULT", "starts with something broken", "keepalived"),
    Edge("BACKUP", "MASTER", "no advert for the master-down interval", "RFC 9568 §6.4.2"),
    Edge("BACKUP", "FAULT", "an interface, address or script fails", "keepalived"),
    Edge("MASTER", "BACKUP", "a better advert, or its address was taken away", "RFC 9568 §6.4.3"),
    Edge("MASTER", "FAULT", "an interface, address or script fails", "keepalived"),
    Edge("FAULT", "BACKUP", "all faults are gone", "keepalived"),
    Edge("FAULT", "MASTER", "all faults of an address owner are gone", "RFC 9568 §6.4.1"),
    Edge("INIT", "STOP", "shutdown", "RFC 9568 §6.4"),
    Edge("BACKUP", "STOP", "shutdown", "RFC 9568 §6.4.2"),
    Edge("MASTER", "STOP", "shutdown, with a priority 0 advert", "RFC 9568 §6.4.3"),
    Edge("FAULT", "STOP", "shutdown", "keepalived"),
)

ALLOWED: frozenset[tuple[str, str]] = frozenset((e.from_state, e.to_state) for e in EDGES)
