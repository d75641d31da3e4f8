"""The system's own tools, for what is rare: links (``ip``), the firewall (``nft``), the kernel's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from vrrplab.errors import LiveError
from vrrplab.system.descriptors import raise_shortage

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LIMIT_S = 5
_PACKAGES = {"nft": "nftables", "ip": "iproute2"}


def run_tool(*command: str, text: str | None = None) -> str:
    """What a tool prints. LiveError says why it failed."""
    path = shutil.which(command[0], path=SEARCH_PATH)
    if path is None:
        raise LiveError(f"{command[0]} is not installed (sudo apt install {_PACKAGES[command[0]]})")
    try:
        done = subprocess.run(
            [path, *command[1:]],
            input=text,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
            process_group=0,  # Ctrl-C is meant for us, and must not break off what we do, or take back
        )
    except OSError as error:
        raise LiveError(f"{command[0]} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired as error:
        raise LiveError(str(error)) from None
    if done.returncode:
        raise LiveError(" ".join(done.stderr.split()) or f"exit code {done.returncode}")
    return done.stdout


def python_path() -> str:
    """PYTHONPATH for processes that start in another folder: this package's own place comes first."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    known = [os.path.abspath(place) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    return os.pathsep.join([home, *known])


def python_module(name: str, *words: str) -> list[str]:
    """The command line of a module of ours, which imports nothing from the folder that it starts in.

    That may be anybody's, and Python would look there first.
    """
    return [sys.executable, "-P", "-m", name, *words]


def sysctl(setting: str) -> str:
    """Set a network setting; what it was before ("": this kernel has no such thing, and does not need it).

    OSError where that cannot be told.
    """
    name, _, value = setting.partition("=")
    try:
        with open(f"/proc/sys/net/{name}", "r+", encoding="ascii") as file:
            before = file.read().strip()
            file.seek(0)
            file.write(value)
    except OSError as error:
        raise_shortage(error)
        return ""
    return before
