SPLIT = 'at(12.3, "segment_fault", segment="eth0", between=[["web1", "web2"], ["web2", "web1"]])'
HEALED = f'variant(web_pair(), {SPLIT}, at({{}}, "segment_heal", segment="eth0"), duration_s=80)'

MISSES = {
    "12-weight": [("50", "web1 chk_web fails"), ("60", "not the smallest")],
    "12-stranded": [
        (HEALED.format(15.05), "no answer for 7.7 s"),
        (HEALED.format(20.5), "no answer for 0.0 s"),
        (f"variant(web_pair(), {SPLIT}, duration_s=80)", "web1 and web2"),
    ],
    "12-whole": [
        ("'priority 150 -> priority 90'", "web2 has 10.1.0.80"),
        ("'interface eth0 -> interface eth0\\n    garp_master_refresh 2'", "web1 chk_web fails"),
    ],
}
