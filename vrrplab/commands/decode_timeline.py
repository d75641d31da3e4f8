"""What ``vrrplab decode --timeline``, ``--as trace`` and ``--plot`` print and write.

A broken capture gives the timeline of what came before the break, then the error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vrrplab.capture.reader import CapturedFrame
from vrrplab.errors import CaptureError
from vrrplab.wire import links
from vrrplab.witness.timeline import timeline_of

if TYPE_CHECKING:
    import argparse


def show_timeline(frames: Iterable[CapturedFrame], args: argparse.Namespace) -> None:
    """Print the timeline as ``args`` ask. Raises the CaptureError of a broken file at the end."""
    name = "standard input" if args.input == ["-"] else os.path.basename(args.input[0])
    key = args.key.encode() if args.key is not None else None
    broken: list[CaptureError] = []
    timeline = timeline_of(_until_break(frames, broken, name), key)
    if not broken or timeline.sightings.frames:
        if args.as_ == "trace":
            from vrrplab.witness.timeline_trace import to_trace

            to_trace(timeline, name).write(sys.stdout)
        elif args.format == "jsonl":
            from vrrplab.witness.timeline_text import json_lines

            for line in json_lines(timeline):
                sys.stdout.write(line + "\n")
        else:
            from vrrplab.witness.timeline_text import table

            sys.stdout.write(table(timeline) + "\n")
        if args.plot:
            from vrrplab.views import timeline as view
            from vrrplab.witness.timeline_trace import to_trace

            view.save(to_trace(timeline, name), args.plot)
    if broken:
        raise broken[0]


def _until_break(
    frames: Iterable[CapturedFrame], broken: list[CaptureError], name: str
) -> Iterator[CapturedFrame]:
    try:
        for captured in frames:
            if captured.frame.link_type == links.MESSAGE:
                message = "is a VRRP message without its headers, so who sent it is not known"
                hint = "a timeline wants frames from their Ethernet or IP header on"
                raise CaptureError(name, 0, message, hint)
            yield captured
    except CaptureError as error:
        broken.append(error)
