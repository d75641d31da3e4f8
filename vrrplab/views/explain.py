"""What an answer to "why?" can point at: the rule behind a change of state, and lines of keepalived.conf.

The reason of a change is in the trace, written by the machine. Which paragraph of which document allows the
change is in ``EDGES``; which line of a file an option stands in, the scenario's configuration knows.
"""

from __future__ import annotations

import os
from typing import Any

from vrrplab.machine.states import EDGES


def explanations(scenario: Any = None) -> dict[str, Any]:
    """``{"rules": {"BACKUP>MASTER": …}, "options": {server: {instance: {word: [place, text]}}}}``.

    ``word`` is what a reason would mention: an option, or the name of a tracked interface or script.
    Without a scenario (a recording, a capture) there are no options.
    """
    rules = {f"{edge.from_state}>{edge.to_state}": edge.source for edge in EDGES}
    servers = getattr(scenario, "servers", None) or {}
    options = {
        name: {instance.name: _options(instance) for instance in server.node.instances}
        for name, server in servers.items()
    }
    return {"rules": rules, "options": options}


def _options(instance: Any) -> dict[str, list[str]]:
    """The lines that decide about changes of state, as ``word: [file:line, what stands there]``."""
    values = {
        "state": instance.state,
        "interface": instance.interface,
        "priority": instance.base_priority,
        "virtual_router_id": instance.vrid,
        "advert_int": f"{instance.advert_interval_us / 1_000_000:g}",
        "preempt_delay": f"{instance.preempt_delay_us / 1_000_000:g}",
        "down_timer_adverts": instance.down_timer_adverts,
        "nopreempt": "",
    }
    found = {
        word: [_place(instance.lines[word]), f"{word} {value}".strip()]
        for word, value in values.items()
        if word in instance.lines
    }
    for kind, tracked in (
        ("track_interface", instance.track_interfaces),
        ("track_script", instance.track_scripts),
    ):
        for entry in tracked:
            if entry.source.line:
                weight = f" weight {entry.weight}" if entry.weight else ""
                found[entry.name] = [_place(entry.source), f"{kind} {entry.name}{weight}"]
    return found


def _place(source: Any) -> str:
    return f"{os.path.basename(source.file)}:{source.line}"
