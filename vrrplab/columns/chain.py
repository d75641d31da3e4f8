"""Where the packets of a part of a capture file begin: the one thing in it that looks strictly serial.

Each packet's header tells where the next one is, so a plain loop costs a quarter of a microsecond a packet.
Instead the part is cut into lanes; in each lane a place is guessed that looks like a header; then all lanes
are walked at once, a NumPy step a packet. The guesses prove themselves: the first lane begins at a true
header, and a lane whose walk ends exactly where the next one began makes that one true. A lane whose guess
was wrong is walked again, alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LANE_BYTES = 8 * 1024  # more than _GUESS_BYTES: a guess must not leave its lane
_GUESS_BYTES = 512  # of a lane in which a header is looked for at most; longer packets need the slow walk


class Chain(Protocol):
    """How one thing follows another in a format. Places are bytes in the buffer."""

    header: int  # bytes in which the length is found
    least: int  # a thing takes so many bytes at least
    most: int  # more means that the file is damaged

    def length_at(self, place: int) -> int: ...

    def lengths(self, places: Array) -> Array:
        """At many places, also where nothing begins; never less than ``least``."""
        ...

    def guess(self, bounds: Array, end: int, reach: int) -> tuple[Array, Array]:
        """What looks like a beginning, ``reach`` bytes from each bound on, of which there is one every
        LANE_BYTES: numbers of bounds, in order, and places.
        """
        ...


def numbers_of(buffer: Array, order: str) -> Array:
    """The 32-bit number at every single byte, without a copy."""
    import numpy as np

    return np.ndarray((len(buffer) - 3,), order + "u4", buffer, strides=(1,))


def follow(chain: Chain, end: int) -> tuple[Array, int]:
    """Where things begin that are sound and whole before ``end``, the first one at 0; and where the last of
    them ends. Some headers' bytes must follow after ``end``; their values do not matter.
    """
    import numpy as np

    if end < 16 * LANE_BYTES:
        return _walk(chain, 0, end, end)
    offsets, consumed = _walk_lanes(chain, end)
    # the last one may reach beyond the end, where walks are held up
    if len(offsets) and int(offsets[-1]) + chain.length_at(int(offsets[-1])) > end:
        consumed = int(offsets[-1])
        offsets = offsets[:-1]
    unsound = np.nonzero(np.diff(offsets, append=consumed) > chain.most)[0]
    if len(unsound):
        first = int(unsound[0])
        offsets, consumed = offsets[:first], int(offsets[first])
    return offsets, consumed


def _walk(chain: Chain, begin: int, limit: int, end: int) -> tuple[Array, int]:
    """One after the other, up to the first that begins at ``limit`` or is not whole before ``end``."""
    import numpy as np

    found = []
    at = begin
    while at < limit and at + chain.header <= end:
        length = chain.length_at(at)
        if not chain.least <= length <= chain.most or at + length > end:
            break
        found.append(at)
        at += length
    return np.array(found, "i8"), at


def _walk_lanes(chain: Chain, end: int) -> tuple[Array, int]:
    import numpy as np

    # the last lane, of whatever length, is walked alone
    bounds = np.arange(0, end - LANE_BYTES, LANE_BYTES)
    sample, stop = _walk(chain, 0, int(bounds[1]), end)
    reach = int(np.diff(np.append(sample, stop)).max(initial=64)) + 32
    starts = bounds[:-1].copy()
    rows, places = chain.guess(starts, end, min(reach, _GUESS_BYTES))
    lanes, first = np.unique(rows, return_index=True)
    starts[lanes] = places[first]
    starts[0] = 0
    limits = bounds[1:]
    steps, stops = _walk_together(chain, starts, limits, end)
    pieces: list[Array] = []
    lane, expected, count = 0, 0, len(starts)
    while lane < count:
        # the longest run of lanes that join: each begins where the one before it stopped
        joins = starts[lane:] == np.append(expected, stops[lane:-1])
        run = len(joins) if joins.all() else int(np.argmin(joins))
        if run:
            block = steps[:, lane : lane + run].T
            pieces.append(block[block < limits[lane : lane + run, None]])
            lane += run
            expected = int(stops[lane - 1])
        else:
            offsets, expected = _walk(chain, expected, int(limits[lane]), end)
            pieces.append(offsets)
            lane += 1
            if expected < int(limits[lane - 1]):
                return np.concatenate(pieces), expected  # not whole, or damaged: nothing behind it counts
    offsets, expected = _walk(chain, expected, end, end)
    return np.concatenate([*pieces, offsets]), expected


def _walk_together(chain: Chain, starts: Array, limits: Array, end: int) -> tuple[Array, Array]:
    """A row a step, a column a lane: the place met there. And the first place at or behind each lane's limit.

    A lane that is done walks on, which is cheaper than to stop it; nobody looks at what it meets there.
    """
    import numpy as np

    rows = [starts]
    here = starts
    while True:
        for _ in range(8):
            here = np.minimum(here + chain.lengths(here), end)
            rows.append(here)
        if (here >= limits).all():
            break
    steps = np.array(rows)
    inside = (steps < limits).sum(axis=0)
    return steps, steps[inside, np.arange(len(starts))]
