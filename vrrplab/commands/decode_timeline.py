"""What ``vrrplab decode --timeline``, ``--stats``, ``--as trace`` and ``--plot`` print and write.

A broken capture gives the timeline of what came before the break, then the error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vrrplab.capture.reader import CapturedFrame, Packet, Passed
from vrrplab.columns.selection import decoded
from vrrplab.commands.decode_inputs import Inputs, sources_of
from vrrplab.commands.plot_arguments import theme_of
from vrrplab.decoding.filters import FrameFilter
from vrrplab.decoding.verdict import judge
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.errors import CaptureError
from vrrplab.output.terminal import print_coloured
from vrrplab.output.text_columns import wrap
from vrrplab.wire import links
from vrrplab.witness.sightings import Sightings, gather
from vrrplab.witness.timeline import Timeline, analyse, timeline_of

if TYPE_CHECKING:
    import argparse

    from vrrplab.pasted.logs import Log
    from vrrplab.trace import Trace
    from vrrplab.witness.places import Place
    from vrrplab.witness.statistics import Drops

Frames = Iterator[CapturedFrame | Passed]
Counted = Iterator[Packet | Passed]


def show(
    args: argparse.Namespace,
    link_type: int | None,
    wanted: FrameFilter,
    clock: WallClock,
    watched: Callable[[Counted], Counted],
) -> None:
    """Print what ``args`` ask for. Raises the CaptureError of a broken file at the end."""
    sources, logs = sources_of(args.input, link_type)
    if sources:
        clock.follow(sources[0].is_dated, sources[0].has_zone)
    else:
        if args.stats or not wanted.is_open:
            cure = "--stats counts them" if args.stats else "--only, --where, --from choose among them"
            raise CaptureError(logs[0].name, 0, "is a log, which has no frames", cure)
        clock.follow(all(log.has_year for log in logs), all(log.has_zone for log in logs))
        sources = [Inputs(logs[0].name, lambda kinds, vrid: iter(()))]
    inputs = sources[0]
    key = os.fsencode(args.key) if args.key is not None else None
    broken: list[CaptureError] = []
    drops: dict[str, Drops] = {}  # by place
    if args.stats:
        from vrrplab.witness.statistics import Drops

        drops = {one.name: Drops(args.profile, key, keeps_times=one is not inputs) for one in sources}

    # what logs tell is held against all that is on the wire, whatever of it was chosen
    whole = Sightings(key) if logs and not wanted.is_open and not args.stats else None

    def packets_of(one: Inputs) -> Counted:
        packets = _with_headers(one.counted(), one.name) if one.shape else one.counted()
        return _until_break(watched(packets), broken)

    def frames_of(one: Inputs, wanted: FrameFilter) -> Frames | Counted:
        packets = packets_of(one)
        if wanted.is_open and not drops:
            return packets
        frames = decoded(packets)
        if whole is not None and one is inputs:
            frames = _noted(frames, whole)
        if not wanted.is_open:
            frames = _wanted_ones(frames, wanted, args.profile, key)
        return drops[one.name].counting(frames) if drops else frames

    frames = frames_of(inputs, wanted)
    places: list[Place] = []
    if len(sources) > 1:
        timeline, places = _joined(frames, sources, frames_of, wanted, key)
        for place in places if drops and wanted.has_times else ():
            drops[place.name].within(wanted.is_in_time, place.alignment.offset_us * 1000)
    else:
        timeline = timeline_of(frames, key)
    if not wanted.is_open and args.format == "table" and args.as_ is None:
        for line in wrap(wanted.told(), 79):
            print_coloured(line, "yellow")
    if not broken or timeline.sightings.frames:
        if logs and not args.stats:
            _tell_with_logs(args, timeline, logs, inputs, clock, places, wanted, whole)
        elif args.stats:
            from vrrplab.witness import places_text
            from vrrplab.witness.statistics import json_lines as rows
            from vrrplab.witness.statistics import statistics, table

            found = statistics(timeline, drops)
            if args.format == "jsonl":
                sys.stdout.writelines(f"{line}\n" for line in rows(found))
                sys.stdout.writelines(f"{line}\n" for line in places_text.json_lines(places, inputs.name))
            else:
                sys.stdout.write(table(found, timeline, clock, inputs.name) + "\n")
                for line, colour in places_text.coloured_lines(places, inputs.name):
                    print_coloured(line, colour)
        else:
            _tell(args, timeline, inputs, clock, places)
    if broken:
        raise broken[0]


def _joined(
    frames: Frames | Counted,
    sources: list[Inputs],
    frames_of: Callable[[Inputs, FrameFilter], Frames | Counted],
    wanted: FrameFilter,
    key: bytes | None,
) -> tuple[Timeline, list[Place]]:
    """What all of them saw, on the clock of the first."""
    from vrrplab.witness.places import Seen, together

    first = Seen(sources[0].name, gather(frames, key), sources[0].is_dated, sources[0].has_zone)
    at_any_time = wanted.at_any_time()
    others = []
    for one in sources[1:]:
        found = gather(frames_of(one, at_any_time), key)
        others.append(Seen(one.name, found, one.is_dated, one.has_zone))
    places, left_out = together(first, others, wanted.is_in_time if wanted.has_times else None)
    if left_out:
        message = f"has nothing in common with {first.name}, so nothing tells on which day its times are"
        raise CaptureError(left_out[0], 0, message, "tcpdump -tttt prints dates")
    return analyse(first.sightings), places


def _tell(
    args: argparse.Namespace,
    timeline: Timeline,
    inputs: Inputs,
    clock: WallClock,
    places: list[Place],
) -> None:
    if args.as_ == "trace":
        from vrrplab.witness.timeline_trace import to_trace

        to_trace(timeline, inputs.name).write(sys.stdout)
    elif args.format == "jsonl":
        _tell_wire_json(timeline, inputs, places)
    else:
        _tell_wire(args, timeline, inputs, clock, places)
    if args.plot:
        from vrrplab.views import timeline as view
        from vrrplab.witness.timeline_trace import to_trace

        view.save(to_trace(timeline, inputs.name), args.plot, theme=theme_of(args))


def _tell_wire_json(timeline: Timeline, inputs: Inputs, places: list[Place]) -> None:
    from vrrplab.witness import places_text
    from vrrplab.witness.timeline_text import json_lines

    sys.stdout.writelines(f"{line}\n" for line in json_lines(timeline))
    sys.stdout.writelines(f"{line}\n" for line in places_text.json_lines(places, inputs.name))


def _tell_wire(
    args: argparse.Namespace, timeline: Timeline, inputs: Inputs, clock: WallClock, places: list[Place]
) -> None:
    from vrrplab.witness import places_text
    from vrrplab.witness.timeline_text import coloured_lines

    for line, colour in coloured_lines(timeline, clock, args.all, inputs.shape):
        print_coloured(line, colour)
    for line, colour in places_text.coloured_lines(places, inputs.name):
        print_coloured(line, colour)


def _tell_with_logs(
    args: argparse.Namespace,
    timeline: Timeline,
    logs: list[Log],
    inputs: Inputs,
    clock: WallClock,
    places: list[Place],
    wanted: FrameFilter,
    whole: Sightings | None,
) -> None:
    """The wire's story, if there is one, and what the nodes say of themselves, on one clock."""
    from vrrplab.witness import node_logs_text
    from vrrplab.witness.node_logs import choose, stories_of
    from vrrplab.witness.timeline_trace import to_trace

    has_wire = timeline.sightings.frames > 0
    is_alone, left = not has_wire, ""
    if whole is None:
        stories = stories_of(logs, timeline, inputs.name)
    else:
        whole.finish()
        is_alone, all_of_it = not whole.frames, analyse(whole)
        stories = stories_of(logs, all_of_it, inputs.name)
        start_ns = timeline.sightings.start_ns if has_wire else stories.start_ns
        bounds_ns = wanted.bounds_ns(stories.start_ns) if wanted.has_times else None
        left = wanted.told_of_logs(choose(stories, start_ns, bounds_ns, wanted.vrid, all_of_it))

    def trace() -> Trace:
        wire = to_trace(timeline, inputs.name) if has_wire else None
        return node_logs_text.to_trace(stories, wire, inputs.name)

    if args.as_ == "trace":
        trace().write(sys.stdout)
    elif args.format == "jsonl":
        if has_wire:
            _tell_wire_json(timeline, inputs, places)
        sys.stdout.writelines(f"{line}\n" for line in node_logs_text.json_lines(stories))
    else:
        if has_wire:
            _tell_wire(args, timeline, inputs, clock, places)
        for line, colour in node_logs_text.coloured_lines(stories, clock, args.all, is_alone, left):
            print_coloured(line, colour)
    if args.plot:
        from vrrplab.views import timeline as view

        view.save(trace(), args.plot, theme=theme_of(args))


def _wanted_ones(frames: Frames, wanted: FrameFilter, profile: str, key: bytes | None) -> Frames:
    """Of a VRID: its adverts, and what announces addresses, which may be its."""
    judges = wanted.dropped or bool(wanted.conditions)
    for captured in frames:
        if wanted.has_times and not wanted.is_in_time(captured.t_ns):
            continue
        if isinstance(captured, CapturedFrame):
            frame = captured.frame
            if wanted.kinds is not None and frame.kind not in wanted.kinds:
                continue
            if frame.kind == "vrrp":
                if wanted.vrid is not None and (frame.vrrp is None or frame.vrrp.vrid != wanted.vrid):
                    continue
                if judges and not wanted.wants(frame, judge(frame, profile, key)):
                    continue
        yield captured


def _noted(frames: Frames, whole: Sightings) -> Frames:
    for captured in frames:
        whole.add(captured)
        yield captured


def _until_break(packets: Counted, broken: list[CaptureError]) -> Counted:
    try:
        yield from packets
    except CaptureError as error:
        broken.append(error)


def _with_headers(packets: Counted, name: str) -> Counted:
    """A pasted text may be of messages only."""
    for packet in packets:
        if not isinstance(packet, Passed) and packet[1].link_type == links.MESSAGE:
            message = "is a VRRP message without its headers, so who sent it is not known"
            hint = "a timeline wants frames from their Ethernet or IP header on"
            raise CaptureError(name, 0, message, hint)
        yield packet
