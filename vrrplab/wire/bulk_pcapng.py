"""The packets of a pcapng file, many at once: see ``bulk_chain`` for how its blocks are found.

Enhanced packet blocks, which is what everybody writes, go together; whatever else comes between them is read
by ``pcapng``, block by block, and so is what looks wrong: it says best why.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.wire.bulk_chain import LANE_BYTES, follow, numbers_of
from vrrplab.wire.bulk_runs import LOOKED_AT, Run
from vrrplab.wire.bulk_words import gather
from vrrplab.wire.pcapng import ENHANCED_PACKET, LONGEST_BLOCK, Blocks, Interface
from vrrplab.wire.records import LONGEST_PACKET, Record

if TYPE_CHECKING:
    from io import BufferedReader

    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK_BYTES = 8 * 1024 * 1024
_FIRST_BYTES = 4 * 1024  # read where the byte order changed, and twice as much each time after that
_AROUND = 32  # bytes of an enhanced packet block that are not the packet's
_SMALLEST = 12  # bytes of a block with nothing in it


class BlockChain:
    """Blocks: type, length, what it holds, and the length again."""

    header, least, most = 8, _SMALLEST, LONGEST_BLOCK

    def __init__(self, buffer: Array, order: str) -> None:
        self.numbers = numbers_of(buffer, order)
        self.words = buffer[: len(buffer) // 4 * 4].view(order + "u4")

    def length_at(self, place: int) -> int:
        return int(self.numbers[place + 4])

    def lengths(self, places: Array) -> Array:
        import numpy as np

        lengths: Array = np.maximum(self.numbers[places + 4].astype("i8"), _SMALLEST)
        return lengths

    def guess(self, bounds: Array, end: int, reach: int) -> tuple[Array, Array]:
        """Enhanced packet blocks with the same length at both ends, at multiples of four bytes."""
        import numpy as np

        shape = (len(bounds), reach // 4)
        kinds = np.lib.stride_tricks.as_strided(self.words, shape, (LANE_BYTES, 4))
        rows, columns = np.nonzero(kinds == ENHANCED_PACKET)
        places = bounds[rows] + 4 * columns
        lengths = self.numbers[places + 4].astype("i8")
        likely = (lengths >= _AROUND) & (places + lengths <= end)
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
    block that is not sound, or a change of the byte order.
    """
    import numpy as np

    place, order = blocks.offset, blocks.order
    chain = BlockChain(buffer, order)
    offsets, consumed = follow(chain, end)
    heads = gather(buffer, offsets, 28).view(order + "u4")
    lengths = np.diff(offsets, append=consumed)
    sound = (heads[:, 1] == lengths) & (lengths & 3 == 0) & (chain.numbers[offsets + lengths - 4] == lengths)
    kinds, captured = heads[:, 0], heads[:, 5]
    plain = sound & (kinds == ENHANCED_PACKET) & (captured <= LONGEST_PACKET)
    plain &= captured.astype("i8") + _AROUND <= lengths
    first = 0
    for other in [*np.nonzero(~plain)[0].tolist(), len(offsets)]:
        known = heads[first:other, 2] < len(blocks.interfaces)
        if not known.all():
            other = first + int(np.argmin(known))
            sound[other] = False
        if other > first:
            yield _packets(buffer, offsets[first:other], heads[first:other], blocks.interfaces)
        at = int(offsets[other]) if other < len(offsets) else consumed
        blocks.offset = place + at
        if other == len(offsets) or not sound[other]:
            return
        blocks.advance(io.BytesIO(bytes(buffer[at : at + int(lengths[other])])))
        if blocks.order != order:
            return
        yield from _alone(blocks.record)
        first = other + 1


def _packets(buffer: Array, offsets: Array, heads: Array, interfaces: list[Interface]) -> Run:
    """Enhanced packet blocks."""
    import numpy as np

    numbers = heads[:, 2]
    units = heads[:, 3].astype("u8") << 32 | heads[:, 4]
    t_ns, link_types = np.empty(len(offsets), "i8"), np.empty(len(offsets), "u2")
    for number in np.unique(numbers).tolist():
        here = numbers == number
        link_types[here] = interfaces[number].link_type
        t_ns[here] = _t_ns(interfaces[number], units[here])
    return Run(buffer, offsets + 28, heads[:, 5].astype("i4"), t_ns, link_types)


def _t_ns(interface: Interface, units: Array) -> Array:
    """Times of packets."""
    import numpy as np

    second_ns = 1_000_000_000
    unit_ns, odd = divmod(second_ns, interface.units_per_s)
    ends = [interface.t_ns(int(units.min())), interface.t_ns(int(units.max()))]
    if not odd and max(map(abs, ends)) < 2**62 and int(units.max()) * unit_ns < 2**62:
        return units.astype("i8") * unit_ns + interface.offset_s * second_ns
    return np.array([_in_64_bits(interface.t_ns(number)) for number in units.tolist()], "i8")


def _in_64_bits(t_ns: int) -> int:
    """A time beyond what they hold is as absurd at the end of it."""
    return min(max(t_ns, -(2**63)), 2**63 - 1)


def _alone(record: Record | None) -> Iterator[Run]:
    """The packet of a simple or an old packet block; None: the block held none."""
    import numpy as np

    if record is None:
        return
    buffer = np.frombuffer(record.data, np.uint8)  # which is joined with others
    sizes, t_ns = np.array([len(record.data)], "i4"), np.array([_in_64_bits(record.t_ns)], "i8")
    yield Run(buffer, np.zeros(1, "i8"), sizes, t_ns, np.array([record.link_type]))
