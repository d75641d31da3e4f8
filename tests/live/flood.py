"""A sender of adverts by the ten thousand: malformed, replayed, spoofed and well-formed ones.

python flood.py INTERFACE A_SECOND SECONDS          prints how many it really sent
"""

from __future__ import annotations

import os
import random
import socket
import sys
import time

from vrrplab.units import SECOND_US
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

VIPS = ("192.168.2.100",)


def frames(seed: int = 1) -> list[bytes]:
    """A mix of a thousand frames for VRID 51, none of which may move a MASTER of priority 200 at .1."""
    chance = random.Random(seed)
    found = []
    for i in range(1000):
        source = chance.choice(["192.168.2.1", "192.168.2.9", f"10.{chance.randrange(255)}.1.{1 + i % 250}"])
        priority = chance.choice([1, 100, 199, 250, 255, 0])
        vrid, ttl, version, interval_us, vips = 51, 255, 2, SECOND_US, VIPS
        kind = i % 8
        if kind == 0:
            ttl = chance.randrange(1, 255)
        elif kind == 1:
            version, interval_us = 3, 200_000
        elif kind == 2:
            interval_us = chance.randrange(2, 200) * SECOND_US
        elif kind == 3:
            vips = tuple(f"192.168.2.{n}" for n in range(1, chance.randrange(3, 40)))
        elif kind == 4:
            vrid = chance.choice([v for v in range(1, 256) if v != 51])
        elif kind == 5:  # well-formed and lower: it must be answered, but not each time
            source, priority = "192.168.2.9", chance.choice([1, 100, 199])
        advert = Advertisement(version, vrid, priority, interval_us, vips)
        frame = bytearray(advert_frame("02:00:00:00:00:66", source, "224.0.0.18", advert, ttl=ttl))
        if kind == 6:
            frame[34 + chance.randrange(8)] ^= 1 << chance.randrange(8)  # damaged in the VRRP header
        elif kind == 7:
            frame = frame[: chance.randrange(34, len(frame))]  # cut off
        found.append(bytes(frame))
    return found


def main(interface: str, a_second: int, seconds: float) -> None:
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    one.bind((interface, 0))
    mix, sent, began_s = frames(), 0, time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds:
        due = int(passed_s * a_second)
        while sent < due:
            one.send(mix[sent % len(mix)])
            sent += 1
        time.sleep(0.002)
    print(sent, round(sent / (time.monotonic() - began_s)), os.getpid(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
