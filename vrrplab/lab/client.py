"""A client in the lab: asks addresses again and again, by ping and by HTTP, and tells of the gaps.

    python -m vrrplab.lab.client '[{"kind": "icmp", "target": "192.168.2.101", "every_s": 0.02}, …]'

Each question is ``asked``'s. It writes JSON lines: ``{"ready": true}`` when the first answers have come from
everywhere, then each gap once it is over: ``{"probe": "http 192.168.2.101", "last_ok_us": …, "next_ok_us": …,
"lost": 3}``, times on the monotonic clock in microseconds, and at the end those that never ended.
``last_ok_us`` is null where no answer ever came. A probe is lost when no good answer came in time.
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

from vrrplab.wire.checksum import field_value, total

_ECHO = struct.Struct("!BBHHH")
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}  # types of ICMP and of ICMPv6
_LATE_S = 1.0
_SETTLING_S = 0.02
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
        if self._lost:
            self._gap(None)


def asked(
    kind: str, target: str, every_s: float, limit_s: float, port: int = 0, url: str = "/"
) -> dict[str, Any]:
    """A question as ``main`` takes it.

    ``kind``: "icmp" or "http"; ``limit_s``: how long an answer may take; ``url``: what is fetched, whole for
    a proxy.
    """
    return {"kind": kind, "target": target, "every_s": every_s, "limit_s": limit_s, "port": port, "url": url}


class Http:
    """One GET for each attempt, each on a connection of its own."""

    def __init__(self, probe: Probe, question: dict[str, Any]) -> None:
        self._probe = probe
        self._place = (question["target"], question["port"])
        self._family = _family(question["target"])
        self._limit_s = question["limit_s"]
        self._request = f"GET {question['url']} HTTP/1.0\r\nConnection: close\r\n\r\n".encode("ascii")
        self._running: set[asyncio.Task[None]] = set()

    def fire(self) -> None:
        task = asyncio.get_running_loop().create_task(self._fetch(self._probe.send()))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _fetch(self, attempt: list[int]) -> None:
        loop = asyncio.get_running_loop()
        one = socket.socket(self._family, socket.SOCK_STREAM)
        one.setblocking(False)
        good = False
        try:
            async with asyncio.timeout(self._limit_s):
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

    def __init__(self, probe: Probe, question: dict[str, Any], identifier: int) -> None:
        self._probe = probe
        self._place = (question["target"], 0)
        self._limit_s = question["limit_s"]
        self._identifier = identifier
        self._sequence = 0
        self._sent: dict[int, list[int]] = {}
        family = _family(question["target"])
        self._version = 6 if family == socket.AF_INET6 else 4
        protocol = socket.IPPROTO_ICMPV6 if self._version == 6 else socket.IPPROTO_ICMP
        self._socket = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def fire(self) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        attempt = self._sent[self._sequence] = self._probe.send()
        kind = _REQUEST[self._version]
        head = _ECHO.pack(kind, 0, 0, self._identifier, self._sequence)
        checksum = field_value(total(head))  # the kernel makes that of ICMPv6
        message = _ECHO.pack(kind, 0, checksum, self._identifier, self._sequence)
        asyncio.get_running_loop().call_later(self._limit_s, self._give_up, self._sequence)
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
            size = (packet[0] & 15) * 4 if self._version == 4 else 0  # no header comes with IPv6
            if sender[0] != self._place[0] or len(packet) < size + _ECHO.size:
                continue
            kind, _, _, identifier, sequence = _ECHO.unpack_from(packet, size)
            if kind == _REPLY[self._version] and identifier == self._identifier:
                attempt = self._sent.pop(sequence, None)
                if attempt is not None:
                    self._probe.settle(attempt, True)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def _ask(shot: Http | Icmp, every_s: float) -> None:
    loop = asyncio.get_running_loop()
    next_s = loop.time()
    while True:
        shot.fire()
        next_s += every_s
        if next_s < loop.time() - _LATE_S:
            next_s = loop.time()  # the machine was busy: do not fire a second's worth at once
        await asyncio.sleep(max(0.0, next_s - loop.time()))


async def _run(questions: list[dict[str, Any]]) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, lambda: None if ended.done() else ended.set_result(None))
    probes: list[Probe] = []
    asking: list[asyncio.Task[None]] = []
    for number, question in enumerate(questions):
        probe = Probe(f"{question['kind']} {question['target']}", _tell)
        shot = (
            Icmp(probe, question, (os.getpid() + number) & 0xFFFF)
            if question["kind"] == "icmp"
            else Http(probe, question)
        )
        probes.append(probe)
        asking.append(loop.create_task(_ask(shot, question["every_s"])))
    while not ended.done() and not all(probe.has_answered for probe in probes):
        await asyncio.wait([ended], timeout=_SETTLING_S)
    _tell({"ready": True})
    await ended
    for task in asking:
        task.cancel()
    await asyncio.sleep(max(question["limit_s"] for question in questions) + 0.05)
    for probe in probes:
        probe.finish()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("a list of questions as JSON", file=sys.stderr)
        return 2
    asyncio.run(_run(json.loads(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
