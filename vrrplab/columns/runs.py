"""Packets on their way from a file to the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.capture.records import Break

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

EARLIEST_NS, LATEST_NS = -(2**63), 2**63 - 1  # what 64 bits hold; a time beyond is as absurd at the end
LOOKED_AT = 128  # bytes of a frame that are looked at for many at once, at most
_SHORT = 64  # rows for which it does not pay to decode them by themselves
_JOINED_ROWS, _JOINED_BYTES = 16384, 8 * 1024 * 1024


class Run(NamedTuple):
    """Packets one after another: the frame of a row is ``buffer[start : start + size]``. Behind the last
    there are LOOKED_AT bytes more. ``sizes`` are 32 bits wide, ``original_sizes`` those on the wire;
    ``interfaces`` are names (Python's text), "" where the file does not tell.
    """

    buffer: Array
    starts: Array
    sizes: Array
    t_ns: Array
    link_types: Array
    original_sizes: Array
    interfaces: Array

    def rows(self, chosen: slice | Array) -> Run:
        """Some of the packets."""
        return Run(self.buffer, *(column[chosen] for column in self[1:]))

    def frames(self) -> Iterator[bytes]:
        """Those of all rows."""
        whole = memoryview(self.buffer)  # type: ignore[arg-type]
        ends = self.starts + self.sizes
        return (
            bytes(whole[start:end]) for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True)
        )

    def frame(self, row: int) -> bytes:
        start = int(self.starts[row])
        return bytes(self.buffer[start : start + int(self.sizes[row])])


def in_bulk(runs: Iterable[Run]) -> Iterator[Run]:
    """The same packets, where short runs that follow one another are joined. An error comes after what was
    before it.
    """
    waiting: list[Run] = []
    rows = size = 0
    try:
        for run in runs:
            is_short = len(run.starts) < _SHORT
            if is_short:
                waiting.append(_copied(run))
                rows += len(run.starts)
                size += len(waiting[-1].buffer)
            if waiting and (not is_short or rows >= _JOINED_ROWS or size >= _JOINED_BYTES):
                yield _joined(waiting)
                waiting, rows, size = [], 0, 0
            if not is_short:
                yield run
    except (Break, OSError):
        if waiting:
            yield _joined(waiting)
        raise
    if waiting:
        yield _joined(waiting)


def _copied(run: Run) -> Run:
    """With a buffer of its own, because that of a file is soon used again."""
    import numpy as np

    begin, end = int(run.starts[0]), int(run.starts[-1]) + int(run.sizes[-1])
    return run._replace(buffer=np.array(run.buffer[begin:end]), starts=run.starts - begin)


def _joined(runs: list[Run]) -> Run:
    import numpy as np

    begins = np.cumsum([0, *(len(run.buffer) for run in runs)])
    starts = [run.starts + begin for run, begin in zip(runs, begins, strict=False)]
    buffer = np.concatenate([*(run.buffer for run in runs), np.zeros(LOOKED_AT, np.uint8)])
    rest = zip(*(run[2:] for run in runs), strict=True)
    return Run(buffer, np.concatenate(starts), *(np.concatenate(parts) for parts in rest))
