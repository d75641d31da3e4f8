"""A notebook's server as a process of this machine's own, for as long as a test needs it."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 90


def free_port() -> int:
    """A port of this host that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(command: list[str], answers: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Runs ``command`` in ``folder`` until the block ends; begins when the address ``answers`` does.

    RuntimeError with the end of what it said, if it does not start.
    """
    log = folder.with_name(f"{folder.name}.log")
    with log.open("wb") as told:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=told, stderr=told)
    try:
        until = time.monotonic() + PATIENCE_S
        while not _is_there(answers):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[2]} did not start:\n{log.read_text('utf-8')[-3000:]}")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _is_there(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except OSError:
        return False
    return True
