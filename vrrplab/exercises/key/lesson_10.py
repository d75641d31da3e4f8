"""The key to ``10_real_packets``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "10-interval": Solution(
        "0.25", "3 and 156/256 intervals must be at most 1 s; counted in hundredths, that is up to 0.27 s."
    ),
    "10-stranger": Solution("151", "One more than the MASTER's 150; nothing else is asked of a stranger."),
}
