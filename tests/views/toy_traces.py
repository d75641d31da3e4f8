"""Small traces and a scenario that needs no simulator, for tests of the widget and the player."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from vrrplab.trace import Trace, TraceEvent, make_event
from vrrplab.units import SECOND_US, Micros, micros

VIP = "192.168.2.101"


def event(t_s: float, what: str, /, **fields: Any) -> TraceEvent:
    return make_event(micros(t_s), what, fields)


def state(t_s: float, server: str, was: str, now: str, reason: str = "") -> TraceEvent:
    fields = {"server": server, "instance": "V1", "from": was, "to": now, "reason": reason}
    return make_event(micros(t_s), "state", fields)


def has(t_s: float, server: str, *, added: bool = True) -> TraceEvent:
    kind = "address_added" if added else "address_removed"
    return event(t_s, kind, server=server, instance="V1", interface="eth0", address=f"{VIP}/24", label="")


def cast(duration_s: float = 20, **changes: Any) -> TraceEvent:
    """Two servers, one address, one client."""

    def server(last: int, priority: int) -> dict[str, Any]:
        port = {"segment": "lan", "mac": f"02:00:00:00:00:{last:02x}", "addresses": [f"192.168.2.{last}/24"]}
        instance = {"vrid": 1, "interface": "eth0", "priority": priority, "virtual_addresses": [f"{VIP}/24"]}
        return {
            "interfaces": {"eth0": port},
            "services": {"web": {"port": 80}},
            "instances": {"V1": instance},
            "config": f"r{last}.conf",
        }

    fields = {
        "name": "two",
        "description": "two routers",
        "profile": "keepalived-2.2.7",
        "seed": 0,
        "duration_s": duration_s,
        "origin": "simulation",
        "segments": {"lan": {"subnet": "192.168.2.0/24"}},
        "servers": {"r1": server(1, 150), "r2": server(2, 100)},
        "clients": {
            "pc": {
                "segment": "lan",
                "mac": "02:00:00:00:00:0a",
                "addresses": ["192.168.2.10/24"],
                "probes": [{"kind": "icmp", "target": VIP, "every_s": 0.02}],
            }
        },
        "virtual_addresses": [VIP],
    }
    return event(0, "scenario", **{**fields, **changes})


def failover(duration_s: float = 20) -> Trace:
    """r1 has the address; at 5 s its link goes down, at 8.6 s r2 takes over."""
    why = "no advert from 192.168.2.1 for 3.609 s; the master-down timer is 3 x 1.000 s + skew 0.609 s"
    return Trace(
        [
            cast(duration_s),
            state(0.1, "r1", "INIT", "MASTER", "starts"),
            has(0.1, "r1"),
            state(0.2, "r2", "INIT", "BACKUP", "starts"),
            event(5, "action", action="link_down", server="r1", interface="eth0"),
            has(5, "r1", added=False),
            state(5, "r1", "MASTER", "FAULT", "interface eth0 is down"),
            state(8.6, "r2", "BACKUP", "MASTER", why),
            has(8.6, "r2"),
            event(8.7, "outage", client="pc", kind="icmp", target=VIP, from_s=5.0, to_s=8.7, lost=184),
        ]
    )


@dataclass(frozen=True)
class Toy:
    """A scenario as far as ``Forks`` needs one; ``run`` writes its actions down and nothing else."""

    name: str = "toy"
    duration_us: Micros = 20 * SECOND_US
    actions: tuple[Mapping[str, Any], ...] = ()
    description: str = "two routers"

    def with_actions(self, actions: Sequence[Mapping[str, Any]]) -> Self:
        return replace(self, actions=(*self.actions, *actions))

    def changed(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def to_yaml(self) -> str:
        return f"name: {self.name}\nactions: {len(self.actions)}\n"

    def run(self) -> Trace:
        done = [
            event(a["at_s"], "action", **{k: v for k, v in a.items() if k != "at_s"})
            for a in sorted(self.actions, key=lambda action: float(action["at_s"]))
        ]
        return Trace([cast(self.duration_us / SECOND_US, description=self.description), *done])
