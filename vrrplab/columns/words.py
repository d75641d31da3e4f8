"""Arithmetic on columns of 32-bit words: what the layers and the messages of many frames at once are made of.

Words are read in the byte order of the file format's commonest machine, little-endian, although the network's
is the other: a one's-complement sum says "right" in either order (RFC 1071 section 2), and 32-bit words may
stand for two 16-bit ones because 65536 is 1 modulo 65535. So nothing is swapped but the few numbers looked
at. Everything stays 32 bits wide: twice as many fit into a processor's vector as of NumPy's usual 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_MODULUS = 0xFFFF


def gather(buffer: Array, starts: Array, width: int) -> Array:
    """``width`` bytes from each place on, a row each; what lies behind a frame's end is not its own."""
    import numpy as np

    view = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer, strides=(1,))
    rows: Array = view[starts].view(np.uint8).reshape(len(starts), width)
    return rows


def numbers_at(buffer: Array, starts: Array, dtype: str) -> Array:
    """The number at each place, aligned or not."""
    import numpy as np

    width = np.dtype(dtype).itemsize
    numbers: Array = np.ndarray((len(buffer) - width + 1,), dtype, buffer, strides=(1,))[starts]
    return numbers


def columns_of(rows: Array) -> Array:
    """A line a 32-bit word, so that one word of all frames lies together."""
    import numpy as np

    columns: Array = np.ascontiguousarray(rows.view("<u4").T)
    return columns


def swap(numbers: Array) -> Array:
    """16-bit numbers with their bytes the other way round."""
    swapped: Array = numbers >> 8 | (numbers & 0xFF) << 8
    return swapped


def add(words: Array, count: Array | None = None) -> Array:
    """Sums modulo 65535 of each frame's words, or of its first ``count``; at most 131070 a word.

    Upper halves are added, and whole words modulo 2**32, from which the sum of the lower halves follows.
    """
    import numpy as np

    most = len(words) if count is None else int(count.max(initial=0))
    upper = np.zeros(words.shape[1], np.uint32)
    whole = np.zeros(words.shape[1], np.uint32)
    for place in range(most):
        word = words[place]
        if count is not None:
            # all ones where place < count: the sign of the difference
            word = word & ((place - count) >> 31).view(np.uint32)
        whole += word
        upper += word >> 16
    whole -= upper << 16
    whole += upper
    return whole


def put(column: Array, at: Any, words: Sequence[Array] | Array) -> None:
    """Words side by side into some rows of a column of bytes."""
    cells = column.view("<u4")
    for place, word in enumerate(words):
        cells[at, place] = word


def is_right(sums: Array) -> Array:
    """Whether a checksum is right, from what ``add`` says of everything it covers, itself included.

    Folded once they are far below 131070, and something in them, a version or a protocol, is not zero: so
    65535 is the only multiple that can be left.
    """
    right: Array = (sums & _MODULUS) + (sums >> 16) == _MODULUS
    return right


def verdicts(judged: Array, right: Array) -> Array:
    """1 right, 0 wrong, -1 not judged. Whatever is right was judged."""
    return judged.view("i1") + right.view("i1") - 1  # type: ignore[no-any-return]
