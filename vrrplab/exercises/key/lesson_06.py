"""The key to ``06_the_address_moved_the_traffic_did_not``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "06-op": Solution("1", "keepalived announces with a request: who has this address? I have."),
    "06-count": Solution("10", "Five at once, and five more after garp_master_delay, 5 s later."),
    "06-mac": Solution(
        '"02:00:00:00:00:fc"', "At 20 s the address is with proxy-serv02, and this is its card."
    ),
    "06-vmac": Solution(
        '"switch"',
        "The virtual MAC address moves along, so the clients' entries stay right; only its place is new.",
    ),
    "06-lost": Solution(
        r'"interface eth0 -> interface eth0\n    garp_master_refresh 3"',
        "An announcement every 3 s: the one at 17.6 s is not lost any more.",
    ),
    "06-frame": Solution(
        '[at(14.626373, "segment_fault", segment="lan", loss=1),'
        ' at(14.626377, "segment_heal", segment="lan")]',
        "The gratuitous ARP is lost:"
        " the client goes on asking the old MAC address until its own cache gives it up.",
    ),
}
