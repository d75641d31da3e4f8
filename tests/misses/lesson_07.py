MISSES = {
    "07-silent": [("['password', 'firewall']", "invalid passwd"), ("'vrid'", "2 more")],
    "07-eight": [("2", "proxy-serv01 has")],
    "07-heal": [("15.05", "is out for"), ("15.9", "is out for")],
    "07-cure": [
        ("{'priority ': 'garp_master_repeat 9\\n    priority '}", "still out"),
        ("{'priority ': 'garp_master_refresh 5\\n    priority '}", "still out for 4.0 s"),
        ("{'priority ': 'garp_master_refresh 4\\n    priority '}", "still out for 3.0 s"),
        ("{'priority 255': 'priority 255\\n    version 3\\n'}", "both have 192.168.2.101"),
        ("{'eth0': 'eth1'}", "on eth1"),
    ],
}
