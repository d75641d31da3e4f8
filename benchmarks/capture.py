"""Captures to columns, beside tshark and tcpdump: whole processes, wall time, taking turns, medians.

The capture is made here: version 2 and 3 adverts of 1 to 4 addresses over IPv4, some over IPv6, gratuitous
ARP, and one frame in 64 with a flipped bit. The work is comparable: tshark prints five fields with checksum
validation on, tcpdump prints its one line, vrrplab fills all columns and verifies both checksums.

With ``--decode`` what ``vrrplab decode`` tells of three captures (adverts, adverts among other traffic, a day
of adverts) is compared too: table, JSON lines, timeline and columns, in the processor's time of whole
processes.

    python benchmarks/capture.py [--frames N] [--rounds N] [--big N] [--decode]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from vrrplab.capture.pcap import write_pcap
from vrrplab.wire.checksum import total
from vrrplab.wire.frames import advert_frame, garp_frame
from vrrplab.wire.vrrp import Advertisement

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from figures import arguments  # noqa: E402

DECODE_LIMITS = {"table": 1.0, "jsonl": 1.0, "timeline": 2.0, "columns": 5.0}
TSHARK_LIMIT, TCPDUMP_LIMIT, MEMORY_LIMIT_MB = 20.0, 5.0, 150.0

READER = """
import sys
import numpy as np
from vrrplab import columns
frames = adverts = good = 0
seen = np.zeros(256, int), np.zeros(256, int)
for chunk in columns.read(sys.argv[1]):
    frames += len(chunk)
    is_advert = chunk.kind == 1
    adverts += np.count_nonzero(is_advert)
    good += np.count_nonzero(is_advert & (chunk.checksum_ok == 1) & (chunk.reason == 0))
    for counts, column in zip(seen, (chunk.vrid, chunk.priority)):
        counts += np.bincount(column, minlength=256)
    last_ns, senders = chunk.t_ns.max(), chunk.source.view("u4")[:, 0]
print(frames, adverts, good)
"""


def mixed_frames(count: int, seed: int = 1) -> Iterator[tuple[int, bytes]]:
    """(time in microseconds, frame): the mixture described above, the same for the same seed."""
    random_source = random.Random(seed)
    pool = [_frame(random_source) for _ in range(4096)]
    for number in range(count):
        frame = random_source.choice(pool)
        if number % 64 == 63:
            damaged = bytearray(frame)
            damaged[random_source.randrange(14, len(damaged))] ^= 1 << random_source.randrange(8)
            frame = bytes(damaged)
        yield number * 1000, frame


def _frame(random_source: random.Random) -> bytes:
    kind = random_source.random()
    vrid, priority = random_source.randrange(1, 256), random_source.randrange(256)
    host = random_source.randrange(1, 255)
    mac = f"00:00:5e:00:01:{vrid:02x}"
    if kind < 0.10:
        return garp_frame(mac, f"192.168.2.{host}")
    if kind < 0.15:
        advert = Advertisement(3, vrid, priority, 1_000_000, (f"fe80::{host:x}",))
        return advert_frame(mac, f"fe80::1:{host:x}", "ff02::12", advert)
    count = random_source.randrange(1, 5)
    addresses = tuple(f"192.168.2.{random_source.randrange(1, 255)}" for _ in range(count))
    version = 2 if kind < 0.6 else 3
    advert = Advertisement(version, vrid, priority, 1_000_000, addresses)
    return advert_frame(mac, f"192.168.2.{host}", "224.0.0.18", advert, ip_id=random_source.randrange(65536))


def timed(command: list[str]) -> tuple[float, str]:
    """Wall seconds of a whole process, and what it printed (nothing, when it prints too much)."""
    short = command[0] == sys.executable
    begin = time.perf_counter()
    output = subprocess.PIPE if short else subprocess.DEVNULL
    done = subprocess.run(command, stdout=output, stderr=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - begin
    return seconds, done.stdout.decode().strip() if short else ""


def commands(path: str) -> dict[str, list[str]]:
    """Who takes part; tools that are not installed are left out."""
    ours = [sys.executable, "-c", READER, path]
    found = {"vrrplab": ours}
    tshark, tcpdump = shutil.which("tshark"), shutil.which("tcpdump", path=os.environ["PATH"] + ":/usr/sbin")
    if tshark:
        fields = ("frame.time_epoch", "ip.src", "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.checksum.status")
        asked = [part for field in fields for part in ("-e", field)]
        checks = ["-o", "ip.check_checksum:TRUE"]
        found["tshark"] = [tshark, "-n", "-r", path, *checks, "-T", "fields", *asked]
    if tcpdump:
        found["tcpdump"] = [tcpdump, "-nr", path]
    return found


def pcapng_ratio(path: str, rounds: int) -> float | None:
    """How much longer our reader takes for the same frames as pcapng; None without Wireshark's editcap."""
    editcap = shutil.which("editcap")
    if editcap is None:
        return None
    other = f"{path}ng"
    subprocess.run([editcap, "-F", "pcapng", path, other], check=True)
    ours, theirs = ([sys.executable, "-c", READER, name] for name in (path, other))
    ratios = []
    for _ in range(rounds):
        seconds, _ = timed(ours)
        ratios.append(timed(theirs)[0] / seconds)
    os.remove(other)
    return statistics.median(ratios)


def peak_memory_mb(path: str) -> tuple[float, float]:
    """Peak resident memory in MB and wall seconds of our reader on a file."""
    script = READER + "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    seconds, printed = timed([sys.executable, "-c", script, path])
    return int(printed.split()[-1]) / 1024, seconds


def among_others(count: int, seed: int = 2) -> Iterator[tuple[int, bytes]]:
    """One advert in fifty frames, the others TCP and UDP of 60 to 600 bytes."""
    random_source = random.Random(seed)
    adverts = [_frame(random_source) for _ in range(64)]
    others = [_other(random_source) for _ in range(4096)]
    for number in range(count):
        yield number * 500, random_source.choice(others if number % 50 else adverts)


def _other(random_source: random.Random) -> bytes:
    protocol, port = random_source.choice(((6, 443), (17, 53)))
    payload = random_source.randrange(1024, 60000).to_bytes(2, "big") + port.to_bytes(2, "big")
    payload += random_source.randbytes(random_source.randrange(20, 560))
    hosts = bytes((10, 0, 0, random_source.randrange(1, 255), 10, 0, 1, random_source.randrange(1, 255)))
    head = bytes((0x45, 0)) + (20 + len(payload)).to_bytes(2, "big") + bytes((0, 1, 0, 0, 64, protocol))
    check = -total(head + b"\0\0" + hosts) % 0xFFFF
    ethernet = bytes.fromhex("0200000000020200000000010800")
    return ethernet + head + check.to_bytes(2, "big") + hosts + payload


def a_day() -> Iterator[tuple[int, bytes]]:
    """172,800 adverts: two virtual routers, one a second each."""
    for number in range(172_800):
        vrid = 1 + number % 2
        advert = Advertisement(2, vrid, 100, 1_000_000, (f"192.168.2.{100 + vrid}",))
        ends = f"00:00:5e:00:01:{vrid:02x}", f"192.168.2.{vrid}", "224.0.0.18"
        yield number * 500_000, advert_frame(*ends, advert, ip_id=number % 65536)


def processor_s(command: list[str]) -> float:
    """Of a whole process and what it starts; what it prints is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def decode_ratios(folder: str, rounds: int) -> tuple[dict[str, float], int]:
    """How much longer tshark's fields take than each way of telling; and how many limits are missed."""
    captures = {"adverts": mixed_frames(200_000), "others": among_others(120_000), "day": a_day()}
    ways = {
        "table": ["decode", "--yes"],
        "jsonl": ["decode", "--yes", "--format", "jsonl"],
        "timeline": ["decode", "--yes", "--timeline"],
    }
    results, missed = {}, 0
    for name, frames in captures.items():
        path = os.path.join(folder, f"{name}.pcap")
        write_pcap(path, frames, epoch_s=1_700_000_000)
        print(f"{name}: {os.path.getsize(path) / 1e6:.0f} MB")
        players = commands(path)
        ours = {way: [sys.executable, "-m", "vrrplab", *words, path] for way, words in ways.items()}
        ours["columns"] = players["vrrplab"]
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ours}
        for _ in range(rounds):
            theirs = processor_s(players["tshark"])
            for way, command in ours.items():
                found[way].append((processor_s(command), theirs))
        for way, pairs in found.items():
            seconds = statistics.median(one for one, _ in pairs)
            ratio = results[f"{name}, {way}"] = statistics.median(theirs / one for one, theirs in pairs)
            missed += ratio < DECODE_LIMITS[way]
            word = "reached" if ratio >= DECODE_LIMITS[way] else "MISSED"
            print(f"  {way:<8} {seconds:6.2f} s; tshark {ratio:.2f}x, >= {DECODE_LIMITS[way]:g}: {word}")
    return results, missed


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tshark-rounds", type=int, default=2, help="rounds with tshark, which is slow")
    parser.add_argument("--big", type=int, default=10_000_000, help="frames of the memory test, or 0")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--decode", action="store_true", help="also what decode tells")
    args = arguments(parser, frames=100_000, rounds=2, tshark_rounds=1, big=0)
    missed = 0
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mixed.pcap")
        write_pcap(path, mixed_frames(args.frames), epoch_s=1_700_000_000)
        print(f"{args.frames} frames, {os.path.getsize(path) / 1e6:.0f} MB, Python {sys.version.split()[0]}")
        players = commands(path)
        _, printed = timed(players["vrrplab"])  # warms the file cache
        print(f"  frames, adverts, undamaged adverts: {printed}")
        times: dict[str, list[float]] = {name: [] for name in players}
        ratios: dict[str, list[float]] = {name: [] for name in players if name != "vrrplab"}
        for number in range(args.rounds):
            ours, _ = timed(players["vrrplab"])
            times["vrrplab"].append(ours)
            for name in ratios:
                if name == "tshark" and number >= args.tshark_rounds:
                    continue
                theirs, _ = timed(players[name])
                times[name].append(theirs)
                ratios[name].append(theirs / ours)
        for name, values in times.items():
            rate = args.frames / statistics.median(values) / 1e6
            print(f"  {name:<8} {statistics.median(values):7.3f} s  {rate:6.3f} million frames/s")
        for name, limit in (("tshark", TSHARK_LIMIT), ("tcpdump", TCPDUMP_LIMIT)):
            if not ratios.get(name):
                print(f"{name} is not installed: its ratio is not measured")
                continue
            ratio = statistics.median(ratios[name])
            results[name] = ratio
            missed += ratio < limit
            word = "reached" if ratio >= limit else "MISSED"
            spread = f"{min(ratios[name]):.1f}-{max(ratios[name]):.1f}"
            print(f"{name} takes {ratio:.1f}x as long as vrrplab ({spread}), >= {limit:g}: {word}")
        ratio = pcapng_ratio(path, args.rounds)
        if ratio is not None:
            results["pcapng"] = ratio
            print(f"the same as pcapng takes {ratio:.2f}x as long (no limit is set)")
        if args.big:
            os.remove(path)
            write_pcap(path, mixed_frames(args.big), epoch_s=1_700_000_000)
            memory, seconds = peak_memory_mb(path)
            results["peak_mb"] = memory
            missed += memory >= MEMORY_LIMIT_MB
            word = "reached" if memory < MEMORY_LIMIT_MB else "MISSED"
            size = os.path.getsize(path) / 1e6
            print(
                f"{args.big} frames ({size:.0f} MB) in {seconds:.1f} s: peak memory {memory:.0f} MB,"
                f" < {MEMORY_LIMIT_MB:g}: {word}"
            )
    if args.decode and shutil.which("tshark"):
        with tempfile.TemporaryDirectory() as folder:
            more, number = decode_ratios(folder, args.tshark_rounds)
        results |= more
        missed += number
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    # the reader in the child processes is this checkout's, installed or not
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    # and byte code is kept, as `make bench` does: the run that warms the file cache writes it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main())
