"""Logs beside a timeline, in words and as JSON lines and trace events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from vrrplab.decoding.wall_clock import WallClock
from vrrplab.limits import FINDINGS_TOLD, TIMELINE_LINES
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import cut, padded, wrap
from vrrplab.trace import Trace, TraceEvent
from vrrplab.trace.events import LogEvent, ScenarioEvent, StateEvent, cast_fields
from vrrplab.units import SECOND_US, Micros, format_s, seconds
from vrrplab.witness.clocks import Alignment
from vrrplab.witness.node_logs import LogState, NodeStory, Stories, master_times

_WIDTH = 80
_BRIEF_US = 100_000


def coloured_lines(
    stories: Stories, clock: WallClock, every: bool, alone: bool, left: str = ""
) -> Iterator[tuple[str, str]]:
    """For a terminal. ``alone``: there is no capture. ``left``: a sentence on what did not choose of them."""
    if alone:
        moment = clock.moment(stories.start_ns)
        count = len(stories.nodes)
        nodes = f"Logs of {count} node{'' if count == 1 else 's'} in {format_s(stories.end_us)} s"
        yield f"{nodes}{f', from {moment}' if moment else ''}.", ""
        yield "Times are seconds from the first line. Beside them is the time of day.", ""
    else:
        yield "", ""
        yield "What the logs say", ""
    for line in wrap(left, _WIDTH - 1, "  ", "    ") if left else ():
        yield line, "yellow"
    for story in stories.nodes:
        told = clock_text(story.alignment, stories.reference)
        text = f"{story.node} ({story.file}){_known_as(story)}: {told}"
        for line in wrap(text, _WIDTH - 1, "  ", "    "):
            yield line, "" if story.alignment.is_known else "yellow"
        if story.set_back is not None:
            at, by_us = story.set_back
            text = f"its times run backwards at line {at}, by {format_s(by_us)} s: a clock that was set, or"
            text += " files joined in another order; what stands before and behind it is not on one clock"
            for line in wrap(text, _WIDTH - 1, "    ", "    "):
                yield line, "yellow"
    most = FINDINGS_TOLD.most if every else TIMELINE_LINES.most
    for instance, times in master_times(stories).items():
        yield "", ""
        yield printable(f"{instance}{_router_of(stories, instance)}"), ""
        yield f"  {'from':>10} {'clock':<8} {'to':>11}  MASTER", ""
        for from_us, to_us, node in times[:most]:
            of_day = clock.clock(stories.start_ns + from_us * 1000)
            yield f"  {format_s(from_us):>10} {of_day:<8} {format_s(to_us):>11}  {printable(node)}", ""
        if len(times) > most:
            yield f"  {'…':>10} and {len(times) - most} more: --all tells more, --format jsonl all", ""
        for (_, end_us, one), (from_us, to_us, other) in pairwise(times):
            both_us = min(end_us, to_us) - from_us
            if both_us > _BRIEF_US and one != other:
                text = f"two MASTERs by the logs for {format_s(both_us)} s: {one} and {other}"
                for line in wrap(text, _WIDTH - 1, f"  {format_s(from_us):>10} ", " " * 13):
                    yield line, "red"
    changes = _in_order(stories)
    if changes:
        yield "", ""
        yield "States entered", ""
    for t_us, node, state, _ in changes[:most]:
        of_day = clock.clock(stories.start_ns + t_us * 1000)
        who = f"{cut(node, 18)} {cut(state.instance, 18)}"
        colour = {"FAULT": "red", "MASTER": "blue"}.get(state.state, "")
        yield f"  {format_s(t_us):>10} {of_day:<8} {padded(who, 37)} {state.before} > {state.state}", colour
    if len(changes) > most:
        yield f"  {'…':>10} and {len(changes) - most} more: --all tells more, --format jsonl all", ""


def _in_order(stories: Stories) -> list[tuple[Micros, str, LogState, NodeStory]]:
    """All states of all nodes by their times; of one moment, as they stand in the file."""
    states = [(state.t_us, story.node, state, story) for story in stories.nodes for state in story.states]
    return sorted(states, key=lambda one: one[:2])


def _known_as(story: NodeStory) -> str:
    return f" is {story.address}" if story.address else ""


def _router_of(stories: Stories, instance: str) -> str:
    names = {story.routers[instance] for story in stories.nodes if instance in story.routers}
    return f": {', '.join(sorted(names))} on the wire" if names and names != {instance} else ""


def clock_text(found: Alignment, reference: str) -> str:
    """How far a clock is from that of ``reference``, and how certain that is."""
    if not found.marks and found.is_known:
        return "its clock is the one that counts here"
    if not found.is_known:
        return f"nothing tells how its clock differs from that of {reference}; it is taken as it stands"
    text = f"{_difference(found, reference)}, give or take {format_s(found.within_us)} s"
    text += f" ({found.agreeing} of {found.marks} moments that both may have seen agree)"
    if found.or_us is not None:
        text += f"; {_signed(-found.or_us)} s would fit as well"
    return text


def _difference(found: Alignment, reference: str) -> str:
    ahead_us = -found.offset_us
    if abs(ahead_us) <= max(found.within_us, 1000):
        return f"its clock agrees with that of {reference}"
    days, rest = divmod(abs(ahead_us), 86_400 * SECOND_US)
    told = f"{days} d {format_s(rest)} s" if days else f"{format_s(rest)} s"
    return f"its clock is {told} {'ahead of' if ahead_us > 0 else 'behind'} that of {reference}"


def _signed(us: Micros) -> str:
    return ("+" if us > 0 else "-") + format_s(abs(us))


def json_lines(stories: Stories) -> Iterator[str]:
    """``clock`` rows, then a ``state`` row for each state entered, in order of time."""
    for story in stories.nodes:
        found = story.alignment
        row: dict[str, Any] = {
            "event": "clock", "node": story.node, "file": story.file, "address": story.address or None,
            "offset_s": found.offset_us / 1e6, "within_s": found.within_us / 1e6, "is_known": found.is_known,
            "agreeing": found.agreeing, "marks": found.marks, "routers": story.routers,
            "set_back_line": story.set_back.line if story.set_back is not None else None,
        }  # fmt: skip
        yield json.dumps(row, ensure_ascii=False)
    for t_us, node, state, story in _in_order(stories):
        row = {
            "event": "state", "t": (stories.start_ns + t_us * 1000) / 1e9, "at_s": t_us / 1e6, "node": node,
            "instance": state.instance, "router": story.routers.get(state.instance), "from": state.before,
            "to": state.state, "file": story.file, "line": state.line, "text": state.text,
        }  # fmt: skip
        yield json.dumps(row, ensure_ascii=False)


def to_trace(stories: Stories, wire: Trace | None, name: str) -> Trace:
    """Everything on one clock: of a node that is known on the wire, its own states in place of those that
    were concluded, and its name in place of its address.
    """
    earliest = min([0, *(t_us for story in stories.nodes for t_us, _ in story.lines)])
    names = {story.address: story.node for story in stories.nodes if story.address}
    told = {
        (story.node, router) for story in stories.nodes if story.address for router in story.routers.values()
    }
    events: list[tuple[Micros, int, TraceEvent]] = []
    content: dict[str, Any] | None = None
    for event in wire or ():
        if isinstance(event, ScenarioEvent):
            content = _renamed(event.content, names)
            continue
        event.server = names.get(event.server, event.server)
        if isinstance(event, StateEvent) and (event.server, event.instance) in told:
            continue
        events.append((event.t_us - earliest, 1, event))
    for story in stories.nodes:
        for t_us, line in story.lines:
            events.append((t_us - earliest, 0, LogEvent(0, story.node, line=line.text)))
        for state in (*story.held.values(), *story.states):
            instance = story.routers.get(state.instance, state.instance)
            reason = f"line {state.line} of {story.file}: {state.text}"
            event = StateEvent(
                0, story.node, instance=instance, from_=state.before, to=state.state, reason=reason
            )
            events.append((state.t_us - earliest, 0, event))
    events.sort(key=lambda item: item[:2])
    for t_us, _, event in events:
        event.t_us = t_us
    if content is None:
        content = _cast(stories, name)
    else:
        _add_nodes(content, stories)
    content["epoch_s"] = (stories.start_ns + earliest * 1000) / 1e9
    content["duration_s"] = seconds(stories.end_us - earliest)
    return Trace(
        [ScenarioEvent(0, content=content), *(event for _, _, event in events)],
        end_us=stories.end_us - earliest,
    )


def _renamed(content: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    servers = content.get("servers", {})
    return {**content, "servers": {names.get(name, name): what for name, what in servers.items()}}


def _add_nodes(content: dict[str, Any], stories: Stories) -> None:
    for story in stories.nodes:
        content["servers"].setdefault(story.node, _server(story))


def _server(story: NodeStory) -> dict[str, Any]:
    instances: dict[str, Any] = {
        story.routers.get(state.instance, state.instance): {}
        for state in (*story.held.values(), *story.states)
    }
    return {"interfaces": {}, "services": {}, "instances": instances}


def _cast(stories: Stories, name: str) -> dict[str, Any]:
    return cast_fields(
        name,
        "the states that nodes' logs tell of",
        "capture",
        epoch_s=0.0,
        duration_s=0.0,
        segments={},
        servers={story.node: _server(story) for story in stories.nodes},
    )
