"""The key to ``02_who_becomes_master``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "02-patience": Solution(
        "3 * 1 + (256 - 50) / 256",
        "Three intervals of 1 s, and a skew of 206/256 s: 3.805 s.",
    ),
    "02-quick": Solution(
        "240",
        "Of 3.1 s the skew may take 0.1 s, so (256 - priority)/256 is at most 0.1: 231 to 253. With 254 both"
        " are equal, and the address does not come home.",
    ),
    "02-word": Solution(
        '"proxy-serv01"',
        "Nobody is an owner, so both listen first; then the higher priority decides, and the word in the file"
        " nothing.",
    ),
    "02-version-3": Solution(
        "3 * 2 + (256 - 100) / 256 * 2",
        "In version 3 the skew grows with the interval: 156/256 of 2 s, 7.219 s in all.",
    ),
    "02-three": Solution(
        '"r2"',
        "r1 has had no power since 8 s, and of the two others r2 has the higher priority.",
    ),
    "02-alive": Solution(
        'at(12, "firewall_drop", server="proxy-serv02", direction="in", protocol="vrrp")',
        "proxy-serv02 hears no advert any more, which to it is the same as a MASTER that is gone.",
    ),
    "02-moment": Solution(
        'at(12.9, "power_off", server="proxy-serv01")',
        "The clock of the BACKUP began at the last advert: before the next one most of a second is over.",
    ),
}
