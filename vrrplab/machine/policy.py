"""Three rules of an election, each a pure function in a field of a Profile: skew, answer, announcing again.

A rule is asked one question, a value that nobody can change, and gives the same answer to the same question
each time. It knows no clock and no chance; what it needs to know stands in the question. The rules of RFCs
and daemons are here; a profile may have any other function in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vrrplab.units import CENTISECOND_US, SECOND_US, Micros

# What a MASTER may do about an advert that it has accepted.
NOTHING, ADVERT, ADVERT_AND_GARP = "nothing", "advert", "advert+garp"
ANSWERS = (NOTHING, ADVERT, ADVERT_AND_GARP)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A BACKUP: how much longer than three intervals (or, after a farewell, how long at all) does it wait?

    ``priority`` is its own, ``interval_us`` the MASTER's, ``address`` what it sends from: "" where nobody
    knows one, as in a forecast from files.
    """

    version: int
    priority: int
    interval_us: Micros
    address: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A MASTER has heard another one's advert, no farewell: what does it send back at once?

    ``priority`` and ``address`` are the sender's; ``is_better``: it wins (a higher priority, or the same one
    from a higher address), and whoever is asked gives way after its answer.
    """

    priority: int
    address: str
    own_priority: int
    own_address: str
    is_better: bool


@dataclass(frozen=True, slots=True)
class Announced:
    """A MASTER has announced its addresses for the ``times``-th time: when will it again?"""

    times: int
    interval_us: Micros  # its own, between adverts


Skew = Callable[[Waiting], Micros]  # 0 or more
Answer = Callable[[Heard], str]  # one of ANSWERS
AnnounceAgain = Callable[[Announced], Micros | None]  # None: not again


# -- skew (RFC 3768 and 9568 section 6.1) ------------------------------------------------------------------


def by_version(backup: Waiting) -> Micros:
    """In seconds in VRRPv2, scaled with the MASTER's interval in VRRPv3; multiply before dividing by 256."""
    unit_us = SECOND_US if backup.version == 2 else backup.interval_us
    return (256 - backup.priority) * unit_us // 256


def in_seconds(backup: Waiting) -> Micros:
    """As in VRRPv2, whatever the version."""
    return (256 - backup.priority) * SECOND_US // 256


def in_centiseconds(backup: Waiting) -> Micros:
    """By version, and what is less than a hundredth of a second is cut off (FRR)."""
    return by_version(backup) // CENTISECOND_US * CENTISECOND_US


def no_skew(_: Waiting) -> Micros:
    """Everybody at the same time."""
    return 0


# -- answer (section 6.4.3) --------------------------------------------------------------------------------


def no_answer(_: Heard) -> str:
    """RFC 3768 and 5798: a worse advert is discarded."""
    return NOTHING


def answer_worse(heard: Heard) -> str:
    """RFC 9568: a worse advert gets an advert at once."""
    return NOTHING if heard.is_better else ADVERT


def answer_worse_and_announce(heard: Heard) -> str:
    """keepalived: and neighbours are told anew, because they may have learned the other's MAC address."""
    return NOTHING if heard.is_better else ADVERT_AND_GARP
