"""Where the packets of a block of a pcap file begin: the one thing in it that looks strictly serial.

Each packet header tells where the next one is, so a plain loop costs a quarter of a microsecond a packet.
Instead the block is cut into lanes; in each lane a place is guessed that looks like a packet header and
points to another; then all lanes are walked at once, a NumPy step a packet. The guesses prove themselves:
the first lane begins at a true header, and a lane whose walk ends exactly where the next one began makes
that one true. A lane whose guess was wrong is walked again, alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vrrplab.wire.bulk_words import gather
from vrrplab.wire.records import LONGEST_PACKET

if TYPE_CHECKING:
    import numpy as np

_LANE_BYTES = 8 * 1024
_SAMPLE = 64  # packets walked first, to learn how far apart headers are
_GUESS_BYTES = 512  # of a lane in which a header is looked for at most; longer packets need the slow walk
_HEADER = 16
_NEAR_S = 30 * 24 * 3600


class Found(NamedTuple):
    """Packets that lie whole in the block. ``offsets`` point to their headers, ``headers`` holds what stands
    there, four numbers a row: seconds, fraction, captured bytes, bytes on the wire.

    ``consumed``: where the first packet that does not lie whole in the block begins. ``damage``: its size, if
    that is absurd.
    """

    offsets: np.ndarray[Any, Any]
    headers: np.ndarray[Any, Any]
    consumed: int
    damage: int | None

    @property
    def sizes(self) -> np.ndarray[Any, Any]:
        """Captured bytes, 32 bits wide and signed."""
        return self.headers[:, 2].astype("i4")

    def t_ns(self, unit_ns: int) -> np.ndarray[Any, Any]:
        """Times of packets, in nanoseconds."""
        times: np.ndarray[Any, Any] = self.headers[:, 0].astype("i8")
        times *= 1_000_000_000
        times += self.headers[:, 1].astype("i8") * unit_ns
        return times


def find_records(buffer: np.ndarray[Any, Any], end: int, order: str) -> Found:
    """All packets in ``buffer[:end]``, which begins with a packet header. ``order``: ``<`` or ``>``.

    16 bytes must follow in ``buffer`` after ``end``; their values do not matter.
    """
    import numpy as np

    # the 32-bit number at every single byte, without a copy
    numbers = np.ndarray((len(buffer) - 3,), order + "u4", buffer, strides=(1,))
    if end < 16 * _LANE_BYTES:
        offsets, consumed = _walk(numbers, 0, end, end)
    else:
        offsets, consumed = _walk_lanes(numbers, end)
    headers = gather(buffer, offsets, _HEADER).view(order + "u4")
    sizes = headers[:, 2]
    unsound = np.nonzero((sizes > LONGEST_PACKET) | (offsets + (_HEADER + sizes.astype("i8")) > end))[0]
    if len(unsound):
        first = int(unsound[0])
        consumed = int(offsets[first])
        offsets, headers = offsets[:first], headers[:first]
    damage = None
    if consumed + _HEADER <= end and int(numbers[consumed + 8]) > LONGEST_PACKET:
        damage = int(numbers[consumed + 8])
    return Found(offsets, headers, consumed, damage)


def _walk(
    numbers: np.ndarray[Any, Any], begin: int, limit: int, end: int
) -> tuple[np.ndarray[Any, Any], int]:
    """One packet after the other, up to the first that begins at ``limit`` or is not whole before ``end``."""
    import numpy as np

    found = []
    at = begin
    while at < limit and at + _HEADER <= end:
        size = int(numbers[at + 8])
        if size > LONGEST_PACKET or at + _HEADER + size > end:
            break
        found.append(at)
        at += _HEADER + size
    return np.array(found, "i8"), at


def _walk_lanes(numbers: np.ndarray[Any, Any], end: int) -> tuple[np.ndarray[Any, Any], int]:
    import numpy as np

    # the last lane, of whatever length, is walked alone
    bounds = np.arange(0, end - _LANE_BYTES, _LANE_BYTES)
    sample, stop = _walk(numbers, 0, int(bounds[1]), end)
    reach = int(np.diff(np.append(sample, stop)).max(initial=64)) + 32
    starts = _guess(numbers, bounds[:-1], end, min(reach, _GUESS_BYTES))
    limits = bounds[1:]
    steps, stops = _walk_together(numbers, starts, limits, end)
    pieces: list[np.ndarray[Any, Any]] = []
    lane, expected, lanes = 0, 0, len(starts)
    while lane < lanes:
        # the longest run of lanes that join: each begins where the one before it stopped
        joins = starts[lane:] == np.append(expected, stops[lane:-1])
        run = len(joins) if joins.all() else int(np.argmin(joins))
        if run:
            block = steps[:, lane : lane + run].T
            pieces.append(block[block < limits[lane : lane + run, None]])
            lane += run
            expected = int(stops[lane - 1])
        else:
            offsets, expected = _walk(numbers, expected, int(limits[lane]), end)
            pieces.append(offsets)
            lane += 1
            if expected < int(limits[lane - 1]):
                return np.concatenate(pieces), expected  # not whole, or damaged: nothing behind it counts
    offsets, expected = _walk(numbers, expected, end, end)
    return np.concatenate([*pieces, offsets]), expected


def _guess(
    numbers: np.ndarray[Any, Any], bounds: np.ndarray[Any, Any], end: int, reach: int
) -> np.ndarray[Any, Any]:
    """For each lane the first place that looks like a header which points to another one; else its bound."""
    import numpy as np

    first_s = int(numbers[0])
    shape, strides = (len(bounds), reach), (_LANE_BYTES, 1)
    sizes = np.lib.stride_tricks.as_strided(numbers[8:], shape, strides)
    wire_sizes = np.lib.stride_tricks.as_strided(numbers[12:], shape, strides)
    rows, columns = np.nonzero((sizes <= wire_sizes) & (wire_sizes <= LONGEST_PACKET))
    places = bounds[rows] + columns
    likely = _looks_right(numbers, places, first_s)
    rows, places = rows[likely], places[likely]
    following = np.minimum(places + _HEADER + numbers[places + 8], end - _HEADER)
    likely = (numbers[following + 8] <= numbers[following + 12]) & _looks_right(numbers, following, first_s)
    rows, places = rows[likely], places[likely]
    starts: np.ndarray[Any, Any] = bounds.copy()
    lanes, first = np.unique(rows, return_index=True)
    starts[lanes] = places[first]
    starts[0] = 0
    return starts


def _looks_right(
    numbers: np.ndarray[Any, Any], places: np.ndarray[Any, Any], first_s: int
) -> np.ndarray[Any, Any]:
    seconds = numbers[places].astype("i8") - first_s
    right: np.ndarray[Any, Any] = (abs(seconds) <= _NEAR_S) & (numbers[places + 4] < 1_000_000_000)
    right &= numbers[places + 12] <= LONGEST_PACKET
    return right


def _walk_together(
    numbers: np.ndarray[Any, Any], starts: np.ndarray[Any, Any], limits: np.ndarray[Any, Any], end: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A row a step, a column a lane: the place met there. And the first place at or behind each lane's limit.

    A lane that is done walks on, which is cheaper than to stop it; nobody looks at what it meets there.
    """
    import numpy as np

    rows = [starts]
    here = starts
    while True:
        for _ in range(8):
            here = np.minimum(here + numbers[here + 8] + _HEADER, end)
            rows.append(here)
        if (here >= limits).all():
            break
    steps = np.array(rows)
    inside = (steps < limits).sum(axis=0)
    return steps, steps[inside, np.arange(len(starts))]
