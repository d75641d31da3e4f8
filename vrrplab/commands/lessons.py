"""``vrrplab lessons [DIR]``: the lessons' notebooks in a folder of the learner's, opened in JupyterLab.

A file that the learner changed is never replaced; running a lesson changes its file too. What was copied is
known again by its hash, kept beside the copies, so a newer vrrplab brings newer lessons.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import suppress
from typing import NamedTuple

from vrrplab import interrupts
from vrrplab.commands.guide import Example, Guide
from vrrplab.data_files import FIRST_LESSON, data_path, lessons_root
from vrrplab.errors import OutputError, PlacedError, VrrplabError
from vrrplab.input_files import read_bytes, remembered
from vrrplab.limits import COPIED_BYTES, LESSON_BYTES
from vrrplab.output.files import FolderName, make_folder, replaced, replaced_text

FOLDER = "vrrplab-lessons"
RECORD = ".vrrplab-lessons.json"

_ENDS_S = 0.4  # JupyterLab takes a second or two to stop its kernels; it goes on with that by itself
_ENDS_ON_WINDOWS_S = 10.0

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab lessons",
                "into vrrplab-lessons, and open the first one; Ctrl-C ends JupyterLab",
                ends_after_s=6,
                long=True,
            ),
            Example("vrrplab lessons --no-open", "only copy them, for another notebook than JupyterLab"),
            Example(
                "vrrplab lessons course --no-browser --port 8899",
                "into another folder, on a machine without a screen; it prints the address",
                ends_after_s=6,
                long=True,
            ),
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=FOLDER, metavar="DIR", help=f"where to (default: {FOLDER})"
    )
    parser.add_argument("--no-open", action="store_true", help="only copy them, and start no JupyterLab")
    parser.add_argument(
        "--no-browser", action="store_true", help="start JupyterLab and print its address, open no browser"
    )
    parser.add_argument(
        "--port",
        type=int,
        metavar="PORT",
        help="where it listens (default: 8888, or the next free)",
    )


def run(args: argparse.Namespace) -> int:
    if args.port is not None and not 1 <= args.port <= 65535:
        raise VrrplabError(f"--port {args.port}: a port is 1 to 65535")
    FolderName(args.folder).require("DIR")
    copied = copy_lessons(args.folder)
    print(copied)
    if args.no_open:
        return 0
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None:
        from vrrplab.installing import how_to_install

        raise VrrplabError(
            "the lessons are copied, but JupyterLab is not installed to open them:"
            f" {how_to_install('jupyterlab')}; with --no-open they are for another notebook"
        )
    opens = "starts, its address follows" if args.no_browser else f"opens {FIRST_LESSON}"
    print(f"JupyterLab {opens}; Ctrl-C here ends it.", flush=True)
    return _serve(args.folder, args.no_browser, args.port)


# -- copied ------------------------------------------------------------------------------------------------


class Copied(NamedTuple):
    """What is in ``folder`` now, by the names of files."""

    folder: str
    new: list[str]
    replaced: list[str]
    same: list[str]
    kept: list[str]

    def __str__(self) -> str:
        kinds = (
            (self.new, "new"),
            (self.replaced, "replaced by newer ones"),
            (self.same, "as they were"),
            (self.kept, "changed by you"),
        )
        total = sum(len(names) for names, _ in kinds)
        told = [f"{len(names)} {how}" for names, how in kinds if names]
        lines = [f"{total} lessons in {self.folder}: {', '.join(told)}."]
        if self.kept:
            names = ", ".join(self.kept)
            lines.append(f"Not touched: {names}. For a fresh one rename yours, and run this again.")
        return "\n".join(lines)


def copy_lessons(folder: str) -> Copied:
    """Bring the lessons to ``folder``: new ones, and newer ones in place of those that nobody changed.

    OutputError for what cannot be written.
    """
    source = lessons_root()
    make_folder(folder)
    copied = Copied(folder, [], [], [], [])
    shipped = {name: _bytes(source, name) for name in sorted(os.listdir(source)) if name.endswith(".ipynb")}
    if os.path.samefile(source, folder):
        copied.same.extend(shipped)
        return copied
    _require_own_record(folder)
    before = _recorded(folder)
    now = {name: {_hash(content)} for name, content in shipped.items()}
    for name, content in shipped.items():
        there = _known(folder, name)
        if there is None:
            copied.new.append(name)
        elif there == _hash(content):
            copied.same.append(name)
        elif there in before.get(name, ()) and not os.path.islink(os.path.join(folder, name)):
            copied.replaced.append(name)
            now[name].add(there)
        else:
            copied.kept.append(name)
    # First the record: who is interrupted now has old lessons that are known as ours, or new ones.
    if now != before:
        _record(folder, now)
    for name in (*copied.new, *copied.replaced):
        with replaced(os.path.join(folder, name)) as file:
            file.write(shipped[name])
    return copied


def _bytes(folder: str, name: str) -> bytes:
    return read_bytes(os.path.join(folder, name), LESSON_BYTES, PlacedError)


def _hash(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()


def _known(folder: str, name: str) -> str | None:
    """The hash of the learner's file, "" if it cannot be read, None if it is not there."""
    if not os.path.lexists(os.path.join(folder, name)):
        return None
    try:
        # What this command reads it would not write; here it is read to be replaced.
        with remembered():
            return _hash(read_bytes(os.path.join(folder, name), LESSON_BYTES, PlacedError, ordinary=True))
    except PlacedError:
        return ""


def _require_own_record(folder: str) -> None:
    """OutputError: a stranger's folder may not choose, by a link, which file is written, nor make us wait."""
    record = os.path.join(folder, RECORD)
    if os.path.islink(record) or (os.path.exists(record) and not os.path.isfile(record)):
        raise OutputError(record, "is no ordinary file, as this command writes it", "remove it")


def _recorded(folder: str) -> dict[str, set[str]]:
    """Hashes of what was copied, by the files' names; nothing where the record is missing or damaged."""
    from vrrplab.json_text import read_json

    with suppress(PlacedError), remembered():
        content = read_json(os.path.join(folder, RECORD), COPIED_BYTES, PlacedError, ordinary=True)
        copied = content.get("copied") if isinstance(content, dict) else None
        if isinstance(copied, dict) and all(isinstance(hashes, list) for hashes in copied.values()):
            return {name: set(map(str, hashes)) for name, hashes in copied.items()}
    return {}


def _record(folder: str, hashes: dict[str, set[str]]) -> None:
    import json

    content = {
        "about": "the lessons that vrrplab copied, by SHA-256: what is still the same may be replaced",
        "copied": {name: sorted(of_name) for name, of_name in hashes.items()},
    }
    with replaced_text(os.path.join(folder, RECORD)) as file:
        file.write(json.dumps(content, indent=1) + "\n")


# -- opened ------------------------------------------------------------------------------------------------


def _serve(folder: str, no_browser: bool, port: int | None) -> int:
    """Run JupyterLab until it ends or somebody ends us; then nothing of it stays."""
    command = [
        *(sys.executable, "-m", "jupyterlab", "-y"),
        # Its address and what goes wrong, and not each of its extensions.
        *("--ServerApp.log_level=ERROR", "--LabApp.log_level=ERROR"),
        f"--ServerApp.root_dir={os.path.abspath(folder)}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if no_browser:
        command.append("--no-browser")
    if port is not None:
        command.append(f"--port={port}")
    with interrupts.held():
        # In a session of its own: Ctrl-C is ours, and it is told once, by SIGTERM, which asks no questions.
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, env=_environment()
        )
    try:
        code = _wait(server)
    finally:
        if server.poll() is None:
            _end(server)
    if code:
        raise VrrplabError(f"JupyterLab ended with exit code {code}; what it said stands above")
    return 0


def _environment() -> dict[str, str]:
    """JupyterLab's: it asks nobody about news, looks for no updates, and its kernels find vrrplab."""
    from vrrplab.installing import checkout

    first = {
        "JUPYTER_CONFIG_PATH": str(data_path("jupyter")),
        "PYTHONPATH": checkout(),  # a kernel runs in the lessons' folder, where no checkout is
    }
    paths = {name: os.pathsep.join(filter(None, (one, os.environ.get(name)))) for name, one in first.items()}
    return {**os.environ, **{name: path for name, path in paths.items() if path}}


def _wait(server: subprocess.Popen[bytes]) -> int:
    while True:
        with suppress(subprocess.TimeoutExpired):
            # On Windows a wait without an end hears of no Ctrl-C.
            return server.wait(None if os.name == "posix" else 1.0)


def _end(server: subprocess.Popen[bytes]) -> None:
    windows = os.name != "posix"
    if not windows:  # there Ctrl-C came to it as well, and terminate() would leave its kernels
        server.terminate()
    try:
        server.wait(_ENDS_ON_WINDOWS_S if windows else _ENDS_S)
    except subprocess.TimeoutExpired:
        if windows:
            server.terminate()
