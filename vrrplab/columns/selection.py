"""The frames of some kinds out of a large capture, decoded; of the others only how many there were.

Columns say of which kind each frame is, so that the ordinary codec need not look at a night of other traffic.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from importlib.util import find_spec
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from vrrplab.capture.files import read_records
from vrrplab.capture.reader import CapturedFrame, Packet, Passed
from vrrplab.capture.records import new_record
from vrrplab.columns.reader import chunks, read
from vrrplab.columns.rows import KIND
from vrrplab.columns.runs import EARLIEST_NS, LATEST_NS
from vrrplab.wire.dissect import decode
from vrrplab.wire.tunnels import SEALED

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.columns.runs import Run
    from vrrplab.columns.table import Columns

# a smaller file is read by the record reader before NumPy is imported (measured)
LARGE_BYTES = 4 * 1024 * 1024


def select_frames(path: str | os.PathLike[str], kinds: Collection[str]) -> Iterator[CapturedFrame | Passed]:
    """Every frame of these kinds as ``read_frames`` gives it, in file order; others may come as ``Passed``.

    Without NumPy, and of a small file, every frame comes. CaptureError as from ``read_frames``.
    """
    return decoded(select(path, kinds))


def decoded(packets: Iterable[Packet | Passed]) -> Iterator[CapturedFrame | Passed]:
    """The same, taken apart."""
    for packet in packets:
        if isinstance(packet, Passed):
            yield packet
        else:
            number, record = packet
            frame = decode(record.data, record.link_type)
            yield CapturedFrame(number, record.t_ns, frame, record.interface, record.original_length)


def select(path: str | os.PathLike[str], kinds: Collection[str]) -> Iterator[Packet | Passed]:
    """The same as ``select_frames``, of which nothing is taken apart yet."""
    if _is_large(path) and find_spec("numpy") is not None:
        return _select(path, kinds)
    return enumerate(read_records(os.fspath(path)), 1)


def select_packets(
    path: str | os.PathLike[str], kinds: Collection[str] | None, vrid: int | None
) -> Iterator[Packet]:
    """Packets of a capture, each with its number, at least those of these kinds and with adverts of this
    VRID.

    Others may come as well: only what is large is looked through in columns. CaptureError as from
    ``read_records``.
    """
    if (kinds is not None or vrid is not None) and _is_large(path) and find_spec("numpy") is not None:
        return _select_packets(os.fspath(path), kinds, vrid)
    return enumerate(read_records(path), 1)


def _select_packets(name: str, kinds: Collection[str] | None, vrid: int | None) -> Iterator[Packet]:
    import numpy as np

    numbers = [KIND[kind] for kind in kinds if kind in KIND] if kinds is not None else None
    for chunk, run in chunks(read(name).path):
        if np.isin(run.t_ns, (EARLIEST_NS, LATEST_NS)).any():  # more than columns can say
            yield from islice(enumerate(read_records(name), 1), int(chunk.number[0]) - 1, None)
            return
        wanted = np.ones(len(chunk), bool) if numbers is None else np.isin(chunk.kind, numbers)
        if vrid is not None:
            wanted &= (chunk.kind == KIND["vrrp"]) & (chunk.vrid == vrid)
        if chunk.number[0] == 1:
            wanted[0] = True  # times count from the first
        yield from _packets(chunk, run, np.nonzero(wanted)[0])


def _packets(chunk: Columns, run: Run, rows: np.ndarray[Any, Any]) -> Iterator[Packet]:
    told = run.rows(rows)
    listed = (chunk.number[rows], told.t_ns, told.link_types, told.interfaces, told.original_sizes)
    numbers, times, link_types, interfaces, sizes = (column.tolist() for column in listed)
    records = zip(times, link_types, told.frames(), sizes, interfaces, repeat(0), strict=False)
    return zip(numbers, map(new_record, records), strict=True)


def _sealed(chunk: Columns, rows: np.ndarray[Any, Any]) -> tuple[tuple[str, int], ...]:
    """Of all but these rows, how many could not be opened, by why."""
    import numpy as np

    if not chunk.sealed.any():
        return ()
    others = np.bincount(chunk.sealed, minlength=len(SEALED)) - np.bincount(
        chunk.sealed[rows], minlength=len(SEALED)
    )
    return tuple((SEALED[number], int(count)) for number, count in enumerate(others) if number and count)


def _is_large(path: str | os.PathLike[str]) -> bool:
    try:
        return os.path.getsize(path) >= LARGE_BYTES
    except OSError:
        return False  # the record reader says why


def _select(path: str | os.PathLike[str], kinds: Collection[str]) -> Iterator[Packet | Passed]:
    import numpy as np

    name = os.fspath(path)
    numbers = [KIND[kind] for kind in kinds]
    for chunk, run in chunks(read(name).path):
        if np.isin(run.t_ns, (EARLIEST_NS, LATEST_NS)).any():  # more than columns can say
            yield from islice(enumerate(read_records(name), 1), int(chunk.number[0]) - 1, None)
            return
        rows = np.nonzero(np.isin(chunk.kind, numbers))[0]
        if len(rows) < len(chunk):
            times = int(run.t_ns[0]), int(run.t_ns.max()), int(run.t_ns.min())
            yield Passed(len(chunk) - len(rows), *times, _sealed(chunk, rows))
        yield from _packets(chunk, run, rows)
