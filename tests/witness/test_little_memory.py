"""What strangers leave behind in a watcher is little, however many there are."""

from __future__ import annotations

import tracemalloc

import pytest
from flood import crowd

from vrrplab.wire.frames import decode
from vrrplab.witness.observer import Observer

# Of 5 MB that a process may grow by: the rest is the interpreter's, and in pieces. The latest thousand
# frames, which findings are made from, are half a megabyte of it.
MOST_BYTES = 3_200_000


@pytest.mark.long
def test_a_crowd_of_strangers_takes_little_memory() -> None:
    """Input: 8000 frames of as many senders. Output: all the memory that is still held then."""
    frames = crowd(8000)
    observer = Observer(lambda event: None)
    tracemalloc.start()
    try:
        for number, frame in enumerate(frames):
            observer.frame(number * 50, "eth0", decode(frame))
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert observer.strangers > 1000
    assert 1_000_000 < held_bytes < MOST_BYTES
