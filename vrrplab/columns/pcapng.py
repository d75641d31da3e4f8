"""The packets of a pcapng file, many at once: see ``chain`` for how its blocks are found.

Enhanced packet blocks, which is what everybody writes, go together; whatever else comes between them is read
by ``pcapng``, block by block, and so is what looks wrong: it says best why.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.capture.pcapng import (
    BYTE_ORDER,
    ENHANCED_PACKET,
    LONGEST_BLOCK,
    SECTION,
    TELLING,
    Blocks,
    CaptureInterface,
)
from vrrplab.capture.records import LONGEST_PACKET, Record
from vrrplab.columns.chain import LANE_BYTES, follow, numbers_of
from vrrplab.columns.runs import EARLIEST_NS, LATEST_NS, LOOKED_AT, Run
from vrrplab.columns.words import gather

if TYPE_CHECKING:
    from io import BufferedReader

    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK_BYTES = 8 * 1024 * 1024
_FIRST_BYTES = 4 * 1024  # read where the byte order changed, and twice as much each time after that
_HEAD_BYTES = 28  # of an enhanced packet block, before the packet
_AROUND_BYTES = 32  # of such a block, before and behind the packet
_SMALLEST_BYTES = 12  # of a block with nothing in it


class BlockChain:
    """Blocks: type, length, what it holds, and the length again."""

    header, least, most = 8, _SMALLEST_BYTES, LONGEST_BLOCK

    def __init__(self, buffer: Array, order: str) -> None:
        self.numbers = numbers_of(buffer, order)
        self.words = buffer[: len(buffer) // 4 * 4].view(order + "u4")

    def length_at(self, place: int) -> int:
        return int(self.numbers[place + 4])

    def lengths(self, places: Array) -> Array:
        import numpy as np

        lengths: Array = np.maximum(self.numbers[places + 4].astype("i8"), _SMALLEST_BYTES)
        return lengths

    def guess(self, bounds: Array, end: int, reach: int) -> tuple[Array, Array]:
        """Enhanced packet blocks with the same length at both ends. All blocks begin at multiples of four."""
        import numpy as np

        shape = (len(bounds), reach // 4)
        kinds = np.lib.stride_tricks.as_strided(self.words, shape, (LANE_BYTES, 4))
        rows, columns = np.nonzero(kinds == ENHANCED_PACKET)
        places = bounds[rows] + 4 * columns
        lengths = self.numbers[places + 4].astype("i8")
        likely = (lengths >= _AROUND_BYTES) & (places + lengths <= end)
        rows, places, lengths = rows[likely], places[likely], lengths[likely]
        likely = self.numbers[places + lengths - 4] == lengths
        return rows[likely], places[likely]


def pcapng_runs(file: BufferedReader) -> Iterator[Run]:
    """A file from its beginning on. Raises Break where it breaks off."""
    import numpy as np

    blocks = Blocks()
    buffer = np.zeros(BLOCK_BYTES + 2 * LOOKED_AT, np.uint8)
    window, order = 0, ""
    while True:
        place = blocks.offset
        window = min(2 * window, BLOCK_BYTES) if blocks.order == order else _FIRST_BYTES
        order = blocks.order
        if order:
            file.seek(place)
            end = file.readinto(buffer[:window].data)
            yield from _runs(buffer, end, blocks)
        if blocks.offset == place:  # the next one is not for many at once
            file.seek(place)
            if not blocks.advance(file):
                return
            yield from _alone(blocks.record)


def _runs(buffer: Array, end: int, blocks: Blocks) -> Iterator[Run]:
    """What lies whole before ``end`` in a buffer that begins at ``blocks.offset``, which moves on; up to a
    block that is not sound, or not of this byte order.
    """
    import numpy as np

    place = blocks.offset
    chain = BlockChain(buffer, blocks.order)
    offsets, consumed = follow(chain, end)
    if not len(offsets):
        return
    heads = gather(buffer, offsets, _HEAD_BYTES).view(blocks.order + "u4")
    lengths = np.diff(offsets, append=consumed)
    sound = (heads[:, 1] == lengths) & (lengths & 3 == 0) & (chain.numbers[offsets + lengths - 4] == lengths)
    # in the other byte order a section header would be longer or shorter than it looks
    sound &= (heads[:, 0] != SECTION) | (heads[:, 2] == BYTE_ORDER)
    kept = np.nonzero(~sound | np.isin(heads[:, 0], TELLING))[0]
    offsets, heads, lengths, sound = offsets[kept], heads[kept], lengths[kept], sound[kept]
    plain = sound & (heads[:, 0] == ENHANCED_PACKET)
    plain &= (heads[:, 5] <= LONGEST_PACKET) & (heads[:, 5] + _AROUND_BYTES <= lengths)
    first = 0
    for special in [*np.nonzero(~plain)[0].tolist(), len(offsets)]:
        known = heads[first:special, 2] < len(blocks.interfaces)
        stop = special if known.all() else first + int(np.argmin(known))
        if stop > first:
            run = _packets(buffer, offsets[first:stop], heads[first:stop], blocks.interfaces)
            blocks.latest_ns = int(run.t_ns[-1])
            yield run
        if stop == len(offsets):
            blocks.offset = place + consumed
            return
        at = int(offsets[stop])
        blocks.offset = place + at
        if not sound[stop]:
            return
        blocks.advance(io.BytesIO(bytes(buffer[at : at + int(lengths[stop])])))
        yield from _alone(blocks.record)
        first = stop + 1


def _packets(buffer: Array, offsets: Array, heads: Array, interfaces: list[CaptureInterface]) -> Run:
    """Enhanced packet blocks, of which ``heads`` holds the first words: type, length, interface, upper and
    lower half of the time, captured bytes, bytes on the wire.
    """
    import numpy as np

    units = heads[:, 3].astype("u8") << 32 | heads[:, 4]
    t_ns, link_types = np.empty(len(offsets), "i8"), np.empty(len(offsets), "u2")
    names = np.empty(len(offsets), object)
    by_interface = np.argsort(heads[:, 2], kind="stable")
    numbers = heads[by_interface, 2]
    for here in np.split(by_interface, np.nonzero(np.diff(numbers))[0] + 1):
        interface = interfaces[int(heads[here[0], 2])]
        link_types[here] = interface.link_type
        names[here] = interface.name
        t_ns[here] = _t_ns(interface, units[here])
    sizes = heads[:, 5].astype("i4")
    return Run(buffer, offsets + _HEAD_BYTES, sizes, t_ns, link_types, heads[:, 6], names)


def _t_ns(interface: CaptureInterface, units: Array) -> Array:
    """Nanoseconds since 1970. Integers of 64 bits where nothing on the way can be too large for them."""
    import numpy as np

    second_ns = 1_000_000_000
    unit_ns, odd = divmod(second_ns, interface.units_per_s)
    ends = [interface.t_ns(int(units.min())), interface.t_ns(int(units.max()))]
    if not odd and max(map(abs, ends)) < 2**62 and int(units.max()) * unit_ns < 2**62:
        return units.astype("i8") * unit_ns + interface.offset_s * second_ns
    return np.array([_in_64_bits(interface.t_ns(number)) for number in units.tolist()], "i8")


def _in_64_bits(t_ns: int) -> int:
    return min(max(t_ns, EARLIEST_NS), LATEST_NS)


def _alone(record: Record | None) -> Iterator[Run]:
    """The packet of a simple or an old packet block; None: the block held none."""
    import numpy as np

    if record is None:
        return
    buffer = np.frombuffer(record.data, np.uint8)  # which is joined with others
    sizes, t_ns = np.array([len(record.data)], "i4"), np.array([_in_64_bits(record.t_ns)], "i8")
    original, name = np.array([record.original_length]), np.array([record.interface], object)
    yield Run(buffer, np.zeros(1, "i8"), sizes, t_ns, np.array([record.link_type]), original, name)
