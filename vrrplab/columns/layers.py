"""Thousands of frames decoded at once: their link and IP headers, in NumPy arithmetic.

Rows are sorted by what stands where: frames with the same layout share one set of vector operations. Whatever
is laid out otherwise, or does not fit the window of bytes looked at, is handed to the ordinary codec, which
overwrites all that was said of such a row.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from vrrplab.columns.messages import fill_adverts, fill_arp, fill_neighbors, last_fault
from vrrplab.columns.rows import KIND, REASON, SEAL, fill_rows
from vrrplab.columns.words import add, columns_of, gather, is_right, numbers_at, put, swap, verdicts
from vrrplab.errors import DropReason
from vrrplab.wire import fhrp, links, tunnels
from vrrplab.wire.dissect import decode
from vrrplab.wire.ip import PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_IGMP, PROTOCOL_UDP, PROTOCOL_VRRP
from vrrplab.wire.neighbor import ADVERTISEMENT, SOLICITATION

if TYPE_CHECKING:
    import numpy as np

    from vrrplab.columns.runs import Run
    from vrrplab.columns.table import Columns

    Array = np.ndarray[Any, Any]

_MOST_TAGS = 2  # VLAN tags of a frame that is not left to the codec
# LOOKED_AT of runs is more than a link header, so many tags and the widest of these windows
_WIDE_WINDOW = 80  # an IPv4 header and an advert of eleven addresses
_USUAL_WINDOW = 56  # the same for five
_IPV6_WINDOW = 96  # header and an advert of three addresses
_ARP_WINDOW = 28

# fields of the IPv4 header as they look when its second word is read little-endian
_MORE_FRAGMENTS, _LATER_FRAGMENT = 0x00200000, 0xFF1F0000
# EtherTypes as they look when read little-endian
_TYPE_IPV4, _TYPE_IPV6, _TYPE_ARP = 0x0008, 0xDD86, 0x0608
_TYPES_VLAN = (0x0081, 0xA888, 0x0091, 0x0092)
_TYPES_TUNNEL = tuple(sorted((kind & 0xFF) << 8 | kind >> 8 for kind in tunnels.TYPES))
# UDP ports whose datagrams the codec looks into, by number
_PORTS = tuple(sorted(tunnels.PORTS | fhrp.PORTS.keys()))
_ESP = 50
_PROTOCOLS = tuple(sorted(tunnels.PROTOCOLS - {_ESP}))

_SIZES = {links.ETHERNET: 14, links.LINUX_SLL: 16}
_RAW = (links.RAW, links.RAW_BSD, links.RAW_OPENBSD, links.IPV4, links.IPV6)
_TOGETHER = (*_SIZES, *_RAW)
_EVERY = slice(None)


def decode_run(chunk: Columns, run: Run) -> None:
    """Fill a chunk with what the packets of a run say, those of one link type together."""
    import numpy as np

    chunk.t_ns[:] = run.t_ns
    link_type = int(run.link_types[0])
    if (run.link_types == link_type).all():
        rest = np.nonzero(_decode(chunk, run, link_type))[0]
    else:
        left = np.ones(len(run.starts), bool)
        for link_type in _TOGETHER:
            rows = np.nonzero(run.link_types == link_type)[0]
            if len(rows):
                part = chunk.empty(len(rows))
                part.t_ns[:] = run.t_ns[rows]
                left[rows] = _decode(part, run.rows(rows), link_type)
                chunk.take_over(rows, part)
        rest = np.nonzero(left)[0]
    if len(rest):
        frames = [decode(run.frame(row), int(run.link_types[row])) for row in rest.tolist()]
        fill_rows(chunk, rest, frames)


def _decode(chunk: Columns, run: Run, link_type: int) -> Array:
    """Frames of one link type; returns which of them only the ordinary codec can read."""
    batch = _Batch(chunk, run)
    if link_type in _SIZES:
        batch.by_type(link_type)
    elif link_type in _RAW:
        batch.by_version(link_type)
    else:
        batch.rest[:] = True
    return batch.rest


class _Batch:
    """The rows of one chunk on their way into its columns; ``rest``: those for the ordinary codec."""

    def __init__(self, chunk: Columns, run: Run) -> None:
        import numpy as np

        self.np = np
        self.chunk = chunk
        self.buffer = run.buffer
        self.starts = run.starts
        self.sizes = run.sizes
        self.rest = np.zeros(len(run.starts), bool)

    # --- links --------------------------------------------------------------------------------------------

    def by_type(self, link_type: int) -> None:
        """Ethernet and Linux cooked: the EtherType is the last thing before the IP header."""
        np, chunk = self.np, self.chunk
        header = _SIZES[link_type]
        room = self.sizes - header
        window = _WIDE_WINDOW if _many(room > _USUAL_WINDOW) else _USUAL_WINDOW
        # the end of the link header, which on Ethernet is the sender's address and the type
        words = columns_of(gather(self.buffer, self.starts + (header - 8), 8 + window))
        whole = has_mac = room >= 0
        first, second = words[0], words[1] & 0xFFFF
        if link_type == links.LINUX_SLL:
            first, second = (numbers_at(self.buffer, self.starts + place, "<u4") for place in (6, 10))
            second &= 0xFFFF
            has_mac = whole & (numbers_at(self.buffer, self.starts + 4, "<u2") == 0x0600)
        put(chunk.mac, _EVERY, (first * has_mac, second * has_mac))
        self.rest |= ~whole
        types = words[1] >> 16
        is_ipv4 = whole & (types == _TYPE_IPV4)
        rows = np.nonzero(is_ipv4)[0]
        if 2 * len(rows) > len(types):  # all as if they were, because slices are much cheaper than lists
            self.ipv4(_EVERY, words[2:], room, is_ipv4)
        elif len(rows):
            self.ipv4(rows, words[2:, rows], room[rows], is_ipv4[rows])
        if len(rows) < len(types):
            others = np.nonzero(whole & ~is_ipv4)[0]
            self.other_types(others, types[others], self.starts[others] + header, room[others])

    def other_types(self, rows: Array, types: Array, starts: Array, room: Array, tags: int = 0) -> None:
        """Rows by what their EtherType says of ``starts``; IPv4 among them only behind a VLAN tag."""
        unknown = len(rows)
        takers = {_TYPE_IPV4: self.ipv4_at, _TYPE_IPV6: self.ipv6_at, _TYPE_ARP: self.arp_at}
        for wanted, take in takers.items():
            here = types == wanted
            count = int(self.np.count_nonzero(here))
            if count:
                take(rows[here], starts[here], room[here])
            unknown -= count
        if not unknown:
            return
        # LLC, of which the type is a length, and what else is between Ethernet and IP
        inside = _among(_TYPES_TUNNEL, 65536)[types] | (swap(types) <= tunnels.LONGEST_LENGTH)
        if inside.any():
            self.rest[rows[inside]] = True
        tagged = self.np.isin(types, _TYPES_VLAN)
        fits = tagged & (room >= 4) & (tags < _MOST_TAGS)
        self.rest[rows[tagged & ~fits]] = True
        if fits.any():
            rows, starts, room = rows[fits], starts[fits], room[fits]
            inner = numbers_at(self.buffer, starts + 2, "<u2")
            self.other_types(rows, inner, starts + 4, room - 4, tags + 1)

    def by_version(self, link_type: int) -> None:
        """Raw IP, of which a packet's first half byte is the version, unless the link type says it."""
        is_ipv6 = self.buffer[self.starts] >> 4 == 6
        if link_type in (links.IPV4, links.IPV6):
            is_ipv6[:] = link_type == links.IPV6
        for here, take in ((~is_ipv6, self.ipv4_at), (is_ipv6, self.ipv6_at)):
            rows = self.np.nonzero(here)[0]
            if len(rows):
                take(rows, self.starts[rows], self.sizes[rows])

    # --- headers of IP, and ARP --------------------------------------------------------------------------

    def ipv4_at(self, rows: Array, starts: Array, room: Array) -> None:
        window = _WIDE_WINDOW if _many(room > _USUAL_WINDOW) else _USUAL_WINDOW
        words = columns_of(gather(self.buffer, starts, window))
        self.ipv4(rows, words, room, self.np.ones(len(rows), bool))

    def ipv4(self, at: Any, words: Array, room: Array, meant: Array) -> None:
        """``words``: from the header on; ``room``: bytes captured there; ``at``, ``meant``: see
        ``messages``.
        """
        np, chunk = self.np, self.chunk
        total = swap(words[0] >> 16).view(np.int32)
        size = np.minimum(total, room)  # the capture may have cut the packet
        protocol = words[2] >> 8 & 0xFF
        is_vrrp = protocol == PROTOCOL_VRRP
        is_later = words[1] & _LATER_FRAGMENT != 0
        odd = (words[0] & 0xFF != 0x45) | (size < 20) | (protocol == PROTOCOL_AH)
        odd |= _among(_PROTOCOLS, 256)[protocol]
        is_udp = protocol == PROTOCOL_UDP
        if is_udp.any():
            odd |= is_udp & ~is_later & _among(_PORTS, 65536)[swap(words[5] >> 16)]
        # the window must hold a whole message; 8 bytes are the least
        unfit = (words[1] & _MORE_FRAGMENTS != 0) | (size < 28) | (size > 4 * len(words))
        odd |= is_vrrp & ~is_later & unfit
        self.rest[at] |= odd & meant
        good = meant & ~odd
        addresses = add(words[3:5])
        right = is_right(add(words[:3]) + addresses) & good
        chunk.ip_version[at] = good * np.uint8(4)
        chunk.ttl[at] = words[2] * good
        chunk.ip_checksum_ok[at] = verdicts(good, right)
        put(chunk.source, at, words[3:4] * good)
        faults = (
            (right & is_vrrp & is_later, DropReason.FRAGMENT),
            (right & (total > room), DropReason.TOO_SHORT),
            (good & ~right, DropReason.BAD_IP_CHECKSUM),
        )
        chunk.reason[at] = last_fault(faults)
        is_esp = good & (protocol == _ESP)
        if is_esp.any():
            is_piece = is_later | (words[1] & _MORE_FRAGMENTS != 0)
            word = np.where(is_piece, np.uint8(SEAL["pieces of a tunnel"]), np.uint8(SEAL["ESP"]))
            chunk.sealed[at] = is_esp * word
        chunk.kind[at] = (good & ~is_later & (protocol == PROTOCOL_IGMP)) * np.uint8(KIND["igmp"])
        adverts = good & ~is_later & is_vrrp
        pseudo = addresses + (PROTOCOL_VRRP << 8)
        self.rest[at] |= fill_adverts(chunk, at, words[5:], size - 20, total - 20, pseudo, 4, adverts)

    def ipv6_at(self, rows: Array, starts: Array, room: Array) -> None:
        np, chunk = self.np, self.chunk
        words = columns_of(gather(self.buffer, starts, _IPV6_WINDOW))
        length = swap(words[1] & 0xFFFF).view(np.int32)
        size = np.minimum(length, room - 40)  # the capture may have cut the packet
        fits = (size >= 8) & (size + 40 <= _IPV6_WINDOW)
        protocol, kind = words[1] >> 16 & 0xFF, words[10] & 0xFF
        is_advert = (protocol == PROTOCOL_VRRP) & fits
        is_icmp = protocol == PROTOCOL_ICMPV6
        is_neighbor = is_icmp & fits & ((kind == SOLICITATION) | (kind == ADVERTISEMENT))
        # TCP and UDP: certainly no extension header
        simple = (protocol == 6) | (
            (protocol == PROTOCOL_UDP) & ~_among(_PORTS, 65536)[swap(words[10] >> 16)]
        )
        good = (room >= 40) & (words[0] & 0xF0 == 0x60) & (is_advert | is_icmp & fits | simple)
        good &= ~is_icmp | (length == size) & (length & 3 == 0)
        self.rest[rows] = ~good
        chunk.ip_version[rows] = 6
        chunk.ttl[rows] = words[1] >> 24
        put(chunk.source, rows, words[2:6])
        chunk.reason[rows] = (length > size) * np.uint8(REASON[DropReason.TOO_SHORT])
        pseudo = add(words[2:10]) + (protocol << 8)
        here = good & is_advert
        if here.any():
            every = np.ones(np.count_nonzero(here), bool)
            parts = words[10:, here], size[here], length[here], pseudo[here]
            self.rest[rows[here]] = fill_adverts(chunk, rows[here], *parts, 16, every)
        here = good & is_neighbor
        if here.any():
            odd = fill_neighbors(chunk, rows[here], words[10:, here], length[here], pseudo[here])
            self.rest[rows[here]] = odd

    def arp_at(self, rows: Array, starts: Array, room: Array) -> None:
        fill_arp(self.chunk, rows, columns_of(gather(self.buffer, starts, _ARP_WINDOW)))
        self.rest[rows] = room < _ARP_WINDOW


@cache
def _among(numbers: tuple[int, ...], most: int) -> Array:
    """A table that says of each number below ``most`` if it is one of these: faster than a search."""
    import numpy as np

    table = np.zeros(most, bool)
    table[list(numbers)] = True
    return table


def _many(rows: Array) -> bool:
    """Worth a wider window; a few are cheaper decoded one by one."""
    return int(rows.sum()) * 20 > len(rows)
