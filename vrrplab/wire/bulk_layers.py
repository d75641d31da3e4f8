"""Thousands of frames decoded at once: NumPy arithmetic on columns of 32-bit words.

Rows are sorted by what stands where: frames with the same layout share one set of vector operations. Whatever
is laid out otherwise, or does not fit the window of bytes looked at, is handed to the ordinary codec.

Words are read in the byte order of the file format's commonest machine, little-endian, although the network's
is the other: a one's-complement sum says "right" in either order (RFC 1071 section 2), and 32-bit words may
stand for two 16-bit ones because 65536 is 1 modulo 65535. So nothing is swapped but the few numbers looked
at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vrrplab.errors import DropReason
from vrrplab.wire import links
from vrrplab.wire.bulk_rows import KIND, REASON, fill_rows
from vrrplab.wire.dissect import decode
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_IGMP, PROTOCOL_VRRP

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.wire.bulk import Columns

    Array = np.ndarray[Any, Any]

LOOKED_AT = 128  # bytes of a frame that any of the windows below can reach
_IPV4_WINDOW = 80  # header and an advert of eleven addresses
_USUAL_WINDOW = 56  # the same for five
_IPV6_WINDOW = 96  # header and an advert of three addresses
_ARP_WINDOW = 28
_MODULUS = 0xFFFF

# EtherTypes as they look when read little-endian
_TYPE_IPV4, _TYPE_IPV6, _TYPE_ARP = 0x0008, 0xDD86, 0x0608
_TYPES_VLAN = (0x0081, 0xA888, 0x0091, 0x0092)


def decode_rows(
    chunk: Columns,
    buffer: Array,
    starts: Array,
    sizes: Array,
    link_type: int,
    frame_of: Callable[[int], bytes],
) -> None:
    """Fill a chunk. ``buffer[starts]``: where frames begin, with LOOKED_AT bytes behind the last;
    ``sizes``: captured bytes; ``frame_of``: a row's whole frame.
    """
    batch = _Batch(chunk, buffer, starts, sizes)
    rest = batch.by_link(link_type)
    if len(rest):
        fill_rows(chunk, rest, [decode(frame_of(int(row)), link_type) for row in rest])


class _Batch:
    """The rows of one chunk on their way into its columns."""

    def __init__(self, chunk: Columns, buffer: Array, starts: Array, sizes: Array) -> None:
        import numpy as np

        self.np = np
        self.chunk = chunk
        self.buffer = buffer
        self.starts = starts
        self.sizes = sizes
        self.rest = np.zeros(len(sizes), bool)

    def gather(self, starts: Array, width: int) -> Array:
        """``width`` bytes from each place on, a row each; what lies behind a frame's end is not its own."""
        np = self.np
        view = np.ndarray((len(self.buffer) - width + 1,), f"V{width}", self.buffer, strides=(1,))
        rows: Array = view[starts].view(np.uint8).reshape(len(starts), width)
        return rows

    def _number(self, starts: Array, dtype: str) -> Array:
        view = self.np.ndarray((len(self.buffer) - 3,), dtype, self.buffer, strides=(1,))
        numbers: Array = view[starts]
        return numbers

    def by_link(self, link_type: int) -> Array:
        """Sort rows by their link header; returns the rows that only the ordinary codec can read."""
        np, chunk = self.np, self.chunk
        every = np.arange(len(self.sizes))
        if link_type in (links.ETHERNET, links.LINUX_SLL):
            header = 14 if link_type == links.ETHERNET else 16
            long_enough = self.sizes >= header
            self.rest |= ~long_enough
            chunk.source_mac[:] = self.gather(self.starts + 6, 6)
            has_mac = long_enough
            if link_type == links.LINUX_SLL:
                has_mac = long_enough & (self._number(self.starts + 4, "<u2") == 0x0600)
            chunk.source_mac[~has_mac] = 0
            rows = every if long_enough.all() else every[long_enough]
            self._by_type(rows, self.starts[rows] + header - 2, self.sizes[rows] - header)
        elif link_type in (links.RAW, links.RAW_BSD, links.RAW_OPENBSD, links.IPV4, links.IPV6):
            is_ipv6 = self.buffer[self.starts] >> 4 == 6
            for rows, take in ((every[~is_ipv6], self._ipv4), (every[is_ipv6], self._ipv6)):
                take(rows, self.starts[rows], self.sizes[rows])
        else:
            self.rest[:] = True
        found: Array = np.nonzero(self.rest)[0]
        return found

    def _by_type(self, rows: Array, places: Array, room: Array, depth: int = 0) -> None:
        """Rows whose EtherType is at ``places``, with ``room`` bytes behind it."""
        np = self.np
        if not len(rows):
            return
        types = self._number(places, "<u2")
        is_ipv4 = types == _TYPE_IPV4
        count = int(is_ipv4.sum())
        if 2 * count > len(rows):
            # all of them, as if they were: slices are much cheaper than lists of rows
            self._ipv4(rows, places + 2, room, is_ipv4 if count < len(rows) else None)
            self.forget(rows[~is_ipv4])
        elif count:
            self._ipv4(rows[is_ipv4], places[is_ipv4] + 2, room[is_ipv4])
        if count == len(rows):
            return
        others = np.nonzero(~is_ipv4)[0]
        rows, places, room, types = rows[others], places[others], room[others], types[others]
        for wanted, take in ((_TYPE_IPV6, self._ipv6), (_TYPE_ARP, self._arp)):
            here = types == wanted
            if here.any():
                take(rows[here], places[here] + 2, room[here])
        tagged = np.isin(types, _TYPES_VLAN)
        if tagged.any():
            fits = tagged & (room >= 4) & (depth < 2)
            self.rest[rows[tagged & ~fits]] = True
            self._by_type(rows[fits], places[fits] + 4, room[fits] - 4, depth + 1)

    def forget(self, rows: Array) -> None:
        """Rows that were decoded as what they are not."""
        self.chunk.clear(rows)
        self.rest[rows] = False

    def at(self, rows: Array) -> Any:
        """How to say "these rows" to a column."""
        return slice(None) if len(rows) == len(self.sizes) else rows

    def _columns(self, data: Array) -> Array:
        """A line a 32-bit word, so that one word of all frames lies together."""
        columns: Array = self.np.ascontiguousarray(data.view("<u4").T)
        return columns

    def _ipv4(self, rows: Array, starts: Array, room: Array, real: Array | None = None) -> None:
        """``real``: which of the rows are meant; the others are not looked at afterwards."""
        np, chunk = self.np, self.chunk
        if not len(rows):
            return
        window = _IPV4_WINDOW if _many(room > _USUAL_WINDOW) else _USUAL_WINDOW
        words = self._columns(self.gather(starts, window))
        total = _swap(words[0] >> 16).astype(np.int64)
        protocol = words[2] >> 8 & 0xFF
        is_vrrp = protocol == PROTOCOL_VRRP
        odd = (words[0] & 0xFF != 0x45) | (total < 20) | (total > room)
        odd |= (words[1] >> 16 & 0xFF3F != 0) | (protocol == PROTOCOL_AH)
        # the window must hold a whole message; 8 bytes are the least
        odd |= is_vrrp & ((total < 28) | (total & 3 != 0) | (total > window))
        if odd.any():
            self.rest[rows[odd]] = True
            if real is None and _many(odd):
                keep = ~odd
                rows, words, total = rows[keep], words[:, keep], total[keep]
                protocol, is_vrrp = protocol[keep], is_vrrp[keep]
            else:
                total[odd] = 28  # decoded with the others, thrown away, decoded alone
        if not len(rows):
            return
        addresses = words[3].astype(np.uint64) + words[4]
        ip_ok = (addresses + words[0] + words[1] + words[2]) % _MODULUS == 0
        at = self.at(rows)
        chunk.ip_version[at] = 4
        chunk.ttl[at] = words[2].astype(np.uint8)
        chunk.ip_checksum_ok[at] = ip_ok
        chunk.source.view("<u4")[at, 0] = words[3]
        if not ip_ok.all():
            chunk.reason[rows[~ip_ok]] = REASON[DropReason.BAD_IP_CHECKSUM]
        if not is_vrrp.all():
            if real is None and _many(~is_vrrp):
                chunk.kind[rows] = np.where(protocol == PROTOCOL_IGMP, KIND["igmp"], KIND["other"])
                rows, words = rows[is_vrrp], words[:, is_vrrp]
                total, addresses = total[is_vrrp], addresses[is_vrrp]
            else:
                self.rest[rows[~is_vrrp]] = True
                total[~is_vrrp] = 28
        self._vrrp(rows, words[5:], total - 20, addresses + (PROTOCOL_VRRP << 8), 4)

    def _ipv6(self, rows: Array, starts: Array, room: Array) -> None:
        np, chunk = self.np, self.chunk
        if not len(rows):
            return
        data = self.gather(starts, _IPV6_WINDOW)
        words = self._columns(data)
        length = _swap(words[1] & 0xFFFF).astype(np.int64)
        protocol = words[1] >> 16 & 0xFF
        is_vrrp, is_icmp = protocol == PROTOCOL_VRRP, protocol == PROTOCOL_ICMPV6
        fits = (length >= 8) & (length & 3 == 0) & (length + 40 <= _IPV6_WINDOW)
        simple = (protocol == 6) | (protocol == 17)  # TCP and UDP: certainly no extension header
        good = (room >= 40) & (words[0] & 0xF0 == 0x60) & (length + 40 <= room)
        good &= (is_vrrp | is_icmp) & fits | simple
        if not good.all():
            self.rest[rows[~good]] = True
            rows, data, words, length = rows[good], data[good], words[:, good], length[good]
            protocol, is_vrrp, is_icmp = protocol[good], is_vrrp[good], is_icmp[good]
            if not len(rows):
                return
        chunk.ip_version[rows] = 6
        chunk.ttl[rows] = words[1] >> 24
        chunk.source[rows] = data[:, 8:24]
        pseudo = words[2:10].sum(axis=0, dtype=np.uint64) + (protocol.astype(np.uint64) << np.uint64(8))
        for here, take in ((is_vrrp, self._vrrp6), (is_icmp & (words[10] & 0xFF == 136), self._na)):
            if here.any():
                take(rows[here], words[10:, here], length[here], pseudo[here])

    def _vrrp6(self, rows: Array, words: Array, length: Array, pseudo: Array) -> None:
        self._vrrp(rows, words, length, pseudo, 16)

    def _sum(self, words: Array, length: Array) -> Array:
        """Sums of the first ``length`` bytes, a multiple of four."""
        np = self.np
        count = length >> 2
        least, most = int(count.min()), int(count.max())
        sums = words[:least].sum(axis=0, dtype=np.uint64)
        for word in range(least, most):
            sums += words[word] * (word < count)
        return sums  # type: ignore[no-any-return]

    def _vrrp(self, rows: Array, words: Array, length: Array, pseudo: Array, width: int) -> None:
        np, chunk = self.np, self.chunk
        if not len(rows):
            return
        first = words[0] & 0xFF
        count = (words[0] >> 24).astype(np.int64)
        is_v2, is_v3 = first >> 4 == 2, first >> 4 == 3
        needed = 8 + width * count + (8 * is_v2 if width == 4 else 0)
        is_carp = (length == 36) & (first == 0x21) & (count == 7)
        # rare: a trailer, or IPv6 with authentication data, mean something that only the codec knows
        odd = (length - needed == 28) | (is_v2 if width == 16 else False)
        self.rest[rows[odd]] = True
        known = is_v2 | is_v3
        at = self.at(rows)
        chunk.kind[at] = KIND["vrrp"]
        header = chunk.header.view("<u4")
        header[at, 0] = words[0]
        header[at, 1] = words[1]
        listed = known & (count > 0) & (length >= 8 + width)
        address = chunk.address.view("<u4")
        for word in range(width // 4):
            address[at, word] = words[2 + word] * listed
        judged = known & (needed <= length)
        right, pseudo_form = self._judge(words, length, needed, pseudo, is_v2, width)
        chunk.checksum_ok[at] = np.where(judged, right, -1)
        chunk.checksum_form[at] = (right * np.uint8(1) + (right & pseudo_form)) * judged
        faulty = np.nonzero((judged & ~right) | (length != needed) | (first & 15 != 1) | ~known)[0]
        if len(faulty):
            self._faults(
                rows[faulty],
                first[faulty],
                known[faulty],
                (length != needed)[faulty],
                (judged & ~right)[faulty],
            )
        if is_carp.any():
            self._carp(rows[is_carp])

    def _judge(
        self, words: Array, length: Array, needed: Array, pseudo: Array, is_v2: Array, width: int
    ) -> tuple[Array, Array]:
        """Both readings of the checksum, over the message and, where more follows, over everything: is one
        right, and is it the one with the pseudo-header?
        """
        np = self.np
        summed = np.minimum(needed, length)
        right, pseudo_form = self._forms(words, summed, pseudo, is_v2, width)
        longer = needed < length
        if longer.any():
            right_of_all, form_of_all = self._forms(words, length, pseudo, is_v2, width)
            pseudo_form = np.where(longer & ~right, form_of_all, pseudo_form)
            right = right | (longer & right_of_all)
        return right, pseudo_form

    def _forms(
        self, words: Array, summed: Array, pseudo: Array, is_v2: Array, width: int
    ) -> tuple[Array, Array]:
        np = self.np
        sums = self._sum(words, summed)
        with_pseudo = (sums + pseudo + _swap(summed.astype(np.uint64))) % _MODULUS == 0
        if width == 16:
            return with_pseudo, with_pseudo
        pseudo_form = with_pseudo & ~is_v2
        return (sums % _MODULUS == 0) | pseudo_form, pseudo_form

    def _carp(self, rows: Array) -> None:
        """What was taken for an advert of seven addresses is none."""
        chunk = self.chunk
        ip_is_wrong = chunk.ip_checksum_ok[rows] == 0
        kept = {
            name: getattr(chunk, name)[rows] for name in ("ip_version", "ttl", "source", "ip_checksum_ok")
        }
        chunk.clear(rows)
        for name, values in kept.items():
            getattr(chunk, name)[rows] = values
        chunk.kind[rows] = KIND["carp"]
        chunk.reason[rows] = self.np.where(
            ip_is_wrong, REASON[DropReason.BAD_IP_CHECKSUM], REASON[DropReason.CARP]
        )

    def _faults(self, rows: Array, first: Array, known: Array, misfit: Array, wrong: Array) -> None:
        """The first fault of each row, in the codec's order; a wrong IP checksum comes before all of them."""
        reason = self.chunk.reason[rows].copy()
        before = reason != 0
        for fault, here in (
            (DropReason.BAD_CHECKSUM, wrong),
            (DropReason.BAD_LENGTH, known & misfit),
            (DropReason.BAD_TYPE, known & (first & 15 != 1)),
            (DropReason.BAD_VERSION, ~known),
        ):
            reason[here & ~before] = REASON[fault]
        self.chunk.reason[rows] = reason

    def _na(self, rows: Array, words: Array, length: Array, pseudo: Array) -> None:
        np, chunk = self.np, self.chunk
        chunk.kind[rows] = KIND["na"]
        # a plain one has a target and at most one option, of 8 bytes
        plain = (length == 24) | ((length == 32) & (words[6] >> 8 & 0xFF == 1))
        if not plain.all():
            self.rest[rows[~plain]] = True
            rows, words, length, pseudo = rows[plain], words[:, plain], length[plain], pseudo[plain]
            if not len(rows):
                return
        sums = self._sum(words, length) + pseudo + _swap(length.astype(np.uint64))
        right = sums % _MODULUS == 0
        chunk.header.view(">u2")[rows, 3] = _swap(words[0] >> 16)
        chunk.checksum_ok[rows] = right
        chunk.announces[rows] = words[1] & 0x40 == 0
        address = chunk.address.view("<u4")
        for word in range(4):
            address[rows, word] = words[2 + word]
        chunk.reason[rows[~right]] = REASON[DropReason.BAD_CHECKSUM]

    def _arp(self, rows: Array, starts: Array, room: Array) -> None:
        chunk = self.chunk
        data = self.gather(starts, _ARP_WINDOW)
        words = self._columns(data)
        plain = (room >= _ARP_WINDOW) & (words[0] == 0x00080100) & (words[1] & 0xFFFF == 0x0406)
        if not plain.all():
            self.rest[rows[~plain]] = True
            rows, data, words = rows[plain], data[plain], words[:, plain]
        sender = words[3] >> 16 | words[4] << 16
        chunk.kind[rows] = KIND["arp"]
        chunk.announces[rows] = (sender == words[6]) & (sender != 0)
        chunk.source[rows, :4] = data[:, 14:18]
        chunk.address[rows, :4] = data[:, 24:28]


def _many(rows: Array) -> bool:
    """Worth taking out of the columns; a few are cheaper left in and decoded once more."""
    count = int(rows.sum())
    return count * 20 > len(rows)


def _swap(numbers: Array) -> Array:
    """16-bit numbers with their bytes the other way round."""
    swapped: Array = numbers >> 8 | (numbers & 0xFF) << 8
    return swapped
