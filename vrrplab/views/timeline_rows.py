"""What the state timeline shows, as plain values: lanes with spans and marks, and the actions above them.

No drawing here: ``timeline.py`` draws these rows, tests read them, and a text interface could print them.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import AdvertSentEvent, AnnouncementEvent, as_table
from vrrplab.trace.routers import virtual_routers
from vrrplab.units import Micros
from vrrplab.views import figure_arguments
from vrrplab.views.naming import (
    ActionMark,
    action_marks,
    address_range,
    alive_until,
    head_of,
    near,
    short_addresses,
    short_names,
)
from vrrplab.views.plain import Bar, PlainRow, PlainTable

FEW_TARGETS = 6


class Span(NamedTuple):
    """A stretch of one lane. ``what``: a state's name, "off", "owner", "several" or "outage"."""

    from_us: Micros
    to_us: Micros
    what: str
    text: str


class Lane(NamedTuple):
    """One line of the figure. ``kind``: "state", "address" or "client"; ``hue`` numbers the address colours.

    ``ticks`` are adverts sent, ``zeros`` those of priority 0, ``diamonds`` bursts of gratuitous ARP or
    unsolicited neighbour advertisements. ``from_us`` of a client: when what it asks for was first anywhere.
    """

    group: str
    label: str
    detail: str  # follows the label and is never shortened
    kind: str
    spans: tuple[Span, ...]
    ticks: tuple[Micros, ...] = ()
    zeros: tuple[Micros, ...] = ()
    diamonds: tuple[Micros, ...] = ()
    hue: int = 0
    from_us: Micros = 0


class TimelineRows(NamedTuple):
    """Everything on the figure. Times in microseconds from the start of the trace."""

    title: str
    note: str
    more: str
    from_us: Micros
    to_us: Micros
    lanes: tuple[Lane, ...]
    actions: tuple[ActionMark, ...]
    servers: dict[str, str]  # name -> a short one

    def summary(self) -> str:
        """The figure in one sentence, for readers who cannot see it."""
        changes = sum(max(0, len(lane.spans) - 1) for lane in self.lanes if lane.kind == "state")
        outages = [s for lane in self.lanes if lane.kind == "client" for s in lane.spans]
        return (
            f"State timeline of {self.title}: {sum(lane.kind == 'state' for lane in self.lanes)} instances, "
            f"{changes} state changes, {len(self.actions)} actions, {len(outages)} client outages."
        )

    def plain(self) -> PlainTable:
        """The figure as a table: a row a lane."""
        about = self.title, self.note, self.more, self.summary()
        return PlainTable(
            *about,
            ("", "who", ""),
            tuple(map(_plain_row, self.lanes)),
            (self.from_us, self.to_us),
            self.actions,
        )


def _plain_row(lane: Lane) -> PlainRow:
    bars = []
    for span in lane.spans:
        is_state = lane.kind == "state" and span.what != "off"
        text, more = (span.what, span.text) if is_state else (span.text, "")
        bars.append(Bar(span.from_us, span.to_us, text, span.what, more))
    return PlainRow((lane.group, lane.label, lane.detail), tuple(bars))


def rows(
    trace: Trace, from_s: float | None = None, to_s: float | None = None, *, stable: bool = False
) -> TimelineRows:
    """The lanes of a trace; ``from_s`` and ``to_s`` choose a window, the lanes are always whole.

    ``stable``: which lanes there are depends on the cast only, not on what happened, so that one run can be
    drawn over another: addresses of a virtual router share a lane (that of the first), and so do the probes
    of a client for one target (that of the worst).
    """
    routers = virtual_routers(trace)
    short = short_addresses(trace.addresses)
    silent = alive_until(trace)
    adverts = _adverts(trace)
    bursts = _bursts(trace)
    lanes: list[Lane] = []
    shown: set[str] = set()
    for number, router in enumerate(routers):
        group = router.title
        for server, instance in router.members:
            spans = state_spans(trace, server, instance, silent.get(server, []))
            ticks, zeros = adverts.get((server, instance), ((), ()))
            label = server if instance in router.name.split(" / ")[:1] else f"{server} {instance}"
            lanes.append(Lane(group, label, "", "state", spans, ticks, zeros))
        lanes += _address_lanes(trace, list(router.addresses), group, number, short, bursts, stable)
        shown.update(router.addresses)
    others = [a for a in trace.addresses if a not in shown]
    lanes += _address_lanes(trace, others, "other addresses", len(routers), short, bursts, stable)
    lanes += _client_lanes(trace, short, stable)
    return TimelineRows(
        *head_of(trace),
        *figure_arguments.window_us(trace, from_s, to_s),
        tuple(lanes),
        action_marks(trace),
        short_names(trace.servers),
    )


def state_spans(
    trace: Trace, server: str, instance: str, silent: list[tuple[Micros, str]]
) -> tuple[Span, ...]:
    """States, cut where the server fell silent: what a dead router was in last says nothing."""
    spans: list[Span] = []
    for state in trace.states(instance, server):
        cut = next(((t, why) for t, why in silent if state.from_us < t < state.to_us), None)
        to_us = cut[0] if cut else state.to_us
        if to_us > state.from_us or state.to_us == trace.end_us:
            spans.append(Span(state.from_us, to_us, state.state, state.reason))
        if cut:
            spans.append(Span(cut[0], state.to_us, "off", cut[1]))
    return tuple(spans)


def _adverts(trace: Trace) -> dict[tuple[str, str], tuple[tuple[Micros, ...], tuple[Micros, ...]]]:
    found: dict[tuple[str, str], tuple[list[Micros], list[Micros]]] = {}
    for event in trace.of(AdvertSentEvent):
        ticks, zeros = found.setdefault((event.server, event.instance), ([], []))
        (zeros if event.priority == 0 else ticks).append(event.t_us)
    return {key: (tuple(ticks), tuple(zeros)) for key, (ticks, zeros) in found.items()}


def _bursts(trace: Trace) -> dict[str, list[Micros]]:
    """address -> start of each burst of announcements."""
    found: dict[str, list[Micros]] = {}
    last: dict[str, Micros] = {}
    for event in trace.of(AnnouncementEvent):
        address = str(event.address).split("/")[0]
        if address not in last or event.t_us - last[address] > 500_000:
            found.setdefault(address, []).append(event.t_us)
        last[address] = event.t_us
    return found


def _address_lanes(
    trace: Trace,
    addresses: list[str],
    group: str,
    hue: int,
    short: dict[str, str],
    bursts: dict[str, list[Micros]],
    stable: bool,
) -> list[Lane]:
    """One lane an address; addresses that always moved together share one."""
    together: list[tuple[tuple[Span, ...], list[str]]] = []
    for address in addresses:
        spans = tuple(
            Span(s.from_us, s.to_us, "owner" if len(s.servers) == 1 else "several", " + ".join(s.servers))
            for s in trace.holders(address)
            if s.servers
        )
        for known, names in together:
            if stable or _alike(known, spans):
                names.append(address)
                break
        else:
            together.append((spans, [address]))
    return [
        Lane(
            group,
            "VIP" if len(names) == 1 else "",
            address_range(names, short),
            "address",
            spans,
            diamonds=tuple(bursts.get(names[0], ())),
            hue=hue + place,
        )
        for place, (spans, names) in enumerate(together)
    ]


def _client_lanes(trace: Trace, short: dict[str, str], stable: bool) -> list[Lane]:
    """One lane a client and what it asked for; probes that failed together share one."""
    probes: dict[tuple[str, str, str], list[Outage]] = {}
    for client, about in as_table(trace.scenario.get("clients")).items():
        for probe in about.get("probes") or []:
            probes[client, str(probe.get("target")), str(probe.get("kind"))] = []
    for outage in trace.disturbances():
        probes.setdefault((outage.client, outage.target, outage.kind), []).append(outage)
    together: list[tuple[str, tuple[Span, ...], list[str], list[str]]] = []
    if stable:
        probes = _worst_of(trace, probes)
    for (client, target, kind), outages in probes.items():
        spans = tuple(_outage_span(trace, outage) for outage in outages)
        for known_client, known, kinds, targets in together:
            fits = kind in kinds or target in targets
            if not stable and client == known_client and fits and _alike(known, spans):
                kinds += [kind] if kind not in kinds else []
                targets += [target] if target not in targets else []
                break
        else:
            together.append((client, spans, kind.split("+"), target.split("+")))
    words = {"icmp": "ping"}
    return [
        Lane(
            "clients",
            client,
            f"{(' or ' if stable else '+').join(words.get(k, k) for k in kinds)} "
            + (address_range(targets, short) if len(targets) < 3 else f"{len(targets)} addresses"),
            "client",
            spans,
            from_us=_first_held_us(trace, targets),
        )
        for client, spans, kinds, targets in together
    ]


def _first_held_us(trace: Trace, targets: list[str]) -> Micros:
    """When somebody first had one of these addresses or names: 0 for what is no virtual address, the trace's
    end for what nobody ever had.

    Before, nobody can have been served, and no probe tells of it: an outage begins with a last good answer.
    """
    names = trace.scenario.get("dns") or {}
    asked = dict.fromkeys(address for target in targets for address in names.get(target, [target]))
    if not all(address in trace.addresses for address in asked):
        return 0
    return min((s.from_us for a in asked for s in trace.holders(a) if s.servers), default=trace.end_us)


Probes = dict[tuple[str, str, str], list[Outage]]


def _worst_of(trace: Trace, probes: Probes) -> Probes:
    """One entry a client and target, with the outages of the probe that missed most; many targets are one."""
    by_place: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    targets = {client: len({t for c, t, _ in probes if c == client}) for client, _, _ in probes}
    for client, target, kind in probes:
        place = client, target if targets[client] <= FEW_TARGETS else ""
        by_place.setdefault(place, []).append((client, target, kind))
    found: Probes = {}
    for (client, _), keys in by_place.items():
        worst = max(keys, key=lambda key: sum(o.duration_us(trace.end_us) for o in probes[key]))
        names = "+".join(dict.fromkeys(target for _, target, _ in keys))
        kinds = "+".join(dict.fromkeys(kind for _, _, kind in keys))
        found[client, names, kinds] = probes[worst]
    return found


def _outage_span(trace: Trace, outage: Outage) -> Span:
    # Rounded half up in whole microseconds, as the player does it: both say the same of the same outage.
    text = f"{(outage.duration_us(trace.end_us) + 5_000) // 10_000 / 100:.2f} s"
    text += f", {outage.percent} % lost" if outage.percent else ""
    text += " and still out" if outage.to_us is None else ""
    return Span(outage.from_us, trace.end_us if outage.to_us is None else outage.to_us, "outage", text)


def _behind_length(outage: Span) -> str:
    return outage.text.partition(" s")[2]


def _alike(a: tuple[Span, ...], b: tuple[Span, ...]) -> bool:
    return len(a) == len(b) and all(
        x.what == y.what
        and (x.text == y.text or (x.what == "outage" and _behind_length(x) == _behind_length(y)))
        and near(x.from_us, y.from_us)
        and near(x.to_us, y.to_us)
        for x, y in zip(a, b, strict=True)
    )
