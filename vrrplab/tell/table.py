"""One scenario in a table of 80 columns: what was done, how soon it was noticed, who took over and when it
came back, who had each address, how long clients waited, and why.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.output.printable import printable
from vrrplab.output.text_columns import cut, fitted, width
from vrrplab.tell.words import action_in_words, either_in_words, later, start_in_words, wrap
from vrrplab.trace import Outage, Trace
from vrrplab.trace.events import (
    ActionEvent,
    PriorityEvent,
    ServiceEvent,
    StateEvent,
    TraceEvent,
    UndecidedEvent,
    WarningEvent,
    as_table,
)
from vrrplab.trace.routers import virtual_routers
from vrrplab.trace.spans import Phase
from vrrplab.trace.vocabulary import refusal_words
from vrrplab.units import Micros, format_s

WIDTH = 80
MOMENTS = 4  # of the table of owners
CAUSES, PHASES = 8, 3  # of outages that are explained, and of causes of each
TOSSES = 8  # that are told

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
    outages = outage_lines(trace)
    if outages or trace.scenario.get("clients"):
        lines += ["", *(outages or ["No client missed an answer."])]
    reasons = _why_lines(trace, steps) + _fault_lines(trace)
    lines += ["", *reasons] if reasons else []
    causes, said = _cause_lines(trace)
    for text in causes:
        lines += wrap(printable(f"! {text}"), WIDTH, "    ")
    warnings = [
        e for e in trace.of(WarningEvent) if not e.kind and not e.over and not _repeats(trace, e, said)
    ]
    for warning in warnings[:6]:
        lines += wrap(printable(f"! {format_s(warning.t_us)} s: {warning.text}"), WIDTH, "    ")
    lines += _either_lines(trace)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n"


def _head(trace: Trace) -> list[str]:
    cast = trace.scenario
    name = printable(trace.name or "trace")
    lines = [*wrap(name, WIDTH), "=" * min(width(name), WIDTH)]
    if cast.get("description"):
        lines += wrap(str(cast["description"]), WIDTH)
    seed = f", seed {cast['seed']}" if "seed" in cast else ""
    return [*lines, *wrap(f"{printable(trace.profiles)}{seed}, {format_s(trace.end_us, 1)} s", WIDTH)]


def _step_lines(trace: Trace, step: Moment, labels: dict[int, str]) -> list[str]:
    at_us = step.at_us
    lines = [""]
    for words in [action_in_words(a, trace) for a in step.actions] or [start_in_words(trace)]:
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
    for server, cast in as_table(trace.scenario.get("servers")).items():
        for instance, config in as_table(as_table(cast).get("instances")).items():
            router, priority = routers[server, instance], as_table(config).get("priority")
            if not isinstance(priority, int):  # a file may leave it out
                continue
            if router not in best or priority > best[router][0]:
                best[router] = (priority, server)
    return {router: server for router, (_, server) in best.items()}


def _row(t_us: Micros, since_us: Micros, label: str, what: str) -> str:
    return cut(f"{format_s(t_us):>9} s {later(t_us, since_us):>8}  {label:<9} {what}", WIDTH)


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
            widths = [max(map(width, column)) + 2 for column in zip(*rows, strict=True)]
            if sum(widths) - 2 <= WIDTH or len(head) == 2:
                return columns(rows)
        del owners[-2]
        for head in heads:
            del head[-2]


def _owner_column(trace: Trace, addresses: list[str], at_us: Micros) -> list[str]:
    return [" + ".join(trace.owners(address, at_us / 1e6)) or "nobody" for address in addresses]


def columns(rows: list[list[str]]) -> list[str]:
    """Rows as aligned columns; the widest give way when they do not fit."""
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    shown = []
    for row in rows:
        shown.append("  ".join(fitted(c, w) for c, w in zip(row, widths, strict=True)).rstrip())
    return shown


def outage_lines(trace: Trace) -> list[str]:
    """What clients missed, a row an outage; [] if they missed nothing."""
    rows = outage_rows(trace)
    return columns([["clients saw", "how", "out from", "until", "for", "lost"], *rows]) if rows else []


def outage_rows(trace: Trace) -> list[list[str]]:
    """The cells of those rows."""
    return [_outage_row(trace, outage) for outage in trace.disturbances()]


def _repeats(trace: Trace, warning: WarningEvent, said: set[tuple[str, str]]) -> bool:
    """Does a line of causes say it already?"""
    if not warning.drops_by:
        return False
    cause = warning.text if warning.source else refusal_words(warning.drops_by, warning.server)
    address, names = warning.address, as_table(trace.scenario.get("dns"))
    return any(
        text.startswith((cause, f"{address}: {cause}")) and address in (target, *names.get(target, ()))
        for target, text in said
    )


def _cause_lines(trace: Trace) -> tuple[list[str], set[tuple[str, str]]]:
    """Why clients got no answer, once for all that had the same cause; then addresses on several servers.

    And what they say: targets with the causes of their outages.
    """
    told: dict[tuple[Phase, ...], dict[str, None]] = {}
    outages = sorted(trace.disturbances(), key=lambda outage: outage.duration_us(trace.end_us), reverse=True)
    for outage in outages[:CAUSES]:
        phases = trace.why_lost(outage)
        longest = tuple(sorted(sorted(phases, key=lambda phase: phase.from_us - phase.to_us)[:PHASES]))
        among = next((known for known in told if set(longest) <= set(known)), longest)
        if longest:
            told.setdefault(among, {})[outage.target] = None
    inorder = sorted(told.items(), key=lambda item: item[0])
    said = {(target, phase.text) for phases, targets in inorder for target in targets for phase in phases}
    lines = [f"{', '.join(targets)}: {'; '.join(map(str, phases))}" for phases, targets in inorder]
    if len(outages) > CAUSES:
        lines.append(f"… and {len(outages) - CAUSES} more outages: trace.why_out(target, t) tells why")
    lines += [f"{format_s(t_us)} s: {text}" for t_us, text in trace.on_several()[:CAUSES]]
    return lines, said


def _outage_row(trace: Trace, outage: Outage) -> list[str]:
    end = "the end" if outage.to_us is None else f"{format_s(outage.to_us)} s"
    length = f"{format_s(outage.duration_us(trace.end_us))} s"
    return [
        outage.target,
        outage.kind,
        f"{format_s(outage.from_us)} s",
        end,
        length,
        outage.lost_in_words,
    ]


def _why_lines(trace: Trace, steps: list[Moment]) -> list[str]:
    lines: list[str] = []
    for step in steps:
        masters = [c for c in step.changes if isinstance(c, StateEvent) and c.to == "MASTER"]
        for change in masters[:2]:
            reason = trace.why_changed(change)
            if reason:
                text = f"Why {change.server} at {format_s(change.t_us)} s? {reason}."
                lines += wrap(printable(text), WIDTH, "    ")
    return lines


def _either_lines(trace: Trace) -> list[str]:
    """What reality leaves open, each once: the first time, and how often it came again."""
    tosses: dict[tuple[str, str], list[UndecidedEvent]] = {}
    for event in trace.of(UndecidedEvent):
        tosses.setdefault((event.instance, event.reason), []).append(event)
    lines = []
    for first, *more in list(tosses.values())[:TOSSES]:
        again = f" ({len(more)} more tosses until {format_s(more[-1].t_us, 1)} s)" if more else ""
        text = f"? {format_s(first.t_us)} s: {either_in_words(first)}{again}"
        lines += wrap(printable(text), WIDTH, "    ")
    if len(tosses) > TOSSES:
        lines.append(f"? … and {len(tosses) - TOSSES} more: the trace has an undecided event for each")
    return lines


def _fault_lines(trace: Trace) -> list[str]:
    """What is in FAULT at the end, and why it stays there: no row of a change says that."""
    lines: list[str] = []
    end_s = trace.end_us / 1e6
    for instance, server in trace.instances:
        if trace.state_at(end_s, server, instance) == "FAULT":
            text = f"At the end {instance} on {server}: {trace.why(end_s, server, instance)}"
            lines += wrap(printable(text), WIDTH, "    ")
    return lines
