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
