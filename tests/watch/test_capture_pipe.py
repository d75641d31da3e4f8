"""``live watch --pcap`` into a pipe, for a program that shows frames as they come."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from vrrplab.capture.pcap_writer import PcapFile
from vrrplab.capture.reader import read_frames

FRAME = bytes(range(100)) * 10


def test_a_reader_gets_whole_frames_and_is_never_waited_for(tmp_path: Path) -> None:
    """Input: 1,000 frames of 1,000 bytes into a pipe that nobody reads, then is read, then is closed.
    Output: what had room is a whole capture, the rest is counted, and the end has a name.
    """
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    capture = PcapFile(str(path))
    for number in range(1000):
        capture.write(number * 1_000_000, FRAME)
    found = b""
    for _ in range(8):  # a slow one, in portions that frames do not fit
        found += os.read(reader, 5000)
        capture.write(2_000_000_000, FRAME)
    found += _all_of(reader)
    capture.write(2_000_000_000, FRAME)
    found += _all_of(reader)
    (tmp_path / "read.pcap").write_bytes(found)
    frames = list(read_frames(tmp_path / "read.pcap"))
    assert {one.frame.raw for one in frames} == {FRAME}
    assert 20 < len(frames) < 1000
    assert capture.left_out > 0
    assert capture.trouble == ""
    os.close(reader)
    capture.write(3_000_000_000, FRAME)
    assert capture.trouble == f"{path} ends here: Broken pipe"
    capture.close()


def _all_of(descriptor: int) -> bytes:
    data = b""
    with contextlib.suppress(BlockingIOError):
        while True:
            data += os.read(descriptor, 65536)
    return data
