MISSES = {
    "04-order": [("['eth0', 'eth1', 'squid']", "eth0 takes 2.66 s")],
    "04-worst": [("30.6", "It can be worse"), ("40", "none reaches")],
    "04-detective": [("'squid'", "priority 0"), ("'eth1'", "priority 0")],
    "04-faster": [
        ("variant('article-drill-3-squid', edit={'interval 3': 'interval 1'})", "gives no answer"),
        ("variant('article-drill-3-squid', edit={'priority 255': 'priority 50'})", "With nothing broken"),
    ],
}
