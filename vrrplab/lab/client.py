"""The PC in the office: fetches through the proxies and pings them, every 20 ms, and tells of the gaps.

    python -m vrrplab.lab.client URL PORT ADDRESS …

writes JSON lines: ``{"ready": true}`` when the first answers have come from everywhere, then each gap once it
is over: ``{"probe": "http 192.168.2.101", "last_ok_us": …, "next_ok_us": …, "lost": 3}``, times on the
monotonic clock in microseconds, and at the end those that never ended. A probe is lost when no good answer
came in 0.2 s (icmp) or 0.5 s (http), the same limits as in scenarios.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from vrrplab.lab.topology import PROBE_EVERY_S
from vrrplab.wire.checksum import field_value, total

ICMP_LIMIT_S, HTTP_LIMIT_S = 0.2, 0.5
_ECHO = struct.Struct("!BBHHH")
WAITING, GOOD, LOST = 0, 1, 2


class Probe:
    """What became of each attempt, in the order they were sent; a gap is told when its end is known."""

    def __init__(self, name: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self._tell = tell
        self._attempts: deque[list[int]] = deque()  # [state, microseconds of the answer]
        self._last_ok_us: int | None = None
        self._lost = 0

    @property
    def has_answered(self) -> bool:
        return self._last_ok_us is not None

    def send(self) -> list[int]:
        """A new attempt; its sender reports to it."""
        attempt = [WAITING, 0]
        self._attempts.append(attempt)
        return attempt

    def settle(self, attempt: list[int], good: bool) -> None:
        """An attempt ended; the first verdict counts."""
        if attempt[0] == WAITING:
            attempt[0], attempt[1] = (GOOD if good else LOST), time.monotonic_ns() // 1000
            self._judge()

    def _judge(self) -> None:
        while self._attempts and self._attempts[0][0] != WAITING:
            state, at_us = self._attempts.popleft()
            if state == LOST:
                self._lost += 1
                continue
            if self._lost and self._last_ok_us is not None:
                self._gap(at_us)
            self._lost = 0
            self._last_ok_us = at_us

    def _gap(self, next_ok_us: int | None) -> None:
        gap = {
            "probe": self.name,
            "last_ok_us": self._last_ok_us,
            "next_ok_us": next_ok_us,
            "lost": self._lost,
        }
        self._tell(gap)

    def finish(self) -> None:
        """No more attempts: tell of the gap that is still open. What is still on its way is not judged."""
        if self._lost and self._last_ok_us is not None:
            self._gap(None)


class Http:
    """One GET through a proxy for each attempt, each on a connection of its own."""

    def __init__(self, probe: Probe, proxy: str, port: int, url: str) -> None:
        self._probe = probe
        self._place = (proxy, port)
        self._request = f"GET {url} HTTP/1.0\r\nConnection: close\r\n\r\n".encode("ascii")
        self._running: set[asyncio.Task[None]] = set()

    def fire(self) -> None:
        task = asyncio.get_running_loop().create_task(self._fetch(self._probe.send()))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _fetch(self, attempt: list[int]) -> None:
        loop = asyncio.get_running_loop()
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setblocking(False)
        good = False
        try:
            async with asyncio.timeout(HTTP_LIMIT_S):
                await loop.sock_connect(one, self._place)
                await loop.sock_sendall(one, self._request)
                answer = await loop.sock_recv(one, 64)
            good = answer.startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
        except (OSError, TimeoutError):
            pass
        finally:
            one.close()
        self._probe.settle(attempt, good)


class Icmp:
    """Echo requests to one address."""

    def __init__(self, probe: Probe, address: str, identifier: int) -> None:
        self._probe = probe
        self._place = (address, 0)
        self._identifier = identifier
        self._sequence = 0
        self._sent: dict[int, list[int]] = {}
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP
        )
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def fire(self) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        attempt = self._sent[self._sequence] = self._probe.send()
        head = _ECHO.pack(8, 0, 0, self._identifier, self._sequence)
        message = _ECHO.pack(8, 0, field_value(total(head)), self._identifier, self._sequence)
        asyncio.get_running_loop().call_later(ICMP_LIMIT_S, self._give_up, self._sequence)
        try:
            self._socket.sendto(message, self._place)
        except OSError:
            self._probe.settle(attempt, False)

    def _give_up(self, sequence: int) -> None:
        attempt = self._sent.pop(sequence, None)
        if attempt is not None:
            self._probe.settle(attempt, False)

    def _readable(self) -> None:
        while True:
            try:
                packet, sender = self._socket.recvfrom(2048)
            except OSError:
                return
            size = (packet[0] & 15) * 4
            if sender[0] != self._place[0] or len(packet) < size + _ECHO.size:
                continue
            kind, _, _, identifier, sequence = _ECHO.unpack_from(packet, size)
            if kind == 0 and identifier == self._identifier:
                attempt = self._sent.pop(sequence, None)
                if attempt is not None:
                    self._probe.settle(attempt, True)


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def _run(url: str, port: int, addresses: list[str]) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, lambda: None if ended.done() else ended.set_result(None))
    probes: list[Probe] = []
    shots: list[Http | Icmp] = []
    for number, address in enumerate(addresses):
        icmp, http = Probe(f"icmp {address}", _tell), Probe(f"http {address}", _tell)
        probes += [icmp, http]
        shots += [Icmp(icmp, address, (os.getpid() + number) & 0xFFFF), Http(http, address, port, url)]
    said_ready = False
    next_s = loop.time()
    while not ended.done():
        for shot in shots:
            shot.fire()
        if not said_ready and all(probe.has_answered for probe in probes):
            said_ready = True
            _tell({"ready": True})
        next_s += PROBE_EVERY_S
        if next_s < loop.time() - 1:
            next_s = loop.time()  # the machine was busy: do not fire a second's worth at once
        await asyncio.wait([ended], timeout=max(0.0, next_s - loop.time()))
    await asyncio.sleep(HTTP_LIMIT_S + 0.05)
    for probe in probes:
        probe.finish()


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or not arguments[1].isdecimal():
        print("URL PORT ADDRESS …", file=sys.stderr)
        return 2
    asyncio.run(_run(arguments[0], int(arguments[1]), arguments[2:]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
