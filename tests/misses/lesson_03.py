_SPEAK = "{{'priority ': 'unicast_src_ip {}\\n    unicast_peer {{\\n        {}\\n    }}\\n    priority '}}"
_ONE = _SPEAK.format("192.168.2.251", "192.168.2.252")
_TWO = _SPEAK.format("192.168.2.252", "192.168.2.251")
MISSES = {
    "03-share": [("0.25", "more did"), ("1", "fewer did")],
    "03-unicast": [
        (
            "{'priority ': 'unicast_peer {\\n 192.168.2.252\\n }\\n    priority '}",
            "proxy-serv01 and proxy-serv02",
        ),
        ("{'priority 255': 'priority 254'}", "both have"),
        ("{'eth0': 'eth1'}", "on eth1"),
        (f"{{S1: {_ONE.replace('priority ', 'priority 100')}, S2: {_TWO}}}", "both have"),
    ],
    "03-group": [
        ("'224.0.0.0/8'", "16,777,215 other"),
        ("'239.0.0.0/8'", "does not match"),
        ("'0.0.0.0/0'", "other"),
    ],
    "03-third": [
        ("'192.168.2.251'", "FAULT"),
        ("'192.168.2.10'", "office-pc already has"),
        ("'10.0.0.1'", "no way to ask"),
        ("'192.168.2.102'", "virtual address already"),
    ],
}
