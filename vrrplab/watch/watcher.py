"""``live watch``: listens, never sends.

Frames go from sniffers to the observer, its events to screen and files.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vrrplab.capture.pcap_writer import PcapFile
from vrrplab.errors import LiveError
from vrrplab.live.udp_socket import DEFAULT_PORT, LABEL, open_receiver
from vrrplab.output.trace_writer import Output
from vrrplab.system.failure import end_on_failure
from vrrplab.system.host import KernelHost
from vrrplab.system.sniffer import choose_interfaces
from vrrplab.trace.events import ScenarioEvent, TraceEvent, WarningEvent, cast_fields
from vrrplab.units import SECOND_US, Micros
from vrrplab.watch.listener import Listener, reader, udp_reader
from vrrplab.watch.table import CLEAR, Table
from vrrplab.wire.frames import decode
from vrrplab.witness.observer import Observer

TICK_S = 0.1
SHORTEST_TICK_S = 0.01
WAITED_NS = 20_000_000
REDRAW_S = 0.5


@dataclass(slots=True)
class WatchOptions:
    """What a user can choose. ``names``: source address -> server name."""

    interfaces: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    udp: bool = False
    port: int = DEFAULT_PORT
    style: str = "log"  # "table", "log" or "jsonl"
    out: str = ""
    pcap: str = ""
    frames: bool = False
    until_s: float | None = None


def watch(options: WatchOptions) -> Observer:
    """Watch until told to stop; LiveError says why it cannot."""
    watcher = Watcher(options)
    try:
        asyncio.run(watcher.run())
    finally:
        watcher.close()
    return watcher.observer


class Watcher:
    def __init__(self, options: WatchOptions) -> None:
        self._options = options
        self._started_ns = time.monotonic_ns()
        self._names, self._cards, self._udp = _open(options)
        self.where = "UDP on loopback" if options.udp else ", ".join(self._names)
        self._output = Output(watching=True)
        self.observer = Observer(self._output.write, options.names, options.frames)
        self._table: Table | None = None
        if options.out:
            self._output.to_file(options.out)
        if options.style == "table":
            self._table = Table(self.observer, self.where, options.names)
            self._output.listeners.append(self._table.note)
        else:
            self._output.to_stdout("watch" if options.style == "log" else options.style)
        self._pcap = PcapFile(options.pcap) if options.pcap else None
        self._pcap_told = False
        self._behind_us: Micros | None = None  # when the last frame came, if it had to wait to be read
        self._asked_s = 0  # in which second the kernel was asked for lost frames
        self._end: Callable[[], None] = lambda: None

    @property
    def now(self) -> Micros:
        """Microseconds since the start."""
        return (time.monotonic_ns() - self._started_ns) // 1000

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # the terminal was closed; with nohup it may be
            loop.add_signal_handler(signal.SIGHUP, end)
        self._end = end
        end_on_failure(loop, ended, lambda text: None)
        self._output.write(self._head())
        if self._options.udp:
            self._output.write(WarningEvent(0, text=LABEL))
        if self._udp is not None:
            loop.add_reader(self._udp.fileno(), reader(udp_reader(self._udp), self._take))
        if self._cards is not None:
            self._cards.listen(loop.add_reader, loop.remove_reader, self._take, self._lost, self._back)
        if self._options.until_s is not None:
            loop.call_later(self._options.until_s, end)
        loop.call_later(TICK_S, self._tick)
        if self._table is not None:
            self._redraw()
        await ended

    def close(self) -> None:
        for one in (self._cards, self._udp):
            if one is not None:
                one.close()
        self._output.close()
        if self._pcap is not None:
            self._pcap.close()
        if self._table is not None:
            print()

    def _head(self) -> TraceEvent:
        fields = cast_fields(
            f"watching {self.where}",
            "what was heard on the wire, as it happened",
            "live",
            mode="udp" if self._options.udp else "raw",
            segments={name: {} for name in self._names},
            servers={},
            clock={"monotonic_s": self._started_ns / 1e9, "unix_s": time.time()},
        )
        return ScenarioEvent(0, content=fields)

    def _take(self, where: str, age_ns: int, frame: bytes) -> None:
        t_us = max(0, (time.monotonic_ns() - self._started_ns - age_ns) // 1000)
        if self._pcap is not None:
            self._pcap.write(time.time_ns() - age_ns, frame)
        self._behind_us = t_us if age_ns > WAITED_NS else None
        self.observer.frame(t_us, where, decode(frame))

    def _lost(self, interface: str, trouble: str) -> None:
        self._warn(f"{interface} {trouble}: nothing is heard on it until it is back")
        self.observer.interface_lost(self.now, interface, f"{interface} {trouble}, so nothing is heard of it")

    def _back(self, interface: str) -> None:
        self._warn(f"{interface} is back: listening on it again")

    def _warn(self, text: str) -> None:
        """A word of the watcher's own, never held back."""
        self._output.write(WarningEvent(self.now, text=text), always=True)

    def _tick(self) -> None:
        now = self.now
        # while frames wait to be read, nobody's silence reaches beyond the last that was
        self.observer.tick(now if self._behind_us is None else self._behind_us)
        self._behind_us = None
        for text in self._output.housekeeping(now):
            self._warn(text)
        if self._cards is not None and now // SECOND_US != self._asked_s:
            self._asked_s = now // SECOND_US
            for name, number in self._cards.drops().items():
                self._warn(f"{number} frames on {name} were lost here: they came faster than they are read")
        if self._pcap is not None and self._pcap.trouble and not self._pcap_told:
            self._pcap_told = True
            self._warn(self._pcap.trouble)
        silence_s = (self.observer.next_us() - now) / SECOND_US  # until one may mean something
        asyncio.get_running_loop().call_later(min(TICK_S, max(silence_s, SHORTEST_TICK_S)), self._tick)

    def _redraw(self) -> None:
        assert self._table is not None
        width = 80
        if sys.stdout is None:  # closed (>&-): --out and --pcap may still want everything
            return
        with contextlib.suppress(OSError):
            width = os.get_terminal_size(sys.stdout.fileno()).columns
        text = CLEAR + self._table.text(self.now, width) + "\n"
        try:
            # past Python's buffer, which would try once more at the end
            os.write(sys.stdout.fileno(), text.encode(sys.stdout.encoding, "backslashreplace"))
        except BrokenPipeError:  # the reader has seen enough
            self._table = None
            self._end()
            return
        asyncio.get_running_loop().call_later(REDRAW_S, self._redraw)


def _open(options: WatchOptions) -> tuple[list[str], Listener | None, socket.socket | None]:
    """What to listen to: real interfaces, or the make-believe LAN."""
    if options.udp:
        if options.interfaces:
            raise LiveError("--interface names a real interface; the make-believe LAN of --udp has none")
        return ["udp"], None, open_receiver(options.port)
    host = KernelHost()
    try:
        names = choose_interfaces(host.table, options.interfaces)
    finally:
        host.close()
    return names, Listener(names), None
