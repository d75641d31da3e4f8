"""A sender of adverts by the ten thousand: malformed, replayed, spoofed and well-formed ones.

python flood.py INTERFACE A_SECOND SECONDS [SENDERS]        prints how many it really sent

They are for four virtual routers: VRRP version 2, version 3 over IPv4 and over IPv6, and version 2 behind AH.
None may move a MASTER of priority 200 at .1, nor a BACKUP of priority 100: whoever has no password has no
valid advert of a higher priority to offer, unless he invents one, and that must be obeyed.

With SENDERS, each frame comes from somebody else, up to that many: adverts for every VRID, of IPv4 and IPv6,
of any priority and up to 40 addresses, gratuitous ARP, neighbour advertisements, frames with VLAN tags,
cut-off and senseless ones. Those are meant to fill memories.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import time
from typing import NamedTuple

from vrrplab.units import SECOND_US
from vrrplab.wire.frames import advert_frame, garp_frame, na_frame
from vrrplab.wire.ip import IPv4Header, IPv6Header
from vrrplab.wire.vrrp import Advertisement

ATTACKER_MAC = "02:00:00:00:00:66"
PASSWORD = "secret"


class Target(NamedTuple):
    """A virtual router, and the addresses of its MASTER, of a host that could be a router, and its own."""

    vrid: int
    version: int
    master: str = "192.168.2.1"
    neighbour: str = "192.168.2.9"
    vip: str = "192.168.2.{}"
    group: str = "224.0.0.18"
    ah: bool = False

    @property
    def six(self) -> bool:
        return ":" in self.group

    @property
    def vips(self) -> tuple[str, ...]:
        return (self.vip.format(100 + self.vrid),)


TARGETS = (
    Target(51, 2),
    Target(52, 3),
    Target(53, 3, "fe80::ff:fe00:1", "fe80::9", "fe80::{}", "ff02::12"),
    Target(54, 2, ah=True),
)
KINDS = (
    "wrong TTL",
    "wrong version",
    "wrong interval",  # version 3 has none: there it is a low priority, with an interval to be ignored
    "wrong addresses",
    "wrong VRID",
    "lower",
    "spoofed",  # in the MASTER's name
    "replayed",  # one of the MASTER's first two again: all but MAC and, over IPv6, the kernel's flow label
    "damaged",  # on its way: whoever sent it had the password
    "cut off",  # by the sender: IP's length is right
    "torn",  # on its way: IP's length is too much
    "noise",
)


class Shot(NamedTuple):
    kind: str
    target: Target
    frame: bytes


def mix(seed: int = 1) -> list[Shot]:
    """Two thousand frames, every kind for every target."""
    chance = random.Random(seed)
    pairs = [(kind, target) for kind in KINDS for target in TARGETS]
    return [Shot(kind, target, _frame(kind, target, chance)) for kind, target in pairs * 42]


def _frame(kind: str, target: Target, chance: random.Random) -> bytes:
    master, near = target.master, target.neighbour
    far = f"fe80::{chance.randrange(1, 65535):x}" if target.six else f"10.{chance.randrange(255)}.1.7"
    source = chance.choice([master, near, far])
    version, vrid, vips, ttl = target.version, target.vrid, target.vips, 255
    priority, interval_us = chance.choice([0, 1, 100, 199, 250, 255]), SECOND_US
    password, sequence, ip_id = "guessed", chance.randrange(1, 1 << 32), 0
    match kind:
        case "wrong TTL":
            ttl = chance.randrange(1, 255)
        case "wrong version":
            # IPv6 has no version 2: there it is version 1, put in below
            version = 3 if version == 2 or target.six else 2
        case "wrong interval" if version == 2:
            interval_us = chance.randrange(2, 200) * SECOND_US
        case "wrong interval":
            priority, interval_us = chance.randrange(1, 100), chance.randrange(1, 4000) * 10_000
        case "wrong addresses":
            vips = tuple(target.vip.format(n) for n in range(1, chance.randrange(3, 40)))
        case "wrong VRID":
            vrid = chance.choice([v for v in range(1, 256) if v not in {t.vrid for t in TARGETS}])
        case "lower":
            source, priority = near, chance.choice([1, 99, 100, 199])
        case "spoofed":
            source, priority = master, chance.choice([1, 99, 100, 199])
        case "replayed":
            source, priority, password, sequence = master, 200, PASSWORD, chance.choice([1, 2])
            ip_id = sequence  # both count from 1
        case "damaged":
            password = PASSWORD
    advert = Advertisement(version, vrid, priority, interval_us, vips, auth_type=2 if target.ah else None)
    if target.ah and version != 2:
        advert = Advertisement(version, vrid, priority, interval_us, vips)
    ah = (password, sequence) if target.ah else None
    made = advert_frame(ATTACKER_MAC, source, target.group, advert, ttl=ttl, ah=ah, ip_id=ip_id)
    frame = bytearray(made)
    begin = 54 if target.six else 34
    if kind == "wrong version" and target.six:
        frame[begin] = 0x11
    elif kind == "damaged":
        frame[chance.randrange(begin + 4 * target.ah, len(frame))] ^= 1 << chance.randrange(8)
    elif kind == "torn":
        frame = frame[: chance.randrange(begin, len(frame))]
    elif kind in ("cut off", "noise"):
        said = bytes(frame[begin : chance.randrange(begin, len(frame))])
        if kind == "noise":
            said = bytes(frame[begin : begin + 2]) + chance.randbytes(chance.randrange(6, 200))
        protocol = 51 if target.ah else 112
        header = IPv6Header if target.six else IPv4Header
        frame[14:] = header(source, target.group, protocol, ttl).emit(said)
    return bytes(frame)


def crowd(senders: int, seed: int = 1) -> list[bytes]:
    """A frame of each of so many senders."""
    chance = random.Random(seed)
    return [_of_crowd(number, chance) for number in range(senders)]


def _of_crowd(number: int, chance: random.Random) -> bytes:
    mac = "02:00:00:" + ":".join(f"{number >> shift & 255:02x}" for shift in (16, 8, 0))
    v4, v6 = (
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        f"fe80::{number >> 12:x}:{number & 4095:x}",
    )
    kind = chance.choice(["v2", "v3", "v3", "v6", "arp", "na", "vlan", "cut off", "noise"])
    if kind == "arp":
        return garp_frame(mac, v4)
    if kind == "na":
        return na_frame(mac, v6)
    vrid, priority = chance.randrange(1, 256), chance.randrange(256)
    interval_us, some = chance.choice([1, 1, 4, 40]) * SECOND_US, chance.choice([1, 1, 1, 2, 5, 40])
    if kind == "v6":
        addresses = tuple(f"fe80::{number >> 12:x}:{n:x}" for n in range(some))
        return advert_frame(mac, v6, "ff02::12", Advertisement(3, vrid, priority, interval_us, addresses))
    addresses = tuple(f"10.{chance.randrange(256)}.{number & 255}.{n}" for n in range(some))
    version = 2 if kind == "v2" else 3
    frame = advert_frame(
        mac, v4, "224.0.0.18", Advertisement(version, vrid, priority, interval_us, addresses)
    )
    match kind:
        case "vlan":
            tags = b"".join(
                b"\x81\0" + chance.randrange(4095).to_bytes(2, "big") for _ in range(chance.choice([1, 2]))
            )
            return frame[:12] + tags + frame[12:]
        case "cut off":
            return frame[: chance.randrange(14, len(frame))]
        case "noise":
            return frame[:34] + chance.randbytes(chance.randrange(60))
    return frame


def main(interface: str, a_second: int, seconds: float, senders: int = 0) -> None:
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    one.bind((interface, 0))
    shots = crowd(senders) if senders else [shot.frame for shot in mix()]
    sent, began_s = 0, time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds:
        due = int(passed_s * a_second)
        while sent < due:
            # a queue that is full is no reason to stop
            with contextlib.suppress(OSError):
                one.send(shots[sent % len(shots)])
            sent += 1
        time.sleep(0.002)
    print(sent, round(sent / (time.monotonic() - began_s)), os.getpid(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:]))
