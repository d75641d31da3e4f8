"""Numbers that a lesson takes from a run: the silence before a takeover, outages at many moments."""

from __future__ import annotations

import os
from typing import Any

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.notebook.simulate import simulate
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace import Trace, as_trace
from vrrplab.trace.events import AdvertReceivedEvent, AdvertSentEvent

MOST_TIMES = 1000  # runs of one call


def silence_s(trace: Trace, server: str, instance: str = "") -> float:
    """Seconds of silence before a server took over: from the last advert it heard to the first it sent.

    ``instance``: which of them, as in the server's file; "": whichever sent first. A recording does not say
    what was heard; there the last advert that another server sent counts. VrrplabError: not a trace, no such
    server or instance, or no takeover in it.

    >>> vrrplab.silence_s(vrrplab.simulate("power-off"), "proxy-serv02", "proxy_ip1")
    3.609
    """
    as_trace(trace, "silence_s()")
    own = trace.of(AdvertSentEvent, server=server, instance=instance)
    if own:
        first = own[0]
        heard = [e.t for e in trace.of(AdvertReceivedEvent, server=server) if e.vrid == first.vrid]
        heard = heard or [
            e.t for e in trace.of(AdvertSentEvent) if e.vrid == first.vrid and e.server != server
        ]
        before = [moment for moment in heard if moment < first.t]
        if before:
            return round(first.t - before[-1], 3)
    which = f" for {instance}" if instance else ""
    raise VrrplabError(f"{server} did not take over from anybody{which}: there is no silence to measure")


def outages_s(
    source: Scenario | str | os.PathLike[str],
    action: str,
    target: str = "",
    *,
    from_s: float = 12,
    to_s: float = 13,
    times: int = 40,
    **keys: Any,
) -> list[float]:
    """Seconds of the longest outage, for the same failure at many moments: one run a moment.

    - ``source``, ``action``, ``keys``: what ``variant`` and ``at`` take.
    - ``target``: an address or name that clients ask for, "": any of them.
    - ``from_s``, ``to_s``, ``times``: the moments, evenly spread; ``to_s`` itself is none of them.

    VrrplabError: what does not fit, in one line.

    >>> vrrplab.outages_s("article-steady", "power_off", "192.168.2.101", times=3, server="proxy-serv01")
    [2.66, 3.32, 2.98]
    """
    from vrrplab.exercises.observe import outage_s  # its room opens with the lessons, and they need this file

    count = arguments.whole(times, "times", 1, MOST_TIMES)
    begin = arguments.number(from_s, "from_s", 0)
    length = arguments.number(to_s, "to_s", begin) - begin
    moments = [begin + length * step / count for step in range(count)]
    return [
        round(outage_s(simulate(variant(source, at(moment, action, **keys))), target), 3)
        for moment in moments
    ]
