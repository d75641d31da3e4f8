_PAIR = "'priority 255': 'priority 150'"
SOLUTIONS = {
    "05-smallest": "-51",
    "05-nobody": "'nobody'",
    "05-repair": f"{{{_PAIR}, 'interval 3': 'interval 3\\n    weight -60'}}",
    "05-quick": "{'interval 3': 'interval 1'}",
    "05-glitch": "{'interval 3': 'interval 3\\n    fall 2'}",
}
MISSES = {
    "05-smallest": [("-50", "still says 100"), ("-60", "-59 works"), ("51", "reward")],
    "05-nobody": [("'proxy-serv01'", "FAULT")],
    "05-repair": [
        (f"{{{_PAIR}, 'interval 3': 'interval 3\\n    weight -20'}}", "Squid dies on proxy-serv01"),
        (f"{{{_PAIR}}}", "Both Squids die"),
        ("{'priority 255': 'priority 50'}", "nothing broken"),
    ],
    "05-quick": [("{'interval 3': 'interval 2'}", "no page")],
    "05-glitch": [
        ("{'priority 255': 'priority 254'}", "takes over"),
        ("{'interval 3': 'interval 3\\n fall 9'}", "really dies"),
    ],
}
