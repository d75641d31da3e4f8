"""The key to ``05_tracking_and_weights``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "05-smallest": Solution(
        "-51",
        "150 - 51 is 99, less than 100; 150 - 50 is 100, and as good is not better.",
    ),
    "05-nobody": Solution(
        '"nobody"',
        "Without a weight a failed check means FAULT, on both servers.",
    ),
    "05-repair": Solution(
        r'["priority 255 -> priority 150", "interval 3 -> interval 3\n    weight -60"]',
        "No owner any more, a penalty larger than 50, and with both checks failed it is 90 against 40.",
    ),
    "05-quick": Solution(
        '"interval 3 -> interval 1"',
        "At worst one interval until the check, and 0.6 s for farewell and skew: 1.54 s.",
    ),
    "05-glitch": Solution(
        r'"interval 3 -> interval 3\n    fall 2"',
        "Two failures in a row are needed. That costs 3 s more when Squid is really dead, and stays under 10"
        " s.",
    ),
    "05-home": Solution(
        'at(20, "daemon_stop", server="proxy-serv02")',
        "It says goodbye: proxy-serv01 waits for its skew only.",
    ),
    "05-weight": Solution(
        '"weight -20 -> weight -60"',
        "The check must weigh more than 150 - 100, on both servers; without any weight two dead Squids"
        " leave nobody.",
    ),
}
