"""VRRP, neighbour advertisements and ARP of thousands of frames at once, into the columns of a chunk.

``at`` says which rows of the chunk the given words belong to: a list of rows, or a slice of all, which is
much cheaper. In a slice there are others too; ``meant`` tells them apart, and zeros are written for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vrrplab.columns.rows import KIND, REASON
from vrrplab.columns.words import add, is_right, put, swap, verdicts
from vrrplab.errors import DropReason
from vrrplab.wire.neighbor import ADVERTISEMENT

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.columns.table import Columns

    Array = np.ndarray[Any, Any]


def fill_adverts(
    chunk: Columns,
    at: Any,
    words: Array,
    length: Array,
    announced: Array,
    pseudo: Array,
    width: int,
    meant: Array,
) -> Array:
    """Adverts of ``length`` bytes, at least 8, where the IP header ``announced`` as many or more; addresses
    have ``width`` bytes.

    ``pseudo``: the sum of the pseudo-header but for the length. Returns those that the ordinary codec must
    read.
    """
    import numpy as np

    first = words[0] & 0xFF
    count = (words[0] >> 24).view(np.int32)
    version = first >> 4
    is_v2, is_v3 = version == 2, version == 3
    known = meant & (is_v2 | is_v3)
    length = length * meant  # nothing of the others is added up
    needed = 8 + width * count
    if width == 4:
        needed += is_v2 * np.int32(8)
    judged = known & (needed <= length)
    # rare: a trailer, odd bytes behind the message, or IPv6 with authentication data are the codec's to read
    odd: Array = meant & ((length - needed == 28) | (judged & (needed < length) & (length & 3 != 0)))
    if width == 16:
        odd |= meant & is_v2
    chunk.kind[at] |= meant * np.uint8(KIND["vrrp"])
    put(chunk.header, at, words[:2] * meant)
    listed = known & (count > 0) & (length >= 8 + width)
    put(chunk.address, at, words[2 : 2 + width // 4] * listed)
    right, pseudo_form = _judge(words, length, needed, pseudo, is_v2, judged, width)
    chunk.checksum_ok[at] = verdicts(judged, right)
    chunk.checksum_form[at] = right.view(np.uint8) + (right & pseudo_form)
    is_carp = meant & (words[0] & 0xFF0000FF == 0x07000021) & ((length == 36) | (announced == 36))
    wrong, misfit = judged & ~right, length != needed
    faulty = np.nonzero(meant & (wrong | misfit | (first & 15 != 1) | ~known) & ~is_carp)[0]
    if len(faulty):
        parts = (part[faulty] for part in (first, known, misfit, wrong))
        _tell_faults(chunk, _rows(at, faulty), *parts)
    carp = np.nonzero(is_carp)[0]
    if len(carp):
        _fill_carp(chunk, _rows(at, carp))
    return odd


def _rows(at: Any, chosen: Array) -> Array:
    rows: Array = chosen if isinstance(at, slice) else at[chosen]
    return rows


def _judge(
    words: Array, length: Array, needed: Array, pseudo: Array, is_v2: Array, judged: Array, width: int
) -> tuple[Array, Array]:
    """Both readings of the checksum, over the message and, where more follows, over everything: is one
    right, and is it the one with the pseudo-header?
    """
    import numpy as np

    right, pseudo_form = _forms(words, np.minimum(needed, length), pseudo, is_v2, width)
    right &= judged
    longer = np.nonzero(judged & (needed < length))[0]
    if len(longer):
        of_all, form_of_all = _forms(words[:, longer], length[longer], pseudo[longer], is_v2[longer], width)
        shorter = right[longer]
        pseudo_form[longer] = np.where(shorter, pseudo_form[longer], form_of_all)
        right[longer] = shorter | of_all
    return right, pseudo_form


def _forms(words: Array, summed: Array, pseudo: Array, is_v2: Array, width: int) -> tuple[Array, Array]:
    sums = add(words, summed >> 2)
    with_pseudo = is_right(sums + pseudo + swap(summed.view("u4")))
    if width == 16:
        return with_pseudo, with_pseudo
    pseudo_form = with_pseudo & ~is_v2
    return is_right(sums) | pseudo_form, pseudo_form


def _tell_faults(
    chunk: Columns, rows: Array, first: Array, known: Array, misfit: Array, wrong: Array
) -> None:
    """The first fault of each row, in the codec's order; those of the IP header come before all of them."""
    faults = (
        (wrong, DropReason.BAD_CHECKSUM),
        (known & misfit, DropReason.BAD_LENGTH),
        (known & (first & 15 != 1), DropReason.BAD_TYPE),
        (~known, DropReason.BAD_VERSION),
    )
    _tell(chunk, rows, last_fault(faults))


def _tell(chunk: Columns, rows: Array, reason: Array | int) -> None:
    """A fault, where none was found before."""
    before = chunk.reason[rows]
    chunk.reason[rows] = before + (before == 0) * reason


def last_fault(faults: Sequence[tuple[Array, DropReason]]) -> Array:
    """For each row the number of the last fault that it has, or 0."""
    import numpy as np

    reason = np.zeros(len(faults[0][0]), np.uint8)
    for here, fault in faults:
        reason[here] = REASON[fault]
    return reason


def _fill_carp(chunk: Columns, rows: Array) -> None:
    """What was taken for an advert of seven addresses is none; only what the IP header says stays."""
    chunk.kind[rows] = KIND["carp"]
    chunk.header[rows] = 0
    chunk.address[rows] = 0
    chunk.checksum_ok[rows] = -1
    chunk.checksum_form[rows] = 0
    _tell(chunk, rows, REASON[DropReason.CARP])


def fill_neighbors(chunk: Columns, rows: Array, words: Array, length: Array, pseudo: Array) -> Array:
    """Neighbour advertisements, and solicitations, of which only a fault is told. Returns those that the
    ordinary codec must read.
    """
    import numpy as np

    is_na = words[0] & 0xFF == ADVERTISEMENT
    # a plain one has a target and at most one option, of 8 bytes
    plain: Array = (length == 24) | ((length == 32) & (words[6] >> 8 & 0xFF == 1))
    right = is_right(add(words, length >> 2) + pseudo + swap(length.view("u4")))
    chunk.kind[rows] = is_na * np.uint8(KIND["na"])
    chunk.header.view(">u2")[rows, 3] = swap(words[0] >> 16) * is_na
    chunk.checksum_ok[rows] = verdicts(is_na, right & is_na)
    chunk.announces[rows] = is_na & (words[1] & 0x40 == 0)
    put(chunk.address, rows, words[2:6] * is_na)
    chunk.reason[rows[~right]] = REASON[DropReason.BAD_CHECKSUM]
    return ~plain


def fill_arp(chunk: Columns, rows: Array, words: Array) -> None:
    """ARP, of which all 28 bytes are there; other networks' addresses are not read."""
    import numpy as np

    plain = (words[0] == 0x00080100) & (words[1] & 0xFFFF == 0x0406)
    sender, target = (words[3] >> 16 | words[4] << 16) * plain, words[6] * plain
    chunk.kind[rows] = KIND["arp"]
    chunk.announces[rows] = (sender == target) & (sender != 0)
    put(chunk.source, rows, [sender])
    put(chunk.address, rows, [target])
    chunk.reason[rows] = ~plain * np.uint8(REASON[DropReason.BAD_ETHERTYPE])
