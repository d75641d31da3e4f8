"""What is fetched is what was looked at: hashes on every way in."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.txt")) + sorted(ROOT.glob("*/requirements*.txt"))
# Everything that installs something: for a checkout, on Binder, in CI, for a release.
WAYS_IN = [
    ROOT / "Makefile",
    ROOT / ".ci" / "run",
    ROOT / "binder" / "postBuild",
    *sorted((ROOT / "tools").glob("*.sh")),
]


def entries(lock: Path) -> list[tuple[str, list[str]]]:
    """Of each package its first line, and its hashes."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [
        (line.split(" --hash", 1)[0], re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line)) for line in lines
    ]


def test_the_lock_files_are_all_there() -> None:
    assert [str(lock.relative_to(ROOT)) for lock in LOCKS] == [
        "requirements-core.lock.txt",
        "requirements-lab.lock.txt",
        "requirements-uv.lock.txt",
        "requirements.lock.txt",
        "fuzz/requirements.txt",
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_requirement_is_one_version_with_its_hashes(lock: Path) -> None:
    for package, hashes in entries(lock):
        assert re.match(r"[a-zA-Z0-9._-]+==[^\s;]+( ;.*)?$", package.strip()), package
        assert hashes, f"{package} has no hash"


@pytest.mark.parametrize("name", ["requirements-core.lock.txt", "requirements-lab.lock.txt"])
def test_what_a_package_needs_stands_in_the_same_lock(name: str) -> None:
    """pip refuses the whole lock otherwise; asked of what is installed here."""
    pinned = {canonicalize_name(package.split("==")[0]) for package, _ in entries(ROOT / name)}
    for package in pinned:
        try:
            needed = [Requirement(text) for text in requires(package) or []]
        except PackageNotFoundError:
            continue  # for another system
        here = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
        assert {canonicalize_name(r.name) for r in here} <= pinned, package


@pytest.mark.parametrize("file", WAYS_IN, ids=lambda file: str(file.relative_to(ROOT)))
def test_whoever_installs_checks_hashes_or_fetches_nothing(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    for name, value in re.findall(r'^ *(checked|boot)="(.*)"$', text, re.MULTILINE):
        text = text.replace(f'{name}="{value}"', "").replace(f"${name}", value)
    lines = [line.strip() for line in text.splitlines() if not re.match(r"\s*(#|say |echo )", line)]
    installs = [line for line in lines if re.search(r"\bpip install |(^|then |else )install ", line)]
    for line in installs:
        if '"$@"' in line:
            continue  # a function that hands on what its callers, further down, give it
        # Who builds a package fetches build tools that no lock names.
        checked = "--only-binary :all: --require-hashes -r" in line
        assert checked or ("--no-deps" in line and not re.search(r" -r |==", line)), line
        assert "--no-deps" not in line or "--no-build-isolation" in line or "$WHEEL" in line, line
    assert len(installs) >= {"environment.sh": 6, "postBuild": 2}.get(file.name, 0)
    other = r"\b(curl|wget|npx|pipx)\b|\bnpm (?!ci\b)\w*install|\buv (sync|tool|run)\b|\bconda install"
    assert not re.search(other, "\n".join(lines))


def test_every_package_of_node_has_its_hash_and_only_the_lock_is_installed() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [
        name for name, package in packages.items() if not package["integrity"].startswith("sha512-")
    ] == []
    assert re.findall(
        r"npm (\w+)", (ROOT / "Makefile").read_text(encoding="utf-8").split("$(SCRIPTS):")[1]
    ) == ["ci"]


def test_the_build_tool_is_one_of_the_lock() -> None:
    pinned = [package.split("==")[0] for package, _ in entries(ROOT / "requirements-core.lock.txt")]
    assert "hatchling" in pinned
    install = (ROOT / "tools" / "environment.sh").read_text(encoding="utf-8")
    assert "install --no-deps --no-build-isolation -e ." in install


def test_what_runs_in_the_page_is_one_version_with_a_hash_for_each_file() -> None:
    told = json.loads((ROOT / "browser" / "runtime.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"pyodide@\d+\.\d+\.\d+", told["package"])
    assert "pyodide.asm.wasm" in told["sha256"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in told["sha256"].values())
