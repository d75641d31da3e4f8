_FIRST = "'advert_int 5': 'advert_int 1', '        10.1.0.81/24\\n': ''"
MISSES = {
    "11-repair": [
        ("{'advert_int 5': 'advert_int 1'}", "both have 10.1.0.80"),
        (f"{{{_FIRST}}}", "check of web1 fails"),
        (f"{{{_FIRST}, '    weight -20\\n': ''}}", "fails on both servers"),
        (f"{{{_FIRST}, 'weight -20': 'weight -60'}}", "raise"),
    ],
    "11-line": [
        ("'web1 power at 10'", "it is never with two at once; at 60 s web2 has 10.1.0.80"),
        ("'web1 chk_web at 10'", "at 60 s web1 has 10.1.0.80"),
        ("'web1 freeze at 10 for 5'", "both have 10.1.0.80 for"),
    ],
    "11-weight": [
        ("'weight 2 -> weight 3'", "dead from 12 s on, and at 40 s lb1 has 10.0.4.100"),
        ("'weight 2 ->'", "with HAProxy dead on both, at 40 s nobody has"),
        ("['weight 2 -> weight 4', 'interval 2 -> interval 30']", "lb2 has 10.0.4.100 at"),
        ("'lb1: priority 110 -> priority 106'", "it should be lb1"),
    ],
    "11-lists": [
        ("'db2: 10.2.0.52/24 -> 10.2.0.50/24'", "at 11.5 s nobody has 10.2.0.52"),
        (
            "'db1: 10.2.0.51/24 -> 10.2.0.51/24\\n        10.2.0.52/24'",
            "db1 and db2 both have 10.2.0.51; it should be db1",
        ),
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
