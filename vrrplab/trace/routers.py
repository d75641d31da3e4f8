"""Virtual routers: which instances of several servers are one.

Everything is taken from the trace; one without a ``scenario`` event has its instances by name alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vrrplab.trace.events import AddressAddedEvent, AdvertSentEvent, as_table
from vrrplab.trace.trace import Trace


class RouterGroup(NamedTuple):
    """Instances of several servers that are one virtual router: same VRID, segment and address family.

    ``members`` are (server, instance) pairs in order of the cast; ``addresses`` are without prefix.
    """

    name: str
    vrid: int | None
    members: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]

    @property
    def title(self) -> str:
        """Name and VRID, said once where an instance is called by its VRID."""
        vrid = f"VRID {self.vrid}"
        return self.name if self.vrid is None or self.name == vrid else f"{self.name} · {vrid}"


def virtual_routers(trace: Trace) -> list[RouterGroup]:
    """All of them, in the order of the configuration, else of appearance."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    places: dict[tuple[str, str], tuple[Any, ...]] = {}
    for server, about in as_table(trace.scenario.get("servers")).items():
        interfaces = about.get("interfaces") or {}
        for instance, config in (about.get("instances") or {}).items():
            told[server, instance] = config
            addresses = config.get("virtual_addresses") or [""]
            segment = (interfaces.get(config.get("interface")) or {}).get("segment")
            places[server, instance] = (segment, config.get("vrid"), ":" in addresses[0])
    for instance, server in trace.instances:
        places.setdefault((server, instance), (instance,))
    order = {server: place for place, server in enumerate(trace.servers)}
    routers: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    for pair, place in places.items():
        routers.setdefault(place, []).append(pair)
    seen = _addresses_by_instance(trace)
    found = []
    for place, members in routers.items():
        members.sort(key=lambda pair: order.get(pair[0], len(order)))
        found_here: dict[str, None] = {}
        for pair in members:
            config = told.get(pair, {})
            listed = (config.get("virtual_addresses") or []) + (config.get("excluded_addresses") or [])
            found_here.update(dict.fromkeys(a.split("/")[0] for a in listed))
            found_here.update(dict.fromkeys(seen.get(pair, ())))
        name = " / ".join(dict.fromkeys(instance for _, instance in members))
        vrid = place[1] if len(place) > 1 else _vrid_seen(trace, members)
        found.append(RouterGroup(name, vrid, tuple(members), tuple(found_here)))
    return found


def _addresses_by_instance(trace: Trace) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for event in trace.of(AddressAddedEvent):
        if event.instance and (address := event.bare):
            own = found.setdefault((event.server, event.instance), [])
            if address not in own:
                own.append(address)
    return found


def _vrid_seen(trace: Trace, members: list[tuple[str, str]]) -> int | None:
    for event in trace.of(AdvertSentEvent):
        if (event.server, event.instance) in members:
            return event.vrid
    return None
