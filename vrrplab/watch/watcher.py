"""``live watch``: listens, never sends.

Frames go from sniffers to the observer, its events to screen and files.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from vrrplab.capture.pcap_writer import PcapFile
from vrrplab.errors import LiveError
from vrrplab.live.udp_socket import DEFAULT_PORT, LABEL, Receiver
from vrrplab.output.terminal import is_open
from vrrplab.output.trace_writer import Output
from vrrplab.system.failure import end_on_failure
from vrrplab.system.host import KernelHost
from vrrplab.system.sniffer import choose_interfaces
from vrrplab.trace.events import ScenarioEvent, TraceEvent, WarningEvent, cast_fields
from vrrplab.units import SECOND_US, Micros
from vrrplab.watch.figures import Figures, Place, Source
from vrrplab.watch.listener import Listener, reader, udp_reader
from vrrplab.watch.reactions import Command, Reactions
from vrrplab.watch.screen import QUIT, Keys, Screen
from vrrplab.watch.table import Table
from vrrplab.wire.frames import decode
from vrrplab.witness.observer import Observer, Told

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
    exit_on: frozenset[str] = frozenset()
    command: Command | None = None
    metrics: Place | None = None


class Outcome(NamedTuple):
    """``told``: the finding of ``exit_on`` that ended it; ``unheard``: why that none came means nothing, ""
    if it does.
    """

    told: Told | None
    unheard: str


def watch(options: WatchOptions) -> Outcome:
    """Watch until told to stop, or until a finding of ``exit_on``. LiveError says why it cannot."""
    watcher = Watcher(options)
    try:
        asyncio.run(watcher.run())
    finally:
        watcher.close()
    return Outcome(watcher.reactions.ended_by, watcher.unheard)


class Watcher:
    def __init__(self, options: WatchOptions) -> None:
        self._options = options
        self._started_ns = time.monotonic_ns()
        self._figures = Figures(options.metrics) if options.metrics is not None else None
        self._names, self._cards, self._udp = _open(options)
        self.where = "UDP on loopback" if options.udp else ", ".join(self._names)
        self._output = Output(watching=True)
        self.reactions = Reactions(options.exit_on, options.command, self._warn, lambda: self._end())
        self.observer = Observer(
            self._output.write, options.names, options.frames, self.reactions.found, self.reactions.changed
        )
        self._source = Source(self.observer, self.reactions, options.names, self._names)
        self._table: Table | None = None
        self._screen: Screen | None = None
        self._keys: Keys | None = None
        self._redrawing: asyncio.TimerHandle | None = None
        if options.out:
            self._output.to_file(options.out)
        if options.style == "table":
            self._table = Table(self.observer, self.where, options.names)
            self._output.listeners.append(self._table.note)
            if is_open(sys.stdout):  # closed (>&-): --out and --pcap may still want everything
                self._screen = Screen(sys.stdout.fileno(), sys.stdout.encoding)
            if all(is_open(stream) and stream.isatty() for stream in (sys.stdin, sys.stdout)):
                self._keys = Keys(sys.stdin.fileno(), self._pressed)
        else:
            self._output.to_stdout("watch" if options.style == "log" else options.style)
        self._pcap = PcapFile(options.pcap) if options.pcap else None
        self._pcap_told = False
        self._left_out_told = 0
        self._behind_us: Micros | None = None  # when the last frame came, if it had to wait to be read
        self._asked_s = 0  # in which second the kernel was asked for lost frames
        self._end: Callable[[], None] = lambda: None

    @property
    def now(self) -> Micros:
        """Microseconds since the start."""
        return (time.monotonic_ns() - self._started_ns) // 1000

    @property
    def unheard(self) -> str:
        """Why it cannot know that all is well; "" if it can."""
        deaf = [name for name, is_heard in self._source.heard.items() if not is_heard]
        if deaf:
            return f"nothing can be heard on {', '.join(deaf)}"
        return (
            ""
            if self.observer.adverts + self.observer.rejected
            else f"no VRRP advert was heard on {self.where}"
        )

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        stopped: asyncio.Future[None] = loop.create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        def stop() -> None:
            end()
            if not stopped.done():
                stopped.set_result(None)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # the terminal was closed; with nohup it may be
            loop.add_signal_handler(signal.SIGHUP, stop)
        self._end = end
        if self._screen is not None:
            loop.add_signal_handler(signal.SIGWINCH, self._redraw)
            loop.add_signal_handler(signal.SIGTSTP, self._suspend)
            loop.add_signal_handler(signal.SIGCONT, self._redraw_all)
            loop.add_signal_handler(signal.SIGQUIT, stop)
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
        if self._screen is not None:
            self._redraw()
        if self._figures is not None:
            self._figures.serve(self._source, loop)
        await ended
        if self.reactions.ended_by is not None:
            await self.reactions.finish(stopped)
        self.reactions.close()
        if self._figures is not None:
            self._figures.close()
            self._figures = None

    def close(self) -> None:
        if self._keys is not None:
            self._keys.restore()
        if self._figures is not None:
            self._figures.close()
        for text in self._udp.news(last=True) if self._udp is not None else ():
            self._warn(text)
        for one in (self._cards, self._udp):
            if one is not None:
                one.close()
        self._output.close()
        if self._pcap is not None:
            self._pcap.close()
        if self._screen is not None:
            self._screen.close()

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
        self._source.heard[interface] = False
        self._warn(f"{interface} {trouble}: nothing is heard on it until it is back")
        self.observer.interface_lost(self.now, interface, f"{interface} {trouble}, so nothing is heard of it")

    def _back(self, interface: str) -> None:
        self._source.heard[interface] = True
        self._warn(f"{interface} is back: listening on it again")

    def _warn(self, text: str) -> None:
        """A word of the watcher's own, never held back."""
        self._output.write(WarningEvent(self.now, text=text), always=True)

    def _tick(self) -> None:
        now = self.now
        # while frames wait to be read, nobody's silence reaches beyond the last that was
        if self.observer.tick(now if self._behind_us is None else self._behind_us):
            # Timelines are full of rings. A whole collection also gives back the tuples that Python keeps for
            # later, up to 2,000 of each length
            gc.collect()
        self._behind_us = None
        news = self._udp.news() if self._udp is not None else []
        for text in (*news, *self._output.housekeeping(now)):
            self._warn(text)
        if self._cards is not None and now // SECOND_US != self._asked_s:
            self._asked_s = now // SECOND_US
            for name, number in self._cards.drops().items():
                self._source.lost[name] += number
                self._warn(f"{number} frames on {name} were lost here: they came faster than they are read")
        self._tell_of_capture()
        self.reactions.news()
        silence_s = (self.observer.next_us() - now) / SECOND_US  # until one may mean something
        asyncio.get_running_loop().call_later(min(TICK_S, max(silence_s, SHORTEST_TICK_S)), self._tick)

    def _tell_of_capture(self) -> None:
        """Why its file ended, once; how many frames its reader had no room for, with every tenfold."""
        if self._pcap is None:
            return
        if self._pcap.trouble and not self._pcap_told:
            self._pcap_told = True
            self._warn(self._pcap.trouble)
        if self._pcap.left_out > 10 * self._left_out_told:
            self._left_out_told = self._pcap.left_out
            frames = f"{self._pcap.left_out} frame{'s' if self._pcap.left_out > 1 else ''}"
            self._warn(f"{frames} left out of {self._options.pcap} so far: its reader is too slow")

    # -- the table ---------------------------------------------------------------------------------

    def _redraw(self) -> None:
        if self._table is None or self._screen is None:
            return
        if self._screen.gone:  # the reader has seen enough
            self._end()
            return
        if self._redrawing is not None:
            self._redrawing.cancel()
        self._redrawing = asyncio.get_running_loop().call_later(REDRAW_S, self._redraw)
        has_keys = self._keys is not None and self._keys.attend()
        if self._screen.ready:
            columns, rows = size = self._screen.size
            self._screen.show(self._table.lines(self.now, columns, rows, has_keys), size)

    def _pressed(self, key: str) -> None:
        if key == QUIT:
            self._end()
        elif self._table is not None:
            self._table.scroll(key)
            self._redraw()

    def _suspend(self) -> None:
        """Ctrl-Z: the shell gets its terminal as it was; nothing is heard until the job goes on."""
        if self._keys is not None:
            self._keys.restore()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _redraw_all(self) -> None:
        """It goes on: others may have written on the terminal meanwhile."""
        if self._screen is not None:
            self._screen.forget()
        self._redraw()


def _open(options: WatchOptions) -> tuple[list[str], Listener | None, Receiver | None]:
    """What to listen to: real interfaces, or the make-believe LAN."""
    if options.udp:
        if options.interfaces:
            raise LiveError("--interface names a real interface; the make-believe LAN of --udp has none")
        return ["udp"], None, Receiver(options.port)
    host = KernelHost()
    try:
        names = choose_interfaces(host.table, options.interfaces)
    finally:
        host.close()
    return names, Listener(names), None
