_PAIR = "'priority 255': 'priority 150'"
_TWO_VERSIONS = "{'priority 255': 'priority 255\\n    version 3\\n'}"
MISSES = {
    "05-smallest": [("-50", "still says 100"), ("-60", "-59 works"), ("51", "reward")],
    "05-nobody": [("'proxy-serv01'", "FAULT")],
    "05-repair": [
        (f"{{{_PAIR}, 'interval 3': 'interval 3\\n    weight -20'}}", "Squid dies on proxy-serv01"),
        (f"{{{_PAIR}}}", "Both Squids die"),
        ("{'priority 255': 'priority 50'}", "nothing broken"),
    ],
    "05-quick": [
        ("{'interval 3': 'interval 2'}", "no page"),
        ("{'priority 255': 'priority 50'}", "With nothing broken"),
        (_TWO_VERSIONS, "both have 192.168.2.101"),
    ],
    "05-glitch": [
        ("{'priority 255': 'priority 254'}", "takes over"),
        ("{'proxy_ip1': 'first'}", "takes over"),
        ("{'priority 255': 'priority 50'}", "With nothing broken"),
        (_TWO_VERSIONS, "both have 192.168.2.101"),
        ("{'interval 3': 'interval 3\\n fall 9'}", "really dies"),
        ("{'interval 3': 'interval 10'}", "takes over"),
    ],
}
