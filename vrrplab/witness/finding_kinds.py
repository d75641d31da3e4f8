"""The kinds of findings: what each says, how bad it is, and how it is told. One table for all who ask.

Timeline and watcher say the same of what they see. ``docs/monitor.md`` prints the table; ``live watch
--exit-on`` takes its names, and so do the labels of ``--metrics``.
"""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING, NOTE = "error", "warning", "note"


class Kind(NamedTuple):
    """``meaning``: in a few words. ``is_told``: a trace tells it as a warning; what the others say stands in
    the changes of state. ``lasts``: it goes on for a while, so that one that is seen again is the same still.
    """

    meaning: str
    severity: str
    is_told: bool = False
    lasts: bool = False


KINDS: dict[str, Kind] = {
    # what clients feel
    "two-masters": Kind("two routers are MASTER at once, for more than a moment", ERROR, True, True),
    "hidden-master": Kind("a router was MASTER beside another, without a word", ERROR, True),
    "garp-missing": Kind("a new MASTER did not announce its addresses", ERROR, True),
    "mismatch": Kind(
        "two routers are set up differently: interval, version, password, addresses", ERROR, True, True
    ),
    "rejected": Kind(
        "packets that no router accepts: damaged, of a wrong checksum, unknown", ERROR, True, True
    ),
    "nobody": Kind("nobody is MASTER, and so the addresses answer nobody", ERROR, True),
    # what may hurt them
    "gap": Kind("nobody was MASTER for a while, from one MASTER to the next", WARNING, True),
    "silence": Kind("a MASTER fell silent without a farewell", WARNING),
    "second-master": Kind("a router became MASTER beside another", WARNING),
    "mute": Kind("a MASTER said nothing for a while, and was one all the time", WARNING, True, True),
    "rejects": Kind(
        "a MASTER stayed one beside another: it rejects it, or does not hear it", WARNING, False, True
    ),
    "stranger": Kind("somebody announces a virtual address, and sends no advert", WARNING, True, True),
    "replay": Kind("adverts with an AH sequence number that was used before", WARNING, True, True),
    "carp": Kind("CARP, which has VRRP's number", WARNING, True, True),
    "backwards": Kind("the times of a capture's frames run backwards", WARNING, True),
    "priority-0": Kind("a MASTER gave up on purpose, with priority 0", WARNING),
    # what is as it should be, or nobody's fault
    "late-announcement": Kind("a router announced an address after it had left", NOTE, True, True),
    "shared-address": Kind("two virtual routers have one address", NOTE, True, True),
    "other-protocol": Kind("HSRP, GLBP or VRRP-E, which are not VRRP", NOTE, True, True),
    "first": Kind("who was heard first", NOTE),
    "takeover": Kind("a router took over from one that had left", NOTE),
    "preemption": Kind("a higher priority took over", NOTE),
    "yield": Kind("a MASTER gave way to a higher advert", NOTE),
    "priority": Kind("a MASTER changed its priority", NOTE),
    "announced": Kind("who announced the addresses, and when", NOTE),
    "undecided": Kind("what a capture that begins or ends here does not show", NOTE),
    "cut": Kind("adverts that the capture cut too short", NOTE, False, True),
    "more": Kind("how many more there are of a kind", NOTE),
}

# What says only where a capture begins or ends: nothing that a watcher would tell.
OPEN = frozenset(("first", "undecided", "cut", "more", "backwards"))
WATCHED = tuple(name for name in KINDS if name not in OPEN)
