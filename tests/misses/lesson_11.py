_FIRST = "'advert_int 5': 'advert_int 1', '        10.1.0.81/24\\n': ''"
MISSES = {
    "11-repair": [
        ("{'advert_int 5': 'advert_int 1'}", "both have 10.1.0.80"),
        (f"{{{_FIRST}}}", "check of web1 fails"),
        (f"{{{_FIRST}, '    weight -20\\n': ''}}", "fails on both servers"),
        (f"{{{_FIRST}, 'weight -20': 'weight -60'}}", "raise"),
    ],
    "11-twice": [
        (
            "variant('article-steady', at(8, 'daemon_stop', server=S1))",
            "is with proxy-serv01, then proxy-serv02.",
        ),
        (
            "variant('article-steady', at(8, 'daemon_freeze', server=S1), at(14, 'daemon_thaw', server=S1))",
            "proxy-serv01 has it all the time",
        ),
    ],
}
