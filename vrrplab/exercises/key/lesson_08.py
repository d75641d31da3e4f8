"""The key to ``08_notify_and_squid``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "08-count": Solution("2", "At the start, and when the address comes home at 25 s."),
    "08-last": Solution("100", "The priority of proxy_ip1 on proxy-serv02."),
    "08-bound": Solution(
        "(\n"
        "    'interface eth0 -> interface eth0\\n'\n"
        "    '    notify_master \"/usr/sbin/squid -k reconfigure\"\\n'\n"
        "    '    notify_fault \"/usr/bin/systemctl restart squid\"'\n"
        ")",
        "The one that takes over opens the address; the one whose Squid crashed is in FAULT, and starts it"
        " again.",
    ),
    "08-security": Solution(
        r'"vrrp_script chk_squid_service { -> global_defs {\n'
        r"    enable_script_security\n    script_user root\n}\n\n"
        r'vrrp_script chk_squid_service {"',
        "One line says that only safe scripts may run, the other as whom; above the script that it is about.",
    ),
    "08-told": Solution(
        '"proxy-serv02: notify_backup -> notify_master"',
        "Squid has to be told when the address comes, and that is when the instance becomes MASTER.",
    ),
}
