MISSES = {
    "13-skew": [
        ("lambda me: (256 - me.priority) * 1_000_000 // 256", "not 3.3 s"),
        ("lambda me: 0", "nothing decides who is first"),
        ("lambda me: (256 - me.priority) * 1_000", "priorities r1 100, r2 100, r3 100"),
        ("lambda me: int(me.address.rpartition('.')[2]) * 2_000", "and r3 is better"),
        ("lambda me: me.priority * 1_000", "without r1 r3 takes over first, and r2 is better"),
    ],
    "13-answer": [
        ("lambda heard: 'nothing' if heard.is_better else 'advert+garp'", "nobody announces it"),
        ("lambda heard: 'advert'", "nobody announces it"),
        ("lambda heard: 'nothing'", "asks the wrong server"),
        ("lambda heard: 'advert+garp' if heard.is_better else 'nothing'", "proxy-serv02 announces it then"),
    ],
    "13-announce": [
        ("lambda done: None", "hears nothing of proxy-serv02 for 0.2 s"),
        ("lambda done: 5_000_000 if done.times == 1 else None", "1.2 s after that"),
        ("lambda done: 1_000_000", "more than 60 times"),
        (
            "lambda done: {1: 880_000, 2: 2_700_000, 3: 8_800_000}.get(done.times)",
            "the client asks web1, which",
        ),
        ("lambda done: min(10**6 * done.times**4, 3600 * 10**6)", "it still asks proxy-serv01"),
    ],
}
