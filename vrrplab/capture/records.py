"""One captured packet, as both capture formats give it: when, how much of it, on what kind of link. No
protocol here.
"""

from __future__ import annotations

from typing import NamedTuple

# libpcap's own limit: a longer packet means that the file is damaged, not that the network is generous
LONGEST_PACKET = 262_144


class Record(NamedTuple):
    """A packet of a capture file.

    ``t_ns``: nanoseconds since 1970 (or since whatever the writer counts from). ``link_type``: number of
    ``wire.links``. ``data`` may be shorter than ``original_length``: the capture's snap length cut it.
    ``interface``: its name in pcapng files that tell, else "". ``offset``: where the data lie in the file.
    """

    t_ns: int
    link_type: int
    data: bytes
    original_length: int
    interface: str = ""
    offset: int = 0


class Break(Exception):
    """The file stops making sense at ``offset`` bytes; everything before it was delivered."""

    def __init__(self, offset: int, message: str) -> None:
        self.offset = offset
        self.message = message
        super().__init__(f"{message} (byte {offset})")
