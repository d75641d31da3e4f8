"""A timeline as a trace, so that every view draws a capture as it draws a simulation.

Servers are named by their source address. States are what the wire tells: MASTER from the first advert on,
BACKUP after yielding or a priority 0 (the wire does not say if it stopped), FAULT after an unexplained
silence; before, INIT. Addresses are taken to be where the MASTER is.
"""

from __future__ import annotations

from typing import Any

from vrrplab.limits import FINDINGS_WRITTEN
from vrrplab.trace import Trace, TraceEvent
from vrrplab.trace.events import ScenarioEvent, StateEvent, WarningEvent, cast_fields
from vrrplab.units import SECOND_US, seconds
from vrrplab.witness import events as made
from vrrplab.witness.finding_kinds import KINDS
from vrrplab.witness.findings import Beginnings
from vrrplab.witness.masters import STATE_AFTER, MasterSpan, describe_end
from vrrplab.witness.timeline import RouterTimeline, Timeline


def to_trace(timeline: Timeline, name: str = "capture") -> Trace:
    """Events: scenario (``origin`` "capture"), advert_sent, garp_sent, na_sent, state,
    address_added/removed, warning.

    Time 0 is the capture's first frame; ``epoch_s`` of the scenario event says when that was.
    """
    events: list[tuple[int, int, TraceEvent]] = []
    for part in timeline.routers:
        for sighting in part.router.sightings:
            advert = made.advert_sent(
                part.router, sighting, sighting.speaker, "lan", frame_number=sighting.number
            )
            events.append((sighting.t_us, 1, advert))
        beginnings = Beginnings(part.router, part.spans, timeline.end_us)
        before: dict[str, MasterSpan] = {}  # each speaker's last
        for span in part.spans:
            events += _span_events(part, span, before.get(span.speaker), beginnings)
            before[span.speaker] = span
        for claim in part.claims:
            announcement = claim.announcement
            server = claim.speaker or announcement.mac  # whose it is cannot be told
            garp = made.announced(announcement, server, "lan", part.router)
            events.append((announcement.t_us, 3, garp))
    for finding in timeline.findings(FINDINGS_WRITTEN):
        if KINDS[finding.like or finding.kind].is_told:
            text = finding.text[0].upper() + finding.text[1:]
            warning = WarningEvent(
                finding.t_us,
                instance=finding.router,
                text=text,
                frames=list(finding.frames),
                finding=finding.like or finding.kind,
            )
            events.append((finding.t_us, 4, warning))
    events.sort(key=lambda item: item[:2])
    head = ScenarioEvent(0, content=_scenario(timeline, name))
    return Trace([head, *(event for _, _, event in events)], end_us=timeline.end_us)


def _span_events(
    part: RouterTimeline, span: MasterSpan, last: MasterSpan | None, beginnings: Beginnings
) -> list[tuple[int, int, TraceEvent]]:
    router = part.router
    state = STATE_AFTER.get(last.end, "INIT") if last else "INIT"
    _, why, frames = beginnings.of(span)
    who: dict[str, Any] = {"server": span.speaker, "instance": router.name}
    gain = StateEvent(span.from_us, **who, from_=state, to="MASTER", reason=why, frames=list(frames))
    found: list[tuple[int, int, TraceEvent]] = [(span.from_us, 0, gain)]
    addresses = span.first.addresses if span.first is not None else ()
    added = made.addresses_changed(span.from_us, router, span.speaker, "lan", addresses, is_added=True)
    found += ((span.from_us, 2, event) for event in added)
    if span.to_us is not None:
        removed = made.addresses_changed(span.to_us, router, span.speaker, "lan", addresses, is_added=False)
        found += ((span.to_us, 2, event) for event in removed)
        ends = [span.last_frame] if span.end_frame is None else [span.last_frame, span.end_frame]
        to, why = STATE_AFTER[span.end], describe_end(span)
        loss = StateEvent(span.to_us, **who, from_="MASTER", to=to, reason=why, frames=ends)
        found.append((span.to_us, 2, loss))
    return found


def _scenario(timeline: Timeline, name: str) -> dict[str, Any]:
    servers: dict[str, Any] = {}
    addresses: dict[str, None] = {}
    for part in timeline.routers:
        router = part.router
        addresses.update(dict.fromkeys(router.addresses))
        for sighting in router.sightings:
            server = servers.setdefault(sighting.speaker, {"interfaces": {}, "services": {}, "instances": {}})
            if router.name in server["instances"]:
                continue
            address = sighting.source
            interface = {"segment": "lan", "mac": sighting.mac, "addresses": [made.with_prefix(address)]}
            server["interfaces"]["lan"] = interface
            server["instances"][router.name] = {
                "vrid": router.vrid,
                "interface": "lan",
                "priority": sighting.priority,
                "version": sighting.version,
                "advert_int_s": sighting.interval_us / SECOND_US,
                "virtual_addresses": [made.with_prefix(a) for a in sighting.addresses],
            }
    return cast_fields(
        name,
        "who was MASTER when, from what was on the wire",
        "capture",
        epoch_s=timeline.sightings.start_ns / 1e9,
        duration_s=seconds(timeline.end_us),
        segments={"lan": {"subnet": ""}},
        servers=servers,
        virtual_addresses=addresses,
    )
