"""The packets of a pcap file, many at once: see ``chain`` for how they are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vrrplab.capture.pcap import FILE_HEADER_SIZE, PACKET_HEADER_SIZE, read_header, read_packets
from vrrplab.capture.records import LONGEST_PACKET
from vrrplab.columns.chain import LANE_BYTES, follow, numbers_of
from vrrplab.columns.runs import LOOKED_AT, Run
from vrrplab.columns.words import gather

if TYPE_CHECKING:
    from io import BufferedReader

    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK_BYTES = 8 * 1024 * 1024
_NEAR_S = 30 * 24 * 3600  # a packet's time is looked for within so much of the first one's


class PacketChain:
    """Packet headers: seconds, fraction, captured bytes, bytes on the wire."""

    header = least = PACKET_HEADER_SIZE
    most = PACKET_HEADER_SIZE + LONGEST_PACKET

    def __init__(self, buffer: Array, order: str) -> None:
        self.numbers = numbers_of(buffer, order)

    def length_at(self, place: int) -> int:
        return PACKET_HEADER_SIZE + int(self.numbers[place + 8])

    def lengths(self, places: Array) -> Array:
        lengths: Array = self.numbers[places + 8].astype("i8") + PACKET_HEADER_SIZE
        return lengths

    def guess(self, bounds: Array, end: int, reach: int) -> tuple[Array, Array]:
        """Sizes and times that go together, and point to another place where they do."""
        import numpy as np

        numbers = self.numbers
        shape, strides = (len(bounds), reach), (LANE_BYTES, 1)
        sizes = np.lib.stride_tricks.as_strided(numbers[8:], shape, strides)
        wire_sizes = np.lib.stride_tricks.as_strided(numbers[12:], shape, strides)
        rows, columns = np.nonzero((sizes <= wire_sizes) & (wire_sizes <= LONGEST_PACKET))
        places = bounds[rows] + columns
        likely = self._looks_right(places)
        rows, places = rows[likely], places[likely]
        following = np.minimum(places + self.lengths(places), end - PACKET_HEADER_SIZE)
        likely = (numbers[following + 8] <= numbers[following + 12]) & self._looks_right(following)
        return rows[likely], places[likely]

    def _looks_right(self, places: Array) -> Array:
        numbers = self.numbers
        away_s = abs(numbers[places].astype("i8") - int(numbers[0]))
        right: Array = (away_s <= _NEAR_S) & (numbers[places + 4] < 1_000_000_000)
        right &= numbers[places + 12] <= LONGEST_PACKET
        return right


def pcap_runs(file: BufferedReader) -> Iterator[Run]:
    """A file from its beginning on. Raises Break where it breaks off."""
    import numpy as np

    form = read_header(file.read(FILE_HEADER_SIZE))
    buffer = np.zeros(BLOCK_BYTES + 2 * LOOKED_AT, np.uint8)
    chain = PacketChain(buffer, form.order)
    place = FILE_HEADER_SIZE
    while True:
        file.seek(place)
        end = file.readinto(buffer[:BLOCK_BYTES].data)
        offsets, consumed = follow(chain, end)
        if not consumed:
            file.seek(place)
            if next(read_packets(file, form, place), None) is None:  # which says best what is wrong
                return
            continue  # the file is growing: now it is whole
        headers = gather(buffer, offsets, PACKET_HEADER_SIZE).view(form.order + "u4")
        t_ns = headers[:, 0].astype("i8") * 1_000_000_000
        t_ns += headers[:, 1].astype("i8") * form.unit_ns
        link_types = np.broadcast_to(form.link_type, len(offsets))
        no_name = np.broadcast_to(np.array("", object), len(offsets))
        starts, sizes = offsets + PACKET_HEADER_SIZE, headers[:, 2].astype("i4")
        yield Run(buffer, starts, sizes, t_ns, link_types, headers[:, 3], no_name)
        place += consumed
