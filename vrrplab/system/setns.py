"""Sockets in another network namespace: a socket stays where it was opened, the process comes back."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000


@contextmanager
def in_network(name: str) -> Iterator[None]:
    """While this lasts, the calling thread is in a network that ``ip netns`` knows. OSError where it may not
    go.

    Nothing may wait inside, least of all an event loop: only open sockets there.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _set(libc, there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set(libc, home)
    finally:
        os.close(home)


def _set(libc: ctypes.CDLL, descriptor: int) -> None:
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
