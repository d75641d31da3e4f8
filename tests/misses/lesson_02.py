MISSES = {
    "02-patience": [("3", "still BACKUP"), ("4", "MASTER already")],
    "02-quick": [("100", "3.609 s"), ("254", "stays away")],
    "02-word": [("'proxy-serv02'", "is BACKUP")],
    "02-version-3": [("6.609", "still BACKUP")],
    "02-three": [("'r1'", "without power"), ("'r3'", "BACKUP")],
}
