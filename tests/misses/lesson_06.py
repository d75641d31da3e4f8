MISSES = {
    "06-op": [("2", "bytes 20 and 21")],
    "06-count": [("5", "14.6, 19.6")],
    "06-mac": [("'02:00:00:00:00:fb'", "card of proxy-serv01"), ("'02:00:00:00:00:01'", "nobody here")],
    "06-vmac": [("'client'", "client's table stays"), ("'neither'", "switch's table changes")],
    "06-lost": [
        ("{'priority ': 'garp_master_repeat 50\\n    priority '}", "lost until 14.7 s"),
        ("{'garp_master_delay 0': 'garp_master_delay 1'}", "no longer 0"),
        ("{'priority 255': 'priority 50'}", "With nothing broken"),
        ("{'proxy-serv02': {'priority 100': 'priority 254'}}", "when nothing is lost"),
    ],
}
