"""What every test may ask for: system programs by name, and a clean command line.

A test that needs a program which pip cannot bring is skipped where that program is missing, and the reason
names the package that has it. In CI nothing is skipped: there a missing program is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

# Debian package of each program that tests need, where it differs from the program's name.
_PACKAGE_OF = {
    "ip": "iproute2",
    "node": "nodejs",
    "nft": "nftables",
    "unshare": "util-linux",
    "ping": "iputils-ping",
    "vrrpd": "frr",
    "groff": "groff-base",
}
_ALSO_IN = "/usr/sbin:/sbin:/usr/lib/frr"


def program(name: str) -> str | None:
    """Path of a system program, also from folders that are not on an ordinary user's PATH."""
    return shutil.which(name) or shutil.which(name, path=_ALSO_IN)


def missing_programs(*names: str) -> str:
    """Why a test that needs these programs cannot run here, with the command that helps, or ""."""
    missing = [name for name in names if program(name) is None]
    if not missing:
        return ""
    packages = " ".join(sorted({_PACKAGE_OF.get(name, name) for name in missing}))
    return f"needs {', '.join(missing)}: sudo apt install {packages}"


@cache
def no_namespaces() -> str:
    """Why this user can make no network namespace here, with what may help, or ""."""
    if missing_programs("unshare"):
        return missing_programs("unshare")
    ran = subprocess.run(
        ["unshare", "-Urnm", "true"], capture_output=True, text=True, timeout=20, check=False
    )
    why = " ".join(ran.stderr.split()) or f"exit code {ran.returncode}"
    return "" if ran.returncode == 0 else f"needs user namespaces (unshare -Urnm): {why}; or run as root"


def _skip_or_fail(reason: str) -> None:
    if IN_CI:
        pytest.fail(f"in CI everything must run, but this {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _what_it_needs(request: pytest.FixtureRequest) -> None:
    """Carries out ``@pytest.mark.needs("tshark", "namespaces", "root", "checkout")``."""
    for mark in request.node.iter_markers("needs"):
        programs = [name for name in mark.args if name not in ("namespaces", "root", "checkout")]
        reason = missing_programs(*programs) or (no_namespaces() if "namespaces" in mark.args else "")
        if not reason and "root" in mark.args and os.geteuid() != 0:
            reason = "needs root: sudo make test"
        if not reason and "checkout" in mark.args and not (ROOT / ".git").exists():
            reason = "needs a checkout, not a source archive: git clone"
        if reason:
            _skip_or_fail(reason)


@pytest.fixture
def vrrplab(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``python -m vrrplab`` as a process of its own: ``vrrplab("simulate", "--list")``.

    Further arguments go to ``subprocess.run``; it runs in an empty folder unless ``cwd`` says otherwise.
    """

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        given = {
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "check": False,
            "cwd": tmp_path,
            **options,
        }
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **dict(given.pop("env", {}))}  # type: ignore[call-overload]
        command = [sys.executable, "-m", "vrrplab", *arguments]
        return subprocess.run(command, env=environment, **given)  # type: ignore[call-overload,no-any-return]

    return run
