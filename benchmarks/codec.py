"""Codec speed beside Scapy and beside the least Python can do: ratios, because machines differ.

Candidates take turns in each round and are timed by CPU time; a ratio is the median of the rounds' ratios.
Every candidate does the same work on the same bytes: fields and both checksums for decoding, checksums for
encoding.

    python benchmarks/codec.py [--rounds N]
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

from vrrplab.wire.frames import advert_frame, decode
from vrrplab.wire.vrrp import Advertisement

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from figures import arguments  # noqa: E402

TARGETS = [
    # what, slower, faster, limit, "at least" or "at most"
    ("payload decoded with checksum, against Scapy", "scapy payload", "payload", 35.0, ">="),
    ("the same, against one bare struct.unpack_from", "payload", "bare unpack", 8.0, "<="),
    ("frame decoded with both checksums, against Scapy", "scapy frame", "frame", 80.0, ">="),
    ("frame encoded, against Scapy", "scapy encode", "encode", 250.0, ">="),
]

SOURCE, GROUP, MAC = "192.168.2.251", "224.0.0.18", "00:00:5e:00:01:33"


def candidates() -> dict[str, tuple[Callable[[], object], int]]:
    """Name to (what to time, how often in a round)."""
    from scapy.layers.inet import IP
    from scapy.layers.l2 import Ether
    from scapy.layers.vrrp import VRRPv3

    advert = Advertisement(3, 51, 150, 1_000_000, ("192.168.2.100",))
    frame = advert_frame(MAC, SOURCE, GROUP, advert, ip_id=7)
    payload = frame[34:]
    header = struct.Struct("!BBBBHH").unpack_from

    def scapy_payload() -> object:
        # without an IP layer around it Scapy leaves the addresses as they are
        # and never checks the checksum
        return VRRPv3(payload).priority

    def scapy_frame() -> object:
        return Ether(frame)[VRRPv3].addrlist

    def scapy_encode() -> bytes:
        return bytes(
            Ether(src=MAC, dst="01:00:5e:00:00:12")
            / IP(src=SOURCE, dst=GROUP, ttl=255, tos=0xC0, id=7)
            / VRRPv3(vrid=51, priority=150, ipcount=1, adv=100, addrlist=["192.168.2.100"])
        )

    def encode_frame() -> bytes:
        value = Advertisement(3, 51, 150, 1_000_000, ("192.168.2.100",))
        return advert_frame(MAC, SOURCE, GROUP, value, ip_id=7)

    assert scapy_encode() == encode_frame() == frame
    assert scapy_payload() == 150
    assert scapy_frame() == ["192.168.2.100"]
    found = decode(frame)
    assert found.vrrp is not None
    assert found.vrrp == Advertisement.parse(payload, SOURCE, GROUP) == advert
    return {
        "bare unpack": (lambda: header(payload), 40_000),
        "payload": (lambda: Advertisement.parse(payload, SOURCE, GROUP), 8_000),
        "payload, addresses read": (lambda: Advertisement.parse(payload, SOURCE, GROUP).addresses, 4_000),
        "frame": (lambda: decode(frame), 6_000),
        "frame, every layer read": (lambda: decode(frame).eth, 300),
        "encode": (encode_frame, 6_000),
        "scapy payload": (scapy_payload, 200),
        "scapy frame": (scapy_frame, 60),
        "scapy encode": (scapy_encode, 25),
    }


def once(job: Callable[[], object], times: int) -> float:
    """CPU microseconds a call."""
    loop = range(times)
    begin = time.thread_time()
    for _ in loop:
        job()
    return (time.thread_time() - begin) / times * 1e6


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=61)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = arguments(parser, rounds=9)
    jobs = candidates()
    costs: dict[str, list[float]] = {name: [] for name in jobs}
    gc.disable()
    for job, times in jobs.values():
        once(job, max(times // 10, 1))
    for _ in range(args.rounds):
        for name, (job, times) in jobs.items():
            costs[name].append(once(job, times))
    print(f"Python {sys.version.split()[0]}, {args.rounds} alternating rounds, CPU time, medians")
    for name, values in costs.items():
        print(f"  {name:<26} {statistics.median(values):9.3f} us")
    missed = 0
    results = {}
    for what, slower, faster, limit, sense in TARGETS:
        ratios = [a / b for a, b in zip(costs[slower], costs[faster], strict=True)]
        ratio = statistics.median(ratios)
        good = ratio >= limit if sense == ">=" else ratio <= limit
        missed += not good
        word = "reached" if good else "MISSED"
        spread = f"{min(ratios):.1f}-{max(ratios):.1f}"
        print(f"{what:<50} {ratio:7.1f}x ({spread}), {sense} {limit:g}: {word}")
        results[what] = {"ratio": ratio, "min": min(ratios), "max": max(ratios), "limit": limit}
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
