"""The key to the puzzles: what is clicked, written as ``check`` and ``puzzle(…, actions=…)`` take it."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "00-vanish": Solution(
        'at(12, "segment_fault", segment="lan", loss=1)',
        "The network itself fails, which both servers and the clients share. A spare server is no help then.",
    ),
    "00-quiet": Solution(
        'at(12, "daemon_freeze", server="proxy-serv02")',
        "A frozen keepalived sends no adverts and takes nothing off the card: its server answers until the"
        " other"
        " one has announced itself. daemon_kill does the same.",
    ),
    "02-alive": Solution(
        'at(12, "firewall_drop", server="proxy-serv02", direction="in", protocol="vrrp")',
        "proxy-serv02 hears nothing more, and silence is all that a BACKUP goes by.",
    ),
    "02-moment": Solution(
        'at(12.9, "power_off", server="proxy-serv01")',
        "Just before the next advert: nearly a second of the 3.609 s has gone by already.",
    ),
    "04-pages": Solution(
        'at(12, "service_stop", server="proxy-serv01", service="squid")',
        "Squid refuses clients at once, and its process, which is all the check asks for, stays for 30 s.",
    ),
    "05-home": Solution(
        'at(20, "daemon_stop", server="proxy-serv02")',
        "A keepalived that is stopped says goodbye with priority 0, and whoever hears that may take over.",
    ),
    "06-frame": Solution(
        "[\n"
        '    at(14.626373, "segment_fault", segment="lan", loss=1),\n'
        '    at(14.626377, "segment_heal", segment="lan"),\n'
        "]",
        "In the picture: the GARP of proxy-serv02 to office-pc, clicked and lost. There is no second one.",
    ),
    "07-both": Solution(
        'at(12, "segment_fault", segment="lan", multicast=False)',
        "Without multicast no advert arrives, on either side; pings and pages do not need it.",
    ),
}
