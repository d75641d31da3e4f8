"""What a live router's trace tells of the router itself: who it is, how punctual it was, what it cost."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Any

from vrrplab.config.interfaces import interfaces_of
from vrrplab.config.model import NodeConfig
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.cast import scenario_fields, server_fields
from vrrplab.system.host import Host
from vrrplab.trace.events import ScenarioEvent, TraceEvent
from vrrplab.units import SECOND_US, Micros


class Lateness:
    """How late timers were served: for ``soak`` and for whoever wonders about a slow machine."""

    def __init__(self) -> None:
        self.timers = 0
        self.worst_us: Micros = 0
        self.over_50_ms = 0

    def add(self, late_us: Micros) -> None:
        self.timers += 1
        self.worst_us = max(self.worst_us, late_us)
        self.over_50_ms += late_us > 50_000

    def fields(self) -> dict[str, Any]:
        return {
            "timers": self.timers,
            "worst_late_s": self.worst_us / SECOND_US,
            "over_50_ms": self.over_50_ms,
        }


def cast(
    node: NodeConfig, server: str, host: Host, profile: Profile, mode: str, began_us: Micros
) -> TraceEvent:
    """The trace's first event: who takes part, and where its time 0 is (``began_us``: monotonic clock)."""
    ago_s = (time.monotonic_ns() // 1000 - began_us) / SECOND_US
    fields = scenario_fields(
        f"{server} live",
        f"{server} on {socket.gethostname() if mode == 'raw' else 'loopback'}",
        "live",
        profile.name,
        [node],
        segments=host.segments(),
        servers={
            server: server_fields(os.path.basename(node.file), node, host.describe(interfaces_of(node)))
        },
        mode=mode,
        clock={"monotonic_s": began_us / SECOND_US, "unix_s": time.time() - ago_s},
    )
    return ScenarioEvent(0, content=fields)


def usage() -> dict[str, Any]:
    """Processor time and the most memory so far, for the trace's last event."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    largest_kb = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return {"cpu_s": round(used.ru_utime + used.ru_stime, 3), "memory_kb": largest_kb}
