"""Captures of millions of frames as NumPy columns, a chunk at a time, in bounded memory.

    for chunk in bulk.read("night.pcap"):
        masters = chunk.source_text[chunk.priority == 0]

``bulk_records`` finds the packets of a block of the file, ``bulk_layers`` and ``bulk_messages`` decode them
all at once; a frame that is not laid out like the others (IP options or extension headers, AH, the first of
several fragments, a header cut off …) is decoded alone, by the ordinary codec, so every row says what
``decode`` would say. Needs NumPy, which is imported when it is first used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.errors import CaptureError, DropReason
from vrrplab.units import CENTISECOND_US, SECOND_US
from vrrplab.wire.addresses import unpack_address
from vrrplab.wire.files import is_capture, read_records
from vrrplab.wire.pcap import FILE_HEADER_SIZE, MAGICS, PACKET_HEADER_SIZE

if TYPE_CHECKING:
    import numpy as np

KINDS = ("other", "vrrp", "arp", "na", "carp", "igmp")
FORMS = (None, "message", "pseudo-header")
REASONS: tuple[DropReason | None, ...] = (None, *DropReason)

_BLOCK_BYTES = 8 * 1024 * 1024
_ROWS = 16384  # larger chunks fall out of the processor's cache, smaller ones are all overhead


class Columns:
    """The frames of one chunk, a NumPy array a field, all of one length.

    ``number`` counts from 1 through the file; ``t_ns`` nanoseconds since 1970; ``kind`` an index into KINDS;
    ``ip_version`` 4, 6 or 0; ``ttl``; ``source`` and ``address`` 16 bytes a row (IPv4 in the first four):
    the sender, and the first virtual address or the one that ARP or NA speaks of; ``source_mac`` 6 bytes;
    ``version``, ``type``, ``vrid``, ``priority``, ``count``, ``auth_type``, ``interval_us``, ``checksum``
    of an advert (0 where there is none); ``ip_checksum_ok`` and ``checksum_ok`` 1 right, 0 wrong, -1 not
    judged; ``checksum_form`` an index into FORMS; ``announces`` True for gratuitous ARP and unsolicited NA;
    ``reason`` an index into REASONS: the first fault. What several of them are read from is kept as it
    stands in the frame, eight bytes a row: ``header``, a message's first, and ``mac``, with two zeros behind.
    """

    number: np.ndarray[Any, Any]
    t_ns: np.ndarray[Any, Any]
    kind: np.ndarray[Any, Any]
    ip_version: np.ndarray[Any, Any]
    ttl: np.ndarray[Any, Any]
    source: np.ndarray[Any, Any]
    address: np.ndarray[Any, Any]
    mac: np.ndarray[Any, Any]
    header: np.ndarray[Any, Any]
    ip_checksum_ok: np.ndarray[Any, Any]
    checksum_ok: np.ndarray[Any, Any]
    checksum_form: np.ndarray[Any, Any]
    announces: np.ndarray[Any, Any]
    reason: np.ndarray[Any, Any]

    def __init__(self, rows: int, first_number: int) -> None:
        import numpy as np

        self.number = np.arange(first_number, first_number + rows)
        for name, dtype, shape in _STORED:
            setattr(self, name, np.zeros((rows, *shape), dtype))
        self.ip_checksum_ok.fill(-1)
        self.checksum_ok.fill(-1)

    @property
    def source_mac(self) -> np.ndarray[Any, Any]:
        """Zeros where the capture did not keep it."""
        mac: np.ndarray[Any, Any] = self.mac[:, :6]
        return mac

    # --- fields of the message, read from its first eight bytes ------------------------------------------

    def _byte(self, place: int) -> np.ndarray[Any, Any]:
        column: np.ndarray[Any, Any] = self.header[:, place]
        return column

    @property
    def version(self) -> np.ndarray[Any, Any]:
        version: np.ndarray[Any, Any] = self._byte(0) >> 4
        return version

    @property
    def type(self) -> np.ndarray[Any, Any]:
        kind: np.ndarray[Any, Any] = self._byte(0) & 15
        return kind

    @property
    def vrid(self) -> np.ndarray[Any, Any]:
        return self._byte(1)

    @property
    def priority(self) -> np.ndarray[Any, Any]:
        return self._byte(2)

    @property
    def count(self) -> np.ndarray[Any, Any]:
        return self._byte(3)

    @property
    def auth_type(self) -> np.ndarray[Any, Any]:
        """0 in version 3, which has none."""
        kind: np.ndarray[Any, Any] = self._byte(4) * (self.version == 2)
        return kind

    @property
    def interval_us(self) -> np.ndarray[Any, Any]:
        fourth, fifth, version = self._byte(4).astype("u4"), self._byte(5).astype("u4"), self.version
        in_version_3 = ((fourth & 15) << 8 | fifth) * CENTISECOND_US * (version == 3)
        interval_us: np.ndarray[Any, Any] = in_version_3 + fifth * SECOND_US * (version == 2)
        return interval_us

    @property
    def checksum(self) -> np.ndarray[Any, Any]:
        """As it stands in the message (ICMPv6's for a neighbour advertisement)."""
        return self.header.view(">u2")[:, 3].astype("u2")

    def __len__(self) -> int:
        return len(self.number)

    def __repr__(self) -> str:
        first = int(self.number[0]) if len(self) else 0
        return f"<Columns of {len(self)} frames from {first}>"

    @property
    def source_text(self) -> np.ndarray[Any, Any]:
        """The senders' addresses as text (an object array)."""
        return self._texts(self.source)

    @property
    def address_text(self) -> np.ndarray[Any, Any]:
        """The first virtual or announced address as text, "" where there is none (an object array)."""
        texts = self._texts(self.address)
        texts[~self.address.any(axis=1)] = ""
        return texts

    def _texts(self, packed: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        sizes = np.where(self.ip_version == 6, 16, np.where(self.ip_version == 4, 4, 0))
        sizes[(sizes == 0) & (self.kind == KINDS.index("arp"))] = 4
        texts = [unpack_address(row.tobytes()[:n]) if n else "" for row, n in zip(packed, sizes, strict=True)]
        return np.array(texts, dtype=object)

    def to_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Name to array, for ``pandas.DataFrame`` and the like (addresses as they are, 16 bytes)."""
        return {name: getattr(self, name) for name in NAMES}


# name, dtype, further dimensions
_STORED: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("t_ns", "i8", ()),
    ("kind", "u1", ()),
    ("ip_version", "u1", ()),
    ("ttl", "u1", ()),
    ("source", "u1", (16,)),
    ("address", "u1", (16,)),
    ("mac", "u1", (8,)),
    ("header", "u1", (8,)),
    ("ip_checksum_ok", "i1", ()),
    ("checksum_ok", "i1", ()),
    ("checksum_form", "u1", ()),
    ("announces", "?", ()),
    ("reason", "u1", ()),
)
NAMES = (
    "number",
    "t_ns",
    "kind",
    "ip_version",
    "ttl",
    "source",
    "address",
    "source_mac",
    "ip_checksum_ok",
    "checksum_ok",
    "checksum_form",
    "announces",
    "reason",
    "version",
    "type",
    "vrid",
    "priority",
    "count",
    "auth_type",
    "interval_us",
    "checksum",
)


class BulkReader:
    """What ``read`` gives: iterate for chunks; ``column(name)`` or ``columns(…)`` for whole columns at
    once.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __iter__(self) -> Iterator[Columns]:
        return _chunks(self.path)

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
    """The frames of a capture file as columns; pcap the fast way, pcapng packet by packet.

    CaptureError at once if there is no such file or it is no capture, and while iterating, after the chunk
    before it, where a file breaks off.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            head = file.read(FILE_HEADER_SIZE)
    except OSError as error:
        raise _unreadable(name, error) from None
    if not is_capture(head):
        next(read_records(name), None)  # raises: it says best what is wrong
    return BulkReader(name)


def _chunks(path: str) -> Iterator[Columns]:
    try:
        with open(path, "rb") as file:
            head = file.read(FILE_HEADER_SIZE)
            if len(head) == FILE_HEADER_SIZE and head[:4] in MAGICS:
                yield from _fast_chunks(file, path, head)
                return
    except OSError as error:
        raise _unreadable(path, error) from None
    yield from _slow_chunks(path)


def _unreadable(path: str, error: OSError) -> CaptureError:
    return CaptureError(path, 0, f"cannot be read: {error.strerror}")


def _fast_chunks(file: Any, path: str, head: bytes) -> Iterator[Columns]:
    import numpy as np

    from vrrplab.wire.bulk_layers import LOOKED_AT, decode_rows
    from vrrplab.wire.bulk_records import find_records

    order, unit_ns = MAGICS[head[:4]]
    link_type = int.from_bytes(head[20:24], "little" if order == "<" else "big") & 0xFFFF
    block = np.zeros(_BLOCK_BYTES + 2 * LOOKED_AT, np.uint8)
    held, place, number = 0, FILE_HEADER_SIZE, 1
    while True:
        fresh = file.readinto(block[held:_BLOCK_BYTES].data)
        end = held + fresh
        found = find_records(block, end, order)
        offsets, sizes, t_ns = found.offsets, found.sizes, found.t_ns(unit_ns)
        starts = offsets + PACKET_HEADER_SIZE
        for first in range(0, len(starts), _ROWS):
            rows = slice(first, first + _ROWS)
            chunk = Columns(len(starts[rows]), number)
            chunk.t_ns[:] = t_ns[rows]
            frame_of = _from_buffer(block, starts[rows], sizes[rows])
            decode_rows(chunk, block, starts[rows], sizes[rows], link_type, frame_of)
            number += len(chunk)
            yield chunk
        rest = end - found.consumed
        if found.damage is not None:
            message = f"a packet of {found.damage} bytes: the file is damaged here"
            raise CaptureError(path, 0, f"breaks off at byte {place + found.consumed + 8}", message)
        if fresh == 0:
            if rest:
                _raise_cut(path, bytes(block[found.consumed : end]), place + end, order)
            return
        place += found.consumed
        block[:rest] = block[found.consumed : end].copy()
        held = rest


def _from_buffer(buffer: Any, starts: Any, sizes: Any) -> Any:
    def frame(row: int) -> bytes:
        start = int(starts[row])
        return bytes(buffer[start : start + int(sizes[row])])

    return frame


def _raise_cut(path: str, rest: bytes, end: int, order: str) -> None:
    if len(rest) < 16:
        message = "the file ends inside a packet header"
    else:
        size = int.from_bytes(rest[8:12], "little" if order == "<" else "big")
        message = f"the file ends {size - (len(rest) - 16)} bytes before the packet does"
    raise CaptureError(path, 0, f"breaks off at byte {end}", message)


def _slow_chunks(path: str) -> Iterator[Columns]:
    """Any format that ``read_records`` knows: rows are put side by side and decoded together all the same."""
    from itertools import islice

    records = read_records(path)
    number = 1
    while True:
        batch: list[Any] = []
        broken: CaptureError | None = None
        try:
            for record in islice(records, _ROWS):
                batch.append(record)
        except CaptureError as error:
            broken = error
        for part in _by_link_type(batch):
            yield _chunk_of(part, number)
            number += len(part)
        if broken is not None:
            raise broken
        if not batch:
            return


def _by_link_type(batch: list[Any]) -> Iterator[list[Any]]:
    from itertools import groupby

    for _, group in groupby(batch, key=lambda record: record.link_type):
        yield list(group)


def _chunk_of(records: list[Any], number: int) -> Columns:
    import numpy as np

    from vrrplab.wire.bulk_layers import LOOKED_AT, decode_rows

    chunk = Columns(len(records), number)
    # pcapng can say times that 64 bits do not hold; they are as absurd at the end of what these do
    chunk.t_ns[:] = [min(max(record.t_ns, -(2**63)), 2**63 - 1) for record in records]
    joined = b"".join(record.data[:LOOKED_AT].ljust(LOOKED_AT, b"\0") for record in records)
    buffer = np.frombuffer(joined + bytes(LOOKED_AT), np.uint8)
    starts = np.arange(len(records)) * LOOKED_AT
    sizes = np.array([len(record.data) for record in records], np.int32)
    decode_rows(chunk, buffer, starts, sizes, records[0].link_type, lambda row: records[row].data)
    return chunk
