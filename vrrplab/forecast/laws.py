"""Which sentence of an RFC, or which habit of the daemon, an answer to "why?" rests on.

IDs and words are those of docs/rfc.md, where each is tested against every profile; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.errors import DropReason


class Law(NamedTuple):
    """``id`` is the row of docs/rfc.md: R… a duty, K… a habit of keepalived's."""

    id: str
    text: str


START = Law("R3-6.4.1-b", "Everybody else starts as BACKUP and listens for its own master-down interval.")
SILENCE = Law(
    "R3-6.1-b", "A BACKUP waits for three intervals and the skew time before it takes the MASTER for dead."
)
FAREWELL = Law("R3-6.4.2-g", "After an advert with priority 0 a BACKUP waits for its skew time only.")
KEEPS = Law(
    "R3-6.4.2-h",
    "An advert of equal or higher priority (any, without preemption) starts the timer anew, with the"
    " interval it names.",
)
PREEMPTS = Law("R3-6.4.2-i", "A lower advert is discarded by a BACKUP that preempts: its timer runs on.")
YIELDS = Law(
    "R3-6.4.3-h",
    "A MASTER that hears a higher priority, or its own from a higher address (as a number), is BACKUP and"
    " counts with the interval it heard.",
)
OWNER = Law(
    "R3-5.2.4-a",
    "The owner of the addresses advertises priority 255, whatever else would move its priority.",
)
FAULT = Law(
    "K08", "A failure leads to FAULT with priority 0 (twice), and FAULT to BACKUP whatever the priority."
)
WEIGHTS = Law(
    "K11",
    "Weights move the priority between 1 and 254, and with it the time a BACKUP has left, at once.",
)
DISCARDED = Law(
    "R3-7.1-k", "What fails a check is discarded: it changes neither the state nor the time that is left."
)
_VERSION = Law("R3-7.1-b", "Received: the version is one's own.")
_LIST = Law("K03", "An advert with another list of addresses is dropped, whoever sends it (2.2.7).")
_OPTIONS = Law(
    "K12",
    "There are preempt_delay, down_timer_adverts, higher_prio_send_advert, unicast_peer, mcast_dst_ip.",
)
_PASSWORD = Law(
    "K04",
    "Authentication of RFC 2338 is still there in version 2; version 3 and strict mode switch it off.",
)
_INTERVAL = Law(
    "R3-7.1-i (RFC 3768)",
    "An advert with another interval than one's own is discarded, and the log says so.",
)
_CHECKSUM = Law(
    "K01",
    "VRRPv3 over IPv4 sums a pseudo-header; v3_checksum_as_v2 sends the other form and takes either.",
)
_TTL = Law("R3-7.1-a", "Received: TTL or hop limit is 255.")

# Why an advert is not used: the law, and the rule that tells of it where the files do not fit each other.
OF_DROPS: dict[DropReason, tuple[Law, str]] = {
    DropReason.BAD_TTL: (_TTL, ""),
    DropReason.BAD_VERSION: (_VERSION, "V012"),
    DropReason.BAD_CHECKSUM: (_CHECKSUM, "V013"),
    DropReason.BAD_COUNT: (_LIST, "V006"),
    DropReason.ADDRESS_LIST_MISMATCH: (_LIST, "V006"),
    DropReason.BAD_INTERVAL: (_INTERVAL, "V010"),
    DropReason.BAD_AUTH_TYPE: (_PASSWORD, "V007"),
    DropReason.AUTH_MISMATCH: (_PASSWORD, "V007"),
    DropReason.UNICAST_MISMATCH: (_OPTIONS, "V016"),
    DropReason.OTHER_GROUP: (_OPTIONS, ""),
    DropReason.NOT_A_PEER: (_OPTIONS, "V015"),
}
