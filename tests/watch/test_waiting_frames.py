"""A watcher that is behind: frames wait in the kernel, and it knows of each how long."""

from __future__ import annotations

import asyncio

import pytest
from live_bench import free_port

from vrrplab.watch.watcher import Watcher, WatchOptions
from vrrplab.wire.frames import advert_frame
from vrrplab.wire.vrrp import Advertisement

SECOND_NS = 1_000_000_000


def test_no_silence_is_told_while_frames_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input: a frame read 9 s after it came, time passes, and nothing else. Output: a MASTER as long as there
    may be more to read; then its silence.
    """
    watcher = Watcher(WatchOptions(udp=True, port=free_port(), style="table"))
    monkeypatch.setattr(watcher, "_started_ns", watcher._started_ns - 10 * SECOND_NS)
    advert = Advertisement(2, 51, 150, 1_000_000, ("192.168.2.100",))
    frame = advert_frame("02:00:00:00:00:01", "192.168.2.1", "224.0.0.18", advert)

    async def pass_time() -> list[str]:
        watcher._take("lan", 9 * SECOND_NS, frame)
        states = []
        for _ in range(2):
            watcher._tick()
            states += [s.state for r in watcher.observer.routers.values() for s in r.speakers.values()]
        return states

    try:
        assert asyncio.run(pass_time()) == ["MASTER", "FAULT"]
    finally:
        watcher.close()
