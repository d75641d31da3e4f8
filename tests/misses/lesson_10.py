MISSES = {
    "10-interval": [("1", "waits 3.610 s"), ("0.5", "waits 1.805 s")],
    "10-stranger": [("150", "still on r1"), ("200", "199 does so too")],
}
