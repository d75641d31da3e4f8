"""The key to ``04_three_drills``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "04-order": Solution(
        '["eth1", "eth0", "squid"]',
        "With a farewell 0.64 s, without one 2.66 s, and with a check that asks for the wrong thing half a"
        " minute.",
    ),
    "04-worst": Solution(
        "30 + 3 + 0.61",
        "Until the process ends, until the next check, and the skew: 33.6 s where Squid is stopped just after"
        " a check.",
    ),
    "04-detective": Solution(
        '"eth0"',
        "There is no farewell in the log: the cable that it would have used is the one that failed.",
    ),
    "04-faster": Solution(
        'variant("article-drill-3-squid", services="squid: shutdown_s 1")',
        "The process ends after 1 s, so the check sees it. Or a check that asks for a page:"
        ' edit="/usr/sbin/squid -k check -> /usr/bin/nc -z -w 1 127.0.0.1 3128".',
    ),
    "04-pages": Solution(
        'at(12, "service_stop", server="proxy-serv01", service="squid")',
        "The check finds a process for as long as Squid takes to end,"
        " and Squid refuses clients from the first moment on.",
    ),
}
