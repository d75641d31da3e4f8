MISSES = {
    "00-both": [("'proxy-serv01'", "is FAULT"), ("'nobody'", "proxy-serv02 has 192.168.2.102")],
    "00-dark": [
        ("[at(12, 'power_off', server='proxy-serv01')]", "proxy-serv02 has 192.168.2.101"),
        ("[at(19, 'power_off', server='proxy-serv01')]", "proxy-serv02 has 192.168.2.101"),
        ("[at(9 + n, 'power_off', server=s) for n, s in enumerate((S1, S2, S1))]", "Two are enough"),
    ],
    "00-unnoticed": [
        ("at(12, 'service_stop', server='proxy-serv02', service='squid')", "never MASTER"),
        ("at(12, 'power_off', server='proxy-serv01')", "gave no answer"),
    ],
}
