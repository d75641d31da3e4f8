MISSES = {
    "09-half": [("0.5", "10 adverts")],
    "09-three": [("0.2", "fewer were"), ("0", "more were")],
    "09-compromise": [("1", "costs"), ("0.05", "false alarms")],
    "09-squid": [("0.36", "costs more")],
}
