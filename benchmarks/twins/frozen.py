"""The engine as it was before it was made fast: a commit's files, taken from history into a folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "9b3cbf5"  # "CARP is told from VRRP in the file about CARP"


class NoHistory(Exception):
    """The commit cannot be had here; the text says why, and what helps."""


def thaw_into(folder: Path, commit: str = COMMIT) -> Path:
    """The package and its data of that commit, put into ``folder``; NoHistory if they cannot be had."""
    command = ["git", "archive", "--format=tar", commit, "vrrplab", "data"]
    try:
        made = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    except FileNotFoundError:
        raise NoHistory(f"the engine of {commit} is taken from history: that needs git") from None
    except subprocess.CalledProcessError:
        cure = "in a clone with all of it (git fetch --unshallow)"
        raise NoHistory(f"the engine of {commit} is not in this history: try {cure}") from None
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder
