"""The key to ``00_start_here``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "00-both": Solution(
        '"proxy-serv02"',
        "It carried .102 before, nothing is wrong with it, and .101 comes on top.",
    ),
    "00-dark": Solution(
        '[at(12, "power_off", server="proxy-serv01"), at(14, "daemon_stop", server="proxy-serv02")]',
        "Two servers are one spare: a fault on each of them, and nobody is left. Any two that take a server"
        " out will do.",
    ),
    "00-unnoticed": Solution(
        'at(12, "daemon_kill", server="proxy-serv01")',
        "The killed daemon cannot take its address off the card, so that machine answers until proxy-serv02"
        " announces itself. daemon_freeze does the same.",
    ),
    "00-vanish": Solution(
        'at(12, "segment_fault", segment="lan", loss=1)',
        "The switch loses every frame: each server keeps running, and nobody reaches either of them.",
    ),
    "00-quiet": Solution(
        'at(12, "daemon_freeze", server="proxy-serv02")',
        "The frozen daemon cannot take its address off the card: the machine answers until the other"
        " announces itself.",
    ),
}
