"""The key to ``01_one_advert``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SOLUTIONS = {
    "01-where": Solution(
        "36",
        "14 bytes of Ethernet and 20 of IP, then version and type (34), VRID (35), priority (36).",
    ),
    "01-group-mac": Solution(
        '"01:00:5e:00:00:12"',
        "01:00:5e, then the last 23 bits of 224.0.0.18: 0, 0, and 18, which is 12 in hexadecimal.",
    ),
    "01-vrids": Solution(
        "255",
        "One byte, 0 to 255, and keepalived does not start with 0.",
    ),
    "01-farewell": Solution(
        "advert_frame(\n"
        '    "02:00:00:00:00:fb", "192.168.2.251", "224.0.0.18", Advertisement(2, 1, 0, 1_000_000,'
        ' ("192.168.2.101",))\n'
        ")",
        "The same advert with priority 0, built anew so that the checksum is right. With Scapy:"
        ' envelope / VRRP(vrid=1, priority=0, addrlist=["192.168.2.101"]).',
        "from vrrplab.wire.frames import advert_frame\nfrom vrrplab.wire.vrrp import Advertisement",
    ),
}
