"""A capture file in a notebook: its frames, who was MASTER in it, and a trace of it for every view.

``capture.reader.read_frames`` streams, for files of any size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.errors import CaptureError

if TYPE_CHECKING:
    from vrrplab.trace import Trace
    from vrrplab.witness.timeline import Timeline


@dataclass(repr=False, eq=False)
class Capture:
    """The frames of a capture file, in file order: ``len``, iteration and indexing give CapturedFrames.

    ``broken`` is the CaptureError of a file that breaks off in the middle, else None.

    >>> capture = vrrplab.read_pcap("frr-two-routers.pcap")
    >>> capture[13].frame.vrrp.priority
    200
    >>> capture.to_trace().owner("10.0.2.16", 20)
    '10.0.2.1'
    """

    name: str
    frames: list[CapturedFrame]
    broken: CaptureError | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[CapturedFrame]:
        return iter(self.frames)

    def __getitem__(self, index: int) -> CapturedFrame:
        return self.frames[index]

    def __repr__(self) -> str:
        kinds = Counter(captured.frame.kind for captured in self.frames)
        what = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        end = f"; {self.broken}" if self.broken else ""
        return f"<Capture {self.name}: {len(self.frames)} frames ({what}){end}>"

    def timeline(self) -> Timeline:
        """Who was MASTER when, as far as the wire tells; ``timeline_text.table`` prints it."""
        from vrrplab.witness.timeline import timeline_of

        return timeline_of(self.frames)

    def to_trace(self) -> Trace:
        """The timeline as a trace, for every view. Time 0 is the first frame."""
        from vrrplab.witness.timeline_trace import to_trace

        return to_trace(self.timeline(), self.name)


def read_pcap(path: str | Path) -> Capture:
    """Read a capture file (pcap or pcapng) whole.

    A file that breaks off gives the frames before the break, and the error in ``broken``. CaptureError:
    no frame is to be had from it. For files of many millions of frames there is ``vrrplab.columns.read``.

    >>> vrrplab.read_pcap("frr-two-routers.pcap")
    <Capture frr-two-routers.pcap: 178 frames (66 other, 10 igmp, 93 vrrp, 4 arp, 5 na)>
    """
    frames: list[CapturedFrame] = []
    broken = None
    try:
        for captured in read_frames(path):
            frames.append(captured)
    except CaptureError as error:
        broken = error
    if broken is not None and not frames:
        raise broken
    return Capture(Path(path).name, frames, broken)
