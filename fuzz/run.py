"""Coverage-guided fuzzing with atheris: ``python fuzz/run.py frame --runs 1000000``.

Seeds are the frames of real daemons and what the corpus holds already. An input that makes a target fail is
written to the current folder as ``crash-…``; put it into ``fuzz/corpus/TARGET/`` under a telling name once
the bug is mended. Needs atheris (``fuzz/requirements.txt``), which is no dependency of vrrplab.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fuzz")]


# a section, an interface, a packet of 4 bytes
SMALL_PCAPNG = struct.pack(
    "<IIIHHqI IIHHII IIIIIIIII",
    *(0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28),
    *(1, 20, 1, 0, 0, 20),
    *(6, 36, 0, 0, 1, 4, 4, 0, 36),
)


def seeds(target: str) -> list[bytes]:
    """Inputs to start from."""
    kept = [path.read_bytes() for path in sorted((ROOT / "fuzz" / "corpus" / target).glob("*"))]
    if target in ("frame", "columns"):
        vectors = json.loads((ROOT / "data" / "frames" / "frames.json").read_text())["vectors"]
        frames = [bytes.fromhex(vector["hex"]) for vector in vectors]
        kept += [b"\0" + (b"" if target == "frame" else bytes([len(frame)])) + frame for frame in frames]
    if target in ("capture", "columns"):
        recordings = sorted((ROOT / "data" / "recordings").glob("*/capture.pcap"))
        kept += [path.read_bytes()[:900] for path in recordings[::9]]
        kept.append(SMALL_PCAPNG)
    if target == "config":
        kept += [path.read_bytes() for path in sorted((ROOT / "data" / "configs").rglob("*.conf"))]
    return kept


def main() -> None:
    """Fuzz one target until something breaks or the runs are done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", choices=("frame", "capture", "columns", "config"))
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="stop after this time; 0: only after the runs")
    parser.add_argument("--seed", type=int, default=0, help="the same again; 0: another each time")
    parser.add_argument("--max-len", type=int, default=2000, help="bytes of an input; short ones run faster")
    args = parser.parse_args()
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("fuzz/run.py needs atheris: make fuzz")
    with atheris.instrument_imports(include=["vrrplab"]):
        from targets import TARGETS
    target = TARGETS[args.target]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(args.target)):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        options = [f"-runs={args.runs}", f"-max_len={args.max_len}", f"-seed={args.seed}"]
        options += ["-timeout=20", "-print_final_stats=1"]
        if args.seconds:
            options.append(f"-max_total_time={args.seconds}")
        atheris.Setup([sys.argv[0], *options, folder], lambda data: target(data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
