MISSES = {
    "00-vanish": [
        (
            "at(12, 'link_down', server=S1, interface='eth0')",
            "was silent for 2.7 s, then proxy-serv02 answered",
        ),
        ("at(12, 'service_stop', server=S1, service='squid')", "it answered every ping"),
        ("at(12, 'segment_fault', segment='lan', latency_s=0.2)", "never all of them for long"),
        ("at(12, 'power_off', server=S2)", "Nobody missed 192.168.2.101"),
        ("[at(12, 'power_off', server=s) for s in (S1, S2)]", "These are 2 changes, and one is enough"),
    ],
    "00-quiet": [
        ("at(12, 'link_down', server=S2, interface='eth0')", ".102 moved at 14.7 s, and it was noticed"),
        ("at(12, 'ifdown', server=S2, interface='eth0')", "gave no answer from 11.98 s to 12.62 s"),
        (
            "at(12, 'address_add', server=S1, interface='eth0', address='192.168.2.102/24')",
            "goes on asking proxy-serv02: nobody told it",
        ),
        ("at(12, 'power_off', server=S1)", ".102 did not move"),
        ("at(12, 'daemon_freeze', server=S1)", "nothing moved: proxy-serv02 still serves"),
    ],
    "02-alive": [
        ("at(12, 'daemon_freeze', server=S1)", "Something was done to proxy-serv01"),
        ("at(12, 'link_down', server=S2, interface='eth1')", "a BACKUP that hears one stays BACKUP"),
        ("at(12, 'power_off', server=S2)", "never becomes MASTER"),
    ],
    "02-moment": [
        ("at(12.1, 'power_off', server=S1)", "waited 3.61 s, as always"),
        ("at(12.9, 'power_off', server=S2)", "One power cut, of proxy-serv01"),
        ("[at(12.9, 'power_off', server=S1), at(14, 'power_on', server=S1)]", "nothing else"),
    ],
    "04-pages": [
        ("at(12, 'power_off', server=S1)", "got no answer for 2.7 s"),
        ("at(12, 'service_kill', server=S1, service='squid')", "were missing for 0.6 s only"),
        ("at(12, 'power_off', server=S2)", "No page of 192.168.2.101 was missed"),
    ],
    "05-home": [
        ("at(20, 'power_off', server=S2)", "had to find out by itself that proxy-serv02 is gone"),
        (
            "at(20, 'reload', server=S2, config='proxy-serv02.conf (edited)')",
            "it is to be proxy-serv01 alone",
        ),
        ("at(20, 'power_on', server=S1)", "Leave that server alone"),
    ],
    "06-frame": [
        ("at(14, 'segment_fault', segment='lan', loss=1)", "more than a lost frame"),
        (
            "[at(15, 'segment_fault', segment='lan', loss=1), at(15.000004, 'segment_heal', segment='lan')]",
            "hardly more than without you",
        ),
    ],
    "07-both": [
        ("at(12, 'segment_fault', segment='lan', loss=1)", "but somebody noticed"),
        ("at(12, 'firewall_drop', server=S1, direction='in', protocol='vrrp')", "alone has 192.168.2.101"),
    ],
}
MISSES |= {
    "03-typing": [
        ("{S2: {'prority': 'priority'}}", "both have 192.168.2.101; it should be proxy-serv01"),
        ("{S2: {'virtual_router_id 11': 'virtual_router_id 1'}}", "line 26 does nothing"),
    ],
    "05-weight": [
        ("{'weight -20': 'weight -40'}", "dead from 12 s on, and at 40 s proxy-serv01 has"),
        ("{'    weight -20\\n': ''}", "with both Squids dead, at 40 s nobody has"),
        ("{'weight -20': 'weight -60\\n    interval 10'}", "serves no page for 11.1 s"),
    ],
    "08-told": [
        ("{S2: {'notify_backup': 'notify_fault'}}", "no page for 40.0 s from the start, and every ping"),
        ("{S2: {'priority 255': 'priority 20'}}", "With nothing broken"),
    ],
    "09-fast": [
        ("{'advert_int 0.2': 'advert_int 1'}", "gives no answer for 3.08 s"),
        ("{S1: {'advert_int': 'version 3\\n    advert_int'}}", "both have 192.168.2.101"),
    ],
    "11-cloud": [
        ("{S2: {'        192.168.2.252\\n': ''}}", "both have 192.168.2.101"),
        ("{S2: {'        192.168.2.252\\n': '        192.168.2.250\\n'}}", "both have 192.168.2.102"),
    ],
}
