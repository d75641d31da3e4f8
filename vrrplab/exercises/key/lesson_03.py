"""The key to ``03_two_squids``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

_PEERS = (
    r"interface eth0 -> interface eth0\n    unicast_src_ip {}\n"
    r"    unicast_peer {{\n        {}\n    }}"
)
SOLUTIONS = {
    "03-share": Solution(
        "0.5",
        "The name gives two addresses in turn, and one of them is dark.",
    ),
    "03-unicast": Solution(
        "[\n"
        f'    "proxy-serv01: {_PEERS.format("192.168.2.251", "192.168.2.252")}",\n'
        f'    "proxy-serv02: {_PEERS.format("192.168.2.252", "192.168.2.251")}",\n'
        "]",
        "Each instance on each server sends to the other server's own address, and accepts adverts from"
        " there.",
    ),
    "03-group": Solution(
        '"224.0.0.18/32"',
        "All adverts go to this one address; every shorter prefix lets others in as well.",
    ),
    "03-third": Solution(
        '"192.168.2.103"',
        "Any address of 192.168.2.0/24 that nobody has: not .10, .101, .102, .251, .252, .0 or .255.",
    ),
    "03-typing": Solution(
        '["proxy-serv02: prority -> priority", "proxy-serv02: virtual_router_id 11 -> virtual_router_id 1"]',
        "proxy_ip1 has virtual_router_id 1 on the other server, so it must have it here; and `prority` is no"
        " word.",
    ),
}
