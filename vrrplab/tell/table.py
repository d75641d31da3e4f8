"""One scenario in a table of 80 columns: what was done, how soon it was noticed, who took over and when it
came back, who had each address, how long clients waited, and why.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.output.terminal import printable
from vrrplab.tell.words import action_in_words, later, wrap
from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import (
    ActionEvent,
    PriorityEvent,
    ServiceEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.trace.routers import virtual_routers
from vrrplab.trace.spans import disturbances
from vrrplab.units import Micros, format_s, micros

WIDTH = 80
MOMENTS = 4  # of the table of owners

Change = StateEvent | PriorityEvent | ServiceEvent


class Moment(NamedTuple):
    """The actions of one moment and what followed them, up to the next; without any: the start."""

    at_us: Micros
    actions: list[ActionEvent]
    changes: list[Change]


def steps_of(trace: Trace) -> list[Moment]:
    """The moments of actions in order, each with the changes of state, service and priority after it.

    Where nobody does anything, there is one step: how the cluster starts.
    """
    actions = trace.of(ActionEvent)
    begins = list(dict.fromkeys(a.t_us for a in actions)) or [0]
    ends = [*begins[1:], trace.end_us + 1]
    told: list[Change] = trace.of(StateEvent, PriorityEvent, ServiceEvent)
    changes = [e for e in told if not _opens(e)]
    return [
        Moment(
            at_us,
            [a for a in actions if a.t_us == at_us],
            [c for c in changes if at_us <= c.t_us < end_us],
        )
        for at_us, end_us in zip(begins, ends, strict=True)
    ]


def _opens(event: TraceEvent) -> bool:
    return isinstance(event, StateEvent) and event.from_ == "INIT" and event.to == "BACKUP"


def render(trace: Trace) -> str:
    """The table as text, lines of at most 80 characters."""
    lines = _head(trace)
    steps = steps_of(trace)
    labels = mastery_labels(trace)
    for step in steps:
        lines += _step_lines(trace, step, labels)
    lines += ["", *_owner_lines(trace, [s.at_us for s in steps if s.actions])]
    outages = _outage_lines(trace)
    lines += ["", *(outages or ["No client missed an answer."] if trace.scenario.get("clients") else [])]
    lines += _why_lines(trace, steps)
    warnings = [e for e in trace.of(WarningEvent) if not e.kind]
    for warning in warnings[:6]:
        lines += wrap(printable(f"! {format_s(warning.t_us)} s: {warning.text}"), WIDTH, "    ")
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n"


def _head(trace: Trace) -> list[str]:
    cast = trace.scenario
    name = printable(trace.name or "trace")
    lines = [name, "=" * min(len(name), WIDTH)]
    if cast.get("description"):
        lines += wrap(printable(" ".join(str(cast["description"]).split())), WIDTH)
    seed = f", seed {cast['seed']}" if "seed" in cast else ""
    return [*lines, f"{cast.get('profile', '')}{seed}, {format_s(trace.end_us, 1)} s"]


def _step_lines(trace: Trace, step: Moment, labels: dict[int, str]) -> list[str]:
    at_us = step.at_us
    lines = [""]
    for words in [action_in_words(a, trace) for a in step.actions] or ["keepalived starts"]:
        first, *more = wrap(words, WIDTH - 13)
        lines += [f"{format_s(at_us):>9} s  {first}", *(" " * 13 + line for line in more)]
    actors = {a.server for a in step.actions if a.server}
    told: set[str] = set()
    for change in step.changes:
        if isinstance(change, ServiceEvent):
            what = _service_in_words(change, named=actors != {change.server})
            lines.append(_row(change.t_us, at_us, "service", what))
            continue
        if isinstance(change, PriorityEvent):
            shift = f"priority {change.from_} -> {change.to}"
            lines.append(_row(change.t_us, at_us, "weight", f"{_who(change)} {shift}"))
            told.add(change.server)
            continue
        old, new = change.from_, change.to
        label = labels.get(id(change), "")
        if not label and change.server in actors - told:
            label = "detected"
            told.add(change.server)
        moves = f"{old} -> {new}" if old != new else f"{new}, as before"  # a reload gave it another name
        lines.append(_row(change.t_us, at_us, label, f"{_who(change)} {moves}"))
    if not step.changes:
        lines.append(" " * 13 + "nothing changed")
    return lines


def mastery_labels(trace: Trace) -> dict[int, str]:
    """What each change to MASTER means, by the identity of its event.

    ``start``: the first MASTER of a virtual router; ``return``: the server that was given the highest
    priority has it again; ``takeover``: another one has it.
    """
    routers = {pair: number for number, one in enumerate(virtual_routers(trace)) for pair in one.members}
    homes = _homes(trace, routers)
    labels: dict[int, str] = {}
    begun: set[int | str] = set()
    for event in trace.of(StateEvent):
        if event.to != "MASTER" or event.from_ == event.to:
            continue
        router = routers.get((event.server, event.instance), event.instance)
        if router not in begun:
            labels[id(event)] = "start"
        else:
            labels[id(event)] = (
                "return" if homes.setdefault(router, event.server) == event.server else "takeover"
            )
        homes.setdefault(router, event.server)
        begun.add(router)
    return labels


def _homes(trace: Trace, routers: dict[tuple[str, str], int]) -> dict[int | str, str]:
    """For each virtual router of the cast the server with the highest priority, the first of equals."""
    best: dict[int, tuple[int, str]] = {}
    for server, cast in trace.scenario.get("servers", {}).items():
        for instance, config in cast.get("instances", {}).items():
            router, priority = routers[server, instance], int(config["priority"])
            if router not in best or priority > best[router][0]:
                best[router] = (priority, server)
    return {router: server for router, (_, server) in best.items()}


def _row(t_us: Micros, since_us: Micros, label: str, what: str) -> str:
    row = f"{format_s(t_us):>9} s {later(t_us, since_us):>8}  {label:<9} {what}"
    return row if len(row) <= WIDTH else row[: WIDTH - 1] + "…"


def _who(event: TraceEvent) -> str:
    return printable(f"{event.instance} on {event.server}:")


def _service_in_words(event: ServiceEvent, *, named: bool) -> str:
    where = f" on {event.server}" if named else ""
    state = "answers" if event.accepting else "refuses clients, its process lives" if event.up else "is gone"
    return printable(f"{event.service}{where} {state}")


def _owner_lines(trace: Trace, moments: list[Micros]) -> list[str]:
    """Who had each address just before the first actions, as many as fit in the width, and at the end."""
    before = sorted(dict.fromkeys(moments))[:MOMENTS]
    addresses = trace.addresses[:40]
    owners = [_owner_column(trace, addresses, max(0, t - 1)) for t in before]
    owners.append(_owner_column(trace, addresses, trace.end_us))
    times = [f"{format_s(t, 1)} s" for t in before]
    heads = [["address", *(f"before {t}" for t in times), "at the end"], ["just before", *times, "the end"]]
    while True:
        for head in heads:
            rows = [head, *(list(row) for row in zip(addresses, *owners, strict=True))]
            widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
            if sum(widths) - 2 <= WIDTH or len(head) == 2:
                return columns(rows)
        del owners[-2]
        for head in heads:
            del head[-2]


def _owner_column(trace: Trace, addresses: list[str], at_us: Micros) -> list[str]:
    return [" + ".join(trace.owners(address, at_us / 1e6)) or "nobody" for address in addresses]


def columns(rows: list[list[str]]) -> list[str]:
    """Rows as aligned columns; the widest give way when they do not fit."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    shown = []
    for row in rows:
        cells = [c if len(c) <= w else c[: w - 1] + "…" for c, w in zip(row, widths, strict=True)]
        shown.append("  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip())
    return shown


def _outage_lines(trace: Trace) -> list[str]:
    rows = [["clients saw", "how", "out from", "until", "for", "lost"]]
    rows += [_outage_row(trace, group) for group in _grouped(trace)]
    return columns(rows) if len(rows) > 1 else []


def _grouped(trace: Trace) -> list[list[Outage]]:
    """Gaps of one probe that follow each other closely belong together: every other request of a name."""
    outages = sorted(trace.outages(), key=lambda o: (o.target, o.kind, o.client, o.from_us))
    return sorted(disturbances(outages, micros(1)), key=lambda group: group[0].from_us)


def _outage_row(trace: Trace, group: list[Outage]) -> list[str]:
    first, last = group[0], group[-1]
    until_us = trace.end_us if last.to_us is None else last.to_us
    lost = sum(o.lost for o in group)
    asked = _asked(trace, first, until_us)
    share = f"{lost} of {asked} ({100 * lost // asked} %)" if len(group) > 1 and asked else str(lost)
    end = "the end" if last.to_us is None else f"{format_s(until_us)} s"
    length = f"{format_s(until_us - first.from_us)} s"
    return [printable(first.target), first.kind, f"{format_s(first.from_us)} s", end, length, share]


def _asked(trace: Trace, outage: Outage, until_us: Micros) -> int:
    """How many questions the probe asked in that time."""
    client = trace.scenario.get("clients", {}).get(outage.client, {})
    for probe in client.get("probes", []):
        if (probe["kind"], probe["target"]) == (outage.kind, outage.target):
            return max(1, round((until_us - outage.from_us) / micros(probe["every_s"])))
    return 0


def _why_lines(trace: Trace, steps: list[Moment]) -> list[str]:
    lines: list[str] = []
    for step in steps:
        masters = [c for c in step.changes if isinstance(c, StateEvent) and c.to == "MASTER"]
        for change in masters[:2]:
            reason = change.reason
            if reason:
                text = f"Why {change.server} at {format_s(change.t_us)} s? {reason}."
                lines += wrap(printable(text), WIDTH, "    ")
    return ["", *lines] if lines else []
