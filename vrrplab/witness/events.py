"""What was seen and concluded, as trace events: the only place in this room that makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vrrplab.trace import TraceEvent
from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.sightings import Announcement, Sighting, VirtualRouter


def advert_sent(
    router: VirtualRouter, sighting: Sighting, server: str, interface: str, **more: Any
) -> TraceEvent:
    """``more``: ``frame_number`` in a capture, ``frame``: its bytes."""
    fields = {
        "server": server,
        "instance": router.name,
        "interface": interface,
        "source": sighting.source,
        "destination": sighting.destination,
        "version": sighting.version,
        "vrid": router.vrid,
        "priority": sighting.priority,
        "interval_s": sighting.interval_us / SECOND_US,
        "addresses": list(sighting.addresses),
    }
    return TraceEvent(sighting.t_us, "advert_sent", {**fields, **more})


def advert_dropped(t_us: Micros, server: str, source: str, reason: str, vrid: int) -> TraceEvent:
    """An advert that no router takes."""
    fields = {"server": server, "source": source, "reason": reason, "vrid": vrid}
    return TraceEvent(t_us, "advert_dropped", fields)


def announced(
    announcement: Announcement, server: str, interface: str, router: VirtualRouter | None = None
) -> TraceEvent:
    """``router``: whose address it is, if anybody's."""
    kind = "na_sent" if ":" in announcement.address else "garp_sent"
    fields = {"server": server, **({"instance": router.name} if router is not None else {})}
    fields |= {"interface": interface, "address": announcement.address, "mac": announcement.mac}
    return TraceEvent(announcement.t_us, kind, fields)


def state(
    t_us: Micros, router: VirtualRouter, server: str, old: str, new: str, reason: str, **more: Any
) -> TraceEvent:
    """``more``: the ``frames`` it rests on."""
    fields = {"server": server, "instance": router.name, "from": old, "to": new, "reason": reason}
    return TraceEvent(t_us, "state", {**fields, **more})


def addresses_changed(
    t_us: Micros, router: VirtualRouter, server: str, interface: str, addresses: Iterable[str], is_added: bool
) -> Iterator[TraceEvent]:
    """Where the addresses are is concluded from who is MASTER."""
    for address in addresses:
        fields = {"server": server, "instance": router.name, "interface": interface}
        fields |= {"address": with_prefix(address), "label": ""}
        yield TraceEvent(t_us, "address_added" if is_added else "address_removed", fields)


def priority(t_us: Micros, router: VirtualRouter, server: str, old: int, new: int) -> TraceEvent:
    """A MASTER's adverts have another priority."""
    who = {"server": server, "instance": router.name}
    return TraceEvent(t_us, "priority", {**who, "from": old, "to": new, "reason": "its adverts say so"})


def warning(t_us: Micros, text: str, **more: Any) -> TraceEvent:
    """``more``: the ``instance`` it is about and the ``frames`` it rests on."""
    return TraceEvent(t_us, "warning", {"text": text, **more})


def scenario(fields: dict[str, Any]) -> TraceEvent:
    """The first event: what there is."""
    return TraceEvent(0, "scenario", fields)


def with_prefix(address: str) -> str:
    """A capture tells no prefix lengths."""
    return f"{address}/{128 if ':' in address else 32}"
