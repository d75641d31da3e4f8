"""Fetches what runs Python in a browser: Pyodide, from npm, once.

``make site-fetch`` calls it; ``tools/site_build.py`` takes what lies there afterwards and needs no network.
Which version, and the hash of each file that is taken of it, stands in ``browser/runtime.json``. From where
npm brings it is what npm is set to: no host is named here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "build" / "runtime"
PINNED = ROOT / "browser" / "runtime.json"
TOLD_LINES = 3  # of what npm said last


class Missing(Exception):
    """What is not there, or is not what was asked for, in one line with the cure."""


def pinned() -> tuple[str, dict[str, str]]:
    """npm's name for Pyodide with its version, and the SHA-256 of each file that is taken of it."""
    told = json.loads(PINNED.read_text(encoding="utf-8"))
    return told["package"], told["sha256"]


def check() -> None:
    """Missing: a file is not there, or is another than the one that is pinned."""
    compare(RUNTIME, pinned()[1], PINNED, "make site-fetch")


def compare(folder: Path, digests: dict[str, str], table: Path, cure: str) -> None:
    """Holds the files of a folder to the SHA-256 of a table. Missing: one is not there, or is another."""
    for name, expected in digests.items():
        path = folder / name
        if not path.exists():
            raise Missing(f"{name} is not in {folder.relative_to(ROOT)}: {cure} brings it")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise Missing(f"{name} in {folder.relative_to(ROOT)} is not that of {table.name}: {cure}")


def size_line(folder: Path) -> str:
    """What was built, in a line."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{folder.relative_to(ROOT)}: {len(files)} files, {size / 1e6:.1f} MB"


def fetch() -> None:
    """Brings the pinned files. Missing: npm did not give them, or gave others."""
    package, files = pinned()
    RUNTIME.mkdir(parents=True, exist_ok=True)
    unpacked(package, files, RUNTIME)
    check()


def unpacked(package: str, files: Iterable[str], into: Path) -> None:
    """Puts these files of a package of npm into a folder. Missing: npm did not give them."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"npm, which brings {package}, is not installed: sudo apt install nodejs npm")
    with tempfile.TemporaryDirectory() as folder:
        pack = [npm, "pack", package, "--silent", "--pack-destination", folder]
        ran = subprocess.run(pack, capture_output=True, text=True, check=False)
        if ran.returncode:
            said = " ".join((ran.stderr or ran.stdout).strip().splitlines()[-TOLD_LINES:])
            raise Missing(f"npm could not bring {package}: {said or f'exit code {ran.returncode}'}")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for name in files:
                try:
                    (into / name).write_bytes(archive.extractfile(f"package/{name}").read())  # type: ignore[union-attr]
                except KeyError:
                    raise Missing(f"{package} has no {name}, which is pinned in browser") from None


def main() -> int:
    try:
        try:
            check()
        except Missing:
            fetch()
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{pinned()[0]} is in {RUNTIME.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
