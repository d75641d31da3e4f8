SOLUTIONS = {
    "01-where": "36",
    "01-group-mac": "'01-00-5E-00-00-12'",
    "01-vrids": "255",
    "01-farewell": (
        "advert_frame('02:00:00:00:00:fb', '192.168.2.251', '224.0.0.18',"
        " Advertisement(2, 1, 0, 1_000_000, ('192.168.2.101',)))"
    ),
}
MISSES = {
    "01-where": [("35", "VRID"), ("22", "IP")],
    "01-group-mac": [("'02:00:00:00:00:fb'", "goes to another one")],
    "01-vrids": [("256", "refused"), ("100_000", "refused"), ("254", "There are more"), ("1", "beyond 1,")],
    "01-farewell": [
        ("first_advert()", "priority 255"),
        ("first_advert()[:36] + b'\\0' + first_advert()[37:]", "throws it away"),
        ("b'\\xff' * 60", "not for VRRP"),
    ],
}
