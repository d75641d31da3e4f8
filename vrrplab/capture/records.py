"""One captured packet, as both capture formats give it: when, how much of it, on what kind of link. No
protocol here.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from vrrplab.errors import CaptureError

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


new_record = partial(tuple.__new__, Record)  # of all its fields: half of the time that ``Record(…)`` takes


class Break(Exception):
    """The file stops making sense at ``offset`` bytes; everything before it was delivered."""

    def __init__(self, offset: int, message: str) -> None:
        self.offset = offset
        self.message = message
        super().__init__(f"{message} (byte {offset})")

    def error(self, name: str) -> CaptureError:
        """What a user is told of the file ``name``."""
        return CaptureError(name, 0, f"breaks off at byte {self.offset}", self.message)


class NotRead(Break):
    """A file of a link type that is not read here: there is nothing before the break either."""

    def error(self, name: str) -> CaptureError:
        what, _, known = self.message.partition(" is not read here: ")
        return CaptureError(name, 0, f"has {what}, which is not read here", f"read are {known[:-4]}")
