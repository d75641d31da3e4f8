"""The frames of some kinds out of a large capture, decoded; of the others only how many there were.

Columns say of which kind each frame is, so that the ordinary codec need not look at a night of other traffic.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from itertools import islice

from vrrplab.capture.reader import CapturedFrame, Passed, read_frames
from vrrplab.columns.reader import chunks, read
from vrrplab.columns.rows import KIND
from vrrplab.columns.runs import EARLIEST_NS, LATEST_NS
from vrrplab.wire.dissect import decode

# a smaller file is read by the record reader before NumPy is imported (measured)
LARGE_BYTES = 4 * 1024 * 1024


def select_frames(path: str | os.PathLike[str], kinds: Collection[str]) -> Iterator[CapturedFrame | Passed]:
    """Every frame of these kinds as ``read_frames`` gives it, in file order; others may come as ``Passed``.

    Without NumPy, and of a small file, every frame comes. CaptureError as from ``read_frames``.
    """
    if _is_large(path) and find_spec("numpy") is not None:
        return _select(path, kinds)
    return read_frames(os.fspath(path))


def _is_large(path: str | os.PathLike[str]) -> bool:
    try:
        return os.path.getsize(path) >= LARGE_BYTES
    except OSError:
        return False  # the record reader says why


def _select(path: str | os.PathLike[str], kinds: Collection[str]) -> Iterator[CapturedFrame | Passed]:
    import numpy as np

    name = os.fspath(path)
    numbers = [KIND[kind] for kind in kinds]
    for chunk, run in chunks(read(name).path):
        if np.isin(run.t_ns, (EARLIEST_NS, LATEST_NS)).any():  # more than columns can say
            yield from islice(read_frames(name), int(chunk.number[0]) - 1, None)
            return
        rows = np.nonzero(np.isin(chunk.kind, numbers))[0]
        if len(rows) < len(chunk):
            yield Passed(len(chunk) - len(rows), int(run.t_ns[0]), int(run.t_ns.max()), int(run.t_ns.min()))
        told = run.rows(rows)
        listed = (chunk.number[rows], told.t_ns, told.link_types, told.interfaces, told.original_sizes)
        packets = zip(*(column.tolist() for column in listed), strict=True)
        for row, (number, t_ns, link_type, interface, size) in enumerate(packets):
            yield CapturedFrame(number, t_ns, decode(told.frame(row), link_type), interface, size)
