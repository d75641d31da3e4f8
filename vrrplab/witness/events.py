"""Trace events made of what was seen, for the timeline and for the watcher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from vrrplab.trace.events import (
    AddressAddedEvent,
    AddressEvent,
    AddressRemovedEvent,
    AdvertSentEvent,
    AnnouncementEvent,
    GarpSentEvent,
    NaSentEvent,
)
from vrrplab.units import SECOND_US, Micros
from vrrplab.witness.sightings import Announcement, Sighting, VirtualRouter


def advert_sent(
    router: VirtualRouter, sighting: Sighting, server: str, interface: str, **more: Any
) -> AdvertSentEvent:
    """``more``: ``frame_number`` in a capture, ``frame``: its bytes."""
    return AdvertSentEvent(
        sighting.t_us,
        server,
        instance=router.name,
        interface=interface,
        source=sighting.source,
        destination=sighting.destination,
        version=sighting.version,
        vrid=router.vrid,
        priority=sighting.priority,
        interval_s=sighting.interval_us / SECOND_US,
        addresses=list(sighting.addresses),
        **more,
    )


def announced(
    announcement: Announcement, server: str, interface: str, router: VirtualRouter | None = None
) -> AnnouncementEvent:
    """``router``: whose address it is, if anybody's."""
    t_us, _, mac, address, _ = announcement
    event = (NaSentEvent if ":" in address else GarpSentEvent)(
        t_us, server, interface=interface, address=address, mac=mac
    )
    if router is not None:
        event.instance = router.name
    return event


def addresses_changed(
    t_us: Micros, router: VirtualRouter, server: str, interface: str, addresses: Iterable[str], is_added: bool
) -> Iterator[AddressEvent]:
    """Where the addresses are is concluded from who is MASTER."""
    kind = AddressAddedEvent if is_added else AddressRemovedEvent
    for address in addresses:
        on = with_prefix(address)
        yield kind(t_us, server, instance=router.name, interface=interface, address=on, label="")


def with_prefix(address: str) -> str:
    """A capture tells no prefix lengths."""
    return f"{address}/{128 if ':' in address else 32}"
