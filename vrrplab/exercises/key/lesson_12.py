"""The key to ``12_every_order_of_failure``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

STRANDED = """\
variant(
    web_pair(),
    at(12.3, "segment_fault", segment="eth0", between=[["web1", "web2"], ["web2", "web1"]]),
    at(20.1, "segment_heal", segment="eth0"),
    duration_s=80,
)"""

SOLUTIONS = {
    "12-weight": Solution(
        "51", "150 - 51 is 99, and 99 is less than 100. With 50 both have 100, and nobody moves."
    ),
    "12-stranded": Solution(
        STRANDED,
        "Five seconds after web2 announced itself the client asks it, is answered, and trusts that for half a"
        " minute. Heal the network after that, and before web2 speaks.",
        "from vrrplab.exercises.lesson_12 import web_pair",
    ),
    "12-whole": Solution(
        '["weight -20 -> weight -60", "interface eth0 -> interface eth0\\n    garp_master_refresh 2"]',
        "The weight is larger than the distance of the priorities, and whoever is MASTER says so every two"
        " seconds. The option higher_prio_send_advert would do in place of the second: see notebook 13.",
    ),
}
