"""Captures of millions of frames as NumPy columns, a chunk at a time, in bounded memory.

    for chunk in columns.read("night.pcap"):
        is_advert = chunk.kind == columns.KINDS.index("vrrp")
        print(chunk.t_ns[is_advert & (chunk.priority == 0)])  # when somebody said goodbye

``pcap`` and ``pcapng`` find the packets of a file, ``layers`` and ``messages`` decode
thousands at once; a frame that is not laid out like the others (IP options or extension headers, AH, the
first of several fragments, a header cut off …) is decoded alone, by the ordinary codec, so every row says
what ``decode`` would say. Needs NumPy, which is imported when it is first used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.capture.compressed import open_unpacked
from vrrplab.capture.files import is_capture, read_records
from vrrplab.capture.pcap import MAGICS
from vrrplab.capture.records import Break
from vrrplab.columns.table import NAMES, Columns
from vrrplab.errors import CaptureError
from vrrplab.input_files import unreadable

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.columns.runs import Run

_ROWS = 16384  # larger chunks fall out of the processor's cache, smaller ones are all overhead


class BulkReader:
    """What ``read`` gives: iterate for chunks; ``column(name)`` or ``columns(…)`` for whole columns at
    once.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __iter__(self) -> Iterator[Columns]:
        return (chunk for chunk, _ in chunks(self.path))

    def __repr__(self) -> str:
        return f"<BulkReader of {self.path}>"

    def column(self, name: str) -> np.ndarray[Any, Any]:
        """One column of the whole file; only this column is kept in memory."""
        return self.columns(name)[name]

    def columns(self, *names: str) -> dict[str, np.ndarray[Any, Any]]:
        """Several columns (all, if none is named) of the whole file. Memory grows with the file."""
        import numpy as np

        wanted = names or NAMES
        empty = Columns(0, 1)
        unknown = [name for name in wanted if name not in NAMES]
        if unknown:
            raise KeyError(f"no column {unknown[0]!r}; there are {', '.join(NAMES)}")
        parts: dict[str, list[Any]] = {name: [getattr(empty, name)] for name in wanted}
        for chunk in self:
            for name in wanted:
                # a column of its own: some are views of eight bytes a row
                parts[name].append(np.ascontiguousarray(getattr(chunk, name)))
        return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def read(path: str | os.PathLike[str]) -> BulkReader:
    """The frames of a capture file, pcap or pcapng, as columns.

    CaptureError at once if there is no such file or it is no capture, and while iterating, after the chunk
    before it, where a file breaks off.
    """
    name = os.fspath(path)
    try:
        with open_unpacked(name) as file:
            head = file.read(4)
    except (OSError, ValueError) as error:
        raise unreadable(name, error, CaptureError) from None
    except Break:
        head = b""  # the record reader says where
    if not is_capture(head):
        next(read_records(name), None)  # raises: it says best what is wrong
    return BulkReader(name)


def chunks(path: str) -> Iterator[tuple[Columns, Run]]:
    """The columns, each chunk with the packets that it was read from, which are there until the next one."""
    from vrrplab.columns.layers import decode_run
    from vrrplab.columns.runs import in_bulk

    number = 1
    try:
        with open_unpacked(path) as file:
            for run in in_bulk(_runs(file)):
                for first in range(0, len(run.starts), _ROWS):
                    part = run.rows(slice(first, first + _ROWS))
                    chunk = Columns(len(part.starts), number)
                    decode_run(chunk, part)
                    number += len(chunk)
                    yield chunk, part
    except Break as end:
        raise end.error(path) from None
    except OSError as error:
        raise unreadable(path, error, CaptureError) from None


def _runs(file: Any) -> Iterator[Run]:
    is_pcap = file.read(4) in MAGICS
    file.seek(0)
    if is_pcap:
        from vrrplab.columns.pcap import pcap_runs

        return pcap_runs(file)
    from vrrplab.columns.pcapng import pcapng_runs

    return pcapng_runs(file)
