"""The key to ``09_how_fast_can_it_be``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "09-half": Solution("1", "Version 2 has whole seconds only; keepalived rounds."),
    "09-three": Solution("0.2**3", "Independent losses are multiplied: 0.008."),
    "09-compromise": Solution(
        "0.3",
        "3.6 intervals are 1.1 s, and three losses in a row are rare enough at three adverts a second.",
    ),
    "09-squid": Solution(
        "3.1",
        "One whole interval of the check, and a tenth of the usual skew: adverts do not make a check faster.",
    ),
    "09-fast": Solution(
        r'"advert_int -> version 3\n    advert_int"',
        "Only version 3 has fractions of a second, and all instances on both servers have to speak it.",
    ),
}
