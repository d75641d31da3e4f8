"""The key to ``07_two_masters``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "07-silent": Solution(
        '["firewall", "multicast", "vrid"]',
        "In the first two nothing arrives, in the third nothing for this VRID. A wrong password or interval"
        " does arrive, and is complained about.",
    ),
    "07-eight": Solution(
        "1", "Only eight characters are sent, and the first eight are the same: passwor and d."
    ),
    "07-heal": Solution(
        "15.4",
        "For both addresses the weaker MASTER's advert comes first then; the stronger one hears it, and"
        " answers with GARPs.",
    ),
    "07-cure": Solution(
        r'"interface eth0 -> interface eth0\n    garp_master_refresh 2"',
        "Whenever the wire is healed, the next announcement is at most 2 s away.",
    ),
    "07-both": Solution(
        'at(12, "segment_fault", segment="lan", multicast=False)',
        "No advert passes and everything else does: each server thinks that it is alone.",
    ),
}
