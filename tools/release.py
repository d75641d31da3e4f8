"""The files of a release, from the newest commit: ``dist/vrrplab-VERSION.tar.gz`` and ``….whl``.

    python tools/release.py                  builds them into dist
    python tools/release.py --check v0.2.0   is this the version that the files name, everywhere?
    python tools/release.py --notes          what is new and the hashes of dist, for the page of the release

Each is built twice, in different folders, from what is committed and nothing else; the wheel once from the
commit's files and once from the source archive. They must be the same byte for byte, so that anybody can
build them anew and compare. The build tool is that of ``requirements-core.lock.txt``; nothing is fetched.
Times in the archives are the commit's (SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from changelog import section  # noqa: E402


def committed(folder: Path, commit: str = "HEAD") -> None:
    """What is committed, and nothing that lies beside it."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)


def build(kind: str, source: Path, into: Path, epoch: str) -> Path:
    """The wheel or sdist of a folder."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": epoch},
        check=True,
        capture_output=True,
    )
    (built,) = into.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


def release(into: Path, work: Path, commit: str = "HEAD") -> list[Path]:
    """Both files in ``into``; ``work`` is an empty folder. SystemExit names what came out differently."""
    epoch = subprocess.run(
        ["git", "log", "-1", "--format=%ct", commit], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    committed(work / "one", commit)
    committed(work / "another-place", commit)
    sources = [
        build("sdist", work / name, work / f"{name}.sdist", epoch) for name in ("one", "another-place")
    ]
    with tarfile.open(sources[0]) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    wheels = [
        build("wheel", where, work / f"{where.name}.wheel", epoch) for where in (work / "one", unpacked)
    ]
    for pair in (sources, wheels):
        if pair[0].read_bytes() != pair[1].read_bytes():
            sys.exit(f"{pair[0].name} came out differently the second time: it is not reproducible")
    into.mkdir(exist_ok=True)
    return [Path(shutil.copy(pair[0], into)) for pair in (sources, wheels)]


def check(tag: str) -> str:
    """What is not as the tag says, in one line, or ""."""
    start = (ROOT / "vrrplab" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.*)"$', start, re.MULTILINE)
    if version is None or tag != f"v{version[1]}":
        return f"the tag is {tag}, and vrrplab/__init__.py says {version and version[1]}"
    if f'\nversion: "{version[1]}"\n' not in (ROOT / "CITATION.cff").read_text(encoding="utf-8"):
        return f"CITATION.cff names another version than {version[1]}"
    if not section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version[1]):
        return f"CHANGELOG.md has no section of {version[1]} with a date"
    if [path.name for path in (ROOT / "changelog.d").glob("*.md")] != ["README.md"]:
        return "changelog.d has fragments that are not in CHANGELOG.md"
    binder = re.findall(
        r"mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/([\w.-]+)", (ROOT / "README.md").read_text("utf-8")
    )
    return "" if set(binder) == {tag} else f"README's Binder link leads to {binder}, not to {tag}"


def hashes(files: Iterable[Path]) -> str:
    """As ``sha256sum -c`` reads them."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  dist/{file.name}\n" for file in files)


def main() -> None:
    """Build into ``dist`` and print the hashes; or what an option asks for."""
    match sys.argv[1:]:
        case ["--check", tag]:
            wrong = check(tag)
            sys.exit(f"{wrong}: make release VERSION={tag.removeprefix('v')}" if wrong else 0)
        case ["--notes"]:
            version = re.search(r"-([\d.]+)\.tar\.gz$", str(next((ROOT / "dist").glob("*.tar.gz"))))
            assert version
            news = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version[1])
            print(f"{news}\n```text\n{hashes(sorted((ROOT / 'dist').iterdir()))}```")
        case []:
            # Another version's files would be taken for this one's.
            shutil.rmtree(ROOT / "dist", ignore_errors=True)
            with tempfile.TemporaryDirectory() as work:
                built = release(ROOT / "dist", Path(work))
            print(hashes(built), end="")
        case _:
            sys.exit("usage: python tools/release.py [--check TAG | --notes]")


if __name__ == "__main__":
    main()
